"""Memories of the RR intervals and the features made from them. Twin of ``ecg_rr.c``.

Four measures of what is usual: medians of the last 8 and 32 intervals, a slow mean, and a "high"
mean that rises fast and falls slowly, so that runs of premature beats do not become the usual.
"""

from __future__ import annotations

from typing import Any

from .fixed import kernel, to_int
from .intmath import clamp, divide_round, floor_divide, log2_q10, shift_round
from .params import (
    LOG_RATIO_FRAC_BITS,
    RR_CHANGE_Q8,
    RR_DEFAULT_SAMPLES,
    RR_HIGH_DOWN_SHIFT,
    RR_HIGH_FALL_Q8,
    RR_HIGH_TOP_Q8,
    RR_HIGH_UP_SHIFT,
    RR_LONG_BEATS,
    RR_LOW_Q8,
    RR_SHORT_BEATS,
    RR_SLOW_BEATS,
    RR_SLOW_TOP_Q8,
)

#: Features written by :func:`rr_features`.
RR_FEATURES = 15

_RATIO_SHIFT = 10 - LOG_RATIO_FRAC_BITS


@kernel
def ratio_feature(log2_q10: int) -> int:
    """log2 of a ratio with LOG_RATIO_FRAC_BITS, saturated to int8."""
    return clamp(shift_round(log2_q10, _RATIO_SHIFT), -128, 127)


@kernel
def sorted_remove(values: Any, count: int, old: int) -> None:
    """Take ``old``, which is there, out of the first ``count`` ascending values."""
    position = 0
    while to_int(values[position]) != old:
        position += 1
    for i in range(position, count - 1):
        values[i] = values[i + 1]


@kernel
def sorted_insert(values: Any, count: int, new: int) -> None:
    """Put ``new`` among the first ``count`` ascending values, which become one more."""
    position = count
    while position > 0 and to_int(values[position - 1]) > new:
        values[position] = values[position - 1]
        position -= 1
    values[position] = new


@kernel
def history_push(h: Any, value: int) -> None:
    """Enter a value into a history: its ring and both sorted views."""
    count = to_int(h.count)
    index = to_int(h.index)
    if count >= RR_SHORT_BEATS:
        oldest = index - RR_SHORT_BEATS
        if oldest < 0:
            oldest += RR_LONG_BEATS
        sorted_remove(h.short_sorted, RR_SHORT_BEATS, to_int(h.ring[oldest]))
    sorted_insert(h.short_sorted, min(count, RR_SHORT_BEATS - 1), value)
    if count == RR_LONG_BEATS:
        sorted_remove(h.long_sorted, RR_LONG_BEATS, to_int(h.ring[index]))
        count -= 1
    sorted_insert(h.long_sorted, count, value)
    h.ring[index] = value
    h.count = count + 1
    index += 1
    if index == RR_LONG_BEATS:
        index = 0
    h.index = index


@kernel
def median_twice(values: Any, count: int) -> int:
    """Twice the median of the first ``count`` ascending values; 0 of none."""
    if count == 0:
        return 0
    return to_int(values[(count - 1) >> 1]) + to_int(values[count >> 1])


@kernel
def short_median_twice(h: Any) -> int:
    """Twice the median of the last RR_SHORT_BEATS values."""
    return median_twice(h.short_sorted, min(to_int(h.count), RR_SHORT_BEATS))


@kernel
def rr_usual(s: Any) -> int:
    """Median of the last RR intervals, samples; the default where there is none."""
    if s.intervals.count == 0:
        return RR_DEFAULT_SAMPLES
    return (short_median_twice(s.intervals) + 1) >> 1


@kernel
def rr_clip(rr_q12: int, mean_q12: int, high_q8: int) -> int:
    """An interval limited to RR_LOW_Q8 .. ``high_q8`` of a mean."""
    part = mean_q12 >> 8
    return clamp(rr_q12, part * RR_LOW_Q8, part * high_q8)


@kernel
def rr_push(s: Any, rr: int) -> None:
    """Enter the RR interval ``rr``, samples, 1..RR_MAX_SAMPLES, into all memories."""
    if s.last > 0:
        history_push(s.changes, abs(rr - to_int(s.last)))
    history_push(s.intervals, rr)
    s.last = rr
    value = rr << 12
    if s.beats == 0:
        s.slow_q12 = value
        s.high_q12 = value
    if s.beats < RR_SLOW_BEATS:
        s.beats = s.beats + 1
    slow = to_int(s.slow_q12)
    s.slow_q12 = slow + floor_divide(rr_clip(value, slow, RR_SLOW_TOP_Q8) - slow, max(to_int(s.beats), 8))
    high = to_int(s.high_q12)
    shift = RR_HIGH_DOWN_SHIFT
    if value > (high >> 8) * RR_HIGH_FALL_Q8:
        shift = RR_HIGH_UP_SHIFT
    if s.beats < 8:
        shift = 3
    s.high_q12 = high + ((rr_clip(value, high, RR_HIGH_TOP_Q8) - high) >> shift)


@kernel
def rr_share_changing(h: Any, limit: int) -> int:
    """How many of the history's values are above ``limit``."""
    count = to_int(h.count)
    above = 0
    while above < count and to_int(h.long_sorted[count - 1 - above]) > limit:
        above += 1
    return above


@kernel
def rr_features(s: Any, prev: int, following: int, out: Any, first: int) -> None:
    """Enter a beat and write its RR_FEATURES features from ``out[first]`` on.

    ``prev`` and ``following`` are the RR intervals before and after it, samples, at least 1.
    """
    before = to_int(s.last)
    if before == 0:
        before = prev
    rr_push(s, prev)
    long_twice = median_twice(s.intervals.long_sorted, to_int(s.intervals.count))
    short = log2_q10(short_median_twice(s.intervals) << 11)
    long = log2_q10(long_twice << 11)
    slow = log2_q10(to_int(s.slow_q12))
    high = log2_q10(to_int(s.high_q12))
    p = log2_q10(prev << 12)
    n = log2_q10(following << 12)
    s.prev_long_q10 = p - long
    s.prev_high_q10 = p - high
    s.next_long_q10 = n - long
    out[first] = ratio_feature(p - short)
    out[first + 1] = ratio_feature(n - short)
    out[first + 2] = ratio_feature(p - long)
    out[first + 3] = ratio_feature(n - long)
    out[first + 4] = ratio_feature(p - slow)
    out[first + 5] = ratio_feature(n - slow)
    out[first + 6] = ratio_feature(p - high)
    out[first + 7] = ratio_feature(n - high)
    out[first + 8] = ratio_feature(long - high)
    out[first + 9] = ratio_feature(n - p)
    out[first + 10] = ratio_feature(p - log2_q10(before << 12))
    out[first + 11] = ratio_feature(p - log2_q10(RR_DEFAULT_SAMPLES << 12))
    changes = to_int(s.changes.count)
    median_change = median_twice(s.changes.long_sorted, changes)
    out[first + 12] = clamp(divide_round(median_change << 8, long_twice), 0, 127)
    out[first + 13] = rr_share_changing(s.changes, (long_twice * RR_CHANGE_Q8) >> 9) * 127 // RR_LONG_BEATS
    out[first + 14] = clamp(divide_round(short_median_twice(s.changes) << 8, long_twice), 0, 127)
