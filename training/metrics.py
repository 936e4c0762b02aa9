"""Figures of a classification: confusion matrix, precision, recall, F1, calibration. Needs no torch."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from host_tools.beats import CLASS_NAMES

CLASSES = len(CLASS_NAMES)

#: Classes of the headline macro-F1: F has too few patients to be judged.
MACRO_CLASSES = ("N", "S", "V")


def confusion_matrix(label: NDArray[Any], predicted: NDArray[Any]) -> NDArray[np.int64]:
    """Count int64 [4, 4]: rows are the reference, columns the prediction; label Q (4) is left out."""
    keep = label < CLASSES
    matrix = np.zeros((CLASSES, CLASSES), np.int64)
    np.add.at(matrix, (label[keep].astype(np.int64), predicted[keep].astype(np.int64)), 1)
    return matrix


def _share(part: float, whole: float) -> float:
    return float(part) / float(whole) if whole else 0.0


def class_figures(matrix: NDArray[np.int64]) -> dict[str, dict[str, float]]:
    """Precision, recall, F1 and number of beats of each class; a ratio over nothing counts as 0."""
    figures = {}
    for i, name in enumerate(CLASS_NAMES):
        hit = matrix[i, i]
        precision = _share(hit, matrix[:, i].sum())
        recall = _share(hit, matrix[i].sum())
        figures[name] = {
            "precision": precision,
            "recall": recall,
            "f1": _share(2 * precision * recall, precision + recall),
            "beats": int(matrix[i].sum()),
        }
    return figures


def macro_f1(matrix: NDArray[np.int64]) -> float:
    """Mean F1 of N, S and V."""
    figures = class_figures(matrix)
    return float(np.mean([figures[name]["f1"] for name in MACRO_CLASSES]))


def summary(matrix: NDArray[np.int64]) -> dict[str, Any]:
    """Accuracy, macro-F1 over N S V, and the classes' figures."""
    return {
        "beats": int(matrix.sum()),
        "accuracy": _share(np.trace(matrix), matrix.sum()),
        "macro_f1_nsv": macro_f1(matrix),
        "classes": class_figures(matrix),
        "confusion": matrix.tolist(),
    }


def softmax(logits: NDArray[Any]) -> NDArray[np.float64]:
    """Probabilities, float64 [n, 4]."""
    shifted = logits.astype(np.float64) - logits.max(1, keepdims=True)
    p = np.exp(shifted)
    return p / p.sum(1, keepdims=True)


def negative_log_likelihood(logits: NDArray[Any], label: NDArray[Any], temperature: float = 1.0) -> float:
    """Mean of -log p of the true class after division of the logits by ``temperature``."""
    p = softmax(logits / temperature)[np.arange(len(label)), label.astype(np.int64)]
    return float(-np.log(np.maximum(p, 1e-12)).mean())


def fit_temperature(logits: NDArray[Any], label: NDArray[Any]) -> float:
    """Divisor of the logits that makes the confidences most likely; 0.1 to 10.

    The order of the classes does not change. Source: Guo et al., "On calibration of modern neural
    networks", ICML 2017.
    """
    low, high = np.log(0.1), np.log(10.0)
    ratio = (np.sqrt(5) - 1) / 2
    for _ in range(40):  # golden section: the interval shrinks to 4.6 * 0.618^40
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        if negative_log_likelihood(logits, label, np.exp(left)) < negative_log_likelihood(
            logits, label, np.exp(right)
        ):
            high = right
        else:
            low = left
    return float(np.exp((low + high) / 2))


def reliability(
    confidence: NDArray[np.float64], correct: NDArray[np.bool_], bins: int = 10
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64], float]:
    """Calibration by equal bins of confidence.

    Parameters
    ----------
    confidence : ndarray
        float64 [n], 0 to 1, probability of the predicted class.
    correct : ndarray
        bool [n].
    bins : int
        Number of bins over 0 to 1.

    Returns
    -------
    tuple
        Mean confidence, share of correct beats and count of each bin (NaN where empty), and the
        expected calibration error. Source of the error: Naeini et al., AAAI 2015.
    """
    index = np.minimum((confidence * bins).astype(np.int64), bins - 1)
    count = np.bincount(index, minlength=bins)
    with np.errstate(invalid="ignore"):
        mean = np.bincount(index, confidence, bins) / count
        share = np.bincount(index, correct.astype(np.float64), bins) / count
    filled = count > 0
    error = float(np.sum(count[filled] * np.abs(mean[filled] - share[filled])) / max(1, len(confidence)))
    return mean, share, count, error
