/* ecg_template.c - see ecg_template.h; reference: host_tools/reference/template.py */
#include "ecg_template.h"

#include <stdbool.h>

#include "ecg_intmath.h"

#define QRS_SAMPLES (ECG_QRS_END_GRID - ECG_QRS_FIRST_GRID)

static int32_t qrs_mean(const int16_t *window) {
    int32_t total = 0;
    for (uint32_t k = ECG_QRS_FIRST_GRID; k < ECG_QRS_END_GRID; k++) {
        total += window[k];
    }
    return ecg_floor_divide(total, QRS_SAMPLES);
}

/* Right shift that brings the QRS part about `mean` into 9 bits, so that sums of products fit 32. */
static int qrs_shift(const int16_t *window, int32_t mean) {
    int32_t largest = 0;
    for (uint32_t k = ECG_QRS_FIRST_GRID; k < ECG_QRS_END_GRID; k++) {
        largest = ecg_max(largest, ecg_abs(window[k] - mean));
    }
    int shift = 0;
    while ((largest >> shift) > 511) {
        shift += 1;
    }
    return shift;
}

/* Euclidean norm of the QRS part about `mean`, shifted right by `shift`; at least 1. */
static int32_t qrs_norm(const int16_t *window, int32_t mean, int shift) {
    uint32_t total = 1;
    for (uint32_t k = ECG_QRS_FIRST_GRID; k < ECG_QRS_END_GRID; k++) {
        int32_t d = (window[k] - mean) >> shift;
        total += (uint32_t)(d * d);
    }
    return (int32_t)ecg_isqrt(total);
}

int32_t ecg_correlation_q7(const int16_t *a, const int16_t *b) {
    int32_t mean_a = qrs_mean(a);
    int32_t mean_b = qrs_mean(b);
    int shift_a = qrs_shift(a, mean_a);
    int shift_b = qrs_shift(b, mean_b);
    int32_t total = 0;
    for (uint32_t k = ECG_QRS_FIRST_GRID; k < ECG_QRS_END_GRID; k++) {
        total += ((a[k] - mean_a) >> shift_a) * ((b[k] - mean_b) >> shift_b);
    }
    int32_t norms = qrs_norm(a, mean_a, shift_a) * qrs_norm(b, mean_b, shift_b);
    return ecg_clamp(ecg_floor_divide(total * 128, norms), -128, 128);
}

int32_t ecg_amplitude_log2_q10(const int16_t *window) {
    int32_t mean = qrs_mean(window);
    int shift = qrs_shift(window, mean);
    return ecg_log2_q10((uint32_t)qrs_norm(window, mean, shift)) + shift * 1024;
}

int32_t ecg_residual_q6(const int16_t *a, const int16_t *b) {
    int32_t mean_a = qrs_mean(a);
    int32_t mean_b = qrs_mean(b);
    int32_t difference = 0;
    int32_t size = 1;
    for (uint32_t k = ECG_QRS_FIRST_GRID; k < ECG_QRS_END_GRID; k++) {
        int32_t va = a[k] - mean_a;
        int32_t vb = b[k] - mean_b;
        difference += ecg_abs(va - vb);
        size += ecg_abs(vb);
    }
    return ecg_clamp(ecg_floor_divide(difference * 64, size), 0, 127);
}

/* Whether a window has the template's shape and about its amplitude. */
static bool matches(const int16_t *window, const int16_t *dominant) {
    if (ecg_correlation_q7(window, dominant) < ECG_TEMPLATE_MATCH_Q7) {
        return false;
    }
    int32_t ratio_q10 = ecg_amplitude_log2_q10(window) - ecg_amplitude_log2_q10(dominant);
    return ratio_q10 >= ECG_TEMPLATE_LOUDER_LOW_Q10 && ratio_q10 <= ECG_TEMPLATE_LOUDER_HIGH_Q10;
}

/* Moves a template towards a window by 2^-ECG_TEMPLATE_UPDATE_SHIFT. */
static void follow(int16_t *target, const int16_t *window) {
    for (uint32_t k = 0; k < ECG_WINDOW_SAMPLES; k++) {
        int32_t change = window[k] - target[k];
        target[k] = (int16_t)(target[k] + ecg_shift_round(change, ECG_TEMPLATE_UPDATE_SHIFT));
    }
}

void ecg_template_copy(int16_t *target, const int16_t *source) {
    for (uint32_t k = 0; k < ECG_WINDOW_SAMPLES; k++) {
        target[k] = source[k];
    }
}

/* A beat unlike the dominant one moves or replaces the rival. */
static void update_rival(ecg_template_t *s, const int16_t *window, int premature) {
    if (s->rival_score > 0 && matches(window, s->rival)) {
        follow(s->rival, window);
        if (!premature) {
            s->rival_score = (int16_t)(s->rival_score + 1);
            s->dominant_score = (int16_t)ecg_clamp(s->dominant_score - 1, 1, ECG_TEMPLATE_SCORE_MAX);
        }
    } else if (s->rival_score <= 1) {
        ecg_template_copy(s->rival, window);
        s->rival_score = 1;
    } else {
        s->rival_score = (int16_t)(s->rival_score - 1);
    }
    if (s->rival_score > s->dominant_score) {
        ecg_template_copy(s->dominant, s->rival);
        s->dominant_score = s->rival_score;
        s->rival_score = 0;
    }
}

void ecg_template_update(ecg_template_t *s, const int16_t *window, int premature) {
    if (s->dominant_score == 0) {
        ecg_template_copy(s->dominant, window);
        s->dominant_score = 1;
    } else if (matches(window, s->dominant)) {
        follow(s->dominant, window);
        s->dominant_score = (int16_t)ecg_clamp(s->dominant_score + 1, 0, ECG_TEMPLATE_SCORE_MAX);
        if (s->rival_score > 0) {
            s->rival_score = (int16_t)(s->rival_score - 1);
        }
    } else {
        update_rival(s, window, premature);
    }
}
