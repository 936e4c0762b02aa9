"""Which samples carry a signal, judged as the device judges them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from host_tools.reference.input import MISSING, RAIL_HIGH, RAIL_LOW
from host_tools.reference.params import FLAT_SAMPLES, FLAT_TOLERANCE_ADU, FS_HZ


@dataclass(frozen=True)
class Quality:
    """Masks over the samples: no signal (missing or flat), and saturated."""

    lead_off: NDArray[np.bool_]
    saturated: NDArray[np.bool_]

    @property
    def bad(self) -> NDArray[np.bool_]:
        """Either of them."""
        return self.lead_off | self.saturated


def judge(samples: NDArray[np.int16], fs_hz: float, rails: tuple[int, int] | None = None) -> Quality:
    """Find missing, saturated and flat samples.

    Parameters
    ----------
    samples : int16 (n,)
        As sent to the device; -32768 is a missing sample.
    fs_hz : float
        Their rate. A stretch is flat when all its samples are within the tolerance of the first, for
        as long as the spec says.
    rails : tuple of int, optional
        Where the converter ends, adu; the ends of the 16-bit range where nothing is known.
    """
    low, high = rails or (RAIL_LOW, RAIL_HIGH)
    missing = samples == MISSING
    saturated = ~missing & ((samples >= high) | (samples <= low))
    return Quality(missing | (_flat(samples, fs_hz) & ~saturated), saturated)


def _flat(samples: NDArray[np.int16], fs_hz: float) -> NDArray[np.bool_]:
    """Mark flat stretches: the record is cut at large steps, long pieces are walked through."""
    needed = max(round(FLAT_SAMPLES * fs_hz / FS_HZ), 1)
    flat = np.zeros(samples.size, dtype=bool)
    values = samples.astype(np.int32)
    cuts = np.flatnonzero(np.abs(np.diff(values)) > 2 * FLAT_TOLERANCE_ADU) + 1
    edges = np.concatenate([[0], cuts, [samples.size]])
    # Two samples of a flat stretch differ by at most twice the tolerance; a signal's pieces are short.
    for k in np.flatnonzero(np.diff(edges) > needed):
        begin, stop = int(edges[k]), int(edges[k + 1])
        while stop - begin > needed:
            away = np.abs(values[begin:stop] - values[begin]) > FLAT_TOLERANCE_ADU
            length = int(np.argmax(away)) if away.any() else stop - begin
            if length > needed:
                flat[begin : begin + length] = True
            begin += max(length, 1)
    return flat


def spans(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Stretches of True: first sample and the sample after the last."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
