"""Judges the raw input: missing, saturated, flat. Twin of ``ecg_input.c``."""

from __future__ import annotations

from typing import Any

from .fixed import kernel, to_int
from .intmath import clamp
from .params import (
    BAD_RESET_SAMPLES,
    FLAT_SAMPLES,
    FLAT_TOLERANCE_ADU,
    RECOVER_SAMPLES,
    RESTART_SAMPLES,
)

#: The value of a missing sample (lead off); the same as WFDB's for 16-bit signals.
MISSING = -32768

#: Rails where nothing else is known: the ends of the 16-bit range.
RAIL_LOW = -32767
RAIL_HIGH = 32767

#: What :func:`input_step` answers.
INPUT_SKIP = 0  # a long bad stretch: nothing to filter
INPUT_RUN = 1  # filter `hold`
INPUT_RESTART = 2  # start filter and detector anew at `hold`

_SATURATED = 2
_LEAD_OFF = 4


@kernel
def input_set_rails(s: Any, low: int, high: int) -> None:
    """Set the rails, adu: a sample at or beyond one is saturated; the ends of the range if low >= high."""
    valid = low < high and low > MISSING
    s.rail_low = RAIL_LOW
    s.rail_high = RAIL_HIGH
    if valid:
        s.rail_low = low
        s.rail_high = high


@kernel
def input_flags(s: Any, x: int) -> int:
    """Judge one sample, update ``hold`` and the flat stretch; 0 = good, else FLAG_* bits."""
    if x == MISSING:
        return _LEAD_OFF
    flags = 0
    if x >= s.rail_high or x <= s.rail_low:
        flags = _SATURATED
    value = clamp(x, to_int(s.rail_low), to_int(s.rail_high))
    difference = value - s.flat_start
    if difference >= -FLAT_TOLERANCE_ADU and difference <= FLAT_TOLERANCE_ADU:
        if s.flat_count < FLAT_SAMPLES:
            s.flat_count = s.flat_count + 1
    else:
        s.flat_start = value
        s.flat_count = 0
    if s.flat_count >= FLAT_SAMPLES and flags == 0:
        flags = _LEAD_OFF
    s.hold = value
    return flags


@kernel
def input_step(s: Any, x: int) -> int:
    """Take one raw sample ``x`` (int16, adu; MISSING = none); answers INPUT_*.

    Short bad stretches are bridged (a missing sample by the last good one, a saturated one clamped);
    after BAD_RESET_SAMPLES of them the chain rests, and starts anew with the next good sample.
    """
    flags = input_flags(s, x)
    if flags != 0:
        s.bad_count = clamp(to_int(s.bad_count) + 1, 0, BAD_RESET_SAMPLES)
        s.recover_flags = s.recover_flags | flags
        s.recover_count = RECOVER_SAMPLES
        if s.bad_count >= BAD_RESET_SAMPLES or s.primed == 0:
            s.primed = 0
            return INPUT_SKIP
        return INPUT_RUN
    s.bad_count = 0
    if s.recover_count > 0:
        s.recover_count = to_int(s.recover_count) - 1
        if s.recover_count == 0:
            s.recover_flags = 0
    if s.primed == 0:
        s.primed = 1
        if s.recover_flags != 0:
            s.recover_count = RESTART_SAMPLES
        return INPUT_RESTART
    return INPUT_RUN
