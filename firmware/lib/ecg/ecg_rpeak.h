/* ecg_rpeak.h - streaming R-peak detector with adaptive thresholds.
 *
 * One detector step is the sum of ECG_RPEAK_DECIMATION filtered samples. An enhancer (difference of two
 * moving means), rectified and integrated, has a lobe for each QRS complex; each lobe is judged by running
 * levels of QRS complexes and noise: refractory time, T-wave rejection by slope, bounded search-back. Ages
 * are in detector steps; amplitudes in the enhancer's own unit unless stated. */
#ifndef ECG_RPEAK_H
#define ECG_RPEAK_H

#include <stdint.h>

#include "ecg_params.h"

/* Owned by the pipeline; set by ecg_rpeak_reset (all but polarity). */
typedef struct {
    int32_t decimation_sum;                       /* sum of this step's samples so far */
    int32_t history[ECG_RPEAK_LONG_STEPS];        /* step sums, ring */
    int32_t short_sum, long_sum;                  /* moving sums of `history` */
    int32_t rectified[ECG_RPEAK_INTEGRATE_STEPS]; /* |enhanced|, ring */
    int32_t integral;                             /* moving sum of `rectified` */
    int32_t enhanced;                             /* enhancer now */
    int32_t valley;                               /* lowest integral since the last lobe */
    int32_t lobe_peak, lobe_slope;                /* present lobe; peak 0 = none */
    int32_t candidate_peak, candidate_slope; /* largest lobe of the present refractory time; peak 0 = none */
    int32_t skipped_peak, skipped_slope; /* best lobe below threshold since the last beat; peak 0 = none */
    int32_t beat_slope;                  /* steepest change of the enhancer in the last beat */
    int32_t qrs_level, noise_level;      /* running heights of lobes */
    int32_t rr_mean;                     /* mean RR, steps with 4 fraction bits; 0 = none yet */
    int32_t learn_first, learn_second;   /* highest integral in the halves of the learning time */
    uint32_t steps;                      /* steps since reset, up to ECG_RPEAK_LEARN_STEPS */
    uint32_t lobe_age, candidate_age, skipped_age, beat_age;
    uint32_t found_age[2]; /* ages of the beats just found, older first */
    int16_t polarity;      /* running polarity of R peaks, -256..256; kept by the pipeline */
    uint8_t decimation_count, history_index, rectified_index, found_count;
} ecg_rpeak_t;

/* Forgets everything but the polarity; learning starts anew. */
void ecg_rpeak_reset(ecg_rpeak_t *s);

/* Takes one filtered sample; returns the number of beats found, 0..2. The middle of the QRS complex of beat i
 * lies found_age[i] * ECG_RPEAK_DECIMATION + ECG_RPEAK_CENTRE_SAMPLES samples back. A beat is found at most
 * ECG_RPEAK_REFRACTORY_STEPS + ECG_RPEAK_HOLD_STEPS steps after its lobe's maximum, or by search-back at most
 * ECG_RPEAK_SEARCHBACK_MAX_STEPS steps after it. */
static inline int ecg_rpeak_push(ecg_rpeak_t *s, int16_t y);

/* The part of ecg_rpeak_push that runs once per detector step, on s->decimation_sum. */
int ecg_rpeak_step(ecg_rpeak_t *s);

/* End of the record: judges what still waits; returns as ecg_rpeak_push. */
int ecg_rpeak_flush(ecg_rpeak_t *s);

static inline int ecg_rpeak_push(ecg_rpeak_t *s, int16_t y) {
    s->decimation_sum += y;
    s->decimation_count = (uint8_t)(s->decimation_count + 1u);
    return s->decimation_count == ECG_RPEAK_DECIMATION ? ecg_rpeak_step(s) : 0;
}

#endif
