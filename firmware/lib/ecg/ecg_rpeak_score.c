/* ecg_rpeak_score.c - see ecg_rpeak_score.h; reference: host_tools/reference/rpeak_score.py */
#include "ecg_rpeak_score.h"

#include <stdbool.h>

#include "ecg_cold.h"
#include "ecg_intmath.h"

int32_t ecg_rpeak_log2(int32_t height) {
    return ecg_log2_q10((uint32_t)ecg_max(height, 1));
}

/* Score for being early and blunt, as T waves are; zero or less, Q18. */
ECG_COLD static int32_t twave_features(const ecg_rpeak_t *s, const ecg_rpeak_candidate_t *c,
                                       int32_t since_beat) {
    int32_t blunt = 0;
    if (s->beat_slope_q10 > 0) {
        blunt = ecg_clamp(c->slope_q10 - s->beat_slope_q10, -3 * ECG_OCTAVE, 0);
    }
    int32_t early = ecg_clamp((ECG_RPEAK_EARLY_STEPS - since_beat) * ECG_RPEAK_EARLY_RAMP_Q10, 0, ECG_OCTAVE);
    int32_t twave = ecg_clamp((ECG_RPEAK_TWAVE_STEPS - since_beat) * ECG_RPEAK_TWAVE_RAMP_Q10, 0, ECG_OCTAVE);
    return ECG_RPEAK_WEIGHT_EARLY_BLUNT_Q8 * ((early * blunt) >> 10) +
           ECG_RPEAK_WEIGHT_TWAVE_Q8 * ((twave * ecg_min(blunt + ECG_OCTAVE, 0)) >> 10);
}

/* Whether a candidate is like what was seen before beats (P waves). */
ECG_COLD static bool comes_before(const ecg_rpeak_t *s, const ecg_rpeak_candidate_t *c) {
    return s->before_peak_q10 > 0 && ecg_abs(c->peak_q10 - s->before_peak_q10) < ECG_RPEAK_BEFORE_PEAK_Q10 &&
           ecg_abs(c->slope_q10 - s->before_slope_q10) < ECG_RPEAK_BEFORE_SLOPE_Q10;
}

ECG_COLD void ecg_rpeak_score(const ecg_rpeak_t *s, ecg_rpeak_candidate_t *c) {
    uint32_t age = c->at - s->beat_at;
    int32_t since_beat = (int32_t)(age < ECG_RPEAK_AGE_MAX ? age : ECG_RPEAK_AGE_MAX);
    int32_t peak = ecg_clamp(c->peak_q10 - s->qrs_q10, -4 * ECG_OCTAVE, 3 * ECG_OCTAVE);
    int32_t slope = 0;
    if (s->slope_q10 > 0) {
        slope = ecg_clamp(c->slope_q10 - s->slope_q10, -4 * ECG_OCTAVE, 3 * ECG_OCTAVE);
    }
    int32_t noise =
        ecg_clamp(ecg_rpeak_log2(s->background) - s->qrs_q10, -4 * ECG_OCTAVE, 0) + 4 * ECG_OCTAVE;
    int32_t early = ecg_clamp(ecg_rpeak_log2(since_beat) - s->rr_q10, -2 * ECG_OCTAVE, 0);
    int32_t irregular = ecg_clamp(s->irregularity_q10 - s->rr_q10, -5 * ECG_OCTAVE, 0) + 5 * ECG_OCTAVE;
    int32_t beat_peak = ecg_clamp(s->beat_peak_q10 - s->qrs_q10, -2 * ECG_OCTAVE, 2 * ECG_OCTAVE);
    int32_t sum_q18 = ECG_RPEAK_WEIGHT_BIAS_Q8 * ECG_OCTAVE;
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
    int32_t below = ecg_min(s->qrs_q10, s->beat_peak_q10) - c->peak_q10;
    if (below > ECG_RPEAK_FAR_Q10) {
        c->score_q10 -= ECG_RPEAK_BEFORE_SCORE_Q10;
    }
    if (peak < -ECG_RPEAK_BEFORE_LOW_Q10 && noise < ECG_RPEAK_BEFORE_NOISE_Q10 && comes_before(s, c)) {
        c->score_q10 -= ECG_RPEAK_BEFORE_SCORE_Q10;
    }
}
