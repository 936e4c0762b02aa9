"""Takes pacing spikes and single wrong samples out before the filters smear them. Twin of ``ecg_spike.c``."""

from __future__ import annotations

from typing import Any

from .fixed import kernel, to_int
from .intmath import clamp, floor_divide, shift_round
from .params import (
    HUM_50_HALF_Q8,
    HUM_50_SAMPLES,
    HUM_60_HALF_Q8,
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
#: Jumps are remembered until their surroundings are known.
_JUMPS = (2 << SPIKE_FAR_SAMPLES) - 1


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
def spike_half_period_q8(s: Any) -> int:
    """Half a period of the hum that there is, samples, 8 fraction bits."""
    if s.hum == 2:
        return HUM_60_HALF_Q8
    return HUM_50_HALF_Q8


@kernel
def spike_earlier(s: Any, age: int, q8: int) -> int:
    """Signal ``q8`` / 256 samples before the sample of this age, between two samples."""
    part = q8 & 255
    at = age + (q8 >> 8)
    return shift_round(spike_back(s, at) * (256 - part) + spike_back(s, at + 1) * part, 8)


@kernel
def spike_hum_at(s: Any, age: int) -> int:
    """What hum there is in the sample of this age, with what else there was a period before; or 0."""
    if s.hum == 0:
        return 0
    return spike_earlier(s, age, 2 * spike_half_period_q8(s))


@kernel
def spike_clear(s: Any, age: int) -> int:
    """Sample ``age`` before the newest, hum taken off: a spike is in it, and once more a period later."""
    return spike_back(s, age) - spike_hum_at(s, age)


@kernel
def spike_first_clear(s: Any) -> int:
    """Age from which on a spike in the middle is not in :func:`spike_clear` a second time, a period later."""
    if s.hum == 0:
        return 0
    period = spike_half_period_q8(s) >> 7
    return max(SPIKE_FAR_SAMPLES + SPIKE_NEAR_SAMPLES - period, 0)


@kernel
def spike_stands_out(s: Any, height: int) -> bool:
    """Whether what stands out by ``height`` in the middle stands out of all its surroundings."""
    first = spike_first_clear(s)
    low = spike_clear(s, first)
    high = low
    for age in range(first, 2 * SPIKE_FAR_SAMPLES + 1):
        if abs(age - SPIKE_FAR_SAMPLES) >= SPIKE_NEAR_SAMPLES:
            low = min(low, spike_clear(s, age))
            high = max(high, spike_clear(s, age))
    return bool(2 * height > (high - low) * SPIKE_RATIO_HALVES)


@kernel
def spike_take_out(s: Any) -> None:
    """Draw a straight line through a spike; a large one rings after it."""
    height = 0
    base = spike_clear(s, SPIKE_FAR_SAMPLES + SPIKE_NEAR_SAMPLES)
    for age in range(SPIKE_FAR_SAMPLES + 1 - SPIKE_NEAR_SAMPLES, SPIKE_FAR_SAMPLES + SPIKE_NEAR_SAMPLES):
        height = max(height, abs(spike_clear(s, age) - base))
    first = SPIKE_FAR_SAMPLES - SPIKE_NEAR_SAMPLES - 1
    if height > SPIKE_LARGE_ADU:
        first = spike_first_clear(s)
    width = SPIKE_FAR_SAMPLES + SPIKE_NEAR_SAMPLES + 1 - first
    after = spike_clear(s, first)
    rise = spike_clear(s, first + width) - after
    for i in range(1, width):
        value = after + floor_divide(rise * i, width) + spike_hum_at(s, first + i)
        s.ring[(to_int(s.index) - 1 - first - i) & _MASK] = clamp(value, -32767, 32767)


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
    """Whether the signal, which has risen by ``height``, is still on both sides."""
    if height <= SPIKE_MINIMUM_ADU:
        return False
    first = SPIKE_FAR_SAMPLES + SPIKE_NEAR_SAMPLES
    before = spike_range(s, first, first + SPIKE_FAR_SAMPLES + 1)
    after = spike_range(s, 0, SPIKE_FAR_SAMPLES + 1)
    return bool(max(before, after) * SPIKE_STEP_RATIO <= height)


@kernel
def spike_look(s: Any) -> int:
    """Look at the sample SPIKE_FAR_SAMPLES before the newest, which jumped; answers SPIKE_*."""
    middle = spike_clear(s, SPIKE_FAR_SAMPLES)
    before = middle - spike_clear(s, SPIKE_FAR_SAMPLES + SPIKE_NEAR_SAMPLES)
    after = middle - spike_clear(s, SPIKE_FAR_SAMPLES - SPIKE_NEAR_SAMPLES)
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
    s.jumps = ((to_int(s.jumps) << 1) | jumped) & _JUMPS
    if (to_int(s.jumps) >> SPIKE_FAR_SAMPLES) & 1 == 0 and s.hum == 0:  # hum may hide a jump
        return SPIKE_NONE
    return spike_look(s)


@kernel
def spike_output(s: Any) -> int:
    """Sample that goes on, adu: SPIKE_DELAY_SAMPLES before the newest, without spikes and hum."""
    output = spike_back(s, SPIKE_DELAY_SAMPLES)
    if s.hum == 0:
        return output
    # Half a period before it is the other way round.
    return shift_round(output + spike_earlier(s, SPIKE_DELAY_SAMPLES, spike_half_period_q8(s)), 1)


@kernel
def spike_bend(s: Any) -> int:
    """Largest second difference over half a period of the mains: four times the amplitude of hum, adu."""
    most = 0
    for age in range(HUM_PHASES):
        ends = spike_back(s, age) + spike_back(s, age + 2 * HUM_SPAN_SAMPLES)
        most = max(most, abs(ends - 2 * spike_back(s, age + HUM_SPAN_SAMPLES)))
    return most


@kernel
def spike_for_60(s: Any) -> int:
    """By how much the signal is more like that a period of 60 Hz before than one of 50 Hz, adu."""
    total = 0
    for age in range(HUM_PHASES):
        here = spike_back(s, age)
        total += abs(here - spike_back(s, age + HUM_50_SAMPLES)) - abs(
            here - spike_back(s, age + HUM_60_SAMPLES)
        )
    return total


@kernel
def spike_look_for_hum(s: Any) -> None:
    """Look whether there is hum of the mains in the last samples; to be called now and then."""
    seen = spike_bend(s) >= HUM_MINIMUM_ADU
    change = -2
    if seen:
        change = 1
        vote = -1
        if spike_for_60(s) > 0:
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
