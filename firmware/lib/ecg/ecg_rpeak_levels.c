/* ecg_rpeak_levels.c - see ecg_rpeak_levels.h; reference: host_tools/reference/rpeak_levels.py */
#include "ecg_rpeak_levels.h"

#include "ecg_cold.h"
#include "ecg_intmath.h"
#include "ecg_rpeak_score.h"

/* What follows from the mean RR. */
ECG_COLD void ecg_rpeak_use_rr_mean(ecg_rpeak_t *s) {
    s->rr_q10 = s->rr_mean > 0 ? ecg_rpeak_log2(s->rr_mean) - 4 * ECG_OCTAVE : ECG_RPEAK_DEFAULT_RR_Q10;
    uint32_t overdue = ((uint32_t)s->rr_mean * ECG_RPEAK_SEARCHBACK_RR_Q8) >> 12;
    bool known = s->rr_mean > 0 && overdue < ECG_RPEAK_SEARCHBACK_MAX_STEPS;
    s->overdue_steps = known ? overdue : ECG_RPEAK_SEARCHBACK_MAX_STEPS;
}

/* Step of a running level towards a value, which counts as at most a factor of two away. */
static int32_t level_step(int32_t level_q10, int32_t value_q10) {
    return ecg_clamp(value_q10 - level_q10, -ECG_OCTAVE, ECG_OCTAVE) >> ECG_RPEAK_LEVEL_SHIFT;
}

/* Lets mean RR and its mean deviation follow an interval. */
ECG_COLD void ecg_rpeak_follow_rr(ecg_rpeak_t *s, uint32_t rr_steps) {
    int32_t rr = (int32_t)rr_steps * 16;
    if (s->rr_mean == 0) {
        s->rr_mean = rr;
    }
    int32_t difference = rr - s->rr_mean;
    int32_t half = s->rr_mean >> 1;
    s->rr_deviation += (ecg_abs(difference) - s->rr_deviation) >> 3;
    s->rr_mean += ecg_clamp(difference, -half, half) >> 3;
    s->irregularity_q10 = ecg_rpeak_log2(s->rr_deviation) - 4 * ECG_OCTAVE;
    ecg_rpeak_use_rr_mean(s);
}

/* Where a wave of this height and steepness, `steps` before the beat c, is far below it in both: remembers it
 * as what comes before beats (P waves), and returns true. */
ECG_COLD bool ecg_rpeak_learn_before(ecg_rpeak_t *s, const ecg_rpeak_candidate_t *c, uint32_t steps,
                                     int32_t peak_q10, int32_t slope_q10) {
    if (steps < ECG_RPEAK_REFRACTORY_STEPS || steps > ECG_RPEAK_BEFORE_STEPS ||
        peak_q10 >= c->peak_q10 - ECG_RPEAK_BEFORE_BELOW_Q10 ||
        slope_q10 >= c->slope_q10 - ECG_RPEAK_BEFORE_BLUNT_Q10) {
        return false;
    }
    if (peak_q10 > s->before_peak_q10 - ECG_RPEAK_BEFORE_PEAK_Q10) { /* what is lower still needs no memory */
        s->before_peak_q10 = peak_q10;
        s->before_slope_q10 = slope_q10;
        s->before_age = 0;
    }
    return true;
}

/* Lets the running levels follow a beat: not where it is small beside the one just before, as a P or T wave
 * taken for a beat is, and fast back up after one. */
ECG_COLD void ecg_rpeak_follow_levels(ecg_rpeak_t *s, const ecg_rpeak_candidate_t *c, uint32_t rr_steps) {
    s->before_age = (uint8_t)ecg_min(s->before_age + 1, UINT8_MAX);
    if (s->before_age > ECG_RPEAK_BEFORE_BEATS) {
        s->before_peak_q10 = 0;
    }
    bool after_small = ecg_rpeak_learn_before(s, c, rr_steps, s->beat_peak_q10, s->beat_slope_q10);
    if (s->skipping != 0) {
        (void)ecg_rpeak_learn_before(s, c, c->at - s->skipped.at, s->skipped.peak_q10, s->skipped.slope_q10);
    }
    if (rr_steps < ECG_RPEAK_SMALL_STEPS && c->peak_q10 < s->beat_peak_q10 - ECG_RPEAK_SMALL_Q10 &&
        c->slope_q10 < s->beat_slope_q10 - ECG_RPEAK_SMALL_Q10) {
        return;
    }
    /* One far above the level may be an artefact, two in a row are not; the first one counts half an octave
     * less. */
    bool first = s->rr_mean == 0;
    int32_t peak_q10 = first ? c->peak_q10 - ECG_OCTAVE / 2 : ecg_min(c->peak_q10, s->beat_peak_q10);
    int32_t slope_q10 = first ? c->slope_q10 - ECG_OCTAVE / 2 : ecg_min(c->slope_q10, s->beat_slope_q10);
    if (peak_q10 > s->qrs_q10 + ECG_OCTAVE) {
        s->qrs_q10 = peak_q10 - ECG_OCTAVE / 8;
        s->slope_q10 = ecg_max(slope_q10 - ECG_OCTAVE / 8, 1);
        return;
    }
    int32_t peak_step = level_step(s->qrs_q10, c->peak_q10);
    int32_t slope_step = level_step(s->slope_q10, c->slope_q10);
    s->qrs_q10 += after_small && peak_step > 0 ? peak_step * ECG_RPEAK_BEFORE_RISE : peak_step;
    s->slope_q10 += after_small && slope_step > 0 ? slope_step * ECG_RPEAK_BEFORE_RISE : slope_step;
}

/* The larger one of two halves' maxima, unless it is so much larger that it must be an artefact. */
static int32_t learnt(int32_t first, int32_t second) {
    return ecg_min(ecg_max(first, second), ecg_min(first, second) * ECG_RPEAK_LEARN_RATIO);
}

/* Sets the levels at the end of the learning time from the maxima in its two halves. */
ECG_COLD void ecg_rpeak_learn(ecg_rpeak_t *s, int32_t slope) {
    s->learn_left = (uint16_t)(s->learn_left - 1u);
    uint32_t half = s->learn_left >= ECG_RPEAK_LEARN_STEPS / 2 ? 0 : 1;
    s->learn_peak[half] = ecg_max(s->integral, s->learn_peak[half]);
    s->learn_slope[half] = ecg_max(slope, s->learn_slope[half]);
    if (s->learn_left == 0) {
        int32_t peak = learnt(s->learn_peak[0], s->learn_peak[1]);
        s->qrs_q10 = ecg_rpeak_log2(ecg_max(peak, 2 * ECG_RPEAK_MINIMUM_PEAK));
        s->slope_q10 = ecg_rpeak_log2(learnt(s->learn_slope[0], s->learn_slope[1]));
        s->beat_peak_q10 = s->qrs_q10;
        s->beat_slope_q10 = s->slope_q10;
        s->known_peak_q10 = s->qrs_q10;
        s->known_slope_q10 = s->slope_q10;
        s->valley = s->integral;
        s->lobe_peak = 0;
        s->skipping = 0;
    }
}
