/* ecg_likeness.h - correlation of stretches of two windows, in integers. */
#ifndef ECG_LIKENESS_H
#define ECG_LIKENESS_H

#include <stdint.h>

/* Mean of `count` values, rounded down; count >= 1. */
int32_t ecg_stretch_mean(const int16_t *a, int32_t count);

/* Mean of `count` values, rounded down, and the right shift that brings the values about it into 9 bits, so
 * that sums of up to 64 products fit 32; count >= 1. */
int32_t ecg_centre(const int16_t *a, int32_t count, int *shift);

/* Covariance sum over the product of both norms (each at least 1), 1024 = 1, rounded down; -1024..1024. */
int32_t ecg_correlation_q10(int32_t covariance, uint32_t norm_a, uint32_t norm_b);

/* Correlation of `count` (at most 60) values of a with as many of b, 1024 = 1; -1024..1024. */
int32_t ecg_likeness_q10(const int16_t *a, const int16_t *b, int32_t count);

/* A feature that is fine where two shapes are nearly the same: 11 log2(1 + 1024 (1 - r)); 0..121. */
int8_t ecg_unlikeness_feature(int32_t correlation_q10);

#endif
