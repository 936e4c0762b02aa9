/* ecg_shape.c - see ecg_shape.h; reference: host_tools/reference/shape.py */
#include "ecg_shape.h"

#include "ecg_cold.h"
#include "ecg_intmath.h"
#include "ecg_likeness.h"

#define T_COUNT (ECG_WINDOW_SAMPLES - ECG_SHIFT_MAX_GRID - ECG_T_FIRST_GRID)
/* A beat less like the dominant template than this is not shifted for comparison with it. */
#define ALIGN_Q10 614

static int8_t feature(int32_t value) {
    return (int8_t)ecg_clamp(value, INT8_MIN, INT8_MAX);
}

ECG_COLD void ecg_shape_begin(ecg_shape_t *s, const int16_t *window) {
    ecg_clusters_match(&s->clusters, &s->match, window);
    s->compared = s->clusters.dominant;
    s->align = 0;
    if (s->match.dominant_correlation >= ALIGN_Q10) {
        s->align = (int8_t)(s->match.dominant_shift - ECG_SHIFT_MAX_GRID);
    }
}

/* Correlation with and difference from the dominant template: 5 features. */
ECG_COLD static void difference(const ecg_shape_t *s, const int16_t *window, int8_t *out) {
    const int16_t *usual = s->clusters.windows[s->compared];
    const int16_t *beat = window + s->align;
    int32_t offset = ecg_stretch_mean(beat + ECG_SHIFT_MAX_GRID, ECG_P_SAMPLES);
    offset -= ecg_stretch_mean(usual + ECG_SHIFT_MAX_GRID, ECG_P_SAMPLES);
    int32_t level = ecg_stretch_mean(usual + ECG_QRS_FIRST_GRID, ECG_QRS_SAMPLES);
    int32_t largest = 0;
    int32_t total = 0;
    int32_t size = 1;
    for (uint32_t k = ECG_QRS_FIRST_GRID; k < ECG_QRS_END_GRID; k++) {
        int32_t d = ecg_abs(beat[k] - usual[k] - offset);
        largest = ecg_max(largest, d);
        total += d;
        size += ecg_abs(usual[k] - level);
    }
    int32_t largest_t = 0;
    for (uint32_t k = ECG_T_FIRST_GRID; k < ECG_WINDOW_SAMPLES - ECG_SHIFT_MAX_GRID; k++) {
        largest_t = ecg_max(largest_t, ecg_abs(beat[k] - usual[k] - offset));
    }
    int32_t unit = ecg_max(s->usual.size >> 1, ECG_MINIMUM_SD);
    out[0] = ecg_unlikeness_feature(s->match.dominant_correlation);
    out[1] =
        ecg_unlikeness_feature(ecg_likeness_q10(beat + ECG_T_FIRST_GRID, usual + ECG_T_FIRST_GRID, T_COUNT));
    out[2] = feature(largest * 32 / unit);
    out[3] = feature(largest_t * 64 / unit);
    out[4] = feature(total * 64 / size);
}

/* Size, area, width and slope, alone and against the dominant template's: 11 features. */
ECG_COLD static void outline(const ecg_shape_t *s, int8_t *out) {
    const ecg_outline_t *beat = &s->beat;
    const ecg_outline_t *usual = &s->usual;
    out[0] = ecg_ratio_feature(ecg_log2_q10((uint32_t)beat->size) - ecg_log2_q10((uint32_t)usual->size));
    out[1] = ecg_ratio_feature(ecg_log2_q10((uint32_t)beat->area) - ecg_log2_q10((uint32_t)usual->area));
    out[2] = feature(beat->polarity_q6 - usual->polarity_q6);
    out[3] = feature(2 * beat->width);
    out[4] = feature(beat->spread_q6 >> 3);
    out[5] = feature(beat->area_peak_q3);
    out[6] = feature(beat->slope_q7);
    out[7] = feature(2 * (beat->width - usual->width));
    out[8] = feature((beat->spread_q6 - usual->spread_q6) >> 2);
    out[9] = feature(beat->area_peak_q3 - usual->area_peak_q3);
    out[10] = feature(beat->slope_q7 - usual->slope_q7);
}

/* How common, early and dominant-like the beat's template is, and likeness to neighbours: 9 features. */
ECG_COLD static void own_template(ecg_shape_t *s, const int16_t *window, int32_t early_q10, int8_t *out) {
    const ecg_clusters_t *c = &s->clusters;
    uint32_t k = s->match.cluster;
    const int16_t *qrs = window + ECG_QRS_FIRST_GRID;
    out[0] = (int8_t)(c->share_q15[k] >> 8);
    out[1] = k == c->dominant ? 64 : 0;
    out[2] = ecg_unlikeness_feature(ecg_likeness_q10(
        c->windows[k] + ECG_QRS_FIRST_GRID, c->windows[s->compared] + ECG_QRS_FIRST_GRID, ECG_QRS_SAMPLES));
    out[3] = ecg_ratio_feature(c->count[k] > 0 ? c->early_q10[k] : early_q10);
    out[4] = c->count[k] > 0 ? ecg_ratio_feature(c->pause_q10[k]) : 0;
    out[5] = feature(ecg_log2_q10(c->count[k] + 1u) >> 6);
    out[6] = ecg_unlikeness_feature(s->match.correlation);
    out[7] = (int8_t)(c->share_q15[c->dominant] >> 8);
    out[8] = ecg_unlikeness_feature(ecg_likeness_q10(qrs, s->previous, ECG_QRS_SAMPLES));
    for (uint32_t i = 0; i < ECG_QRS_SAMPLES; i++) {
        s->previous[i] = qrs[i];
    }
}

/* The P region's size and likeness to the two P templates: 7 features. */
ECG_COLD static void p_region(ecg_shape_t *s, const int16_t *window, int8_t *out) {
    int32_t unit = ecg_max(s->usual.size >> 1, ECG_MINIMUM_SD);
    ecg_p_extract(s->p_wave, window, s->align);
    out[0] = feature(ecg_p_size(s->p_wave) * 128 / unit);
    out[1] = feature(ecg_p_residual(s->p_wave, s->p_usual.wave) * 256 / unit);
    out[2] = ecg_unlikeness_feature(ecg_likeness_q10(s->p_wave, s->p_usual.wave, ECG_P_SAMPLES));
    out[3] = (int8_t)(s->p_usual.coherence_q12 >> 5);
    out[4] = feature(ecg_p_residual(s->p_wave, s->p_late.wave) * 256 / unit);
    out[5] = ecg_unlikeness_feature(ecg_likeness_q10(s->p_wave, s->p_late.wave, ECG_P_SAMPLES));
    out[6] = (int8_t)(s->p_late.coherence_q12 >> 5);
}

ECG_COLD void ecg_shape_features(ecg_shape_t *s, const int16_t *window, int32_t early_q10, int32_t noise_q8,
                                 int8_t *out) {
    ecg_outline_measure(&s->beat, window);
    ecg_outline_measure(&s->usual, s->clusters.windows[s->compared]);
    difference(s, window, out);
    outline(s, out + 5);
    own_template(s, window, early_q10, out + 16);
    p_region(s, window, out + 25);
    out[32] = feature(noise_q8 >> 1);
}

ECG_COLD void ecg_shape_learn(ecg_shape_t *s, const int16_t *window, const ecg_rr_t *rr) {
    int32_t correlation = s->match.dominant_correlation;
    if (s->match.cluster == s->clusters.dominant && correlation >= ECG_P_MATCH_Q10 &&
        rr->prev_long_q10 >= ECG_P_RR_LOG2_Q10) {
        ecg_p_learn(&s->p_usual, s->p_wave);
    }
    if (correlation >= ECG_LATE_MATCH_Q10 && rr->prev_high_q10 >= ECG_LATE_RR_LOG2_Q10) {
        ecg_p_learn(&s->p_late, s->p_wave);
    }
    ecg_clusters_learn(&s->clusters, &s->match, window, rr->prev_high_q10, rr->next_long_q10);
}
