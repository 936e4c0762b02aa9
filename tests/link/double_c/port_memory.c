/* Port of the in-process device: bytes come from and go to arrays; device_exchange runs the main loop on
 * them. */
#include <string.h>

#include "app.h"
#include "port.h"

#define OUT_BYTES (1u << 20)

static app_t app;
static const uint8_t *in_at;
static size_t in_left;
static uint8_t out_bytes[OUT_BYTES];
static size_t out_fill;
static size_t rx_bytes = 65536;
static bool idle;

int port_init(int argc, char **argv) {
    (void)argc;
    (void)argv;
    return 0;
}

size_t port_rx_bytes(void) {
    return rx_bytes;
}

size_t port_read(uint8_t *dst, size_t max) {
    size_t n = in_left < max ? in_left : max;
    memcpy(dst, in_at, n);
    in_at += n;
    in_left -= n;
    return n;
}

void port_write(const uint8_t *src, size_t n) {
    if (out_fill + n <= sizeof out_bytes) {
        memcpy(out_bytes + out_fill, src, n);
        out_fill += n;
    }
}

void port_idle(void) {
    idle = true;
}

bool port_alive(void) {
    return true;
}

/* This device replays only: no ADC. */
bool port_has_adc(void) {
    return false;
}

bool port_adc_start(adc_ring_t *ring, uint16_t fs_hz) {
    (void)ring;
    (void)fs_hz;
    return false;
}

void port_adc_stop(void) {
}

void port_adc_poll(void) {
}

void port_led(bool on) {
    (void)on;
}

/* Switches the device on, with a receive buffer of so many bytes. */
void device_boot(size_t buffer_bytes);
void device_boot(size_t buffer_bytes) {
    rx_bytes = buffer_bytes;
    app_init(&app);
}

/* Gives the device n bytes, lets it work until it is idle, and copies what it sent to out (1 MiB). */
size_t device_exchange(const uint8_t *in, size_t n, uint8_t *out);
size_t device_exchange(const uint8_t *in, size_t n, uint8_t *out) {
    in_at = in;
    in_left = n;
    out_fill = 0;
    idle = false;
    while (!idle) {
        app_step(&app);
    }
    memcpy(out, out_bytes, out_fill);
    return out_fill;
}
