/* ecg_rpeak.c - see ecg_rpeak.h; reference: host_tools/reference/rpeak.py */
#include "ecg_rpeak.h"

#include <stdbool.h>

#include "ecg_intmath.h"

#define CENTRE_STEPS ((ECG_RPEAK_LONG_STEPS - ECG_RPEAK_SHORT_STEPS) / 2)
#define AGE_MAX UINT32_C(0x00FFFFFF)

void ecg_rpeak_reset(ecg_rpeak_t *s) {
    int16_t polarity = s->polarity;
    *s = (ecg_rpeak_t){0};
    s->polarity = polarity;
    s->beat_age = AGE_MAX;
}

/* Height of the integral above which a lobe is a beat. */
static int32_t threshold(const ecg_rpeak_t *s) {
    return s->noise_level + (((s->qrs_level - s->noise_level) * ECG_RPEAK_THRESHOLD_Q8) >> 8);
}

/* Feeds one step's sum to the QRS enhancer; returns the steepness of its change. */
static int32_t enhance(ecg_rpeak_t *s, int32_t step_sum) {
    int32_t index = s->history_index;
    s->long_sum += step_sum - s->history[index];
    s->history[index] = step_sum;
    int32_t entering = index - CENTRE_STEPS;
    if (entering < 0) {
        entering += ECG_RPEAK_LONG_STEPS;
    }
    int32_t leaving = entering - ECG_RPEAK_SHORT_STEPS;
    if (leaving < 0) {
        leaving += ECG_RPEAK_LONG_STEPS;
    }
    s->short_sum += s->history[entering] - s->history[leaving];
    s->history_index = (uint8_t)(index + 1 == ECG_RPEAK_LONG_STEPS ? 0 : index + 1);
    int32_t enhanced = (ECG_RPEAK_LONG_STEPS * s->short_sum - ECG_RPEAK_SHORT_STEPS * s->long_sum) >> 4;
    int32_t slope = enhanced - s->enhanced;
    s->enhanced = enhanced;
    return ecg_abs(slope);
}

/* Moving sum of the rectified enhancer. */
static void integrate(ecg_rpeak_t *s) {
    uint32_t index = s->rectified_index;
    int32_t value = ecg_abs(s->enhanced);
    s->integral += value - s->rectified[index];
    s->rectified[index] = value;
    s->rectified_index = (uint8_t)(index + 1 == ECG_RPEAK_INTEGRATE_STEPS ? 0 : index + 1);
}

/* Takes a lobe as a beat: reports it and lets levels and mean RR follow. */
static void accept(ecg_rpeak_t *s, int32_t peak, uint32_t age, int32_t slope) {
    if (s->beat_age < ECG_RPEAK_SEARCHBACK_MAX_STEPS * 2) {
        int32_t rr_q4 = (int32_t)(s->beat_age - age) * 16;
        if (s->rr_mean == 0) {
            s->rr_mean = rr_q4;
        }
        s->rr_mean += (rr_q4 - s->rr_mean) >> 3;
    }
    int32_t level = ecg_min(peak, 2 * s->qrs_level);
    s->qrs_level += (level - s->qrs_level) >> ECG_RPEAK_LEVEL_SHIFT;
    s->beat_age = age;
    s->beat_slope = slope;
    s->skipped_peak = 0;
    s->found_age[s->found_count] = age;
    s->found_count += 1;
}

/* Whether a lobe this long after a beat is too blunt, compared with the beat, to be another one. */
static bool is_twave(const ecg_rpeak_t *s, uint32_t since_beat, int32_t slope) {
    if (since_beat < ECG_RPEAK_TWAVE_STEPS) {
        return slope < ((s->beat_slope * ECG_RPEAK_TWAVE_SLOPE_Q8) >> 8);
    }
    if (since_beat < ECG_RPEAK_LATE_TWAVE_STEPS) {
        return slope < ((s->beat_slope * ECG_RPEAK_LATE_TWAVE_SLOPE_Q8) >> 8);
    }
    return false;
}

/* Judges a lobe that is the largest of its refractory time: beat, T wave or noise. */
static void decide(ecg_rpeak_t *s, int32_t peak, uint32_t age, int32_t slope) {
    uint32_t since_beat = s->beat_age - age;
    bool maybe_twave = since_beat < ECG_RPEAK_TWAVE_STEPS;
    if (is_twave(s, since_beat, slope)) {
        return;
    }
    if (peak > threshold(s)) {
        accept(s, peak, age, slope);
        return;
    }
    s->noise_level += (peak - s->noise_level) >> ECG_RPEAK_LEVEL_SHIFT;
    if (peak > s->skipped_peak && !maybe_twave) {
        s->skipped_peak = peak;
        s->skipped_age = age;
        s->skipped_slope = slope;
    }
}

/* Judges the waiting candidate, unless a beat was taken within its refractory time, and forgets it. */
static void judge_candidate(ecg_rpeak_t *s) {
    if (s->candidate_peak > 0) {
        if (s->candidate_age + ECG_RPEAK_REFRACTORY_STEPS <= s->beat_age) {
            decide(s, s->candidate_peak, s->candidate_age, s->candidate_slope);
        }
        s->candidate_peak = 0;
    }
}

/* A lobe is over: it becomes the candidate, or is in the shadow of a larger one. */
static void end_lobe(ecg_rpeak_t *s) {
    int32_t peak = s->lobe_peak;
    uint32_t age = s->lobe_age;
    s->lobe_peak = 0;
    s->valley = s->integral;
    if (peak < ECG_RPEAK_MINIMUM_PEAK) {
        return;
    }
    if (s->candidate_peak > 0) {
        if (s->candidate_age - age >= ECG_RPEAK_REFRACTORY_STEPS) {
            judge_candidate(s);
        } else if (peak <= s->candidate_peak) {
            return;
        }
    }
    s->candidate_peak = peak;
    s->candidate_age = age;
    s->candidate_slope = s->lobe_slope;
}

/* Follows the integral through valleys and lobes. */
static void track_lobe(ecg_rpeak_t *s, int32_t slope) {
    if (s->lobe_peak == 0) {
        if (s->integral <= s->valley) {
            s->valley = s->integral;
            s->lobe_slope = slope;
            return;
        }
        s->lobe_slope = ecg_max(slope, s->lobe_slope);
        s->lobe_peak = s->integral;
        s->lobe_age = 0;
        return;
    }
    s->lobe_slope = ecg_max(slope, s->lobe_slope);
    if (s->integral > s->lobe_peak) {
        s->lobe_peak = s->integral;
        s->lobe_age = 0;
        return;
    }
    if (s->integral < (s->lobe_peak >> 1) || s->lobe_age >= ECG_RPEAK_HOLD_STEPS) {
        end_lobe(s);
    }
}

/* Where a beat is overdue, takes the best lobe skipped since the last one, if it is large enough. */
static void search_back(ecg_rpeak_t *s) {
    uint32_t overdue = (uint32_t)((s->rr_mean * ECG_RPEAK_SEARCHBACK_RR_Q8) >> 12);
    if (overdue == 0 || overdue > ECG_RPEAK_SEARCHBACK_MAX_STEPS) {
        overdue = ECG_RPEAK_SEARCHBACK_MAX_STEPS;
    }
    if (s->beat_age <= overdue) {
        return;
    }
    if (s->skipped_peak > ((threshold(s) * ECG_RPEAK_SEARCHBACK_THRESHOLD_Q8) >> 8)) {
        if (s->skipped_age <= ECG_RPEAK_SEARCHBACK_MAX_STEPS) {
            accept(s, s->skipped_peak, s->skipped_age, s->skipped_slope);
        }
        s->skipped_peak = 0;
    }
    if (s->beat_age > ECG_RPEAK_SEARCHBACK_MAX_STEPS) {
        /* Nothing for long: the signal may have become smaller. */
        s->qrs_level -= s->qrs_level >> 8;
    }
}

/* Sets the levels at the end of the learning time from the integral's maxima in its two halves. */
static void learn(ecg_rpeak_t *s) {
    if (s->steps < ECG_RPEAK_LEARN_STEPS / 2) {
        s->learn_first = ecg_max(s->integral, s->learn_first);
    } else {
        s->learn_second = ecg_max(s->integral, s->learn_second);
    }
    if (s->steps == ECG_RPEAK_LEARN_STEPS - 1) {
        /* The smaller one: a first-second artefact must not set the level. */
        s->qrs_level = ecg_max(ecg_min(s->learn_first, s->learn_second), 2 * ECG_RPEAK_MINIMUM_PEAK);
        s->noise_level = s->qrs_level >> 3;
        s->valley = s->integral;
    }
}

static uint32_t older(uint32_t age) {
    return age < AGE_MAX ? age + 1 : age;
}

static void step(ecg_rpeak_t *s) {
    int32_t slope = enhance(s, s->decimation_sum);
    integrate(s);
    s->lobe_age = older(s->lobe_age);
    s->candidate_age = older(s->candidate_age);
    s->skipped_age = older(s->skipped_age);
    s->beat_age = older(s->beat_age);
    if (s->steps < ECG_RPEAK_LEARN_STEPS) {
        learn(s);
        s->steps += 1;
        return;
    }
    track_lobe(s, slope);
    if (s->candidate_age >= ECG_RPEAK_REFRACTORY_STEPS + ECG_RPEAK_HOLD_STEPS) {
        judge_candidate(s);
    }
    search_back(s);
}

int ecg_rpeak_step(ecg_rpeak_t *s) {
    s->found_count = 0;
    step(s);
    s->decimation_sum = 0;
    s->decimation_count = 0;
    return s->found_count;
}

int ecg_rpeak_flush(ecg_rpeak_t *s) {
    s->found_count = 0;
    if (s->steps == ECG_RPEAK_LEARN_STEPS) {
        if (s->lobe_peak > 0) {
            end_lobe(s);
        }
        judge_candidate(s);
    }
    return s->found_count;
}
