/* Port for Arduino cores: ESP32, ESP32-S3, ESP32-C3 (Espressif), STM32 (ST), nRF52840 (Adafruit), RP2040
 * (mbed).
 *
 * The byte stream is Serial. Samples are taken
 *   ESP32 family  in an esp_timer's task, armed for each sample: analogRead must not run in an interrupt
 * there STM32         in the interrupt of a HardwareTimer others        in port_adc_poll, paced by micros():
 * their cores have no portable timer. The main loop calls it at least once per 16 samples worked off, and a
 * beat through the network holds it up for a millisecond or two; lateness is measured, and a sample that
 * could not be taken in its own period is counted as lost, never made up. */
#include <Arduino.h>

#include <stddef.h>
#include <stdint.h>

#include "adc_ring.h"
#include "board_profile.h"
#include "firmware.h"
#include "port.h"

#if defined(USE_TINYUSB)
#include <Adafruit_TinyUSB.h> /* Serial is USB there */
#endif
#if defined(ARDUINO_ARCH_ESP32)
#include <atomic>
#include <esp_timer.h>
#endif

#define BAUD 115200
#define US_PER_S 1000000u

/* Bytes that Serial holds back for the main loop. */
#if defined(ARDUINO_ARCH_ESP32)
#define RX_BYTES 1024u /* asked for in port_init */
#elif defined(SERIAL_RX_BUFFER_SIZE) && SERIAL_RX_BUFFER_SIZE > 66
#define RX_BYTES (SERIAL_RX_BUFFER_SIZE - 1u) /* STM32: set in platformio.ini; one place stays empty */
#elif defined(ARDUINO_ARCH_MBED_RP2040) || defined(ARDUINO_ARCH_RP2040) || defined(USE_TINYUSB)
#define RX_BYTES 1024u /* USB: the host is held back by the bus, so no byte is lost whatever the size */
#else
#define RX_BYTES 66u /* an unknown UART buffer of at least 64: one short frame at a time */
#endif

static adc_ring_t *ring; /* where samples go while the acquisition runs */

int port_init(int argc, char **argv) {
    (void)argc;
    (void)argv;
    pinMode(BOARD_PIN_LED, OUTPUT);
    port_led(false);
    pinMode(BOARD_PIN_LO_PLUS, INPUT);
    pinMode(BOARD_PIN_LO_MINUS, INPUT);
    analogReadResolution(BOARD_ADC_BITS);
#if defined(ARDUINO_ARCH_ESP32)
    Serial.setRxBufferSize(RX_BYTES);
#endif
    Serial.begin(BAUD);
    return 0;
}

size_t port_rx_bytes(void) {
    return RX_BYTES;
}

size_t port_read(uint8_t *dst, size_t max) {
    size_t n = 0;
    while (n < max && Serial.available() > 0) {
        dst[n++] = static_cast<uint8_t>(Serial.read());
    }
    return n;
}

void port_write(const uint8_t *src, size_t n) {
    if (Serial) { /* over USB: somebody listens; a UART always */
        (void)Serial.write(src, n);
    }
}

void port_idle(void) {
    yield();
}

bool port_alive(void) {
    return true;
}

bool port_has_adc(void) {
    return true;
}

void port_led(bool on) {
    digitalWrite(BOARD_PIN_LED, on == (BOARD_LED_ON != 0) ? HIGH : LOW);
}

static void take_sample(void) {
    if (digitalRead(BOARD_PIN_LO_PLUS) == HIGH || digitalRead(BOARD_PIN_LO_MINUS) == HIGH) {
        adc_ring_put_lead_off(ring);
    } else {
        adc_ring_put(ring, static_cast<uint16_t>(analogRead(BOARD_PIN_ECG)));
    }
}

#if defined(ARDUINO_ARCH_STM32)

/* TIM2 is on all of these parts, and no pin of the profiles is on it. Made at the first use: before setup
 * the clocks are not known. */
static HardwareTimer &timer(void) {
    static HardwareTimer instance(TIM2);
    return instance;
}

bool port_adc_start(adc_ring_t *to, uint16_t fs_hz) {
    ring = to;
    timer().setOverflow(fs_hz, HERTZ_FORMAT);
    timer().attachInterrupt(take_sample);
    timer().resume();
    return true;
}

void port_adc_stop(void) {
    timer().pause();
    timer().detachInterrupt();
}

void port_adc_poll(void) {
}

#else

/* The time of the next sample, on micros(), which wraps; a period has a fraction of fs_hz-ths. */
static uint32_t next_us;
static uint32_t next_fraction;
static uint32_t rate_hz;

static void next_period(void) {
    next_us += US_PER_S / rate_hz;
    next_fraction += US_PER_S % rate_hz;
    if (next_fraction >= rate_hz) {
        next_fraction -= rate_hz;
        next_us++;
    }
}

/* Takes the sample that is due, if one is; earlier ones that should have been taken since are lost. */
static void take_due(void) {
    uint32_t late_us = static_cast<uint32_t>(micros()) - next_us;
    if (late_us >= 0x80000000u) {
        return; /* not yet */
    }
    while (late_us >= US_PER_S / rate_hz + 1u) {
        adc_ring_skip(ring, 1);
        uint32_t before_us = next_us;
        next_period();
        late_us -= next_us - before_us;
    }
    take_sample();
    adc_ring_late(ring, late_us);
    next_period();
}

static void begin(adc_ring_t *to, uint16_t fs_hz) {
    ring = to;
    rate_hz = fs_hz;
    next_fraction = 0;
    next_us = static_cast<uint32_t>(micros());
    next_period();
}

#if defined(ARDUINO_ARCH_ESP32)

/* The timer's task may run on the other core: what it does and whether it may, in sequential order. */
static std::atomic<bool> running(false);
static std::atomic<bool> in_task(false);
static esp_timer_handle_t timer;

/* Once for each sample rather than periodically: the period is no whole number of microseconds. */
static void arm(void) {
    uint32_t wait_us = next_us - static_cast<uint32_t>(micros());
    (void)esp_timer_start_once(timer, wait_us >= 0x80000000u ? 1u : wait_us);
}

static void on_timer(void *unused) {
    (void)unused;
    in_task = true;
    if (running) {
        take_due();
        arm();
    }
    in_task = false;
}

bool port_adc_start(adc_ring_t *to, uint16_t fs_hz) {
    if (timer == NULL) {
        esp_timer_create_args_t args = esp_timer_create_args_t();
        args.callback = on_timer;
        args.name = "adc";
        if (esp_timer_create(&args, &timer) != ESP_OK) {
            return false;
        }
    }
    begin(to, fs_hz);
    running = true;
    arm();
    return true;
}

void port_adc_stop(void) {
    running = false;
    if (timer != NULL) {
        (void)esp_timer_stop(timer);
    }
    while (in_task) {
        yield(); /* a sample is being taken; a task that begins later finds `running` false */
    }
}

void port_adc_poll(void) {
}

#else

static bool running;

bool port_adc_start(adc_ring_t *to, uint16_t fs_hz) {
    begin(to, fs_hz);
    running = true;
    return true;
}

void port_adc_stop(void) {
    running = false;
}

void port_adc_poll(void) {
    if (running) {
        take_due();
    }
}

#endif
#endif

void setup(void) {
    (void)port_init(0, NULL);
    firmware_setup();
}

void loop(void) {
    firmware_step();
}
