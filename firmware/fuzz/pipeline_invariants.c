#include "pipeline_invariants.h"

#include "fuzz_check.h"

/* Far above what 16 bits can give (a step from rail to rail overshoots by less than a factor of 2), far below
 * the range of int32. */
#define FILTER_STATE_MAX (4 * INT16_MAX * (1 << ECG_STATE_FRAC_BITS))
#define RR_MEAN_MAX_Q12 (4096 * ECG_RR_MAX_SAMPLES)
/* Winning class of four: at least a quarter, 64 of 256, less rounding. */
#define CONFIDENCE_MIN_Q8 60

static bool within(int32_t value, int32_t low, int32_t high) {
    return low <= value && value <= high;
}

static void check_input(const ecg_input_t *s) {
    fuzz_check(s->flat_left <= ECG_FLAT_SAMPLES, "flat stretch bounded");
    fuzz_check(s->bad_count <= ECG_BAD_RESET_SAMPLES, "bad count bounded");
    fuzz_check(s->recover_count <= ECG_RESTART_SAMPLES, "recovery bounded");
    fuzz_check((s->recover_flags & ~(ECG_FLAG_SATURATED | ECG_FLAG_LEAD_OFF)) == 0, "flags of the input");
    fuzz_check(s->primed == 0 || within(s->hold, s->rail_low, s->rail_high), "input clamped");
}

static void check_bandpass(const ecg_bandpass_t *s) {
    const int32_t states[] = {s->low_x1, s->low_x2, s->low_y1, s->low_y2, s->high_y1, s->high_y2};
    for (uint32_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        fuzz_check(within(states[i], -FILTER_STATE_MAX, FILTER_STATE_MAX), "filter state bounded");
    }
    fuzz_check(s->low_error < UINT32_C(1) << ECG_COEF_FRAC_BITS, "low-pass error within one unit");
    fuzz_check(s->high_error < UINT32_C(1) << ECG_COEF_FRAC_BITS, "high-pass error within one unit");
}

static void check_rpeak(const ecg_rpeak_t *s) {
    fuzz_check(s->decimation_count < ECG_RPEAK_DECIMATION, "decimation count");
    fuzz_check(s->learn_left <= ECG_RPEAK_LEARN_STEPS, "learning time bounded");
    fuzz_check(s->found_count <= 2, "at most two beats at once");
    fuzz_check(within(s->polarity, -256, 256), "polarity within 1");
    fuzz_check(s->integral >= 0, "integral of absolute values");
    fuzz_check(s->background >= 0, "background of absolute values");
    fuzz_check(within(s->qrs_q10, 0, 32 * 1024) && within(s->slope_q10, 0, 32 * 1024),
               "levels are logarithms");
    fuzz_check(s->overdue_steps <= ECG_RPEAK_SEARCHBACK_MAX_STEPS, "search-back bounded");
    fuzz_check(within(s->rr_mean, 0, 16 * 2 * ECG_RPEAK_SEARCHBACK_MAX_STEPS), "mean RR bounded");
}

static void check_history(const ecg_history_t *h, int32_t lowest) {
    fuzz_check(h->index < ECG_RR_LONG_BEATS && h->count <= ECG_RR_LONG_BEATS, "RR ring");
    for (uint32_t i = 0; i < h->count; i++) {
        fuzz_check(within(h->ring[i], lowest, ECG_RR_MAX_SAMPLES), "RR interval in range");
        fuzz_check(i == 0 || h->long_sorted[i - 1] <= h->long_sorted[i], "RR intervals sorted");
    }
}

static void check_rr(const ecg_rr_t *s) {
    check_history(&s->intervals, 1);
    check_history(&s->changes, 0);
    fuzz_check(within(s->slow_q12, 0, RR_MEAN_MAX_Q12), "slow mean RR bounded");
    fuzz_check(within(s->high_q12, 0, RR_MEAN_MAX_Q12), "high mean RR bounded");
    fuzz_check(s->beats <= ECG_RR_SLOW_BEATS, "beats counted");
}

static void check_shape(const ecg_shape_t *s) {
    uint32_t total = 0;
    fuzz_check(s->clusters.dominant < ECG_CLUSTERS, "dominant template");
    for (uint32_t k = 0; k < ECG_CLUSTERS; k++) {
        total += s->clusters.share_q15[k];
        fuzz_check(s->clusters.score_q15[k] <= s->clusters.share_q15[k], "score at most the share");
    }
    fuzz_check(total <= 34000, "shares together at most 1");
    fuzz_check(s->align >= -ECG_SHIFT_MAX_GRID && s->align <= ECG_SHIFT_MAX_GRID, "alignment");
}

static void check_quality(const ecg_quality_t *s) {
    fuzz_check(within(s->unrest_q12, 0, 16 * (256 + (256 >> ECG_QUALITY_ROUGH_SHIFT))), "unrest bounded");
    fuzz_check(s->good_samples <= ECG_LEAD_BACK_SAMPLES && s->lead_off <= 1, "lead off");
}

static void check_pending(const ecg_pipeline_t *p) {
    /* Never full, so no beat is ever turned away. */
    fuzz_check(p->pending_count < ECG_PENDING_BEATS, "room for another waiting beat");
    for (uint32_t i = 0; i < p->pending_count; i++) {
        uint32_t age = p->sample_count - p->pending[i];
        fuzz_check(age <= ECG_RR_WAIT_SAMPLES + ECG_PENDING_BEATS + 1u, "no beat waits too long");
        fuzz_check(i == 0 || p->pending[i] - p->pending[i - 1] < 0x80000000u, "waiting beats in order");
        fuzz_check((p->pending_flags[i] & ~ECG_FLAG_ALL) == 0, "flags of a waiting beat");
    }
}

static void check_held(const ecg_pipeline_t *p) {
    fuzz_check(p->held_count < ECG_HELD_BEATS, "a beat leaves when those it looks ahead to are measured");
    fuzz_check(p->context_index < ECG_CONTEXT_BEATS, "row of the context");
    for (uint32_t i = 0; i < p->held_count; i++) {
        fuzz_check((p->held[i].flags & ~ECG_FLAG_ALL) == 0, "flags of a held beat");
    }
}

void check_pipeline(const ecg_pipeline_t *p) {
    check_input(&p->input);
    check_bandpass(&p->bandpass);
    check_rpeak(&p->rpeak);
    check_rr(&p->rr);
    check_quality(&p->quality);
    check_pending(p);
    check_shape(&p->shape);
    check_held(p);
    fuzz_check(p->ring.index < ECG_RING_SAMPLES, "ring index");
}

static void check_class(const ecg_beat_t *beat) {
    fuzz_check(beat->aami_class < ECG_CLASS_COUNT, "class");
    for (uint8_t i = 0; i < ECG_CLASS_COUNT; i++) {
        bool broad = beat->aami_class == ECG_CLASS_V && (beat->flags & ECG_FLAG_BROAD_RUN) != 0;
        fuzz_check(broad || beat->logits[i] <= beat->logits[beat->aami_class], "class has the largest logit");
        fuzz_check(broad || beat->confidence_q8 >= CONFIDENCE_MIN_Q8, "confidence of the winning class");
    }
    fuzz_check((beat->flags & ~ECG_FLAG_ALL) == 0, "flags of a beat");
    fuzz_check(beat->sqi <= ECG_SQI_MAX, "signal-quality index");
    bool bad = (beat->flags & (ECG_FLAG_LEAD_OFF | ECG_FLAG_SATURATED)) != 0;
    fuzz_check(!bad || (beat->sqi == 0 && (beat->flags & ECG_FLAG_UNDECIDED) != 0), "bad input is undecided");
}

void check_beat(beat_watch_t *watch, const ecg_beat_t *beat, uint32_t now) {
    uint32_t age = now - beat->r_sample;
    uint32_t rr = beat->r_sample - watch->last_r;
    check_class(beat);
    fuzz_check(age <= ECG_LOOKAHEAD_WAIT_SAMPLES + ECG_PENDING_BEATS + 1u, "latency of a beat");
    fuzz_check(within(beat->rr_next_samples, 1, ECG_RR_BOUND_SAMPLES), "next RR in range");
    if (watch->beats > 0) {
        uint32_t clipped = rr < ECG_RR_MAX_SAMPLES ? rr : ECG_RR_MAX_SAMPLES;
        fuzz_check(rr < 0x80000000u && rr >= ECG_MINIMUM_RR_SAMPLES, "beats in order, not too close");
        fuzz_check(beat->rr_prev_samples == clipped, "previous RR is the distance of the R peaks");
    } else {
        fuzz_check(beat->rr_prev_samples == beat->rr_next_samples, "the first beat's RR");
    }
    watch->last_r = beat->r_sample;
    watch->beats++;
}
