/* ecg_condition.c - see ecg_condition.h; reference: host_tools/reference/condition.py */
#include "ecg_condition.h"

#include "ecg_cold.h"
#include "ecg_rpeak_score.h"
#include "ecg_types.h"

/* Measures in a row that begin or end a suspicion. */
#define CONFIRM 2

/* After its maximum a beat is known so much later. */
#define FOUND_STEPS (ECG_RPEAK_REFRACTORY_STEPS + ECG_RPEAK_HOLD_STEPS)

/* Beats or like waves at a rate that hearts have, at nearly equal distances, to the present: a tachycardia.
 */
ECG_COLD static bool is_organised(const ecg_condition_t *s, const ecg_rpeak_t *r) {
    for (uint32_t i = 0; i < 2; i++) {
        const ecg_wave_t *w = &r->train.side[i];
        if (w->count >= ECG_CONDITION_TRAIN_WAVES && w->spacing >= ECG_CONDITION_RR_MIN_STEPS * 16) {
            return true;
        }
    }
    int32_t since_beat = (int32_t)(r->steps - r->beat_at);
    return s->beats >= ECG_CONDITION_REGULAR_BEATS && r->rr_mean >= ECG_CONDITION_RR_MIN_STEPS * 16 &&
           since_beat * 16 <= 2 * r->rr_mean && r->irregularity_q10 - r->rr_q10 < ECG_CONDITION_REGULAR_Q10;
}

/* Block so many before the present one. */
static const ecg_block_t *block_back(const ecg_condition_t *s, uint32_t back) {
    return &s->block[(s->at + ECG_CONDITION_BLOCKS - back) % ECG_CONDITION_BLOCKS];
}

/* Whether the last `count` blocks, the present one among them, are as flutter and fibrillation are. */
ECG_COLD static bool is_wavy(const ecg_condition_t *s, uint32_t count, int32_t least_full_q10) {
    int32_t sum = 0;
    int32_t change_sum = 0;
    int32_t top[2] = {0, 0};
    int32_t change_top[2] = {0, 0};
    for (uint32_t i = 0; i < count; i++) {
        const ecg_block_t *b = block_back(s, i);
        sum += b->sum;
        change_sum += b->change_sum;
        top[1] = ecg_max(top[1], ecg_min(b->top, top[0]));
        top[0] = ecg_max(top[0], b->top);
        change_top[1] = ecg_max(change_top[1], ecg_min(b->change_top, change_top[0]));
        change_top[0] = ecg_max(change_top[0], b->change_top);
    }
    int32_t height = top[0] + top[1]; /* of two, so that one artefact does not decide */
    int32_t height_q10 = ecg_rpeak_log2(height);
    int32_t sum_q10 = ecg_rpeak_log2(sum);
    int32_t pace_q10 = ecg_rpeak_log2(change_sum) - sum_q10;
    /* By 4: `height` is of two maxima, and only every second step is measured. */
    int32_t full_q10 = sum_q10 - ecg_rpeak_log2(height * (int32_t)(count * ECG_CONDITION_BLOCK_STEPS / 4u));
    return height > ECG_CONDITION_MINIMUM && full_q10 > least_full_q10 &&
           ecg_rpeak_log2(change_top[0] + change_top[1]) - height_q10 < ECG_CONDITION_STEEP_Q10 &&
           pace_q10 > ECG_CONDITION_SLOW_Q10 && pace_q10 < ECG_CONDITION_FAST_Q10;
}

/* At the end of a block: begins or ends the suspicion of flutter or fibrillation. */
ECG_COLD static void judge(ecg_condition_t *s, const ecg_rpeak_t *rpeak) {
    bool holds = (s->held & ECG_CONDITION_FIBRILLATION) != 0;
    int32_t full_q10 = is_organised(s, rpeak) ? ECG_CONDITION_SINE_Q10 : ECG_CONDITION_FULL_Q10;
    bool now = s->filled == ECG_CONDITION_BLOCKS && is_wavy(s, ECG_CONDITION_BLOCKS, full_q10);
    s->suspected = (uint8_t)(now == holds ? 0 : s->suspected + 1);
    if (s->suspected == CONFIRM) {
        s->suspected = 0;
        s->held = holds ? 0 : ECG_CONDITION_FIBRILLATION;
    }
}

/* Whether nothing near the last beats' height has come in the last blocks. */
ECG_COLD static bool is_quiet(const ecg_condition_t *s, const ecg_rpeak_t *rpeak) {
    int32_t top = 0;
    for (uint32_t back = 0; back < ECG_CONDITION_QUIET_BLOCKS; back++) {
        top = ecg_max(block_back(s, back)->integral_top, top);
    }
    if (is_wavy(s, ECG_CONDITION_QUIET_BLOCKS, ECG_CONDITION_FULL_Q10)) {
        return false; /* the beginning of fibrillation, not known as such yet */
    }
    return top < 2 * ECG_RPEAK_MINIMUM_PEAK ||
           ecg_rpeak_log2(top) < rpeak->beat_peak_q10 - ECG_CONDITION_QUIET_Q10;
}

/* The present block is full: begins or ends the suspicion of flutter or fibrillation, and the next block. */
ECG_COLD static void end_block(ecg_condition_t *s, const ecg_rpeak_t *rpeak) {
    s->block_steps = 0;
    s->filled = (uint8_t)ecg_min(s->filled + 1, ECG_CONDITION_BLOCKS);
    judge(s, rpeak);
    s->at = (uint8_t)((s->at + 1u) % ECG_CONDITION_BLOCKS);
    s->block[s->at] = (ecg_block_t){0};
}

ECG_COLD void ecg_condition_reset(ecg_condition_t *s) {
    *s = (ecg_condition_t){0};
    s->silent_from = ECG_RPEAK_LEARN_STEPS - FOUND_STEPS;
}

ECG_COLD void ecg_condition_beat(ecg_condition_t *s, uint32_t step, bool unsure, bool doubtful) {
    s->doubtful = doubtful ? 1 : 0;
    if (unsure && (s->held & (ECG_CONDITION_PAUSE | ECG_CONDITION_UNREADABLE)) != 0) {
        s->held = ECG_CONDITION_UNREADABLE;
        return;
    }
    s->beats = (uint8_t)ecg_min(s->beats + 1, UINT8_MAX);
    s->silent_from = step;
    s->held &= ECG_CONDITION_FIBRILLATION;
}

ECG_COLD bool ecg_condition_look(ecg_condition_t *s, const ecg_rpeak_t *rpeak) {
    uint8_t before = s->held;
    if (s->block_steps >= ECG_CONDITION_BLOCK_STEPS) {
        end_block(s, rpeak);
    }
    uint32_t silent = rpeak->steps - s->silent_from;
    bool running =
        silent >= ECG_PAUSE_STEPS + FOUND_STEPS && silent < UINT32_C(0x80000000); /* not while it learns */
    bool coming = s->doubtful == 0 && silent < ECG_PAUSE_STEPS + 3u * FOUND_STEPS &&
                  (rpeak->waiting != 0 || rpeak->lobe_peak > ECG_RPEAK_MINIMUM_PEAK);
    if (running && !coming && (s->held & ECG_CONDITION_FIBRILLATION) == 0) {
        s->beats = 0;
        s->held = s->doubtful == 0 && is_quiet(s, rpeak) ? ECG_CONDITION_PAUSE : ECG_CONDITION_UNREADABLE;
    }
    return (s->held & ~before & ECG_CONDITION_FIBRILLATION) != 0;
}
