"""Writes ``training/report``: tables, error analysis, predictions and plots of the cross-validation."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host_tools.beats import CLASS_NAMES
from host_tools.places import markdown_table
from host_tools.writing import replacing, write_json, write_text
from training.datasets import RecordBeats
from training.metrics import confusion_matrix, reliability, softmax
from training.splits import DATABASE_NAMES

#: Larger prediction files go to ``build/`` instead of the committed report.
PREDICTIONS_BYTES_MAX = 300_000

#: Beats listed and drawn as the least certain ones.
LOW_CONFIDENCE_LISTED = 200
LOW_CONFIDENCE_DRAWN = 24

#: Logits in the predictions file are stored with this many steps per unit.
LOGIT_STEPS = 16


#: What :func:`write_report` writes.
REPORT_FILES = (
    *("metrics.json", "per_class.csv", "per_record.csv", "errors.csv", "errors.md", "low_confidence.csv"),
    *("predictions.npz", "confusion_matrix.png", "per_class.png", "reliability.png", "confidence.png"),
    "low_confidence.png",
)


@dataclass(frozen=True)
class Judged:
    """All held-out beats in one row each.

    Attributes
    ----------
    record : ndarray
        str [n].
    sample, label, predicted : ndarray
        int64 [n]; R peak in samples of the record, true and predicted class.
    logits, probability : ndarray
        [n, 4].
    confidence : ndarray
        float64 [n], probability of the predicted class.
    beat : ndarray
        int8 [n, 96, 2], the network's input.
    """

    record: NDArray[np.str_]
    sample: NDArray[np.int64]
    label: NDArray[np.int64]
    predicted: NDArray[np.int64]
    logits: NDArray[np.float32]
    probability: NDArray[np.float64]
    confidence: NDArray[np.float64]
    beat: NDArray[np.int8]


def judge(beats: Sequence[RecordBeats], logits: dict[str, NDArray[np.float32]]) -> Judged:
    """Join beats of classes N S V F and their held-out logits."""
    kept = [r.judged for r in beats]
    stacked = np.concatenate([logits[r.record][k] for r, k in zip(beats, kept, strict=True)])
    probability = softmax(stacked)
    return Judged(
        record=np.concatenate([np.full(len(k), r.record) for r, k in zip(beats, kept, strict=True)]),
        sample=np.concatenate([r.sample[k] for r, k in zip(beats, kept, strict=True)]),
        label=np.concatenate([r.label[k] for r, k in zip(beats, kept, strict=True)]).astype(np.int64),
        predicted=stacked.argmax(1),
        logits=stacked,
        probability=probability,
        confidence=probability.max(1),
        beat=np.concatenate([r.beat[k] for r, k in zip(beats, kept, strict=True)]),
    )


def write_report(
    folder: Path,
    beats: Sequence[RecordBeats],
    logits: dict[str, NDArray[np.float32]],
    metrics: dict[str, Any],
    info: dict[str, Any],
) -> None:
    """Write every table and plot of a cross-validation into ``folder``.

    Parameters
    ----------
    folder : Path
        Made if it is not there.
    beats : sequence of RecordBeats
        The judged beats.
    logits : dict of str to ndarray
        Held-out logits of each record, float32 [n, 4].
    metrics, info : dict
        Figures and provenance for ``metrics.json``.
    """
    from training import plots

    folder.mkdir(parents=True, exist_ok=True)
    temperature = float(metrics["temperature"])
    raw = judge(beats, logits)
    judged = judge(beats, {record: values / temperature for record, values in logits.items()})
    matrix = confusion_matrix(judged.label, judged.predicted)
    right = judged.predicted == judged.label
    calibration = reliability(judged.confidence, right)
    before = reliability(raw.confidence, right)
    provenance = {
        k: info[k] for k in ("config_hash", "spec_hash", "git_commit", "seed", "teachers") if k in info
    }
    calibrated = {"expected_calibration_error": calibration[3], "before_temperature": before[3]}
    write_json(folder / "metrics.json", provenance | metrics | {"calibration": calibrated})
    write_class_table(folder / "per_class.csv", metrics["pooled"]["classes"])
    write_record_table(folder / "per_record.csv", beats, judged, metrics["fold_of_record"])
    write_errors(folder, judged, matrix)
    write_low_confidence(folder / "low_confidence.csv", judged)
    write_predictions(folder / "predictions.npz", judged)
    where = " and ".join(DATABASE_NAMES[database] for database in metrics["ec57"])
    plots.confusion(folder / "confusion_matrix.png", matrix, where)
    plots.per_class(folder / "per_class.png", metrics["pooled"]["classes"], where)
    plots.reliability_diagram(folder / "reliability.png", calibration, before)
    plots.confidence_histogram(folder / "confidence.png", judged.confidence, right)
    plots.contact_sheet(
        folder / "low_confidence.png",
        judged,
        np.argsort(judged.confidence, kind="stable")[:LOW_CONFIDENCE_DRAWN],
    )


def _write_csv(path: Path, header: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    with replacing(path) as aside, aside.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def write_class_table(path: Path, classes: dict[str, dict[str, float]]) -> None:
    """Precision, recall and F1 of each class."""
    rows = [
        [name, c["beats"], f"{c['precision']:.4f}", f"{c['recall']:.4f}", f"{c['f1']:.4f}"]
        for name, c in classes.items()
    ]
    _write_csv(path, ["class", "beats", "precision", "recall", "f1"], rows)


def write_record_table(
    path: Path, beats: Sequence[RecordBeats], judged: Judged, folds: dict[str, int]
) -> None:
    """One line per record: its fold, its share of right beats and its 16 confusion counts."""
    names = [f"{a}_as_{b}" for a in CLASS_NAMES for b in CLASS_NAMES]
    rows = []
    for record in beats:
        own = judged.record == record.record
        matrix = confusion_matrix(judged.label[own], judged.predicted[own])
        share = np.trace(matrix) / max(1, matrix.sum())
        rows.append(
            [
                record.record,
                folds[record.record] + 1,
                int(own.sum()),
                record.missed,
                record.extra,
                f"{share:.4f}",
            ]
            + [int(v) for v in matrix.flat]
        )
    _write_csv(path, ["record", "fold", "beats", "missed", "extra", "accuracy", *names], rows)


def error_groups(judged: Judged) -> list[tuple[str, str, str, int, float]]:
    """Errors by record, true and predicted class, largest first, with their mean confidence."""
    wrong = np.flatnonzero(judged.predicted != judged.label)
    groups: dict[tuple[str, int, int], list[int]] = {}
    for i in wrong:
        key = (str(judged.record[i]), int(judged.label[i]), int(judged.predicted[i]))
        groups.setdefault(key, []).append(int(i))
    rows = [
        (record, CLASS_NAMES[a], CLASS_NAMES[b], len(index), float(judged.confidence[index].mean()))
        for (record, a, b), index in groups.items()
    ]
    return sorted(rows, key=lambda row: (-row[3], row[:3]))


def write_errors(folder: Path, judged: Judged, matrix: NDArray[np.int64]) -> None:
    """``errors.csv``: all groups of errors; ``errors.md``: where they come from, in words."""
    groups = error_groups(judged)
    _write_csv(
        folder / "errors.csv",
        ["record", "true", "predicted", "beats", "mean_confidence"],
        [[*row[:4], f"{row[4]:.3f}"] for row in groups],
    )
    total = sum(row[3] for row in groups)
    beats = int(matrix.sum())
    lines = [
        "# Error analysis of the cross-validation",
        "",
        f"{total} of {beats} held-out beats are wrong ({100 * total / max(1, beats):.2f} %). "
        "Written by `bitbeat train`.",
        "",
        "## By confusion",
        "",
    ]
    rows = []
    cells = [(int(matrix[a, b]), a, b) for a in range(4) for b in range(4) if a != b and matrix[a, b]]
    for count, a, b in sorted(cells, reverse=True):
        holders = [row for row in groups if row[1] == CLASS_NAMES[a] and row[2] == CLASS_NAMES[b]][:3]
        where = ", ".join(f"{row[0]} ({row[3]})" for row in holders)
        share = f"{100 * count / total:.1f} %"
        rows.append([CLASS_NAMES[a], CLASS_NAMES[b], str(count), share, where])
    heads = ("true", "predicted", "beats", "share of all errors", "records that hold most of them")
    lines.append(markdown_table(heads, rows))
    by_record: dict[str, int] = {}
    for row in groups:
        by_record[row[0]] = by_record.get(row[0], 0) + row[3]
    worst = sorted(by_record.items(), key=lambda item: (-item[1], item[0]))
    top = sum(count for _, count in worst[:5])
    names = ", ".join(f"{record} ({count})" for record, count in worst[:5])
    lines += [
        "## By record",
        "",
        f"Five records hold {100 * top / max(1, total):.0f} % of all errors: {names}.",
        "",
    ]
    write_text(folder / "errors.md", "\n".join(lines))


def write_low_confidence(path: Path, judged: Judged) -> None:
    """List the least certain beats, least certain first."""
    order = np.argsort(judged.confidence, kind="stable")[:LOW_CONFIDENCE_LISTED]
    rows = [
        [
            judged.record[i],
            int(judged.sample[i]),
            CLASS_NAMES[judged.label[i]],
            CLASS_NAMES[judged.predicted[i]],
            f"{judged.confidence[i]:.4f}",
            *[f"{p:.4f}" for p in judged.probability[i]],
        ]
        for i in order
    ]
    header = ["record", "r_sample", "true", "predicted", "confidence", *[f"p_{c}" for c in CLASS_NAMES]]
    _write_csv(path, header, rows)


def write_predictions(path: Path, judged: Judged) -> Path:
    """Held-out predictions as NPZ without pickle; to ``build/`` when too large to commit.

    Arrays: ``records`` (names), ``record`` (uint8, index into them), ``sample_step`` (int32, distance
    from the beat before within the record, the first from 0), ``label`` and ``predicted`` (uint8),
    ``below_q4`` (uint8 [n, 4]: how far each logit lies below the largest, in 1/16, saturated).
    """
    names, index = np.unique(judged.record, return_inverse=True)
    step = np.diff(judged.sample, prepend=0)
    starts = np.flatnonzero(np.diff(index, prepend=-1))
    step[starts] = judged.sample[starts]
    below = judged.logits.max(1, keepdims=True) - judged.logits
    packed = io.BytesIO()
    np.savez_compressed(
        packed,
        records=names,
        record=index.astype(np.uint8),
        sample_step=step.astype(np.int32),
        label=judged.label.astype(np.uint8),
        predicted=judged.predicted.astype(np.uint8),
        below_q4=np.clip(np.rint(below * LOGIT_STEPS), 0, 255).astype(np.uint8),
    )
    if packed.tell() > PREDICTIONS_BYTES_MAX:
        from training.data import REPO_ROOT

        path.unlink(missing_ok=True)  # that of another model
        path = REPO_ROOT / "build" / "train" / path.name
    with replacing(path) as aside:
        aside.write_bytes(packed.getvalue())
    return path
