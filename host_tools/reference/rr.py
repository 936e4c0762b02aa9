"""History of RR intervals. Twin of ``ecg_rr.c``."""

from __future__ import annotations

from typing import Any

from .fixed import kernel, to_int
from .intmath import clamp, divide_round
from .params import (
    RR_DEFAULT_SAMPLES,
    RR_LOCAL_BEATS,
    RR_SLOW_HIGH_Q8,
    RR_SLOW_LOW_Q8,
    RR_SLOW_SHIFT,
)


@kernel
def rr_local_mean_q4(s: Any) -> int:
    """Mean of the last RR intervals, samples with 4 fraction bits; the default where there is none."""
    if s.count == 0:
        return RR_DEFAULT_SAMPLES << 4
    total = 0
    for i in range(s.count):
        total += to_int(s.intervals[i])
    return divide_round(total << 4, to_int(s.count))


@kernel
def rr_slow_mean_q4(s: Any) -> int:
    """Slow mean of the RR intervals, samples with 4 fraction bits; the default where there is none."""
    if s.slow_q4 == 0:
        return RR_DEFAULT_SAMPLES << 4
    return to_int(s.slow_q4)


@kernel
def rr_irregularity_q8(s: Any, local_mean_q4: int) -> int:
    """Mean change from one RR interval to the next over the history, 256 = the local mean; 0..1023."""
    if s.count < 2:
        return 0
    total = 0
    # The ring is read from its oldest entry.
    position = 0
    if s.count == RR_LOCAL_BEATS:
        position = to_int(s.index)
    previous = to_int(s.intervals[position])
    for _ in range(s.count - 1):
        position += 1
        if position == RR_LOCAL_BEATS:
            position = 0
        change = to_int(s.intervals[position]) - previous
        if change < 0:
            change = -change
        total += change
        previous = to_int(s.intervals[position])
    mean_q12 = divide_round(total << 12, to_int(s.count) - 1)
    return clamp(divide_round(mean_q12, local_mean_q4), 0, 1023)


@kernel
def rr_update(s: Any, rr: int) -> None:
    """Enter the RR interval ``rr``, samples, 1..RR_MAX_SAMPLES."""
    s.intervals[s.index] = rr
    s.index = s.index + 1
    if s.index == RR_LOCAL_BEATS:
        s.index = 0
    if s.count < RR_LOCAL_BEATS:
        s.count = s.count + 1
    s.last = rr
    value = rr << 4
    if s.slow_q4 == 0:
        s.slow_q4 = value
    low = (to_int(s.slow_q4) * RR_SLOW_LOW_Q8) >> 8
    high = (to_int(s.slow_q4) * RR_SLOW_HIGH_Q8) >> 8
    s.slow_q4 = s.slow_q4 + ((clamp(value, low, high) - s.slow_q4) >> RR_SLOW_SHIFT)
