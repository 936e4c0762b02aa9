/* ecg_bandpass.h - causal Butterworth band-pass, two second-order sections in direct form I.
 *
 * Samples inside have ECG_STATE_FRAC_BITS, coefficients ECG_COEF_FRAC_BITS. What rounding cuts off is
 * carried into the next sample (error feedback), so a constant input settles to 0. The output has
 * ECG_FILTERED_FRAC_BITS and saturates to int16. */
#ifndef ECG_BANDPASS_H
#define ECG_BANDPASS_H

#include <stdint.h>

#include "ecg_intmath.h"
#include "ecg_params.h"

/* Owned by the pipeline; set by ecg_bandpass_prime. */
typedef struct {
    int32_t low_x1, low_x2; /* inputs of the low-pass section, adu with ECG_STATE_FRAC_BITS */
    int32_t low_y1, low_y2; /* its outputs, and the inputs of the high-pass section */
    int32_t high_y1, high_y2;
    uint32_t low_error, high_error; /* cut off last time, 0..2^30 - 1 */
} ecg_bandpass_t;

/* Sets the state to that after an endless constant input x (adu): the output is 0. */
void ecg_bandpass_prime(ecg_bandpass_t *s, int16_t x);

/* Filters one sample x, adu, INT16_MIN + 1..INT16_MAX; returns adu with ECG_FILTERED_FRAC_BITS. */
static inline int16_t ecg_bandpass_step(ecg_bandpass_t *s, int16_t x);

static inline int16_t ecg_bandpass_step(ecg_bandpass_t *s, int16_t x) {
    const uint32_t fraction_mask = ((uint32_t)1 << ECG_COEF_FRAC_BITS) - 1u;
    const int32_t level = x * ((int32_t)1 << ECG_STATE_FRAC_BITS);
    const int32_t low_y1 = s->low_y1;
    const int32_t low_y2 = s->low_y2;
    const int32_t high_y1 = s->high_y1;
    int64_t acc = s->low_error;
    acc += ecg_wide_product(level + 2 * s->low_x1 + s->low_x2, ECG_LOWPASS_B0_Q30);
    acc += ecg_wide_product(low_y1, -ECG_LOWPASS_A1_Q30);
    acc += ecg_wide_product(low_y2, -ECG_LOWPASS_A2_Q30);
    const int32_t low = (int32_t)(acc >> ECG_COEF_FRAC_BITS);
    s->low_error = (uint32_t)acc & fraction_mask;
    acc = s->high_error;
    acc += ecg_wide_product(high_y1, -ECG_HIGHPASS_A1_Q30);
    acc += ecg_wide_product(s->high_y2, -ECG_HIGHPASS_A2_Q30);
    const int32_t high = (low - 2 * low_y1 + low_y2) + (int32_t)(acc >> ECG_COEF_FRAC_BITS);
    s->high_error = (uint32_t)acc & fraction_mask;
    s->low_x2 = s->low_x1;
    s->low_x1 = level;
    s->low_y2 = low_y1;
    s->low_y1 = low;
    s->high_y2 = high_y1;
    s->high_y1 = high;
    const int32_t y = ecg_shift_round(high, ECG_STATE_FRAC_BITS - ECG_FILTERED_FRAC_BITS);
    return (int16_t)ecg_clamp(y, INT16_MIN, INT16_MAX);
}

#endif
