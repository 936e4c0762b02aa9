/* ecg_params.h - generated from export/spec.toml by `make export`; do not edit.
 * specification 4d030042563b4d2b, model f0ce1248, 360 Hz */
#ifndef ECG_PARAMS_H
#define ECG_PARAMS_H

#include <stdint.h>

/* clang-format off */
#define ECG_SPEC_HASH UINT32_C(0x4D030042) /* first 32 bits of the specification's SHA-256 */
#define ECG_FS_HZ 360 /* sampling rate of the chain, Hz */
#define ECG_ADU_PER_MV 200 /* input units in one millivolt */
#define ECG_FLAT_TOLERANCE_ADU 1 /* a flat stretch stays within this of its start */
#define ECG_FLAT_SAMPLES 720 /* length from which a stretch counts as flat */
#define ECG_BAD_RESET_SAMPLES 72 /* bad input of this length resets the chain */
#define ECG_RECOVER_SAMPLES 360 /* beats this soon after bad input carry its flag */
#define ECG_RESTART_SAMPLES 1800 /* and this soon after a restart */
#define ECG_COEF_FRAC_BITS 30 /* fraction bits of the filter coefficients */
#define ECG_STATE_FRAC_BITS 8 /* fraction bits of samples inside the filter */
#define ECG_FILTERED_FRAC_BITS 2 /* fraction bits of the filtered signal, unit adu */
#define ECG_LOWPASS_B0_Q30 122392267 /* low-pass section: b = b0 * (1, 2, 1) */
#define ECG_LOWPASS_A1_Q30 (-907840931) /* low-pass section: a1 */
#define ECG_LOWPASS_A2_Q30 326831873 /* low-pass section: a2 */
#define ECG_LOWPASS_GAIN_Q30 1066847631 /* low-pass section: gain at 0 Hz */
#define ECG_HIGHPASS_A1_Q30 (-2134235575) /* high-pass section: b = (1, -2, 1), a1 */
#define ECG_HIGHPASS_A2_Q30 1060576539 /* high-pass section: a2 */
#define ECG_DELAY_SAMPLES 2 /* delay of a QRS complex in the filter */
#define ECG_RPEAK_DECIMATION 3 /* samples in one detector step */
#define ECG_RPEAK_SHORT_STEPS 3 /* short moving mean of the QRS enhancer, detector steps */
#define ECG_RPEAK_LONG_STEPS 14 /* long moving mean of the QRS enhancer, detector steps */
#define ECG_RPEAK_INTEGRATE_STEPS 11 /* length of the moving sum, detector steps */
#define ECG_RPEAK_RING_STEPS 16 /* steps kept, a power of two */
#define ECG_RPEAK_HOLD_STEPS 12 /* longest wait after a maximum of the moving sum, detector steps */
#define ECG_RPEAK_REFRACTORY_STEPS 26 /* of two closer candidates the better counts, detector steps */
#define ECG_RPEAK_WAIT_STEPS 33 /* an unsure candidate waits this long for a better one, detector steps */
#define ECG_RPEAK_LEARN_STEPS 240 /* first stretch, from which the level is set, detector steps */
#define ECG_RPEAK_TWIN_MAX_STEPS 84 /* the next beat, if so soon, can vouch for a skipped one, detector steps */
#define ECG_RPEAK_SEARCHBACK_MAX_STEPS 228 /* search-back at the latest, detector steps */
#define ECG_RPEAK_EARLY_STEPS 43 /* a blunt candidate sooner than this is suspicious, detector steps */
#define ECG_RPEAK_TWAVE_STEPS 74 /* a very blunt candidate sooner than this may be a T wave, detector steps */
#define ECG_RPEAK_EARLY_RAMP_Q10 51 /* early: what a step sooner adds, at most 1 */
#define ECG_RPEAK_TWAVE_RAMP_Q10 34 /* twave: what a step sooner adds, at most 1 */
#define ECG_RPEAK_DEFAULT_RR_Q10 6803 /* log2 of the mean RR in steps before there is one */
#define ECG_RPEAK_SURE_SCORE_Q10 4096 /* see spec.toml */
#define ECG_RPEAK_REPLACE_MARGIN_Q10 1024 /* see spec.toml */
#define ECG_RPEAK_SEARCHBACK_SCORE_Q10 (-1690) /* see spec.toml */
#define ECG_RPEAK_TWIN_SCORE_Q10 (-4096) /* see spec.toml */
#define ECG_RPEAK_TWIN_LOG2_Q10 300 /* see spec.toml */
#define ECG_RPEAK_SEARCHBACK_RR_Q8 400 /* see spec.toml */
#define ECG_RPEAK_LEVEL_SHIFT 3 /* levels follow beats by 2^-this */
#define ECG_RPEAK_DECAY_Q10 6 /* fall of the levels in a step without beats for long */
#define ECG_RPEAK_BACKGROUND_STEPS 16 /* the background is taken this often */
#define ECG_RPEAK_BACKGROUND_SHIFT 3 /* and follows by 2^-this */
#define ECG_RPEAK_WEIGHT_BIAS_Q8 4535 /* see spec.toml */
#define ECG_RPEAK_WEIGHT_PEAK_Q8 1279 /* see spec.toml */
#define ECG_RPEAK_WEIGHT_SHARPNESS_Q8 546 /* see spec.toml */
#define ECG_RPEAK_WEIGHT_BEAT_PEAK_Q8 198 /* see spec.toml */
#define ECG_RPEAK_WEIGHT_VALLEY_Q8 (-77) /* see spec.toml */
#define ECG_RPEAK_WEIGHT_NOISE_Q8 (-1342) /* see spec.toml */
#define ECG_RPEAK_WEIGHT_NOISE_SLOPE_Q8 (-96) /* see spec.toml */
#define ECG_RPEAK_WEIGHT_EARLY_Q8 1393 /* see spec.toml */
#define ECG_RPEAK_WEIGHT_IRREGULAR_Q8 (-246) /* see spec.toml */
#define ECG_RPEAK_WEIGHT_IRREGULAR_EARLY_Q8 (-452) /* see spec.toml */
#define ECG_RPEAK_WEIGHT_RR_Q8 (-649) /* see spec.toml */
#define ECG_RPEAK_WEIGHT_EARLY_BLUNT_Q8 1263 /* see spec.toml */
#define ECG_RPEAK_WEIGHT_TWAVE_Q8 768 /* see spec.toml */
#define ECG_RPEAK_MINIMUM_PEAK 2495 /* smallest peak that can be a beat */
#define ECG_RPEAK_MINIMUM_Q10 11556 /* log2 of that */
#define ECG_RPEAK_CENTRE_SAMPLES 36 /* samples from a maximum of the moving sum back to the QRS */
#define ECG_REFINE_BEFORE_SAMPLES 40 /* search for the R peak from here ... */
#define ECG_REFINE_AFTER_SAMPLES 32 /* ... to here around the QRS */
#define ECG_REFINE_SPAN_SAMPLES 7 /* span of the sharpening difference */
#define ECG_REFINE_POLARITY_Q8 205 /* share at which the other polarity loses to the usual one */
#define ECG_MINIMUM_RR_SAMPLES 54 /* smallest distance of two R peaks */
#define ECG_RR_BOUND_SAMPLES 720 /* a next RR that has not come is taken as this */
#define ECG_RR_WAIT_SAMPLES 936 /* how long a beat waits for the next */
#define ECG_RR_MAX_SAMPLES 2880 /* longer RR intervals are taken as this */
#define ECG_RR_SHORT_BEATS 8 /* see spec.toml */
#define ECG_RR_LONG_BEATS 32 /* see spec.toml */
#define ECG_RR_LOW_Q8 128 /* see spec.toml */
#define ECG_RR_SLOW_BEATS 256 /* see spec.toml */
#define ECG_RR_SLOW_TOP_Q8 410 /* see spec.toml */
#define ECG_RR_HIGH_TOP_Q8 384 /* see spec.toml */
#define ECG_RR_HIGH_FALL_Q8 230 /* see spec.toml */
#define ECG_RR_HIGH_UP_SHIFT 4 /* see spec.toml */
#define ECG_RR_HIGH_DOWN_SHIFT 8 /* see spec.toml */
#define ECG_RR_CHANGE_Q8 20 /* see spec.toml */
#define ECG_RR_DEFAULT_SAMPLES 288 /* interval assumed where nothing is known */
#define ECG_GRID_HZ 120 /* the network's time grid */
#define ECG_GRID_STEP_Q16 196608 /* input samples in one grid step, Q16 */
#define ECG_GRID_SPAN_SAMPLES 3 /* input samples averaged in a grid sample */
#define ECG_GRID_RECIPROCAL_Q16 21845 /* 1 / GRID_SPAN_SAMPLES */
#define ECG_WINDOW_SAMPLES 96 /* grid samples in a beat window */
#define ECG_WINDOW_BEFORE_GRID 36 /* grid sample of the R peak */
#define ECG_WINDOW_AFTER_SAMPLES 183 /* input samples needed after the R peak */
#define ECG_RING_SAMPLES 1064 /* filtered samples kept */
#define ECG_QRS_FIRST_GRID 24 /* first grid sample of the QRS part */
#define ECG_QRS_END_GRID 54 /* one past its last grid sample */
#define ECG_P_END_GRID 30 /* one past the P region */
#define ECG_T_FIRST_GRID 54 /* first sample of the T region */
#define ECG_OUTLINE_FIRST_GRID 16 /* first sample of the part that width and area are taken over */
#define ECG_OUTLINE_END_GRID 60 /* one past its last sample */
#define ECG_SHIFT_MAX_GRID 2 /* largest shift in alignment */
#define ECG_CLUSTERS 6 /* templates kept */
#define ECG_CLUSTER_MATCH_Q10 920 /* see spec.toml */
#define ECG_CLUSTER_MERGE_Q10 984 /* see spec.toml */
#define ECG_CLUSTER_MERGE_LOG2_Q10 500 /* see spec.toml */
#define ECG_CLUSTER_UPDATE_BEATS 12 /* see spec.toml */
#define ECG_CLUSTER_SHARE_BEATS 128 /* see spec.toml */
#define ECG_CLUSTER_PREMATURE_LOG2_Q10 (-178) /* see spec.toml */
#define ECG_CLUSTER_PREMATURE_WEIGHT_Q8 40 /* see spec.toml */
#define ECG_CLUSTER_HYSTERESIS_Q8 294 /* see spec.toml */
#define ECG_P_UPDATE_SHIFT 4 /* see spec.toml */
#define ECG_P_MATCH_Q10 920 /* see spec.toml */
#define ECG_P_RR_LOG2_Q10 (-148) /* see spec.toml */
#define ECG_LATE_MATCH_Q10 872 /* see spec.toml */
#define ECG_LATE_RR_LOG2_Q10 (-107) /* see spec.toml */
#define ECG_CLUSTER_LOUDER_LOW_Q10 (-881) /* amplitude_low_q8 as log2 */
#define ECG_CLUSTER_LOUDER_HIGH_Q10 869 /* amplitude_high_q8 as log2 */
#define ECG_NOISY_Q8 64 /* noise relative to the template's sd from which a beat is noisy */
#define ECG_MINIMUM_SD 8 /* smallest standard deviation divided by */
#define ECG_QUALITY_ROUGH_SHIFT 2 /* share of roughness in the unrest, 2^-this */
#define ECG_QUALITY_FOLLOW_SHIFT 2 /* unrest is followed from beat to beat by 2^-this */
#define ECG_QUALITY_ZERO_Q8 256 /* unrest at which the signal-quality index is 0 */
#define ECG_QUALITY_UNDECIDED_SQI 50 /* index below which a beat is undecided */
#define ECG_LEAD_BACK_SAMPLES 180 /* good input after which the lead is on again */
#define ECG_PAUSE_SAMPLES 1080 /* no beat for this long is a pause, or a signal that cannot be read */
#define ECG_PAUSE_STEPS 360 /* the same in detector steps */
#define ECG_BEAT_CHANNELS 2 /* channels of the beat input: beat, beat minus template */
#define ECG_RHYTHM_FEATURES 48 /* features of one beat in the rhythm input */
#define ECG_CONTEXT_BEATS 16 /* beats in the rhythm input */
#define ECG_LOOKAHEAD_BEATS 1 /* of them later than the classified one */
#define ECG_LOOKAHEAD_WAIT_SAMPLES 1656 /* a beat is classified at the latest this long after its R peak */
#define ECG_INPUT_FRAC_BITS 4 /* fraction bits of both int8 inputs */
#define ECG_LOG_RATIO_FRAC_BITS 6 /* fraction bits of log2 ratios in the rhythm input */
#define ECG_CLASSES 4 /* AAMI classes */
/* clang-format on */

#endif
