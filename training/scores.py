"""EC57 figures of held-out predictions on the detector's own beats. Needs no torch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host_tools.ec57.pairing import LEARNING_PERIOD_S
from training.datasets import RecordBeats
from training.evaluate import figures_from_matrix
from training.rhythms import S
from training.splits import LABEL_NONE, LABEL_Q, is_svdb

#: Rows and columns of the matrix: N S V F Q, and O for no beat.
_SIZE = 6

#: Largest decision offset of S's logit.
OFFSET_MAX = 2.0


def record_matrix(
    record: RecordBeats, predicted: NDArray[Any], start_s: float = LEARNING_PERIOD_S
) -> NDArray[np.int64]:
    """Count a record's beats from ``start_s`` on, int64 [6, 6] as in ``host_tools.ec57``: rows the reference.

    De Chazal's mapping. A beat is the annotation that the training labels say it is (the nearest
    within 150 ms); false beats stand in the last row, missed ones in the last column.
    """
    from host_tools.reference.params import FS_HZ

    start = round(start_s * FS_HZ)
    late = record.sample >= start
    row = record.label[late].astype(np.int64)
    row[row == LABEL_NONE] = _SIZE - 1
    column = np.asarray(predicted)[late].astype(np.int64)
    matrix = np.zeros((_SIZE, _SIZE), np.int64)
    np.add.at(matrix, (row, column), 1)
    np.add.at(matrix[:, _SIZE - 1], record.missed_label[record.missed_sample >= start].astype(np.int64), 1)
    return matrix


def pooled_figures(records: Sequence[RecordBeats], logits: dict[str, NDArray[np.float32]]) -> dict[str, Any]:
    """Gross figures over records, as of :func:`training.evaluate.figures_from_matrix`."""
    return figures_from_matrix(_pooled_matrix(records, logits))


def _pooled_matrix(
    records: Sequence[RecordBeats], logits: dict[str, NDArray[np.float32]], s_offset: float = 0.0
) -> NDArray[np.int64]:
    matrices = [record_matrix(r, _moved(logits[r.record], s_offset).argmax(1)) for r in records]
    return np.sum(matrices, axis=0, dtype=np.int64)


def break_even_offset(
    groups: Sequence[Sequence[RecordBeats]], logits: dict[str, NDArray[np.float32]]
) -> float:
    """Choose what to add to the logit of S: as many beats are then called S as there are.

    There, sensitivity and predictivity are equal. The mean over groups of records, so that the larger
    database does not decide alone; groups without S have no say.

    Parameters
    ----------
    groups : sequence of sequences of RecordBeats
        Held-out records.
    logits : dict of str to ndarray
        Their held-out logits.

    Returns
    -------
    float
        Logits, at most ``OFFSET_MAX`` either way; 0 without any S.
    """
    offsets = []
    for group in groups:
        there = _pooled_matrix(group, logits)[S].sum()
        if not there:
            continue
        low, high = -OFFSET_MAX, OFFSET_MAX
        for _ in range(20):  # halving: more offset, more S
            middle = (low + high) / 2
            called = _pooled_matrix(group, logits, middle)[:, S].sum()
            low, high = (low, middle) if called > there else (middle, high)
        offsets.append((low + high) / 2)
    return float(np.mean(offsets)) if offsets else 0.0


def _moved(logits: NDArray[np.float32], offset: float) -> NDArray[np.float32]:
    moved = logits.copy()
    moved[:, S] += np.float32(offset)
    return moved


def with_nested_offsets(
    records: Sequence[RecordBeats],
    fold_of: dict[str, int],
    logits: dict[str, NDArray[np.float32]],
    others: Sequence[RecordBeats] = (),
) -> dict[str, NDArray[np.float32]]:
    """Add to each fold's held-out logits of S the break-even offset of the other folds.

    ``others`` are records of no influence on the choice, moved by the offset of all ``records``.
    """
    moved: dict[str, NDArray[np.float32]] = {}
    for fold in sorted({fold_of[r.record] for r in records}):
        offset = break_even_offset(by_database([r for r in records if fold_of[r.record] != fold]), logits)
        moved |= {r.record: _moved(logits[r.record], offset) for r in records if fold_of[r.record] == fold}
    if others:
        offset = break_even_offset(by_database(records), logits)
        moved |= {r.record: _moved(logits[r.record], offset) for r in others}
    return moved


def by_database(records: Sequence[RecordBeats]) -> list[list[RecordBeats]]:
    """DS1's records and svdb's, where there are any."""
    groups = ([r for r in records if is_svdb(r.record) is svdb] for svdb in (False, True))
    return [group for group in groups if group]


def judged_logits(
    records: Sequence[RecordBeats], logits: dict[str, NDArray[np.float32]]
) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Logits and labels of all beats of classes N S V F, stacked."""
    return (
        np.concatenate([logits[r.record][r.label < LABEL_Q] for r in records]),
        np.concatenate([r.label[r.label < LABEL_Q] for r in records]),
    )


def mean_and_spread(values: Sequence[float]) -> dict[str, float | None]:
    """Mean and standard deviation (of the sample; None of one value, which says nothing of it)."""
    array = np.asarray(values, np.float64)
    spread = float(array.std(ddof=1)) if len(array) > 1 else None
    return {"mean": float(array.mean()), "spread": spread}
