/* A stand-in for an Arduino core without timers: the test sets the clock, the pins and the serial bytes. */
#include <Arduino.h>

#include <string.h>

#include "firmware.h"
#include "port.h"

extern "C" {
uint32_t fake_us;
uint32_t fake_counts;
int fake_lead_off_pin; /* level of the digital inputs */
int fake_led;
int fake_resolution;
int fake_listening;
uint32_t fake_written;
void firmware_setup(void) {
}
void firmware_step(void) {
}
void pinMode(uint32_t, uint32_t) {
}
void digitalWrite(uint32_t, uint32_t value) {
    fake_led = static_cast<int>(value);
}
int digitalRead(uint32_t) {
    return fake_lead_off_pin;
}
uint32_t analogRead(uint32_t) {
    return fake_counts;
}
void analogReadResolution(int bits) {
    fake_resolution = bits;
}
uint32_t micros(void) {
    return fake_us;
}
void yield(void) {
}
}

ArduinoSerial Serial;

void ArduinoSerial::begin(unsigned long) {
}
int ArduinoSerial::available(void) {
    return 0;
}
int ArduinoSerial::read(void) {
    return -1;
}
size_t ArduinoSerial::write(const uint8_t *, size_t size) {
    fake_written += static_cast<uint32_t>(size);
    return size;
}
ArduinoSerial::operator bool() {
    return fake_listening != 0;
}
