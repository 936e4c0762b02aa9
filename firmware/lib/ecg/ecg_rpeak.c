/* ecg_rpeak.c - see ecg_rpeak.h; reference: host_tools/reference/rpeak.py */
#include "ecg_rpeak.h"

#include <stdbool.h>

#include "ecg_intmath.h"

#define CENTRE_STEPS ((ECG_RPEAK_LONG_STEPS - ECG_RPEAK_SHORT_STEPS) / 2)
#define RING_MASK (ECG_RPEAK_RING_STEPS - 1u)
#define OCTAVE 1024                 /* a factor of two in the logarithms */
#define AGE_MAX (UINT32_C(1) << 20) /* steps since a beat are counted up to here */

void ecg_rpeak_reset(ecg_rpeak_t *s) {
    int16_t polarity = s->polarity;
    *s = (ecg_rpeak_t){0};
    s->polarity = polarity;
    s->learn_left = ECG_RPEAK_LEARN_STEPS;
    s->beat_at = 0u - AGE_MAX;
    s->rr_q10 = ECG_RPEAK_DEFAULT_RR_Q10;
    s->overdue_steps = ECG_RPEAK_SEARCHBACK_MAX_STEPS;
}

/* Logarithm of a height of at least 1. */
static int32_t log2_height(int32_t height) {
    return ecg_log2_q10((uint32_t)ecg_max(height, 1));
}

/* Feeds one step's sum to the QRS enhancer and integrates; returns the steepness of the enhancer's change. */
static int32_t enhance(ecg_rpeak_t *s, int32_t step_sum) {
    uint32_t now = s->steps;
    s->long_sum += step_sum - s->history[(now - ECG_RPEAK_LONG_STEPS) & RING_MASK];
    s->history[now & RING_MASK] = step_sum;
    s->short_sum += s->history[(now - CENTRE_STEPS) & RING_MASK] -
                    s->history[(now - CENTRE_STEPS - ECG_RPEAK_SHORT_STEPS) & RING_MASK];
    int32_t enhanced = (ECG_RPEAK_LONG_STEPS * s->short_sum - ECG_RPEAK_SHORT_STEPS * s->long_sum) >> 4;
    int32_t slope = enhanced - s->enhanced[(now - 1u) & RING_MASK];
    s->integral += ecg_abs(enhanced) - ecg_abs(s->enhanced[(now - ECG_RPEAK_INTEGRATE_STEPS) & RING_MASK]);
    s->enhanced[now & RING_MASK] = enhanced;
    return ecg_abs(slope);
}

/* Score for being early and blunt, as T waves are; zero or less, Q18. */
static int32_t twave_features(const ecg_rpeak_t *s, const ecg_rpeak_candidate_t *c, int32_t since_beat) {
    int32_t blunt = 0;
    if (s->beat_slope_q10 > 0) {
        blunt = ecg_clamp(c->slope_q10 - s->beat_slope_q10, -3 * OCTAVE, 0);
    }
    int32_t early = ecg_clamp((ECG_RPEAK_EARLY_STEPS - since_beat) * ECG_RPEAK_EARLY_RAMP_Q10, 0, OCTAVE);
    int32_t twave = ecg_clamp((ECG_RPEAK_TWAVE_STEPS - since_beat) * ECG_RPEAK_TWAVE_RAMP_Q10, 0, OCTAVE);
    return ECG_RPEAK_WEIGHT_EARLY_BLUNT_Q8 * ((early * blunt) >> 10) +
           ECG_RPEAK_WEIGHT_TWAVE_Q8 * ((twave * ecg_min(blunt + OCTAVE, 0)) >> 10);
}

/* Scores a candidate as things stand now: natural logarithm of the odds that it is a beat, Q10. */
static void score(const ecg_rpeak_t *s, ecg_rpeak_candidate_t *c) {
    uint32_t age = c->at - s->beat_at;
    int32_t since_beat = (int32_t)(age < AGE_MAX ? age : AGE_MAX);
    int32_t peak = ecg_clamp(c->peak_q10 - s->qrs_q10, -4 * OCTAVE, 3 * OCTAVE);
    int32_t slope = 0;
    if (s->slope_q10 > 0) {
        slope = ecg_clamp(c->slope_q10 - s->slope_q10, -4 * OCTAVE, 3 * OCTAVE);
    }
    int32_t noise = ecg_clamp(log2_height(s->background) - s->qrs_q10, -4 * OCTAVE, 0) + 4 * OCTAVE;
    int32_t early = ecg_clamp(log2_height(since_beat) - s->rr_q10, -2 * OCTAVE, 0);
    int32_t irregular = ecg_clamp(s->irregularity_q10 - s->rr_q10, -5 * OCTAVE, 0) + 5 * OCTAVE;
    int32_t beat_peak = ecg_clamp(s->beat_peak_q10 - s->qrs_q10, -2 * OCTAVE, 2 * OCTAVE);
    int32_t sum_q18 = ECG_RPEAK_WEIGHT_BIAS_Q8 * OCTAVE;
    sum_q18 += ECG_RPEAK_WEIGHT_PEAK_Q8 * peak;
    sum_q18 += ECG_RPEAK_WEIGHT_SHARPNESS_Q8 * (slope - peak);
    sum_q18 += ECG_RPEAK_WEIGHT_BEAT_PEAK_Q8 * beat_peak;
    sum_q18 += ECG_RPEAK_WEIGHT_VALLEY_Q8 * c->valley_q10;
    sum_q18 += ECG_RPEAK_WEIGHT_NOISE_Q8 * noise;
    sum_q18 += ECG_RPEAK_WEIGHT_NOISE_SLOPE_Q8 * ((noise * slope) >> 10);
    sum_q18 += ECG_RPEAK_WEIGHT_EARLY_Q8 * early;
    sum_q18 += ECG_RPEAK_WEIGHT_IRREGULAR_Q8 * irregular;
    sum_q18 += ECG_RPEAK_WEIGHT_IRREGULAR_EARLY_Q8 * ((irregular * early) >> 10);
    sum_q18 += ECG_RPEAK_WEIGHT_RR_Q8 * (s->rr_q10 - ECG_RPEAK_DEFAULT_RR_Q10);
    sum_q18 += twave_features(s, c, since_beat);
    c->score_q10 = sum_q18 >> 8;
}

/* Running level after another value, which counts as at most a factor of two away. */
static int32_t follow(int32_t level_q10, int32_t value_q10) {
    return level_q10 + (ecg_clamp(value_q10 - level_q10, -OCTAVE, OCTAVE) >> ECG_RPEAK_LEVEL_SHIFT);
}

/* Lets mean RR and its mean deviation follow an interval. */
static void follow_rr(ecg_rpeak_t *s, uint32_t rr_steps) {
    int32_t rr = (int32_t)rr_steps * 16;
    if (s->rr_mean == 0) {
        s->rr_mean = rr;
    }
    int32_t difference = rr - s->rr_mean;
    int32_t half = s->rr_mean >> 1;
    s->rr_deviation += (ecg_abs(difference) - s->rr_deviation) >> 3;
    s->rr_mean += ecg_clamp(difference, -half, half) >> 3;
    s->rr_q10 = log2_height(s->rr_mean) - 4 * OCTAVE;
    s->irregularity_q10 = log2_height(s->rr_deviation) - 4 * OCTAVE;
    uint32_t overdue = ((uint32_t)s->rr_mean * ECG_RPEAK_SEARCHBACK_RR_Q8) >> 12;
    s->overdue_steps = overdue < ECG_RPEAK_SEARCHBACK_MAX_STEPS ? overdue : ECG_RPEAK_SEARCHBACK_MAX_STEPS;
}

/* Reports a candidate as a beat, and lets levels and mean RR follow. */
static void take(ecg_rpeak_t *s, const ecg_rpeak_candidate_t *c) {
    uint32_t rr_steps = c->at - s->beat_at;
    if (rr_steps < 2u * ECG_RPEAK_SEARCHBACK_MAX_STEPS) {
        follow_rr(s, rr_steps);
    }
    s->qrs_q10 = follow(s->qrs_q10, c->peak_q10);
    if (s->slope_q10 == 0) {
        s->slope_q10 = c->slope_q10;
    }
    s->slope_q10 = follow(s->slope_q10, c->slope_q10);
    s->beat_peak_q10 = c->peak_q10;
    s->beat_slope_q10 = c->slope_q10;
    s->beat_at = c->at;
    s->skipping = 0;
    s->found_age[s->found_count] = s->steps - c->at;
    s->found_count += 1;
}

/* Whether the skipped candidate is so like the beat c that it is one, too, as in runs of early beats. */
static bool is_twin(const ecg_rpeak_t *s, const ecg_rpeak_candidate_t *c) {
    if (s->skipping == 0 || s->found_count > 0) {
        return false;
    }
    if (s->skipped.score_q10 < ECG_RPEAK_TWIN_SCORE_Q10 || s->skipped.score_q10 > 0) {
        return false;
    }
    uint32_t distance = c->at - s->skipped.at;
    if (distance < ECG_RPEAK_WAIT_STEPS || distance > ECG_RPEAK_TWIN_MAX_STEPS) {
        return false;
    }
    return ecg_abs(s->skipped.peak_q10 - c->peak_q10) <= ECG_RPEAK_TWIN_LOG2_Q10 &&
           ecg_abs(s->skipped.slope_q10 - c->slope_q10) <= ECG_RPEAK_TWIN_LOG2_Q10;
}

/* Takes a candidate as a beat, before it a skipped one that is its like. */
static void accept(ecg_rpeak_t *s, const ecg_rpeak_candidate_t *c) {
    if (is_twin(s, c)) {
        take(s, &s->skipped);
    }
    take(s, c);
}

/* Keeps a candidate that is no beat for search-back, if it is the best since the last beat. */
static void reject(ecg_rpeak_t *s, const ecg_rpeak_candidate_t *c) {
    if (s->skipping == 0 || c->score_q10 > s->skipped.score_q10) {
        s->skipping = 1;
        s->skipped = *c;
    }
}

/* Judges the waiting candidate and forgets it. */
static void judge_candidate(ecg_rpeak_t *s) {
    if (s->waiting == 0) {
        return;
    }
    s->waiting = 0;
    if (s->candidate.at - s->beat_at < ECG_RPEAK_REFRACTORY_STEPS) {
        return;
    }
    score(s, &s->candidate);
    if (s->candidate.score_q10 > 0) {
        accept(s, &s->candidate);
    } else {
        reject(s, &s->candidate);
    }
}

/* Settles between the waiting candidate and the new one c; false where c is out already. */
static bool rival(ecg_rpeak_t *s, ecg_rpeak_candidate_t *c) {
    if (s->waiting == 0) {
        return true;
    }
    uint32_t distance = c->at - s->candidate.at;
    score(s, c);
    score(s, &s->candidate);
    if (distance < ECG_RPEAK_REFRACTORY_STEPS) {
        return c->score_q10 > s->candidate.score_q10;
    }
    bool beaten = c->score_q10 > s->candidate.score_q10 + ECG_RPEAK_REPLACE_MARGIN_Q10;
    if (distance < ECG_RPEAK_WAIT_STEPS && s->candidate.score_q10 < ECG_RPEAK_SURE_SCORE_Q10 && beaten) {
        /* A P wave before a QRS complex, or noise before it. */
        reject(s, &s->candidate);
    } else {
        judge_candidate(s);
    }
    return true;
}

/* A lobe is over: it becomes the candidate, unless the one that waits is better. */
static void end_lobe(ecg_rpeak_t *s) {
    int32_t peak = s->lobe_peak;
    s->lobe_peak = 0;
    s->valley = s->integral;
    if (peak < ECG_RPEAK_MINIMUM_PEAK) {
        return;
    }
    ecg_rpeak_candidate_t c = {log2_height(peak), log2_height(s->lobe_slope), 0, 0, s->lobe_at};
    c.valley_q10 = ecg_clamp(log2_height(s->lobe_valley) - c.peak_q10, -4 * OCTAVE, 0);
    if (rival(s, &c)) {
        s->waiting = 1;
        s->candidate = c;
    }
}

/* Follows the integral through valleys and lobes. */
static void track_lobe(ecg_rpeak_t *s, int32_t slope) {
    if (s->lobe_peak == 0 && s->integral <= s->valley) {
        s->valley = s->integral;
        s->lobe_slope = slope;
        return;
    }
    s->lobe_slope = ecg_max(slope, s->lobe_slope);
    if (s->integral > s->lobe_peak) {
        if (s->lobe_peak == 0) {
            s->lobe_valley = s->valley;
        }
        s->lobe_peak = s->integral;
        s->lobe_at = s->steps;
        return;
    }
    if (s->integral < (s->lobe_peak >> 1) || s->steps - s->lobe_at >= ECG_RPEAK_HOLD_STEPS) {
        end_lobe(s);
    }
}

/* Judges the waiting candidate once no better one can come; a sure one need not wait so long. */
static void wait(ecg_rpeak_t *s) {
    uint32_t age = s->steps - s->candidate.at;
    if (age == ECG_RPEAK_REFRACTORY_STEPS + ECG_RPEAK_HOLD_STEPS) {
        score(s, &s->candidate);
        if (s->candidate.score_q10 >= ECG_RPEAK_SURE_SCORE_Q10) {
            judge_candidate(s);
        }
    } else if (age >= ECG_RPEAK_WAIT_STEPS + ECG_RPEAK_HOLD_STEPS) {
        judge_candidate(s);
    }
}

/* A beat is overdue: takes the best candidate skipped since the last one, if it is good enough. */
static void search_back(ecg_rpeak_t *s, uint32_t since_beat) {
    uint32_t age = s->steps - s->skipped.at;
    if (s->skipping != 0 && age >= ECG_RPEAK_WAIT_STEPS + ECG_RPEAK_HOLD_STEPS) {
        s->skipping = 0;
        if (s->skipped.score_q10 > ECG_RPEAK_SEARCHBACK_SCORE_Q10 && age <= ECG_RPEAK_SEARCHBACK_MAX_STEPS) {
            take(s, &s->skipped);
        }
    }
    if (since_beat > ECG_RPEAK_SEARCHBACK_MAX_STEPS) {
        /* Nothing for long: the signal may have become smaller. */
        s->qrs_q10 = ecg_max(s->qrs_q10 - ECG_RPEAK_DECAY_Q10, ECG_RPEAK_MINIMUM_Q10);
        if (s->slope_q10 > ECG_RPEAK_DECAY_Q10) {
            s->slope_q10 -= ECG_RPEAK_DECAY_Q10;
        }
        if (since_beat > AGE_MAX) {
            s->beat_at = s->steps - AGE_MAX;
        }
    }
}

/* Sets the level at the end of the learning time from the integral's maxima in its two halves. */
static void learn(ecg_rpeak_t *s) {
    s->learn_left = (uint16_t)(s->learn_left - 1u);
    if (s->learn_left >= ECG_RPEAK_LEARN_STEPS / 2) {
        s->learn_first = ecg_max(s->integral, s->learn_first);
    } else {
        s->learn_second = ecg_max(s->integral, s->learn_second);
    }
    if (s->learn_left == 0) {
        /* The smaller one: a first-second artefact must not set the level. */
        s->qrs_q10 =
            log2_height(ecg_max(ecg_min(s->learn_first, s->learn_second), 2 * ECG_RPEAK_MINIMUM_PEAK));
        s->beat_peak_q10 = s->qrs_q10;
        s->valley = s->integral;
    }
}

static void step(ecg_rpeak_t *s) {
    int32_t slope = enhance(s, s->decimation_sum);
    if ((s->steps & (ECG_RPEAK_BACKGROUND_STEPS - 1u)) == 0) {
        s->background += (s->integral - s->background) >> ECG_RPEAK_BACKGROUND_SHIFT;
    }
    s->steps += 1;
    if (s->learn_left > 0) {
        learn(s);
        return;
    }
    track_lobe(s, slope);
    if (s->waiting != 0) {
        wait(s);
    }
    uint32_t since_beat = s->steps - s->beat_at;
    if (since_beat > s->overdue_steps && s->waiting == 0) {
        search_back(s, since_beat);
    }
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
    if (s->learn_left == 0) {
        if (s->lobe_peak > 0) {
            end_lobe(s);
        }
        if (s->found_count < 2) {
            judge_candidate(s);
        }
    }
    return s->found_count;
}
