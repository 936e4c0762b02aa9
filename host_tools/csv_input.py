"""Reads one column of a CSV file as an ECG lead; every way to fail gives one clear line with its number."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import numpy.typing as npt

from host_tools.errors import UserError
from host_tools.wfdb_input import choose_lead

#: Units per millivolt; for adu the gain says it.
_PER_MV = {"mV": 1.0, "uV": 1000.0, "V": 0.001}
UNITS = (*_PER_MV, "adu")
#: Columns of these names are not leads.
_TIME_NAMES = {"time", "t", "time_s", "seconds", "index", "sample", "elapsed time", "timestamp"}


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


def read_csv_lead(path: Path, lead: str | None) -> tuple[str, int, npt.NDArray[np.float64]]:
    """Read one column.

    Parameters
    ----------
    path : Path
        Text with commas, semicolons, tabs or blanks between the columns; a first row with text is a header.
        Lines that begin with # are skipped, as are empty lines before the first sample and after the last.
    lead : str, optional
        The column's name in the header, or its number from 0. By default MLII, else the first column that
        is not a time by its name.

    Returns
    -------
    name : str
        The column's name.
    index : int
        Its number.
    values : float64 [n]
        Its values.

    Raises
    ------
    UserError
        The file is missing, empty or not text, has no such column, a row has too few columns, a line
        between samples is empty, or a value is no finite number (with its line number).
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError:
        raise UserError(f"{path}: no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read as text ({type(error).__name__})") from error
    rows = [(i, line) for i, line in enumerate(lines, 1) if line.strip() and not line.startswith("#")]
    if not rows:
        raise UserError(f"{path}: the file is empty")
    delimiter = next((d for d in ",;\t" if d in rows[0][1]), None)
    first = [_unquote(cell) for cell in rows[0][1].split(delimiter)]
    has_header = not all(_is_number(cell) for cell in first)
    names = first if has_header else [f"column {i}" for i in range(len(first))]
    if lead is None:
        leads = [i for i, name in enumerate(names) if name.casefold() not in _TIME_NAMES]
        folded = [name.casefold() for name in names]
        index = folded.index("mlii") if "mlii" in folded else (leads or [0])[0]
    else:
        index = choose_lead(names, lead, str(path))
    data = rows[1:] if has_header else rows
    if not data:
        raise UserError(f"{path}: the file has a header but no samples")
    _refuse_gaps(path, lines[data[0][0] : data[-1][0]], data[0][0] + 1)
    return names[index], index, _parse(path, data, delimiter, index, names[index])


def _refuse_gaps(path: Path, lines: list[str], first: int) -> None:
    """Refuse an empty line among samples, as an empty cell: skipped, it would move all later beats.

    ``first``: the number of the first of the lines.
    """
    for number, line in enumerate(lines, first):
        if not line.strip():
            raise UserError(
                f"{path}: line {number} is empty: a sample is missing; cut such stretches out first "
                "(or the line, if none is)"
            )


def _parse(
    path: Path, rows: list[tuple[int, str]], delimiter: str | None, index: int, name: str
) -> npt.NDArray[np.float64]:
    values = np.empty(len(rows))
    for k, (number, line) in enumerate(rows):
        cells = line.split(delimiter)
        if len(cells) <= index:
            raise UserError(
                f"{path}: line {number} has {len(cells)} column{'s' if len(cells) > 1 else ''}, "
                f"{name!r} is column {index + 1}"
            )
        cell = _unquote(cells[index])
        try:
            value = float(cell)
        except ValueError:
            raise UserError(f"{path}: line {number}: {cell[:40]!r} is not a number") from None
        if not math.isfinite(value):
            raise UserError(f"{path}: line {number}: {cell!r} is not a sample; cut such stretches out first")
        values[k] = value
    return values


def _unquote(cell: str) -> str:
    return cell.strip().strip("\"'").strip()


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
