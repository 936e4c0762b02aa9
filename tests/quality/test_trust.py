"""Calibration, undecided beats, the index's figures, and the command that gives them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from host_tools.beats import FLAG_NOISY, FLAG_UNDECIDED
from host_tools.ec57 import CLASSES, figures_from_matrix, pair_beats
from host_tools.mitdb import record_samples
from host_tools.native import run_core
from host_tools.plots.trust import draw_all
from host_tools.reference.params import DELAY_SAMPLES, FS_HZ
from host_tools.scoreboard import Job
from host_tools.scoreboard.chain import run_job
from host_tools.scoreboard.figures import ds2_figures
from host_tools.trust import JudgedBeats, calibration, join, judge, score_noise, undecided_curves
from host_tools.trust.judged import stretches
from host_tools.trust.signal_quality import area_under_roc, level_row, noise_present, wrong_answers
from host_tools.trust.sweep import LEVELS_DB, sweep_record
from host_tools.wfdb_annotations import read_annotations

N, S, V, F, Q, O = range(6)  # noqa: E741 - the standard's own letters


def beats(
    reference: list[int],
    predicted: list[int],
    confidence: list[float] | None = None,
    sqi: list[int] | None = None,
    flags: list[int] | None = None,
    missed: tuple[int, ...] = (),
) -> JudgedBeats:
    n = len(reference)
    return JudgedBeats(
        np.array(reference, np.int64),
        np.array(predicted, np.int64),
        np.array(confidence or [1.0] * n),
        np.array(sqi or [100] * n, np.int64),
        np.array(flags or [0] * n, np.int64),
        np.arange(n, dtype=np.int64) * FS_HZ,
        np.array(missed, np.int64),
        np.zeros(len(missed), np.int64),
    )


def test_calibration_error_of_a_constructed_example() -> None:
    """By hand: 10 beats at 0.95, 8 right; 10 at 0.65, 7 right. Error (10 * 0.15 + 10 * 0.05) / 20 = 0.1."""
    predicted = [N] * 20
    reference = [N] * 8 + [V] * 2 + [N] * 7 + [S] * 3
    found = calibration(beats(reference, predicted, [0.95] * 10 + [0.65] * 10))
    assert found["ece"] == pytest.approx(0.1)
    assert [(b["beats"], b["right"]) for b in found["bins"]] == [(10, 0.7), (10, 0.8)]
    assert found["beats"] == 20


def test_false_beats_are_wrong_and_unclassified_ones_do_not_count() -> None:
    found = calibration(beats([N, O, Q, Q], [N, N, V, N], [1.0, 1.0, 1.0, 0.3]))
    assert found["beats"] == 2
    assert found["share_right"] == 0.5
    assert found["ece"] == pytest.approx(0.5)


@settings(max_examples=50)
@given(
    rows=st.lists(
        st.tuples(st.integers(0, 5), st.integers(0, 3), st.integers(64, 255)), min_size=1, max_size=60
    )
)
def test_calibration_is_bounded_and_perfect_when_it_should_be(rows: list[tuple[int, int, int]]) -> None:
    reference, predicted, confidence = (list(c) for c in zip(*rows, strict=True))
    if all(r == Q for r in reference):
        return
    judged = beats(reference, predicted, [c / 255 for c in confidence])
    found = calibration(judged)
    assert 0 <= found["ece"] <= 1
    assert abs(found["mean_confidence"] - found["share_right"]) <= found["ece"] + 1e-12
    assert sum(b["beats"] for b in found["bins"]) == found["beats"] == sum(r != Q for r in reference)


def test_undecided_beats_count_neither_way() -> None:
    """By hand: of 3 V found as V, one N called V and one missed V, the flag takes the N and one V out."""
    judged = beats(
        [V, V, V, N, N],
        [V, V, V, V, N],
        confidence=[0.9, 0.9, 0.5, 0.4, 0.9],
        sqi=[90, 90, 30, 20, 90],
        flags=[0, FLAG_NOISY, FLAG_UNDECIDED, FLAG_UNDECIDED, 0],
        missed=(V,),
    )
    curves = undecided_curves(judged)
    flag = curves["flag"]
    assert flag["undecided"] == pytest.approx(40)
    assert flag["V"]["se"] == pytest.approx(100 * 2 / 3)
    assert flag["V"]["ppv"] == 100
    assert flag["undecided_of"]["V"] == pytest.approx(100 / 3)
    whole = curves["by_confidence"][0]
    assert whole["undecided"] == 0
    assert whole["V"] == figures_from_matrix(judged.matrix())["classes"]["V"]
    assert whole["V"]["ppv"] == 75
    shares = [p["undecided"] for p in curves["by_sqi"]]
    assert shares == sorted(shares)


@settings(max_examples=60)
@given(rows=st.lists(st.tuples(st.integers(0, 6), st.booleans()), max_size=40))
def test_area_under_roc(rows: list[tuple[int, bool]]) -> None:
    """Oracle: every pair counted."""
    score = np.array([r[0] for r in rows])
    positive = np.array([r[1] for r in rows], np.bool_)
    found = area_under_roc(score, positive)
    pairs = [(a > b) + 0.5 * (a == b) for a in score[positive] for b in score[~positive]]
    assert found == (pytest.approx(np.mean(pairs)) if pairs else None)


def test_index_figures_of_a_constructed_example() -> None:
    """Low index exactly where the answer is wrong: area 1; the same index everywhere: one half."""
    told = beats(
        [N, N, V, O], [N, N, N, N], sqi=[90, 80, 20, 10], flags=[0, 0, FLAG_UNDECIDED, FLAG_UNDECIDED]
    )
    found = wrong_answers(told)
    assert found["auc_wrong"] == 1
    assert found["auc_false_beat"] == 1
    assert [b["wrong"] for b in found["bins"] if b["beats"]] == [100, 100, 0, 0]
    assert noise_present(told, told) == 0.5
    row = level_row(told)
    assert (row["wrong"], row["wrong_of_decided"], row["wrong_caught"]) == (50, 0, 100)


def test_stretches_are_cut_by_time() -> None:
    judged = beats([N] * 10, [N] * 10)  # one a second
    part = stretches(judged, 2, 2, 4)
    assert (part.at // FS_HZ).tolist() == [2, 3, 6, 7]


@pytest.mark.needs_data
def test_judged_beats_are_those_of_ec57(mitdb: Path) -> None:
    """Oracle: the comparison that reproduces bxb; every count of the matrix, for a record of all kinds."""
    x = record_samples(mitdb, "207")
    found = read_annotations(mitdb / "207", "atr", FS_HZ, len(x))
    judged = judge(x, found.samples, found.symbols)
    core = run_core(x).beats
    at = core["r_sample"].astype(np.int64) - DELAY_SAMPLES
    expected = pair_beats(
        found.samples, found.symbols, at, ["NSVF"[c] for c in core["aami_class"]], FS_HZ, mapping="dechazal"
    )
    assert np.array_equal(judged.matrix(), expected.matrix)
    assert np.array_equal(join([judged, judged]).matrix(), 2 * expected.matrix)
    assert len(CLASSES) == judged.matrix().shape[0]


@pytest.mark.needs_data
def test_the_scoreboard_has_calibration_and_marked_beats(mitdb: Path) -> None:
    """Oracle: the same figures from a run of its own."""
    x = record_samples(mitdb, "105")
    found = read_annotations(mitdb / "105", "atr", FS_HZ, len(x))
    expected = judge(x, found.samples, found.symbols)
    figures = ds2_figures([run_job(Job(mitdb / "105", None, None, True))], None)
    assert figures["calibration"] == calibration(expected)
    assert figures["undecided"] == undecided_curves(expected)["flag"]
    assert 0 < figures["undecided"]["undecided"] < 50


@pytest.mark.needs_data("mitdb", "nstdb")
def test_sweep_gets_worse_with_noise_and_is_drawn(mitdb: Path, nstdb: Path, tmp_path: Path) -> None:
    """One record, all noises and levels: the index falls with each step to 6 dB; plots, JSON are written.

    Nearly all beats are undecided where a noise is at its worst. Below 6 dB of electrode motion the templates
    have learnt the noise: there the index is only low, and half of the beats or so are undecided.
    """
    data = tmp_path / "data"
    data.mkdir()
    (data / "mitdb").symlink_to(mitdb)
    (data / "nstdb").symlink_to(nstdb)
    swept = sweep_record(data, "100", 0.3)
    figures = score_noise(data, [swept], [swept])
    for by_level in figures["sweep"].values():
        medians = [by_level[str(level)]["sqi_quartiles"][1] for level in LEVELS_DB]
        assert medians[:4] == sorted(medians[:4], reverse=True)
        assert max(medians[4:]) < medians[0] - 20
        assert by_level["0"]["undecided"] > 50
        assert max(by_level[str(level)]["undecided"] for level in LEVELS_DB) > 90
        assert by_level["24"]["qrs"]["se"] > 99
    assert all(figures["sweep"][noise]["0"]["undecided"] > 90 for noise in ("bw", "ma"))
    assert figures["clean"]["undecided"] < 2
    assert figures["sqi"]["nstdb"]["0"]["noisy"]["undecided"] > 90
    assert figures["sqi"]["nstdb"]["0"]["between"]["undecided"] < 20
    json.dumps(figures, allow_nan=False)
    files = draw_all(figures, tmp_path)
    assert [f.name for f in files] == ["noise.png", "reliability.png", "undecided.png", "signal_quality.png"]
    first = [f.read_bytes() for f in files]
    assert [f.read_bytes() for f in draw_all(figures, tmp_path)] == first
