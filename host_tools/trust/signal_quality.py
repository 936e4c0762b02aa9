"""How well the signal-quality index tells bad signal: noise present, and answers that are wrong."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host_tools.ec57 import qrs_score, rate

from .judged import CODE_NONE, JudgedBeats

#: Bins of the index in the table of wrong answers.
BIN_EDGES = (0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 101)


def area_under_roc(score: NDArray[Any], positive: NDArray[np.bool_]) -> float | None:
    """Probability that a positive has the greater score than a negative, ties half; None without either.

    The Mann-Whitney statistic, from mid-ranks.
    """
    n_positive, n_negative = int(positive.sum()), int((~positive).sum())
    if n_positive == 0 or n_negative == 0:
        return None
    _, inverse, counts = np.unique(score, return_inverse=True, return_counts=True)
    mid_ranks = np.cumsum(counts) - (counts - 1) / 2
    ranks = mid_ranks[inverse]
    return float((ranks[positive].sum() - n_positive * (n_positive + 1) / 2) / n_positive / n_negative)


def roc_curve(sqi: NDArray[np.int64], positive: NDArray[np.bool_]) -> list[dict[str, float]]:
    """Points of the ROC for "index below ``limit``": percent of positives and of negatives caught."""
    return [
        {
            "limit": float(limit),
            "caught": rate(float((sqi[positive] < limit).sum()), float(positive.sum())),
            "false_alarms": rate(float((sqi[~positive] < limit).sum()), float((~positive).sum())),
        }
        for limit in range(0, 102, 2)
    ]


def wrong_answers(beats: JudgedBeats) -> dict[str, Any]:
    """Areas under the ROC for wrong and for false beats, the curve, the share wrong in bins of the index."""
    kept = beats.classified
    sqi, wrong = beats.sqi[kept], beats.wrong[kept]
    false = beats.reference[kept] == CODE_NONE
    bins = []
    for low, high in pairwise(BIN_EDGES):
        inside = (sqi >= low) & (sqi < high)
        count = int(inside.sum())
        bins.append(
            {"from": low, "below": high, "beats": count, "wrong": rate(float(wrong[inside].sum()), count)}
        )
    return {
        "auc_wrong": area_under_roc(-sqi, wrong),
        "auc_false_beat": area_under_roc(-sqi, false),
        "curve": roc_curve(sqi, wrong),
        "bins": bins,
    }


def noise_present(clean: JudgedBeats, noisy: JudgedBeats) -> float | None:
    """Area under the ROC for noise present: beats of noisy records against those of the clean ones."""
    sqi = np.concatenate([clean.sqi, noisy.sqi])
    positive = np.arange(len(sqi)) >= len(clean.sqi)
    return area_under_roc(-sqi, positive)


def level_row(beats: JudgedBeats) -> dict[str, Any]:
    """One row of the table over noise levels: quartiles of the index; beats undecided, wrong, percent."""
    low, median, high = np.percentile(beats.sqi, [25, 50, 75]) if len(beats.sqi) else (0.0, 0.0, 0.0)
    kept = beats.classified
    wrong, undecided = beats.wrong[kept], beats.undecided[kept]
    score = qrs_score(beats.matrix())
    return {
        "sqi_quartiles": [float(low), float(median), float(high)],
        "undecided": rate(float(undecided.sum()), len(undecided)),
        "wrong": rate(float(wrong.sum()), len(wrong)),
        "wrong_of_decided": rate(float((wrong & ~undecided).sum()), float((~undecided).sum())),
        "wrong_caught": rate(float((wrong & undecided).sum()), float(wrong.sum())),
        "qrs": {"se": rate(score.tp, score.tp + score.fn), "ppv": rate(score.tp, score.tp + score.fp)},
    }
