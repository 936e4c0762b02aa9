"""Fits the R-peak detector's weights to candidates of training records.

The committed weights (``[rpeak.weight_q8]`` of the specification) were fitted before this module existed,
with an earlier form of it; then the bias, which is the working point, and some weights (that of the T wave)
were set by hand. A refit comes near them and does not equal them. Nothing here changes the specification.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from host_tools.errors import UserError
from training.detector_candidates import Candidates
from training.detector_run import COMMITTED_Q8, ONE_Q8, ONE_Q10, WEIGHT_NAMES
from training.logistic import Float, fit_logistic
from training.splits import patient_of

#: Penalty of every weight but the bias, against a sum over all candidates: it only keeps weights finite
#: that a few records alone would leave open.
L2 = 1.0


def log_odds(terms_q10: NDArray[np.int32] | NDArray[np.int64], weights_q8: NDArray[np.int64]) -> Float:
    """Scores as the detector computes them, nats."""
    odds: Float = ((terms_q10 @ weights_q8) >> 8) / ONE_Q10
    return odds


def _joined(parts: Sequence[Candidates]) -> tuple[NDArray[np.int32], NDArray[np.bool_], Float]:
    """Terms, labels and weights of all candidates: patients weigh the same, a candidate 1 on average."""
    counts: dict[str, int] = {}
    for part in parts:
        patient = patient_of(part.run.name)
        counts[patient] = counts.get(patient, 0) + len(part.label)
    mean = sum(counts.values()) / max(sum(count > 0 for count in counts.values()), 1)
    weights = [np.full(len(part.label), mean / max(counts[patient_of(part.run.name)], 1)) for part in parts]
    return (
        np.concatenate([part.terms_q10 for part in parts]),
        np.concatenate([part.label for part in parts]),
        np.concatenate(weights),
    )


def fit_weights(parts: Sequence[Candidates], l2: float = L2) -> NDArray[np.int64]:
    """Fit the thirteen weights to candidates.

    Parameters
    ----------
    parts : sequence of Candidates
        Of at least one run. Every patient weighs the same: patients, not candidates, are independent of each
        other, and a noisy record has many times the candidates of a quiet one. Within a patient beats and
        others keep their proportion, so that the score stays the log odds.
    l2 : float
        Penalty of every weight but the bias; the candidates together weigh as much as there are of them.

    Returns
    -------
    int64 [13]
        In 1/256, in the order of ``WEIGHT_NAMES``.

    Raises
    ------
    UserError
        There is not enough to learn from.
    """
    terms, label, weight = _joined(parts)
    penalty = np.full(len(WEIGHT_NAMES), l2)
    penalty[0] = 0.0
    try:
        fitted = fit_logistic(terms / ONE_Q10, label, weight, penalty)
    except ValueError as error:
        raise UserError(f"these records are too few to fit weights to ({error})") from None
    weights_q8: NDArray[np.int64] = np.rint(fitted * ONE_Q8).astype(np.int64)
    return weights_q8


def move_bias(parts: Sequence[Candidates], weights_q8: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give weights the working point of the committed ones, which was set by hand.

    The bias becomes the one with which as many candidates score above 0 as with the committed weights,
    every patient weighing the same. Without this a comparison of missed and false beats would show little
    but the bias.
    """
    terms, _, weight = _joined(parts)
    wanted = float(weight[log_odds(terms, COMMITTED_Q8) > 0].sum())
    odds = log_odds(terms, weights_q8)
    falling = np.argsort(-odds, kind="stable")
    last = int(np.searchsorted(np.cumsum(weight[falling]), wanted))
    moved = weights_q8.copy()
    moved[0] -= round(ONE_Q8 * float(odds[falling[min(last, len(odds) - 1)]]))
    return moved
