/* ecg_rr.h - memories of the RR intervals, and the features made from them. Unit: samples at ECG_FS_HZ.
 *
 * Four measures of what is usual: medians of the last ECG_RR_SHORT_BEATS and ECG_RR_LONG_BEATS intervals, a
 * slow mean, and a "high" mean that rises fast and falls slowly, so that runs of premature beats do not
 * become the usual. */
#ifndef ECG_RR_H
#define ECG_RR_H

#include <stdint.h>

#include "ecg_params.h"

/* Features written by ecg_rr_features. */
#define ECG_RR_FEATURES 15

/* The last values of one kind, samples; all zero is a valid start. */
typedef struct {
    uint16_t ring[ECG_RR_LONG_BEATS];
    uint16_t long_sorted[ECG_RR_LONG_BEATS];   /* the ring's values, ascending */
    uint16_t short_sorted[ECG_RR_SHORT_BEATS]; /* the newest of them, ascending */
    uint8_t index;                             /* where the next value goes */
    uint8_t count;                             /* valid values of the ring */
} ecg_history_t;

/* Owned by the pipeline; all zero is a valid start. */
typedef struct {
    int32_t slow_q12;        /* slow mean, 12 fraction bits; 0 = none yet */
    int32_t high_q12;        /* mean that rises fast and falls slowly, the same */
    ecg_history_t intervals; /* RR intervals */
    ecg_history_t changes;   /* absolute differences of consecutive RR intervals */
    uint16_t last;           /* newest RR interval, 0 = none yet */
    uint16_t beats;          /* beats so far, at most ECG_RR_SLOW_BEATS */
    int16_t prev_long_q10;   /* newest beat: log2 of RR before / long median */
    int16_t prev_high_q10;   /* log2 of RR before / high mean */
    int16_t next_long_q10;   /* log2 of RR after / long median */
} ecg_rr_t;

/* log2 of a ratio, Q10, as a feature: ECG_LOG_RATIO_FRAC_BITS, saturated. */
int8_t ecg_ratio_feature(int32_t log2_q10);

/* Median of the last short history, samples; ECG_RR_DEFAULT_SAMPLES where there is none. */
uint32_t ecg_rr_usual(const ecg_rr_t *s);

/* Enters a beat with its RR intervals before and after, 1..ECG_RR_MAX_SAMPLES, and writes ECG_RR_FEATURES
 * features, in the order of spec.toml. */
void ecg_rr_features(ecg_rr_t *s, uint16_t prev, uint16_t next, int8_t *out);

#endif
