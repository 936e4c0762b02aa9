"""The exact integer network on inputs of one's own choice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from host_tools.reference.fixed import CACHE_DIR, PLAIN, kernel
from host_tools.reference.network import (
    ARENA_BYTES,
    BEAT_OFFSET,
    CONF_EXP_Q15,
    OUTPUT_BYTES,
    RHYTHM_OFFSET,
    net_invoke,
)

Int8 = npt.NDArray[np.int8]

#: Functions through which everything that an explanation runs is compiled, as numba's cache names them.
_ENTRIES = ("run._run_detected", "network._run")


@kernel
def _run(beat: Any, rhythm: Any, arena: Any, no_trace: Any, logits: Any) -> None:
    for i in range(len(beat)):
        for k in range(beat.shape[1]):
            arena[BEAT_OFFSET + k] = beat[i, k]
        for k in range(rhythm.shape[1]):
            arena[RHYTHM_OFFSET + k] = rhythm[i, k]
        net_invoke(arena, logits[i], no_trace)


def run_network(beat_input: Int8, rhythm_input: Int8) -> Int8:
    """Logits int8 [n, classes] of inputs int8 [n, ...], each in the network's own layout."""
    count = len(beat_input)
    logits = np.zeros((count, OUTPUT_BYTES), np.int8)
    _run(
        np.ascontiguousarray(beat_input).reshape(count, -1),
        np.ascontiguousarray(rhythm_input).reshape(count, -1),
        np.zeros(ARENA_BYTES, np.int8),
        np.zeros(0, np.int8),
        logits,
    )
    return logits


def kernels_compiled() -> bool:
    """Whether an explanation starts at once: its kernels lie compiled in the cache, or are plain Python."""
    return PLAIN or all(any(Path(CACHE_DIR).glob(f"*/{name}-*.nbi")) for name in _ENTRIES)


def softmax_shares(logits: npt.NDArray[np.integer]) -> npt.NDArray[np.float64]:
    """Softmax of one beat's int8 logits by the core's own table, 0..1 (the core gives the winner's only)."""
    wide = np.asarray(logits, np.int64)
    weights = CONF_EXP_Q15[wide.max() - wide].astype(np.float64)
    return weights / weights.sum()
