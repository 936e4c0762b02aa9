/* ecg_bandpass.c - see ecg_bandpass.h; reference: host_tools/reference/bandpass.py */
#include "ecg_bandpass.h"

#include "ecg_intmath.h"
#include "ecg_params.h"

#define FRACTION_MASK (((int64_t)1 << ECG_COEF_FRAC_BITS) - 1)
#define STATE_ONE ((int32_t)1 << ECG_STATE_FRAC_BITS)

void ecg_bandpass_prime(ecg_bandpass_t *s, int16_t x) {
    int32_t level = x * STATE_ONE;
    int64_t half = (int64_t)1 << (ECG_COEF_FRAC_BITS - 1);
    int32_t low = (int32_t)(((int64_t)level * ECG_LOWPASS_GAIN_Q30 + half) >> ECG_COEF_FRAC_BITS);
    s->low_x1 = level;
    s->low_x2 = level;
    s->low_y1 = low;
    s->low_y2 = low;
    s->low_error = 0;
    s->high_y1 = 0;
    s->high_y2 = 0;
    s->high_error = 0;
}

int16_t ecg_bandpass_step(ecg_bandpass_t *s, int16_t x) {
    int32_t level = x * STATE_ONE;
    int64_t acc = ecg_wide_product(level + 2 * s->low_x1 + s->low_x2, ECG_LOWPASS_B0_Q30) + s->low_error;
    acc -= ecg_wide_product(s->low_y1, ECG_LOWPASS_A1_Q30);
    acc -= ecg_wide_product(s->low_y2, ECG_LOWPASS_A2_Q30);
    int32_t low = (int32_t)(acc >> ECG_COEF_FRAC_BITS);
    s->low_error = (int32_t)(acc & FRACTION_MASK);
    s->low_x2 = s->low_x1;
    s->low_x1 = level;
    acc = s->high_error - ecg_wide_product(s->high_y1, ECG_HIGHPASS_A1_Q30);
    acc -= ecg_wide_product(s->high_y2, ECG_HIGHPASS_A2_Q30);
    int32_t high = (low - 2 * s->low_y1 + s->low_y2) + (int32_t)(acc >> ECG_COEF_FRAC_BITS);
    s->high_error = (int32_t)(acc & FRACTION_MASK);
    s->low_y2 = s->low_y1;
    s->low_y1 = low;
    s->high_y2 = s->high_y1;
    s->high_y1 = high;
    int32_t y = ecg_shift_round(high, ECG_STATE_FRAC_BITS - ECG_FILTERED_FRAC_BITS);
    return (int16_t)ecg_clamp(y, INT16_MIN, INT16_MAX);
}
