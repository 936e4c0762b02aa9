/* ecg_bandpass.c - see ecg_bandpass.h; reference: host_tools/reference/bandpass.py */
#include "ecg_bandpass.h"

#include "ecg_intmath.h"
#include "ecg_params.h"

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
