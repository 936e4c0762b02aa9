/* live.h - acquisition on a board: the ADC's ring read as samples of the spec, lost ones in their place; and
 * the LED. Counted in samples, as everything: no clock. */
#ifndef LIVE_H
#define LIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "adc_ring.h"

/* Owned by the main loop, set up by live_init; the ring's producer is the port. */
typedef struct {
    adc_ring_t ring;
    uint32_t gap_left;    /* samples of a gap that are still to be handed on */
    uint32_t lost;        /* samples lost since the start */
    uint16_t ring_max;    /* most entries that waited since the start */
    uint16_t led_pattern; /* what the LED still has to show, lowest bit first */
    uint16_t led_left;    /* samples until the next bit */
    bool running;         /* the port takes samples */
    bool led_on;
} live_t;

void live_init(live_t *l);

/* Empties the ring and has the port take samples at the spec's rate. False: the board has no ADC. */
bool live_start(live_t *l);

/* Ends the acquisition; what is in the ring can still be taken. The LED goes dark. */
void live_stop(live_t *l);

/* True: *x is the next sample, adu, INT16_MIN where there was none (lead off, lost). False: none is there. */
bool live_take(live_t *l, int16_t *x);

/* Where the board's converter ends, adu. */
void live_rails(int16_t *low, int16_t *high);

/* True while samples wait. */
bool live_waiting(const live_t *l);

/* The LED's next sample; call once for each one taken. */
void live_led_step(live_t *l);

/* A beat was found: one flash, three for a ventricular one (AAMI class V). */
void live_led_beat(live_t *l, uint8_t aami_class);

#endif
