"""Why no beats are found although something was recorded: the likely cause, in one sentence."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from host_tools.reference.input import MISSING

from .quality import Quality
from .stretches import QUIET_MV, Span

#: Nothing is said of less than this without beats.
LEAST_S = 5.0

#: Below this an ECG may be too small; none is larger than that.
SMALL_MV = 0.35
LARGE_MV = 30.0


def likely_cause(
    samples: NDArray[np.int16],
    quality: Quality,
    silent: list[Span],
    fs_hz: float,
    adu_per_mv: float,
    beats_elsewhere: bool = False,
) -> str | None:
    """Say what the signal looks like where no beat was found, and what that may come from.

    Parameters
    ----------
    samples : int16 (n,)
        As sent to the device.
    quality : Quality
        Of these samples.
    silent : list of (int, int)
        Where beats were to be expected and none was found.
    fs_hz, adu_per_mv : float
        Rate and units per mV of the samples.
    beats_elsewhere : bool
        Whether beats were found in the rest: gain and unit are right then.

    Returns
    -------
    str or None
        None where less than :data:`LEAST_S` seconds are without beats.
    """
    if sum(stop - first for first, stop in silent) < LEAST_S * fs_hz:
        return None
    at = np.concatenate([np.arange(first, stop) for first, stop in silent])
    lead_off, saturated = float(quality.lead_off[at].mean()), float(quality.saturated[at].mean())
    if saturated > 0.5:
        return (
            "the signal stays at an end of the input's range: is the gain too high, is the unit right "
            "(counts taken for millivolts?), is there an offset?"
        )
    if lead_off > 0.5:
        if float((samples[at] == MISSING).mean()) > 0.5:
            return "most samples are missing: the lead is off"
        return (
            "the signal does not move: the lead is off, or gain or unit are wrong (volts taken for "
            "millivolts?)"
        )
    size_mv = signal_size_mv(samples, quality, silent, fs_hz, adu_per_mv)
    if size_mv < QUIET_MV:
        return (
            f"the line is quiet (about {size_mv:.2f} mV): asystole, no electrode on the patient, or gain or "
            "unit wrong"
        )
    if size_mv < SMALL_MV and beats_elsewhere:
        return (
            f"small waves go on (about {size_mv:.2f} mV peak to peak): P waves or pacing spikes without QRS "
            "complexes, or beats too small for this lead?"
        )
    if size_mv < SMALL_MV:
        return (
            f"a signal is there, but small (about {size_mv:.2f} mV peak to peak): are gain and unit right, "
            "would another lead do?"
        )
    if size_mv > LARGE_MV:
        return f"the signal is larger than any ECG (about {size_mv:.0f} mV): are gain and unit right?"
    return (
        f"a signal of about {size_mv:.1f} mV is there, but no beats can be told in it: noise, or a lead that "
        "is no ECG?"
    )


def signal_size_mv(
    samples: NDArray[np.int16], quality: Quality, parts: list[Span], fs_hz: float, adu_per_mv: float
) -> float:
    """Median of the signal's range within a second, peak to peak, mV, without fine noise and wander."""
    step = max(round(fs_hz), 1)
    ranges = []
    for first, stop in parts:
        good = ~quality.bad[first:stop]
        if good.any():
            values = samples[first:stop].astype(np.float64)
            values[~good] = np.median(values[good])
            shape = smoothed(values, fs_hz)
            ranges += [
                float(np.ptp(shape[k : k + step]))
                for k in range(0, len(shape), step)
                if 2 * int(good[k : k + step].sum()) > step
            ]
    return float(np.median(ranges)) / adu_per_mv if ranges else 0.0


def smoothed(values: NDArray[np.float64], fs_hz: float) -> NDArray[np.float64]:
    """Return a signal without fine noise and wander."""
    return _moving_mean(values, 0.02 * fs_hz) - _moving_mean(values, 0.6 * fs_hz)


def _moving_mean(values: NDArray[np.float64], width: float) -> NDArray[np.float64]:
    """Mean over about ``width`` values around each, over fewer at the ends."""
    half = round(width / 2)
    total = np.concatenate([[0.0], np.cumsum(values)])
    at = np.arange(values.size)
    first, stop = np.maximum(at - half, 0), np.minimum(at + half + 1, values.size)
    mean: NDArray[np.float64] = (total[stop] - total[first]) / (stop - first)
    return mean
