/* ecg_likeness.c - see ecg_likeness.h; reference: host_tools/reference/likeness.py */
#include "ecg_likeness.h"

#include "ecg_cold.h"
#include "ecg_intmath.h"

ECG_COLD int32_t ecg_stretch_mean(const int16_t *a, int32_t count) {
    int32_t total = 0;
    for (int32_t k = 0; k < count; k++) {
        total += a[k];
    }
    return ecg_floor_divide(total, count);
}

/* Right shift that brings values of at most `largest` into 9 bits. */
static int nine_bits(int32_t largest) {
    int shift = 0;
    while ((largest >> shift) > 511) {
        shift += 1;
    }
    return shift;
}

ECG_COLD int32_t ecg_correlation_q10(int32_t covariance, uint32_t norm_a, uint32_t norm_b) {
    int32_t eighth = ecg_max((int32_t)((norm_a * norm_b) >> 3), 1);
    return ecg_clamp(ecg_floor_divide(covariance * 128, eighth), -1024, 1024);
}

ECG_COLD int8_t ecg_unlikeness_feature(int32_t correlation_q10) {
    return (int8_t)((11 * ecg_log2_q10((uint32_t)(1025 - correlation_q10))) >> 10);
}

int32_t ecg_centre(const int16_t *a, int32_t count, int *shift) {
    int32_t total = a[0];
    int32_t low = a[0];
    int32_t high = a[0];
    for (int32_t k = 1; k < count; k++) {
        total += a[k];
        low = ecg_min(low, a[k]);
        high = ecg_max(high, a[k]);
    }
    int32_t mean = ecg_floor_divide(total, count);
    *shift = nine_bits(ecg_max(high - mean, mean - low));
    return mean;
}

ECG_COLD int32_t ecg_likeness_q10(const int16_t *a, const int16_t *b, int32_t count) {
    int shift_a;
    int shift_b;
    int32_t mean_a = ecg_centre(a, count, &shift_a);
    int32_t mean_b = ecg_centre(b, count, &shift_b);
    int32_t covariance = 0;
    int32_t squares_a = 1;
    int32_t squares_b = 1;
    for (int32_t k = 0; k < count; k++) {
        int32_t va = (a[k] - mean_a) >> shift_a;
        int32_t vb = (b[k] - mean_b) >> shift_b;
        covariance += va * vb;
        squares_a += va * va;
        squares_b += vb * vb;
    }
    return ecg_correlation_q10(covariance, ecg_isqrt((uint32_t)squares_a), ecg_isqrt((uint32_t)squares_b));
}
