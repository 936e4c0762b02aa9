/* ecg_window.c - see ecg_window.h; reference: host_tools/reference/window.py */
#include "ecg_window.h"

#include "ecg_cold.h"
#include "ecg_intmath.h"

ECG_COLD int32_t ecg_ring_position(const ecg_ring_t *ring, int32_t age) {
    int32_t position = (int32_t)ring->index - 1 - ecg_clamp(age, 0, ECG_RING_SAMPLES - 1);
    return position < 0 ? position + ECG_RING_SAMPLES : position;
}

ECG_COLD int32_t ecg_ring_read(const ecg_ring_t *ring, int32_t age) {
    return ring->samples[ecg_ring_position(ring, age)];
}

void ecg_ring_copy(const ecg_ring_t *ring, int32_t age, int32_t count, int16_t *out) {
    int32_t position = ecg_ring_position(ring, age);
    int32_t there = ecg_min(count, age + 1);
    int32_t straight = ecg_min(there, ECG_RING_SAMPLES - position);
    for (int32_t i = 0; i < straight; i++) {
        out[i] = ring->samples[position + i];
    }
    for (int32_t i = straight; i < there; i++) {
        out[i] = ring->samples[i - straight];
    }
    for (int32_t i = there; i < count; i++) {
        out[i] = out[there - 1];
    }
}

/* Sum of ECG_GRID_SPAN_SAMPLES samples, the first of them `age` old. */
ECG_COLD static int32_t span_sum(const ecg_ring_t *ring, int32_t age) {
    int32_t total = 0;
    int32_t position = (int32_t)ring->index - 1 - age;
    position += position < 0 ? ECG_RING_SAMPLES : 0;
    if (age < ECG_GRID_SPAN_SAMPLES || position < 0 || position > ECG_RING_SAMPLES - ECG_GRID_SPAN_SAMPLES) {
        /* At the ends of the ring. */
        for (int32_t i = 0; i < ECG_GRID_SPAN_SAMPLES; i++) {
            total += ecg_ring_read(ring, age - i);
        }
        return total;
    }
    for (int32_t i = 0; i < ECG_GRID_SPAN_SAMPLES; i++) {
        total += ring->samples[position + i];
    }
    return total;
}

ECG_COLD void ecg_window_extract(const ecg_ring_t *ring, int32_t r_age, int16_t window[ECG_WINDOW_SAMPLES]) {
    for (int32_t k = 0; k < ECG_WINDOW_SAMPLES; k++) {
        int32_t offset = ecg_shift_round((k - ECG_WINDOW_BEFORE_GRID) * ECG_GRID_STEP_Q16, 16);
        int32_t total = span_sum(ring, r_age - offset + (ECG_GRID_SPAN_SAMPLES >> 1));
        int32_t mean = ecg_shift_round(total * ECG_GRID_RECIPROCAL_Q16, 16);
        window[k] = (int16_t)ecg_clamp(mean, INT16_MIN, INT16_MAX);
    }
}

ECG_COLD int32_t ecg_window_mean(const int16_t window[ECG_WINDOW_SAMPLES]) {
    int32_t total = 0;
    for (uint32_t k = 0; k < ECG_WINDOW_SAMPLES; k++) {
        total += window[k];
    }
    return ecg_floor_divide(total, ECG_WINDOW_SAMPLES);
}

ECG_COLD int32_t ecg_window_sd(const int16_t window[ECG_WINDOW_SAMPLES], int32_t mean) {
    int32_t largest = 0;
    for (uint32_t k = 0; k < ECG_WINDOW_SAMPLES; k++) {
        largest = ecg_max(largest, ecg_abs(window[k] - mean));
    }
    /* Deviations over 12 bits are shifted right, so that the sum of squares fits 32 bits. */
    int shift = 0;
    while ((largest >> shift) > 4095) {
        shift += 1;
    }
    uint32_t total = 0;
    for (uint32_t k = 0; k < ECG_WINDOW_SAMPLES; k++) {
        int32_t d = (window[k] - mean) >> shift;
        total += (uint32_t)(d * d);
    }
    int32_t sd = (int32_t)(ecg_isqrt(total / ECG_WINDOW_SAMPLES) << shift);
    return ecg_max(sd, ECG_MINIMUM_SD);
}

ECG_COLD int32_t ecg_window_noise_q8(const int16_t window[ECG_WINDOW_SAMPLES], int32_t sd) {
    int32_t total = 0;
    int32_t count = 0;
    for (uint32_t k = 1; k < ECG_WINDOW_SAMPLES - 1; k++) {
        if (k < ECG_QRS_FIRST_GRID || k >= ECG_QRS_END_GRID) {
            total += ecg_min(ecg_abs(window[k - 1] - 2 * window[k] + window[k + 1]), sd);
            count += 1;
        }
    }
    return ecg_floor_divide(total * 256, count * sd);
}

/* deviation / sd with ECG_INPUT_FRAC_BITS, rounded, saturated to int8 */
ECG_COLD static int8_t quantise(int32_t deviation, int32_t sd, int32_t reciprocal_q16) {
    int32_t limit = sd << (8 - ECG_INPUT_FRAC_BITS);
    int32_t scaled = ecg_clamp(deviation, -limit, limit) * reciprocal_q16;
    return (int8_t)ecg_clamp(ecg_shift_round(scaled, 16), INT8_MIN, INT8_MAX);
}

ECG_COLD void ecg_window_quantise(const int16_t window[ECG_WINDOW_SAMPLES],
                                  const int16_t dominant[ECG_WINDOW_SAMPLES], int32_t sd, int8_t *out) {
    int32_t reciprocal_q16 = ((int32_t)1 << (16 + ECG_INPUT_FRAC_BITS)) / sd;
    int32_t mean = ecg_window_mean(window);
    int32_t difference_mean = mean - ecg_window_mean(dominant);
    for (uint32_t k = 0; k < ECG_WINDOW_SAMPLES; k++) {
        out[2 * k] = quantise(window[k] - mean, sd, reciprocal_q16);
        out[2 * k + 1] = quantise(window[k] - dominant[k] - difference_mean, sd, reciprocal_q16);
    }
}
