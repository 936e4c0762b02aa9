"""The running template of the dominant beat, and a beat's likeness to it. Twin of ``ecg_template.c``.

Idea: Hamilton's open-source analyser classifies by difference from the patient's own dominant
beat. Here one dominant template and one rival are kept; a rival that explains more beats takes over.
"""

from __future__ import annotations

from typing import Any

from .fixed import kernel, to_int
from .intmath import clamp, floor_divide, isqrt, log2_q10
from .params import (
    QRS_END_GRID,
    QRS_FIRST_GRID,
    TEMPLATE_LOUDER_HIGH_Q10,
    TEMPLATE_LOUDER_LOW_Q10,
    TEMPLATE_MATCH_Q7,
    TEMPLATE_SCORE_MAX,
    TEMPLATE_UPDATE_SHIFT,
    WINDOW_SAMPLES,
)

_QRS_SAMPLES = QRS_END_GRID - QRS_FIRST_GRID


@kernel
def qrs_mean(window: Any) -> int:
    """Mean of the QRS part, rounded down."""
    total = 0
    for k in range(QRS_FIRST_GRID, QRS_END_GRID):
        total += to_int(window[k])
    return floor_divide(total, _QRS_SAMPLES)


@kernel
def qrs_shift(window: Any, mean: int) -> int:
    """Right shift that brings the QRS part about ``mean`` into 9 bits, so that sums of products fit 32."""
    largest = 0
    for k in range(QRS_FIRST_GRID, QRS_END_GRID):
        largest = max(largest, abs(to_int(window[k]) - mean))
    shift = 0
    while (largest >> shift) > 511:
        shift += 1
    return shift


@kernel
def qrs_norm(window: Any, mean: int, shift: int) -> int:
    """Euclidean norm of the QRS part about ``mean``, shifted right by ``shift``; at least 1."""
    total = 1
    for k in range(QRS_FIRST_GRID, QRS_END_GRID):
        d = (to_int(window[k]) - mean) >> shift
        total += d * d
    return isqrt(total)


@kernel
def correlation_q7(a: Any, b: Any) -> int:
    """Correlation of two windows over the QRS part, 128 = 1, rounded down; -128..128."""
    mean_a = qrs_mean(a)
    mean_b = qrs_mean(b)
    shift_a = qrs_shift(a, mean_a)
    shift_b = qrs_shift(b, mean_b)
    total = 0
    for k in range(QRS_FIRST_GRID, QRS_END_GRID):
        total += ((to_int(a[k]) - mean_a) >> shift_a) * ((to_int(b[k]) - mean_b) >> shift_b)
    norms = qrs_norm(a, mean_a, shift_a) * qrs_norm(b, mean_b, shift_b)
    return clamp(floor_divide(total << 7, norms), -128, 128)


@kernel
def amplitude_log2_q10(window: Any) -> int:
    """``1024 * log2`` of the norm of the QRS part."""
    mean = qrs_mean(window)
    shift = qrs_shift(window, mean)
    return log2_q10(qrs_norm(window, mean, shift)) + (shift << 10)


@kernel
def residual_q6(a: Any, b: Any) -> int:
    """Sum of |a - b| over the QRS part relative to the sum of |b|, both about their means; 64 = 1, 0..127."""
    mean_a = qrs_mean(a)
    mean_b = qrs_mean(b)
    difference = 0
    size = 1
    for k in range(QRS_FIRST_GRID, QRS_END_GRID):
        va = to_int(a[k]) - mean_a
        vb = to_int(b[k]) - mean_b
        difference += abs(va - vb)
        size += abs(vb)
    return clamp(floor_divide(difference << 6, size), 0, 127)


@kernel
def template_matches(window: Any, template: Any) -> bool:
    """Whether a window has the template's shape and about its amplitude."""
    if correlation_q7(window, template) < TEMPLATE_MATCH_Q7:
        return False
    ratio_q10 = amplitude_log2_q10(window) - amplitude_log2_q10(template)
    return ratio_q10 >= TEMPLATE_LOUDER_LOW_Q10 and ratio_q10 <= TEMPLATE_LOUDER_HIGH_Q10


@kernel
def template_follow(template: Any, window: Any) -> None:
    """Move a template towards a window by 2^-TEMPLATE_UPDATE_SHIFT."""
    for k in range(WINDOW_SAMPLES):
        change = to_int(window[k]) - to_int(template[k])
        template[k] = to_int(template[k]) + (
            (change + (1 << (TEMPLATE_UPDATE_SHIFT - 1))) >> TEMPLATE_UPDATE_SHIFT
        )


@kernel
def template_copy(target: Any, source: Any) -> None:
    """Copy a window."""
    for k in range(WINDOW_SAMPLES):
        target[k] = source[k]


@kernel
def template_update(s: Any, window: Any, premature: bool) -> None:
    """Learn from one beat, after it was compared with the template.

    A matching beat moves the dominant template; another one moves or replaces the rival, and
    counts for it unless it came early. A rival that leads becomes dominant.
    """
    if s.dominant_score == 0:
        template_copy(s.dominant, window)
        s.dominant_score = 1
        return
    if template_matches(window, s.dominant):
        template_follow(s.dominant, window)
        s.dominant_score = clamp(s.dominant_score + 1, 0, TEMPLATE_SCORE_MAX)
        if s.rival_score > 0:
            s.rival_score = s.rival_score - 1
        return
    if s.rival_score > 0 and template_matches(window, s.rival):
        template_follow(s.rival, window)
        if not premature:
            s.rival_score = s.rival_score + 1
            s.dominant_score = clamp(s.dominant_score - 1, 1, TEMPLATE_SCORE_MAX)
    elif s.rival_score <= 1:
        template_copy(s.rival, window)
        s.rival_score = 1
    else:
        s.rival_score = s.rival_score - 1
    if s.rival_score > s.dominant_score:
        template_copy(s.dominant, s.rival)
        s.dominant_score = s.rival_score
        s.rival_score = 0
