"""Figures of a set of records: gross, average and per record, all in percent."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host_tools.ec57 import LEARNING_PERIOD_S, Score, class_scores, qrs_score
from host_tools.trust import calibration, join, marked_figures

from .chain import Replayed

Matrix = NDArray[np.int64]

#: Holds three quarters of DS2's S beats, in long runs: S is always given without it, too.
S_RECORD = "232"

#: The classes of each table: bxb's has ventricular and supraventricular beats.
_BXB, _DECHAZAL = "VS", "NSVF"
_MACRO = "NSV"


def _known(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _mean(values: Sequence[float]) -> float:
    known = [v for v in values if math.isfinite(v)]
    return sum(known) / len(known) if known else math.nan


def rates(score: Score, names: Sequence[str] = ("se", "ppv", "f1")) -> dict[str, float | None]:
    """Rates of one score; None where there is none."""
    percent = score.percent()
    return {name: percent[name] for name in names}


def average_of(
    scores: Sequence[Score], names: Sequence[str] = ("se", "ppv", "f1")
) -> dict[str, float | None]:
    """Mean of each rate over the records that have it, as ``sumstats`` averages."""
    found = {name: [p for score in scores if (p := score.percent()[name]) is not None] for name in names}
    return {name: _known(_mean(values)) for name, values in found.items()}


def accuracy(matrix: Matrix) -> float:
    """Right beats of N S V F among them and the false beats: a missed or a false beat is an error."""
    judged = matrix[:4].sum() + matrix[5, :5].sum()
    return 100 * float(np.trace(matrix[:4, :4])) / float(judged) if judged else math.nan


def _total(matrices: Sequence[Matrix]) -> Matrix:
    total: Matrix = np.sum(matrices, axis=0)
    return total


def qrs_figures(matrices: Sequence[Matrix]) -> dict[str, float | None]:
    """Gross sensitivity and predictivity of the detector."""
    return rates(qrs_score(_total(matrices)), ("se", "ppv"))


def _table(
    matrices: Mapping[str, Matrix], classes: str, names: Sequence[str], average: bool
) -> dict[str, Any]:
    """Rates of some classes, pooled or averaged over records."""
    if average:
        each = [class_scores(m) for m in matrices.values()]
        return {c: average_of([scores[c] for scores in each], names) for c in classes}
    pooled = class_scores(_total(list(matrices.values())))
    return {c: rates(pooled[c], names) for c in classes}


def _macro(table: Mapping[str, Any]) -> float:
    """Mean F1 of N, S and V; a class that occurs nowhere counts as 0."""
    return sum(table[c]["f1"] or 0.0 for c in _MACRO) / len(_MACRO)


def _tables(records: Mapping[str, Replayed], average: bool) -> dict[str, Any]:
    """All tables of DS2, gross or average."""

    def of(mapping: str, start_s: float) -> dict[str, Matrix]:
        return {name: r.matrices[mapping, start_s] for name, r in records.items()}

    late = of("dechazal", LEARNING_PERIOD_S)
    every = ("se", "ppv", "f1")
    tables: dict[str, Any] = {}
    for name, matrices, classes, shown in (
        ("bxb", of("bxb", LEARNING_PERIOD_S), _BXB, ("se", "ppv")),
        ("dechazal", late, _DECHAZAL, every),
        ("dechazal_from_0", of("dechazal", 0.0), _DECHAZAL, every),
    ):
        rest = {record: matrix for record, matrix in matrices.items() if record != S_RECORD}
        tables[name] = _table(matrices, classes, shown, average)
        tables[f"{name}_without_{S_RECORD}"] = _table(rest, "S", shown, average)
    if average:
        tables["accuracy"] = _known(_mean([accuracy(m) for m in late.values()]))
    else:
        tables["accuracy"] = _known(accuracy(_total(list(late.values()))))
    tables["macro_f1"] = _macro(tables["dechazal"])
    if not average:
        tables["accuracy_from_0"] = _known(accuracy(_total(list(of("dechazal", 0.0).values()))))
        tables["macro_f1_from_0"] = _macro(tables["dechazal_from_0"])
    return tables


def _record_figures(record: Replayed) -> dict[str, Any]:
    late = record.matrices["dechazal", LEARNING_PERIOD_S]
    scores = class_scores(late)
    bxb = class_scores(record.matrices["bxb", LEARNING_PERIOD_S])
    return {
        "lead": record.lead,
        "qrs": rates(qrs_score(late), ("se", "ppv")),
        "bxb": {c: rates(bxb[c], ("se", "ppv")) for c in _BXB},
        "dechazal": {c: rates(scores[c]) for c in _DECHAZAL},
        "accuracy": _known(accuracy(late)),
        "matrix": late.tolist(),
    }


def ds2_figures(records: Sequence[Replayed], int8_minus_float: float | None) -> dict[str, Any]:
    """All figures of the classifier on DS2.

    Parameters
    ----------
    records : sequence of Replayed
        DS2's records through the core.
    int8_minus_float : float, optional
        Macro-F1 of the int8 network less that of its float twin, points.

    Returns
    -------
    dict
        ``bxb``, ``dechazal``, ``dechazal_from_0``, each also ``_without_232`` for S, ``accuracy``,
        ``macro_f1`` gross; ``average`` with the same; ``per_record``; ``int8_minus_float``; ``calibration``
        of the confidences, and what the device's mark ``undecided`` leaves out and brings.
    """
    judged = [r.judged for r in records if r.judged is not None]
    by_name = {r.record: r for r in records}
    return {
        **_tables(by_name, average=False),
        "int8_minus_float": int8_minus_float,
        "average": _tables(by_name, average=True),
        **(
            {"calibration": calibration(join(judged)), "undecided": marked_figures(join(judged))}
            if judged
            else {}
        ),
        "per_record": {name: _record_figures(r) for name, r in by_name.items()},
    }


def macro_f1(matrices: Sequence[Matrix]) -> float:
    """Mean F1 of N, S and V over pooled records."""
    return _macro(_table({"": _total(matrices)}, _DECHAZAL, ("f1",), average=False))


def board_figures(
    qrs: Sequence[Replayed], noise: Sequence[Replayed], ds2: dict[str, Any], ds2_names: Sequence[str]
) -> dict[str, Any]:
    """Figures of the shipped model as ``build/score.json`` has them.

    Parameters
    ----------
    qrs : sequence of Replayed
        All records of mitdb, first signal.
    noise : sequence of Replayed
        The records of nstdb, first signal.
    ds2 : dict
        From :func:`ds2_figures`.
    ds2_names : sequence of str
        DS2's records.
    """
    key = ("bxb", LEARNING_PERIOD_S)
    by_name = {r.record: r.matrices[key] for r in qrs}
    each = {name: qrs_score(matrix) for name, matrix in by_name.items()}
    return {
        "qrs": qrs_figures(list(by_name.values())),
        "qrs_ds2": qrs_figures([by_name[name] for name in ds2_names if name in by_name]),
        "qrs_noise": {r.record: qrs_figures([r.matrices[key]]) for r in noise},
        "qrs_average": average_of(list(each.values()), ("se", "ppv")),
        "qrs_per_record": {
            name: {"beats": s.tp + s.fn, "missed": s.fn, "false": s.fp, **rates(s, ("se", "ppv"))}
            for name, s in each.items()
        },
        "ds2": ds2,
    }
