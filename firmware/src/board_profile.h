/* board_profile.h - what live mode needs to know about a board: where the AD8232 front end is connected, and
 * what a count of the ADC means. One block per board; docs/wiring.md has the same pins as a table.
 *
 *   BOARD_NAME            for messages
 *   BOARD_HAS_ADC         1: live mode is possible
 *   BOARD_PIN_ECG         analogue input, the front end's OUTPUT
 *   BOARD_PIN_LO_PLUS/MINUS  digital inputs, high while that electrode is off
 *   BOARD_PIN_LED         output; BOARD_LED_ON is its level when lit
 *   BOARD_ADC_BITS        resolution asked of the ADC, 8..15
 *   BOARD_ADC_REF_UV      input voltage of a full scale (count 2^bits), microvolts
 *   BOARD_ADC_MID_UV      the front end's resting voltage, half its supply, microvolts
 *   BOARD_FRONT_END_GAIN  volts at the output per volt at the electrodes (AD8232 module: 100 * 11)
 *   BOARD_LIVE_AT_BOOT    1: acquire from power-on, without a host; a host may change that at any time.
 *                         A build flag may set it: 1 on real boards, 0 in the emulator */
#ifndef BOARD_PROFILE_H
#define BOARD_PROFILE_H

#if defined(ARDUINO_ARCH_ESP32)
#include "sdkconfig.h" /* says which chip; without Arduino.h nothing else does */
#endif

#if defined(ARDUINO_ARCH_ESP32) && defined(CONFIG_IDF_TARGET_ESP32S3)
#define BOARD_NAME "esp32-s3-devkitc-1"
#define BOARD_PIN_ECG 4 /* ADC1: usable beside Wi-Fi */
#define BOARD_PIN_LO_PLUS 5
#define BOARD_PIN_LO_MINUS 6
#define BOARD_PIN_LED 7 /* external, with a resistor: the board's own is addressable */
#define BOARD_ADC_BITS 12
#define BOARD_ADC_REF_UV 3100000 /* 11 dB attenuation */
#elif defined(ARDUINO_ARCH_ESP32) && defined(CONFIG_IDF_TARGET_ESP32C3)
#define BOARD_NAME "esp32-c3-devkitm-1"
#define BOARD_PIN_ECG 0
#define BOARD_PIN_LO_PLUS 4
#define BOARD_PIN_LO_MINUS 5
#define BOARD_PIN_LED 6 /* external, as above */
#define BOARD_ADC_BITS 12
#define BOARD_ADC_REF_UV 2500000 /* 11 dB attenuation */
#elif defined(ARDUINO_ARCH_ESP32) && defined(CONFIG_IDF_TARGET_ESP32)
#define BOARD_NAME "esp32dev"
#define BOARD_PIN_ECG 34
#define BOARD_PIN_LO_PLUS 32
#define BOARD_PIN_LO_MINUS 33
#define BOARD_PIN_LED 2
#define BOARD_ADC_BITS 12
#define BOARD_ADC_REF_UV 3100000 /* 11 dB attenuation */
#elif defined(ARDUINO_NUCLEO_F446RE) || defined(ARDUINO_NUCLEO_L476RG)
#ifdef ARDUINO_NUCLEO_F446RE
#define BOARD_NAME "nucleo_f446re"
#else
#define BOARD_NAME "nucleo_l476rg"
#endif
#define BOARD_PIN_ECG A0
#define BOARD_PIN_LO_PLUS D8
#define BOARD_PIN_LO_MINUS D9
#define BOARD_PIN_LED LED_BUILTIN
#define BOARD_ADC_BITS 12
#elif defined(ARDUINO_BLUEPILL_F103C8)
#define BOARD_NAME "bluepill_f103c8"
#define BOARD_PIN_ECG PA0
#define BOARD_PIN_LO_PLUS PB8
#define BOARD_PIN_LO_MINUS PB9
#define BOARD_PIN_LED LED_BUILTIN
#define BOARD_LED_ON 0 /* between the supply and the pin */
#define BOARD_ADC_BITS 12
#elif defined(NRF52840_XXAA) && defined(ARDUINO)
#define BOARD_NAME "nrf52840_dk"
#define BOARD_PIN_ECG A0
#define BOARD_PIN_LO_PLUS 28  /* P0.28 */
#define BOARD_PIN_LO_MINUS 29 /* P0.29 */
#define BOARD_PIN_LED LED_BUILTIN
#define BOARD_LED_ON 0
#define BOARD_ADC_BITS 12
#define BOARD_ADC_REF_UV 3600000 /* 0.6 V reference behind a gain of 1/6 */
#define BOARD_ADC_MID_UV 1500000 /* the kit's 3.0 V supply */
#elif defined(ARDUINO_ARCH_RP2040) || defined(ARDUINO_ARCH_MBED_RP2040)
#define BOARD_NAME "pico"
#define BOARD_PIN_ECG A0 /* GP26 */
#define BOARD_PIN_LO_PLUS 16
#define BOARD_PIN_LO_MINUS 17
#define BOARD_PIN_LED LED_BUILTIN
#define BOARD_ADC_BITS 12
#elif defined(ARDUINO_ARCH_ESP32)
#error                                                                                                       \
    "board_profile.h has no block for this ESP32 chip: add one with BOARD_NAME, BOARD_PIN_ECG (on ADC1), \
BOARD_PIN_LO_PLUS, BOARD_PIN_LO_MINUS, BOARD_PIN_LED, BOARD_ADC_BITS and BOARD_ADC_REF_UV"
#elif defined(ARDUINO)
#error "board_profile.h has no block for this board: add one with BOARD_NAME, BOARD_PIN_ECG, \
BOARD_PIN_LO_PLUS, BOARD_PIN_LO_MINUS, BOARD_PIN_LED, BOARD_ADC_BITS and BOARD_ADC_REF_UV"
#elif defined(__linux__) || defined(__APPLE__) || defined(_WIN32)
/* The emulator's simulated front end: fine enough that every spec unit up to +-3300 comes back exactly. */
#define BOARD_NAME "host"
#define BOARD_HAS_ADC 1
#define BOARD_ADC_BITS 14
#define BOARD_FRONT_END_GAIN 100
#else
#define BOARD_NAME "none"
#define BOARD_HAS_ADC 0
#endif

#ifndef BOARD_HAS_ADC
#define BOARD_HAS_ADC 1
#endif
#ifndef BOARD_LED_ON
#define BOARD_LED_ON 1
#endif
#ifndef BOARD_ADC_BITS
#define BOARD_ADC_BITS 12
#endif
#ifndef BOARD_ADC_REF_UV
#define BOARD_ADC_REF_UV 3300000
#endif
#ifndef BOARD_ADC_MID_UV
#define BOARD_ADC_MID_UV 1650000
#endif
#ifndef BOARD_FRONT_END_GAIN
#define BOARD_FRONT_END_GAIN 1100
#endif
#ifndef BOARD_LIVE_AT_BOOT
#ifdef ARDUINO
#define BOARD_LIVE_AT_BOOT 1
#else
#define BOARD_LIVE_AT_BOOT 0
#endif
#endif

#endif
