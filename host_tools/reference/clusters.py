"""Running templates of the patient's kinds of beat, one of them dominant. Twin of ``ecg_clusters.c``.

Idea: Hamilton's open-source analyser classifies by the difference from the patient's own dominant
beat. Here every beat joins the template it is like, or founds one; the template that explains most
beats, premature ones counting little, is dominant.
"""

from __future__ import annotations

from typing import Any

from .fixed import kernel, to_int
from .intmath import clamp, floor_divide, follow, isqrt, log2_q10
from .likeness import correlation_q10, nine_bit_shift, stretch_mean
from .params import (
    CLUSTER_HYSTERESIS_Q8,
    CLUSTER_LOUDER_HIGH_Q10,
    CLUSTER_LOUDER_LOW_Q10,
    CLUSTER_MATCH_Q10,
    CLUSTER_MERGE_LOG2_Q10,
    CLUSTER_MERGE_Q10,
    CLUSTER_PREMATURE_LOG2_Q10,
    CLUSTER_PREMATURE_WEIGHT_Q8,
    CLUSTER_SHARE_BEATS,
    CLUSTER_UPDATE_BEATS,
    CLUSTERS,
    QRS_END_GRID,
    QRS_FIRST_GRID,
    SHIFT_MAX_GRID,
    WINDOW_SAMPLES,
)

#: Grid samples of the QRS part.
QRS_SAMPLES = QRS_END_GRID - QRS_FIRST_GRID
_SPAN = QRS_SAMPLES + 2 * SHIFT_MAX_GRID
_SHIFTS = 2 * SHIFT_MAX_GRID + 1
#: Beats after which a template's mean RR ratios follow by a fixed share.
_RATIO_BEATS = 24
#: A template younger than this is not given up easily.
_YOUNG_BEATS = 10
_YOUNG_BONUS_Q15 = 1638


@kernel
def qrs_size(window: Any, first: int) -> int:
    """Largest minus smallest value of the QRS part, at least 1."""
    low = to_int(window[first + QRS_FIRST_GRID])
    high = low
    for k in range(QRS_FIRST_GRID + 1, QRS_END_GRID):
        value = to_int(window[first + k])
        low = min(low, value)
        high = max(high, value)
    return max(high - low, 1)


@kernel
def match_prepare(m: Any, window: Any) -> None:
    """Centre and scale the beat's QRS part for correlation, and its norm at every shift."""
    begin = QRS_FIRST_GRID - SHIFT_MAX_GRID
    mean = stretch_mean(window, begin, _SPAN)
    shift = nine_bit_shift(window, begin, _SPAN, mean)
    for k in range(_SPAN):
        m.vector[k] = (to_int(window[begin + k]) - mean) >> shift
    for s in range(_SHIFTS):
        total = 0
        squares = 1
        for k in range(QRS_SAMPLES):
            v = to_int(m.vector[s + k])
            total += v
            squares += v * v
        m.norms[s] = isqrt(squares - floor_divide(total * total, QRS_SAMPLES))
    m.size_log2_q10 = log2_q10(qrs_size(window, 0))


@kernel
def match_correlation_q10(m: Any, vectors: Any, first: int, norm: int, s: int) -> int:
    """Correlation of the prepared beat at shift ``s`` with a template's vector."""
    covariance = 0
    for k in range(QRS_SAMPLES):
        covariance += to_int(m.vector[s + k]) * to_int(vectors[first + k])
    return correlation_q10(covariance, to_int(m.norms[s]), norm)


@kernel
def match_find(c: Any, m: Any) -> None:
    """Find the template most like the prepared beat, and how the beat lies best on the dominant one."""
    m.cluster = 0
    m.correlation = -1024
    m.shift = SHIFT_MAX_GRID
    m.dominant_correlation = -1024
    m.dominant_shift = SHIFT_MAX_GRID
    best = -9999
    usual = -9999
    for k in range(CLUSTERS):
        if c.count[k] == 0:
            continue
        for s in range(_SHIFTS):
            correlation = match_correlation_q10(m, c.vectors, k * QRS_SAMPLES, to_int(c.norms[k]), s)
            # Of nearly equal shifts the smaller, of nearly equal templates the dominant one.
            value = correlation - 2 * abs(s - SHIFT_MAX_GRID)
            if k == c.dominant:
                if value > usual:
                    usual = value
                    m.dominant_correlation = correlation
                    m.dominant_shift = s
                value += 5
            if value > best:
                best = value
                m.cluster = k
                m.correlation = correlation
                m.shift = s
    louder = to_int(m.size_log2_q10) - to_int(c.size_log2_q10[m.cluster])
    m.matched = 0
    if m.correlation >= CLUSTER_MATCH_Q10 and (
        louder >= CLUSTER_LOUDER_LOW_Q10 and louder <= CLUSTER_LOUDER_HIGH_Q10
    ):
        m.matched = 1


@kernel
def cluster_refresh(c: Any, k: int) -> None:
    """Vector, norm and size of a template that has changed."""
    first = k * WINDOW_SAMPLES
    begin = first + QRS_FIRST_GRID
    mean = stretch_mean(c.windows, begin, QRS_SAMPLES)
    shift = nine_bit_shift(c.windows, begin, QRS_SAMPLES, mean)
    squares = 1
    for i in range(QRS_SAMPLES):
        v = (to_int(c.windows[begin + i]) - mean) >> shift
        c.vectors[k * QRS_SAMPLES + i] = v
        squares += v * v
    c.norms[k] = isqrt(squares)
    c.size_log2_q10[k] = log2_q10(qrs_size(c.windows, first))


@kernel
def cluster_to_replace(c: Any) -> int:
    """Return a free template, else the one other than the dominant that explains the fewest beats."""
    for k in range(CLUSTERS):
        if c.count[k] == 0:
            return k
    found = 0
    fewest = 1 << 30
    for k in range(CLUSTERS):
        value = to_int(c.share_q15[k])
        if c.age[k] < _YOUNG_BEATS:
            value += _YOUNG_BONUS_Q15
        if k != c.dominant and value < fewest:
            fewest = value
            found = k
    return found


@kernel
def cluster_found(c: Any, m: Any, window: Any) -> None:
    """Choose the template of the prepared beat in ``m.cluster``; found one where none is like it."""
    if m.matched == 1:
        return
    k = cluster_to_replace(c)
    m.cluster = k
    m.shift = SHIFT_MAX_GRID
    for i in range(WINDOW_SAMPLES):
        c.windows[k * WINDOW_SAMPLES + i] = window[i]
    c.count[k] = 0
    c.share_q15[k] = 0
    c.score_q15[k] = 0
    cluster_refresh(c, k)


@kernel
def cluster_learn(c: Any, m: Any, window: Any, early_q10: int, pause_q10: int) -> None:
    """Move the beat's template towards the beat; ``early``, ``pause``: log2 of its RR before and after."""
    k = to_int(m.cluster)
    count = to_int(c.count[k])
    beats = min(count + 1, CLUSTER_UPDATE_BEATS)
    shift = to_int(m.shift) - SHIFT_MAX_GRID
    if count > 0:
        for i in range(WINDOW_SAMPLES):
            value = to_int(window[clamp(i + shift, 0, WINDOW_SAMPLES - 1)])
            c.windows[k * WINDOW_SAMPLES + i] = follow(
                to_int(c.windows[k * WINDOW_SAMPLES + i]), value, beats
            )
        cluster_refresh(c, k)
    ratio_beats = min(count + 1, _RATIO_BEATS)
    if count == 0:
        c.early_q10[k] = early_q10
        c.pause_q10[k] = pause_q10
    c.early_q10[k] = follow(to_int(c.early_q10[k]), early_q10, ratio_beats)
    c.pause_q10[k] = follow(to_int(c.pause_q10[k]), pause_q10, ratio_beats)
    c.count[k] = min(count + 1, 255)
    cluster_count_beat(c, k, early_q10)


@kernel
def cluster_count_beat(c: Any, k: int, early_q10: int) -> None:
    """Count one beat for template ``k`` in the shares and in the contest for dominance."""
    c.beats = min(to_int(c.beats) + 1, CLUSTER_SHARE_BEATS)
    gain = 32767 // to_int(c.beats)
    weight_q8 = 256
    if early_q10 < CLUSTER_PREMATURE_LOG2_Q10:
        weight_q8 = CLUSTER_PREMATURE_WEIGHT_Q8
    for j in range(CLUSTERS):
        c.share_q15[j] = to_int(c.share_q15[j]) - ((to_int(c.share_q15[j]) * gain) >> 15)
        c.score_q15[j] = to_int(c.score_q15[j]) - ((to_int(c.score_q15[j]) * gain) >> 15)
        if c.age[j] < 255:
            c.age[j] = c.age[j] + 1
    c.share_q15[k] = min(to_int(c.share_q15[k]) + gain, 32767)
    c.score_q15[k] = min(to_int(c.score_q15[k]) + ((gain * weight_q8) >> 8), 32767)
    c.age[k] = 0


@kernel
def cluster_merge(c: Any, k: int) -> None:
    """Let template ``k`` take in another that has become like it, or be taken in."""
    for j in range(CLUSTERS):
        if j == k or c.count[j] == 0:
            continue
        louder = to_int(c.size_log2_q10[k]) - to_int(c.size_log2_q10[j])
        if abs(louder) > CLUSTER_MERGE_LOG2_Q10:
            continue
        covariance = 0
        for i in range(QRS_SAMPLES):
            covariance += to_int(c.vectors[k * QRS_SAMPLES + i]) * to_int(c.vectors[j * QRS_SAMPLES + i])
        if correlation_q10(covariance, to_int(c.norms[k]), to_int(c.norms[j])) < CLUSTER_MERGE_Q10:
            continue
        kept = k
        gone = j
        if c.share_q15[j] > c.share_q15[k]:
            kept = j
            gone = k
        c.share_q15[kept] = min(to_int(c.share_q15[kept]) + to_int(c.share_q15[gone]), 32767)
        c.score_q15[kept] = min(to_int(c.score_q15[kept]) + to_int(c.score_q15[gone]), 32767)
        c.count[kept] = min(to_int(c.count[kept]) + to_int(c.count[gone]), 255)
        c.count[gone] = 0
        c.share_q15[gone] = 0
        c.score_q15[gone] = 0
        if c.dominant == gone:
            c.dominant = kept
        return


@kernel
def cluster_contest(c: Any) -> None:
    """Make the template dominant that leads the present one clearly."""
    dominant = to_int(c.dominant)
    lead = (to_int(c.score_q15[dominant]) * CLUSTER_HYSTERESIS_Q8) >> 8
    best = dominant
    for k in range(CLUSTERS):
        score = to_int(c.score_q15[k])
        if c.count[k] > 0 and k != dominant and score > lead:
            lead = score
            best = k
    c.dominant = best
