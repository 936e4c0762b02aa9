"""The chain's state, field for field the structs of the C core.

Compiled, a state is a numpy record; plain, it is a :class:`CheckedRecord`, which refuses any value
that does not fit the width of its field.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .clusters import QRS_SAMPLES
from .fixed import PLAIN
from .network import ARENA_BYTES, NET_TRACE_BYTES
from .p_wave import P_SAMPLES
from .params import (
    BEAT_CHANNELS,
    CLUSTERS,
    CONDITION_BLOCKS,
    CONTEXT_BEATS,
    LOOKAHEAD_BEATS,
    RHYTHM_FEATURES,
    RING_SAMPLES,
    RPEAK_RING_STEPS,
    RR_LONG_BEATS,
    RR_SHORT_BEATS,
    SHIFT_MAX_GRID,
    SPIKE_RING,
    WINDOW_SAMPLES,
)

#: R peaks that can wait to be measured; see ``ecg_pipeline.h`` for why this is enough.
PENDING_BEATS = 8

#: R peaks of a push that can be watched.
R_PEAKS_TRACED = 4

#: Spikes remembered, to tell paced beats by.
SPIKES_KEPT = 4

#: Numbers behind the rhythm input that are traced for each beat.
FEATURE_VALUES = 9

INPUT_DTYPE = np.dtype(
    [
        ("rail_low", "<i2"),  # at or below this a sample is saturated
        ("rail_high", "<i2"),  # at or above this, too
        ("hold", "<i2"),  # last good sample
        ("flat_start", "<i2"),  # first sample of the present flat stretch
        ("flat_count", "<u4"),  # samples since then
        ("bad_count", "<u4"),  # consecutive bad samples
        ("recover_flags", "<u1"),  # flags that beats carry for a while
        ("recover_count", "<u4"),  # samples for which they still do
        ("primed", "<u1"),  # 0 until the first good sample
    ]
)

SPIKE_DTYPE = np.dtype(
    [
        ("ring", "<i2", (SPIKE_RING,)),  # last samples, adu
        ("jumps", "<u4"),  # bit i: the sample i before the newest jumped from those before it
        ("index", "<u1"),  # where the next one goes
        ("hum", "<u1"),  # 0, or 1 + index of the mains frequency whose hum is taken out
        ("hum_seen", "<u1"),  # looks that saw hum, less twice those that did not
        ("hum_balance", "<i1"),  # looks in favour of 60 Hz less those of 50 Hz
    ]
)

BANDPASS_DTYPE = np.dtype(
    [
        ("low_x1", "<i4"),  # inputs and outputs of the low-pass section, STATE_FRAC_BITS
        ("low_x2", "<i4"),
        ("low_y1", "<i4"),
        ("low_y2", "<i4"),
        ("low_error", "<i4"),  # what rounding cut off last time, COEF_FRAC_BITS
        ("high_y1", "<i4"),  # outputs of the high-pass section; its inputs are low_y
        ("high_y2", "<i4"),
        ("high_error", "<i4"),
    ]
)

#: A lobe of the detector's integral as a candidate; heights are logarithms to base 2 with 10 fraction bits.
CANDIDATE_DTYPE = np.dtype(
    [
        ("peak_q10", "<i4"),  # maximum of the integral
        ("slope_q10", "<i4"),  # steepest change of the enhancer
        ("valley_q10", "<i4"),  # valley before it beside the maximum, -4096..0
        ("at", "<u4"),  # step of the maximum
        ("score_q10", "<i4"),  # score when it was last judged
    ]
)

#: Waves of the enhancer on one side of zero.
WAVE_DTYPE = np.dtype(
    [
        ("level", "<i4"),  # running height
        ("peak", "<i4"),  # height of the present wave, 0 = none
        ("spacing", "<i4"),  # mean distance of the train's waves, steps, 4 fraction bits
        ("at", "<u4"),  # step of the present wave's maximum
        ("last_at", "<u4"),  # and of the one before
        ("count", "<u1"),  # distances in a row that fit
        ("beats", "<u1"),  # beats that the detector has found meanwhile
    ]
)

RPEAK_DTYPE = np.dtype(
    [
        ("decimation_sum", "<i4"),  # sum of the samples of this step so far
        ("decimation_count", "<u4"),
        ("history", "<i4", (RPEAK_RING_STEPS,)),  # step sums, ring
        ("short_sum", "<i4"),
        ("long_sum", "<i4"),
        ("enhanced", "<i4", (RPEAK_RING_STEPS,)),  # enhancer / 16, ring
        ("integral", "<i4"),  # moving sum of |enhanced|
        ("background", "<i4"),  # running mean of `integral`
        ("steps", "<u4"),  # detector steps since reset, modulo 2^32
        ("learn_left", "<u2"),  # steps of the learning time still to come
        ("learn_peak", "<i4", (2,)),  # largest `integral` of the halves of the learning time
        ("learn_slope", "<i4", (2,)),  # steepest change
        ("before_peak_q10", "<i4"),  # what came before beats (P waves), 0 = nothing so far
        ("before_slope_q10", "<i4"),
        ("train", np.dtype([("above", WAVE_DTYPE), ("below", WAVE_DTYPE)])),
        ("rr_before", "<i4"),  # mean RR before the train that is followed
        ("before_age", "<u1"),  # beats since one came after the like of that, at most 255
        ("following", "<u1"),  # 0, or 1 + side of the train whose waves are taken for beats
        ("valley", "<i4"),  # lowest `integral` since the last lobe ended
        ("lobe_peak", "<i4"),  # maximum of the present lobe of `integral`, 0 = none
        ("lobe_slope", "<i4"),
        ("lobe_valley", "<i4"),
        ("lobe_at", "<u4"),
        ("fresh", CANDIDATE_DTYPE),  # the lobe that has just ended
        ("candidate", CANDIDATE_DTYPE),  # waits for a better one
        ("skipped", CANDIDATE_DTYPE),  # best one since the last beat that was not taken
        ("waiting", "<u1"),  # 1 = there is a candidate
        ("skipping", "<u1"),  # 1 = there is a skipped one
        ("qrs_q10", "<i4"),  # running level of the beats' peaks, log2
        ("slope_q10", "<i4"),  # and of their slopes, 0 = none yet
        ("beat_peak_q10", "<i4"),  # of the last beat
        ("beat_slope_q10", "<i4"),
        ("beat_at", "<u4"),
        ("rr_mean", "<i4"),  # mean RR, detector steps, 4 fraction bits; 0 = none yet
        ("rr_deviation", "<i4"),  # mean of its absolute deviation
        ("rr_q10", "<i4"),  # log2 of the mean RR in steps
        ("irregularity_q10", "<i4"),  # log2 of the deviation
        ("patience_steps", "<u4"),  # levels fall this long after a beat
        ("overdue_steps", "<i4"),  # search back this long after a beat
        ("found_age", "<u4", (2,)),  # steps back to the maxima of the beats just found, older first
        ("found_count", "<u1"),
        ("found_doubtful", "<u1"),  # bit i: beat i of those just found, or its RR interval, is not sure
        ("found_unlike", "<u1"),  # bit i: it is far lower and blunter than beats are here
        ("doubtful", "<u1"),  # 1 = the last beat was not sure by itself
        ("gap_doubtful", "<u1"),  # 1 = since the last beat one may have been missed
        ("unlike_count", "<u1"),  # beats in a row that were unlike, at most RPEAK_UNLIKE_BEATS
        ("known_peak_q10", "<i4"),  # of the beats that were like those before them
        ("known_slope_q10", "<i4"),
        ("polarity", "<i2"),  # running polarity of the R peaks, -256..256
    ]
)

HISTORY_DTYPE = np.dtype(
    [
        ("ring", "<u2", (RR_LONG_BEATS,)),
        ("long_sorted", "<u2", (RR_LONG_BEATS,)),  # the ring's values, ascending
        ("short_sorted", "<u2", (RR_SHORT_BEATS,)),  # the newest of them, ascending
        ("index", "<u1"),  # where the next value goes
        ("count", "<u1"),  # valid values of the ring
    ]
)

RR_DTYPE = np.dtype(
    [
        ("intervals", HISTORY_DTYPE),  # RR intervals, samples
        ("changes", HISTORY_DTYPE),  # absolute differences of consecutive RR intervals, samples
        ("slow_q12", "<i4"),  # slow mean, samples with 12 fraction bits, 0 = none yet
        ("high_q12", "<i4"),  # mean that rises fast and falls slowly, the same
        ("last", "<u2"),  # newest RR interval, 0 = none yet
        ("beats", "<u2"),  # beats so far, at most RR_SLOW_BEATS
        ("prev_long_q10", "<i2"),  # newest beat: log2 of RR before / long median
        ("prev_high_q10", "<i2"),  # log2 of RR before / high mean
        ("next_long_q10", "<i2"),  # log2 of RR after / long median
    ]
)

QUALITY_DTYPE = np.dtype(
    [
        ("unrest_q12", "<i2"),  # followed unrest, 4096 = 1
        ("good_samples", "<u2"),  # good samples in a row while the lead is off
        ("lead_off", "<u1"),
        ("sqi", "<u1"),  # the last beat's, 0..100
    ]
)

CONDITION_DTYPE = np.dtype(
    [
        ("sum", "<i4", (CONDITION_BLOCKS,)),  # per block: sum of |step sums|
        ("change_sum", "<i4", (CONDITION_BLOCKS,)),  # sum of their |changes|
        ("top", "<i4", (CONDITION_BLOCKS,)),  # their maxima
        ("change_top", "<i4", (CONDITION_BLOCKS,)),
        ("integral_top", "<i4", (CONDITION_BLOCKS,)),  # highest integral
        ("silent_from", "<u4"),  # the detector's step of the last beat, or that of learning's end
        ("block_steps", "<u4"),  # steps in the present block
        ("at", "<u1"),  # present block
        ("beats", "<u1"),  # beats without a pause, at most 255
        ("filled", "<u1"),  # blocks filled, at most CONDITION_BLOCKS
        ("suspected", "<u1"),  # measures in a row against what is held
        ("doubtful", "<u1"),  # 1 = the last beat was
        ("held", "<u1"),  # CONDITION_* that the detector's signal gives
    ]
)

BROAD_RUN_DTYPE = np.dtype(
    [
        ("rest_q4", "<i2", (4,)),  # mean features at rest: spread, width, area_peak, slope
        ("rest_beats", "<u1"),  # beats that they were learnt from, at most BROAD_RUN_REST_BEATS
        ("broad_beats", "<u1"),  # broad beats in a row, at most BROAD_RUN_BEATS
    ]
)

CLUSTERS_DTYPE = np.dtype(
    [
        ("windows", "<i2", (CLUSTERS * WINDOW_SAMPLES,)),  # templates, unit of the filtered signal
        ("vectors", "<i2", (CLUSTERS * QRS_SAMPLES,)),  # their QRS parts about the mean, 9 bits and sign
        ("norms", "<u2", (CLUSTERS,)),  # norms of the vectors
        ("size_log2_q10", "<i2", (CLUSTERS,)),  # log2 of the QRS parts' heights
        ("early_q10", "<i2", (CLUSTERS,)),  # mean log2 of RR before / high mean of their beats
        ("pause_q10", "<i2", (CLUSTERS,)),  # mean log2 of RR after / long median
        ("share_q15", "<u2", (CLUSTERS,)),  # share of the recent beats
        ("score_q15", "<u2", (CLUSTERS,)),  # the same, premature beats counting little
        ("count", "<u1", (CLUSTERS,)),  # beats of the template, 0 = free, at most 255
        ("age", "<u1", (CLUSTERS,)),  # beats since its last one, at most 255
        ("dominant", "<u1"),
        ("beats", "<u1"),  # beats so far, at most CLUSTER_SHARE_BEATS
    ]
)

MATCH_DTYPE = np.dtype(
    [
        ("vector", "<i2", (QRS_SAMPLES + 2 * SHIFT_MAX_GRID,)),  # the beat's QRS part, as in CLUSTERS_DTYPE
        ("norms", "<u2", (2 * SHIFT_MAX_GRID + 1,)),  # its norm at each shift
        ("size_log2_q10", "<i2"),
        ("correlation", "<i2"),  # with the best template, 1024 = 1
        ("dominant_correlation", "<i2"),  # with the dominant one
        ("cluster", "<u1"),  # best template, then the one the beat belongs to
        ("shift", "<u1"),  # its best shift, SHIFT_MAX_GRID = none
        ("dominant_shift", "<u1"),
        ("matched", "<u1"),  # 1 = the beat is one of the template's
    ]
)

OUTLINE_DTYPE = np.dtype(
    [
        ("size", "<i4"),  # highest minus lowest value, unit of the filtered signal
        ("area", "<i4"),  # sum of absolute values
        ("steepest", "<i4"),  # largest difference of samples two apart
        ("polarity_q6", "<i2"),  # (highest + lowest) / size
        ("area_peak_q3", "<i2"),  # area / peak, grid samples
        ("slope_q7", "<i2"),  # steepest / size
        ("width", "<i2"),  # grid samples
        ("spread_q6", "<i2"),  # grid samples
    ]
)

P_TEMPLATE_DTYPE = np.dtype(
    [
        ("wave", "<i2", (P_SAMPLES,)),
        ("coherence_q12", "<i2"),  # how like the template its beats are
        ("count", "<u1"),  # beats so far, at most 255
    ]
)

SHAPE_DTYPE = np.dtype(
    [
        ("clusters", CLUSTERS_DTYPE),
        ("match", MATCH_DTYPE),  # of the last beat
        ("beat", OUTLINE_DTYPE),  # of the last beat
        ("usual", OUTLINE_DTYPE),  # of the dominant template
        ("p", np.dtype([("wave", "<i2", (P_SAMPLES,))])),  # of the last beat
        ("p_usual", P_TEMPLATE_DTYPE),  # learnt from beats that are dominant and not early
        ("p_late", P_TEMPLATE_DTYPE),  # learnt from beats that come late
        ("previous", "<i2", (QRS_SAMPLES,)),  # QRS part of the last beat
        ("first", "<u2"),  # where the dominant template begins in `clusters.windows`
        ("align", "<i1"),  # shift at which the beat is compared with it
    ]
)

#: What waits for classification while later beats are awaited: LOOKAHEAD_BEATS and the newest.
HELD_BEATS = LOOKAHEAD_BEATS + 1

#: Values that a stage leaves behind only to be watched.
TRACE_DTYPE = np.dtype(
    [
        ("r_count", "<u1"),  # R peaks queued by the newest sample
        ("r_sample", "<u4", (R_PEAKS_TRACED,)),
        ("r_polarity", "<i4", (R_PEAKS_TRACED,)),
        ("row", "<i1", (RHYTHM_FEATURES,)),  # features of the beat measured last
        ("beat_input", "<i1", (WINDOW_SAMPLES * BEAT_CHANNELS,)),
        ("rhythm_input", "<i1", (CONTEXT_BEATS * RHYTHM_FEATURES,)),
        ("layers", "<i1", (NET_TRACE_BYTES,)),  # outputs of the network's layers, one after the other
    ]
)

PIPELINE_DTYPE = np.dtype(
    [
        ("sample_count", "<u4"),  # number of the next sample, modulo 2^32
        ("input", INPUT_DTYPE),
        ("spike", SPIKE_DTYPE),
        ("spikes", "<u4", (SPIKES_KEPT,)),  # samples of the last spikes, as they leave the filters; ring
        ("spike_index", "<u1"),  # where the next one goes
        ("spike_count", "<u1"),  # spikes kept so far
        ("step_at", "<u4"),  # the same of the last step of the input
        ("stepped", "<u1"),  # 1 = there is a step_at
        ("last_at_artefact", "<u1"),  # 1 = the last R peak lay right at a spike or a step
        ("bandpass", BANDPASS_DTYPE),
        ("rpeak", RPEAK_DTYPE),
        ("rr", RR_DTYPE),
        ("shape", SHAPE_DTYPE),
        ("quality", QUALITY_DTYPE),
        ("condition", CONDITION_DTYPE),
        ("broad_run", BROAD_RUN_DTYPE),
        ("filtered", "<i2"),  # newest filtered sample
        ("ring", "<i2", (RING_SAMPLES,)),
        ("ring_index", "<u2"),  # where the next sample goes
        ("pending", "<u4", (PENDING_BEATS,)),  # R peaks waiting to be measured
        ("pending_flags", "<u1", (PENDING_BEATS,)),
        ("pending_count", "<u1"),
        ("last_r", "<u4"),  # last R peak accepted
        ("last_r_valid", "<u1"),
        ("measured_r", "<u4"),  # R peak measured last
        ("measured_valid", "<u1"),
        ("drained", "<u1"),  # samples pushed by the flush, at most SPIKE_DELAY_SAMPLES
        ("ending", "<u1"),  # 1 once they all are
        ("features", "<i4", (FEATURE_VALUES,)),  # numbers behind the newest beat's features
        ("window", "<i2", (WINDOW_SAMPLES,)),  # its window
        ("template", "<i2", (WINDOW_SAMPLES,)),  # the template that it was compared with
        ("context", "<i1", (CONTEXT_BEATS * RHYTHM_FEATURES,)),  # feature rows of the last beats, ring
        ("context_index", "<u1"),  # row where the next beat's features go
        ("held_input", "<i1", (HELD_BEATS * WINDOW_SAMPLES * BEAT_CHANNELS,)),  # beats not yet classified
        ("held_r", "<u4", (HELD_BEATS,)),
        ("held_prev", "<u2", (HELD_BEATS,)),
        ("held_next", "<u2", (HELD_BEATS,)),
        ("held_flags", "<u1", (HELD_BEATS,)),
        ("held_sqi", "<u1", (HELD_BEATS,)),
        ("held_count", "<u1"),
        ("arena", "<i1", (ARENA_BYTES,)),  # working memory of the network, holds its inputs
        ("trace", TRACE_DTYPE),  # not in the C core, which has a hook instead
    ]
)


class CheckedRecord:
    """A record whose fields refuse values outside their width; for the plain reference."""

    _limits: dict[str, tuple[int, int]]

    def __init__(self, dtype: np.dtype[Any]) -> None:
        fields: dict[str, Any] = {}
        limits: dict[str, tuple[int, int]] = {}
        for name in dtype.names or ():
            field = dtype[name]
            if field.names is not None:
                fields[name] = CheckedRecord(field)
            elif field.subdtype is not None:
                fields[name] = CheckedArray(field.subdtype[0], int(np.prod(field.subdtype[1])), name)
            else:
                fields[name] = 0
                limits[name] = (int(np.iinfo(field).min), int(np.iinfo(field).max))
        object.__setattr__(self, "_limits", limits)
        for name, value in fields.items():
            object.__setattr__(self, name, value)

    def __setattr__(self, name: str, value: int) -> None:
        low, high = self._limits[name]
        if not low <= value <= high:
            raise OverflowError(f"{name} = {value} does not fit {low}..{high}")
        object.__setattr__(self, name, int(value))


class CheckedArray:
    """A fixed-length integer array that refuses values outside its width and indices outside it."""

    def __init__(self, dtype: np.dtype[Any], length: int, name: str = "array") -> None:
        self._values = [0] * length
        self._low, self._high = int(np.iinfo(dtype).min), int(np.iinfo(dtype).max)
        self._name = name

    def __len__(self) -> int:
        return len(self._values)

    def __getitem__(self, index: int) -> int:
        if not 0 <= index < len(self._values):
            raise IndexError(f"{self._name}[{index}] of {len(self._values)}")
        return self._values[index]

    def __setitem__(self, index: int, value: int) -> None:
        if not 0 <= index < len(self._values):
            raise IndexError(f"{self._name}[{index}] of {len(self._values)}")
        if not self._low <= value <= self._high:
            raise OverflowError(f"{self._name}[{index}] = {value} does not fit {self._low}..{self._high}")
        self._values[index] = int(value)


def new_record(dtype: np.dtype[Any]) -> Any:
    """Make a zeroed record: numpy record when compiled, :class:`CheckedRecord` when plain."""
    if PLAIN:
        return CheckedRecord(dtype)
    return np.zeros(1, dtype).view(np.recarray)[0]
