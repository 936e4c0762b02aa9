/* ecg_rpeak_doubt.c - see ecg_rpeak_doubt.h; reference: host_tools/reference/rpeak_doubt.py */
#include "ecg_rpeak_doubt.h"

#include "ecg_cold.h"
#include "ecg_intmath.h"
#include "ecg_rpeak_score.h"

/* Whether a beat is so much lower and blunter than those that are known as P and T waves are. */
ECG_COLD static bool is_unlike(const ecg_rpeak_t *s, const ecg_rpeak_candidate_t *c) {
    int32_t lower = s->known_peak_q10 - c->peak_q10;
    int32_t less_steep = s->known_slope_q10 - c->slope_q10;
    return lower > ECG_RPEAK_UNLIKE_LOWER_Q10 && less_steep - lower > ECG_RPEAK_UNLIKE_BLUNTER_Q10;
}

ECG_COLD bool ecg_rpeak_may_be_missed(const ecg_rpeak_t *s, int32_t level_q10, uint32_t before) {
    uint32_t after = s->skipped.at - s->beat_at;
    bool apart = after > ECG_RPEAK_APART_AFTER_STEPS && before > ECG_RPEAK_APART_BEFORE_STEPS &&
                 s->skipped.score_q10 > ECG_RPEAK_APART_SCORE_Q10;
    int32_t enough = apart ? ECG_RPEAK_APART_LOWER_Q10 : ECG_RPEAK_DOUBT_LOWER_Q10;
    return s->skipped.score_q10 > ECG_RPEAK_DOUBT_SKIPPED_Q10 || level_q10 - s->skipped.peak_q10 < enough;
}

/* Whether it only just was a beat, or one may have been missed before it. */
ECG_COLD static bool is_doubtful(const ecg_rpeak_t *s, const ecg_rpeak_candidate_t *c) {
    if (c->score_q10 < ECG_RPEAK_DOUBT_SCORE_Q10 || s->gap_doubtful != 0) {
        return true;
    }
    uint32_t before = c->at - s->skipped.at; /* c may be the one that was skipped */
    bool skipped = s->skipping != 0 && before >= ECG_RPEAK_REFRACTORY_STEPS && before < ECG_RPEAK_AGE_MAX;
    return skipped && ecg_rpeak_may_be_missed(s, ecg_min(c->peak_q10, s->qrs_q10), before);
}

ECG_COLD void ecg_rpeak_doubt(ecg_rpeak_t *s, const ecg_rpeak_candidate_t *c) {
    uint32_t unlike = is_unlike(s, c) ? 1u : 0u;
    uint32_t doubtful = unlike | (is_doubtful(s, c) ? 1u : 0u);
    if (unlike == 0) {
        s->unlike_count = 0;
        s->known_peak_q10 += (c->peak_q10 - s->known_peak_q10) >> ECG_RPEAK_KNOWN_SHIFT;
        s->known_slope_q10 += (c->slope_q10 - s->known_slope_q10) >> ECG_RPEAK_KNOWN_SHIFT;
    } else if (s->skipping != 0 && s->skipped.peak_q10 > c->peak_q10 - ECG_RPEAK_FOLLOWED_Q10) {
        /* P waves are not followed by T waves: these are beats of another kind, known after some of them. */
        s->unlike_count += 1;
        if (s->unlike_count == ECG_RPEAK_UNLIKE_BEATS) {
            s->known_peak_q10 = c->peak_q10;
            s->known_slope_q10 = c->slope_q10;
        }
    }
    s->found_unlike = (uint8_t)(s->found_unlike | unlike << s->found_count);
    /* After a doubtful beat the next one's interval is doubtful, too. */
    s->found_doubtful = (uint8_t)(s->found_doubtful | (doubtful | s->doubtful) << s->found_count);
    s->doubtful = (uint8_t)doubtful;
    s->gap_doubtful = 0;
}
