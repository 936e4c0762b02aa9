"""The beat window on the network's grid, and its statistics. Twin of ``ecg_window.c``."""

from __future__ import annotations

from typing import Any

from .fixed import kernel, to_int
from .intmath import clamp, floor_divide, isqrt, shift_round
from .params import (
    GRID_RECIPROCAL_Q16,
    GRID_SPAN_SAMPLES,
    GRID_STEP_Q16,
    INPUT_FRAC_BITS,
    MINIMUM_SD,
    QRS_END_GRID,
    QRS_FIRST_GRID,
    RING_SAMPLES,
    WINDOW_BEFORE_GRID,
    WINDOW_SAMPLES,
)


@kernel
def ring_read(ring: Any, ring_index: int, age: int) -> int:
    """Filtered sample ``age`` samples before the newest; ages outside the ring give its ends."""
    position = to_int(ring_index) - 1 - clamp(age, 0, RING_SAMPLES - 1)
    if position < 0:
        position += RING_SAMPLES
    return to_int(ring[position])


@kernel
def window_extract(ring: Any, ring_index: int, r_age: int, window: Any) -> None:
    """Copy the window around the R peak ``r_age`` samples before the newest into ``window``.

    Each of the WINDOW_SAMPLES grid samples is the mean of the GRID_SPAN_SAMPLES samples around it.
    """
    for k in range(WINDOW_SAMPLES):
        offset = shift_round((k - WINDOW_BEFORE_GRID) * GRID_STEP_Q16, 16)
        age = r_age - offset + (GRID_SPAN_SAMPLES >> 1)
        total = 0
        for i in range(GRID_SPAN_SAMPLES):
            total += ring_read(ring, ring_index, age - i)
        window[k] = clamp(shift_round(total * GRID_RECIPROCAL_Q16, 16), -32768, 32767)


@kernel
def window_mean(window: Any) -> int:
    """Mean of a window, rounded down."""
    total = 0
    for k in range(WINDOW_SAMPLES):
        total += to_int(window[k])
    return floor_divide(total, WINDOW_SAMPLES)


@kernel
def window_sd(window: Any, mean: int) -> int:
    """Standard deviation of a window about ``mean``, rounded down, at least MINIMUM_SD.

    Deviations over 12 bits are shifted right first, so that the sum of squares fits 32 bits.
    """
    largest = 0
    for k in range(WINDOW_SAMPLES):
        largest = max(largest, abs(to_int(window[k]) - mean))
    shift = 0
    while (largest >> shift) > 4095:
        shift += 1
    total = 0
    for k in range(WINDOW_SAMPLES):
        d = (to_int(window[k]) - mean) >> shift
        total += d * d
    sd = isqrt(total // WINDOW_SAMPLES) << shift
    if sd < MINIMUM_SD:
        return MINIMUM_SD
    return sd


@kernel
def window_noise_q8(window: Any, sd: int) -> int:
    """Roughness of a window outside the QRS part: mean |second difference| (each at most ``sd``) / ``sd``.

    Muscle noise and moving electrodes are rough on the grid's scale, P and T waves are not; 0..256.
    """
    total = 0
    count = 0
    for k in range(1, WINDOW_SAMPLES - 1):
        if k < QRS_FIRST_GRID or k >= QRS_END_GRID:
            total += min(abs(to_int(window[k - 1]) - 2 * to_int(window[k]) + to_int(window[k + 1])), sd)
            count += 1
    return floor_divide(total << 8, count * sd)


@kernel
def quantise(deviation: int, sd: int, reciprocal_q16: int) -> int:
    """``deviation / sd`` with INPUT_FRAC_BITS, rounded, saturated to int8."""
    limit = sd << (8 - INPUT_FRAC_BITS)
    return clamp(shift_round(clamp(deviation, -limit, limit) * reciprocal_q16, 16), -128, 127)


@kernel
def window_quantise(window: Any, template: Any, sd: int, out: Any, first: int) -> None:
    """Write the beat input from ``out[first]`` on: window and window minus template, interleaved.

    Both without their means, divided by ``sd``, int8 with INPUT_FRAC_BITS.
    """
    reciprocal_q16 = (1 << (16 + INPUT_FRAC_BITS)) // sd
    mean = window_mean(window)
    difference_mean = mean - window_mean(template)
    for k in range(WINDOW_SAMPLES):
        w = to_int(window[k])
        out[first + 2 * k] = quantise(w - mean, sd, reciprocal_q16)
        difference = w - to_int(template[k]) - difference_mean
        out[first + 2 * k + 1] = quantise(difference, sd, reciprocal_q16)
