"""Streaming R-peak detector that scores candidates. Twin of ``ecg_rpeak.c``.

Enhance (difference of two moving means), rectify, integrate; each lobe of the integral is a candidate.
A candidate's score is a sum of weighted features: how high and steep its lobe is beside the last
beats', how noisy the signal is, how early it comes. All heights are kept as logarithms, so that a
feature is a difference and no outlier moves a running level far. The weights are a logistic
regression on training records; see ``spec.toml``. Structure after Hamilton, "Open source ECG analysis",
Computers in Cardiology 29, 2002, and Pan and Tompkins, IEEE Trans. Biomed. Eng. 32(3), 1985.
"""

from __future__ import annotations

from typing import Any

from .fixed import kernel, to_int
from .intmath import clamp, log2_q10
from .params import (
    RPEAK_BACKGROUND_SHIFT,
    RPEAK_BACKGROUND_STEPS,
    RPEAK_DECAY_Q10,
    RPEAK_DECIMATION,
    RPEAK_DEFAULT_RR_Q10,
    RPEAK_HOLD_STEPS,
    RPEAK_INTEGRATE_STEPS,
    RPEAK_LEARN_STEPS,
    RPEAK_LONG_STEPS,
    RPEAK_MINIMUM_PEAK,
    RPEAK_MINIMUM_Q10,
    RPEAK_REFRACTORY_STEPS,
    RPEAK_REPLACE_MARGIN_Q10,
    RPEAK_RING_STEPS,
    RPEAK_SEARCHBACK_EARLY_Q8,
    RPEAK_SEARCHBACK_LOWER_Q10,
    RPEAK_SEARCHBACK_MAX_STEPS,
    RPEAK_SEARCHBACK_SCORE_Q10,
    RPEAK_SHORT_STEPS,
    RPEAK_SURE_SCORE_Q10,
    RPEAK_TWIN_LOG2_Q10,
    RPEAK_TWIN_MAX_STEPS,
    RPEAK_TWIN_SCORE_Q10,
    RPEAK_WAIT_STEPS,
    TRAIN_APART_STEPS,
    TRAIN_LOW_Q10,
)
from .rpeak_doubt import rpeak_doubt, rpeak_may_be_missed
from .rpeak_levels import (
    rpeak_follow_levels,
    rpeak_follow_rr,
    rpeak_learn,
    rpeak_learn_before,
    rpeak_use_rr_mean,
)
from .rpeak_score import AGE_MAX, OCTAVE, rpeak_log2, rpeak_score, rpeak_since
from .train import train_beat, train_lost, train_side, train_step

_CENTRE = (RPEAK_LONG_STEPS - RPEAK_SHORT_STEPS) // 2
_RING_MASK = RPEAK_RING_STEPS - 1
#: From a maximum of the enhancer to that of its lobe in the integral.
_LOBE_STEPS = (RPEAK_INTEGRATE_STEPS - 1) // 2
_UINT32 = 0xFFFFFFFF
#: Score of a train's waves, which are sure.
_SURE_Q10 = 0x7FFF


@kernel
def rpeak_clear(c: Any) -> None:
    """Set a candidate to zero."""
    c.peak_q10 = 0
    c.slope_q10 = 0
    c.valley_q10 = 0
    c.at = 0
    c.score_q10 = 0


@kernel
def rpeak_clear_wave(w: Any) -> None:
    """Set the waves of a side to zero."""
    w.level = 0
    w.peak = 0
    w.spacing = 0
    w.at = 0
    w.last_at = 0
    w.count = 0
    w.beats = 0


@kernel
def rpeak_find_none(s: Any) -> None:
    """Forget what was found: the caller has it."""
    s.found_count = 0
    s.found_doubtful = 0
    s.found_unlike = 0


@kernel
def rpeak_reset(s: Any) -> None:
    """Forget everything but the usual polarity; learning starts anew."""
    for i in range(RPEAK_RING_STEPS):
        s.history[i] = 0
        s.enhanced[i] = 0
    s.decimation_sum = 0
    s.decimation_count = 0
    s.steps = 0
    s.learn_left = RPEAK_LEARN_STEPS
    for i in range(2):
        s.learn_peak[i] = 0
        s.learn_slope[i] = 0
    s.before_peak_q10 = 0
    s.before_slope_q10 = 0
    rpeak_clear_wave(s.train.above)
    rpeak_clear_wave(s.train.below)
    s.rr_before = 0
    s.following = 0
    s.before_age = 0
    s.short_sum = 0
    s.long_sum = 0
    s.integral = 0
    s.background = 0
    s.valley = 0
    s.lobe_peak = 0
    s.lobe_slope = 0
    s.lobe_valley = 0
    s.lobe_at = 0
    rpeak_clear(s.candidate)
    rpeak_clear(s.skipped)
    s.waiting = 0
    s.skipping = 0
    s.qrs_q10 = 0
    s.slope_q10 = 0
    s.beat_peak_q10 = 0
    s.beat_slope_q10 = 0
    s.beat_at = (-AGE_MAX) & _UINT32
    s.rr_mean = 0
    s.rr_deviation = 0
    s.rr_q10 = RPEAK_DEFAULT_RR_Q10
    s.irregularity_q10 = 0
    s.overdue_steps = RPEAK_SEARCHBACK_MAX_STEPS
    s.patience_steps = RPEAK_SEARCHBACK_MAX_STEPS
    s.known_peak_q10 = 0
    s.known_slope_q10 = 0
    s.doubtful = 0
    s.gap_doubtful = 0
    s.unlike_count = 0
    rpeak_find_none(s)


@kernel
def rpeak_enhance(s: Any, step_sum: int) -> int:
    """Feed the sum of one step's samples to the QRS enhancer and integrate; returns the steepness."""
    now = to_int(s.steps)
    s.long_sum = s.long_sum + step_sum - s.history[(now - RPEAK_LONG_STEPS) & _RING_MASK]
    s.history[now & _RING_MASK] = step_sum
    leaving = (now - _CENTRE - RPEAK_SHORT_STEPS) & _RING_MASK
    s.short_sum = s.short_sum + s.history[(now - _CENTRE) & _RING_MASK] - s.history[leaving]
    enhanced = (RPEAK_LONG_STEPS * to_int(s.short_sum) - RPEAK_SHORT_STEPS * to_int(s.long_sum)) >> 4
    slope = enhanced - s.enhanced[(now - 1) & _RING_MASK]
    oldest = abs(to_int(s.enhanced[(now - RPEAK_INTEGRATE_STEPS) & _RING_MASK]))
    s.integral = s.integral + abs(enhanced) - oldest
    s.enhanced[now & _RING_MASK] = enhanced
    return abs(slope)


@kernel
def rpeak_is_twin(s: Any, c: Any, distance: int) -> bool:
    """Whether the skipped candidate is so like the beat ``c``, ``distance`` steps on, that it is one."""
    if s.skipped.score_q10 < RPEAK_TWIN_SCORE_Q10 or s.skipped.score_q10 > 0:
        return False
    peak = abs(to_int(s.skipped.peak_q10) - to_int(c.peak_q10))
    slope = abs(to_int(s.skipped.slope_q10) - to_int(c.slope_q10))
    return distance <= RPEAK_TWIN_MAX_STEPS and peak <= RPEAK_TWIN_LOG2_Q10 and slope <= RPEAK_TWIN_LOG2_Q10


@kernel
def rpeak_is_good_enough(s: Any) -> bool:
    """Whether the skipped candidate is good enough for an overdue beat; early and low, it may be a T wave."""
    after = rpeak_since(s.skipped.at, s.beat_at)
    early = after * 16 < (to_int(s.rr_mean) * RPEAK_SEARCHBACK_EARLY_Q8) >> 8
    low = to_int(s.known_peak_q10) - to_int(s.skipped.peak_q10) > RPEAK_SEARCHBACK_LOWER_Q10
    return s.skipped.score_q10 > RPEAK_SEARCHBACK_SCORE_Q10 and not (early and low)


@kernel
def rpeak_accept(s: Any, c: Any) -> None:
    """Take a candidate, before it a skipped one that is its like or that a search back would have found."""
    distance = rpeak_since(c.at, s.skipped.at)
    if s.skipping == 1 and s.found_count == 0 and distance >= RPEAK_WAIT_STEPS and distance < AGE_MAX:
        overdue = rpeak_since(c.at, s.beat_at) > s.overdue_steps
        if rpeak_is_twin(s, c, distance) or (overdue and rpeak_is_good_enough(s)):
            rpeak_take(s, s.skipped)
    rpeak_take(s, c)


@kernel
def rpeak_take(s: Any, c: Any) -> None:
    """Report a candidate as a beat, and let levels and mean RR follow."""
    rr_steps = rpeak_since(c.at, s.beat_at)
    rpeak_doubt(s, c)
    s.patience_steps = RPEAK_SEARCHBACK_MAX_STEPS
    if rr_steps < 2 * RPEAK_SEARCHBACK_MAX_STEPS:
        rpeak_follow_rr(s, rr_steps)
        s.patience_steps = max(rr_steps + (rr_steps >> 2), RPEAK_SEARCHBACK_MAX_STEPS)
    rpeak_follow_levels(s, c, rr_steps)
    s.beat_peak_q10 = c.peak_q10
    s.beat_slope_q10 = c.slope_q10
    s.beat_at = c.at
    s.skipping = 0
    train_beat(s.train)
    s.found_age[s.found_count] = rpeak_since(s.steps, c.at)
    s.found_count = s.found_count + 1


@kernel
def rpeak_copy(to: Any, c: Any) -> None:
    """Copy a candidate."""
    to.peak_q10 = c.peak_q10
    to.slope_q10 = c.slope_q10
    to.valley_q10 = c.valley_q10
    to.at = c.at
    to.score_q10 = c.score_q10


@kernel
def rpeak_reject(s: Any, c: Any) -> None:
    """Keep a candidate that is no beat for search-back, if it is the best since the last beat."""
    if s.skipping == 0 or c.score_q10 > s.skipped.score_q10:
        s.skipping = 1
        rpeak_copy(s.skipped, c)


@kernel
def rpeak_judge(s: Any) -> None:
    """Judge the waiting candidate and forget it."""
    if s.waiting == 0:
        return
    s.waiting = 0
    if rpeak_since(s.candidate.at, s.beat_at) < RPEAK_REFRACTORY_STEPS:
        return
    rpeak_score(s, s.candidate)
    if s.candidate.score_q10 > 0:
        rpeak_accept(s, s.candidate)
    else:
        rpeak_reject(s, s.candidate)


@kernel
def rpeak_rival(s: Any, c: Any) -> bool:
    """Settle between the waiting candidate and the new one ``c``; False where ``c`` is out already."""
    if s.waiting == 0:
        return True
    distance = rpeak_since(c.at, s.candidate.at)
    rpeak_score(s, c)
    rpeak_score(s, s.candidate)
    if distance < RPEAK_REFRACTORY_STEPS:
        return bool(c.score_q10 > s.candidate.score_q10)
    beaten = c.score_q10 > to_int(s.candidate.score_q10) + RPEAK_REPLACE_MARGIN_Q10
    if distance < RPEAK_WAIT_STEPS and s.candidate.score_q10 < RPEAK_SURE_SCORE_Q10 and beaten:
        # A P wave before a QRS complex, or noise before it.
        rpeak_reject(s, s.candidate)
    else:
        rpeak_judge(s)
    return True


@kernel
def rpeak_lobe_end(s: Any) -> None:
    """A lobe of the integral is over: it becomes the candidate, unless the one that waits is better."""
    peak = to_int(s.lobe_peak)
    s.lobe_peak = 0
    s.valley = s.integral
    if peak < RPEAK_MINIMUM_PEAK:
        return
    c = s.fresh
    c.peak_q10 = log2_q10(peak)
    c.slope_q10 = log2_q10(max(to_int(s.lobe_slope), 1))
    c.valley_q10 = clamp(log2_q10(max(to_int(s.lobe_valley), 1)) - c.peak_q10, -4 * OCTAVE, 0)
    c.at = s.lobe_at
    c.score_q10 = 0
    if s.learn_left > 0:  # nothing is judged yet, but what comes before QRS complexes can be seen
        if s.skipping == 1:
            steps = rpeak_since(c.at, s.skipped.at)
            rpeak_learn_before(s, c, steps, to_int(s.skipped.peak_q10), to_int(s.skipped.slope_q10))
        s.skipping = 1
        rpeak_copy(s.skipped, c)
    elif rpeak_rival(s, c):
        s.waiting = 1
        rpeak_copy(s.candidate, c)


@kernel
def rpeak_track_lobe(s: Any, slope: int) -> None:
    """Follow the integral through valleys and lobes."""
    if s.lobe_peak == 0 and s.integral <= s.valley:
        s.valley = s.integral
        s.lobe_slope = slope
        return
    s.lobe_slope = max(slope, to_int(s.lobe_slope))
    if s.integral > s.lobe_peak:
        if s.lobe_peak == 0:
            s.lobe_valley = s.valley
        s.lobe_peak = s.integral
        s.lobe_at = s.steps
        return
    if s.integral < (s.lobe_peak >> 1) or rpeak_since(s.steps, s.lobe_at) >= RPEAK_HOLD_STEPS:
        rpeak_lobe_end(s)


@kernel
def rpeak_wait(s: Any) -> None:
    """Judge the waiting candidate once no better one can come; a sure one need not wait so long."""
    age = rpeak_since(s.steps, s.candidate.at)
    if age == RPEAK_REFRACTORY_STEPS + RPEAK_HOLD_STEPS:
        rpeak_score(s, s.candidate)
        if s.candidate.score_q10 >= RPEAK_SURE_SCORE_Q10:
            rpeak_judge(s)
    elif age >= RPEAK_WAIT_STEPS + RPEAK_HOLD_STEPS:
        rpeak_judge(s)


@kernel
def rpeak_search_back(s: Any, since_beat: int) -> None:
    """A beat is overdue: take the best candidate skipped since the last one, if it is good enough."""
    if s.skipping == 1:
        age = rpeak_since(s.steps, s.skipped.at)
        if age >= RPEAK_WAIT_STEPS + RPEAK_HOLD_STEPS:
            s.skipping = 0
            if age <= RPEAK_SEARCHBACK_MAX_STEPS and rpeak_is_good_enough(s):
                rpeak_take(s, s.skipped)
            elif rpeak_may_be_missed(s, to_int(s.qrs_q10), age):
                s.gap_doubtful = 1
    if since_beat > s.patience_steps:
        # Nothing for long, beside the last interval, too: the signal may have become smaller.
        s.qrs_q10 = max(to_int(s.qrs_q10) - RPEAK_DECAY_Q10, RPEAK_MINIMUM_Q10)
        if s.slope_q10 > RPEAK_DECAY_Q10:
            s.slope_q10 = s.slope_q10 - RPEAK_DECAY_Q10
        if since_beat > AGE_MAX:
            s.beat_at = (to_int(s.steps) - AGE_MAX) & _UINT32


@kernel
def rpeak_join_train(s: Any, side: int, w: Any) -> None:
    """Begin to follow the waves ``w`` of a train."""
    if rpeak_log2(to_int(s.integral)) < s.qrs_q10 - TRAIN_LOW_Q10:
        return
    s.following = side + 1
    s.rr_before = s.rr_mean
    s.rr_mean = w.spacing
    s.rr_deviation = to_int(s.rr_mean) >> 4
    s.irregularity_q10 = rpeak_log2(to_int(s.rr_deviation)) - 4 * OCTAVE
    rpeak_use_rr_mean(s)
    at = (to_int(w.last_at) + _LOBE_STEPS) & _UINT32
    apart = rpeak_since(at, s.candidate.at) >= TRAIN_APART_STEPS
    if s.waiting == 1 and apart and rpeak_since(s.candidate.at, s.beat_at) >= TRAIN_APART_STEPS:
        rpeak_take(s, s.candidate)  # the wave before, not judged yet
    s.waiting = 0
    s.lobe_peak = 0


@kernel
def rpeak_leave_train(s: Any) -> None:
    """Leave the train: what was the rhythm before it is what is expected again."""
    s.following = 0
    s.rr_mean = s.rr_before
    rpeak_use_rr_mean(s)
    s.valley = s.integral


@kernel
def rpeak_take_wave(s: Any, w: Any, ended: bool) -> bool:
    """Take a wave of the train that is followed as a beat; False where the train is over."""
    if train_lost(w, ended, to_int(s.steps)):
        rpeak_leave_train(s)
        return False
    at = (to_int(w.last_at) + _LOBE_STEPS) & _UINT32
    if ended and rpeak_since(at, s.beat_at) >= TRAIN_APART_STEPS:
        c = s.fresh
        rpeak_clear(c)
        c.peak_q10 = rpeak_log2(to_int(s.integral))
        c.slope_q10 = s.slope_q10  # a train says nothing about steepness: its level stays
        c.score_q10 = _SURE_Q10
        c.at = at
        rpeak_take(s, c)
    return True


@kernel
def rpeak_follow_train(s: Any) -> bool:
    """Take the waves of a train as beats; True while one is followed."""
    enhanced = to_int(s.enhanced[(to_int(s.steps) - 1) & _RING_MASK])
    ended = train_step(s.train, enhanced, to_int(s.steps))
    if s.following == 0 and ended != 0:
        side = train_side(s.train, ended)
        if side == 0:
            rpeak_join_train(s, 0, s.train.above)
        elif side == 1:
            rpeak_join_train(s, 1, s.train.below)
    if s.following == 1:
        return rpeak_take_wave(s, s.train.above, (ended & 1) != 0)
    if s.following == 2:
        return rpeak_take_wave(s, s.train.below, (ended & 2) != 0)
    return False


@kernel
def rpeak_step(s: Any) -> None:
    """One detector step on the sum of its samples; beats found are in ``found_age[:found_count]``."""
    slope = rpeak_enhance(s, to_int(s.decimation_sum))
    if to_int(s.steps) & (RPEAK_BACKGROUND_STEPS - 1) == 0:
        s.background = s.background + ((s.integral - s.background) >> RPEAK_BACKGROUND_SHIFT)
    s.steps = (to_int(s.steps) + 1) & _UINT32
    if s.learn_left > 0:
        rpeak_track_lobe(s, slope)
        rpeak_learn(s, slope)
        return
    if rpeak_follow_train(s):
        return
    rpeak_track_lobe(s, slope)
    if s.waiting == 1:
        rpeak_wait(s)
    since_beat = rpeak_since(s.steps, s.beat_at)
    if since_beat > s.overdue_steps and s.waiting == 0:
        rpeak_search_back(s, since_beat)


@kernel
def rpeak_push(s: Any, y: int) -> int:
    """Take one filtered sample; returns the number of beats found, 0 to 2."""
    rpeak_find_none(s)
    s.decimation_sum = s.decimation_sum + y
    s.decimation_count = s.decimation_count + 1
    if s.decimation_count == RPEAK_DECIMATION:
        rpeak_step(s)
        s.decimation_sum = 0
        s.decimation_count = 0
    return to_int(s.found_count)


@kernel
def rpeak_hurry(s: Any) -> int:
    """The input goes bad: judge what waits, if it is a beat for sure, before the fault is in the filters."""
    rpeak_find_none(s)
    if s.waiting == 1 and s.learn_left == 0:
        rpeak_score(s, s.candidate)
        if s.candidate.score_q10 >= RPEAK_SURE_SCORE_Q10:
            rpeak_judge(s)
    return to_int(s.found_count)


@kernel
def rpeak_flush(s: Any) -> int:
    """At the end of a record: judge what still waits; returns the number of beats found, 0 to 2."""
    rpeak_find_none(s)
    if s.learn_left == 0:
        if s.lobe_peak > 0:
            rpeak_lobe_end(s)
        if s.found_count < 2:
            rpeak_judge(s)
    return to_int(s.found_count)
