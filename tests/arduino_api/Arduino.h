/* Arduino.h - declarations, and no more, of the Arduino API that firmware/ports/arduino uses, so that a
 * machine without any vendor's core can compile the port: "compile-checked, not run here". Nothing has a
 * body; what a core spells differently is declared as that core spells it:
 *   ESP32     arduino-esp32 2.0.17 (espressif32 6.13): int pinMode arguments are uint8_t, setRxBufferSize
 *   STM32     Arduino_Core_STM32 2.x: HardwareTimer, SERIAL_RX_BUFFER_SIZE, 32-bit pin numbers
 *   nRF52840  Adafruit nRF52 1.x
 *   RP2040    ArduinoCore-mbed 4.x: PinMode and PinStatus are enumerations
 * https://www.arduino.cc/reference/en/ and the cores' own documentation. */
#ifndef ARDUINO_API_ARDUINO_H
#define ARDUINO_API_ARDUINO_H

#ifndef __cplusplus
#error "the port is C++"
#endif

#include <stddef.h>
#include <stdint.h>

#include <functional>

/* ---- pins and time */

#if defined(ARDUINO_ARCH_MBED_RP2040)

enum PinStatus { LOW = 0, HIGH = 1, CHANGE = 2, FALLING = 3, RISING = 4 };
enum PinMode { INPUT = 0, OUTPUT = 1, INPUT_PULLUP = 2, INPUT_PULLDOWN = 3 };
typedef uint8_t pin_size_t;
extern "C" {
void pinMode(pin_size_t pin, PinMode mode);
void digitalWrite(pin_size_t pin, PinStatus status);
PinStatus digitalRead(pin_size_t pin);
int analogRead(pin_size_t pin);
void analogReadResolution(int bits);
unsigned long micros(void);
void yield(void);
}
#define LED_BUILTIN (25u)
static const uint8_t A0 = 26;

#elif defined(ARDUINO_ARCH_STM32)

#define LOW 0x0
#define HIGH 0x1
#define INPUT 0x0
#define OUTPUT 0x1
extern "C" {
void pinMode(uint32_t pin, uint32_t mode);
void digitalWrite(uint32_t pin, uint32_t value);
int digitalRead(uint32_t pin);
uint32_t analogRead(uint32_t pin);
void analogReadResolution(int bits);
uint32_t micros(void);
void yield(void);
}
#if defined(ARDUINO_BLUEPILL_F103C8)
#define PA0 0xC0
#define PB8 24
#define PB9 25
#define LED_BUILTIN 35
#else
#define A0 0xC0
#define D8 8
#define D9 9
#define LED_BUILTIN 13
#endif

#elif defined(ARDUINO_ARCH_ESP32)

#define LOW 0x0
#define HIGH 0x1
#define INPUT 0x01
#define OUTPUT 0x03
extern "C" {
void pinMode(uint8_t pin, uint8_t mode);
void digitalWrite(uint8_t pin, uint8_t value);
int digitalRead(uint8_t pin);
uint16_t analogRead(uint8_t pin);
void analogReadResolution(uint8_t bits);
unsigned long micros();
void yield(void);
}

#elif defined(NRF52840_XXAA)

#define LOW (0x0)
#define HIGH (0x1)
#define INPUT (0x0)
#define OUTPUT (0x1)
extern "C" {
void pinMode(uint32_t pin, uint32_t mode);
void digitalWrite(uint32_t pin, uint32_t value);
int digitalRead(uint32_t pin);
uint32_t analogRead(uint32_t pin);
void analogReadResolution(int bits);
uint32_t micros(void);
void yield(void);
}
#define LED_BUILTIN (13)
static const uint8_t A0 = 2;

#else
#error "no core that the port is written for"
#endif

/* ---- Serial */

class ArduinoSerial {
  public:
    void begin(unsigned long baud);
    int available(void);
    int read(void);
    size_t write(const uint8_t *buffer, size_t size);
    operator bool();
#if defined(ARDUINO_ARCH_ESP32)
    size_t setRxBufferSize(size_t bytes);
#endif
};
#if !defined(USE_TINYUSB)
extern ArduinoSerial Serial;
#endif
#if defined(ARDUINO_ARCH_STM32) && !defined(SERIAL_RX_BUFFER_SIZE)
#define SERIAL_RX_BUFFER_SIZE 64
#endif

/* ---- STM32's timers */

#if defined(ARDUINO_ARCH_STM32)
typedef struct {
    volatile uint32_t CR1;
} TIM_TypeDef;
extern TIM_TypeDef arduino_api_tim2;
#define TIM2 (&arduino_api_tim2)
typedef enum { TICK_FORMAT, MICROSEC_FORMAT, HERTZ_FORMAT } TimerFormat_t;
typedef std::function<void(void)> callback_function_t;
class HardwareTimer {
  public:
    explicit HardwareTimer(TIM_TypeDef *instance);
    void pause(void);
    void resume(void);
    void setOverflow(uint32_t value, TimerFormat_t format = TICK_FORMAT);
    void attachInterrupt(callback_function_t callback);
    void detachInterrupt(void);
};
#endif

/* ---- the sketch's own */
void setup(void);
void loop(void);

#endif
