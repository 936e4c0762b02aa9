"""Signal quality: an index for each beat, and whether the lead is off. Twin of ``ecg_quality.c``.

The index asks how unlike the patient's own dominant beat the signal is outside the QRS. An ectopic beat is
unlike it on one side at most, noise on both: the lesser of the two counts. Roughness adds to it, and the sum
is followed from beat to beat, so that one beat does not decide.
"""

from __future__ import annotations

from typing import Any

from .fixed import kernel, to_int
from .intmath import clamp, floor_divide
from .params import (
    BAD_RESET_SAMPLES,
    LEAD_BACK_SAMPLES,
    QRS_END_GRID,
    QRS_FIRST_GRID,
    QUALITY_FOLLOW_SHIFT,
    QUALITY_ROUGH_SHIFT,
    QUALITY_UNDECIDED_SQI,
    QUALITY_ZERO_Q8,
    WINDOW_SAMPLES,
)
from .window import window_mean

#: The index of a clean signal.
SQI_MAX = 100

_INPUT_BAD = 2 | 4  # saturated, lead off
_UNDECIDED = 16


@kernel
def quality_contact(s: Any, source: Any) -> int:
    """Follow the lead after a sample, while ``source`` (the input's state) has ``recover_count`` > 0.

    Returns the flags that all beats get that have not gone out yet: where the input is bad, its own,
    because what they are judged by may reach into it.
    """
    if source.bad_count == 0:
        if s.lead_off != 0:
            s.good_samples = to_int(s.good_samples) + 1
            if s.good_samples >= LEAD_BACK_SAMPLES:
                s.lead_off = 0
        return 0
    s.good_samples = 0
    if source.bad_count >= BAD_RESET_SAMPLES:
        s.lead_off = 1
    return to_int(source.recover_flags)


@kernel
def distance_q8(window: Any, dominant: Any, offset: int, sd: int, first: int, end: int) -> int:
    """Mean |window - dominant| from ``first`` to before ``end``, each at most ``sd``, over ``sd``; 0..256."""
    total = 0
    for k in range(first, end):
        total += min(abs(to_int(window[k]) - to_int(dominant[k]) - offset), sd)
    return floor_divide(total << 8, (end - first) * sd)


@kernel
def quality_measure(s: Any, window: Any, dominant: Any, known: bool, sd: int, roughness_q8: int) -> int:
    """Index of a beat from its window, 0..SQI_MAX.

    Not ``known``: there is no dominant beat yet, and roughness alone decides.
    """
    offset = window_mean(window) - window_mean(dominant)
    before = distance_q8(window, dominant, offset, sd, 0, QRS_FIRST_GRID)
    after = distance_q8(window, dominant, offset, sd, QRS_END_GRID, WINDOW_SAMPLES)
    distance = min(before, after)
    if not known:
        distance = roughness_q8
    unrest_q8 = distance + (roughness_q8 >> QUALITY_ROUGH_SHIFT)
    change = (unrest_q8 << 4) - to_int(s.unrest_q12)
    s.unrest_q12 = to_int(s.unrest_q12) + (change >> QUALITY_FOLLOW_SHIFT)
    sqi = SQI_MAX - floor_divide(SQI_MAX * to_int(s.unrest_q12), QUALITY_ZERO_Q8 << 4)
    return clamp(sqi, 0, SQI_MAX)


@kernel
def quality_mark(s: Any, beat: Any) -> None:
    """Last word on a beat that goes out: index 0 where its input was bad, and "undecided" where due."""
    if (beat.flags & _INPUT_BAD) != 0:
        beat.sqi = 0
    if beat.sqi < QUALITY_UNDECIDED_SQI:
        beat.flags = beat.flags | _UNDECIDED
    s.sqi = beat.sqi
