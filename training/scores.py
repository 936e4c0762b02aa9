"""EC57 figures of held-out predictions on the detector's own beats. Needs no torch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host_tools.ec57.pairing import LEARNING_PERIOD_S
from training.datasets import RecordBeats
from training.evaluate import figures_from_matrix
from training.splits import LABEL_NONE, LABEL_Q

#: Rows and columns of the matrix: N S V F Q, and O for no beat.
_SIZE = 6


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
    return figures_from_matrix(
        np.sum([record_matrix(r, logits[r.record].argmax(1)) for r in records], axis=0)
    )


def judged_logits(
    records: Sequence[RecordBeats], logits: dict[str, NDArray[np.float32]]
) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Logits and labels of all beats of classes N S V F, stacked."""
    return (
        np.concatenate([logits[r.record][r.label < LABEL_Q] for r in records]),
        np.concatenate([r.label[r.label < LABEL_Q] for r in records]),
    )


def mean_and_spread(values: Sequence[float]) -> dict[str, float]:
    """Mean and standard deviation (of the sample; 0 of one value)."""
    array = np.asarray(values, np.float64)
    spread = float(array.std(ddof=1)) if len(array) > 1 else 0.0
    return {"mean": float(array.mean()), "spread": spread}
