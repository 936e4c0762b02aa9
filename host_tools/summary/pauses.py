"""Pauses: no beat although there is a signal, those included that run at an end of the recording."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .stretches import Span, Stretches

#: A pause that has begun but not ended counts from this length on, as the device says it.
PAUSE_S = 3.0


@dataclass(frozen=True)
class Pause:
    """A time without a beat, with signal all the way: its length and where it begins.

    ``complete``: between two beats. Else the recording, or its readable part, begins or ends within, and
    the pause is at least so long. ``doubtful``: the signal in it is as large as beats are, see
    :func:`.doubted`.
    """

    duration_s: float
    start_s: float
    complete: bool = True
    doubtful: bool = False


def find_pauses(
    at: NDArray[np.int64],
    joined: NDArray[np.bool_],
    stretches: Stretches,
    n_samples: int,
    fs_hz: float,
) -> list[Pause]:
    """All pauses of :data:`PAUSE_S` and longer, in order.

    Parameters
    ----------
    at : int64 (n,)
        R peaks, samples.
    joined : bool (n,)
        Of :func:`.neighbours`.
    stretches : Stretches
        Where the signal does not count. An interval with a beat at one end at most is a pause where the
        signal is known to be quiet.
    n_samples : int
        Length of the recording.
    fs_hz : float
        Sampling rate.
    """
    needed = PAUSE_S * fs_hz
    between = [
        (int(at[k]), int(at[k + 1]), True)
        for k in np.flatnonzero(joined[1:] & (np.diff(at) >= needed))
    ]  # fmt: skip
    running = [
        (first, stop, False)
        for first, stop in _open_stretches(at, stretches.gaps, n_samples)
        if stop - first >= needed and _overlaps(stretches.pause or [], first, stop)
    ]
    return [
        Pause((stop - first) / fs_hz, first / fs_hz, complete)
        for first, stop, complete in sorted(between + running)
    ]


def longest_pause(
    at: NDArray[np.int64], joined: NDArray[np.bool_], pauses: list[Pause], fs_hz: float
) -> Pause | None:
    """Return the longest of the pauses; where there is none, the longest RR interval; None without one."""
    if pauses:
        return max(pauses, key=lambda p: p.duration_s)
    rr = np.where(joined[1:], np.diff(at), 0)
    if rr.size == 0 or rr.max() <= 0:
        return None
    k = int(np.argmax(rr))
    return Pause(int(rr[k]) / fs_hz, int(at[k]) / fs_hz)


def _open_stretches(at: NDArray[np.int64], gaps: list[Span], n_samples: int) -> list[Span]:
    """Readable stretches before the first and behind the last beat between two gaps."""
    edges = [0, *(edge for gap in gaps for edge in gap), n_samples]
    found = []
    for first, stop in zip(edges[::2], edges[1::2], strict=True):
        low, high = np.searchsorted(at, (first, stop))
        if low == high:
            found.append((first, stop))
        else:
            found += [(first, int(at[low])), (int(at[high - 1]), stop)]
    return found


def _overlaps(spans: list[Span], first: int, stop: int) -> bool:
    return any(a < stop and b > first for a, b in spans)
