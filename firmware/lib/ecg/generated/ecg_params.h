/* ecg_params.h - generated from export/spec.toml by `make export`; do not edit.
 * specification e8c8c8a23a65408b, model f0ce1248, 360 Hz */
#ifndef ECG_PARAMS_H
#define ECG_PARAMS_H

#include <stdint.h>

/* clang-format off */
#define ECG_SPEC_HASH UINT32_C(0xE8C8C8A2) /* first 32 bits of the specification's SHA-256 */
#define ECG_FS_HZ 360 /* sampling rate of the chain, Hz */
#define ECG_ADU_PER_MV 200 /* input units in one millivolt */
#define ECG_FLAT_TOLERANCE_ADU 1 /* a flat stretch stays within this of its start */
#define ECG_FLAT_SAMPLES 720 /* length from which a stretch counts as flat */
#define ECG_BAD_RESET_SAMPLES 72 /* bad input of this length resets the chain */
#define ECG_RECOVER_SAMPLES 360 /* beats this soon after bad input carry its flag */
#define ECG_RESTART_SAMPLES 1800 /* and this soon after a restart */
#define ECG_SPIKE_NEAR_SAMPLES 2 /* a spike has ended after these samples */
#define ECG_SPIKE_FAR_SAMPLES 6 /* surroundings it stands out of, each side */
#define ECG_SPIKE_DELAY_SAMPLES 9 /* delay of a sample by the search for spikes */
#define ECG_SPIKE_RING 32 /* samples kept, a power of two */
#define ECG_SPIKE_MINIMUM_ADU 50 /* smallest spike */
#define ECG_SPIKE_LARGE_ADU 500 /* a larger one rings after itself */
#define ECG_SPIKE_RATIO_HALVES 4 /* spike beside its surroundings, halves */
#define ECG_SPIKE_PACED_SAMPLES 47 /* an R peak so soon after a spike is paced */
#define ECG_SPIKE_STEP_RATIO 4 /* a step beside the range of what is before and after it */
#define ECG_STEP_BEFORE_SAMPLES 40 /* an R peak so soon before a step, or */
#define ECG_STEP_AFTER_SAMPLES 180 /* so soon after it, is not sure */
#define ECG_SPIKE_AT_SAMPLES 8 /* a wave so near a spike is what it left behind */
#define ECG_HUM_50_SAMPLES 7 /* a period of 50 Hz */
#define ECG_HUM_50_HALF_Q8 922 /* half a period, samples, Q8 */
#define ECG_HUM_60_SAMPLES 6 /* a period of 60 Hz */
#define ECG_HUM_60_HALF_Q8 768 /* half a period, samples, Q8 */
#define ECG_HUM_SPAN_SAMPLES 3 /* half a period of either, about */
#define ECG_HUM_PHASES 3 /* phases that hum is looked for at */
#define ECG_HUM_MINIMUM_ADU 104 /* 4 times the least hum taken out */
#define ECG_HUM_SEEN_ENOUGH 6 /* looks that see it before it is */
#define ECG_HUM_SEEN_MOST 16 /* looks that are counted */
#define ECG_COEF_FRAC_BITS 30 /* fraction bits of the filter coefficients */
#define ECG_STATE_FRAC_BITS 8 /* fraction bits of samples inside the filter */
#define ECG_FILTERED_FRAC_BITS 2 /* fraction bits of the filtered signal, unit adu */
#define ECG_LOWPASS_B0_Q30 122392267 /* low-pass section: b = b0 * (1, 2, 1) */
#define ECG_LOWPASS_A1_Q30 (-907840931) /* low-pass section: a1 */
#define ECG_LOWPASS_A2_Q30 326831873 /* low-pass section: a2 */
#define ECG_LOWPASS_GAIN_Q30 1066847631 /* low-pass section: gain at 0 Hz */
#define ECG_HIGHPASS_A1_Q30 (-2134235575) /* high-pass section: b = (1, -2, 1), a1 */
#define ECG_HIGHPASS_A2_Q30 1060576539 /* high-pass section: a2 */
#define ECG_DELAY_SAMPLES 11 /* delay of a QRS complex until it has passed the filters */
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
#define ECG_RPEAK_SEARCHBACK_EARLY_Q8 102 /* sooner than this share of the mean RR, and */
#define ECG_RPEAK_SEARCHBACK_LOWER_Q10 1500 /* so far below known beats: a T wave, log2 */
#define ECG_RPEAK_SMALL_Q10 1024 /* a beat so far below the last one moves no level, log2 */
#define ECG_RPEAK_SMALL_STEPS 150 /* if it comes this soon, detector steps */
#define ECG_RPEAK_BEFORE_BELOW_Q10 1000 /* a wave so far below the next beat, log2, */
#define ECG_RPEAK_BEFORE_BLUNT_Q10 1800 /* and so much blunter, log2, */
#define ECG_RPEAK_BEFORE_STEPS 60 /* at most this long before it, is remembered, detector steps */
#define ECG_RPEAK_BEFORE_BEATS 8 /* for so many beats without the like, */
#define ECG_RPEAK_BEFORE_RISE 4 /* and levels rise so many times faster after it */
#define ECG_RPEAK_BEFORE_PEAK_Q10 400 /* likeness to it, peak, log2 */
#define ECG_RPEAK_BEFORE_SLOPE_Q10 600 /* likeness to it, slope, log2 */
#define ECG_RPEAK_BEFORE_LOW_Q10 800 /* what is like it is so far below the level, log2 */
#define ECG_RPEAK_BEFORE_NOISE_Q10 2300 /* and counts where the noise is below this */
#define ECG_RPEAK_BEFORE_SCORE_Q10 12000 /* score that it loses */
#define ECG_RPEAK_FAR_Q10 2700 /* or one so far below level and last beat, log2 */
#define ECG_RPEAK_LEARN_RATIO 4 /* largest ratio of the halves of the learning time */
#define ECG_RPEAK_DOUBT_SCORE_Q10 500 /* a beat with less is not sure */
#define ECG_RPEAK_DOUBT_SKIPPED_Q10 (-2000) /* a skipped candidate above this may be one */
#define ECG_RPEAK_DOUBT_LOWER_Q10 512 /* so may one less far below the level, log2, */
#define ECG_RPEAK_APART_LOWER_Q10 2000 /* or than this, apart from P and T waves: */
#define ECG_RPEAK_APART_AFTER_STEPS 54 /* more than this after the last beat, detector steps */
#define ECG_RPEAK_APART_BEFORE_STEPS 42 /* and before the next, detector steps */
#define ECG_RPEAK_UNLIKE_LOWER_Q10 1000 /* a beat so far below what is known, log2, */
#define ECG_RPEAK_UNLIKE_BLUNTER_Q10 80 /* and so much blunter may be a P wave, log2, */
#define ECG_RPEAK_UNLIKE_BEATS 32 /* unless so many are, */
#define ECG_RPEAK_FOLLOWED_Q10 3072 /* with another wave so far below each, log2 */
#define ECG_RPEAK_APART_SCORE_Q10 (-16000) /* score that what lies apart has at least */
#define ECG_RPEAK_KNOWN_SHIFT 2 /* what is known follows beats by 2^-this */
#define ECG_RPEAK_LEVEL_SHIFT 3 /* levels follow beats by 2^-this */
#define ECG_RPEAK_DECAY_Q10 7 /* fall of the levels in a step without beats for long */
#define ECG_RPEAK_BACKGROUND_STEPS 16 /* the background is taken this often */
#define ECG_RPEAK_BACKGROUND_SHIFT 3 /* and follows by 2^-this */
#define ECG_RPEAK_WEIGHT_BIAS_Q8 4510 /* see spec.toml */
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
#define ECG_RPEAK_MINIMUM_PEAK 1386 /* smallest peak that can be a beat */
#define ECG_RPEAK_MINIMUM_Q10 10687 /* log2 of that */
#define ECG_RPEAK_CENTRE_SAMPLES 36 /* samples from a maximum of the moving sum back to the QRS */
#define ECG_REFINE_BEFORE_SAMPLES 40 /* search for the R peak from here ... */
#define ECG_REFINE_AFTER_SAMPLES 32 /* ... to here around the QRS */
#define ECG_REFINE_SPAN_SAMPLES 7 /* span of the sharpening difference */
#define ECG_REFINE_POLARITY_Q8 205 /* share at which the other polarity loses to the usual one */
#define ECG_MINIMUM_RR_SAMPLES 54 /* smallest distance of two R peaks */
#define ECG_TRAIN_SHORTEST_STEPS 22 /* distance of two waves of a train, least, detector steps */
#define ECG_TRAIN_LONGEST_STEPS 80 /* and largest, detector steps */
#define ECG_TRAIN_FAST_STEPS 52 /* the largest at which it is followed, detector steps */
#define ECG_TRAIN_FIT_Q8 28 /* distances differ by at most this share */
#define ECG_TRAIN_LOWER_Q8 160 /* least share of the running height that a wave has */
#define ECG_TRAIN_MERGE_STEPS 14 /* a smaller wave this soon belongs to the one before, detector steps */
#define ECG_TRAIN_HOLD_STEPS 6 /* a wave ends this long after its maximum at the earliest, detector steps */
#define ECG_TRAIN_DECAY_STEPS 8 /* the running height falls this often, detector steps, */
#define ECG_TRAIN_DECAY_SHIFT 5 /* by 2^-this */
#define ECG_TRAIN_FORGET_STEPS 120 /* without a wave for so long the next one sets the height, detector steps */
#define ECG_TRAIN_SIDE_Q8 213 /* least height of the side followed beside the other */
#define ECG_TRAIN_WAVES 8 /* like distances in a row that make a train */
#define ECG_TRAIN_LOW_Q10 1536 /* farthest that its waves lie below the level, log2 */
#define ECG_TRAIN_APART_STEPS 18 /* two of its beats are at least this far apart, detector steps */
#define ECG_TRAIN_LOST_Q2 7 /* quarters of its distance after which a train is over */
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
#define ECG_CONDITION_BLOCKS 4 /* blocks that fibrillation is looked for in */
#define ECG_CONDITION_LOOK_STEPS 8 /* what was measured is looked at this often, a power of two */
#define ECG_CONDITION_BLOCK_STEPS 120 /* length of a block, detector steps */
#define ECG_CONDITION_QUIET_BLOCKS 3 /* blocks without anything high in a pause */
#define ECG_CONDITION_QUIET_Q10 1536 /* what is so far below a beat is quiet, log2 */
#define ECG_CONDITION_MINIMUM 576 /* least height of two waves together */
#define ECG_CONDITION_FULL_Q10 (-1960) /* mean beside maximum from which it may be, log2 */
#define ECG_CONDITION_STEEP_Q10 (-1170) /* steepest change beside the maximum up to which it may be, log2 */
#define ECG_CONDITION_SINE_Q10 (-1000) /* the same where waves come at equal distances */
#define ECG_CONDITION_SLOW_Q10 (-3072) /* least mean change beside the mean, log2 */
#define ECG_CONDITION_FAST_Q10 (-1290) /* largest mean change beside the mean, log2 */
#define ECG_CONDITION_REGULAR_Q10 (-2355) /* deviation of a regular rhythm, log2 */
#define ECG_CONDITION_REGULAR_BEATS 16 /* its least number of beats */
#define ECG_CONDITION_TRAIN_WAVES 5 /* like waves in a row that are a tachycardia */
#define ECG_CONDITION_RR_MIN_STEPS 28 /* and its least RR, detector steps */
#define ECG_BEAT_CHANNELS 2 /* channels of the beat input: beat, beat minus template */
#define ECG_RHYTHM_FEATURES 48 /* features of one beat in the rhythm input */
#define ECG_CONTEXT_BEATS 16 /* beats in the rhythm input */
#define ECG_LOOKAHEAD_BEATS 1 /* of them later than the classified one */
#define ECG_LOOKAHEAD_WAIT_SAMPLES 1656 /* a beat is classified at the latest this long after its R peak */
#define ECG_INPUT_FRAC_BITS 4 /* fraction bits of both int8 inputs */
#define ECG_LOG_RATIO_FRAC_BITS 6 /* fraction bits of log2 ratios in the rhythm input */
#define ECG_FEATURE_PREV_SHORT 0 /* where it stands among the features of a beat */
#define ECG_FEATURE_NEXT_SHORT 1 /* where it stands among the features of a beat */
#define ECG_FEATURE_PREV_LONG 2 /* where it stands among the features of a beat */
#define ECG_FEATURE_NEXT_LONG 3 /* where it stands among the features of a beat */
#define ECG_FEATURE_PREV_SLOW 4 /* where it stands among the features of a beat */
#define ECG_FEATURE_NEXT_SLOW 5 /* where it stands among the features of a beat */
#define ECG_FEATURE_PREV_HIGH 6 /* where it stands among the features of a beat */
#define ECG_FEATURE_NEXT_HIGH 7 /* where it stands among the features of a beat */
#define ECG_FEATURE_LONG_HIGH 8 /* where it stands among the features of a beat */
#define ECG_FEATURE_NEXT_PREV 9 /* where it stands among the features of a beat */
#define ECG_FEATURE_PREV_BEFORE 10 /* where it stands among the features of a beat */
#define ECG_FEATURE_PREV_ABSOLUTE 11 /* where it stands among the features of a beat */
#define ECG_FEATURE_IRREGULAR_LONG 12 /* where it stands among the features of a beat */
#define ECG_FEATURE_IRREGULAR_SHARE 13 /* where it stands among the features of a beat */
#define ECG_FEATURE_IRREGULAR_SHORT 14 /* where it stands among the features of a beat */
#define ECG_FEATURE_UNLIKENESS 15 /* where it stands among the features of a beat */
#define ECG_FEATURE_T_UNLIKENESS 16 /* where it stands among the features of a beat */
#define ECG_FEATURE_DEVIATION 17 /* where it stands among the features of a beat */
#define ECG_FEATURE_T_DEVIATION 18 /* where it stands among the features of a beat */
#define ECG_FEATURE_RESIDUAL 19 /* where it stands among the features of a beat */
#define ECG_FEATURE_SIZE 20 /* where it stands among the features of a beat */
#define ECG_FEATURE_AREA 21 /* where it stands among the features of a beat */
#define ECG_FEATURE_POLARITY 22 /* where it stands among the features of a beat */
#define ECG_FEATURE_WIDTH 23 /* where it stands among the features of a beat */
#define ECG_FEATURE_SPREAD 24 /* where it stands among the features of a beat */
#define ECG_FEATURE_AREA_PEAK 25 /* where it stands among the features of a beat */
#define ECG_FEATURE_SLOPE 26 /* where it stands among the features of a beat */
#define ECG_FEATURE_WIDTH_CHANGE 27 /* where it stands among the features of a beat */
#define ECG_FEATURE_SPREAD_CHANGE 28 /* where it stands among the features of a beat */
#define ECG_FEATURE_AREA_PEAK_CHANGE 29 /* where it stands among the features of a beat */
#define ECG_FEATURE_SLOPE_CHANGE 30 /* where it stands among the features of a beat */
#define ECG_FEATURE_OWN_SHARE 31 /* where it stands among the features of a beat */
#define ECG_FEATURE_OWN_DOMINANT 32 /* where it stands among the features of a beat */
#define ECG_FEATURE_OWN_FROM_DOMINANT 33 /* where it stands among the features of a beat */
#define ECG_FEATURE_OWN_EARLY 34 /* where it stands among the features of a beat */
#define ECG_FEATURE_OWN_PAUSE 35 /* where it stands among the features of a beat */
#define ECG_FEATURE_OWN_COUNT 36 /* where it stands among the features of a beat */
#define ECG_FEATURE_OWN_UNLIKENESS 37 /* where it stands among the features of a beat */
#define ECG_FEATURE_DOMINANT_SHARE 38 /* where it stands among the features of a beat */
#define ECG_FEATURE_PREVIOUS_UNLIKENESS 39 /* where it stands among the features of a beat */
#define ECG_FEATURE_P_SIZE 40 /* where it stands among the features of a beat */
#define ECG_FEATURE_P_RESIDUAL 41 /* where it stands among the features of a beat */
#define ECG_FEATURE_P_UNLIKENESS 42 /* where it stands among the features of a beat */
#define ECG_FEATURE_P_COHERENCE 43 /* where it stands among the features of a beat */
#define ECG_FEATURE_LATE_P_RESIDUAL 44 /* where it stands among the features of a beat */
#define ECG_FEATURE_LATE_P_UNLIKENESS 45 /* where it stands among the features of a beat */
#define ECG_FEATURE_LATE_P_COHERENCE 46 /* where it stands among the features of a beat */
#define ECG_FEATURE_NOISE 47 /* where it stands among the features of a beat */
#define ECG_BROAD_RUN_BEATS 3 /* broad beats in a row that are ventricular */
#define ECG_BROAD_RUN_REST_BEATS 4 /* beats from which the features at rest are learnt, least */
#define ECG_BROAD_RUN_RR (-28) /* largest prev_absolute of a broad beat */
#define ECG_BROAD_RUN_EARLY (-12) /* largest prev_high; beats above are at rest */
#define ECG_BROAD_RUN_SPREAD 10 /* spread beside that at rest, least */
#define ECG_BROAD_RUN_WIDTH 8 /* width beside that at rest, least */
#define ECG_BROAD_RUN_AREA_PEAK 20 /* area_peak beside that at rest, least */
#define ECG_BROAD_RUN_SLOPE (-12) /* slope beside that at rest, largest */
#define ECG_CLASSES 4 /* AAMI classes */
/* clang-format on */

#endif
