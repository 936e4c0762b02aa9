"""What a front end leaves in a recording: the ends of its converter's range, an offset, its gain."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

#: A signal that stays exactly at its own largest or smallest value this long has been cut off there, ms: at
#: the top of the broadest wave it moves on by more than a step of the converter.
_CLIPPED_MS = 20.0
#: No wave of the body rests on one value as long as this, seconds.
_RESTING_S = 1.0
#: The same where the steps are so coarse that a wave may rest on one: fewer than this many in its range.
_CLIPPED_COARSE_MS = 100.0
_FINE_STEPS = 50
#: A plateau of an amplifier: so long, so thin (steps of the converter, share of the range), and left or
#: reached by a jump of this share.
_PLATEAU_S = 0.2
_PLATEAU_STEPS, _PLATEAU_SHARE, _PLATEAU_SHARE_MAX = 4, 0.005, 0.01
_PLATEAU_JUMP = 0.25
#: An end within this share of the range from the median is the baseline of a synthetic signal, not a rail.
_BASELINE_SHARE = 0.1
#: Offsets above this are taken out, mV: an electrode's half-cell potential, or a baseline that no header
#: says.
OFFSET_MAX_MV = 20.0
#: Peak to peak within two seconds, mV: below and above, no electrode on a chest gives it.
AMPLITUDE_MIN_MV = 0.05
AMPLITUDE_MAX_MV = 30.0
#: The same of most ECGs: a unit that brings the amplitude here is suggested.
_USUAL_MV = (0.2, 10.0)
_WINDOW_S = 2.0
_MOST_WINDOWS = 200


def find_rails(
    values: npt.NDArray[Any],
    missing: npt.NDArray[np.bool_],
    fs_hz: float,
    known: tuple[float, float] | None,
) -> tuple[float | None, float | None]:
    """Return the lower and the upper end of the converter's range, in units of ``values``.

    Parameters
    ----------
    values, missing : array [n]
        The signal, and where it has no samples.
    fs_hz : float
        Sampling rate.
    known : tuple of float, optional
        The range by the header. It is believed as long as no sample lies outside.

    Returns
    -------
    low, high : float or None
        The header's ends, or closer ones at which the signal itself was cut off; None for what nobody knows.
    """
    if missing.all():
        return known if known is not None else (None, None)
    there = values[~missing] if missing.any() else values
    low, high = float(there.min()), float(there.max())
    if known is not None and not (known[0] <= low and high <= known[1]):
        known = None
    ends: list[float | None] = list(known) if known is not None else [None, None]
    if high > low:
        median = float(np.median(there[:: max(len(there) // 100_000, 1)]))
        step = _step(there)
        coarse = step <= 0 or (high - low) / step < _FINE_STEPS
        run = max(3, round((_CLIPPED_COARSE_MS if coarse else _CLIPPED_MS) * fs_hz / 1000))
        for k, end in enumerate((low, high)):
            near = abs(end - median) <= _BASELINE_SHARE * (high - low)
            if near:
                continue
            if _cut_off(values, end, run, 2 * step, round(_RESTING_S * fs_hz)):
                ends[k] = end
            elif (plateau := _plateau(values, end, high - low, step, fs_hz)) is not None:
                ends[k] = plateau
    return ends[0], ends[1]


def _step(values: npt.NDArray[Any]) -> float:
    """Smallest difference between values of a signal: a step of its converter."""
    levels = np.unique(values[:100_000])
    return float(np.diff(levels).min()) if len(levels) > 1 else 0.0


def _cut_off(values: npt.NDArray[Any], end: float, run: int, jump: float, resting: int) -> bool:
    """Tell whether a signal was cut off at its own end: it stays there, and comes or goes at once.

    A smooth wave rests on its top, too, but comes to it step by step; only ``resting`` samples are too many
    for any.
    """
    edges = np.flatnonzero(np.diff(np.concatenate(([False], values == end, [False])).astype(np.int8)))
    begins, ends = edges[::2], edges[1::2]
    long = ends - begins >= run
    begins, ends = begins[long], ends[long]
    if len(begins) == 0:
        return False
    before = np.abs(values[np.maximum(begins - 1, 0)] - end)
    after = np.abs(values[np.minimum(ends, len(values) - 1)] - end)
    return bool(np.any((before >= jump) | (after >= jump) | (ends - begins >= resting)))


def _plateau(values: npt.NDArray[Any], end: float, extent: float, step: float, fs_hz: float) -> float | None:
    """Return where an amplifier's own rail begins, whose noise the converter still sees; None without one.

    There the signal stays close to its largest or smallest value, and it comes or goes by a jump.
    """
    distance = np.abs(values - end)
    close = distance <= min(max(_PLATEAU_STEPS * step, _PLATEAU_SHARE * extent), _PLATEAU_SHARE_MAX * extent)
    edges = np.flatnonzero(np.diff(np.concatenate(([False], close, [False])).astype(np.int8)))
    begins, stops = edges[::2], edges[1::2]
    long = stops - begins >= _PLATEAU_S * fs_hz
    beside = max(round(_CLIPPED_MS * fs_hz / 1000), 1)
    begins, stops = begins[long], stops[long]
    jumps = np.maximum(
        distance[np.maximum(begins - beside, 0)], distance[np.minimum(stops - 1 + beside, len(values) - 1)]
    )
    widths = [
        float(distance[begin:stop].max())
        for begin, stop, jump in zip(begins.tolist(), stops.tolist(), jumps.tolist(), strict=True)
        if jump >= _PLATEAU_JUMP * extent
    ]
    if not widths:
        return None
    return end - max(widths) if end == float(values.max()) else end + max(widths)


def at_rails(
    values: npt.NDArray[Any], rails: tuple[float | None, float | None]
) -> npt.NDArray[np.bool_] | None:
    """Return where a signal is at a rail; None where it has none."""
    low, high = rails
    if low is None and high is None:
        return None
    at = np.zeros(len(values), np.bool_)
    if low is not None:
        at |= values <= low
    if high is not None:
        at |= values >= high
    return at


def find_offset_mv(values: npt.NDArray[Any], bad: npt.NDArray[np.bool_], per_mv: float) -> float:
    """Return the constant that is taken out of a signal, mV: its median where that is large, else 0.

    ``bad``: samples that are missing or at a rail.
    """
    stride = max(len(values) // 1_000_000, 1)
    there = values[::stride][~bad[::stride]]
    if not len(there):
        return 0.0
    offset_mv = float(np.median(there)) / per_mv
    return offset_mv if abs(offset_mv) > OFFSET_MAX_MV else 0.0


def amplitude(values: npt.NDArray[Any], bad: npt.NDArray[np.bool_], fs_hz: float) -> float | None:
    """Return the peak to peak of a signal within two seconds, in its own unit; None without samples.

    The upper quartile of such stretches: a long arrest, or a lead that is off at times, makes no ECG small.
    """
    size = max(round(_WINDOW_S * fs_hz), 2)
    begins = np.arange(0, max(len(values) - size, 0) + 1, size)
    begins = begins[:: max(len(begins) // _MOST_WINDOWS, 1)]
    spans = []
    for begin in begins.tolist():
        part = values[begin : begin + size][~bad[begin : begin + size]]
        if len(part) * 2 >= size or (len(begins) == 1 and len(part) > 1):
            spans.append(float(part.max() - part.min()))
    return float(np.percentile(spans, 75)) if spans else None


def doubt_amplitude(amplitude_mv: float | None, unit: str | None) -> str | None:
    """Return one line where no ECG has this amplitude, with what was probably meant.

    Parameters
    ----------
    amplitude_mv : float, optional
        From :func:`amplitude`.
    unit : str, optional
        The unit that a CSV file was read in; None for a record whose header says gain and unit.
    """
    if amplitude_mv is None or AMPLITUDE_MIN_MV <= amplitude_mv <= AMPLITUDE_MAX_MV:
        return None
    if amplitude_mv == 0:
        return "the signal does not change: no electrode on the skin, or another column or lead"
    said = f"no ECG has an amplitude of {amplitude_mv:.3g} mV peak to peak"
    if unit is None:
        return f"{said}: the header's gain or unit is wrong, or the lead is no ECG"
    if unit == "adu":
        return f"{said}: is --gain right, and is the column an ECG?"
    for other, mv in (("V", 1e3), ("mV", 1.0), ("uV", 1e-3)):
        if other != unit and _USUAL_MV[0] <= amplitude_mv * mv / _IN_MV.get(unit, 1.0) <= _USUAL_MV[1]:
            return (
                f"{said}: is the file in {other}, not {unit} (--unit {other}), or in counts of a converter "
                "(--unit adu --gain UNITS_PER_MV)?"
            )
    return f"{said}: counts of a converter (--unit adu --gain UNITS_PER_MV), or no ECG?"


_IN_MV = {"V": 1e3, "mV": 1.0, "uV": 1e-3}


__all__ = ["amplitude", "at_rails", "doubt_amplitude", "find_offset_mv", "find_rails"]
