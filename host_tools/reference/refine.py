"""Puts the R peak on the filtered signal. Twin of ``ecg_refine.c``."""

from __future__ import annotations

from typing import Any

from .fixed import kernel
from .params import (
    REFINE_AFTER_SAMPLES,
    REFINE_BEFORE_SAMPLES,
    REFINE_POLARITY_Q8,
    REFINE_SPAN_SAMPLES,
    RING_SAMPLES,
)
from .window import ring_read


@kernel
def refine_sharpness(ring: Any, ring_index: int, age: int) -> int:
    """Second difference of the filtered signal at ``age``: positive on a peak, negative in a trough."""
    return (
        2 * ring_read(ring, ring_index, age)
        - ring_read(ring, ring_index, age - REFINE_SPAN_SAMPLES)
        - ring_read(ring, ring_index, age + REFINE_SPAN_SAMPLES)
    )


@kernel
def refine_r_peak(ring: Any, ring_index: int, centre_age: int, polarity: int, reach: int) -> int:
    """Find the R peak around ``centre_age``.

    Parameters
    ----------
    ring, ring_index
        Filtered samples.
    centre_age : int
        Samples from the newest sample back to the middle of the detector's lobe.
    polarity : int
        Running polarity of the R peaks, -256..256; the other one must be clearly larger to win.
    reach : int
        Farthest that it is looked for, samples.

    Returns
    -------
    int
        Age of the R peak times 2, plus 1 where it points down.
    """
    best = -1
    best_age = centre_age
    best_down = 0
    age = min(centre_age + min(reach, REFINE_BEFORE_SAMPLES), RING_SAMPLES - 1 - REFINE_SPAN_SAMPLES)
    last = max(centre_age - min(reach, REFINE_AFTER_SAMPLES), 0)
    while age >= last:
        value = refine_sharpness(ring, ring_index, age)
        down = 0
        if value < 0:
            down = 1
            value = -value
        if (down == 1) != (polarity < 0):
            value = (value * REFINE_POLARITY_Q8) >> 8
        if value > best:
            best = value
            best_age = age
            best_down = down
        age -= 1
    return 2 * best_age + best_down
