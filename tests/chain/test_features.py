"""Features of a beat against floating-point definitions (numpy), and the rows that the network sees.

The C core computes the same integers (test_parity); here it is checked that these are the right ones.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from host_tools.reference import params
from host_tools.reference.clusters import (
    cluster_contest,
    cluster_found,
    cluster_learn,
    cluster_merge,
    match_find,
    match_prepare,
)
from host_tools.reference.likeness import likeness_q10, unlikeness_feature
from host_tools.reference.outline import outline_measure
from host_tools.reference.rr import RR_FEATURES, rr_features
from host_tools.reference.run import run_record
from host_tools.reference.shape import SHAPE_FEATURES
from host_tools.reference.state import (
    CLUSTERS_DTYPE,
    MATCH_DTYPE,
    OUTLINE_DTYPE,
    RR_DTYPE,
    new_record,
)

from .signals import pulse_train

NAME = {name: k for k, name in enumerate(params.FEATURE_NAMES)}
RR_SERIES = st.lists(st.integers(60, params.RR_MAX_SAMPLES), min_size=2, max_size=90)


def rr_rows(series: list[int]) -> tuple[np.ndarray, Any]:
    """Features of the beats between consecutive RR intervals."""
    state = new_record(RR_DTYPE)
    rows = np.zeros((len(series) - 1, RR_FEATURES), np.int8)
    for i in range(len(series) - 1):
        rr_features(state, series[i], series[i + 1], rows[i], 0)
    return rows, state


def test_every_feature_has_one_name() -> None:
    assert len(params.FEATURE_NAMES) == len(set(params.FEATURE_NAMES)) == params.RHYTHM_FEATURES
    assert RR_FEATURES + SHAPE_FEATURES == params.RHYTHM_FEATURES


@settings(max_examples=60)
@given(RR_SERIES)
def test_rr_ratios_are_logarithms_of_ratios_to_medians(series: list[int]) -> None:
    rows, state = rr_rows(series)
    entered = np.array(series[:-1], float)
    steps = 2**params.LOG_RATIO_FRAC_BITS
    for i, row in enumerate(rows):
        for width, first in ((params.RR_SHORT_BEATS, "prev_short"), (params.RR_LONG_BEATS, "prev_long")):
            usual = np.median(entered[max(0, i + 1 - width) : i + 1])
            for offset, rr in ((0, series[i]), (1, series[i + 1])):
                want = np.clip(steps * np.log2(rr / usual), -128, 127)
                assert abs(row[NAME[first] + offset] - want) < 1
    last = entered[-params.RR_LONG_BEATS :]
    kept = np.array(state.intervals.long_sorted[: len(last)])
    assert np.array_equal(kept, np.sort(last))


@settings(max_examples=60)
@given(RR_SERIES)
def test_irregularity_is_the_median_change(series: list[int]) -> None:
    rows, _ = rr_rows(series)
    entered = np.array(series[:-1], float)[-params.RR_LONG_BEATS - 1 :]
    changes = np.abs(np.diff(entered))[-params.RR_LONG_BEATS :]
    usual = np.median(entered[-params.RR_LONG_BEATS :])
    if len(changes):
        want = min(256 * np.median(changes) / usual, 127)
        assert abs(rows[-1][NAME["irregular_long"]] - want) <= 0.51
    above = int(np.sum(changes > np.floor(2 * usual * params.RR_CHANGE_Q8 / 512)))
    assert rows[-1][NAME["irregular_share"]] == above * 127 // params.RR_LONG_BEATS


def test_a_run_of_early_beats_does_not_become_the_usual_of_the_high_mean() -> None:
    rows, _ = rr_rows([300] * 80 + [170] * 60)
    assert rows[-1][NAME["prev_long"]] == 0
    assert rows[-1][NAME["prev_high"]] < -35


WINDOWS = st.integers(0, 2**32 - 1).map(
    lambda seed: np.random.default_rng(seed).normal(0, 1, (2, params.WINDOW_SAMPLES)).cumsum(axis=1).round(2)
)


@settings(max_examples=80)
@given(WINDOWS, st.floats(60, 1500))
def test_likeness_is_the_correlation(pair: np.ndarray, scale: float) -> None:
    a, b = np.clip(pair * scale, -32768, 32767).astype(np.int16)
    want = 1024 * np.corrcoef(a[10:40], b[20:50])[0, 1]
    assert abs(likeness_q10(a, 10, b, 20, 30) - want) < 12


def test_unlikeness_is_fine_near_one_and_fits_int8() -> None:
    values = [unlikeness_feature(r) for r in range(-1024, 1025)]
    assert values[-1] == 0
    assert values[0] == 121
    assert all(a >= b for a, b in itertools.pairwise(values))
    for r in (-500, 0, 900, 1010):
        assert values[r + 1024] == pytest.approx(11 * np.log2(1025 - r), abs=1.1)


@settings(max_examples=60)
@given(WINDOWS, st.floats(60, 1500))
def test_outline_is_what_numpy_measures(pair: np.ndarray, scale: float) -> None:
    window = np.clip(pair[0] * scale, -32768, 32767).astype(np.int16)
    outline = new_record(OUTLINE_DTYPE)
    outline_measure(outline, window, 0)
    part = slice(params.OUTLINE_FIRST_GRID, params.OUTLINE_END_GRID)
    x = window.astype(float)
    centred = x - np.floor(x.mean())
    slope = np.abs(x[2:] - x[:-2])[params.OUTLINE_FIRST_GRID - 1 : params.OUTLINE_END_GRID - 1]
    assert outline["size"] == max(np.ptp(centred[part]), 1)
    assert outline.area == max(np.abs(centred[part]).sum(), 1)
    assert outline.steepest == max(slope.max(), 1)
    steep = np.flatnonzero(5 * slope > max(slope.max(), 1))
    assert outline.width == steep[-1] - steep[0] + 1
    k = np.arange(len(slope))
    weight = slope**2 / np.sum(slope**2)
    spread = np.sqrt(np.sum(weight * (k - np.sum(weight * k)) ** 2))
    assert outline.spread_q6 / 64 == pytest.approx(spread, abs=0.35)


def play(windows: list[np.ndarray], early: list[int]) -> Any:
    """Show beats to the templates one after the other."""
    clusters, match = new_record(CLUSTERS_DTYPE), new_record(MATCH_DTYPE)
    for window, early_q10 in zip(windows, early, strict=True):
        match_prepare(match, window)
        match_find(clusters, match)
        cluster_found(clusters, match, window)
        cluster_learn(clusters, match, window, early_q10, 0)
        if match.matched == 1:
            cluster_merge(clusters, int(match.cluster))
        cluster_contest(clusters)
    return clusters


def kinds(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A narrow and a wide beat."""
    t = np.arange(params.WINDOW_SAMPLES) - params.WINDOW_BEFORE_GRID
    noise = np.random.default_rng(seed).normal(0, 8, params.WINDOW_SAMPLES)
    narrow = 900 * np.exp(-0.5 * (t / 2.5) ** 2) + noise
    wide = -1100 * np.exp(-0.5 * ((t - 4) / 7) ** 2) + noise
    return narrow.astype(np.int16), wide.astype(np.int16)


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1), st.floats(0.05, 0.35))
def test_the_commoner_kind_of_beat_is_dominant(seed: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    which = (rng.random(200) < share).astype(int)
    which[:3] = 0
    clusters = play([kinds(seed + i)[w] for i, w in enumerate(which)], [0] * 200)
    assert np.count_nonzero(clusters.count) == 2
    first = clusters.dominant * params.WINDOW_SAMPLES
    template = np.array(clusters.windows[first : first + params.WINDOW_SAMPLES], float)
    assert np.corrcoef(template, kinds(seed)[0])[0, 1] > 0.99
    recent = 1 - which[-params.CLUSTER_SHARE_BEATS :].mean()
    assert clusters.share_q15[clusters.dominant] / 32768 == pytest.approx(recent, abs=0.12)


def test_premature_beats_do_not_become_dominant_but_steady_ones_do() -> None:
    narrow, wide = kinds(1)
    run = [narrow] * 100 + [wide] * 130
    early = play(run, [0] * 100 + [-400] * 130)
    steady = play(run, [0] * 230)
    assert early.windows[early.dominant * params.WINDOW_SAMPLES + params.WINDOW_BEFORE_GRID] > 500
    assert steady.windows[steady.dominant * params.WINDOW_SAMPLES + params.WINDOW_BEFORE_GRID] < -300


@pytest.mark.parametrize("gap_s", [0, 8])
def test_the_network_sees_rows_newest_first(gap_s: int) -> None:
    """Row A is the beat's own; a beat for which the wait was too long has zeros for those to come."""
    x, peaks = pulse_train(60)
    if gap_s:
        quiet = np.random.default_rng(4).normal(0, 3, gap_s * params.FS_HZ)
        at = int(peaks[30]) + params.FS_HZ // 2
        x[at : at + len(quiet)] = quiet
    result = run_record(x)
    ahead = params.LOOKAHEAD_BEATS
    missing = 0
    for i, rhythm in enumerate(result.rhythm_input):
        assert np.array_equal(rhythm[ahead], result.rows[i])
        for j in range(params.CONTEXT_BEATS):
            other = i + ahead - j
            if 0 <= other < len(result.rows):
                gone = j < ahead and not rhythm[j].any()
                missing += gone
                assert gone or np.array_equal(rhythm[j], result.rows[other])
            else:
                assert not rhythm[j].any()
    assert missing == (ahead if gap_s else 0)
