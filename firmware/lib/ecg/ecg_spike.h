/* ecg_spike.h - takes pacing spikes and single wrong samples out before the filters smear them.
 *
 * A pacing pulse lasts 0.1 to 2 ms and a converter's glitch one sample; no QRS complex rises and falls
 * within ECG_SPIKE_NEAR_SAMPLES. What does, and stands out of all its surroundings, is replaced by a straight
 * line. */
#ifndef ECG_SPIKE_H
#define ECG_SPIKE_H

#include <stdbool.h>
#include <stdint.h>

#include "ecg_params.h"

/* Owned by the pipeline; set by ecg_spike_prime. */
typedef struct {
    int16_t ring[ECG_SPIKE_RING]; /* last samples, adu */
    uint8_t index;                /* where the next one goes */
} ecg_spike_t;

/* Begins with a signal that has been x, adu, so far. */
void ecg_spike_prime(ecg_spike_t *s, int16_t x);

/* Takes a sample, adu; *y is the one ECG_SPIKE_DELAY_SAMPLES before it, spikes taken out. True: one was taken
 * out ECG_SPIKE_FAR_SAMPLES before x. */
bool ecg_spike_step(ecg_spike_t *s, int16_t x, int16_t *y);

#endif
