"""What the R-peak detector knows of rhythm and heights. Twin of ``ecg_rpeak_levels.c``.

Levels of peak and steepness that candidates are scored against, mean RR and its deviation, and what comes
before beats (P waves). Heights are logarithms to base 2 with 10 fraction bits.
"""

from __future__ import annotations

from typing import Any

from .fixed import kernel, to_int
from .intmath import clamp
from .params import (
    RPEAK_BEFORE_BEATS,
    RPEAK_BEFORE_BELOW_Q10,
    RPEAK_BEFORE_BLUNT_Q10,
    RPEAK_BEFORE_PEAK_Q10,
    RPEAK_BEFORE_RISE,
    RPEAK_BEFORE_STEPS,
    RPEAK_DEFAULT_RR_Q10,
    RPEAK_LEARN_RATIO,
    RPEAK_LEARN_STEPS,
    RPEAK_LEVEL_SHIFT,
    RPEAK_MINIMUM_PEAK,
    RPEAK_REFRACTORY_STEPS,
    RPEAK_SEARCHBACK_MAX_STEPS,
    RPEAK_SEARCHBACK_RR_Q8,
    RPEAK_SMALL_Q10,
    RPEAK_SMALL_STEPS,
)
from .rpeak_score import OCTAVE, rpeak_log2, rpeak_since

_UINT8_MAX = 255


@kernel
def rpeak_level_step(level_q10: int, value_q10: int) -> int:
    """Step of a running level towards a value, which counts as at most a factor of two away."""
    return clamp(value_q10 - level_q10, -OCTAVE, OCTAVE) >> RPEAK_LEVEL_SHIFT


@kernel
def rpeak_use_rr_mean(s: Any) -> None:
    """What follows from the mean RR."""
    s.rr_q10 = RPEAK_DEFAULT_RR_Q10
    s.overdue_steps = RPEAK_SEARCHBACK_MAX_STEPS
    if s.rr_mean > 0:
        s.rr_q10 = rpeak_log2(to_int(s.rr_mean)) - 4 * OCTAVE
        overdue = (to_int(s.rr_mean) * RPEAK_SEARCHBACK_RR_Q8) >> 12
        s.overdue_steps = min(overdue, RPEAK_SEARCHBACK_MAX_STEPS)


@kernel
def rpeak_follow_rr(s: Any, rr_steps: int) -> None:
    """Let mean RR and its mean deviation follow an interval."""
    rr = rr_steps << 4
    if s.rr_mean == 0:
        s.rr_mean = rr
    difference = rr - to_int(s.rr_mean)
    half = to_int(s.rr_mean) >> 1
    s.rr_deviation = s.rr_deviation + ((abs(difference) - s.rr_deviation) >> 3)
    s.rr_mean = s.rr_mean + (clamp(difference, -half, half) >> 3)
    s.irregularity_q10 = rpeak_log2(to_int(s.rr_deviation)) - 4 * OCTAVE
    rpeak_use_rr_mean(s)


@kernel
def rpeak_learn_before(s: Any, c: Any, steps: int, peak_q10: int, slope_q10: int) -> bool:
    """Remember a wave ``steps`` before the beat ``c`` and far below it in height and steepness (P waves)."""
    if steps < RPEAK_REFRACTORY_STEPS or steps > RPEAK_BEFORE_STEPS:
        return False
    if peak_q10 >= c.peak_q10 - RPEAK_BEFORE_BELOW_Q10:
        return False
    if slope_q10 >= c.slope_q10 - RPEAK_BEFORE_BLUNT_Q10:
        return False
    if peak_q10 > s.before_peak_q10 - RPEAK_BEFORE_PEAK_Q10:  # what is lower still needs no memory
        s.before_peak_q10 = peak_q10
        s.before_slope_q10 = slope_q10
        s.before_age = 0
    return True


@kernel
def rpeak_set_levels(s: Any, peak_q10: int, slope_q10: int) -> None:
    """Levels a little below a height and a steepness."""
    s.qrs_q10 = peak_q10 - OCTAVE // 8
    s.slope_q10 = max(slope_q10 - OCTAVE // 8, 1)


@kernel
def rpeak_follow_levels(s: Any, c: Any, rr_steps: int) -> None:
    """Let the running levels follow a beat.

    Not where it is small beside the one just before, as a P or T wave taken for a beat is, and fast back
    up after one.
    """
    s.before_age = min(to_int(s.before_age) + 1, _UINT8_MAX)
    if s.before_age > RPEAK_BEFORE_BEATS:
        s.before_peak_q10 = 0
    after_small = rpeak_learn_before(s, c, rr_steps, to_int(s.beat_peak_q10), to_int(s.beat_slope_q10))
    if s.skipping == 1:
        steps = rpeak_since(c.at, s.skipped.at)
        rpeak_learn_before(s, c, steps, to_int(s.skipped.peak_q10), to_int(s.skipped.slope_q10))
    peak_q10 = to_int(c.peak_q10)
    slope_q10 = to_int(c.slope_q10)
    low = peak_q10 < s.beat_peak_q10 - RPEAK_SMALL_Q10 and slope_q10 < s.beat_slope_q10 - RPEAK_SMALL_Q10
    if rr_steps < RPEAK_SMALL_STEPS and low:
        return
    # One far above the level may be an artefact, two in a row are not; the first one is taken at half.
    if s.rr_mean == 0:
        both_q10 = peak_q10 - OCTAVE // 2
        both_slope_q10 = slope_q10 - OCTAVE // 2
    else:
        both_q10 = min(peak_q10, to_int(s.beat_peak_q10))
        both_slope_q10 = min(slope_q10, to_int(s.beat_slope_q10))
    if both_q10 > s.qrs_q10 + OCTAVE:
        rpeak_set_levels(s, both_q10, both_slope_q10)
        return
    peak_step = rpeak_level_step(to_int(s.qrs_q10), peak_q10)
    slope_step = rpeak_level_step(to_int(s.slope_q10), slope_q10)
    if after_small:
        peak_step = max(peak_step, peak_step * RPEAK_BEFORE_RISE)
        slope_step = max(slope_step, slope_step * RPEAK_BEFORE_RISE)
    s.qrs_q10 = s.qrs_q10 + peak_step
    s.slope_q10 = s.slope_q10 + slope_step


@kernel
def rpeak_learnt(first: int, second: int) -> int:
    """The larger one of two halves' maxima, unless it is so much larger that it must be an artefact."""
    return min(max(first, second), min(first, second) * RPEAK_LEARN_RATIO)


@kernel
def rpeak_learn(s: Any, slope: int) -> None:
    """Set the levels at the end of the learning time from the maxima in its two halves."""
    s.learn_left = s.learn_left - 1
    half = 0
    if s.learn_left < RPEAK_LEARN_STEPS // 2:
        half = 1
    s.learn_peak[half] = max(to_int(s.integral), to_int(s.learn_peak[half]))
    s.learn_slope[half] = max(slope, to_int(s.learn_slope[half]))
    if s.learn_left == 0:
        peak = rpeak_learnt(to_int(s.learn_peak[0]), to_int(s.learn_peak[1]))
        s.qrs_q10 = rpeak_log2(max(peak, 2 * RPEAK_MINIMUM_PEAK))
        s.slope_q10 = rpeak_log2(rpeak_learnt(to_int(s.learn_slope[0]), to_int(s.learn_slope[1])))
        s.beat_peak_q10 = s.qrs_q10
        s.beat_slope_q10 = s.slope_q10
        s.known_peak_q10 = s.qrs_q10
        s.known_slope_q10 = s.slope_q10
        s.valley = s.integral
        s.lobe_peak = 0
        s.skipping = 0
