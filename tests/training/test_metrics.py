"""Figures of a classification. Oracles: sums by hand, and numbers drawn from a known distribution."""

from __future__ import annotations

import numpy as np
import pytest

from training.metrics import confusion_matrix, fit_temperature, negative_log_likelihood, reliability, summary


def test_summary_by_hand() -> None:
    label = np.array([0, 0, 0, 1, 1, 2, 3, 4])
    predicted = np.array([0, 0, 1, 1, 0, 2, 2, 0])
    figures = summary(confusion_matrix(label, predicted))
    assert figures["beats"] == 7  # Q is not scored
    assert figures["accuracy"] == pytest.approx(4 / 7)
    assert figures["classes"]["N"] == {
        "precision": pytest.approx(2 / 3),
        "recall": pytest.approx(2 / 3),
        "f1": pytest.approx(2 / 3),
        "beats": 3,
    }
    assert figures["classes"]["F"]["f1"] == 0
    assert figures["macro_f1_nsv"] == pytest.approx((2 / 3 + 1 / 2 + 2 / 3) / 3)


def test_temperature_is_found_again() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (20000, 4))
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    label = (p.cumsum(1) > rng.random((20000, 1))).argmax(1)
    assert fit_temperature(logits * 3, label) == pytest.approx(3, rel=0.05)
    found = fit_temperature(logits * 3, label)
    best = negative_log_likelihood(logits * 3, label, found)
    assert all(negative_log_likelihood(logits * 3, label, t) >= best for t in np.linspace(0.5, 9, 40))


def test_calibration_error_by_hand() -> None:
    confidence = np.array([0.95, 0.95, 0.55, 0.55])
    right = np.array([True, True, True, False])
    mean, share, count, error = reliability(confidence, right)
    assert list(count) == [0, 0, 0, 0, 0, 2, 0, 0, 0, 2]
    assert share[9] == 1
    assert mean[5] == pytest.approx(0.55)
    assert error == pytest.approx((2 * 0.05 + 2 * 0.05) / 4)
