/* ecg_clusters.c - see ecg_clusters.h; reference: host_tools/reference/clusters.py */
#include "ecg_clusters.h"

#include <stdbool.h>

#include "ecg_cold.h"
#include "ecg_intmath.h"
#include "ecg_likeness.h"

#define SPAN (ECG_QRS_SAMPLES + 2 * ECG_SHIFT_MAX_GRID)
/* Beats after which a template's mean RR ratios follow by a fixed share. */
#define RATIO_BEATS 24
/* A template younger than this is not given up easily. */
#define YOUNG_BEATS 10
#define YOUNG_BONUS_Q15 1638

/* log2 of largest minus smallest value of the QRS part, Q10. */
static int16_t size_log2_q10(const int16_t *window) {
    int32_t low = window[ECG_QRS_FIRST_GRID];
    int32_t high = low;
    for (uint32_t k = ECG_QRS_FIRST_GRID + 1; k < ECG_QRS_END_GRID; k++) {
        low = ecg_min(low, window[k]);
        high = ecg_max(high, window[k]);
    }
    return (int16_t)ecg_log2_q10((uint32_t)ecg_max(high - low, 1));
}

static int32_t covariance(const int16_t *a, const int16_t *b) {
    int32_t total = 0;
    for (uint32_t k = 0; k < ECG_QRS_SAMPLES; k++) {
        total += a[k] * b[k];
    }
    return total;
}

/* Centres and scales the beat's QRS part for correlation, and its norm at every shift. */
static void prepare(ecg_match_t *m, const int16_t *window) {
    const int16_t *part = window + ECG_QRS_FIRST_GRID - ECG_SHIFT_MAX_GRID;
    int shift;
    int32_t mean = ecg_centre(part, SPAN, &shift);
    for (uint32_t k = 0; k < SPAN; k++) {
        m->vector[k] = (int16_t)((part[k] - mean) >> shift);
    }
    for (uint32_t s = 0; s < ECG_QRS_SHIFTS; s++) {
        int32_t total = 0;
        int32_t squares = 1;
        for (uint32_t k = 0; k < ECG_QRS_SAMPLES; k++) {
            int32_t v = m->vector[s + k];
            total += v;
            squares += v * v;
        }
        m->norms[s] =
            (uint16_t)ecg_isqrt((uint32_t)(squares - ecg_floor_divide(total * total, ECG_QRS_SAMPLES)));
    }
    m->size_log2_q10 = size_log2_q10(window);
}

/* Best shift of the beat on template k: writes the shift, returns correlation - 2 * distance from no shift.
 */
static int32_t best_shift(const ecg_clusters_t *c, const ecg_match_t *m, uint32_t k, uint32_t *shift) {
    int32_t best = -9999;
    for (uint32_t s = 0; s < ECG_QRS_SHIFTS; s++) {
        int32_t correlation =
            ecg_correlation_q10(covariance(m->vector + s, c->vectors[k]), m->norms[s], c->norms[k]);
        int32_t value = correlation - 2 * ecg_abs((int32_t)s - ECG_SHIFT_MAX_GRID);
        if (value > best) {
            best = value;
            *shift = s;
        }
    }
    return best;
}

/* The template most like the prepared beat, and how the beat lies best on the dominant one. */
ECG_COLD static void find(const ecg_clusters_t *c, ecg_match_t *m) {
    m->cluster = 0;
    m->correlation = -1024;
    m->shift = ECG_SHIFT_MAX_GRID;
    m->dominant_correlation = -1024;
    m->dominant_shift = ECG_SHIFT_MAX_GRID;
    int32_t best = -9999;
    for (uint32_t k = 0; k < ECG_CLUSTERS; k++) {
        if (c->count[k] == 0) {
            continue;
        }
        uint32_t shift = 0;
        int32_t value = best_shift(c, m, k, &shift);
        int32_t correlation = value + 2 * ecg_abs((int32_t)shift - ECG_SHIFT_MAX_GRID);
        if (k == c->dominant) {
            m->dominant_correlation = (int16_t)correlation;
            m->dominant_shift = (uint8_t)shift;
            value += 5;
        }
        if (value > best) {
            best = value;
            m->cluster = (uint8_t)k;
            m->correlation = (int16_t)correlation;
            m->shift = (uint8_t)shift;
        }
    }
    int32_t louder = m->size_log2_q10 - c->size_log2_q10[m->cluster];
    m->matched = m->correlation >= ECG_CLUSTER_MATCH_Q10 && louder >= ECG_CLUSTER_LOUDER_LOW_Q10 &&
                 louder <= ECG_CLUSTER_LOUDER_HIGH_Q10;
}

/* Vector, norm and size of a template that has changed. */
static void refresh(ecg_clusters_t *c, uint32_t k) {
    const int16_t *part = c->windows[k] + ECG_QRS_FIRST_GRID;
    int shift;
    int32_t mean = ecg_centre(part, ECG_QRS_SAMPLES, &shift);
    int32_t squares = 1;
    for (uint32_t i = 0; i < ECG_QRS_SAMPLES; i++) {
        int32_t v = (part[i] - mean) >> shift;
        c->vectors[k][i] = (int16_t)v;
        squares += v * v;
    }
    c->norms[k] = (uint16_t)ecg_isqrt((uint32_t)squares);
    c->size_log2_q10[k] = size_log2_q10(c->windows[k]);
}

/* A free template, else the one other than the dominant that explains the fewest beats. */
ECG_COLD static uint32_t to_replace(const ecg_clusters_t *c) {
    uint32_t found = 0;
    int32_t fewest = INT32_MAX;
    for (uint32_t k = 0; k < ECG_CLUSTERS; k++) {
        if (c->count[k] == 0) {
            return k;
        }
        int32_t value = c->share_q15[k] + (c->age[k] < YOUNG_BEATS ? YOUNG_BONUS_Q15 : 0);
        if (k != c->dominant && value < fewest) {
            fewest = value;
            found = k;
        }
    }
    return found;
}

ECG_COLD void ecg_clusters_match(ecg_clusters_t *c, ecg_match_t *m, const int16_t *window) {
    prepare(m, window);
    find(c, m);
    if (m->matched != 0) {
        return;
    }
    uint32_t k = to_replace(c);
    m->cluster = (uint8_t)k;
    m->shift = ECG_SHIFT_MAX_GRID;
    for (uint32_t i = 0; i < ECG_WINDOW_SAMPLES; i++) {
        c->windows[k][i] = window[i];
    }
    c->count[k] = 0;
    c->share_q15[k] = 0;
    c->score_q15[k] = 0;
    refresh(c, k);
}

/* Counts one beat for template k in the shares and in the contest for dominance. */
ECG_COLD static void count_beat(ecg_clusters_t *c, uint32_t k, int32_t early_q10) {
    c->beats = (uint8_t)ecg_min(c->beats + 1, ECG_CLUSTER_SHARE_BEATS);
    uint32_t gain = 32767u / c->beats;
    uint32_t weight_q8 = early_q10 < ECG_CLUSTER_PREMATURE_LOG2_Q10 ? ECG_CLUSTER_PREMATURE_WEIGHT_Q8 : 256u;
    for (uint32_t j = 0; j < ECG_CLUSTERS; j++) {
        c->share_q15[j] = (uint16_t)(c->share_q15[j] - ((c->share_q15[j] * gain) >> 15));
        c->score_q15[j] = (uint16_t)(c->score_q15[j] - ((c->score_q15[j] * gain) >> 15));
        if (c->age[j] < UINT8_MAX) {
            c->age[j] += 1;
        }
    }
    uint32_t share = c->share_q15[k] + gain;
    uint32_t score = c->score_q15[k] + ((gain * weight_q8) >> 8);
    c->share_q15[k] = (uint16_t)(share < INT16_MAX ? share : INT16_MAX);
    c->score_q15[k] = (uint16_t)(score < INT16_MAX ? score : INT16_MAX);
    c->age[k] = 0;
}

/* Whether two templates have become alike. */
ECG_COLD static bool alike(const ecg_clusters_t *c, uint32_t k, uint32_t j) {
    if (ecg_abs(c->size_log2_q10[k] - c->size_log2_q10[j]) > ECG_CLUSTER_MERGE_LOG2_Q10) {
        return false;
    }
    int32_t total = covariance(c->vectors[k], c->vectors[j]);
    return ecg_correlation_q10(total, c->norms[k], c->norms[j]) >= ECG_CLUSTER_MERGE_Q10;
}

/* Lets template k take in another that has become like it, or be taken in. */
ECG_COLD static void merge(ecg_clusters_t *c, uint32_t k) {
    for (uint32_t j = 0; j < ECG_CLUSTERS; j++) {
        if (j == k || c->count[j] == 0 || !alike(c, k, j)) {
            continue;
        }
        uint32_t kept = c->share_q15[j] > c->share_q15[k] ? j : k;
        uint32_t gone = kept == k ? j : k;
        c->share_q15[kept] = (uint16_t)ecg_min(c->share_q15[kept] + c->share_q15[gone], INT16_MAX);
        c->score_q15[kept] = (uint16_t)ecg_min(c->score_q15[kept] + c->score_q15[gone], INT16_MAX);
        c->count[kept] = (uint8_t)ecg_min(c->count[kept] + c->count[gone], UINT8_MAX);
        c->count[gone] = 0;
        c->share_q15[gone] = 0;
        c->score_q15[gone] = 0;
        if (c->dominant == gone) {
            c->dominant = (uint8_t)kept;
        }
        return;
    }
}

/* Makes the template dominant that leads the present one clearly. */
ECG_COLD static void contest(ecg_clusters_t *c) {
    uint32_t best = c->dominant;
    uint32_t lead = (c->score_q15[best] * (uint32_t)ECG_CLUSTER_HYSTERESIS_Q8) >> 8;
    for (uint32_t k = 0; k < ECG_CLUSTERS; k++) {
        if (c->count[k] > 0 && k != c->dominant && c->score_q15[k] > lead) {
            lead = c->score_q15[k];
            best = k;
        }
    }
    c->dominant = (uint8_t)best;
}

/* Moves template k, which has `count` beats, towards a beat. */
ECG_COLD static void move(ecg_clusters_t *c, uint32_t k, const ecg_match_t *m, const int16_t *window) {
    int32_t beats = ecg_min(c->count[k] + 1, ECG_CLUSTER_UPDATE_BEATS);
    int32_t shift = m->shift - ECG_SHIFT_MAX_GRID;
    for (int32_t i = 0; i < ECG_WINDOW_SAMPLES; i++) {
        int32_t value = window[ecg_clamp(i + shift, 0, ECG_WINDOW_SAMPLES - 1)];
        c->windows[k][i] = (int16_t)ecg_follow(c->windows[k][i], value, beats);
    }
    refresh(c, k);
}

ECG_COLD void ecg_clusters_learn(ecg_clusters_t *c, const ecg_match_t *m, const int16_t *window,
                                 int32_t early_q10, int32_t pause_q10) {
    uint32_t k = m->cluster;
    if (c->count[k] > 0) {
        move(c, k, m, window);
    } else {
        c->early_q10[k] = (int16_t)early_q10;
        c->pause_q10[k] = (int16_t)pause_q10;
    }
    int32_t beats = ecg_min(c->count[k] + 1, RATIO_BEATS);
    c->early_q10[k] = (int16_t)ecg_follow(c->early_q10[k], early_q10, beats);
    c->pause_q10[k] = (int16_t)ecg_follow(c->pause_q10[k], pause_q10, beats);
    c->count[k] = (uint8_t)ecg_min(c->count[k] + 1, UINT8_MAX);
    count_beat(c, k, early_q10);
    if (m->matched != 0) {
        merge(c, k);
    }
    contest(c);
}
