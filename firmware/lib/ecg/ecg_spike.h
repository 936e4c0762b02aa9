/* ecg_spike.h - takes pacing spikes, single wrong samples and hum of the mains out before the filters smear
 * them, and tells steps that no heart makes.
 *
 * A pacing pulse lasts 0.1 to 2 ms and a converter's glitch one sample; no QRS complex rises and falls
 * within ECG_SPIKE_NEAR_SAMPLES. What does, and stands out of all its surroundings, is replaced by a straight
 * line. Nor does it jump from one still stretch to another, as electrodes do: such steps stay, but what is
 * found near them is not sure. */
#ifndef ECG_SPIKE_H
#define ECG_SPIKE_H

#include <stdbool.h>
#include <stdint.h>

#include "ecg_params.h"

/* Owned by the pipeline; set by ecg_spike_prime. */
typedef struct {
    int16_t ring[ECG_SPIKE_RING]; /* last samples, adu */
    uint32_t jumps;   /* bit i: the sample i before the newest jumped; ECG_SPIKE_HUM while hum is taken out */
    uint16_t index;   /* where the next one goes */
    uint8_t hum;      /* 0, or 1 + index of the mains frequency whose hum is taken out */
    uint8_t hum_seen; /* looks that saw hum, less twice those that did not; 0..ECG_HUM_SEEN_MOST */
    int8_t
        hum_balance; /* looks in favour of 60 Hz less those of 50 Hz, -ECG_HUM_SEEN_MOST..ECG_HUM_SEEN_MOST */
} ecg_spike_t;

#define ECG_SPIKE_HUM UINT32_C(0x80000000)
_Static_assert(ECG_SPIKE_FAR_SAMPLES < 31, "jumps are remembered until their surroundings are known");

typedef enum {
    ECG_SPIKE_NONE = 0,
    ECG_SPIKE_OUT = 1, /* one was taken out */
    ECG_SPIKE_STEP = 2 /* there is a step */
} ecg_spike_code_t;

/* Begins with a signal that has been x, adu, so far. */
void ecg_spike_prime(ecg_spike_t *s, int16_t x);

/* Takes a sample, adu. True: the one ECG_SPIKE_FAR_SAMPLES before it had jumped, or there is hum, and
 * ecg_spike_look is needed; else ecg_spike_output gives the sample that goes on. */
static inline bool ecg_spike_push(ecg_spike_t *s, int16_t x);

/* The sample ECG_SPIKE_DELAY_SAMPLES before the newest, adu, with spikes taken out. */
static inline int16_t ecg_spike_output(const ecg_spike_t *s);

/* Looks at the sample ECG_SPIKE_FAR_SAMPLES before the newest, and takes it out if it is a spike; tells what
 * was found. *y is the sample that goes on, without spikes and hum. */
ecg_spike_code_t ecg_spike_look(ecg_spike_t *s, int16_t *y);

/* To be called now and then: looks whether there is hum of the mains in the last samples. It is taken out
 * from the ECG_HUM_SEEN_ENOUGHth look on that saw it, by a mean with the sample half a period before, and no
 * longer once it has not been seen for as long; without hum nothing is done, and nothing costs anything. */
void ecg_spike_look_for_hum(ecg_spike_t *s);

static inline bool ecg_spike_push(ecg_spike_t *s, int16_t x) {
    uint32_t now = s->index;
    int32_t jump = x - s->ring[(now - ECG_SPIKE_NEAR_SAMPLES) & (ECG_SPIKE_RING - 1u)];
    s->ring[now] = x;
    s->index = (uint16_t)((now + 1u) & (ECG_SPIKE_RING - 1u));
    bool jumped = jump > ECG_SPIKE_MINIMUM_ADU || jump < -ECG_SPIKE_MINIMUM_ADU;
    if (!jumped && s->jumps == 0) {
        return false;
    }
    const uint32_t looked_at = (uint32_t)1 << ECG_SPIKE_FAR_SAMPLES;
    const uint32_t jumps = (s->jumps << 1 | (jumped ? 1u : 0u)) & (2u * looked_at - 1u);
    s->jumps = jumps | (s->jumps & ECG_SPIKE_HUM);
    return (s->jumps & (looked_at | ECG_SPIKE_HUM)) != 0;
}

static inline int16_t ecg_spike_output(const ecg_spike_t *s) {
    return s->ring[(s->index - 1u - ECG_SPIKE_DELAY_SAMPLES) & (ECG_SPIKE_RING - 1u)];
}

#endif
