"""What holds beside the beats: pause, flutter or fibrillation, unreadable. Twin of ``ecg_condition.c``.

Flutter and fibrillation are never still, as a heart that beats is between its beats: their mean is near
their maximum, and nothing in them is steep.
"""

from __future__ import annotations

from typing import Any

from .fixed import kernel, to_int
from .params import (
    CONDITION_BLOCK_STEPS,
    CONDITION_BLOCKS,
    CONDITION_FAST_Q10,
    CONDITION_FULL_Q10,
    CONDITION_LOOK_STEPS,
    CONDITION_MINIMUM,
    CONDITION_QUIET_BLOCKS,
    CONDITION_QUIET_Q10,
    CONDITION_REGULAR_BEATS,
    CONDITION_REGULAR_Q10,
    CONDITION_RR_MIN_STEPS,
    CONDITION_SINE_Q10,
    CONDITION_SLOW_Q10,
    CONDITION_STEEP_Q10,
    CONDITION_TRAIN_WAVES,
    PAUSE_STEPS,
    RPEAK_HOLD_STEPS,
    RPEAK_LEARN_STEPS,
    RPEAK_MINIMUM_PEAK,
    RPEAK_REFRACTORY_STEPS,
    RPEAK_RING_STEPS,
)
from .rpeak_score import rpeak_log2, rpeak_since

_PAUSE = 4
_FIBRILLATION = 8
_UNREADABLE = 16

#: Measures in a row that begin or end a suspicion.
_CONFIRM = 2
_UINT8_MAX = 255

#: After its maximum a beat is known so much later.
_FOUND_STEPS = RPEAK_REFRACTORY_STEPS + RPEAK_HOLD_STEPS

#: Silence counts from the end of the learning time: before, the difference is beyond this.
_NOT_YET = 0x80000000


@kernel
def condition_reset(s: Any) -> None:
    """Forget everything."""
    for i in range(CONDITION_BLOCKS):
        condition_clear(s, i)
    s.block_steps = 0
    s.silent_from = RPEAK_LEARN_STEPS - _FOUND_STEPS
    s.doubtful = 0
    s.at = 0
    s.beats = 0
    s.filled = 0
    s.suspected = 0
    s.held = 0


@kernel
def condition_clear(s: Any, i: int) -> None:
    """Empty a block."""
    s.sum[i] = 0
    s.change_sum[i] = 0
    s.top[i] = 0
    s.change_top[i] = 0
    s.integral_top[i] = 0


@kernel
def condition_like_waves(w: Any) -> bool:
    """Whether the waves of a side come as a heart's may."""
    return bool(w.count >= CONDITION_TRAIN_WAVES and w.spacing >= CONDITION_RR_MIN_STEPS << 4)


@kernel
def condition_is_organised(s: Any, r: Any) -> bool:
    """Beats or like waves at a rate that hearts have, at nearly equal distances: a tachycardia."""
    if condition_like_waves(r.train.above) or condition_like_waves(r.train.below):
        return True
    if s.beats < CONDITION_REGULAR_BEATS:
        return False
    since_beat = rpeak_since(r.steps, r.beat_at)
    if r.rr_mean < CONDITION_RR_MIN_STEPS << 4 or since_beat << 4 > 2 * to_int(r.rr_mean):
        return False
    return bool(r.irregularity_q10 - r.rr_q10 < CONDITION_REGULAR_Q10)


@kernel
def condition_block_back(s: Any, back: int) -> int:
    """Index of the block so many before the present one."""
    return (to_int(s.at) + CONDITION_BLOCKS - back) % CONDITION_BLOCKS


@kernel
def condition_is_wavy(s: Any, count: int, least_full_q10: int) -> bool:
    """Whether the last ``count`` blocks, the present one too, are as flutter and fibrillation are."""
    total = 0
    change_total = 0
    # The two largest: one artefact must not decide.
    top = 0
    second = 0
    change_top = 0
    change_second = 0
    for back in range(count):
        i = condition_block_back(s, back)
        total += to_int(s.sum[i])
        change_total += to_int(s.change_sum[i])
        second = max(second, min(to_int(s.top[i]), top))
        top = max(top, to_int(s.top[i]))
        change_second = max(change_second, min(to_int(s.change_top[i]), change_top))
        change_top = max(change_top, to_int(s.change_top[i]))
    height = top + second
    height_q10 = rpeak_log2(height)
    total_q10 = rpeak_log2(total)
    pace_q10 = rpeak_log2(change_total) - total_q10
    # By 4: ``height`` is of two maxima, and only every second step is measured.
    full_q10 = total_q10 - rpeak_log2(height * (count * CONDITION_BLOCK_STEPS // 4))
    if height <= CONDITION_MINIMUM or full_q10 <= least_full_q10:
        return False
    if rpeak_log2(change_top + change_second) - height_q10 >= CONDITION_STEEP_Q10:
        return False
    return bool(pace_q10 > CONDITION_SLOW_Q10 and pace_q10 < CONDITION_FAST_Q10)


@kernel
def condition_judge(s: Any, rpeak: Any) -> None:
    """At the end of a block: begin or end the suspicion of flutter or fibrillation."""
    holds = (s.held & _FIBRILLATION) != 0
    full_q10 = CONDITION_FULL_Q10
    if condition_is_organised(s, rpeak):
        full_q10 = CONDITION_SINE_Q10
    now = s.filled == CONDITION_BLOCKS and condition_is_wavy(s, CONDITION_BLOCKS, full_q10)
    if now == holds:
        s.suspected = 0
        return
    s.suspected = s.suspected + 1
    if s.suspected == _CONFIRM:
        s.suspected = 0
        s.held = 0
        if now:
            s.held = _FIBRILLATION


@kernel
def condition_measure(s: Any, rpeak: Any) -> None:
    """Add a step, one of two, to the present block."""
    i = to_int(s.at)
    value = to_int(rpeak.history[(to_int(rpeak.steps) - 1) % RPEAK_RING_STEPS])
    change = abs(value - to_int(rpeak.history[(to_int(rpeak.steps) - 2) % RPEAK_RING_STEPS]))
    s.sum[i] = s.sum[i] + abs(value)
    s.change_sum[i] = s.change_sum[i] + change
    s.top[i] = max(abs(value), to_int(s.top[i]))
    s.change_top[i] = max(change, to_int(s.change_top[i]))
    s.integral_top[i] = max(to_int(rpeak.integral), to_int(s.integral_top[i]))


@kernel
def condition_is_quiet(s: Any, rpeak: Any) -> bool:
    """Whether nothing near the last beats' height has come in the last blocks."""
    top = 0
    for back in range(CONDITION_QUIET_BLOCKS):
        top = max(top, to_int(s.integral_top[condition_block_back(s, back)]))
    if condition_is_wavy(s, CONDITION_QUIET_BLOCKS, CONDITION_FULL_Q10):
        return False  # the beginning of fibrillation, not known as such yet
    if top < 2 * RPEAK_MINIMUM_PEAK:
        return True
    return bool(rpeak_log2(top) < rpeak.beat_peak_q10 - CONDITION_QUIET_Q10)


@kernel
def condition_end_block(s: Any, rpeak: Any) -> None:
    """The present block is full: judge, and begin the next."""
    s.block_steps = 0
    s.filled = min(to_int(s.filled) + 1, CONDITION_BLOCKS)
    condition_judge(s, rpeak)
    s.at = (to_int(s.at) + 1) % CONDITION_BLOCKS
    condition_clear(s, to_int(s.at))


@kernel
def condition_beat(s: Any, step: int, unsure: bool, doubtful: bool) -> None:
    """There was a beat at this step of the detector's.

    An unsure one does not end a silence, but it is no pause any more; after a doubtful one silence is never
    called one.
    """
    s.doubtful = 0
    if doubtful:
        s.doubtful = 1
    if unsure and (s.held & (_PAUSE | _UNREADABLE)) != 0:
        s.held = _UNREADABLE
        return
    s.beats = min(to_int(s.beats) + 1, _UINT8_MAX)
    s.silent_from = step
    s.held = s.held & _FIBRILLATION


@kernel
def condition_look(s: Any, rpeak: Any) -> None:
    """Look at what was measured."""
    if s.block_steps >= CONDITION_BLOCK_STEPS:
        condition_end_block(s, rpeak)
    silent = rpeak_since(rpeak.steps, s.silent_from)
    running = silent >= PAUSE_STEPS + _FOUND_STEPS and silent < _NOT_YET
    wave = rpeak.waiting == 1 or rpeak.lobe_peak > RPEAK_MINIMUM_PEAK
    coming = s.doubtful == 0 and wave and silent < PAUSE_STEPS + 3 * _FOUND_STEPS
    if running and not coming and (s.held & _FIBRILLATION) == 0:
        s.beats = 0
        s.held = _UNREADABLE
        if s.doubtful == 0 and condition_is_quiet(s, rpeak):
            s.held = _PAUSE


@kernel
def condition_step(s: Any, rpeak: Any) -> bool:
    """Follow a detector step; True where fibrillation is suspected from now on."""
    if to_int(rpeak.steps) & 1 != 0:
        return False
    condition_measure(s, rpeak)
    s.block_steps = to_int(s.block_steps) + 2
    if to_int(s.block_steps) % CONDITION_LOOK_STEPS != 0:
        return False
    before = to_int(s.held)
    condition_look(s, rpeak)
    return bool((s.held & _FIBRILLATION) != 0 and (before & _FIBRILLATION) == 0)
