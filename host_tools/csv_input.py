"""Reads one column of a text table as an ECG lead; every way to fail gives one clear line with its number."""

from __future__ import annotations

import codecs
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from host_tools.bounded_input import check_regular
from host_tools.csv_layout import Layout, find_layout, is_comment, is_missing, refuse_texts, to_number
from host_tools.csv_time import clock_seconds, estimate_rate, place_rows, quick_seconds
from host_tools.errors import UserError
from host_tools.lead_choice import LOOK_S, Choice, choose_lead, find_lead
from host_tools.resampling import check_fs
from host_tools.wfdb_input import RawLead

#: Units per millivolt; for adu the gain says it.
_PER_MV = {"mV": 1.0, "uV": 1000.0, "V": 0.001}
UNITS = (*_PER_MV, "adu")
#: Larger files, and longer lines, are no recordings of an ECG.
_LARGEST_BYTES = 1 << 32
_LONGEST_LINE = 1 << 18
#: The layout is found from this much of a file, characters and lines.
_HEAD_CHARACTERS = 1 << 18
_HEAD_LINES = 1000
_AT_ONCE = 1 << 18
#: A single row with more numbers holds the samples side by side.
_MOST_LEADS = 20
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def units_per_mv(unit: str, gain: float | None) -> float:
    """Return how many of the file's units make a millivolt.

    Raises
    ------
    UserError
        An unknown unit, ``adu`` without a gain, or a gain where the unit says it already.
    """
    if unit not in UNITS:
        raise UserError(f"--unit {unit}: known units are {', '.join(UNITS)}")
    if unit != "adu":
        if gain is not None:
            raise UserError(f"--gain goes with --unit adu; a file in {unit} needs none")
        return _PER_MV[unit]
    if gain is None:
        raise UserError("--unit adu needs --gain: how many units make one millivolt?")
    if not (math.isfinite(gain) and gain > 0):
        raise UserError(f"--gain {gain:g}: it must be above 0")
    return gain


def read_csv(
    path: Path, lead: str | None, fs_hz: float | None, unit: str | None = None, gain: float | None = None
) -> RawLead:
    """Read one column.

    Parameters
    ----------
    path : Path
        Text (UTF-8, UTF-16 with its mark, Latin-1) with commas, semicolons, tabs, bars or blanks between the
        columns, decimal points or commas. Rows before the first sample are a header: names, then perhaps
        units. Lines that begin with # or % are skipped, as are empty lines before the first sample and after
        the last. An empty cell, NaN, NA or null is a missing sample, and so are rows that are lost by a time
        column.
    lead : str, optional
        The column's name in the header, or its number from 0. By default MLII, else the first column that is
        no time and looks like an ECG.
    fs_hz, unit, gain : optional
        Sampling rate, unit and units per mV; the file's own by default, where it says them.

    Raises
    ------
    UserError
        The file is missing, empty or not text, has no such column, a row has too few columns, a line
        between samples is empty, a value is neither a number nor missing (with its line number), the times
        are those of another rate, or go back.
    """
    if unit is not None or gain is not None:
        units_per_mv(unit or "mV", gain)
    if fs_hz is not None:
        check_fs(fs_hz, str(path))
    encoding = _encoding(path)
    layout = _layout(path, encoding)
    column, choice = _column(path, layout, encoding, lead, fs_hz)
    times_from = [k for k in layout.times if k != column]
    time_column = times_from[0] if times_from else None
    values, times = _read(path, encoding, layout, column, time_column)
    notes = [choice.why] if choice.why else []
    rate = fs_hz if fs_hz is not None else _own_rate(path, layout, time_column, times)
    if fs_hz is None:
        notes.append(f"the sampling rate is the file's own: {rate:g} Hz")
    elif layout.rate_hz is not None and abs(layout.rate_hz / rate - 1) > 0.001:
        notes.append(f"the file itself says {layout.rate_hz:g} Hz, --fs {rate:g}")
    unit, per_mv = _unit(layout, column, unit, gain, notes)
    if len(values) == 1 and len(layout.numeric) > _MOST_LEADS:
        raise UserError(
            f"{path}: one row of {len(layout.numeric)} numbers: write each sample into a row of its own"
        )
    missing = np.isnan(values)
    if missing.all():
        raise UserError(f"{path}: column {layout.names[column]!r} holds no sample")
    if times is not None and time_column is not None:
        per_second = 1.0 if times_are_clock(layout, time_column) else layout.time_per_second(time_column)
        timing = place_rows(str(path), times, rate, per_second, layout.names[time_column])
        del times
        notes += timing.notes
        if timing.places is not None:
            placed = np.zeros(timing.length)
            gone = np.ones(timing.length, np.bool_)
            placed[timing.places] = values
            gone[timing.places] = missing
            values, missing = placed, gone
    values[missing] = 0.0
    return RawLead(
        layout.names[column], column, rate, per_mv, values, missing, 0, len(values), None, notes, unit
    )


def times_are_clock(layout: Layout, column: int) -> bool:
    """Tell whether a time column holds times of day rather than numbers."""
    return column not in layout.numeric


def _encoding(path: Path) -> str:
    """Return the text's encoding, or refuse what is no text."""
    check_regular(path, _LARGEST_BYTES, "a text table")
    try:
        with path.open("rb") as file:
            start = file.read(_HEAD_CHARACTERS)
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from error
    for mark, name in _BOMS:
        if start.startswith(mark):
            text = codecs.getincrementaldecoder(name)("replace").decode(start)
            if sum(c < "\u0250" for c in text) * 10 < 9 * len(text) or "\0" in text:
                raise UserError(f"{path}: cannot be read as text (it is none in {name})")
            return name
    if any(c < 9 or 13 < c < 26 or 26 < c < 32 for c in set(start)):
        raise UserError(f"{path}: cannot be read as text (it holds control codes)")
    return "utf-8"


def _chunks(path: Path, encoding: str) -> Iterator[list[str]]:
    """Yield the lines of a file in lists, without reading a longer line than any table has."""
    try:
        with path.open("r", encoding=encoding, errors="surrogateescape") as file:
            rest = ""
            while text := file.read(_AT_ONCE):
                lines = (rest + text).split("\n")
                rest = lines.pop()
                if len(rest) > _LONGEST_LINE:
                    raise UserError(
                        f"{path}: a line has more than {_LONGEST_LINE} characters: is it a table with a row "
                        "for each sample?"
                    )
                yield lines
            if rest:
                yield [rest]
    except (OSError, UnicodeError) as error:
        raise UserError(f"{path}: cannot be read as text ({type(error).__name__})") from error


def _layout(path: Path, encoding: str) -> Layout:
    """Return the layout, found from the first lines."""
    head: list[str] = []
    size = 0
    whole = True
    for lines in _chunks(path, encoding):
        for line in lines:
            if len(head) >= _HEAD_LINES or (size >= _HEAD_CHARACTERS and len(head) >= 4):
                whole = False
                break
            head.append(_latin(line))
            size += len(line)
        if not whole:
            break
    return find_layout(path, head, whole)


def _first_rows(path: Path, encoding: str, layout: Layout, count: int) -> list[list[str]]:
    """Return the cells of the first rows that hold samples."""
    rows: list[list[str]] = []
    skip = layout.skip
    for lines in _chunks(path, encoding):
        wanted = lines[skip:]
        skip = max(skip - len(lines), 0)
        rows += [layout.cells(line) for line in wanted if line.strip() and not is_comment(line)]
        if len(rows) >= count:
            break
    return rows[:count]


def _latin(line: str) -> str:
    """Return a line with what is no UTF-8 in it as Latin-1: a micro sign of an older program."""
    return line.encode("utf-8", "surrogateescape").decode("latin-1") if not _is_unicode(line) else line


def _is_unicode(line: str) -> bool:
    return line.isascii() or not any("\udc80" <= c <= "\udcff" for c in line)


def _column(
    path: Path, layout: Layout, encoding: str, lead: str | None, fs_hz: float | None
) -> tuple[int, Choice]:
    if lead is not None:
        return _wanted(path, layout, lead), Choice(0)
    rate = fs_hz or layout.rate_hz or 250.0
    rows: list[list[str]] = []

    def look(column: int) -> list[npt.NDArray[np.float64]]:
        if not rows:
            rows.extend(_first_rows(path, encoding, layout, round(LOOK_S * rate)))
        cells = [to_number(r[column], layout.comma) if column < len(r) else None for r in rows]
        return [np.array([v for v in cells if v is not None and math.isfinite(v)])]

    usable = [k for k in layout.numeric if k not in layout.times]
    if not usable:
        if len(layout.names) > 1:
            refuse_texts(path, layout, *_first_rows(path, encoding, layout, 1))
            raise UserError(
                f"{path}: every column of numbers tells the time by its name or values; say which is the ECG "
                f"with --lead: {', '.join(f'{i} = {name}' for i, name in enumerate(layout.names[:20]))}"
            )
        usable = layout.numeric
    names = [layout.names[k] for k in usable]
    choice = choose_lead(names, range(len(usable)), lambda i: look(usable[i]), lambda i: rate)
    return usable[choice.index], choice


def _wanted(path: Path, layout: Layout, lead: str) -> int:
    bare = [name.partition("(")[0].partition("[")[0].strip().casefold() for name in layout.names]
    if lead.casefold() in bare and lead.casefold() not in [name.casefold() for name in layout.names]:
        return bare.index(lead.casefold())
    return find_lead(layout.names, lead, str(path))


def _own_rate(path: Path, layout: Layout, column: int | None, times: npt.NDArray[np.float64] | None) -> float:
    """Return the sampling rate by what the file says before its samples, or by a time column with a unit."""
    rate = layout.rate_hz
    if rate is None and column is not None and times is not None:
        per_second = 1.0 if times_are_clock(layout, column) else layout.time_per_second(column)
        rate = estimate_rate(times, per_second) if per_second is not None else None
    if rate is None:
        raise UserError(
            f"{path}: a CSV file needs --fs, its sampling rate in Hz (`bitbeat replay` and `explain` take "
            "it), or a time column that says its unit"
        )
    check_fs(rate, str(path))
    return rate


def _unit(
    layout: Layout, column: int, unit: str | None, gain: float | None, notes: list[str]
) -> tuple[str, float]:
    said = layout.voltage(column)
    if unit is None and gain is None and said is not None:
        if said != "mV":
            notes.append(f"the unit is the file's own: {said}")
        return said, units_per_mv(said, None)
    chosen = unit or "mV"
    if said is not None and unit is not None and said != unit:
        notes.append(f"the file itself says {said}, --unit {unit}")
    return chosen, units_per_mv(chosen, gain)


@dataclass
class _Rows:
    """The careful way through rows that are not all plain numbers."""

    path: Path
    layout: Layout
    column: int
    time_column: int | None
    empty: int = 0
    begun: bool = False

    def parse(self, lines: list[str], first: int) -> tuple[list[float], list[float]]:
        """Return values and times (NaN = none) of lines, the first of which has the number ``first``."""
        values: list[float] = []
        times: list[float] = []
        for number, line in enumerate(lines, first):
            if is_comment(line):
                continue
            if not line.strip(" \t\r\x1a\x00"):
                if self.begun and not self.empty:
                    self.empty = number
                continue
            if self.empty:
                raise UserError(
                    f"{self.path}: line {self.empty} is empty: a sample is missing; cut such stretches out "
                    "first (or the line, if none is)"
                )
            self.begun = True
            cells = self.layout.cells(line)
            values.append(self._value(cells, number))
            if self.time_column is not None:
                times.append(self._time(cells, number))
        return values, times

    def _value(self, cells: list[str], number: int) -> float:
        if len(cells) <= self.column:
            raise UserError(
                f"{self.path}: line {number} has {len(cells)} column{'s' if len(cells) != 1 else ''}, "
                f"{self.layout.names[self.column]!r} is column {self.column + 1}"
            )
        cell = cells[self.column]
        if is_missing(cell):
            return math.nan
        value = to_number(cell, self.layout.comma)
        if value is None and self.layout.late_comma:
            value = to_number(cell, True)
        if value is None:
            shown = (
                cell[:40].encode("ascii", "backslashreplace").decode()
                if not cell.isprintable()
                else cell[:40]
            )
            raise UserError(f"{self.path}: line {number}: {shown!r} is not a number")
        if not math.isfinite(value):
            raise UserError(
                f"{self.path}: line {number}: {cell[:40]!r} is not a sample; cut such stretches out first"
            )
        return value

    def _time(self, cells: list[str], number: int) -> float:
        column = self.time_column
        cell = cells[column] if column is not None and column < len(cells) else ""
        if is_missing(cell):
            return math.nan
        value = to_number(cell, self.layout.comma)
        value = clock_seconds(cell) if value is None else value
        if value is None or not math.isfinite(value):
            raise UserError(f"{self.path}: line {number}: {cell[:40]!r} is not a time")
        return value


def _read(
    path: Path, encoding: str, layout: Layout, column: int, time_column: int | None
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64] | None]:
    """Return a column's values (NaN = missing) and the times beside them."""
    careful = _Rows(path, layout, column, time_column)
    values: list[npt.NDArray[np.float64]] = []
    times: list[npt.NDArray[np.float64]] = []
    number = 1
    for lines in _chunks(path, encoding):
        wanted = lines[max(layout.skip + 1 - number, 0) :]
        first = number + len(lines) - len(wanted)
        number += len(lines)
        quick = _quick(wanted, layout, column, time_column) if careful.begun and not careful.empty else None
        got = quick or careful.parse(wanted, first)
        values.append(np.array(got[0], np.float64))
        if time_column is not None:
            times.append(np.array(got[1], np.float64))
    return _joined(values), _joined(times) if time_column is not None else None


def _joined(parts: list[npt.NDArray[np.float64]]) -> npt.NDArray[np.float64]:
    """Join arrays, each given back as soon as it is copied."""
    out = np.empty(sum(len(part) for part in parts))
    at = 0
    for k in range(len(parts)):
        part, parts[k] = parts[k], np.empty(0)
        out[at : at + len(part)] = part
        at += len(part)
    return out


def _quick_number(cell: str, comma: bool) -> float:
    return float(cell.replace(",", ".") if comma else cell) if cell else math.nan


def _quick(
    lines: list[str], layout: Layout, column: int, time_column: int | None
) -> tuple[list[float], list[float]] | None:
    """Return the values and times of plain rows; None where one of them needs care."""
    delimiter = layout.delimiter if layout.delimiter != " " else None
    clock = time_column is not None and times_are_clock(layout, time_column)
    times: list[float] = []
    if not all(lines):
        return None  # an empty line is no empty cell
    try:
        if layout.delimiter is None:
            values = [_quick_number(line, layout.comma) for line in lines]
        else:
            cells = [line.split(delimiter) for line in lines]
            values = [_quick_number(c[column], layout.comma) for c in cells]
            if clock and time_column is not None:
                times = [quick_seconds(c[time_column]) for c in cells]
            elif time_column is not None:
                times = [_quick_number(c[time_column], layout.comma) for c in cells]
    except (ValueError, IndexError):
        return None
    plain = not any(map(math.isinf, values)) and not any(map(math.isinf, times))
    # float() takes more than a table's number: 1_000, and digits of other scripts.
    return (values, times) if plain and not any("_" in line or not line.isascii() for line in lines) else None


__all__ = ["UNITS", "read_csv", "units_per_mv"]
