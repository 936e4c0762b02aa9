"""Refit of the detector's weights. Each test names its oracle."""

from __future__ import annotations

import json
from pathlib import Path
from types import FunctionType
from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize

from host_tools.ec57 import Score
from host_tools.errors import UserError
from host_tools.native import run_core
from host_tools.reference import params, rpeak
from host_tools.reference.bandpass import bandpass_prime, bandpass_step
from host_tools.reference.rpeak_score import rpeak_score
from host_tools.reference.spike import spike_look_for_hum, spike_output, spike_prime, spike_step
from host_tools.reference.state import BANDPASS_DTYPE, RPEAK_DTYPE, SPIKE_DTYPE, new_record
from host_tools.trust.signal_quality import area_under_roc
from tests.chain.signals import pulse_train
from tests.data_access import database_dir
from tests.training.test_cli import assert_one_line, bitbeat
from training.datasets import Annotations
from training.detector_candidates import (
    DS1_CLEAN,
    T_FROM_MS,
    T_GAIN,
    T_TO_MS,
    Candidates,
    Run,
    enlarge_t_waves,
    label_candidates,
    training_runs,
)
from training.detector_compare import COMMITTED, SETS, fit_detector
from training.detector_fit import fit_weights, log_odds, move_bias
from training.detector_run import COMMITTED_Q8, WEIGHT_NAMES, Detection, detect
from training.logistic import fit_logistic, losses, probability
from training.splits import LABEL_Q

FS = params.FS_HZ


def restless_signal() -> np.ndarray:
    """Beats with early ones, weak ones, enlarged T waves and noise: candidates of every kind."""
    x, peaks = pulse_train(60)
    rng = np.random.default_rng(3)
    values = x.astype(np.float64)
    for r in peaks[10:70:7]:
        values[r + 150 : r + 190] += values[r - 20 : r + 20] * rng.uniform(0.3, 1.2)
    values[20 * FS : 30 * FS] += rng.normal(0, 40, 10 * FS)
    return enlarge_t_waves(np.rint(values).astype(np.int16), peaks)


def damaged_signal() -> np.ndarray:
    """The same, samples missing a quarter of a second after some beats."""
    samples = restless_signal()
    for r in pulse_train(60)[1][5::3]:
        samples[r + 90 : r + 100] = -32768
    return samples


# ---- logistic regression


def draw(n: int = 20000) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    true = np.array([-0.7, 1.5, -2.0, 0.4])
    x = np.column_stack([np.ones(n), rng.normal(0, 1, (n, 3))])
    return true, x, rng.random(n) < probability(x @ true)


def test_irls_finds_the_weights_that_made_the_data() -> None:
    """Oracle: the weights drawn from, within four standard errors (inverse Fisher information)."""
    true, x, label = draw()
    fitted = fit_logistic(x, label, np.ones(len(x)), np.zeros(4))
    p = probability(x @ true)
    errors = np.sqrt(np.diag(np.linalg.inv((x.T * (p * (1 - p))) @ x)))
    assert np.all(np.abs(fitted - true) < 4 * errors)
    assert errors.max() < 0.05


def test_irls_with_weights_and_penalty() -> None:
    """Oracle: scipy's general minimiser on the same objective; a weight of 3 is three copies."""
    _, x, label = draw(500)
    weight = np.where(np.arange(len(x)) % 5 == 0, 3.0, 1.0)
    l2 = np.array([0.0, 20.0, 20.0, 5.0])
    fitted = fit_logistic(x, label, weight, l2)
    other = minimize(lambda b: weight @ losses(x @ b, label) + 0.5 * l2 @ b**2, np.zeros(4), tol=1e-10)
    assert np.allclose(fitted, other.x, atol=1e-4)
    copies = np.repeat(np.arange(len(x)), weight.astype(int))
    assert np.allclose(fitted, fit_logistic(x[copies], label[copies], np.ones(len(copies)), l2), atol=1e-8)


def test_irls_where_the_outcomes_can_be_separated() -> None:
    """Oracle: the penalty keeps the weight finite; without outcomes of both kinds there is no answer."""
    x = np.column_stack([np.ones(20), np.linspace(-1, 1, 20)])
    fitted = fit_logistic(x, x[:, 1] > 0, np.ones(20), np.array([0.0, 1.0]))
    assert np.isfinite(fitted).all()
    assert fitted[1] > 1
    with pytest.raises(ValueError, match="both kinds"):
        fit_logistic(x, np.ones(20, bool), np.ones(20), np.zeros(2))


def test_area_under_roc() -> None:
    """Oracle: all pairs counted one by one, ties half."""
    rng = np.random.default_rng(1)
    score, label = rng.integers(0, 8, 60).astype(np.float64), rng.random(60) < 0.4
    pairs = [(a > b) + 0.5 * (a == b) for a in score[label] for b in score[~label]]
    assert area_under_roc(score, label) == pytest.approx(np.mean(pairs))
    assert area_under_roc(score, np.ones(60, bool)) is None


# ---- the detector with other weights


def reference_scores(samples: np.ndarray) -> dict[int, int]:
    """Last score of each candidate by its step, out of the reference: ``rpeak.py`` as plain Python, its score
    as it is compiled for production, with the committed constants.
    """
    scores: dict[int, int] = {}

    def noted(s: Any, c: Any) -> None:
        rpeak_score(s, c)
        scores[int(c.at)] = int(c.score_q10)

    space: dict[str, Any] = {**vars(rpeak), "rpeak_score": noted}
    for name, function in vars(rpeak).items():
        plain = getattr(function, "py_func", function)
        if isinstance(plain, FunctionType) and plain.__module__ == rpeak.__name__:
            space[name] = FunctionType(plain.__code__, space, name)
    band, spike, s = new_record(BANDPASS_DTYPE), new_record(SPIKE_DTYPE), new_record(RPEAK_DTYPE)
    bandpass_prime(band, int(samples[0]))
    spike_prime(spike, int(samples[0]))
    rpeak.rpeak_reset(s)
    for x in (*samples, *[samples[-1]] * params.SPIKE_DELAY_SAMPLES):
        spike_step(spike, int(x))
        space["rpeak_push"](s, bandpass_step(band, spike_output(spike)))
        look = s.decimation_count == 0 and s.steps % params.CONDITION_LOOK_STEPS == 0
        if look and (spike.jumps != 0 or spike.hum_seen != 0):
            spike_look_for_hum(spike)
    space["rpeak_flush"](s)
    return scores


def test_terms_times_committed_weights_are_the_references_score() -> None:
    """Oracle: the production reference's own scores, every candidate of a signal, to the last bit."""
    samples = restless_signal()[: 40 * FS]
    found = detect(samples, COMMITTED_Q8, collect=True)
    expected = reference_scores(samples)
    assert len(expected) > 60
    assert min(expected.values()) < 0 < max(expected.values())
    own = (((found.terms_q10 * COMMITTED_Q8).sum(1)) >> 8) + found.fixed_q10
    assert own.tolist() == found.score_q10.tolist() == [expected[at] for at in sorted(expected)]
    assert (found.terms_q10[:, 0] == 1024).all()
    assert set(found.fixed_q10.tolist()) == {0, -params.RPEAK_BEFORE_SCORE_Q10}
    varied = [name for name, column in zip(WEIGHT_NAMES, found.terms_q10.T, strict=True) if np.ptp(column)]
    assert varied == list(WEIGHT_NAMES[1:])


@pytest.mark.parametrize("signal", [restless_signal, damaged_signal])
def test_committed_weights_find_what_the_firmware_finds(signal) -> None:
    """Oracle: the C core; collecting changes nothing."""
    samples = signal()
    expected = run_core(samples).beats["r_sample"].astype(np.int64) - params.DELAY_SAMPLES
    assert len(expected) > 60
    for collect in (False, True):
        assert detect(samples, COMMITTED_Q8, collect=collect).peaks.tolist() == expected.tolist()


@pytest.mark.parametrize("signal", [restless_signal, damaged_signal])
def test_weights_decide(signal) -> None:
    """Oracle: a bias below every threshold leaves no beat, one above everything takes T waves, too."""
    samples = signal()
    usual = len(detect(samples, COMMITTED_Q8).peaks)
    bias = np.eye(len(WEIGHT_NAMES), dtype=np.int64)[0]
    assert len(detect(samples, COMMITTED_Q8 - 256 * 100 * bias).peaks) == 0
    assert len(detect(samples, COMMITTED_Q8 + 256 * 100 * bias).peaks) > usual


# ---- candidates


def test_labels() -> None:
    """Oracle: written by hand, one candidate of each kind."""
    at = np.array([5, 20, 30, 30.1, 40, 50, 60, 60.1, 70, 80]) * FS
    scores = np.array([9, 9, 1, 2, -3, 5, 7, 7, 8, -9])
    fixed = np.array([0] * 9 + [-8])
    found = Detection(at[:0], at, at.astype(np.int64), scores, np.zeros((10, 13), np.int64), fixed)
    beats = np.array([5, 30, 40.149, 50, 60.02, 70.16]) * FS
    label = np.array([0, 0, 2, LABEL_Q, 0, 0], np.uint8)
    notes = Annotations(beats.astype(np.int64), label, np.array([[19, 21]]) * FS)
    is_beat, used = label_candidates(found, notes)
    # too early; flutter; beaten; better; late but within; Q; near; as good but farther; not within; put down
    assert used.tolist() == [False, False, False, True, True, False, True, False, True, False]
    assert is_beat[used].tolist() == [True, True, True, False]


def test_only_t_waves_are_enlarged() -> None:
    """Oracle: the signal outside the stretch stays, a lone T wave gets T_GAIN times as high."""
    samples = np.zeros(4 * FS, np.int16)
    middle = round((T_FROM_MS + T_TO_MS) / 2000 * FS)
    samples[FS] = 500
    samples[FS + middle - 10 : FS + middle + 11] = 40
    samples[3 * FS] = -32768
    enlarged = enlarge_t_waves(samples, np.array([FS]))
    assert enlarged[FS + middle] == pytest.approx(40 * T_GAIN, abs=1)
    outside = np.ones(len(samples), bool)
    outside[FS + round(T_FROM_MS * FS / 1000) : FS + round(T_TO_MS * FS / 1000)] = False
    assert (enlarged[outside] == samples[outside]).all()


# ---- the fit


def made_up(record: str, n: int, weights_q8: np.ndarray, seed: int) -> Candidates:
    rng = np.random.default_rng(seed)
    terms = rng.integers(-1024, 1025, (n, len(WEIGHT_NAMES))).astype(np.int32)
    terms[:, 0] = 1024
    label = rng.random(n) < probability(log_odds(terms, weights_q8))
    return Candidates(Run(record, DS1_CLEAN), terms, label, Score(0, 0, 0))


def test_fit_finds_the_weights_and_weighs_patients() -> None:
    """Oracle: the weights that made the labels; a patient's many candidates weigh no more than few."""
    true = np.array([300, 700, -500, 200, 0, -900, 100, 400, -200, 50, 600, -100, 0])
    parts = [made_up("101", 30000, true, 1), made_up("106", 30000, true, 2)]
    assert np.abs(fit_weights(parts) - true).max() < 30
    other = true.copy()
    other[0] -= 700
    once = fit_weights([made_up("101", 3000, true, 1), made_up("106", 30000, other, 2)])
    more = made_up("106", 30000, other, 2)
    twice = fit_weights([made_up("101", 3000, true, 1), more, more])
    assert np.abs(once - twice).max() <= 2
    assert abs(once[0] - (true[0] + other[0]) / 2) < 100


def test_moved_bias_has_the_committed_working_point() -> None:
    """Oracle: candidates above 0 counted under both sets of weights."""
    weights = COMMITTED_Q8 * 3 // 2
    weights[0] = 0
    part = made_up("101", 5000, COMMITTED_Q8 // 4, 1)
    wanted = (log_odds(part.terms_q10, COMMITTED_Q8) > 0).sum()
    moved = move_bias([part], weights)
    assert (moved[1:] == weights[1:]).all()
    assert (log_odds(part.terms_q10, moved) > 0).sum() == pytest.approx(wanted, abs=5)


def test_refuses_what_is_not_for_training(tmp_path: Path) -> None:
    """Oracle: the split; nothing is read."""
    for record, word in (("100", "DS2"), ("102", "DS1"), ("801", "svdb")):
        with pytest.raises(UserError, match=word):
            training_runs(["101", record])
        with pytest.raises(UserError, match=word):
            fit_detector(["101", record], data=tmp_path)
    with pytest.raises(UserError, match="first, second, both"):
        fit_detector(["101"], "third", tmp_path)


def test_cli_errors_are_one_line(tmp_path: Path) -> None:
    """Oracle: the shell."""
    out = tmp_path / "fit.json"
    assert_one_line(bitbeat("fit-detector", "--record", "100", "--out", out), 2, "100", "DS2")
    assert_one_line(bitbeat("fit-detector", "--data", tmp_path, "--out", out), 2, "make data")
    assert not out.exists()


@pytest.mark.needs_data("mitdb", "nstdb")
def test_fit_on_two_records(tmp_path: Path) -> None:
    """Oracle: the C core's own EC57 score for the committed weights."""
    from tests.chain.test_detector import detect as core_score

    for name in ("mitdb", "nstdb"):
        (tmp_path / name).symlink_to(database_dir(name))
    found = fit_detector(["101", "109"], data=tmp_path)
    assert list(found["weights"]) == list(WEIGHT_NAMES)
    scores = [core_score(tmp_path / "mitdb", name) for name in ("101", "109")]
    committed = found["groups"][DS1_CLEAN][COMMITTED]
    assert (committed["missed"], committed["false"]) == (sum(s.fn for s in scores), sum(s.fp for s in scores))
    assert all(len(row["folds"]) == 2 for row in found["weights"].values())
    assert all(set(SETS) <= set(row) for row in found["groups"].values())
    assert json.loads(json.dumps(found, allow_nan=False)) == found
