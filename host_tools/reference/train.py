"""Regular trains of like waves, as tachycardia is one. Twin of ``ecg_train.c``."""

from __future__ import annotations

from typing import Any

from .fixed import kernel, to_int
from .params import (
    TRAIN_DECAY_SHIFT,
    TRAIN_DECAY_STEPS,
    TRAIN_FAST_STEPS,
    TRAIN_FIT_Q8,
    TRAIN_FORGET_STEPS,
    TRAIN_HOLD_STEPS,
    TRAIN_LONGEST_STEPS,
    TRAIN_LOST_Q2,
    TRAIN_LOWER_Q8,
    TRAIN_MERGE_STEPS,
    TRAIN_SHORTEST_STEPS,
    TRAIN_SIDE_Q8,
    TRAIN_WAVES,
)

#: Steps since a wave are counted up to here.
_DISTANCE_MAX = 4096
_UINT8_MAX = 255
_UINT32 = 0xFFFFFFFF


@kernel
def train_distance(later: int, earlier: int) -> int:
    """Steps from ``earlier`` to ``later``, both modulo 2^32."""
    return (to_int(later) - to_int(earlier)) & _UINT32


@kernel
def train_end_wave(w: Any) -> None:
    """End a wave, which goes on with the train or not."""
    distance = min(train_distance(w.at, w.last_at), _DISTANCE_MAX)
    spacing = distance << 4
    level = to_int(w.level)
    peak = to_int(w.peak)
    fit_q8 = TRAIN_FIT_Q8
    if w.count >= TRAIN_WAVES:
        fit_q8 = 2 * TRAIN_FIT_Q8
    alike = peak > ((level * TRAIN_LOWER_Q8) >> 8) and peak < 2 * level
    if not alike or distance < TRAIN_SHORTEST_STEPS or distance > TRAIN_LONGEST_STEPS:
        w.count = 0
        w.beats = 0
    elif w.count == 0 or abs(spacing - w.spacing) > ((to_int(w.spacing) * fit_q8) >> 8) + 16:
        w.count = 1
        w.beats = 0
        w.spacing = spacing
    else:
        w.count = min(to_int(w.count) + 1, _UINT8_MAX)
        w.spacing = w.spacing + ((spacing - w.spacing) >> 2)
    if distance > TRAIN_FORGET_STEPS:
        level = peak
    w.level = level + ((peak - level) >> 1)
    w.last_at = w.at
    w.peak = 0


@kernel
def train_step_side(w: Any, value: int, step: int) -> bool:
    """Follow one side; True where a wave has ended."""
    level = to_int(w.level)
    if value > w.peak and value > level >> 1:
        notch = w.peak == 0 and value <= level and train_distance(step, w.last_at) < TRAIN_MERGE_STEPS
        if not notch:
            w.peak = value
            w.at = step
        return False
    if w.peak == 0 or value >= to_int(w.peak) >> 2 or train_distance(step, w.at) < TRAIN_HOLD_STEPS:
        return False
    train_end_wave(w)
    return True


@kernel
def train_step(s: Any, enhanced: int, step: int) -> int:
    """Take the enhancer's value of a step; bit i is set where a wave of side i has ended."""
    if step & (TRAIN_DECAY_STEPS - 1) == 0:
        s.above.level = s.above.level - (to_int(s.above.level) >> TRAIN_DECAY_SHIFT)
        s.below.level = s.below.level - (to_int(s.below.level) >> TRAIN_DECAY_SHIFT)
    ended = 0
    if train_step_side(s.above, enhanced, step):
        ended |= 1
    if train_step_side(s.below, -enhanced, step):
        ended |= 2
    return ended


@kernel
def train_beat(s: Any) -> None:
    """The detector has found a beat."""
    s.above.beats = min(to_int(s.above.beats) + 1, _UINT8_MAX)
    s.below.beats = min(to_int(s.below.beats) + 1, _UINT8_MAX)


@kernel
def train_missed(w: Any, other: Any) -> bool:
    """Whether the waves of a side are a train in which the detector has missed beats."""
    main_side = w.level > ((to_int(other.level) * TRAIN_SIDE_Q8) >> 8)
    fast = w.spacing <= TRAIN_FAST_STEPS << 4
    return bool(w.count >= TRAIN_WAVES and main_side and fast and to_int(w.beats) + 2 < w.count)


@kernel
def train_side(s: Any, ended: int) -> int:
    """Side of a train whose wave has just ended and in which the detector has missed beats, or -1."""
    if (ended & 1) != 0 and train_missed(s.above, s.below):
        return 0
    if (ended & 2) != 0 and train_missed(s.below, s.above):
        return 1
    return -1


@kernel
def train_lost(w: Any, ended: bool, step: int) -> bool:
    """Whether the train of a side is over; ``ended``: a wave of it has just ended."""
    silent = train_distance(step, w.last_at)
    return bool(silent << 6 > to_int(w.spacing) * TRAIN_LOST_Q2 or (ended and w.count < 2))
