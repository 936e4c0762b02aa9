/* sdkconfig.h - ESP-IDF's, where alone it stands which chip is built for: no core gives that to the compiler.
 * A test chooses the chip. */
#ifndef ARDUINO_API_SDKCONFIG_H
#define ARDUINO_API_SDKCONFIG_H

#if defined(API_CHIP_ESP32)
#define CONFIG_IDF_TARGET_ESP32 1
#elif defined(API_CHIP_ESP32S2)
#define CONFIG_IDF_TARGET_ESP32S2 1
#elif defined(API_CHIP_ESP32S3)
#define CONFIG_IDF_TARGET_ESP32S3 1
#elif defined(API_CHIP_ESP32C3)
#define CONFIG_IDF_TARGET_ESP32C3 1
#elif defined(API_CHIP_ESP32C6)
#define CONFIG_IDF_TARGET_ESP32C6 1
#endif

#endif
