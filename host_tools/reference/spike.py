"""Takes pacing spikes and single wrong samples out before the filters smear them. Twin of ``ecg_spike.c``."""

from __future__ import annotations

from typing import Any

from .fixed import kernel, to_int
from .intmath import clamp, floor_divide, shift_round
from .params import (
    HUM_50_HALF_SAMPLES,
    HUM_50_PART_Q8,
    HUM_50_SAMPLES,
    HUM_60_HALF_SAMPLES,
    HUM_60_PART_Q8,
    HUM_60_SAMPLES,
    HUM_MINIMUM_ADU,
    HUM_PHASES,
    HUM_SEEN_ENOUGH,
    HUM_SEEN_MOST,
    HUM_SPAN_SAMPLES,
    SPIKE_DELAY_SAMPLES,
    SPIKE_FAR_SAMPLES,
    SPIKE_LARGE_ADU,
    SPIKE_MINIMUM_ADU,
    SPIKE_NEAR_SAMPLES,
    SPIKE_RATIO_HALVES,
    SPIKE_RING,
    SPIKE_STEP_RATIO,
)

#: What :func:`spike_step` answers.
SPIKE_NONE = 0
SPIKE_OUT = 1  # a spike was taken out
SPIKE_STEP = 2  # there is a step, as electrodes make

_MASK = SPIKE_RING - 1
_UINT16 = 0xFFFF


@kernel
def spike_prime(s: Any, x: int) -> None:
    """Begin with a signal that has been ``x`` (adu) so far."""
    for i in range(SPIKE_RING):
        s.ring[i] = x
    s.jumps = 0
    s.hum = 0
    s.hum_seen = 0
    s.hum_balance = 0


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
def spike_range(s: Any, first: int, end: int) -> int:
    """Highest minus lowest of the samples from age ``first`` to before ``end``."""
    low = spike_back(s, first)
    high = low
    for age in range(first + 1, end):
        low = min(low, spike_back(s, age))
        high = max(high, spike_back(s, age))
    return high - low


@kernel
def spike_is_step(s: Any, height: int) -> bool:
    """Whether the signal, which has risen by ``height``, is still on both sides, or was stuck before."""
    if height <= SPIKE_MINIMUM_ADU:
        return False
    before = spike_range(
        s, SPIKE_FAR_SAMPLES + SPIKE_NEAR_SAMPLES, 2 * SPIKE_FAR_SAMPLES + SPIKE_NEAR_SAMPLES + 1
    )
    after = spike_range(s, 0, SPIKE_FAR_SAMPLES + 1)
    return bool(before == 0 or max(before, after) * SPIKE_STEP_RATIO <= height)


@kernel
def spike_look(s: Any) -> int:
    """Look at the sample SPIKE_FAR_SAMPLES before the newest, which jumped; answers SPIKE_*."""
    middle = spike_back(s, SPIKE_FAR_SAMPLES)
    before = middle - spike_back(s, SPIKE_FAR_SAMPLES + SPIKE_NEAR_SAMPLES)
    after = middle - spike_back(s, SPIKE_FAR_SAMPLES - SPIKE_NEAR_SAMPLES)
    above = before > SPIKE_MINIMUM_ADU and after > SPIKE_MINIMUM_ADU
    below = before < -SPIKE_MINIMUM_ADU and after < -SPIKE_MINIMUM_ADU
    if (above or below) and spike_stands_out(s, min(abs(before), abs(after))):
        spike_take_out(s)
        return SPIKE_OUT
    if spike_is_step(s, abs(before)):
        return SPIKE_STEP
    return SPIKE_NONE


@kernel
def spike_step(s: Any, x: int) -> int:
    """Take a sample, adu; tells what was found SPIKE_FAR_SAMPLES before it, SPIKE_*.

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
        return SPIKE_NONE
    return spike_look(s)


@kernel
def spike_output(s: Any) -> int:
    """Newest sample that has passed, adu, without hum: its mean with the one half a period before it."""
    newest = spike_back(s, SPIKE_DELAY_SAMPLES)
    if s.hum == 0:
        return newest
    age = SPIKE_DELAY_SAMPLES + HUM_50_HALF_SAMPLES
    part = HUM_50_PART_Q8
    if s.hum == 2:
        age = SPIKE_DELAY_SAMPLES + HUM_60_HALF_SAMPLES
        part = HUM_60_PART_Q8
    half = spike_back(s, age) * (256 - part) + spike_back(s, age + 1) * part
    return shift_round(newest * 256 + half, 9)


@kernel
def spike_bend(s: Any) -> int:
    """Largest second difference over half a period of the mains: four times the amplitude of hum, adu."""
    most = 0
    for age in range(HUM_PHASES):
        ends = spike_back(s, age) + spike_back(s, age + 2 * HUM_SPAN_SAMPLES)
        most = max(most, abs(ends - 2 * spike_back(s, age + HUM_SPAN_SAMPLES)))
    return most


@kernel
def spike_look_for_hum(s: Any) -> None:
    """Look whether there is hum of the mains in the last samples; to be called now and then."""
    seen = spike_bend(s) >= HUM_MINIMUM_ADU
    change = -2
    if seen:
        change = 1
        # A period later it is the same again.
        at_50 = abs(spike_back(s, 0) - spike_back(s, HUM_50_SAMPLES))
        at_60 = abs(spike_back(s, 0) - spike_back(s, HUM_60_SAMPLES))
        vote = -1
        if at_60 < at_50:
            vote = 1
        s.hum_balance = clamp(to_int(s.hum_balance) + vote, -HUM_SEEN_MOST, HUM_SEEN_MOST)
    s.hum_seen = clamp(to_int(s.hum_seen) + change, 0, HUM_SEEN_MOST)
    if s.hum_seen >= HUM_SEEN_ENOUGH:
        s.hum = 1
        if s.hum_balance > 0:
            s.hum = 2
    elif s.hum_seen == 0:
        s.hum = 0
        s.hum_balance = 0
