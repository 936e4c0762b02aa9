"""Takes pacing spikes and single wrong samples out before the filters smear them. Twin of ``ecg_spike.c``."""

from __future__ import annotations

from typing import Any

from .fixed import kernel, to_int
from .intmath import floor_divide
from .params import (
    SPIKE_DELAY_SAMPLES,
    SPIKE_FAR_SAMPLES,
    SPIKE_LARGE_ADU,
    SPIKE_MINIMUM_ADU,
    SPIKE_NEAR_SAMPLES,
    SPIKE_RATIO_HALVES,
    SPIKE_RING,
)

_MASK = SPIKE_RING - 1
_UINT16 = 0xFFFF


@kernel
def spike_prime(s: Any, x: int) -> None:
    """Begin with a signal that has been ``x`` (adu) so far."""
    for i in range(SPIKE_RING):
        s.ring[i] = x
    s.jumps = 0


@kernel
def spike_back(s: Any, age: int) -> int:
    """Sample ``age`` before the newest."""
    return to_int(s.ring[(to_int(s.index) - 1 - age) & _MASK])


@kernel
def spike_stands_out(s: Any, height: int) -> bool:
    """Whether what stands out by ``height`` in the middle stands out of all its surroundings."""
    low = spike_back(s, 0)
    high = low
    for age in range(2 * SPIKE_FAR_SAMPLES + 1):
        if abs(age - SPIKE_FAR_SAMPLES) >= SPIKE_NEAR_SAMPLES:
            low = min(low, spike_back(s, age))
            high = max(high, spike_back(s, age))
    return bool(2 * height > (high - low) * SPIKE_RATIO_HALVES)


@kernel
def spike_take_out(s: Any) -> None:
    """Draw a straight line through a spike; a large one rings after it."""
    height = 0
    base = spike_back(s, SPIKE_FAR_SAMPLES + SPIKE_NEAR_SAMPLES)
    for age in range(SPIKE_FAR_SAMPLES + 1 - SPIKE_NEAR_SAMPLES, SPIKE_FAR_SAMPLES + SPIKE_NEAR_SAMPLES):
        height = max(height, abs(spike_back(s, age) - base))
    first = SPIKE_FAR_SAMPLES - SPIKE_NEAR_SAMPLES - 1
    if height > SPIKE_LARGE_ADU:
        first = 0
    width = SPIKE_FAR_SAMPLES + SPIKE_NEAR_SAMPLES + 1 - first
    after = spike_back(s, first)
    rise = spike_back(s, first + width) - after
    for i in range(1, width):
        s.ring[(to_int(s.index) - 1 - first - i) & _MASK] = after + floor_divide(rise * i, width)


@kernel
def spike_look(s: Any) -> bool:
    """Look at the sample SPIKE_FAR_SAMPLES before the newest, which jumped; take it out if it is a spike."""
    middle = spike_back(s, SPIKE_FAR_SAMPLES)
    before = middle - spike_back(s, SPIKE_FAR_SAMPLES + SPIKE_NEAR_SAMPLES)
    after = middle - spike_back(s, SPIKE_FAR_SAMPLES - SPIKE_NEAR_SAMPLES)
    above = before > SPIKE_MINIMUM_ADU and after > SPIKE_MINIMUM_ADU
    below = before < -SPIKE_MINIMUM_ADU and after < -SPIKE_MINIMUM_ADU
    if not (above or below) or not spike_stands_out(s, min(abs(before), abs(after))):
        return False
    spike_take_out(s)
    return True


@kernel
def spike_step(s: Any, x: int) -> bool:
    """Take a sample, adu; True where a spike was taken out SPIKE_FAR_SAMPLES before it.

    The sample to go on with is :func:`spike_output`'s.
    """
    jump = x - spike_back(s, SPIKE_NEAR_SAMPLES - 1)
    jumped = 0
    if jump > SPIKE_MINIMUM_ADU or jump < -SPIKE_MINIMUM_ADU:
        jumped = 1
    s.ring[s.index] = x
    s.index = (to_int(s.index) + 1) & _MASK
    s.jumps = ((to_int(s.jumps) << 1) | jumped) & _UINT16
    if (to_int(s.jumps) >> SPIKE_FAR_SAMPLES) & 1 == 0:
        return False
    return spike_look(s)


@kernel
def spike_output(s: Any) -> int:
    """Newest sample that has passed, adu."""
    return spike_back(s, SPIKE_DELAY_SAMPLES)
