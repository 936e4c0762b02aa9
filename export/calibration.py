"""Chooses the training beats from which the converter takes the ranges of the activations."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from training.datasets import RecordBeats

#: Beats of each class of each record.
BEATS_PER_CLASS = 12

#: Ends of the int8 grid in real units.
LOWEST = -128 / 16
HIGHEST = 127 / 16


def calibration_arrays(
    records: Sequence[RecordBeats], seed: int = 0
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Choose inputs, in the converter's layout and in real units.

    The smallest and the largest value of each array are set to the ends of the int8 grid, so that
    the converter's range gives the scale 1/16 and the zero point 0 exactly.

    Parameters
    ----------
    records : sequence of RecordBeats
        Training records only.
    seed : int
        Fixes the choice of beats.

    Returns
    -------
    tuple of ndarray
        float32 [n, 1, 96, 2] and [n, 1, K, F].
    """
    rng = np.random.default_rng(seed)
    beats, rhythms = [], []
    for record in records:
        for label in np.unique(record.label[record.judged]):
            index = np.flatnonzero(record.label == label)
            if len(index) > BEATS_PER_CLASS:
                index = np.sort(rng.choice(index, BEATS_PER_CLASS, replace=False))
            beats.append(record.beat[index])
            rhythms.append(record.contexts(index))
    beat = (np.concatenate(beats).astype(np.float32) / 16)[:, None]
    rhythm = (np.concatenate(rhythms).astype(np.float32) / 16)[:, None]
    for array in (beat, rhythm):
        array.flat[array.argmin()] = LOWEST
        array.flat[array.argmax()] = HIGHEST
    return beat, rhythm
