"""The rhythm input of the network: rows of features of consecutive beats, as the device's ring holds them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def assemble_contexts(
    rows: NDArray[np.int8], index: NDArray[np.int64], context_beats: int, lookahead_beats: int
) -> NDArray[np.int8]:
    """Stack the rows around some beats.

    Parameters
    ----------
    rows : ndarray
        int8 [n, F], one row for each beat of a record, in order.
    index : ndarray
        int64 [m], the beats to be classified.
    context_beats, lookahead_beats : int
        Rows of one input, and how many of them belong to later beats.

    Returns
    -------
    ndarray
        int8 [m, context_beats, F], newest first: row ``lookahead_beats`` is the beat's own; rows before the
        record's first and after its last beat are 0.
    """
    before = context_beats - 1 - lookahead_beats
    padded = np.zeros((before + len(rows) + lookahead_beats, rows.shape[1]), np.int8)
    padded[before : before + len(rows)] = rows
    return padded[np.asarray(index)[:, None] + np.arange(context_beats)[::-1]]
