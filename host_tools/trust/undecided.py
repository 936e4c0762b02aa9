"""What leaving beats undecided brings, and what it costs."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from host_tools.ec57 import CLASSES, figures_from_matrix, rate

from .judged import JudgedBeats

#: Classes whose figures are given.
CURVE_CLASSES = ("S", "V")

#: Shares of beats to leave undecided at which a curve is drawn, percent.
SHARES_PERCENT = (0.0, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.5, 10.0, 15.0, 20.0)

#: With more beats undecided than this, percent, figures of the rest say little and are not shown.
MOST_UNDECIDED_PERCENT = 60.0


def enough_decided(figures: dict[str, Any]) -> bool:
    """Whether the decided beats of some figures are enough to be shown."""
    return bool(figures["undecided"] <= MOST_UNDECIDED_PERCENT)


def decided_figures(beats: JudgedBeats, keep: NDArray[np.bool_]) -> dict[str, Any]:
    """Figures of the beats in ``keep``; the others count neither for nor against, missed beats stay missed.

    Returns
    -------
    dict
        ``undecided`` (percent of all beats), ``undecided_of`` (percent of the reference's S and V beats that
        were found), and of S and V ``se``, ``ppv``, ``f1``, percent.
    """
    figures = figures_from_matrix(beats.matrix(keep))
    left = {}
    for name in CURVE_CLASSES:
        own = beats.reference == CLASSES.index(name)
        left[name] = rate(float((own & ~keep).sum()), float(own.sum()))
    return {
        "undecided": rate(float((~keep).sum()), len(keep)),
        "undecided_of": left,
        "accuracy": figures["accuracy"],
        **{name: figures["classes"][name] for name in CURVE_CLASSES},
    }


def _curve(beats: JudgedBeats, value: NDArray[Any]) -> list[dict[str, Any]]:
    """Leave out the beats of the least ``value``, as many as each share asks; equal values go together."""
    points: list[dict[str, Any]] = []
    ordered = np.sort(value)
    for share in SHARES_PERCENT:
        out = round(len(value) * share / 100)
        threshold = ordered[min(out, len(ordered) - 1)] if len(ordered) else 0
        point = {"from": float(threshold), **decided_figures(beats, value >= threshold)}
        if not points or point["from"] != points[-1]["from"]:
            points.append(point)
    return points


def marked_figures(beats: JudgedBeats) -> dict[str, Any]:
    """Figures without the beats that the device itself marks undecided."""
    return decided_figures(beats, ~beats.undecided)


def undecided_curves(beats: JudgedBeats) -> dict[str, Any]:
    """S and V figures against the share of beats left undecided.

    Returns
    -------
    dict
        ``by_confidence`` and ``by_sqi``: points as of :func:`decided_figures`, each with the least value
        ``from`` which beats are decided; ``flag``: the same for the beats that the device marks undecided.
    """
    return {
        "by_confidence": _curve(beats, beats.confidence),
        "by_sqi": _curve(beats, beats.sqi),
        "flag": marked_figures(beats),
    }
