/* ecg_rpeak.c - see ecg_rpeak.h; reference: host_tools/reference/rpeak.py */
#include "ecg_rpeak.h"

#include "ecg_cold.h"
#include "ecg_intmath.h"
#include "ecg_rpeak_doubt.h"
#include "ecg_rpeak_levels.h"
#include "ecg_rpeak_score.h"

#define CENTRE_STEPS ((ECG_RPEAK_LONG_STEPS - ECG_RPEAK_SHORT_STEPS) / 2)
#define RING_MASK (ECG_RPEAK_RING_STEPS - 1u)
/* From a maximum of the enhancer to that of its lobe in the integral. */
#define LOBE_STEPS ((ECG_RPEAK_INTEGRATE_STEPS - 1u) / 2u)

ECG_COLD void ecg_rpeak_reset(ecg_rpeak_t *s) {
    int16_t polarity = s->polarity;
    *s = (ecg_rpeak_t){0};
    s->polarity = polarity;
    s->learn_left = ECG_RPEAK_LEARN_STEPS;
    s->beat_at = 0u - ECG_RPEAK_AGE_MAX;
    s->rr_q10 = ECG_RPEAK_DEFAULT_RR_Q10;
    s->overdue_steps = ECG_RPEAK_SEARCHBACK_MAX_STEPS;
    s->patience_steps = ECG_RPEAK_SEARCHBACK_MAX_STEPS;
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

/* Reports a candidate as a beat, and lets levels and mean RR follow. */
ECG_COLD static void take(ecg_rpeak_t *s, const ecg_rpeak_candidate_t *c) {
    uint32_t rr_steps = c->at - s->beat_at;
    ecg_rpeak_doubt(s, c);
    s->patience_steps = ECG_RPEAK_SEARCHBACK_MAX_STEPS;
    if (rr_steps < 2u * ECG_RPEAK_SEARCHBACK_MAX_STEPS) {
        ecg_rpeak_follow_rr(s, rr_steps);
        uint32_t longer = rr_steps + (rr_steps >> 2);
        s->patience_steps = longer > s->patience_steps ? longer : s->patience_steps;
    }
    ecg_rpeak_follow_levels(s, c, rr_steps);
    s->beat_peak_q10 = c->peak_q10;
    s->beat_slope_q10 = c->slope_q10;
    s->beat_at = c->at;
    s->skipping = 0;
    ecg_train_beat(&s->train);
    s->found_age[s->found_count] = s->steps - c->at;
    s->found_count += 1;
}

/* Whether the skipped candidate, `distance` steps before the beat c, is so like it that it is one, too, as in
 * runs of early beats. */
ECG_COLD static bool is_twin(const ecg_rpeak_t *s, const ecg_rpeak_candidate_t *c, uint32_t distance) {
    return s->skipped.score_q10 >= ECG_RPEAK_TWIN_SCORE_Q10 && s->skipped.score_q10 <= 0 &&
           distance <= ECG_RPEAK_TWIN_MAX_STEPS &&
           ecg_abs(s->skipped.peak_q10 - c->peak_q10) <= ECG_RPEAK_TWIN_LOG2_Q10 &&
           ecg_abs(s->skipped.slope_q10 - c->slope_q10) <= ECG_RPEAK_TWIN_LOG2_Q10;
}

/* Whether the skipped candidate is good enough for a beat that is overdue; one that is low may be a T wave
 * where it comes early. */
ECG_COLD static bool is_good_enough(const ecg_rpeak_t *s) {
    uint32_t after = s->skipped.at - s->beat_at;
    bool early = after * 16u < ((uint32_t)s->rr_mean * ECG_RPEAK_SEARCHBACK_EARLY_Q8) >> 8;
    bool low = s->known_peak_q10 - s->skipped.peak_q10 > ECG_RPEAK_SEARCHBACK_LOWER_Q10;
    return s->skipped.score_q10 > ECG_RPEAK_SEARCHBACK_SCORE_Q10 && !(early && low);
}

/* Takes a candidate as a beat, before it a skipped one that is its like, or that the search back would have
 * found had c not come so soon. */
ECG_COLD static void accept(ecg_rpeak_t *s, const ecg_rpeak_candidate_t *c) {
    uint32_t distance = c->at - s->skipped.at;
    if (s->skipping != 0 && s->found_count == 0 && distance >= ECG_RPEAK_WAIT_STEPS &&
        distance < ECG_RPEAK_AGE_MAX) {
        bool overdue = c->at - s->beat_at > s->overdue_steps;
        if (is_twin(s, c, distance) || (overdue && is_good_enough(s))) {
            take(s, &s->skipped);
        }
    }
    take(s, c);
}

/* Keeps a candidate that is no beat for search-back, if it is the best since the last beat. */
ECG_COLD static void reject(ecg_rpeak_t *s, const ecg_rpeak_candidate_t *c) {
    if (s->skipping == 0 || c->score_q10 > s->skipped.score_q10) {
        s->skipping = 1;
        s->skipped = *c;
    }
}

/* Judges the waiting candidate and forgets it. */
ECG_COLD static void judge_candidate(ecg_rpeak_t *s) {
    if (s->waiting == 0) {
        return;
    }
    s->waiting = 0;
    if (s->candidate.at - s->beat_at < ECG_RPEAK_REFRACTORY_STEPS) {
        return;
    }
    ecg_rpeak_score(s, &s->candidate);
    if (s->candidate.score_q10 > 0) {
        accept(s, &s->candidate);
    } else {
        reject(s, &s->candidate);
    }
}

/* Settles between the waiting candidate and the new one c; false where c is out already. */
ECG_COLD static bool rival(ecg_rpeak_t *s, ecg_rpeak_candidate_t *c) {
    if (s->waiting == 0) {
        return true;
    }
    uint32_t distance = c->at - s->candidate.at;
    ecg_rpeak_score(s, c);
    ecg_rpeak_score(s, &s->candidate);
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
ECG_COLD static void end_lobe(ecg_rpeak_t *s) {
    int32_t peak = s->lobe_peak;
    s->lobe_peak = 0;
    s->valley = s->integral;
    if (peak < ECG_RPEAK_MINIMUM_PEAK) {
        return;
    }
    ecg_rpeak_candidate_t c = {ecg_rpeak_log2(peak), ecg_rpeak_log2(s->lobe_slope), 0, 0, s->lobe_at};
    c.valley_q10 = ecg_clamp(ecg_rpeak_log2(s->lobe_valley) - c.peak_q10, -4 * ECG_OCTAVE, 0);
    if (s->learn_left > 0) { /* nothing is judged yet, but what comes before QRS complexes can be seen */
        if (s->skipping != 0) {
            (void)ecg_rpeak_learn_before(s, &c, c.at - s->skipped.at, s->skipped.peak_q10,
                                         s->skipped.slope_q10);
        }
        s->skipping = 1;
        s->skipped = c;
    } else if (rival(s, &c)) {
        s->waiting = 1;
        s->candidate = c;
    }
}

/* Follows the integral through valleys and lobes. */
static inline void track_lobe(ecg_rpeak_t *s, int32_t slope) {
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
ECG_COLD static void wait(ecg_rpeak_t *s) {
    uint32_t age = s->steps - s->candidate.at;
    if (age == ECG_RPEAK_REFRACTORY_STEPS + ECG_RPEAK_HOLD_STEPS) {
        ecg_rpeak_score(s, &s->candidate);
        if (s->candidate.score_q10 >= ECG_RPEAK_SURE_SCORE_Q10) {
            judge_candidate(s);
        }
    } else if (age >= ECG_RPEAK_WAIT_STEPS + ECG_RPEAK_HOLD_STEPS) {
        judge_candidate(s);
    }
}

/* A beat is overdue: takes the best candidate skipped since the last one, if it is good enough. */
ECG_COLD static void search_back(ecg_rpeak_t *s, uint32_t since_beat) {
    uint32_t age = s->steps - s->skipped.at;
    if (s->skipping != 0 && age >= ECG_RPEAK_WAIT_STEPS + ECG_RPEAK_HOLD_STEPS) {
        s->skipping = 0;
        if (age <= ECG_RPEAK_SEARCHBACK_MAX_STEPS && is_good_enough(s)) {
            take(s, &s->skipped);
        } else if (ecg_rpeak_may_be_missed(s, s->qrs_q10, age)) {
            s->gap_doubtful = 1;
        }
    }
    if (since_beat > s->patience_steps) {
        /* Nothing for long, beside the last interval, too: the signal may have become smaller. */
        s->qrs_q10 = ecg_max(s->qrs_q10 - ECG_RPEAK_DECAY_Q10, ECG_RPEAK_MINIMUM_Q10);
        if (s->slope_q10 > ECG_RPEAK_DECAY_Q10) {
            s->slope_q10 -= ECG_RPEAK_DECAY_Q10;
        }
        if (since_beat > ECG_RPEAK_AGE_MAX) {
            s->beat_at = s->steps - ECG_RPEAK_AGE_MAX;
        }
    }
}

/* Begins to follow the waves of a train, if one is there that was not found beat by beat. */
ECG_COLD static void join_train(ecg_rpeak_t *s, uint32_t ended) {
    int side = ecg_train_side(&s->train, ended);
    if (side < 0 || ecg_rpeak_log2(s->integral) < s->qrs_q10 - ECG_TRAIN_LOW_Q10) {
        return;
    }
    s->following = (uint8_t)(side + 1);
    s->rr_before = s->rr_mean;
    s->rr_mean = s->train.side[side].spacing;
    s->rr_deviation = s->rr_mean >> 4;
    s->irregularity_q10 = ecg_rpeak_log2(s->rr_deviation) - 4 * ECG_OCTAVE;
    ecg_rpeak_use_rr_mean(s);
    if (s->waiting != 0 &&
        s->train.side[side].last_at + LOBE_STEPS - s->candidate.at >= ECG_TRAIN_APART_STEPS &&
        s->candidate.at - s->beat_at >= ECG_TRAIN_APART_STEPS) {
        take(s, &s->candidate); /* the wave before, not judged yet */
    }
    s->waiting = 0;
    s->lobe_peak = 0;
}

/* Leaves the train: what was the rhythm before it is what is expected again. */
ECG_COLD static void leave_train(ecg_rpeak_t *s) {
    s->following = 0;
    s->rr_mean = s->rr_before;
    ecg_rpeak_use_rr_mean(s);
    s->valley = s->integral;
}

/* Takes the waves of a train as beats, `ended` those that have just ended; true while one is followed. */
ECG_COLD static bool follow_train(ecg_rpeak_t *s, uint32_t ended) {
    if (s->following == 0 && ended != 0) {
        join_train(s, ended);
    }
    if (s->following == 0) {
        return false;
    }
    uint32_t side = s->following - 1u;
    bool wave = (ended >> side & 1u) != 0;
    if (ecg_train_lost(&s->train.side[side], wave, s->steps)) {
        leave_train(s);
        return false;
    }
    uint32_t at = s->train.side[side].last_at + LOBE_STEPS;
    if (wave && at - s->beat_at >= ECG_TRAIN_APART_STEPS) {
        /* A train says nothing about steepness: its level stays. Its waves are sure. */
        ecg_rpeak_candidate_t c = {ecg_rpeak_log2(s->integral), s->slope_q10, 0, INT16_MAX, at};
        take(s, &c);
    }
    return true;
}

static void step(ecg_rpeak_t *s) {
    int32_t slope = enhance(s, s->decimation_sum);
    if ((s->steps & (ECG_RPEAK_BACKGROUND_STEPS - 1u)) == 0) {
        s->background += (s->integral - s->background) >> ECG_RPEAK_BACKGROUND_SHIFT;
    }
    s->steps += 1;
    if (s->learn_left == 0) {
        uint32_t ended = ecg_train_step(&s->train, s->enhanced[(s->steps - 1u) & RING_MASK], s->steps);
        if ((ended | s->following) != 0 && follow_train(s, ended)) {
            return;
        }
    }
    track_lobe(s, slope);
    if (s->learn_left > 0) {
        ecg_rpeak_learn(s, slope);
        return;
    }
    if (s->waiting != 0) {
        wait(s);
    }
    uint32_t since_beat = s->steps - s->beat_at;
    if (since_beat > s->overdue_steps && s->waiting == 0) {
        search_back(s, since_beat);
    }
}

/* Forgets what was found: the caller has it. */
static inline void find_none(ecg_rpeak_t *s) {
    s->found_count = 0;
    s->found_doubtful = 0;
    s->found_unlike = 0;
}

int ecg_rpeak_step(ecg_rpeak_t *s) {
    find_none(s);
    step(s);
    s->decimation_sum = 0;
    s->decimation_count = 0;
    return s->found_count;
}

ECG_COLD int ecg_rpeak_hurry(ecg_rpeak_t *s) {
    find_none(s);
    if (s->waiting != 0 && s->learn_left == 0) {
        ecg_rpeak_score(s, &s->candidate);
        if (s->candidate.score_q10 >= ECG_RPEAK_SURE_SCORE_Q10) {
            judge_candidate(s);
        }
    }
    return s->found_count;
}

ECG_COLD int ecg_rpeak_flush(ecg_rpeak_t *s) {
    find_none(s);
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
