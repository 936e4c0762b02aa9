"""A signal in braille characters, with a scale in millivolts and the beats' letters above it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from host_tools.reference.input import MISSING
from host_tools.reference.params import ADU_PER_MV

T = TypeVar("T")

_BRAILLE = 0x2800
#: Bits of a braille character's dots: [column][row from the top].
_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
#: The scale begins and ends at a multiple of the first of these, mV, that leaves few of them.
_SCALE_STEPS_MV = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0)
_MOST_STEPS = 8


def scale_mv(samples: npt.NDArray[np.int16]) -> tuple[float, float]:
    """Range that holds all samples (adu, -32768 = none), mV, from one round value to another."""
    known = samples[samples != MISSING]
    low, high = (
        (float(known.min()) / ADU_PER_MV, float(known.max()) / ADU_PER_MV) if known.size else (-0.5, 0.5)
    )
    step = next((s for s in _SCALE_STEPS_MV if (high - low) / s <= _MOST_STEPS), _SCALE_STEPS_MV[-1])
    bottom, top = float(np.floor(low / step)) * step, float(np.ceil(high / step)) * step
    return (bottom, top) if top > bottom else (bottom - step, top + step)


def braille_wave(
    samples: npt.NDArray[np.int16], columns: int, rows: int, limits_mv: tuple[float, float] | None = None
) -> list[str]:
    """Draw a signal in braille characters, two by four dots each.

    Parameters
    ----------
    samples : int16 [n]
        adu, -32768 = none, drawn as a gap.
    columns, rows : int
        Size in characters.
    limits_mv : tuple of float, optional
        Range, mV; by default the signal's own.

    Returns
    -------
    list of str
        ``rows`` lines of ``columns`` characters.
    """
    width, height = 2 * columns, 4 * rows
    cells = np.zeros((rows, columns), np.int32)
    known = samples != MISSING
    if known.any():
        low, high = int(samples[known].min()), int(samples[known].max())
        if limits_mv is not None:
            low, high = (round(v * ADU_PER_MV) for v in limits_mv)
        span = max(high - low, ADU_PER_MV // 10)
        edges = np.linspace(0, len(samples), width + 1).astype(int)
        before: int | None = None
        for x in range(width):
            part = samples[edges[x] : edges[x + 1]]
            part = part[part != MISSING]
            if len(part) == 0:
                before = None
                continue
            ends = [int(part.max()), int(part.min())]
            if before is not None:  # joins the columns
                ends = [max(ends[0], min(before, ends[1])), min(ends[1], max(before, ends[0]))]
            before = int(part[-1])
            top, bottom = ((high - value) * (height - 1) // span for value in ends)
            for y in range(max(top, 0), min(bottom, height - 1) + 1):
                cells[y // 4, x // 2] |= _DOTS[x % 2][y % 4]
    return ["".join(chr(_BRAILLE + int(cell)) for cell in line) for line in cells]


def scale_labels(rows: int, limits_mv: tuple[float, float]) -> list[str]:
    """What stands left of each row: the range's ends, in mV, and where there is room its middle."""
    low, high = limits_mv
    labels = [" " * 8] * rows
    for row, value in ((rows // 2, 0.5 * (low + high)), (rows - 1, low), (0, high)):
        if row in (0, rows - 1) or rows >= 5:
            labels[row] = (f"{value:+.3g}" if value else "0").rjust(6) + " ┤"
    return labels


def letter_row(
    beats: Iterable[tuple[int, T]], first: int, n_samples: int, columns: int
) -> list[tuple[int, T]]:
    """Columns of beats over a wave of this width.

    Parameters
    ----------
    beats : iterable of (int, any)
        R peak's sample, and what stands there.
    first, n_samples : int
        Number of the wave's first sample, and how many it has.
    columns : int
        Width in characters.

    Returns
    -------
    list of (int, any)
        In order of the columns, one for each: of two in one column the later one.
    """
    places: dict[int, T] = {}
    for at, what in beats:
        if first <= at < first + n_samples:
            places[(at - first) * columns // n_samples] = what
    return sorted(places.items(), key=lambda place: place[0])
