"""Width, area and slope of a window's QRS complex. Twin of ``ecg_outline.c``."""

from __future__ import annotations

from typing import Any

from .fixed import kernel, to_int
from .intmath import floor_divide, isqrt
from .likeness import stretch_mean
from .params import OUTLINE_END_GRID, OUTLINE_FIRST_GRID, WINDOW_SAMPLES

_COUNT = OUTLINE_END_GRID - OUTLINE_FIRST_GRID


@kernel
def outline_heights(o: Any, window: Any, first: int) -> None:
    """Highest, lowest, size and area of the part about the window's mean; the steepest slope."""
    base = stretch_mean(window, first, WINDOW_SAMPLES)
    high = -65536
    low = 65536
    area = 0
    steepest = 1
    for k in range(OUTLINE_FIRST_GRID, OUTLINE_END_GRID):
        value = to_int(window[first + k]) - base
        high = max(high, value)
        low = min(low, value)
        area += abs(value)
        steepest = max(steepest, abs(to_int(window[first + k + 1]) - to_int(window[first + k - 1])))
    o.size = max(high - low, 1)
    o.polarity_q6 = floor_divide((high + low) << 6, to_int(o.size))
    o.area = max(area, 1)
    o.area_peak_q3 = floor_divide(area << 3, max(max(high, -low), 1))
    o.steepest = steepest
    o.slope_q7 = floor_divide(min(steepest, to_int(o.size)) << 7, to_int(o.size))


@kernel
def outline_width(o: Any, window: Any, first: int) -> None:
    """Samples between the first and last slope above a fifth of the steepest, and the slopes' spread.

    The spread is the standard deviation of the position, weighted by the squared slope.
    """
    shift = 0
    while (to_int(o.steepest) >> shift) > 63:
        shift += 1
    begin = -1
    end = -1
    energy = 0
    moment = 0
    for k in range(_COUNT):
        at = first + OUTLINE_FIRST_GRID + k
        slope = abs(to_int(window[at + 1]) - to_int(window[at - 1]))
        if 5 * slope > to_int(o.steepest):
            if begin < 0:
                begin = k
            end = k
        e = ((slope >> shift) * (slope >> shift)) >> 2
        energy += e
        moment += e * k
    o.width = end - begin + 1
    if energy == 0:
        energy = 1
    centre_q2 = floor_divide(moment << 2, energy)
    total_q4 = 0
    for k in range(_COUNT):
        at = first + OUTLINE_FIRST_GRID + k
        slope = abs(to_int(window[at + 1]) - to_int(window[at - 1]))
        e = ((slope >> shift) * (slope >> shift)) >> 2
        d = 4 * k - centre_q2
        total_q4 += e * d * d
    o.spread_q6 = isqrt(floor_divide(total_q4, energy) << 8)


@kernel
def outline_measure(o: Any, window: Any, first: int) -> None:
    """All measures of the window that begins at ``window[first]``."""
    outline_heights(o, window, first)
    outline_width(o, window, first)
