"""Order of the weights in the generated C; see ``firmware/lib/nn/nn_weights.h``, which also says why."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from export.lower_ops import Call

#: Output channels and taps in one NN_W16.
BLOCK_CHANNELS = 4
BLOCK_TAPS = 4


def filter_shape(call: Call) -> tuple[int, int, int] | None:
    """Channels, runs and taps of a run, for calls whose weights are laid out for the kernels; else None."""
    p = call.params
    if call.kernel == "conv":
        return p["output_c"], p["kernel_h"], p["kernel_w"] * p["kernel_c"]
    if call.kernel == "fully_connected":
        return p["output_c"], 1, p["input_c"]
    return None


def weight_macros(weights: npt.NDArray[np.int8], shape: tuple[int, int, int]) -> list[str]:
    """Weights as the macros ``NN_W16`` and ``NN_W1``, in the order of ``nn_weights.h``.

    Parameters
    ----------
    weights : int8 [channels * runs * taps]
        Filter by filter, run by run, tap by tap.
    shape : tuple of int
        Channels, runs, taps of a run.

    Returns
    -------
    list of str
        One macro call each.
    """
    rows = weights.reshape(shape)
    blocks = shape[0] // BLOCK_CHANNELS * BLOCK_CHANNELS
    text: list[str] = []
    for first in range(0, blocks, BLOCK_CHANNELS):
        for run in range(shape[1]):
            text += _block(rows[first : first + BLOCK_CHANNELS, run])
    return text + [f"NN_W1({int(w)})" for w in rows[blocks:].ravel()]


def _block(part: npt.NDArray[np.int8]) -> list[str]:
    """One run of four channels, int8 [4, taps]."""
    whole = part.shape[1] // BLOCK_TAPS * BLOCK_TAPS
    text = []
    for tap in range(0, whole, BLOCK_TAPS):
        text.append(f"NN_W16({','.join(str(int(w)) for w in part[:, tap : tap + BLOCK_TAPS].ravel())})")
    return text + [f"NN_W1({int(w)})" for w in part[:, whole:].T.ravel()]
