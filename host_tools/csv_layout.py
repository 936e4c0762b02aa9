"""Finds out from a text table's first lines how it is laid out: separator, header, units, columns."""

from __future__ import annotations

import csv
import itertools
import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from host_tools.errors import UserError
from host_tools.lead_choice import name_rank
from host_tools.text import printable

#: Lines with one of these at the front are comments.
COMMENT_MARKS = ("#", "%", "//")
_DELIMITERS = ("\t", ";", "|", ",", " ")
#: What stands for a missing sample.
_MISSING = {"", "nan", "na", "n/a", "null", "none", "-", "--", ".", "?"}
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?|[+-]?(inf|infinity)", re.I)
_COMMA_NUMBER = re.compile(r"[+-]?[0-9]*,[0-9]+([eE][+-]?[0-9]+)?")
#: A time of day, or the time since the start, with or without a date before or behind it.
CLOCK = re.compile(
    r"\[?(?:(?P<date>[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4})[T ]+)?"
    r"(?:(?P<h>[0-9]{1,4}):)?(?P<m>[0-9]{1,2}):(?P<s>[0-9]{1,2}(?:[.,][0-9]*)?)"
    r"(?: ?(?P<half>[AaPp])[Mm])?(?: ?Z|[+-][0-9]{2}:?[0-9]{2})?"
    r"(?: +(?P<after>[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}))?\]?"
)
_UNIT_CELL = re.compile(
    r"[\[(]?(m|u|µ|μ|n|milli|micro)?(v|volts?|s|sec|seconds?)[\])]?|hh:mm:ss(\.m+)?|adu|counts?|lsb|digits?|raw|-|",
    re.I,
)
_TIME_WORDS = {
    "time", "times", "timestamp", "timestamps", "datetime", "date", "clock", "epoch", "elapsed",
    "seconds", "millis", "milliseconds", "micros", "microseconds", "zeit", "temps", "tiempo", "unixtime",
}  # fmt: skip
_COUNT_NAMES = {
    "t", "n", "i", "k", "s", "ms", "us", "idx", "id", "no", "nr", "index", "indices", "sample",
    "samples", "sampleindex", "samplenumber", "sampleno", "samplenr", "nseq", "seq", "counter", "count",
    "frame", "row", "rownames", "line", "x", "unnamed0", "sampleid", "packet", "sec", "timesec",
    "timems", "timestampms", "timestampus", "localtime", "unixtimestamp",
}  # fmt: skip
#: Time units per second, by what a name or a units row calls them.
_PER_SECOND = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1.0),
    **dict.fromkeys(("ms", "msec", "millis", "milliseconds"), 1e3),
    **dict.fromkeys(("us", "µs", "μs", "usec", "micros", "microseconds"), 1e6),
    **dict.fromkeys(("ns", "nanoseconds"), 1e9),
    **dict.fromkeys(("min", "minutes"), 1 / 60),
}
_VOLTAGES = {
    **dict.fromkeys(("mv", "millivolt", "millivolts"), "mV"),
    **dict.fromkeys(("uv", "µv", "μv", "microvolt", "microvolts"), "uV"),
    **dict.fromkeys(("v", "volt", "volts"), "V"),
}
_RATE = re.compile(
    r"\"?(?:sampl(?:ing|e)[ _]*(?:rate|frequency)|fs|abtastrate)\"?[^0-9a-z]{1,12}"
    r"([0-9]{2,5}(?:\.[0-9]+)?)\s*\]?\s*(?:,\s*)?(hz|hertz|sps|$|[,}\s])",
    re.I,
)
_META_UNIT = re.compile(r"\"?units?\"?\s*[:=,;\t]\s*\"?([a-zµμ]+)", re.I)
_UNIT_OF_NAME = re.compile(
    r"[\[(]\s*([^\])]+?)\s*[\])]\s*$|(?:^|[_ /])([muµμ]v|(?:milli|micro)volts?)$", re.I
)
_MOST_COLUMNS = 10_000


@dataclass
class Layout:
    """How a text table is laid out.

    Attributes
    ----------
    delimiter : str or None
        Between the columns; " " = any white space; None = one column.
    comma : bool
        Decimal commas.
    skip : int
        Lines of the file before the first sample.
    names, units : list of str
        Of the columns; empty where the file does not say them.
    numeric : list of int
        Columns of numbers.
    times : list of int
        Columns that tell the time or count the samples, the best one first.
    rate_hz : float or None
        Sampling rate that is said in front of the samples.
    late_comma : bool
        One column of whole numbers so far: a comma in a later one is a decimal comma.
    """

    delimiter: str | None
    comma: bool
    skip: int = 0
    names: list[str] = field(default_factory=list)
    units: list[str] = field(default_factory=list)
    numeric: list[int] = field(default_factory=list)
    times: list[int] = field(default_factory=list)
    rate_hz: float | None = None
    late_comma: bool = False

    def cells(self, line: str) -> list[str]:
        """Return the cells of a line, without quotes and blanks around them."""
        return split_cells(line, self.delimiter)

    def time_per_second(self, column: int) -> float | None:
        """Return the time units per second by the column's name or unit; None where they do not say it."""
        bare = re.sub(r"[^a-zµμ]+", " ", self.names[column].casefold()).split()
        for word in (self.units[column].casefold().strip("[]()"), *reversed(bare)):
            if word in _PER_SECOND and (word != "s" or len(bare) < 2 or bare[-1] == "s"):
                return _PER_SECOND[word]
        return None

    def voltage(self, column: int) -> str | None:
        """Return the unit of a column as ``--unit`` takes it; None where the file does not say one."""
        return _VOLTAGES.get(self.units[column].casefold().strip("[]()"))


def split_cells(line: str, delimiter: str | None) -> list[str]:
    """Return the cells of a line, without quotes and blanks around them."""
    line = line.strip() if delimiter in (None, " ") else line
    if delimiter is None:
        return [_unquote(line)]
    if delimiter == " " and '"' not in line:
        return [_unquote(cell) for cell in line.split()]
    if '"' in line:
        try:
            return [_unquote(c) for c in next(csv.reader([line], delimiter=delimiter, skipinitialspace=True))]
        except (csv.Error, StopIteration):
            pass
    return [_unquote(cell) for cell in line.split(delimiter)]


def _unquote(cell: str) -> str:
    return cell.strip().strip("\"'").strip()


def is_missing(cell: str) -> bool:
    """Tell whether a cell says that there is no sample."""
    return cell.casefold() in _MISSING


def to_number(cell: str, comma: bool) -> float | None:
    """Return the number in a cell; None where it is none."""
    if comma:
        cell = cell.replace(",", ".", 1)
    return float(cell) if _NUMBER.fullmatch(cell) else None


def is_comment(line: str) -> bool:
    """Tell whether a line is a comment."""
    return line.lstrip().startswith(COMMENT_MARKS)


def find_layout(path: Path, lines: Sequence[str], whole: bool) -> Layout:
    """Return the layout of a table from its first lines.

    Parameters
    ----------
    path : Path
        For messages.
    lines : sequence of str
        The first lines, comments and empty ones included.
    whole : bool
        Whether these are all lines of the file.

    Raises
    ------
    UserError
        There is no column of numbers, or it could be read in two ways.
    """
    rows = [(i, line) for i, line in enumerate(lines) if line.strip() and not is_comment(line)]
    if not rows:
        raise UserError(f"{path}: " + ("the file is empty" if whole else "no samples among its first lines"))
    body = [line for _, line in rows[max(1, len(rows) // 2) if len(rows) > 1 else 0 :]]
    layout = _split(path, [line for _, line in rows], body)
    width = _width(layout, body)
    if width > _MOST_COLUMNS:
        raise UserError(f"{path}: {width} columns ({_MOST_COLUMNS} at most): is it a row for each sample?")
    cells = [layout.cells(line) for line in body]
    kinds = [_kind([c[k] if k < len(c) else "" for c in cells], layout.comma) for k in range(width)]
    layout.numeric = [k for k, kind in enumerate(kinds) if kind == "number"]
    if not layout.numeric:
        if len(rows) == 1 or all(to_number(c, layout.comma) is None for r in cells for c in r):
            raise UserError(
                f"{path}: "
                + (
                    "the file has a header but no samples"
                    if len(rows) < 3
                    else "no column of numbers is found"
                )
            )
        raise UserError(f"{path}: no column of numbers is found")
    header = _header_rows(path, layout, rows, kinds)
    layout.skip = rows[len(header)][0] if len(header) < len(rows) else len(lines)
    if len(header) == len(rows):
        raise UserError(f"{path}: the file has a header but no samples")
    _name_columns(path, layout, header, kinds, [layout.cells(line) for _, line in rows[len(header) :]])
    _read_remarks(layout, lines[: layout.skip])
    return layout


def refuse_texts(path: Path, layout: Layout, cells: Sequence[str] = ()) -> None:
    """Say of the first column that is neither numbers nor times what its first cell holds."""
    for k, cell in enumerate(cells[: len(layout.names)]):
        if k not in layout.numeric and k not in layout.times and not is_missing(cell):
            raise UserError(
                f"{path}: beside the time no column holds numbers: {layout.names[k]!r} holds "
                f"{printable(cell[:40])!r}"
            )


def _split(path: Path, all_rows: list[str], body: list[str]) -> Layout:
    """Find the separator and the decimal mark."""
    for delimiter in _DELIMITERS:
        counts = Counter(len(split_cells(line, delimiter)) for line in body)
        width, often = max(counts.items(), key=lambda item: (item[1], item[0]))
        if width < 2 or often * 2 < len(body):
            continue
        if delimiter == " " and not _has_numbers(body, delimiter):
            continue
        if delimiter == ",":
            if width == 2 and _commas_are_decimal(all_rows, body):
                return Layout(None, True)
            quoted = any('"' in line for line in body)
            return Layout(",", quoted and _has_commas(body, ","))
        return Layout(delimiter, _has_commas(body, delimiter))
    whole = not any("." in line for line in body)
    return Layout(None, _has_commas(body, None), late_comma=whole)


def _has_numbers(body: list[str], delimiter: str) -> bool:
    return any(to_number(c, True) is not None for line in body[:20] for c in split_cells(line, delimiter))


def _has_commas(body: list[str], delimiter: str | None) -> bool:
    cells = [c for line in body for c in split_cells(line, delimiter)]
    with_comma = [c for c in cells if _COMMA_NUMBER.fullmatch(c)]
    return bool(with_comma) and not any("." in c and _NUMBER.fullmatch(c) for c in cells)


def _commas_are_decimal(all_rows: list[str], body: list[str]) -> bool:
    """Tell one column of decimal commas from two columns of whole numbers."""
    pairs = [split_cells(line, ",") for line in body]
    pairs = [p for p in pairs if len(p) == 2 and any(p)]
    if not pairs or not all(re.fullmatch(r"[+-]?[0-9]*", a) and re.fullmatch(r"[0-9]+", b) for a, b in pairs):
        return False
    head = split_cells(all_rows[0], ",")
    if len(head) == 1 and to_number(head[0], False) is None:
        return True
    return any(a == "-0" or re.fullmatch(r"0[0-9]+", b) for a, b in pairs)


def _width(layout: Layout, body: list[str]) -> int:
    return Counter(len(layout.cells(line)) for line in body).most_common(1)[0][0]


def _kind(cells: list[str], comma: bool) -> str:
    """Return what most cells of a column are: number, clock, text or empty."""
    there = [c for c in cells if not is_missing(c)]
    if not there:
        return "empty" if not any(c.casefold() in ("nan", "na", "null") for c in cells) else "number"
    numbers = sum(to_number(c, comma) is not None for c in there)
    if numbers * 2 >= len(there):
        return "number"
    return "clock" if sum(CLOCK.fullmatch(c) is not None for c in there) * 2 >= len(there) else "text"


def _header_rows(
    path: Path, layout: Layout, rows: list[tuple[int, str]], kinds: list[str]
) -> list[list[str]]:
    """Return the rows before the first sample: those with text where the samples stand."""
    header: list[list[str]] = []
    for _, line in rows:
        cells = layout.cells(line)
        wrong = numbers = 0
        for kind, cell in zip(kinds, cells, strict=False):
            number = to_number(cell, layout.comma) is not None
            if kind == "number":
                numbers += (
                    number or cell.casefold() in ("nan", "na", "null") or (cell == "" and len(cells) > 1)
                )
                wrong += not (number or is_missing(cell))
            elif kind == "clock":
                wrong += not (number or is_missing(cell) or CLOCK.fullmatch(cell) is not None)
        if not wrong and numbers:
            break
        header.append(cells)
    return header


def _name_columns(
    path: Path, layout: Layout, header: list[list[str]], kinds: list[str], data: list[list[str]]
) -> None:
    width = len(kinds)
    layout.units = [""] * width
    names: list[str] = []
    candidates = [row for row in header if abs(len(row) - width) <= 1 and any(row)]
    if candidates:
        units = candidates[-1]
        if len(candidates) > 1 and _are_units(units):
            layout.units = _fit(units, kinds, data, layout)
            candidates.pop()
        names = _fit(candidates[-1], kinds, data, layout)
    elif header and width == 2 * len([c for c in header[-1] if c]) and layout.delimiter == ",":
        raise UserError(
            f"{path}: the header names {len(header[-1])} columns, the rows have {width}: decimal commas "
            "between commas cannot be told apart; write points, or put semicolons between the columns"
        )
    layout.names = [printable(name) for name in names] or [f"column {i}" for i in range(width)]
    for k, name in enumerate(layout.names):
        if not layout.units[k] and (match := _UNIT_OF_NAME.search(name)):
            layout.units[k] = match[1] or match[2]
    if not names and header and header[-1] and header[-1][0].casefold() in ("unit", "units"):
        layout.units = [(header[-1] + [""])[1]] * width
    layout.times = _time_columns(layout, kinds, data, bool(names))


def _are_units(row: list[str]) -> bool:
    """Tell whether a header row holds units; that of the time may be called anything."""
    strange = [c for c in row if not _UNIT_CELL.fullmatch(c)]
    volts = any(c.casefold().strip("[]()") in _VOLTAGES for c in row)
    return any(row) and (not strange or (len(strange) == 1 and strange[0] == row[0] and volts))


def _fit(row: list[str], kinds: list[str], data: list[list[str]], layout: Layout) -> list[str]:
    """Bring a header row to the width of the data: a last separator or an unnamed index makes one more."""
    width = len(kinds)
    if len(row) < width:
        first = [to_number(r[0], layout.comma) for r in data[:100] if r]
        index = kinds[-1] != "empty" and kinds[0] == "number" and _counts(first)
        row = ["", *row] if index else [*row, ""]
    return (row + [""] * width)[:width]


def _time_columns(layout: Layout, kinds: list[str], data: list[list[str]], named: bool) -> list[int]:
    by_clock = [k for k, kind in enumerate(kinds) if kind == "clock"]
    by_name: list[int] = []
    by_values: list[int] = []
    for k in layout.numeric:
        name = layout.names[k].casefold() if named else None
        bare = re.sub(r"[\[(].*", "", name or "").strip()
        words = re.sub(r"[^a-z0-9]+", " ", bare).split()
        values = [to_number(r[k], layout.comma) if k < len(r) else None for r in data]
        called = bool(bare) and (_TIME_WORDS & {*words, *bare.split("_")} or "".join(words) in _COUNT_NAMES)
        # Times that go back are times all the same: their reader refuses them.
        if called and (_rises(values) or _rises(values[::-1]) or _counts(values)):
            by_name.append(k)
        elif len(layout.numeric) > 1 and name_rank(bare) > 1 and _counts(values):
            by_values.append(k)
    told = {k: layout.time_per_second(k) is not None for k in by_name}
    return [*sorted(by_name, key=lambda k: not told[k]), *by_clock, *by_values]


def _rises(values: Sequence[float | None]) -> bool:
    """Tell whether numbers go on as a time does: hardly ever back."""
    there = [v for v in values if v is not None and math.isfinite(v)]
    falls = sum(b < a for a, b in itertools.pairwise(there))
    return falls <= 0.1 * len(there)


def _counts(values: Sequence[float | None]) -> bool:
    """Tell whether numbers count: steps of one size nearly everywhere, and always upwards or wrapping."""
    there = [v for v in values if v is not None and math.isfinite(v)]
    if len(there) < 3:
        return False
    steps = [round(b - a, 9) for a, b in itertools.pairwise(there)]
    size, often = Counter(steps).most_common(1)[0]
    falls = [s for s in steps if s < 0]
    return size > 0 and often >= 0.8 * len(steps) and len(set(falls)) <= 1


def _read_remarks(layout: Layout, lines: Sequence[str]) -> None:
    """Take the sampling rate and the unit from what stands in front of the samples."""
    for line in lines:
        if layout.rate_hz is None and (match := _RATE.search(line[:5000])):
            layout.rate_hz = float(match[1])
        bare = not is_comment(line) and len(layout.names) == 1 and not layout.units[0]
        if bare and (match := _META_UNIT.search(line[:200])):
            layout.units[0] = match[1]
