/* Adafruit_TinyUSB.h - where the Adafruit nRF52 core declares Serial when it is USB. */
#ifndef ARDUINO_API_ADAFRUIT_TINYUSB_H
#define ARDUINO_API_ADAFRUIT_TINYUSB_H
#include "Arduino.h"
extern ArduinoSerial Serial;
#endif
