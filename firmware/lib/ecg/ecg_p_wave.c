/* ecg_p_wave.c - see ecg_p_wave.h; reference: host_tools/reference/p_wave.py */
#include "ecg_p_wave.h"

#include "ecg_cold.h"
#include "ecg_intmath.h"
#include "ecg_likeness.h"

/* Beats after which a template is settled enough to judge its coherence. */
#define SETTLED 3

ECG_COLD void ecg_p_extract(int16_t wave[ECG_P_SAMPLES], const int16_t *window, int32_t shift) {
    const int16_t *part = window + ECG_SHIFT_MAX_GRID + shift;
    const int32_t last = ECG_P_SAMPLES - 1;
    int32_t left = part[0] + part[1] + part[2];
    int32_t right = part[last] + part[last - 1] + part[last - 2];
    for (int32_t k = 0; k < ECG_P_SAMPLES; k++) {
        int32_t line = ecg_floor_divide(left * (last - k) + right * k, 3 * last);
        wave[k] = (int16_t)ecg_clamp(part[k] - line, INT16_MIN, INT16_MAX);
    }
}

ECG_COLD int32_t ecg_p_size(const int16_t wave[ECG_P_SAMPLES]) {
    int32_t low = wave[0];
    int32_t high = low;
    for (uint32_t k = 1; k < ECG_P_SAMPLES; k++) {
        low = ecg_min(low, wave[k]);
        high = ecg_max(high, wave[k]);
    }
    return high - low;
}

ECG_COLD int32_t ecg_p_residual(const int16_t wave[ECG_P_SAMPLES], const int16_t other[ECG_P_SAMPLES]) {
    int32_t total = 0;
    for (uint32_t k = 0; k < ECG_P_SAMPLES; k++) {
        total += ecg_abs(wave[k] - other[k]);
    }
    return total / ECG_P_SAMPLES;
}

ECG_COLD void ecg_p_learn(ecg_p_template_t *t, const int16_t wave[ECG_P_SAMPLES]) {
    if (t->count < UINT8_MAX) {
        t->count += 1;
    }
    if (t->count > SETTLED) {
        int32_t correlation = ecg_likeness_q10(wave, t->wave, ECG_P_SAMPLES);
        t->coherence_q12 = (int16_t)(t->coherence_q12 + ((correlation * 4 - t->coherence_q12) >> 4));
    }
    int32_t beats = ecg_min(t->count, 1 << ECG_P_UPDATE_SHIFT);
    for (uint32_t k = 0; k < ECG_P_SAMPLES; k++) {
        t->wave[k] = (int16_t)ecg_follow(t->wave[k], wave[k], beats);
    }
}
