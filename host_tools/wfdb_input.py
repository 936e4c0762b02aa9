"""Reads one lead of a WFDB record, and its reference annotations; every way to fail gives one clear line."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from host_tools.errors import UserError

#: Millivolts in one unit of the header.
_MV_PER_UNIT = {"mv": 1.0, "uv": 1e-3, "µv": 1e-3, "v": 1e3, "nv": 1e-6}
#: The lead that the model was trained on.
PREFERRED_LEAD = "MLII"
#: Annotations may lie this much behind the record's end, seconds: a program's last ones come out a little
#: late, and one of svdb's records has such a beat. Those still later are another record's.
LATE_ANNOTATIONS_S = 1.0
#: Bytes per sample and the stored value that means "no sample", by WFDB format (WFDB manual, signal(5)).
_FORMATS = {
    "8": (1.0, None),
    "16": (2.0, -(1 << 15)),
    "24": (3.0, -(1 << 23)),
    "32": (4.0, -(1 << 31)),
    "61": (2.0, -(1 << 15)),
    "80": (1.0, -(1 << 7)),
    "160": (2.0, -(1 << 15)),
    "212": (1.5, -(1 << 11)),
    "310": (4 / 3, -(1 << 9)),
    "311": (4 / 3, -(1 << 9)),
}


@dataclass
class RawLead:
    """One lead as stored.

    Attributes
    ----------
    name : str
        The lead's name in the header.
    index : int
        Its number, from 0.
    fs_hz : float
        Sampling rate of the record, Hz.
    per_mv : float
        Units of ``values`` in one millivolt.
    values : int64 or float64 [n]
        Around the baseline.
    missing : bool [n]
        True where the record has no sample.
    start : int
        Number of the first one in the record.
    length : int
        Samples of the whole record.
    """

    name: str
    index: int
    fs_hz: float
    per_mv: float
    values: npt.NDArray[Any]
    missing: npt.NDArray[np.bool_]
    start: int
    length: int


@dataclass
class Annotations:
    """Beats of an annotation file: sample numbers at the record's rate (int64 [n]), WFDB symbols."""

    samples: npt.NDArray[np.int64]
    symbols: list[str]


def read_header(path: Path) -> Any:
    """Return wfdb's header object of the record at ``path`` (without suffix).

    Raises
    ------
    UserError
        No such record, or the header is not one or has no signal.
    """
    import wfdb

    header_file = path.with_name(path.name + ".hea")
    if not header_file.is_file():
        raise UserError(f"{header_file}: no such record (its .hea file is missing)")
    try:
        header = wfdb.rdheader(str(path))
    except Exception as error:  # wfdb raises whatever its parser trips over
        raise UserError(f"{header_file}: not a WFDB header ({_line(error)})") from error
    if not header.n_sig:
        raise UserError(f"{header_file}: the header describes no signal")
    return header


def choose_lead(names: list[str], wanted: str | None, where: str) -> int:
    """Return the number of the lead called ``wanted`` (its name, or its number from 0).

    Without a wish: MLII where there is one, else the first.

    Raises
    ------
    UserError
        There is no such lead; the line lists those there are.
    """
    folded = [name.casefold() for name in names]
    if wanted is None:
        return folded.index(PREFERRED_LEAD.casefold()) if PREFERRED_LEAD.casefold() in folded else 0
    if wanted.casefold() in folded:
        return folded.index(wanted.casefold())
    if wanted.isdecimal() and int(wanted) < len(names):
        return int(wanted)
    there = ", ".join(f"{i} = {name}" for i, name in enumerate(names))
    raise UserError(f"{where}: no lead {wanted!r}; there are: {there}")


def read_lead(path: Path, lead: str | None, span: tuple[int, int | None], header: Any) -> RawLead:
    """Return one lead of the record at ``path``.

    Parameters
    ----------
    path : Path
        The record, without suffix.
    lead : str, optional
        Name or number; see :func:`choose_lead`.
    span : tuple of int
        First sample, and the one behind the last (None = end of the record).
    header : object
        From :func:`read_header`.

    Raises
    ------
    UserError
        A signal file is missing, too short or unreadable, the lead is unknown or no voltage.
    """
    import wfdb

    names = _lead_names(path, header)
    index = choose_lead(names, lead, str(path))
    segmented = hasattr(header, "seg_name")
    if not segmented:
        _check_files(path, header)
    length = int(header.sig_len or 0)
    stop = length if span[1] is None and length else span[1]
    try:
        record = wfdb.rdrecord(str(path), sampfrom=span[0], sampto=stop, channels=[index], physical=segmented)
    except Exception as error:  # wfdb raises whatever its parser trips over
        raise UserError(f"{path}: the signal cannot be read ({_line(error)})") from error
    unit = (record.units or ["mV"])[0]
    if unit.casefold() not in _MV_PER_UNIT:
        raise UserError(f"{path}: lead {names[index]} is in {unit!r}, not in volts: is it an ECG?")
    per_unit = _MV_PER_UNIT[unit.casefold()]
    if segmented:
        physical = record.p_signal[:, 0]
        missing = ~np.isfinite(physical)
        values: npt.NDArray[Any] = np.where(missing, 0.0, physical)
        per_mv = 1.0 / per_unit
    else:
        stored = record.d_signal[:, 0].astype(np.int64)
        _, invalid = _FORMATS.get(record.fmt[0], (0.0, None))
        missing = stored == invalid if invalid is not None else np.zeros(len(stored), np.bool_)
        values = stored - int(record.baseline[0])
        per_mv = float(record.adc_gain[0]) / per_unit
    if not (math.isfinite(per_mv) and per_mv > 0):
        raise UserError(f"{path}: the header gives lead {names[index]} a gain of {per_mv:g}")
    return RawLead(
        names[index], index, float(header.fs), per_mv, values, missing, span[0], length or len(values)
    )


def read_annotations(path: Path, extension: str, fs_hz: float, length: int) -> Annotations:
    """Return the annotations beside a record.

    Parameters
    ----------
    path : Path
        The record, without suffix.
    extension : str
        Of the annotation file, such as atr.
    fs_hz : float
        Sampling rate of the record, Hz.
    length : int
        Samples of the record. Annotations behind its end are left out up to :data:`LATE_ANNOTATIONS_S`;
        later ones do not fit.

    Raises
    ------
    UserError
        The file is missing, is no annotation file, or does not fit the record.
    """
    import wfdb

    file = path.with_name(f"{path.name}.{extension}")
    if not file.is_file():
        raise UserError(f"{file}: no such annotation file")
    try:
        found = wfdb.rdann(str(path), extension)
    except Exception as error:  # wfdb raises whatever its parser trips over
        raise UserError(f"{file}: not an annotation file ({_line(error)})") from error
    samples = np.asarray(found.sample, np.int64)
    if found.fs and abs(float(found.fs) - fs_hz) > 1e-6 * fs_hz:
        raise UserError(f"{file}: annotations at {found.fs:g} Hz do not fit the record at {fs_hz:g} Hz")
    latest = length + LATE_ANNOTATIONS_S * fs_hz
    if len(samples) and (samples[-1] > latest or samples.min() < 0 or np.any(np.diff(samples) < 0)):
        raise UserError(
            f"{file}: does not fit the record of {length} samples (an annotation is at {int(samples.max())})"
        )
    inside = int(np.searchsorted(samples, length))
    return Annotations(samples[:inside], list(found.symbol)[:inside])


def _lead_names(path: Path, header: Any) -> list[str]:
    names = header.sig_name
    if names is None:  # a record of segments: the names are in its first readable segment
        import wfdb

        try:
            names = wfdb.rdheader(str(path), rd_segments=True).get_sig_name()
        except Exception as error:
            raise UserError(f"{path}: the segments' headers cannot be read ({_line(error)})") from error
    return [name if name else f"signal{i}" for i, name in enumerate(names)]


def _check_files(path: Path, header: Any) -> None:
    """Refuse missing and truncated signal files before wfdb trips over them."""
    frame_bytes: dict[str, float] = {}
    offsets: dict[str, int] = {}
    for i, name in enumerate(header.file_name):
        size, _ = _FORMATS.get(header.fmt[i], (0.0, None))
        frame_bytes[name] = frame_bytes.get(name, 0.0) + size * (header.samps_per_frame[i] or 1)
        offsets[name] = int((header.byte_offset or [0])[i] or 0)
    for name, per_frame in frame_bytes.items():
        file = path.with_name(name)
        if not file.is_file():
            raise UserError(f"{file}: the record's signal file is missing")
        needed = offsets[name] + math.floor(per_frame * int(header.sig_len or 0))
        if file.stat().st_size < needed:
            raise UserError(
                f"{file}: truncated: {file.stat().st_size} bytes, but the header's {header.sig_len} samples "
                f"need {needed}"
            )


def _line(error: Exception) -> str:
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__
