"""The heart rate, and where it is too fast or too slow; from RR intervals between real neighbours alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .patterns import Pattern

#: Least and greatest rate, tachycardia and bradycardia go by means over this many RR intervals in a row.
RATE_WINDOW_BEATS = 8

#: Tachycardia above, bradycardia below this rate.
TACHYCARDIA_BPM = 100.0
BRADYCARDIA_BPM = 50.0

#: An episode that has begun goes on while the mean is no further from its bound than by this share: a rate
#: that wavers about the bound is one episode, not many.
HYSTERESIS = 0.05


#: Beats are regular whose intervals are within this share of their median.
REGULAR_SHARE = 0.1

#: A rhythm is regular if so many of its intervals are.
REGULAR_INTERVALS = 0.8


@dataclass(frozen=True)
class HeartRate:
    """Beats per minute, over intervals without a gap in the signal.

    ``mean_bpm``: 60 over the mean interval. ``min_bpm``, ``max_bpm``: the least and greatest mean over
    eight intervals in a row, so that one early or missed beat does not decide. None = too few beats.
    """

    min_bpm: float | None
    mean_bpm: float | None
    max_bpm: float | None


def heart_rate(at: NDArray[np.int64], joined: NDArray[np.bool_], fs_hz: float) -> HeartRate:
    """Heart rate from R peaks (int64, samples) and :func:`.neighbours`; see :class:`HeartRate`."""
    rr = np.diff(at)
    known = joined[1:] & (rr > 0)
    if not known.any():
        return HeartRate(None, None, None)
    mean = 60.0 * fs_hz / float(rr[known].mean())
    total = _window_sums(rr, known)[0]
    if total.size == 0:
        return HeartRate(None, mean, None)
    k = RATE_WINDOW_BEATS
    return HeartRate(60.0 * fs_hz * k / int(total.max()), mean, 60.0 * fs_hz * k / int(total.min()))


def _window_sums(
    rr: NDArray[np.int64], known: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.intp]]:
    """Sums of the windows in which all intervals are known, and where each begins."""
    ones = np.ones(RATE_WINDOW_BEATS, dtype=np.int64)
    if rr.size < ones.size:
        return np.zeros(0, np.int64), np.zeros(0, np.intp)
    begin = np.flatnonzero(np.convolve(known.astype(np.int64), ones, "valid") == ones.size)
    return np.convolve(rr, ones, "valid")[begin], begin


def rate_episodes(at: NDArray[np.int64], joined: NDArray[np.bool_], fs_hz: float) -> list[Pattern]:
    """Tachycardia and bradycardia: stretches of at least eight RR intervals beyond the bound.

    Their mean lies beyond it, somewhere that over eight in a row, around every interval nearly so, and the
    first and the last one lie beyond it themselves.

    Parameters
    ----------
    at, joined, fs_hz
        As for :func:`heart_rate`.

    Returns
    -------
    list of Pattern
        Of kind ``tachycardia`` or ``bradycardia``; of ``ectopic_beats`` the caller knows.
    """
    rr = np.diff(at)
    total, begin = _window_sums(rr, joined[1:] & (rr > 0))
    found = []
    for kind, bpm, sign in (("tachycardia", TACHYCARDIA_BPM, -1), ("bradycardia", BRADYCARDIA_BPM, 1)):
        bound = 60.0 * fs_hz / bpm
        by = sign * (total / RATE_WINDOW_BEATS - bound)
        begun, held = begin[by > 0], begin[by > -HYSTERESIS * bound]
        for first, stop in _windows(held, rr.size):
            inside = begun[(begun >= first) & (begun < stop)]
            found += _episodes(kind, [(first, stop)] if inside.size else [], sign, rr, bound) or _episodes(
                kind, _windows(inside, rr.size), sign, rr, bound
            )
    return found


def usual_rate(rr: NDArray[np.int64], fs_hz: float) -> float | None:
    """Rate of a rhythm that is regular but for a few missed or odd beats; None where it is not."""
    usual = float(np.median(rr))
    near = np.abs(rr - usual) <= REGULAR_SHARE * usual
    return 60.0 * fs_hz / float(rr[near].mean()) if near.mean() >= REGULAR_INTERVALS else None


def regular_waves(at: NDArray[np.int64], first: int, stop: int, fs_hz: float) -> Pattern | None:
    """The tachycardia in a stretch of suspected flutter or fibrillation, if its waves are regular.

    Parameters
    ----------
    at : int64 (n,)
        R peaks, samples.
    first, stop : int
        The stretch, samples.
    fs_hz : float
        Sampling rate.

    Returns
    -------
    Pattern or None
        Its longest part of at least eight RR intervals near the stretch's median; None without one.
    """
    low, high = (int(k) for k in np.searchsorted(at, (first, stop)))
    rr = np.diff(at[low:high])
    if rr.size < RATE_WINDOW_BEATS:
        return None
    usual = float(np.median(rr))
    near = np.abs(rr - usual) <= REGULAR_SHARE * usual
    edges = np.flatnonzero(np.diff(np.concatenate([[False], near, [False]]).astype(np.int8)))
    parts = zip(edges[::2], edges[1::2], strict=True)
    begin, end = max(parts, key=lambda e: e[1] - e[0], default=(0, 0))
    if end - begin < RATE_WINDOW_BEATS or usual >= 60.0 * fs_hz / TACHYCARDIA_BPM:
        return None
    return Pattern("tachycardia", low + int(begin), low + int(end), 0)


def _episodes(
    kind: str, parts: list[tuple[int, int]], sign: int, rr: NDArray[np.int64], bound: float
) -> list[Pattern]:
    """Parts that are long enough, begin and end beyond the bound, and have their mean there."""
    found = []
    for first, stop in parts:
        beyond = first + np.flatnonzero(sign * (rr[first:stop] - bound) > 0)
        if beyond.size and beyond[-1] - beyond[0] + 1 >= RATE_WINDOW_BEATS:
            begin, end = int(beyond[0]), int(beyond[-1]) + 1
            if sign * (float(rr[begin:end].mean()) - bound) > 0:
                found.append(Pattern(kind, begin, end, 0))
    return found


def _windows(begin: NDArray[np.intp], size: int) -> list[tuple[int, int]]:
    """Where the union of the windows that begin there begins and ends."""
    change = np.zeros(size + 1, np.int64)
    np.add.at(change, begin, 1)
    np.add.at(change, begin + RATE_WINDOW_BEATS, -1)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], np.cumsum(change) > 0]))).tolist()
    return list(zip(edges[::2], edges[1::2], strict=True))
