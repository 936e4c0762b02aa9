/* ecg_rr.h - history of RR intervals: local mean, slow mean, irregularity. Unit: samples at ECG_FS_HZ. */
#ifndef ECG_RR_H
#define ECG_RR_H

#include <stdint.h>

#include "ecg_params.h"

/* Owned by the pipeline; all zero is a valid start. */
typedef struct {
    int32_t slow_q4;                        /* slow mean, 4 fraction bits; 0 = none yet */
    uint16_t intervals[ECG_RR_LOCAL_BEATS]; /* the last intervals, ring */
    uint16_t last;                          /* the newest of them; 0 = none yet */
    uint8_t index;                          /* where the next interval goes */
    uint8_t count;                          /* valid entries of `intervals` */
} ecg_rr_t;

/* Mean of the last intervals, 4 fraction bits; ECG_RR_DEFAULT_SAMPLES where there is none. */
int32_t ecg_rr_local_mean_q4(const ecg_rr_t *s);

/* Slow mean, 4 fraction bits; ECG_RR_DEFAULT_SAMPLES where there is none. */
int32_t ecg_rr_slow_mean_q4(const ecg_rr_t *s);

/* Mean change from one interval to the next over the history, 256 = the local mean; 0..1023. */
int32_t ecg_rr_irregularity_q8(const ecg_rr_t *s, int32_t local_mean_q4);

/* Enters an interval, 1..ECG_RR_MAX_SAMPLES. */
void ecg_rr_update(ecg_rr_t *s, uint16_t rr);

#endif
