"""Takes a table's time column at its word: where rows were lost, samples are missing."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from host_tools.csv_layout import CLOCK
from host_tools.errors import UserError

#: Below this many rows a rate cannot be told.
_FEWEST_STEPS = 8
#: Time units per second that are tried where no name says which; the sample's number comes last.
_UNITS = {
    "seconds": 1.0,
    "milliseconds": 1e3,
    "microseconds": 1e6,
    "nanoseconds": 1e9,
    "minutes": 1 / 60,
    "days": 1 / 86400,
}
#: The rate by the times may differ this much from the one that is given; more is said, or refused.
_RATE_SAID, _RATE_REFUSED = 0.001, 0.02
#: So much longer than the usual step is the mean one where single stretches are lost.
_FEW_LOST = 1.5
#: A longer gap is two recordings, seconds.
_LONGEST_GAP_S = 3600.0
_DAY_S = 86400.0
#: More jumps of a second among packets are not looked at.
_MOST_JUMPS = 20_000


@dataclass
class Timing:
    """Where the rows of a table lie.

    Attributes
    ----------
    places : int64 [n] or None
        Sample number of each row; None where no row is missing.
    length : int
        Samples in all.
    notes : list of str
        What the user has to know.
    """

    places: npt.NDArray[np.int64] | None
    length: int
    notes: list[str]


def clock_seconds(cell: str) -> float | None:
    """Return the seconds of a time of day or a time since the start; with a date since year 1."""
    match = CLOCK.fullmatch(cell.strip())
    if match is None:
        return None
    hours = float(match["h"] or 0)
    if match["half"]:
        hours = hours % 12 + 12 * (match["half"] in "Pp")
    seconds = 3600.0 * hours + 60.0 * float(match["m"]) + float(match["s"].replace(",", "."))
    day = match["date"] or match["after"]
    return seconds + (_DAY_S * _ordinal(day) if day else 0.0)


def quick_seconds(cell: str) -> float:
    """Return what :func:`clock_seconds` does of the plainest clocks, h:m:s behind a date or without.

    Raises
    ------
    ValueError
        It is another clock, or none.
    """
    day, _, clock = cell.replace("T", " ").rpartition(" ")
    hours, minutes, seconds = clock.split(":")
    if not (hours.isdecimal() and minutes.isdecimal() and seconds[:1].isdecimal()):
        raise ValueError(cell)
    days = _DAY_S * _ordinal(day) if day else 0.0
    return days + 3600.0 * int(hours) + 60.0 * int(minutes) + float(seconds)


@lru_cache(maxsize=64)
def _ordinal(text: str) -> int:
    """Return the day of a date that begins with its year, else 0: which is the month, nobody can tell."""
    year, month, day = (int(part) for part in re.split(r"[-/.]", text))
    try:
        return date(year, month, day).toordinal() if year > 99 else 0
    except ValueError:
        return 0


def estimate_rate(times: npt.NDArray[np.float64], per_second: float) -> float | None:
    """Return the sampling rate by the times alone, Hz; None where they are too few or too rough."""
    steps = np.diff(times[np.isfinite(times)]) / per_second
    if len(steps) < _FEWEST_STEPS or not (middle := float(np.median(steps))) > 0:
        return None
    regular = steps[(steps > 0.5 * middle) & (steps < 1.5 * middle)]
    if len(regular) * 2 < len(steps):
        return None
    rate = 1.0 / float(regular.mean())
    return float(round(rate)) if abs(rate - round(rate)) < 0.002 * rate else rate


def place_rows(
    where: str, times: npt.NDArray[np.float64], fs_hz: float, per_second: float | None, name: str
) -> Timing:
    """Return where rows lie by their times.

    Parameters
    ----------
    where : str
        File, for messages.
    times : float64 [n]
        As in the file; NaN where a cell is empty.
    fs_hz : float
        Sampling rate.
    per_second : float, optional
        Time units per second, where the column says it.
    name : str
        The column's.

    Raises
    ------
    UserError
        The times are those of another rate, go back, or leave out more than an hour.
    """
    n = len(times)
    unchanged = Timing(None, n, [])
    if n <= _FEWEST_STEPS or not np.isfinite(times).all():
        if n > _FEWEST_STEPS:
            return Timing(None, n, [f"column {name!r} has cells without a time: gaps are not looked for"])
        return unchanged
    steps = _unwrapped(times)
    if not np.any(steps):
        return Timing(None, n, [f"column {name!r} does not change: gaps are not looked for"])
    quantum = _quantum(times[:1000])
    unit, rate_hz = _unit(where, steps, float(np.median(steps)), fs_hz, per_second, name, quantum)
    steps *= fs_hz / unit
    quantum *= fs_hz / unit
    if quantum and abs(1 / quantum - round(1 / quantum)) < 1e-6:
        quantum = 0.0  # a step is a whole number of them: nothing is rounded
    if (back := np.flatnonzero(steps < -max(0.6, 2 * quantum))).size:
        row = int(back[0]) + 1
        raise UserError(
            f"{where}: column {name!r} goes back at sample {row} (from {times[row - 1]:.10g} to "
            f"{times[row]:.10g}): are there two recordings in the file?"
        )
    notes = []
    off = abs(rate_hz / fs_hz - 1)
    if off > _RATE_SAID:
        notes.append(f"by column {name!r} the sampling rate is {rate_hz:.6g} Hz, not {fs_hz:g}")
    steps *= rate_hz / fs_hz
    gaps = _gaps(steps, quantum)
    if gaps is None:
        notes.append(f"column {name!r} is irregular: gaps below a second are not looked for")
        gaps = _batch_gaps(steps, fs_hz)
    lost = int(gaps.sum())
    extra = round(n - 1 + lost - float(steps.sum()))
    if extra > max(2, _RATE_SAID * n):
        notes.append(f"{extra} rows are more than column {name!r} has time for: are rows repeated?")
    if lost == 0:
        return Timing(None, n, notes)
    longest = int(gaps.max())
    if longest > _LONGEST_GAP_S * fs_hz:
        raise UserError(
            f"{where}: column {name!r} leaves out {longest / fs_hz / 3600:.1f} h at sample "
            f"{int(gaps.argmax()) + 1}: cut the file there"
        )
    if lost > n:
        raise UserError(
            f"{where}: by column {name!r} more samples are missing at --fs {fs_hz:g} than are there "
            f"({lost} and {n}): is the rate right?"
        )
    places = np.arange(n, dtype=np.int64)
    places[1:] += np.cumsum(gaps)
    at_s = places[int(gaps.argmax())] / fs_hz
    count = int(np.count_nonzero(gaps))
    notes.append(
        f"rows were lost by column {name!r}: {count} gap{'s' if count > 1 else ''}, the longest "
        f"{longest / fs_hz:.2f} s at {at_s:.1f} s"
    )
    return Timing(places, n + lost, notes)


def _unwrapped(times: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the steps of the times; a counter that wraps (0 to 255), or midnight, is no step back."""
    steps = np.diff(times)
    falls = steps[steps < 0]
    if len(falls) == 0:
        return steps
    if -float(falls.min()) > 0.5 * _DAY_S and float(times.max()) <= _DAY_S and len(falls) < 32:
        steps[steps < -0.5 * _DAY_S] += _DAY_S
        return steps
    size = float(times.max() - times.min()) + 1
    whole = bool(np.all(times == np.rint(times)))
    if whole and float(times.min()) >= 0 and len(falls) >= 2 and size == 2.0 ** round(math.log2(size)):
        return np.mod(steps, size)
    return steps


def _unit(
    where: str,
    steps: npt.NDArray[np.float64],
    middle: float,
    fs_hz: float,
    per_second: float | None,
    name: str,
    quantum: float,
) -> tuple[float, float]:
    """Return the time units per second, and the rate by the times, Hz.

    Rows of one packet may have one time, or times a millisecond apart: then the mean step tells the rate.
    """
    mean = float(steps.mean())
    rounding = 2 * quantum / max(float(steps.sum()), quantum) if quantum else 0.0
    regular = steps[(steps > 0.4 * middle) & (steps < 1.6 * middle)] if middle > 0 else steps[:0]
    typical = float(regular.mean()) if len(regular) * 2 >= len(steps) else mean
    if mean <= 0 or typical <= 0:
        raise UserError(
            f"{where}: column {name!r} is no time: it goes back; say which is the ECG with --lead"
        )
    units = [*_UNITS.values(), fs_hz] if per_second is None else [per_second]

    def fits(unit: float, step: float) -> bool:
        return abs(unit / step / fs_hz - 1) <= _RATE_REFUSED

    for unit in units:  # every row in its place, but for some that were lost
        if fits(unit, typical) and mean < _FEW_LOST * typical:
            return unit, unit / typical
    for unit in units:
        off = abs(unit / mean / fs_hz - 1)
        if off <= _RATE_REFUSED or off <= rounding:
            return unit, fs_hz if off <= rounding else unit / mean
    for unit in units:
        if fits(unit, typical):
            return unit, unit / typical
    if per_second is None:
        said = f"steps of {typical:.4g}, {1 / typical:.4g} Hz in seconds, {1e3 / typical:.4g} Hz in ms"
    else:
        said = f"{per_second / typical:.5g} Hz"
    raise UserError(f"{where}: by column {name!r} the sampling rate is another than --fs {fs_hz:g}: {said}")


def _quantum(times: npt.NDArray[np.float64]) -> float:
    """Return the step in which times are written: 1, 0.1, 0.01 and so on."""
    offset = times - times[0]
    for digits in range(10):
        scaled = offset * 10.0**digits
        if np.all(np.abs(scaled - np.rint(scaled)) < 1e-3 + 1e-9 * 10.0**digits):
            return 10.0**-digits
    return 0.0


def _gaps(steps: npt.NDArray[np.float64], quantum: float) -> npt.NDArray[np.int64] | None:
    """Return the samples that are missing after each row; None where the times are too irregular for that.

    A late row is followed by an early one; a gap stays. So a step counts by what the times around it, not
    only the two beside it, moved on.
    """
    wide = 0.5 + quantum / 2
    regular = np.count_nonzero((steps >= 1 - wide) & (steps <= 1 + wide))
    if regular < 0.6 * len(steps) or np.count_nonzero(steps < 0.3) > 0.1 * len(steps):
        return None
    gaps = np.zeros(len(steps), np.int64)
    at = np.flatnonzero(steps > 1.5 + quantum / 2)
    moved = steps[at] - 1
    for way in (-1, 1):
        shift, lowest = np.zeros(len(at)), np.zeros(len(at))
        for k in range(1, 4):
            beside = at + way * k
            there = (beside >= 0) & (beside < len(steps))
            shift[there] += steps[beside[there]] - 1
            lowest = np.minimum(lowest, shift)
        moved += lowest
    gaps[at] = np.maximum(np.rint(moved), 0).astype(np.int64)
    return gaps


def _batch_gaps(steps: npt.NDArray[np.float64], fs_hz: float) -> npt.NDArray[np.int64]:
    """The same for rows that come in packets with one time each: jumps of a second and more that stay."""
    shift = np.concatenate(([0.0], np.cumsum(steps - 1)))
    width = min(max(round(2 * fs_hz), 8), max(len(shift) // 4, 1))
    gaps = np.zeros(len(steps), np.int64)
    last = -width
    at = np.flatnonzero(steps > max(fs_hz, 4))
    for k in at[:_MOST_JUMPS].tolist():
        before = float(shift[max(k + 1 - width, 0) : k + 1].min())
        after = float(shift[k + 1 : k + 1 + width].min())
        if after - before > fs_hz and k - last >= 1:
            gaps[k] = round(after - before)
            last = k
    return gaps


__all__ = ["Timing", "clock_seconds", "estimate_rate", "place_rows"]
