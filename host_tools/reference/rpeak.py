"""Streaming R-peak detector with adaptive thresholds. Twin of ``ecg_rpeak.c``.

Enhance (difference of two moving means), rectify, integrate, then judge each lobe of the integral
by running levels of QRS complexes and noise. Source of the rules: Hamilton, "Open source ECG
analysis", Computers in Cardiology 29, 2002; Pan and Tompkins, IEEE Trans. Biomed. Eng. 32(3), 1985.
"""

from __future__ import annotations

from typing import Any

from .fixed import kernel, to_int
from .intmath import clamp
from .params import (
    RPEAK_DECIMATION,
    RPEAK_HOLD_STEPS,
    RPEAK_INTEGRATE_STEPS,
    RPEAK_LATE_TWAVE_SLOPE_Q8,
    RPEAK_LATE_TWAVE_STEPS,
    RPEAK_LEARN_STEPS,
    RPEAK_LEVEL_SHIFT,
    RPEAK_LONG_STEPS,
    RPEAK_MINIMUM_PEAK,
    RPEAK_REFRACTORY_STEPS,
    RPEAK_SEARCHBACK_MAX_STEPS,
    RPEAK_SEARCHBACK_RR_Q8,
    RPEAK_SEARCHBACK_THRESHOLD_Q8,
    RPEAK_SHORT_STEPS,
    RPEAK_THRESHOLD_Q8,
    RPEAK_TWAVE_SLOPE_Q8,
    RPEAK_TWAVE_STEPS,
)

_CENTRE = (RPEAK_LONG_STEPS - RPEAK_SHORT_STEPS) // 2
_AGE_MAX = 0x00FFFFFF


@kernel
def rpeak_reset(s: Any) -> None:
    """Forget everything but the usual polarity; learning starts anew."""
    for i in range(RPEAK_LONG_STEPS):
        s.history[i] = 0
    for i in range(RPEAK_INTEGRATE_STEPS):
        s.rectified[i] = 0
    s.decimation_sum = 0
    s.decimation_count = 0
    s.history_index = 0
    s.short_sum = 0
    s.long_sum = 0
    s.rectified_index = 0
    s.integral = 0
    s.enhanced = 0
    s.steps = 0
    s.valley = 0
    s.lobe_peak = 0
    s.lobe_age = 0
    s.lobe_slope = 0
    s.candidate_peak = 0
    s.candidate_age = 0
    s.candidate_slope = 0
    s.skipped_peak = 0
    s.skipped_age = 0
    s.skipped_slope = 0
    s.beat_age = _AGE_MAX
    s.beat_slope = 0
    s.qrs_level = 0
    s.noise_level = 0
    s.rr_mean = 0
    s.learn_first = 0
    s.learn_second = 0
    s.found_count = 0


@kernel
def rpeak_threshold(s: Any) -> int:
    """Height of the integral above which a lobe is a beat."""
    return to_int(s.noise_level) + (((to_int(s.qrs_level) - to_int(s.noise_level)) * RPEAK_THRESHOLD_Q8) >> 8)


@kernel
def rpeak_enhance(s: Any, step_sum: int) -> int:
    """Feed the sum of one step's samples to the QRS enhancer; returns the steepness of its change."""
    index = to_int(s.history_index)
    s.long_sum = s.long_sum + step_sum - s.history[index]
    s.history[index] = step_sum
    entering = index - _CENTRE
    if entering < 0:
        entering += RPEAK_LONG_STEPS
    leaving = entering - RPEAK_SHORT_STEPS
    if leaving < 0:
        leaving += RPEAK_LONG_STEPS
    s.short_sum = s.short_sum + s.history[entering] - s.history[leaving]
    index += 1
    if index == RPEAK_LONG_STEPS:
        index = 0
    s.history_index = index
    enhanced = (RPEAK_LONG_STEPS * s.short_sum - RPEAK_SHORT_STEPS * s.long_sum) >> 4
    slope = enhanced - s.enhanced
    s.enhanced = enhanced
    return abs(slope)


@kernel
def rpeak_integrate(s: Any) -> None:
    """Moving sum of the rectified enhancer."""
    index = to_int(s.rectified_index)
    value = abs(to_int(s.enhanced))
    s.integral = s.integral + value - s.rectified[index]
    s.rectified[index] = value
    index += 1
    if index == RPEAK_INTEGRATE_STEPS:
        index = 0
    s.rectified_index = index


@kernel
def rpeak_accept(s: Any, peak: int, age: int, slope: int) -> None:
    """Take a lobe as a beat: report it and let levels and mean RR follow."""
    rr = to_int(s.beat_age) - age
    if s.beat_age < RPEAK_SEARCHBACK_MAX_STEPS * 2:
        if s.rr_mean == 0:
            s.rr_mean = rr << 4
        s.rr_mean = s.rr_mean + (((rr << 4) - s.rr_mean) >> 3)
    level = min(peak, 2 * to_int(s.qrs_level))
    s.qrs_level = s.qrs_level + ((level - s.qrs_level) >> RPEAK_LEVEL_SHIFT)
    s.beat_age = age
    s.beat_slope = slope
    s.skipped_peak = 0
    s.found_age[s.found_count] = age
    s.found_count = s.found_count + 1


@kernel
def rpeak_is_twave(s: Any, since_beat: int, slope: int) -> bool:
    """Whether a lobe this long after a beat is too blunt, compared with the beat, to be another one."""
    if since_beat < RPEAK_TWAVE_STEPS:
        return slope < ((to_int(s.beat_slope) * RPEAK_TWAVE_SLOPE_Q8) >> 8)
    if since_beat < RPEAK_LATE_TWAVE_STEPS:
        return slope < ((to_int(s.beat_slope) * RPEAK_LATE_TWAVE_SLOPE_Q8) >> 8)
    return False


@kernel
def rpeak_decide(s: Any, peak: int, age: int, slope: int) -> None:
    """Judge a lobe that is the largest of its refractory time: beat, T wave or noise."""
    since_beat = to_int(s.beat_age) - age
    maybe_twave = since_beat < RPEAK_TWAVE_STEPS
    if rpeak_is_twave(s, since_beat, slope):
        return
    if peak > rpeak_threshold(s):
        rpeak_accept(s, peak, age, slope)
        return
    s.noise_level = s.noise_level + ((peak - s.noise_level) >> RPEAK_LEVEL_SHIFT)
    if peak > s.skipped_peak and not maybe_twave:
        s.skipped_peak = peak
        s.skipped_age = age
        s.skipped_slope = slope


@kernel
def rpeak_candidate(s: Any) -> None:
    """Judge the waiting candidate and forget it."""
    if s.candidate_peak > 0:
        if s.candidate_age + RPEAK_REFRACTORY_STEPS <= s.beat_age:
            rpeak_decide(s, to_int(s.candidate_peak), to_int(s.candidate_age), to_int(s.candidate_slope))
        s.candidate_peak = 0


@kernel
def rpeak_lobe_end(s: Any) -> None:
    """A lobe of the integral is over: it becomes the candidate, or is in the shadow of a larger one."""
    peak = to_int(s.lobe_peak)
    age = to_int(s.lobe_age)
    s.lobe_peak = 0
    s.valley = s.integral
    if peak < RPEAK_MINIMUM_PEAK:
        return
    if s.candidate_peak > 0:
        if s.candidate_age - age >= RPEAK_REFRACTORY_STEPS:
            rpeak_candidate(s)
        elif peak <= s.candidate_peak:
            return
    s.candidate_peak = peak
    s.candidate_age = age
    s.candidate_slope = s.lobe_slope


@kernel
def rpeak_track_lobe(s: Any, slope: int) -> None:
    """Follow the integral through valleys and lobes."""
    if s.lobe_peak == 0:
        if s.integral <= s.valley:
            s.valley = s.integral
            s.lobe_slope = slope
            return
        s.lobe_slope = max(slope, to_int(s.lobe_slope))
        s.lobe_peak = s.integral
        s.lobe_age = 0
        return
    s.lobe_slope = max(slope, to_int(s.lobe_slope))
    if s.integral > s.lobe_peak:
        s.lobe_peak = s.integral
        s.lobe_age = 0
        return
    if s.integral < (s.lobe_peak >> 1) or s.lobe_age >= RPEAK_HOLD_STEPS:
        rpeak_lobe_end(s)


@kernel
def rpeak_search_back(s: Any) -> None:
    """Where a beat is overdue, take the best lobe skipped since the last one, if it is large enough."""
    overdue = (to_int(s.rr_mean) * RPEAK_SEARCHBACK_RR_Q8) >> 12
    if overdue == 0 or overdue > RPEAK_SEARCHBACK_MAX_STEPS:
        overdue = RPEAK_SEARCHBACK_MAX_STEPS
    if s.beat_age <= overdue:
        return
    if s.skipped_peak > ((rpeak_threshold(s) * RPEAK_SEARCHBACK_THRESHOLD_Q8) >> 8):
        if s.skipped_age <= RPEAK_SEARCHBACK_MAX_STEPS:
            rpeak_accept(s, to_int(s.skipped_peak), to_int(s.skipped_age), to_int(s.skipped_slope))
        s.skipped_peak = 0
    if s.beat_age > RPEAK_SEARCHBACK_MAX_STEPS:
        # Nothing for long: the signal may have become smaller.
        s.qrs_level = s.qrs_level - (s.qrs_level >> 8)


@kernel
def rpeak_learn(s: Any) -> None:
    """Set the levels at the end of the learning time from the integral's maxima in its two halves."""
    integral = to_int(s.integral)
    if s.steps < RPEAK_LEARN_STEPS // 2:
        s.learn_first = max(integral, to_int(s.learn_first))
    else:
        s.learn_second = max(integral, to_int(s.learn_second))
    if s.steps == RPEAK_LEARN_STEPS - 1:
        # The smaller one: a first-second artefact must not set the level.
        level = min(to_int(s.learn_first), to_int(s.learn_second))
        s.qrs_level = max(level, 2 * RPEAK_MINIMUM_PEAK)
        s.noise_level = s.qrs_level >> 3
        s.valley = integral


@kernel
def rpeak_step(s: Any) -> None:
    """One detector step on the sum of its samples; beats found are in ``found_age[:found_count]``."""
    slope = rpeak_enhance(s, to_int(s.decimation_sum))
    rpeak_integrate(s)
    s.lobe_age = clamp(to_int(s.lobe_age) + 1, 0, _AGE_MAX)
    s.candidate_age = clamp(to_int(s.candidate_age) + 1, 0, _AGE_MAX)
    s.skipped_age = clamp(to_int(s.skipped_age) + 1, 0, _AGE_MAX)
    s.beat_age = clamp(to_int(s.beat_age) + 1, 0, _AGE_MAX)
    if s.steps < RPEAK_LEARN_STEPS:
        rpeak_learn(s)
        s.steps = to_int(s.steps) + 1
        return
    rpeak_track_lobe(s, slope)
    if s.candidate_age >= RPEAK_REFRACTORY_STEPS + RPEAK_HOLD_STEPS:
        rpeak_candidate(s)
    rpeak_search_back(s)


@kernel
def rpeak_push(s: Any, y: int) -> int:
    """Take one filtered sample; returns the number of beats found, 0 to 2."""
    s.found_count = 0
    s.decimation_sum = s.decimation_sum + y
    s.decimation_count = s.decimation_count + 1
    if s.decimation_count == RPEAK_DECIMATION:
        rpeak_step(s)
        s.decimation_sum = 0
        s.decimation_count = 0
    return to_int(s.found_count)


@kernel
def rpeak_flush(s: Any) -> int:
    """At the end of a record: judge what still waits; returns the number of beats found, 0 to 2."""
    s.found_count = 0
    if s.steps == RPEAK_LEARN_STEPS:
        if s.lobe_peak > 0:
            rpeak_lobe_end(s)
        rpeak_candidate(s)
    return to_int(s.found_count)
