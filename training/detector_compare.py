"""Compares the detector's committed weights with refitted ones, patient-wise on records held out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host_tools.ec57 import Score
from host_tools.errors import UserError
from host_tools.reference.params import SPEC_DIGEST
from host_tools.trust.signal_quality import area_under_roc
from training.config import load_config
from training.data import DATA_DIR
from training.datasets import read_labels, record_path
from training.detector_candidates import (
    GROUPS,
    LEVELS_DB,
    NOISE,
    Candidates,
    Run,
    collect,
    run_samples,
    score_peaks,
    training_runs,
)
from training.detector_fit import L2, fit_weights, log_odds, move_bias
from training.detector_run import COMMITTED_Q8, WEIGHT_NAMES, detect
from training.logistic import losses
from training.splits import LABELS, assign_folds, original_of

#: What ``--noise`` says: which halves of the noise records are fitted with.
FITTED_NOISE = {"first": ("first",), "second": ("second",), "both": ("first", "second")}

#: The sets of weights that are compared; the last one is the refit with the bias of :func:`move_bias`.
COMMITTED, REFITTED, MOVED = SETS = ("committed", "refitted", "refitted, bias moved")

#: Shows progress: items, how many there are, what is done with them, the name of one.
Track = Callable[[Sequence[Run], int, str, Callable[[Run], str]], Iterable[Run]]


@dataclass(frozen=True)
class _Judged:
    """One run under one set of weights: its candidates' log odds and labels, and the detector's score."""

    odds: NDArray[np.float64]
    label: NDArray[np.bool_]
    score: Score


def _untracked(runs: Sequence[Run], total: int, what: str, name: Callable[[Run], str]) -> Iterable[Run]:
    return runs


def _folds(records: Sequence[str], data: Path) -> dict[str, int]:
    """Fold of each record, as the network's cross-validation has them."""
    setting = load_config().cross_validation
    counts = {}
    for record in records:
        _, labels = read_labels(record_path(record, data))
        counts[record] = np.bincount(labels, minlength=len(LABELS)).astype(np.int64)
    fold_of = assign_folds(counts, setting.folds, setting.fold_seed)
    if len(set(fold_of.values())) < 2:
        raise UserError("cross-validation needs records of at least two patients")
    return fold_of


def _judge(
    part: Candidates, held_out: NDArray[np.int64], moved: NDArray[np.int64], data: Path
) -> dict[str, _Judged]:
    """One run under each set of weights."""
    path = record_path(part.run.name, data)
    samples = run_samples(part.run, data)
    judged = {COMMITTED: _Judged(log_odds(part.terms_q10, COMMITTED_Q8), part.label, part.score)}
    for name, weights in ((REFITTED, held_out), (MOVED, moved)):
        score = score_peaks(detect(samples, weights).peaks, path)
        judged[name] = _Judged(log_odds(part.terms_q10, weights), part.label, score)
    return judged


def _figures(judged: Sequence[_Judged]) -> dict[str, Any]:
    """Figures of the runs of a group together, None where there is nothing to tell."""
    odds = np.concatenate([one.odds for one in judged])
    label = np.concatenate([one.label for one in judged])
    counts = (sum(getattr(one.score, name) for one in judged) for name in ("tp", "fn", "fp"))
    score = Score(*counts)
    rates = score.percent()
    return {
        "log_loss": float(losses(odds, label).mean()),
        "auc": area_under_roc(odds, label),
        "qrs_se": rates["se"],
        "qrs_ppv": rates["ppv"],
        "missed": score.fn,
        "false": score.fp,
    }


def _group_rows(parts: Sequence[Candidates], judged: Sequence[dict[str, _Judged]]) -> dict[str, Any]:
    """Figures by group and set of weights."""
    groups: dict[str, Any] = {}
    for group in GROUPS:
        own = [one for part, one in zip(parts, judged, strict=True) if part.run.group == group]
        if any(len(one[COMMITTED].label) for one in own):
            label = np.concatenate([one[COMMITTED].label for one in own])
            counts = {"runs": len(own), "candidates": len(label), "beats": int(label.sum())}
            groups[group] = counts | {name: _figures([one[name] for one in own]) for name in SETS}
    return groups


def fit_detector(
    records: Sequence[str], noise: str = "second", data: Path = DATA_DIR, track: Track = _untracked
) -> dict[str, Any]:
    """Refit the detector's weights, and compare them with the committed ones.

    Parameters
    ----------
    records : sequence of str
        Records of DS1 and svdb.
    noise : {"first", "second", "both"}
        Which halves of the noise records are fitted with. Both are judged, always.
    data : Path
        Holds ``mitdb/``, ``nstdb/`` and ``svdb/``.
    track : callable, optional
        Shows progress.

    Returns
    -------
    dict
        ``weights``: by name committed, refitted on all records, with the bias moved, and refitted without
        each fold, in 1/256. ``groups``: figures of candidates and of the whole detector by set of weights;
        the refits' are of records that they were not fitted on, the committed weights saw them all, and
        choices of features were made on them.

    Raises
    ------
    UserError
        A record belongs to DS2 or is missing, or there are too few.
    """
    if noise not in FITTED_NOISE:
        raise UserError(f"--noise {noise}: must be one of {', '.join(FITTED_NOISE)}")
    runs = training_runs(records)
    fold_of = _folds(records, data)
    parts = [collect(run, data) for run in track(runs, len(runs), "candidates", lambda run: run.name)]
    unheard = {NOISE[half] for half in NOISE if half not in FITTED_NOISE[noise]}
    learnt = [part for part in parts if part.run.group not in unheard]
    fitted = _fit_folds(learnt, fold_of)
    tracked = zip(track(runs, len(runs), "held-out runs", lambda run: run.name), parts, strict=True)
    judged = [_judge(part, *fitted[_fold(run, fold_of)], data) for run, part in tracked]
    return {
        "spec": SPEC_DIGEST,
        "records": list(records),
        "noise": noise,
        "noise_levels_db": list(LEVELS_DB),
        "l2": L2,
        "candidates": sum(len(part.label) for part in learnt),
        "weights": _weight_rows(learnt, [weights for weights, _ in fitted.values()]),
        "groups": _group_rows(parts, judged),
    }


def _fold(run: Run, fold_of: dict[str, int]) -> int:
    return fold_of[original_of(run.name)]


def _fit_folds(
    learnt: Sequence[Candidates], fold_of: dict[str, int]
) -> dict[int, tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """For each fold the weights fitted on the others, as they come out and with the bias moved."""
    fitted = {}
    for fold in sorted(set(fold_of.values())):
        others = [part for part in learnt if _fold(part.run, fold_of) != fold]
        weights = fit_weights(others)
        fitted[fold] = (weights, move_bias(others, weights))
    return fitted


def _weight_rows(
    learnt: Sequence[Candidates], folds: Sequence[NDArray[np.int64]]
) -> dict[str, dict[str, Any]]:
    """Weights by name; the refit is that to all of ``learnt``."""
    refitted = fit_weights(learnt)
    moved = move_bias(learnt, refitted)
    return {
        name: {
            COMMITTED: int(COMMITTED_Q8[i]),
            REFITTED: int(refitted[i]),
            MOVED: int(moved[i]),
            "folds": [int(weights[i]) for weights in folds],
        }
        for i, name in enumerate(WEIGHT_NAMES)
    }
