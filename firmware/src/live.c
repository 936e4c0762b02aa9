#include "live.h"

#include "adc_scale.h"
#include "ecg_types.h"
#include "port.h"

/* The LED's patterns, lowest bit first; a bit lasts 1/20 s. */
#define LED_BITS_PER_SECOND 20u
#define LED_BEAT 0x1u         /* one flash */
#define LED_VENTRICULAR 0x15u /* on, off, on, off, on: three */

void live_init(live_t *l) {
    adc_ring_init(&l->ring);
    l->gap_left = 0;
    l->lost = 0;
    l->ring_max = 0;
    l->led_pattern = 0;
    l->led_left = 0;
    l->running = false;
    l->led_on = false;
}

static void show(live_t *l, bool on) {
    if (on != l->led_on) {
        l->led_on = on;
        port_led(on);
    }
}

bool live_start(live_t *l) {
    live_stop(l); /* no producer may run while the ring is emptied */
    live_init(l);
    l->running = port_adc_start(&l->ring, ECG_FS_HZ);
    return l->running;
}

void live_stop(live_t *l) {
    if (l->running) {
        port_adc_stop();
        l->running = false;
    }
    l->led_pattern = 0;
    show(l, false);
}

void live_rails(int16_t *low, int16_t *high) {
    *low = adc_scale(0);
    *high = adc_scale((uint16_t)ADC_SCALE_HIGHEST);
}

bool live_waiting(const live_t *l) {
    return l->gap_left > 0 || adc_ring_waiting(&l->ring) > 0;
}

bool live_take(live_t *l, int16_t *x) {
    uint16_t entry;
    uint32_t waiting = adc_ring_waiting(&l->ring);
    if (waiting > l->ring_max) {
        l->ring_max = (uint16_t)waiting;
    }
    if (l->gap_left == 0) {
        if (!adc_ring_get(&l->ring, &entry)) {
            return false;
        }
        if (entry <= ADC_COUNT_MAX) {
            *x = adc_scale(entry);
            return true;
        }
        if (entry == ADC_ENTRY_LEAD_OFF) {
            *x = INT16_MIN;
            return true;
        }
        l->gap_left = entry - ADC_ENTRY_GAP;
    }
    l->gap_left--;
    l->lost++; /* as it is handed on: never more than all samples */
    *x = INT16_MIN;
    return true;
}

void live_led_step(live_t *l) {
    if (l->led_left > 0) {
        l->led_left--;
        return;
    }
    if (l->led_pattern != 0 || l->led_on) {
        show(l, (l->led_pattern & 1u) != 0);
        l->led_pattern >>= 1;
        l->led_left = ECG_FS_HZ / LED_BITS_PER_SECOND - 1u;
    }
}

void live_led_beat(live_t *l, uint8_t aami_class) {
    l->led_pattern = aami_class == ECG_CLASS_V ? LED_VENTRICULAR : LED_BEAT;
    l->led_left = 0;
    show(l, false);
}
