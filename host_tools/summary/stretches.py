"""Where the signal carries no beats that could be counted on: from the samples, and as the device says."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from host_tools.beats import (
    CONDITION_FIBRILLATION,
    CONDITION_LEAD_OFF,
    CONDITION_PAUSE,
    CONDITION_SATURATED,
    CONDITION_UNREADABLE,
    FLAG_FIBRILLATION,
)
from host_tools.reference.params import (
    ADU_PER_MV,
    BAD_RESET_SAMPLES,
    CONDITION_BLOCK_STEPS,
    CONDITION_BLOCKS,
    FS_HZ,
    PAUSE_SAMPLES,
    RPEAK_DECIMATION,
)

from .quality import Quality, judge, spans

#: First sample and the sample after the last.
Span = tuple[int, int]

#: A gap shorter than the narrowest QRS complex hides no beat.
SHORTEST_GAP_S = 0.04

#: Flutter and fibrillation are told from so much of the signal.
_LOOKED_BACK_SAMPLES = CONDITION_BLOCKS * CONDITION_BLOCK_STEPS * RPEAK_DECIMATION

#: A beat has been found this long after its R peak at the latest.
FOUND_AFTER_S = 1.0

#: Where the device was not asked, a second is quiet below this share of what seconds with beats have, peak to
#: peak; where there are no beats, below this.
QUIET_SHARE = 0.25
QUIET_MV = 0.06


@dataclass(frozen=True)
class Stretches:
    """Where there is no signal, a saturated one, or one whose beats cannot be told; samples, in order.

    ``pause``: where no beat comes although the lead is on and the signal is quiet, as the device says or else
    as the samples look; None = neither is known. ``fibrillation``: ventricular flutter or fibrillation
    suspected.
    """

    lead_off: list[Span]
    saturated: list[Span]
    fibrillation: list[Span]
    unreadable: list[Span]
    pause: list[Span] | None

    @property
    def gaps(self) -> list[Span]:
        """All but the pauses, joined and in order: no interval across one of them is an RR interval."""
        return merged([*self.lead_off, *self.saturated, *self.fibrillation, *self.unreadable])


def held(conditions: NDArray[np.void], bits: int, n_samples: int) -> list[Span]:
    """Spans in which one of these conditions held.

    Parameters
    ----------
    conditions : CONDITION_DTYPE (m,)
        The changes, in order.
    bits : int
        ``CONDITION_*``.
    n_samples : int
        Length of the recording so far: what holds at last holds until there.
    """
    # Beyond the end: a change that was said while the last beats were handed out.
    edges = [*np.minimum(conditions["sample"].astype(np.int64), n_samples).tolist(), n_samples]
    on = (conditions["conditions"] & bits) != 0
    found = [(edges[i], edges[i + 1]) for i in np.flatnonzero(on) if edges[i] < edges[i + 1]]
    return merged(found)


def merged(found: list[Span]) -> list[Span]:
    """Join spans that overlap or touch; in order."""
    out: list[Span] = []
    for first, stop in sorted(found):
        if out and first <= out[-1][1]:
            out[-1] = (out[-1][0], max(out[-1][1], stop))
        else:
            out.append((first, stop))
    return out


def said_gaps(conditions: NDArray[np.void], beats: NDArray[np.void], n_samples: int) -> Stretches:
    """What the device said, its delay taken out; see :func:`find_stretches` for the arguments."""
    at = beats["r_sample"].astype(np.int64)
    pause = held(conditions, CONDITION_PAUSE, n_samples)
    lead_off = held(conditions, CONDITION_LEAD_OFF, n_samples)
    saturated = held(conditions, CONDITION_SATURATED, n_samples)
    unreadable = held(conditions, CONDITION_UNREADABLE, n_samples)
    fibrillation = held(conditions, CONDITION_FIBRILLATION, n_samples)
    known = [*pause, *lead_off, *saturated, *fibrillation]
    gaps = [*lead_off, *saturated]
    flagged = (beats["flags"] & FLAG_FIBRILLATION) != 0
    found = [s for a, b in unreadable if (s := _between_beats(a, b, at, known)) is not None]
    # What becomes flutter or fibrillation without a beat in between was that before it could be told.
    onsets = {first for first, _ in fibrillation}
    before = [(first, stop) for first, stop in found if stop in onsets]
    return Stretches(
        lead_off,
        saturated,
        merged([*before, *((_fibrillation_from(a, at, flagged, gaps), b) for a, b in fibrillation)]),
        merged([span for span in found if span not in before and not _wavers(span, pause)]),
        pause,
    )


def _wavers(unreadable: Span, pause: list[Span]) -> bool:
    """Whether it is but a disturbance in a pause: too short to have been told from signal of its own."""
    first, stop = unreadable
    return stop - first < PAUSE_SAMPLES and any(first == b or stop == a for a, b in pause)


def _between_beats(first: int, stop: int, at: NDArray[np.int64], known: list[Span]) -> Span | None:
    """Return the time without beats in which a signal was said to be unreadable, None without one.

    It is said when no beat has come for some seconds, and taken back when one has been found, which is later
    than its R peak.
    """
    first = _last_known(first, at, known)
    ended_by = at[np.searchsorted(at, stop - FOUND_AFTER_S * FS_HZ) : np.searchsorted(at, stop)]
    stop = int(ended_by[-1]) if ended_by.size else stop
    return (first, stop) if first < stop else None


def _last_known(first: int, at: NDArray[np.int64], known: list[Span]) -> int:
    """Return the last beat before ``first``, or the end of the last stretch of another kind."""
    k = int(np.searchsorted(at, first))
    return max([0, *at[max(k - 1, 0) : k].tolist(), *(stop for _, stop in known if stop <= first)])


def _fibrillation_from(said: int, at: NDArray[np.int64], flagged: NDArray[np.bool_], gaps: list[Span]) -> int:
    """Where flutter or fibrillation began that was said at this sample.

    The device has looked back over some seconds by then, but not beyond the last gap in the signal; the beats
    that it had not handed out yet are flagged.
    """
    first = max([0, said - _LOOKED_BACK_SAMPLES, *(stop for _, stop in gaps if stop <= said)])
    k = int(np.searchsorted(at, said))
    while k > 0 and flagged[k - 1]:
        k -= 1
        first = min(first, int(at[k]))
    return first


def find_stretches(
    beats: NDArray[np.void],
    fs_hz: float,
    n_samples: int,
    samples: NDArray[np.int16] | None = None,
    conditions: NDArray[np.void] | None = None,
    rails: tuple[int, int] | None = None,
) -> tuple[Stretches, Quality | None]:
    """Find all of them.

    Parameters
    ----------
    beats : BEAT_DTYPE (n,)
        In time order; ``r_sample`` counted from the first sample, without the filter delay.
    fs_hz : float
        Rate of these sample numbers.
    n_samples : int
        Length of the recording.
    samples : int16 (n_samples,), optional
        The signal as sent to the device: gaps in it are then known to the sample.
    conditions : CONDITION_DTYPE (m,), optional
        What the device said, see :class:`host_tools.native.CoreResult`.
    rails : tuple of int, optional
        Ends of the converter's range, as the device was told.

    Returns
    -------
    Stretches
    Quality or None
        The samples' own masks.
    """
    silent = Stretches([], [], [], [], None)
    said = silent if conditions is None else said_gaps(conditions, beats, n_samples)
    if samples is None:
        return said, None
    quality = judge(samples, fs_hz, rails)
    at = beats["r_sample"].astype(np.int64)
    lead_off, saturated = (
        [span for span in spans(mask) if _hides_a_beat(*span, at, fs_hz)]
        for mask in (quality.lead_off, quality.saturated)
    )
    pause = said.pause
    if pause is None:
        pause = _quiet(samples, at, round(fs_hz))
    return Stretches(lead_off, saturated, said.fibrillation, said.unreadable, pause), quality


def _hides_a_beat(first: int, stop: int, at: NDArray[np.int64], fs_hz: float) -> bool:
    """Whether a beat could lie in a gap unseen: not in a short one, nor where a known one is cut off."""
    if stop - first < SHORTEST_GAP_S * fs_hz:
        return False
    margin = SHORTEST_GAP_S * fs_hz
    found = np.searchsorted(at, (first - margin, stop + margin))
    return stop - first > BAD_RESET_SAMPLES / FS_HZ * fs_hz or bool(found[0] == found[1])


def _quiet(samples: NDArray[np.int16], at: NDArray[np.int64], second: int) -> list[Span]:
    """Whole seconds, three or more in a row, that have little of what seconds with beats have."""
    n = samples.size // max(second, 1)
    if n == 0:
        return []
    parts = samples[: n * second].reshape(n, second).astype(np.int32)
    size = parts.max(axis=1) - parts.min(axis=1)
    beating = size[np.unique(at[at < n * second] // second)]
    bound = float(np.median(beating)) * QUIET_SHARE if beating.size else QUIET_MV * ADU_PER_MV
    quiet = [(a * second, b * second) for a, b in spans(size < bound)]
    return [(a, b) for a, b in quiet if b - a >= 3 * second]


def neighbours(beats: NDArray[np.void], gaps: list[Span]) -> NDArray[np.bool_]:
    """Whether the interval before each beat is one between real neighbours, bool (n,).

    It is where no gap parts the beat from the one before and neither lies in flutter or fibrillation.
    False for the first beat.

    Parameters
    ----------
    beats : BEAT_DTYPE (n,)
        In time order.
    gaps : list of (int, int)
        :attr:`Stretches.gaps`, counted as the beats.
    """
    at = beats["r_sample"].astype(np.int64)
    joined = np.zeros(len(beats), dtype=bool)
    starts = np.array([first for first, _ in gaps], np.int64)
    stops = np.array([stop for _, stop in gaps], np.int64)
    # A gap lies between two beats where it ends behind the one and begins before the other.
    before, ended = np.searchsorted(starts, at), np.searchsorted(stops, at, side="right")
    trusted = (beats["flags"] & FLAG_FIBRILLATION) == 0
    joined[1:] = (before[1:] <= ended[:-1]) & trusted[1:] & trusted[:-1]
    return joined
