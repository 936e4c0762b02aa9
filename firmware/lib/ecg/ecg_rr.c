/* ecg_rr.c - see ecg_rr.h; reference: host_tools/reference/rr.py */
#include "ecg_rr.h"

#include "ecg_intmath.h"

int32_t ecg_rr_local_mean_q4(const ecg_rr_t *s) {
    if (s->count == 0) {
        return ECG_RR_DEFAULT_SAMPLES * 16;
    }
    uint32_t total = 0;
    for (uint32_t i = 0; i < s->count; i++) {
        total += s->intervals[i];
    }
    return (int32_t)ecg_divide_round(total << 4, s->count);
}

int32_t ecg_rr_slow_mean_q4(const ecg_rr_t *s) {
    if (s->slow_q4 == 0) {
        return ECG_RR_DEFAULT_SAMPLES * 16;
    }
    return s->slow_q4;
}

int32_t ecg_rr_irregularity_q8(const ecg_rr_t *s, int32_t local_mean_q4) {
    if (s->count < 2) {
        return 0;
    }
    uint32_t total = 0;
    /* The ring is read from its oldest entry. */
    uint32_t position = s->count == ECG_RR_LOCAL_BEATS ? s->index : 0u;
    int32_t previous = s->intervals[position];
    for (uint32_t i = 1; i < s->count; i++) {
        position += 1;
        if (position == ECG_RR_LOCAL_BEATS) {
            position = 0;
        }
        total += (uint32_t)ecg_abs(s->intervals[position] - previous);
        previous = s->intervals[position];
    }
    uint32_t mean_q12 = ecg_divide_round(total << 12, s->count - 1u);
    return ecg_clamp((int32_t)ecg_divide_round(mean_q12, (uint32_t)local_mean_q4), 0, 1023);
}

void ecg_rr_update(ecg_rr_t *s, uint16_t rr) {
    s->intervals[s->index] = rr;
    s->index = (uint8_t)(s->index + 1u == ECG_RR_LOCAL_BEATS ? 0u : s->index + 1u);
    if (s->count < ECG_RR_LOCAL_BEATS) {
        s->count += 1;
    }
    s->last = rr;
    int32_t value = rr * 16;
    if (s->slow_q4 == 0) {
        s->slow_q4 = value;
    }
    int32_t low = (s->slow_q4 * ECG_RR_SLOW_LOW_Q8) >> 8;
    int32_t high = (s->slow_q4 * ECG_RR_SLOW_HIGH_Q8) >> 8;
    s->slow_q4 += (ecg_clamp(value, low, high) - s->slow_q4) >> ECG_RR_SLOW_SHIFT;
}
