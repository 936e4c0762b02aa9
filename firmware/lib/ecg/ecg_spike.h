/* ecg_spike.h - takes pacing spikes and single wrong samples out, before the filters smear them over a QRS.
 */
#ifndef ECG_SPIKE_H
#define ECG_SPIKE_H

#include <stdbool.h>
#include <stdint.h>

#include "ecg_params.h"

typedef struct {
    int16_t ring[ECG_SPIKE_RING]; /* last samples, adu */
    uint8_t index;                /* where the next one goes */
    uint8_t blind;                /* samples for which no spike can be told */
} ecg_spike_t;

void ecg_spike_prime(ecg_spike_t *s, int16_t x);

/* Takes a sample; *y is the one ECG_SPIKE_DELAY_SAMPLES before it without spikes. True: a spike of ... was
 * taken out at age ECG_SPIKE_FAR_SAMPLES. */
bool ecg_spike_step(ecg_spike_t *s, int16_t x, int16_t *y);

#endif
