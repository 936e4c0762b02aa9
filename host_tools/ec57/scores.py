"""Sensitivity and positive predictivity from a confusion matrix, the EC57 way."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .labels import F, N, O, Q, S, V

#: The counts of ``bxb``'s one-line report, in its order.
BXB_COLUMNS = (
    *("Nn'", "Sn'", "Vn'", "Fn'", "On'"),
    *("Ns", "Ss", "Vs", "Fs'", "Os'"),
    *("Nv", "Sv", "Vv", "Fv'", "Ov'"),
    *("No'", "So'", "Vo'", "Fo'"),
)


@dataclass(frozen=True)
class Score:
    """True positives, false negatives, false positives, and what follows from them."""

    tp: int
    fn: int
    fp: int

    @property
    def sensitivity(self) -> float:
        """TP / (TP + FN); NaN where the reference has none."""
        return self.tp / (self.tp + self.fn) if self.tp + self.fn else float("nan")

    @property
    def positive_predictivity(self) -> float:
        """TP / (TP + FP); NaN where the test found none."""
        return self.tp / (self.tp + self.fp) if self.tp + self.fp else float("nan")

    @property
    def f1(self) -> float:
        """Harmonic mean of both; NaN where neither reference nor test has the class."""
        whole = 2 * self.tp + self.fn + self.fp
        return 2 * self.tp / whole if whole else float("nan")

    def percent(self) -> dict[str, float | None]:
        """Return ``se``, ``ppv`` and ``f1`` in percent; None where there is none."""
        shares = {"se": self.sensitivity, "ppv": self.positive_predictivity, "f1": self.f1}
        return {name: 100 * share if math.isfinite(share) else None for name, share in shares.items()}


def qrs_score(matrix: NDArray[np.int64]) -> Score:
    """Score the detection alone: any beat label matches any other."""
    return Score(int(matrix[:O, :O].sum()), int(matrix[:O, O].sum()), int(matrix[O, :O].sum()))


def veb_score(matrix: NDArray[np.int64]) -> Score:
    """Score ventricular ectopic beats; F or Q in the reference called V is neither right nor wrong."""
    tp = int(matrix[V, V])
    return Score(tp, int(matrix[V].sum()) - tp, int(matrix[N, V] + matrix[S, V] + matrix[O, V]))


def sveb_score(matrix: NDArray[np.int64]) -> Score:
    """Score supraventricular ectopic beats; Q in the reference called S is neither right nor wrong."""
    tp = int(matrix[S, S])
    fp = int(matrix[N, S] + matrix[V, S] + matrix[F, S] + matrix[O, S])
    return Score(tp, int(matrix[S].sum()) - tp, fp)


def bxb_columns(matrix: NDArray[np.int64]) -> dict[str, int]:
    """Return the nineteen counts in the order and under the names of ``bxb``'s one-line report.

    A prime means: together with others. An unclassifiable reference beat (Q) counts in the row of F, the
    answers f and q in the column of n: the report has no columns of their own for them.
    """
    columns = {
        letter: matrix[:, list(answers)].sum(axis=1)
        for letter, answers in {"n": (N, F, Q), "s": (S,), "v": (V,), "o": (O,)}.items()
    }
    rows = {"N": (N,), "S": (S,), "V": (V,), "F": (F, Q), "O": (O,)}
    return {name: int(columns[name[1]][list(rows[name[0]])].sum()) for name in BXB_COLUMNS}


def rate(part: float, whole: float) -> float:
    """Percentage, 0 over nothing."""
    return 100 * float(part) / float(whole) if whole else 0.0


def class_scores(matrix: NDArray[np.int64]) -> dict[str, Score]:
    """Score N, S, V and F; S and V as EC57 says, N and F with Q in the reference left out of the errors."""

    def plain(k: int) -> Score:
        hit = int(matrix[k, k])
        others = [i for i in (N, S, V, F, O) if i != k]
        return Score(hit, int(matrix[k].sum()) - hit, int(matrix[others, k].sum()))

    return {"N": plain(N), "S": sveb_score(matrix), "V": veb_score(matrix), "F": plain(F)}


def figures_from_matrix(matrix: NDArray[np.int64]) -> dict[str, Any]:
    """EC57 rates in percent from a beat-by-beat matrix.

    Parameters
    ----------
    matrix : ndarray
        int64 [6, 6]: rows the reference N S V F Q and O (no reference beat), columns the test's N S V F Q
        and O (missed).

    Returns
    -------
    dict
        ``classes`` (se, ppv, f1 of N S V F), ``qrs``, ``accuracy`` over N S V F with missed and false
        beats as errors, ``macro_f1`` over N S V, and the ``matrix``. S and V are scored as EC57 says:
        a V called on a reference F or Q is not counted against V, nor an S on a Q.
    """
    scores = class_scores(matrix)
    classes = {}
    for name, score in scores.items():
        se, ppv = rate(score.tp, score.tp + score.fn), rate(score.tp, score.tp + score.fp)
        classes[name] = {"se": se, "ppv": ppv, "f1": 2 * se * ppv / (se + ppv) if se + ppv else 0.0}
    qrs = qrs_score(matrix)
    judged = matrix[:4].sum() + matrix[5, :5].sum()
    return {
        "classes": classes,
        "qrs": {"se": rate(qrs.tp, qrs.tp + qrs.fn), "ppv": rate(qrs.tp, qrs.tp + qrs.fp)},
        "accuracy": rate(np.trace(matrix[:4, :4]), judged),
        "macro_f1": float(np.mean([classes[name]["f1"] for name in "NSV"])),
        "matrix": matrix.tolist(),
    }
