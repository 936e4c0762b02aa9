"""RR intervals, flutter, unreadable stretches and the end of a comparison. Oracle: cases worked out by hand
from EC57 and the manual of ``bxb``."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_tools.ec57 import LineRecord, average_rr_error_ms, pair_beats, shutdown_lines

FS = 1000
#: Both signals unreadable, in a noise mark's subtype.
DARK = 0x30


def compare(ref, test, **options):
    return pair_beats(*zip(*ref, strict=True), *zip(*test, strict=True), FS, 0, **options)


def beats(*samples, label="N"):
    return [(s, label) for s in samples]


def test_rr_error_is_the_rms_difference_of_the_intervals():
    result = compare(beats(1000, 2000, 3000), beats(1000, 2030, 3000))
    assert result.rr_error_ms == pytest.approx(30)
    assert math.isnan(compare(beats(1000), beats(1000)).rr_error_ms)


def test_a_missed_beat_has_an_rr_error_too():
    # Both 2000 (missed) and 3000 (found) stand with intervals of 1000 against 2000.
    result = compare(beats(1000, 2000, 3000), beats(1000, 3000))
    assert result.rr_error_ms == pytest.approx(1000)


def test_no_rr_interval_across_flutter():
    ref = [(1000, "N"), (1500, "["), (2000, "]"), (3000, "N"), (4000, "N")]
    result = compare(ref, beats(1000, 3000, 4010))
    assert result.rr_error_ms == pytest.approx(10)


def test_flutter_in_the_test_annotations_hides_its_beats():
    test = [(1000, "N"), (1500, "["), (2000, "V"), (2500, "]"), (3000, "N")]
    result = compare(beats(1000, 2000, 3000), test)
    assert result.pairs.tolist() == [[0, 0], [2, 4]]
    assert result.missed.tolist() == [1]


def test_flutter_waves_outside_flutter_are_no_beats():
    result = compare(beats(1000, 2000), [(1000, "!"), (2000, "N"), (3000, "!")])
    assert result.matrix[0].tolist() == [1, 0, 0, 0, 0, 1]
    assert result.matrix.sum() == 2


def test_beats_missed_while_the_test_says_unreadable_are_counted_apart():
    test = [(1000, "N"), (1600, "~"), (3600, "~"), (4000, "N")]
    result = compare(
        [(1000, "N"), (2000, "V"), (3000, "N"), (4000, "N")], test, test_subtypes=[0, DARK, 0, 0], end_s=5
    )
    assert result.matrix[0, 5] == 1
    assert result.matrix[2, 5] == 1
    assert result.missed_unreadable.tolist() == [1, 0, 1, 0, 0]
    assert result.unreadable_samples == 2000
    line = shutdown_lines([LineRecord("r", FS, result)])[-1].split()
    assert line == ["r", *"10100", "50.00", "33.33", "-", "100.00", "-", "2", "seconds", *"30100"]


def test_a_single_mark_stands_in_the_middle_of_the_unreadable_stretch():
    result = compare(
        beats(1000, 2000, 3000), [(1000, "N"), (2000, "~"), (3000, "N")], test_subtypes=[0, DARK, 0]
    )
    # One window (150 ms) away from both neighbours.
    assert result.unreadable_samples == 3000 - 1000 - 2 * 150
    assert result.missed_unreadable.tolist() == [1, 0, 0, 0, 0]


def test_an_unreadable_stretch_without_end_lasts_to_the_end():
    rows = [(1000, "N"), (2000, "~")]
    result = compare(beats(1000, 3000), rows, test_subtypes=[0, -1], end_s=10)
    assert result.unreadable_samples == 8000
    assert result.missed_unreadable.tolist() == [1, 0, 0, 0, 0]
    assert compare(beats(1000, 3000), rows, test_subtypes=[0, -1]).unreadable_samples == 0


def test_behind_the_end_only_partners_count():
    ref, test = beats(1000, 2000, 3000), beats(1000, 2010, 2900)
    assert compare(ref, test, end_s=2.0).matrix.sum() == 2
    assert compare(ref, test, end_s=2.005).matrix.sum() == 2
    assert compare(ref, test, end_s=1.999).matrix.sum() == 1


def test_halves_of_the_window_are_rounded_up():
    """150 ms at 110 Hz are 16.5 samples: 17, as WFDB's strtim has it."""
    assert pair_beats([1000], ["N"], [1017], ["N"], 110, 0).window_samples == 17


def test_average_of_rr_errors_leaves_out_records_without_one():
    lines = [
        LineRecord(name, FS, compare(ref, test))
        for name, ref, test in (
            ("a", beats(1000), beats(1000)),
            ("b", beats(1000, 2000), beats(1000, 2010)),
            ("c", beats(1000, 2000), beats(1000, 2020)),
        )
    ]
    assert average_rr_error_ms(lines) == pytest.approx(15)
    assert math.isnan(average_rr_error_ms(lines[:1]))


rows = st.lists(
    st.tuples(st.integers(1, 60), st.sampled_from("NVAQ~+[]!"), st.sampled_from([0, 1, DARK, -1])),
    max_size=40,
).map(
    lambda steps: [
        (100 * int(s), x, m) for s, (_, x, m) in zip(np.cumsum([a for a, *_ in steps]), steps, strict=True)
    ]
)


@given(rows, rows)
def test_marks_never_add_or_lose_beats(ref, test):
    """Whatever the marks: a beat is counted at most once, and unreadable ones are among the missed."""
    result = pair_beats(
        [s for s, *_ in ref],
        [x for _, x, _ in ref],
        [s for s, *_ in test],
        [x for _, x, _ in test],
        FS,
        0,
        ref_subtypes=[m for *_, m in ref],
        test_subtypes=[m for *_, m in test],
    )
    assert len(set(result.pairs[:, 0])) == len(result.pairs) == len(set(result.pairs[:, 1]))
    assert not set(result.missed) & set(result.pairs[:, 0])
    assert np.all(result.missed_unreadable <= result.matrix[:5, 5])
    assert result.matrix[5, 5] == 0
    bare = pair_beats(
        [s for s, *_ in ref], [x for _, x, _ in ref], [s for s, *_ in test], [x for _, x, _ in test], FS, 0
    )
    assert np.array_equal(bare.matrix, result.matrix)
