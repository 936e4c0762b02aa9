"""Constants of the signal chain. Generated from export/spec.toml by `make export`; do not edit."""

# generated beside the model f0ce1248
SPEC_DIGEST = "e8c8c8a23a65408bb9b8465aa44d6d990f1be65a69d6296e11ed7164f4fc85d0"
#: first 32 bits of the specification's SHA-256
SPEC_HASH = 0xE8C8C8A2
#: sampling rate of the chain, Hz
FS_HZ = 360
#: input units in one millivolt
ADU_PER_MV = 200
#: a flat stretch stays within this of its start
FLAT_TOLERANCE_ADU = 1
#: length from which a stretch counts as flat
FLAT_SAMPLES = 720
#: bad input of this length resets the chain
BAD_RESET_SAMPLES = 72
#: beats this soon after bad input carry its flag
RECOVER_SAMPLES = 360
#: and this soon after a restart
RESTART_SAMPLES = 1800
#: a spike has ended after these samples
SPIKE_NEAR_SAMPLES = 2
#: surroundings it stands out of, each side
SPIKE_FAR_SAMPLES = 6
#: delay of a sample by the search for spikes
SPIKE_DELAY_SAMPLES = 9
#: samples kept, a power of two
SPIKE_RING = 32
#: smallest spike
SPIKE_MINIMUM_ADU = 50
#: a larger one rings after itself
SPIKE_LARGE_ADU = 500
#: spike beside its surroundings, halves
SPIKE_RATIO_HALVES = 4
#: an R peak so soon after a spike is paced
SPIKE_PACED_SAMPLES = 47
#: a step beside the range of what is before and after it
SPIKE_STEP_RATIO = 4
#: an R peak so soon before a step, or
STEP_BEFORE_SAMPLES = 40
#: so soon after it, is not sure
STEP_AFTER_SAMPLES = 180
#: a wave so near a spike is what it left behind
SPIKE_AT_SAMPLES = 8
#: a period of 50 Hz
HUM_50_SAMPLES = 7
#: half a period, samples, Q8
HUM_50_HALF_Q8 = 922
#: a period of 60 Hz
HUM_60_SAMPLES = 6
#: half a period, samples, Q8
HUM_60_HALF_Q8 = 768
#: half a period of either, about
HUM_SPAN_SAMPLES = 3
#: phases that hum is looked for at
HUM_PHASES = 3
#: 4 times the least hum taken out
HUM_MINIMUM_ADU = 104
#: looks that see it before it is
HUM_SEEN_ENOUGH = 6
#: looks that are counted
HUM_SEEN_MOST = 16
#: fraction bits of the filter coefficients
COEF_FRAC_BITS = 30
#: fraction bits of samples inside the filter
STATE_FRAC_BITS = 8
#: fraction bits of the filtered signal, unit adu
FILTERED_FRAC_BITS = 2
#: low-pass section: b = b0 * (1, 2, 1)
LOWPASS_B0_Q30 = 122392267
#: low-pass section: a1
LOWPASS_A1_Q30 = -907840931
#: low-pass section: a2
LOWPASS_A2_Q30 = 326831873
#: low-pass section: gain at 0 Hz
LOWPASS_GAIN_Q30 = 1066847631
#: high-pass section: b = (1, -2, 1), a1
HIGHPASS_A1_Q30 = -2134235575
#: high-pass section: a2
HIGHPASS_A2_Q30 = 1060576539
#: delay of a QRS complex until it has passed the filters
DELAY_SAMPLES = 11
#: samples in one detector step
RPEAK_DECIMATION = 3
#: short moving mean of the QRS enhancer, detector steps
RPEAK_SHORT_STEPS = 3
#: long moving mean of the QRS enhancer, detector steps
RPEAK_LONG_STEPS = 14
#: length of the moving sum, detector steps
RPEAK_INTEGRATE_STEPS = 11
#: steps kept, a power of two
RPEAK_RING_STEPS = 16
#: longest wait after a maximum of the moving sum, detector steps
RPEAK_HOLD_STEPS = 12
#: of two closer candidates the better counts, detector steps
RPEAK_REFRACTORY_STEPS = 26
#: an unsure candidate waits this long for a better one, detector steps
RPEAK_WAIT_STEPS = 33
#: first stretch, from which the level is set, detector steps
RPEAK_LEARN_STEPS = 240
#: the next beat, if so soon, can vouch for a skipped one, detector steps
RPEAK_TWIN_MAX_STEPS = 84
#: search-back at the latest, detector steps
RPEAK_SEARCHBACK_MAX_STEPS = 228
#: a blunt candidate sooner than this is suspicious, detector steps
RPEAK_EARLY_STEPS = 43
#: a very blunt candidate sooner than this may be a T wave, detector steps
RPEAK_TWAVE_STEPS = 74
#: early: what a step sooner adds, at most 1
RPEAK_EARLY_RAMP_Q10 = 51
#: twave: what a step sooner adds, at most 1
RPEAK_TWAVE_RAMP_Q10 = 34
#: log2 of the mean RR in steps before there is one
RPEAK_DEFAULT_RR_Q10 = 6803
#: see spec.toml
RPEAK_SURE_SCORE_Q10 = 4096
#: see spec.toml
RPEAK_REPLACE_MARGIN_Q10 = 1024
#: see spec.toml
RPEAK_SEARCHBACK_SCORE_Q10 = -1690
#: see spec.toml
RPEAK_TWIN_SCORE_Q10 = -4096
#: see spec.toml
RPEAK_TWIN_LOG2_Q10 = 300
#: see spec.toml
RPEAK_SEARCHBACK_RR_Q8 = 400
#: sooner than this share of the mean RR, and
RPEAK_SEARCHBACK_EARLY_Q8 = 102
#: so far below known beats: a T wave, log2
RPEAK_SEARCHBACK_LOWER_Q10 = 1500
#: a beat so far below the last one moves no level, log2
RPEAK_SMALL_Q10 = 1024
#: if it comes this soon, detector steps
RPEAK_SMALL_STEPS = 150
#: a wave so far below the next beat, log2,
RPEAK_BEFORE_BELOW_Q10 = 1000
#: and so much blunter, log2,
RPEAK_BEFORE_BLUNT_Q10 = 1800
#: at most this long before it, is remembered, detector steps
RPEAK_BEFORE_STEPS = 60
#: for so many beats without the like,
RPEAK_BEFORE_BEATS = 8
#: and levels rise so many times faster after it
RPEAK_BEFORE_RISE = 4
#: likeness to it, peak, log2
RPEAK_BEFORE_PEAK_Q10 = 400
#: likeness to it, slope, log2
RPEAK_BEFORE_SLOPE_Q10 = 600
#: what is like it is so far below the level, log2
RPEAK_BEFORE_LOW_Q10 = 800
#: and counts where the noise is below this
RPEAK_BEFORE_NOISE_Q10 = 2300
#: score that it loses
RPEAK_BEFORE_SCORE_Q10 = 12000
#: or one so far below level and last beat, log2
RPEAK_FAR_Q10 = 2700
#: largest ratio of the halves of the learning time
RPEAK_LEARN_RATIO = 4
#: a beat with less is not sure
RPEAK_DOUBT_SCORE_Q10 = 500
#: a skipped candidate above this may be one
RPEAK_DOUBT_SKIPPED_Q10 = -2000
#: so may one less far below the level, log2,
RPEAK_DOUBT_LOWER_Q10 = 512
#: or than this, apart from P and T waves:
RPEAK_APART_LOWER_Q10 = 2000
#: more than this after the last beat, detector steps
RPEAK_APART_AFTER_STEPS = 54
#: and before the next, detector steps
RPEAK_APART_BEFORE_STEPS = 42
#: a beat so far below what is known, log2,
RPEAK_UNLIKE_LOWER_Q10 = 1000
#: and so much blunter may be a P wave, log2,
RPEAK_UNLIKE_BLUNTER_Q10 = 80
#: unless so many are,
RPEAK_UNLIKE_BEATS = 32
#: with another wave so far below each, log2
RPEAK_FOLLOWED_Q10 = 3072
#: score that what lies apart has at least
RPEAK_APART_SCORE_Q10 = -16000
#: what is known follows beats by 2^-this
RPEAK_KNOWN_SHIFT = 2
#: levels follow beats by 2^-this
RPEAK_LEVEL_SHIFT = 3
#: fall of the levels in a step without beats for long
RPEAK_DECAY_Q10 = 7
#: the background is taken this often
RPEAK_BACKGROUND_STEPS = 16
#: and follows by 2^-this
RPEAK_BACKGROUND_SHIFT = 3
#: see spec.toml
RPEAK_WEIGHT_BIAS_Q8 = 4510
#: see spec.toml
RPEAK_WEIGHT_PEAK_Q8 = 1279
#: see spec.toml
RPEAK_WEIGHT_SHARPNESS_Q8 = 546
#: see spec.toml
RPEAK_WEIGHT_BEAT_PEAK_Q8 = 198
#: see spec.toml
RPEAK_WEIGHT_VALLEY_Q8 = -77
#: see spec.toml
RPEAK_WEIGHT_NOISE_Q8 = -1342
#: see spec.toml
RPEAK_WEIGHT_NOISE_SLOPE_Q8 = -96
#: see spec.toml
RPEAK_WEIGHT_EARLY_Q8 = 1393
#: see spec.toml
RPEAK_WEIGHT_IRREGULAR_Q8 = -246
#: see spec.toml
RPEAK_WEIGHT_IRREGULAR_EARLY_Q8 = -452
#: see spec.toml
RPEAK_WEIGHT_RR_Q8 = -649
#: see spec.toml
RPEAK_WEIGHT_EARLY_BLUNT_Q8 = 1263
#: see spec.toml
RPEAK_WEIGHT_TWAVE_Q8 = 768
#: smallest peak that can be a beat
RPEAK_MINIMUM_PEAK = 1386
#: log2 of that
RPEAK_MINIMUM_Q10 = 10687
#: samples from a maximum of the moving sum back to the QRS
RPEAK_CENTRE_SAMPLES = 36
#: search for the R peak from here ...
REFINE_BEFORE_SAMPLES = 40
#: ... to here around the QRS
REFINE_AFTER_SAMPLES = 32
#: span of the sharpening difference
REFINE_SPAN_SAMPLES = 7
#: share at which the other polarity loses to the usual one
REFINE_POLARITY_Q8 = 205
#: smallest distance of two R peaks
MINIMUM_RR_SAMPLES = 54
#: distance of two waves of a train, least, detector steps
TRAIN_SHORTEST_STEPS = 22
#: and largest, detector steps
TRAIN_LONGEST_STEPS = 80
#: the largest at which it is followed, detector steps
TRAIN_FAST_STEPS = 52
#: distances differ by at most this share
TRAIN_FIT_Q8 = 28
#: least share of the running height that a wave has
TRAIN_LOWER_Q8 = 160
#: a smaller wave this soon belongs to the one before, detector steps
TRAIN_MERGE_STEPS = 14
#: a wave ends this long after its maximum at the earliest, detector steps
TRAIN_HOLD_STEPS = 6
#: the running height falls this often, detector steps,
TRAIN_DECAY_STEPS = 8
#: by 2^-this
TRAIN_DECAY_SHIFT = 5
#: without a wave for so long the next one sets the height, detector steps
TRAIN_FORGET_STEPS = 120
#: least height of the side followed beside the other
TRAIN_SIDE_Q8 = 213
#: like distances in a row that make a train
TRAIN_WAVES = 8
#: farthest that its waves lie below the level, log2
TRAIN_LOW_Q10 = 1536
#: two of its beats are at least this far apart, detector steps
TRAIN_APART_STEPS = 18
#: quarters of its distance after which a train is over
TRAIN_LOST_Q2 = 7
#: a next RR that has not come is taken as this
RR_BOUND_SAMPLES = 720
#: how long a beat waits for the next
RR_WAIT_SAMPLES = 936
#: longer RR intervals are taken as this
RR_MAX_SAMPLES = 2880
#: see spec.toml
RR_SHORT_BEATS = 8
#: see spec.toml
RR_LONG_BEATS = 32
#: see spec.toml
RR_LOW_Q8 = 128
#: see spec.toml
RR_SLOW_BEATS = 256
#: see spec.toml
RR_SLOW_TOP_Q8 = 410
#: see spec.toml
RR_HIGH_TOP_Q8 = 384
#: see spec.toml
RR_HIGH_FALL_Q8 = 230
#: see spec.toml
RR_HIGH_UP_SHIFT = 4
#: see spec.toml
RR_HIGH_DOWN_SHIFT = 8
#: see spec.toml
RR_CHANGE_Q8 = 20
#: interval assumed where nothing is known
RR_DEFAULT_SAMPLES = 288
#: the network's time grid
GRID_HZ = 120
#: input samples in one grid step, Q16
GRID_STEP_Q16 = 196608
#: input samples averaged in a grid sample
GRID_SPAN_SAMPLES = 3
#: 1 / GRID_SPAN_SAMPLES
GRID_RECIPROCAL_Q16 = 21845
#: grid samples in a beat window
WINDOW_SAMPLES = 96
#: grid sample of the R peak
WINDOW_BEFORE_GRID = 36
#: input samples needed after the R peak
WINDOW_AFTER_SAMPLES = 183
#: filtered samples kept
RING_SAMPLES = 1064
#: first grid sample of the QRS part
QRS_FIRST_GRID = 24
#: one past its last grid sample
QRS_END_GRID = 54
#: one past the P region
P_END_GRID = 30
#: first sample of the T region
T_FIRST_GRID = 54
#: first sample of the part that width and area are taken over
OUTLINE_FIRST_GRID = 16
#: one past its last sample
OUTLINE_END_GRID = 60
#: largest shift in alignment
SHIFT_MAX_GRID = 2
#: templates kept
CLUSTERS = 6
#: see spec.toml
CLUSTER_MATCH_Q10 = 920
#: see spec.toml
CLUSTER_MERGE_Q10 = 984
#: see spec.toml
CLUSTER_MERGE_LOG2_Q10 = 500
#: see spec.toml
CLUSTER_UPDATE_BEATS = 12
#: see spec.toml
CLUSTER_SHARE_BEATS = 128
#: see spec.toml
CLUSTER_PREMATURE_LOG2_Q10 = -178
#: see spec.toml
CLUSTER_PREMATURE_WEIGHT_Q8 = 40
#: see spec.toml
CLUSTER_HYSTERESIS_Q8 = 294
#: see spec.toml
P_UPDATE_SHIFT = 4
#: see spec.toml
P_MATCH_Q10 = 920
#: see spec.toml
P_RR_LOG2_Q10 = -148
#: see spec.toml
LATE_MATCH_Q10 = 872
#: see spec.toml
LATE_RR_LOG2_Q10 = -107
#: amplitude_low_q8 as log2
CLUSTER_LOUDER_LOW_Q10 = -881
#: amplitude_high_q8 as log2
CLUSTER_LOUDER_HIGH_Q10 = 869
#: noise relative to the template's sd from which a beat is noisy
NOISY_Q8 = 64
#: smallest standard deviation divided by
MINIMUM_SD = 8
#: share of roughness in the unrest, 2^-this
QUALITY_ROUGH_SHIFT = 2
#: unrest is followed from beat to beat by 2^-this
QUALITY_FOLLOW_SHIFT = 2
#: unrest at which the signal-quality index is 0
QUALITY_ZERO_Q8 = 256
#: index below which a beat is undecided
QUALITY_UNDECIDED_SQI = 50
#: good input after which the lead is on again
LEAD_BACK_SAMPLES = 180
#: no beat for this long is a pause, or a signal that cannot be read
PAUSE_SAMPLES = 1080
#: the same in detector steps
PAUSE_STEPS = 360
#: blocks that fibrillation is looked for in
CONDITION_BLOCKS = 4
#: what was measured is looked at this often, a power of two
CONDITION_LOOK_STEPS = 8
#: length of a block, detector steps
CONDITION_BLOCK_STEPS = 120
#: blocks without anything high in a pause
CONDITION_QUIET_BLOCKS = 3
#: what is so far below a beat is quiet, log2
CONDITION_QUIET_Q10 = 1536
#: least height of two waves together
CONDITION_MINIMUM = 576
#: mean beside maximum from which it may be, log2
CONDITION_FULL_Q10 = -1960
#: steepest change beside the maximum up to which it may be, log2
CONDITION_STEEP_Q10 = -1170
#: the same where waves come at equal distances
CONDITION_SINE_Q10 = -1000
#: least mean change beside the mean, log2
CONDITION_SLOW_Q10 = -3072
#: largest mean change beside the mean, log2
CONDITION_FAST_Q10 = -1290
#: deviation of a regular rhythm, log2
CONDITION_REGULAR_Q10 = -2355
#: its least number of beats
CONDITION_REGULAR_BEATS = 16
#: like waves in a row that are a tachycardia
CONDITION_TRAIN_WAVES = 5
#: and its least RR, detector steps
CONDITION_RR_MIN_STEPS = 28
#: channels of the beat input: beat, beat minus template
BEAT_CHANNELS = 2
#: features of one beat in the rhythm input
RHYTHM_FEATURES = 48
#: beats in the rhythm input
CONTEXT_BEATS = 16
#: of them later than the classified one
LOOKAHEAD_BEATS = 1
#: a beat is classified at the latest this long after its R peak
LOOKAHEAD_WAIT_SAMPLES = 1656
#: fraction bits of both int8 inputs
INPUT_FRAC_BITS = 4
#: fraction bits of log2 ratios in the rhythm input
LOG_RATIO_FRAC_BITS = 6
#: where it stands among the features of a beat
FEATURE_PREV_SHORT = 0
#: where it stands among the features of a beat
FEATURE_NEXT_SHORT = 1
#: where it stands among the features of a beat
FEATURE_PREV_LONG = 2
#: where it stands among the features of a beat
FEATURE_NEXT_LONG = 3
#: where it stands among the features of a beat
FEATURE_PREV_SLOW = 4
#: where it stands among the features of a beat
FEATURE_NEXT_SLOW = 5
#: where it stands among the features of a beat
FEATURE_PREV_HIGH = 6
#: where it stands among the features of a beat
FEATURE_NEXT_HIGH = 7
#: where it stands among the features of a beat
FEATURE_LONG_HIGH = 8
#: where it stands among the features of a beat
FEATURE_NEXT_PREV = 9
#: where it stands among the features of a beat
FEATURE_PREV_BEFORE = 10
#: where it stands among the features of a beat
FEATURE_PREV_ABSOLUTE = 11
#: where it stands among the features of a beat
FEATURE_IRREGULAR_LONG = 12
#: where it stands among the features of a beat
FEATURE_IRREGULAR_SHARE = 13
#: where it stands among the features of a beat
FEATURE_IRREGULAR_SHORT = 14
#: where it stands among the features of a beat
FEATURE_UNLIKENESS = 15
#: where it stands among the features of a beat
FEATURE_T_UNLIKENESS = 16
#: where it stands among the features of a beat
FEATURE_DEVIATION = 17
#: where it stands among the features of a beat
FEATURE_T_DEVIATION = 18
#: where it stands among the features of a beat
FEATURE_RESIDUAL = 19
#: where it stands among the features of a beat
FEATURE_SIZE = 20
#: where it stands among the features of a beat
FEATURE_AREA = 21
#: where it stands among the features of a beat
FEATURE_POLARITY = 22
#: where it stands among the features of a beat
FEATURE_WIDTH = 23
#: where it stands among the features of a beat
FEATURE_SPREAD = 24
#: where it stands among the features of a beat
FEATURE_AREA_PEAK = 25
#: where it stands among the features of a beat
FEATURE_SLOPE = 26
#: where it stands among the features of a beat
FEATURE_WIDTH_CHANGE = 27
#: where it stands among the features of a beat
FEATURE_SPREAD_CHANGE = 28
#: where it stands among the features of a beat
FEATURE_AREA_PEAK_CHANGE = 29
#: where it stands among the features of a beat
FEATURE_SLOPE_CHANGE = 30
#: where it stands among the features of a beat
FEATURE_OWN_SHARE = 31
#: where it stands among the features of a beat
FEATURE_OWN_DOMINANT = 32
#: where it stands among the features of a beat
FEATURE_OWN_FROM_DOMINANT = 33
#: where it stands among the features of a beat
FEATURE_OWN_EARLY = 34
#: where it stands among the features of a beat
FEATURE_OWN_PAUSE = 35
#: where it stands among the features of a beat
FEATURE_OWN_COUNT = 36
#: where it stands among the features of a beat
FEATURE_OWN_UNLIKENESS = 37
#: where it stands among the features of a beat
FEATURE_DOMINANT_SHARE = 38
#: where it stands among the features of a beat
FEATURE_PREVIOUS_UNLIKENESS = 39
#: where it stands among the features of a beat
FEATURE_P_SIZE = 40
#: where it stands among the features of a beat
FEATURE_P_RESIDUAL = 41
#: where it stands among the features of a beat
FEATURE_P_UNLIKENESS = 42
#: where it stands among the features of a beat
FEATURE_P_COHERENCE = 43
#: where it stands among the features of a beat
FEATURE_LATE_P_RESIDUAL = 44
#: where it stands among the features of a beat
FEATURE_LATE_P_UNLIKENESS = 45
#: where it stands among the features of a beat
FEATURE_LATE_P_COHERENCE = 46
#: where it stands among the features of a beat
FEATURE_NOISE = 47
#: broad beats in a row that are ventricular
BROAD_RUN_BEATS = 3
#: beats from which the features at rest are learnt, least
BROAD_RUN_REST_BEATS = 4
#: largest prev_absolute of a broad beat
BROAD_RUN_RR = -28
#: largest prev_high; beats above are at rest
BROAD_RUN_EARLY = -12
#: spread beside that at rest, least
BROAD_RUN_SPREAD = 10
#: width beside that at rest, least
BROAD_RUN_WIDTH = 8
#: area_peak beside that at rest, least
BROAD_RUN_AREA_PEAK = 20
#: slope beside that at rest, largest
BROAD_RUN_SLOPE = -12
#: AAMI classes
CLASSES = 4
#: 1024 * log2(1 + i / 64), Q10
LOG2_TABLE_Q10 = (
    0, 23, 45, 68, 90, 111, 132, 153, 174, 194, 214, 234, 254,
    273, 292, 311, 330, 348, 366, 384, 402, 419, 436, 454, 470, 487,
    504, 520, 536, 552, 568, 584, 599, 614, 629, 644, 659, 674, 689,
    703, 717, 731, 745, 759, 773, 787, 800, 813, 827, 840, 853, 866,
    879, 891, 904, 916, 929, 941, 953, 965, 977, 989, 1001, 1012, 1024,
)
#: names of the features of one beat in the rhythm input
FEATURE_NAMES = (
    "prev_short",
    "next_short",
    "prev_long",
    "next_long",
    "prev_slow",
    "next_slow",
    "prev_high",
    "next_high",
    "long_high",
    "next_prev",
    "prev_before",
    "prev_absolute",
    "irregular_long",
    "irregular_share",
    "irregular_short",
    "unlikeness",
    "t_unlikeness",
    "deviation",
    "t_deviation",
    "residual",
    "size",
    "area",
    "polarity",
    "width",
    "spread",
    "area_peak",
    "slope",
    "width_change",
    "spread_change",
    "area_peak_change",
    "slope_change",
    "own_share",
    "own_dominant",
    "own_from_dominant",
    "own_early",
    "own_pause",
    "own_count",
    "own_unlikeness",
    "dominant_share",
    "previous_unlikeness",
    "p_size",
    "p_residual",
    "p_unlikeness",
    "p_coherence",
    "late_p_residual",
    "late_p_unlikeness",
    "late_p_coherence",
    "noise",
)
