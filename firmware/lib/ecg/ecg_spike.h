/* ecg_spike.h - takes pacing spikes and single wrong samples out before the filters smear them, and tells
 * steps that no heart makes.
 *
 * A pacing pulse lasts 0.1 to 2 ms and a converter's glitch one sample; no QRS complex rises and falls
 * within ECG_SPIKE_NEAR_SAMPLES. What does, and stands out of all its surroundings, is replaced by a straight
 * line. Nor does it jump from one still stretch to another, as electrodes do, or after samples that were all
 * the same, as a converter that was stuck does: such steps stay, but what is found near them is not sure. */
#ifndef ECG_SPIKE_H
#define ECG_SPIKE_H

#include <stdbool.h>
#include <stdint.h>

#include "ecg_params.h"

/* Owned by the pipeline; set by ecg_spike_prime. */
typedef struct {
    int16_t ring[ECG_SPIKE_RING]; /* last samples, adu */
    uint16_t index;               /* where the next one goes */
    uint16_t jumps;               /* bit i: the sample i before the newest jumped from those before it */
} ecg_spike_t;

_Static_assert(ECG_SPIKE_FAR_SAMPLES < 16, "jumps are remembered until their surroundings are known");

typedef enum {
    ECG_SPIKE_NONE = 0,
    ECG_SPIKE_OUT = 1, /* one was taken out */
    ECG_SPIKE_STEP = 2 /* there is a step */
} ecg_spike_code_t;

/* Begins with a signal that has been x, adu, so far. */
void ecg_spike_prime(ecg_spike_t *s, int16_t x);

/* Takes a sample, adu; *y is the one ECG_SPIKE_DELAY_SAMPLES before it, spikes taken out. Tells what was
 * found ECG_SPIKE_FAR_SAMPLES before x. */
static inline ecg_spike_code_t ecg_spike_step(ecg_spike_t *s, int16_t x, int16_t *y);

/* Its part for when a sample jumped lately: looks at the one ECG_SPIKE_FAR_SAMPLES before the newest, and
 * takes it out if it is a spike; `jumped`: the newest did. */
ecg_spike_code_t ecg_spike_look(ecg_spike_t *s, bool jumped);

static inline ecg_spike_code_t ecg_spike_step(ecg_spike_t *s, int16_t x, int16_t *y) {
    uint32_t now = s->index;
    int32_t jump = x - s->ring[(now - ECG_SPIKE_NEAR_SAMPLES) & (ECG_SPIKE_RING - 1u)];
    bool jumped = jump > ECG_SPIKE_MINIMUM_ADU || jump < -ECG_SPIKE_MINIMUM_ADU;
    ecg_spike_code_t found = ECG_SPIKE_NONE;
    s->ring[now] = x;
    s->index = (uint16_t)((now + 1u) & (ECG_SPIKE_RING - 1u));
    if (jumped || s->jumps != 0) {
        found = ecg_spike_look(s, jumped);
    }
    *y = s->ring[(now - ECG_SPIKE_DELAY_SAMPLES) & (ECG_SPIKE_RING - 1u)];
    return found;
}

#endif
