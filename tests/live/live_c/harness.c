/* The firmware's acquisition without a board: the test is the timer, the ADC and the LED. */
#include "adc_ring.h"
#include "adc_scale.h"
#include "live.h"
#include "port.h"

#define LED_CHANGES_MAX 64u

static live_t live;
static adc_ring_t *producer; /* what the "timer" fills, NULL while stopped */
static uint32_t led_steps;
static uint32_t led_changes[LED_CHANGES_MAX];
static uint32_t led_count;

bool port_has_adc(void) {
    return true;
}

bool port_adc_start(adc_ring_t *ring, uint16_t fs_hz) {
    (void)fs_hz;
    producer = ring;
    return true;
}

void port_adc_stop(void) {
    producer = NULL;
}

void port_adc_poll(void) {
}

void port_led(bool on) {
    (void)on;
    if (led_count < LED_CHANGES_MAX) {
        led_changes[led_count++] = led_steps;
    }
}

void h_start(void);
void h_timer(int32_t counts);
void h_read(uint32_t reading);
void h_skip(uint32_t samples);
void h_late(uint32_t late_us);
uint32_t h_take(int16_t *x, uint32_t max);
uint32_t h_lost(void);
uint32_t h_late_max(void);
uint32_t h_ring_max(void);
uint32_t h_entries(void);
void h_wrap(uint32_t index);
int32_t h_scale(uint32_t counts);
int32_t h_profile(uint32_t field);
int32_t h_rail(uint32_t high);
uint32_t h_led(uint32_t before, uint32_t aami_class, uint32_t after, uint32_t *changes);

void h_start(void) {
    (void)live_start(&live);
}

/* Indices just before they wrap at 2^32. */
void h_wrap(uint32_t index) {
    live.ring.head = index;
    live.ring.tail = index;
}

/* One interrupt: a count, or -1 for an electrode that is off. */
void h_timer(int32_t counts) {
    if (counts < 0) {
        adc_ring_put_lead_off(producer);
    } else {
        adc_ring_put(producer, (uint16_t)counts);
    }
}

/* What a port hands on, whatever it is. */
void h_read(uint32_t reading) {
    adc_ring_put(producer, (uint16_t)reading);
}

void h_skip(uint32_t samples) {
    adc_ring_skip(producer, samples);
}

void h_late(uint32_t late_us) {
    adc_ring_late(producer, late_us);
}

uint32_t h_take(int16_t *x, uint32_t max) {
    uint32_t n = 0;
    while (n < max && live_take(&live, &x[n])) {
        n++;
    }
    return n;
}

uint32_t h_lost(void) {
    return live.lost;
}

uint32_t h_late_max(void) {
    return adc_ring_late_max_us(&live.ring);
}

uint32_t h_ring_max(void) {
    return live.ring_max;
}

uint32_t h_entries(void) {
    return ADC_RING_ENTRIES;
}

int32_t h_scale(uint32_t counts) {
    return adc_scale((uint16_t)counts);
}

int32_t h_profile(uint32_t field) {
    const int32_t fields[6] = {BOARD_ADC_BITS,       BOARD_ADC_REF_UV,     BOARD_ADC_MID_UV,
                               BOARD_FRONT_END_GAIN, ADC_SCALE_MULTIPLIER, ADC_SCALE_MID};
    return fields[field];
}

int32_t h_rail(uint32_t high) {
    int16_t ends[2];
    live_rails(&ends[0], &ends[1]);
    return ends[high];
}

/* Samples before a beat, the beat, samples after: where the LED changed, counted in samples. */
uint32_t h_led(uint32_t before, uint32_t aami_class, uint32_t after, uint32_t *changes) {
    h_start();
    led_steps = 0;
    led_count = 0;
    for (uint32_t i = 0; i < before + after; i++) {
        if (i == before) {
            live_led_beat(&live, (uint8_t)aami_class);
        }
        live_led_step(&live);
        led_steps++;
    }
    for (uint32_t i = 0; i < led_count; i++) {
        changes[i] = led_changes[i];
    }
    return led_count;
}
