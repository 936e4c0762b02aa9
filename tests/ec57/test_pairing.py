"""Oracle: the definition of a beat-by-beat comparison (every beat counted once, no pair wider than the
window, nothing better left on the table in clear cases) and cases worked out by hand from EC57."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_tools.ec57 import (
    CLASSES,
    Score,
    class_codes,
    pair_beats,
    qrs_score,
    sveb_score,
    veb_score,
)

FS = 360
WINDOW = 54

beats = st.lists(st.tuples(st.integers(0, 6000), st.sampled_from("NLRAaJSVEF/fQej+~|")), max_size=40).map(
    lambda rows: sorted(set(rows))
)


def _lists(rows):
    return [s for s, _ in rows], [x for _, x in rows]


def _is_beat(symbol: str) -> bool:
    return symbol not in "+~|"


@given(beats, beats)
def test_every_beat_is_counted_once(ref, test):
    result = pair_beats(*_lists(ref), *_lists(test), FS, start_s=0)
    ref_seen = sorted([*result.pairs[:, 0], *result.missed])
    test_seen = sorted([*result.pairs[:, 1], *result.false_beats])
    assert ref_seen == [i for i, (_, x) in enumerate(ref) if _is_beat(x)]
    all_test = [i for i, (_, x) in enumerate(test) if _is_beat(x)]
    # Only a test beat at the very beginning may be passed over (its own beat may lie before the start).
    assert test_seen in (all_test, all_test[1:])
    assert result.matrix[:5].sum() == len(ref_seen)
    assert result.matrix[:, :5].sum() == len(test_seen)
    assert result.matrix[5, 5] == 0


@given(beats, beats)
def test_pairs_are_in_order_and_within_the_window(ref, test):
    result = pair_beats(*_lists(ref), *_lists(test), FS, start_s=0)
    assert result.window_samples == WINDOW
    for i, j in result.pairs:
        assert abs(ref[i][0] - test[j][0]) <= WINDOW
    assert np.all(np.diff(result.pairs, axis=0) > 0)


@given(beats, beats)
def test_scores_agree_with_the_matrix(ref, test):
    matrix = pair_beats(*_lists(ref), *_lists(test), FS, start_s=0).matrix
    for row, rule in ((CLASSES.index("V"), veb_score), (CLASSES.index("S"), sveb_score)):
        score = rule(matrix)
        assert score.tp + score.fn == matrix[row].sum()
        assert score.tp + score.fp <= matrix[:, row].sum()
    qrs = qrs_score(matrix)
    assert qrs.tp + qrs.fn + qrs.fp == matrix.sum()


@given(beats)
def test_a_list_against_itself_is_perfect(ref):
    samples = list(dict.fromkeys(s for s, _ in ref))
    labels = ["V"] * len(samples)
    result = pair_beats(samples, labels, samples, labels, FS, start_s=0)
    assert result.missed.size == 0
    assert result.pairs.tolist() == [[i, i] for i in range(len(samples))]


@given(beats, beats, st.integers(1, 5000))
def test_later_shift_in_time_changes_nothing(ref, test, shift):
    """Away from the beginning, only differences of time count."""
    moved = [[(s + k, x) for s, x in rows] for rows in (ref, test) for k in (1000,)]
    again = [[(s + shift, x) for s, x in rows] for rows in moved]
    first = pair_beats(*_lists(moved[0]), *_lists(moved[1]), FS, start_s=0)
    second = pair_beats(*_lists(again[0]), *_lists(again[1]), FS, start_s=0)
    assert np.array_equal(first.matrix, second.matrix)


@given(beats, beats)
def test_swapping_the_lists_swaps_the_counts(ref, test):
    """Ties aside (equal times, equal gaps) the rule treats both lists alike; here times never tie."""
    a = [(4 * s + 1000, x) for s, x in ref if _is_beat(x)]
    b = [(4 * s + 1002 + (i & 1), x) for i, (s, x) in enumerate(test) if _is_beat(x)]
    a = [row for k, row in enumerate(a) if k == 0 or row[0] - a[k - 1][0] > 2 * WINDOW]
    b = [row for k, row in enumerate(b) if k == 0 or row[0] - b[k - 1][0] > 2 * WINDOW]
    forward = qrs_score(pair_beats(*_lists(a), *_lists(b), FS, start_s=0).matrix)
    backward = qrs_score(pair_beats(*_lists(b), *_lists(a), FS, start_s=0).matrix)
    assert (forward.tp, forward.fn, forward.fp) == (backward.tp, backward.fp, backward.fn)


@pytest.mark.parametrize(("gap", "matched"), [(0, 1), (54, 1), (-54, 1), (55, 0), (-55, 0)])
def test_window_is_inclusive(gap, matched):
    result = pair_beats([1000], ["N"], [1000 + gap], ["N"], FS, start_s=0)
    assert len(result.pairs) == matched


def test_nearer_candidate_wins():
    result = pair_beats([1000], ["N"], [960, 1005], ["V", "N"], FS, start_s=0)
    assert result.pairs.tolist() == [[0, 1]]
    assert result.false_beats.tolist() == [0]


def test_two_following_beats_that_suit_each_other_better_free_the_first_pair():
    # 1040 is nearer to 1030 than 1000 is, but 1045 suits 1030 better still: both pairs stand.
    result = pair_beats([1000, 1045], ["N", "N"], [1030, 1046], ["N", "N"], FS, start_s=0)
    assert result.pairs.tolist() == [[0, 0], [1, 1]]


def test_learning_period_is_not_scored():
    start = 300 * FS
    ref = [start - 400, start - 10, start + 300]
    result = pair_beats(ref, ["N"] * 3, [start - 400, start + 5, start + 300], ["N"] * 3, FS)
    # The second reference beat lies before the start, its partner after it: neither counts.
    assert result.pairs.tolist() == [[2, 2]]
    assert result.false_beats.size == 0


def test_last_test_beat_before_the_start_is_carried_over():
    start = 300 * FS
    result = pair_beats([start + 3], ["N"], [start - 3], ["N"], FS)
    assert result.pairs.tolist() == [[0, 0]]


def test_extra_beats_inside_ventricular_flutter_are_free():
    ref, labels = [500, 1000, 2000, 2500], ["N", "[", "]", "N"]
    result = pair_beats(ref, labels, [500, 1100, 1500, 2200, 2500], ["N", "V", "V", "V", "N"], FS, start_s=0)
    assert result.false_beats.tolist() == [3]
    assert result.missed.size == 0


def test_both_mappings_of_escape_beats():
    assert class_codes("ej").tolist() == [1, 1]
    assert class_codes("ej", "dechazal").tolist() == [0, 0]
    with pytest.raises(ValueError, match="aami"):
        class_codes("N", "aami")


def test_fusion_beats_called_ventricular_are_neither_right_nor_wrong():
    result = pair_beats([1000, 2000], ["F", "Q"], [1000, 2000], ["V", "V"], FS, start_s=0)
    assert veb_score(result.matrix) == Score(0, 0, 0)
    assert math.isnan(veb_score(result.matrix).sensitivity)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1, 2], ["N"], [], [], FS), "2 samples but 1 labels"),
        (([2, 1], ["N", "N"], [], [], FS), "not in time order"),
        (([1], ["N"], [], [], 0), "must be positive"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        pair_beats(*arguments)
