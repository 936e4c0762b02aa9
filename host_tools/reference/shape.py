"""Features of a beat's shape against the patient's own templates. Twin of ``ecg_shape.c``."""

from __future__ import annotations

from typing import Any

from .clusters import (
    QRS_SAMPLES,
    cluster_contest,
    cluster_found,
    cluster_learn,
    cluster_merge,
    match_find,
    match_prepare,
)
from .fixed import kernel, to_int
from .intmath import clamp, floor_divide, log2_q10
from .likeness import likeness_q10, stretch_mean, unlikeness_feature
from .outline import outline_measure
from .p_wave import P_SAMPLES, p_extract, p_learn, p_residual, p_size
from .params import (
    LATE_MATCH_Q10,
    LATE_RR_LOG2_Q10,
    MINIMUM_SD,
    P_MATCH_Q10,
    P_RR_LOG2_Q10,
    QRS_END_GRID,
    QRS_FIRST_GRID,
    SHIFT_MAX_GRID,
    T_FIRST_GRID,
    WINDOW_SAMPLES,
)
from .rr import ratio_feature

#: Features written by :func:`shape_features`.
SHAPE_FEATURES = 33

_T_SAMPLES = WINDOW_SAMPLES - SHIFT_MAX_GRID - T_FIRST_GRID
#: A beat less like the dominant template than this is not shifted for comparison with it.
_ALIGN_Q10 = 614


@kernel
def shape_begin(s: Any, window: Any) -> None:
    """Match the beat with the templates; the first beat ever becomes the dominant one."""
    match_prepare(s.match, window)
    match_find(s.clusters, s.match)
    cluster_found(s.clusters, s.match, window)
    s.first = s.clusters.dominant * WINDOW_SAMPLES
    s.align = 0
    if s.match.dominant_correlation >= _ALIGN_Q10:
        s.align = to_int(s.match.dominant_shift) - SHIFT_MAX_GRID


@kernel
def difference_features(s: Any, window: Any, out: Any, at: int) -> None:
    """Correlation with and difference from the dominant template: 5 features."""
    templates = s.clusters.windows
    first = to_int(s.first)
    align = to_int(s.align)
    offset = stretch_mean(window, SHIFT_MAX_GRID + align, P_SAMPLES)
    offset -= stretch_mean(templates, first + SHIFT_MAX_GRID, P_SAMPLES)
    level = stretch_mean(templates, first + QRS_FIRST_GRID, QRS_SAMPLES)
    largest = 0
    difference = 0
    size = 1
    for k in range(QRS_FIRST_GRID, QRS_END_GRID):
        d = abs(to_int(window[k + align]) - to_int(templates[first + k]) - offset)
        largest = max(largest, d)
        difference += d
        size += abs(to_int(templates[first + k]) - level)
    largest_t = 0
    for k in range(T_FIRST_GRID, WINDOW_SAMPLES - SHIFT_MAX_GRID):
        d = abs(to_int(window[k + align]) - to_int(templates[first + k]) - offset)
        largest_t = max(largest_t, d)
    unit = max(to_int(s.usual.size) >> 1, MINIMUM_SD)
    out[at] = unlikeness_feature(to_int(s.match.dominant_correlation))
    correlation_t = likeness_q10(window, T_FIRST_GRID + align, templates, first + T_FIRST_GRID, _T_SAMPLES)
    out[at + 1] = unlikeness_feature(correlation_t)
    out[at + 2] = clamp(floor_divide(largest << 5, unit), 0, 127)
    out[at + 3] = clamp(floor_divide(largest_t << 6, unit), 0, 127)
    out[at + 4] = clamp(floor_divide(difference << 6, size), 0, 127)


@kernel
def outline_features(s: Any, out: Any, at: int) -> None:
    """Write size, area, width and slope, alone and against the dominant template's: 11 features."""
    size_q10 = log2_q10(to_int(s.beat.size)) - log2_q10(to_int(s.usual.size))
    area_q10 = log2_q10(to_int(s.beat.area)) - log2_q10(to_int(s.usual.area))
    out[at] = ratio_feature(size_q10)
    out[at + 1] = ratio_feature(area_q10)
    out[at + 2] = clamp(to_int(s.beat.polarity_q6) - to_int(s.usual.polarity_q6), -128, 127)
    out[at + 3] = clamp(2 * to_int(s.beat.width), 0, 127)
    out[at + 4] = clamp(to_int(s.beat.spread_q6) >> 3, 0, 127)
    out[at + 5] = clamp(to_int(s.beat.area_peak_q3), 0, 127)
    out[at + 6] = clamp(to_int(s.beat.slope_q7), 0, 127)
    out[at + 7] = clamp(2 * (to_int(s.beat.width) - to_int(s.usual.width)), -128, 127)
    out[at + 8] = clamp((to_int(s.beat.spread_q6) - to_int(s.usual.spread_q6)) >> 2, -128, 127)
    out[at + 9] = clamp(to_int(s.beat.area_peak_q3) - to_int(s.usual.area_peak_q3), -128, 127)
    out[at + 10] = clamp(to_int(s.beat.slope_q7) - to_int(s.usual.slope_q7), -128, 127)


@kernel
def cluster_features(s: Any, window: Any, early_q10: int, out: Any, at: int) -> None:
    """Write how common and early the beat's template is, likeness to others and neighbours: 9 features."""
    c = s.clusters
    k = to_int(s.match.cluster)
    known = to_int(c.count[k])
    out[at] = to_int(c.share_q15[k]) >> 8
    out[at + 1] = 0
    if k == c.dominant:
        out[at + 1] = 64
    begin = k * WINDOW_SAMPLES + QRS_FIRST_GRID
    to_dominant = likeness_q10(c.windows, begin, c.windows, s.first + QRS_FIRST_GRID, QRS_SAMPLES)
    out[at + 2] = unlikeness_feature(to_dominant)
    out[at + 3] = ratio_feature(early_q10)
    out[at + 4] = 0
    if known > 0:
        out[at + 3] = ratio_feature(to_int(c.early_q10[k]))
        out[at + 4] = ratio_feature(to_int(c.pause_q10[k]))
    out[at + 5] = min(log2_q10(known + 1) >> 6, 127)
    out[at + 6] = unlikeness_feature(to_int(s.match.correlation))
    out[at + 7] = to_int(c.share_q15[to_int(c.dominant)]) >> 8
    previous = likeness_q10(window, QRS_FIRST_GRID, s.previous, 0, QRS_SAMPLES)
    out[at + 8] = unlikeness_feature(previous)
    for i in range(QRS_SAMPLES):
        s.previous[i] = window[QRS_FIRST_GRID + i]


@kernel
def p_features(s: Any, window: Any, out: Any, at: int) -> None:
    """Write the P region's size and likeness to the two P templates: 7 features."""
    unit = max(to_int(s.usual.size) >> 1, MINIMUM_SD)
    p_extract(s.p, window, to_int(s.align))
    out[at] = clamp(floor_divide(p_size(s.p.wave) << 7, unit), 0, 127)
    out[at + 1] = clamp(floor_divide(p_residual(s.p.wave, s.p_usual.wave) << 8, unit), 0, 127)
    out[at + 2] = unlikeness_feature(likeness_q10(s.p.wave, 0, s.p_usual.wave, 0, P_SAMPLES))
    out[at + 3] = to_int(s.p_usual.coherence_q12) >> 5
    out[at + 4] = clamp(floor_divide(p_residual(s.p.wave, s.p_late.wave) << 8, unit), 0, 127)
    out[at + 5] = unlikeness_feature(likeness_q10(s.p.wave, 0, s.p_late.wave, 0, P_SAMPLES))
    out[at + 6] = to_int(s.p_late.coherence_q12) >> 5


@kernel
def shape_features(s: Any, window: Any, early_q10: int, noise_q8: int, out: Any, first: int) -> None:
    """Write the SHAPE_FEATURES features from ``out[first]`` on; ``early``: log2 of RR before / high mean.

    :func:`shape_begin` has matched the beat already.
    """
    outline_measure(s.beat, window, 0)
    outline_measure(s.usual, s.clusters.windows, to_int(s.first))
    difference_features(s, window, out, first)
    outline_features(s, out, first + 5)
    cluster_features(s, window, early_q10, out, first + 16)
    p_features(s, window, out, first + 25)
    out[first + 32] = clamp(noise_q8 >> 1, 0, 127)


@kernel
def shape_learn(s: Any, window: Any, rr: Any) -> None:
    """Learn from the beat after it was measured; ``rr`` holds its RR ratios."""
    c = s.clusters
    is_dominant = s.match.cluster == c.dominant
    correlation = to_int(s.match.dominant_correlation)
    if is_dominant and (correlation >= P_MATCH_Q10 and rr.prev_long_q10 >= P_RR_LOG2_Q10):
        p_learn(s.p_usual, s.p.wave)
    if correlation >= LATE_MATCH_Q10 and rr.prev_high_q10 >= LATE_RR_LOG2_Q10:
        p_learn(s.p_late, s.p.wave)
    cluster_learn(c, s.match, window, to_int(rr.prev_high_q10), to_int(rr.next_long_q10))
    if s.match.matched == 1:
        cluster_merge(c, to_int(s.match.cluster))
    cluster_contest(c)
