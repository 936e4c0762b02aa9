"""What a summary doubts: beats that are far smaller than before, pauses in which the signal goes on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from .cause import signal_size_mv, smoothed
from .pauses import Pause
from .quality import Quality
from .stretches import Span

#: So much around an R peak holds the QRS complex, and neither P nor T wave.
_REACH_S = 0.06
#: Beats that are smaller than this share of those before may be P waves without QRS complexes. In none of
#: MIT-BIH's records do beats become so small for so long.
SMALL_SHARE = 0.33
_SMALL_BEATS = 5
#: Beats of less than this share of the larger ones among so many on each side, and how many are worth a word.
DWARF_SHARE = 0.3
_BESIDE = 8
_DWARFS = 0.05
#: Beats of a whole recording that are smaller, peak to peak, are said to be: P waves are 0.05 to 0.3 mV.
TINY_MV = 0.2
_SMALL_S = 4.0
#: The beats before that they are compared with: as many as there are, up to the second number.
_BEFORE = (8, 16)
#: A signal of this share of the beats beside a pause is no quiet one: beats may have been missed in it. P
#: waves and noise are smaller.
LOUD_SHARE = 0.5
#: From a beat to the end of its T wave, and from a P wave to the next beat.
_AFTER_S, _AHEAD_S = 0.6, 0.3


def beat_sizes_mv(
    samples: NDArray[np.int16], quality: Quality, at: NDArray[np.int64], fs_hz: float, adu_per_mv: float
) -> NDArray[np.float64]:
    """Return each QRS complex's range, peak to peak, mV; NaN where the signal is bad.

    Parameters
    ----------
    samples : int16 (n,)
        As sent to the device.
    quality : Quality
        Of these samples.
    at : int64 (m,)
        R peaks.
    fs_hz, adu_per_mv : float
        Rate and units per mV of the samples.
    """
    sizes = np.full(at.size, np.nan)
    if not samples.size:
        return sizes
    bad = quality.bad
    values = smoothed(np.where(bad, 0, samples).astype(np.float64), fs_hz)
    reach = round(_REACH_S * fs_hz)
    for k, peak in enumerate(at.tolist()):
        first, stop = max(peak - reach, 0), min(peak + reach + 1, samples.size)
        if first < stop and not bad[first:stop].any():
            sizes[k] = np.ptp(values[first:stop]) / adu_per_mv
    return sizes


def small_beats(sizes_mv: NDArray[np.float64], at: NDArray[np.int64], fs_hz: float) -> list[Span]:
    """Stretches whose beats are all far smaller than those before, from the first R peak to the last.

    Parameters
    ----------
    sizes_mv : float64 (m,)
        Of :func:`beat_sizes_mv`.
    at : int64 (m,)
        R peaks, samples.
    fs_hz : float
        Sampling rate.
    """
    found = []
    k = _BEFORE[0]
    while k < at.size:
        before = sizes_mv[max(k - _BEFORE[1], 0) : k]
        before = before[~np.isnan(before)]
        stop = k
        if before.size >= _BEFORE[0]:
            bound_mv = SMALL_SHARE * float(np.median(before))
            while stop < at.size and sizes_mv[stop] < bound_mv:
                stop += 1
        if stop - k >= _SMALL_BEATS and at[stop - 1] - at[k] >= _SMALL_S * fs_hz:
            found.append((int(at[k]), int(at[stop - 1])))
            k = stop
        else:
            k += 1
    return found


def dwarfed_beats(sizes_mv: NDArray[np.float64]) -> int:
    """Count beats that are far smaller than the larger ones beside them; 0 where they are few.

    In MIT-BIH's records they are less than one in a hundred, but in one whose PVCs are three times as large.
    """
    count = 0
    for k, size_mv in enumerate(sizes_mv.tolist()):
        beside = sizes_mv[max(k - _BESIDE, 0) : k + _BESIDE + 1]
        beside = np.sort(beside[~np.isnan(beside)])
        count += bool(beside.size and size_mv < DWARF_SHARE * float(beside[(3 * beside.size) // 4]))
    return count if count >= max(_SMALL_BEATS, _DWARFS * sizes_mv.size) else 0


def doubted(
    pauses: list[Pause],
    sizes_mv: NDArray[np.float64],
    at: NDArray[np.int64],
    samples: NDArray[np.int16],
    quality: Quality,
    fs_hz: float,
    adu_per_mv: float,
) -> list[Pause]:
    """Mark those pauses in which the signal is as large as beats are; the rest as they were.

    Parameters
    ----------
    pauses : list of Pause
        In order.
    sizes_mv, at, samples, quality, fs_hz, adu_per_mv
        As for :func:`beat_sizes_mv`.
    """
    known = np.flatnonzero(~np.isnan(sizes_mv))
    if not known.size:
        return pauses
    out = []
    for pause in pauses:
        first = round((pause.start_s + _AFTER_S) * fs_hz)
        stop = round((pause.start_s + pause.duration_s - _AHEAD_S) * fs_hz)
        middle = np.searchsorted(at[known], first)
        beside = known[max(int(middle) - _BEFORE[0], 0) : int(middle) + _BEFORE[0]]
        size_mv = signal_size_mv(samples, quality, [(first, stop)], fs_hz, adu_per_mv)
        # Neither a stretch of large beats nor one of small ones says alone how large beats are here.
        beat_mv = max(float(np.median(sizes_mv[beside])), float(np.percentile(sizes_mv[known], 75)))
        loud = size_mv >= LOUD_SHARE * beat_mv
        out.append(replace(pause, doubtful=True) if loud else pause)
    return out
