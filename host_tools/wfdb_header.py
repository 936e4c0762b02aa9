"""Reads a WFDB header as header(5) defines it, strictly; every fault gives one clear line.

wfdb's own parser searches for what it likes in a line: it reads -360 as 250 Hz, drops a micro sign and the
end of a name with two dots. What is not understood is refused here, not guessed.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path

from host_tools.bounded_input import read_bounded
from host_tools.errors import UserError
from host_tools.text import printable

#: WFDB's defaults: sampling rate, and units per mV where the header says no gain (or 0).
DEFAULT_FS_HZ = 250.0
DEFAULT_GAIN = 200.0
#: A header with all segments of a month is below this; so is the number of leads of any front end.
_LARGEST_BYTES = 1 << 20
_MOST_SIGNALS = 1024
_MOST_SEGMENTS = 20_000
_MOST_SAMPLES = 1 << 40
#: A gap among the segments, and the file of a signal that has none.
NO_SEGMENT = "~"

_NUMBER = r"[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?|[0-9]+\.(?:[eE][-+]?[0-9]+)?"
_RECORD = re.compile(r"(?P<name>[^\s/]+)(?:/(?P<segments>[0-9]{1,9}))?")
_RATE = re.compile(rf"(?P<fs>{_NUMBER})(?:/-?(?:{_NUMBER})(?:\(-?(?:{_NUMBER})\))?)?")
_FORMAT = re.compile(
    r"(?P<fmt>[0-9]{1,4})(?:x(?P<frame>[0-9]{1,9}))?(?::(?P<skew>[0-9]{1,9}))?(?:\+(?P<offset>[0-9]{1,18}))?"
)
_GAIN = re.compile(rf"(?P<gain>[-+]?(?:{_NUMBER}))(?:\((?P<base>[-+]?[0-9]+)\))?(?:/(?P<unit>\S+))?")
_INT32 = range(-(1 << 31), 1 << 31)


@dataclass(frozen=True)
class Signal:
    """One signal line.

    Attributes
    ----------
    file, fmt : str
        Signal file and its storage format.
    frame_samples : int
        Samples in each frame.
    skew, byte_offset : int
        Frames that the signal is stored late, and bytes before the first sample.
    gain : float
        Stored units in one of ``unit``; ``has_gain`` tells whether the header says it.
    baseline, adc_bits, adc_zero, initial : int
        Stored value of 0, converter's resolution (0 = not said), middle of its range, first value.
    checksum : int or None
        Sum of all stored samples modulo 2^16; None where the header does not say it (or says 0).
    unit, name : str
        As in the header, without control characters.
    """

    file: str
    fmt: str
    frame_samples: int
    skew: int
    byte_offset: int
    gain: float
    has_gain: bool
    baseline: int
    adc_bits: int
    adc_zero: int
    initial: int
    checksum: int | None
    unit: str
    name: str


@dataclass(frozen=True)
class Header:
    """A record's header.

    Attributes
    ----------
    file : Path
        The header itself.
    fs_hz : float
        Frames per second.
    frames : int or None
        Length of the record in frames; None where the header does not say it (or says 0).
    signals : tuple of Signal
        Empty for a record of segments.
    segments : tuple of (str, int)
        Name and frames of each segment; empty for an ordinary record.
    """

    file: Path
    fs_hz: float
    frames: int | None
    signals: tuple[Signal, ...]
    segments: tuple[tuple[str, int], ...] = ()


def read_header(path: Path, folder: Path | None = None) -> Header:
    """Return the header of the record at ``path`` (without suffix).

    Raises
    ------
    UserError
        No such record, the header is not one or has no signal, or a field is none that WFDB knows.
    """
    file = path.with_name(path.name + ".hea")
    try:
        there = file.is_file()
    except (OSError, ValueError) as error:
        raise UserError(f"{printable(str(file))}: no record can have this name ({_why(error)})") from error
    if not there:
        raise UserError(f"{file}: no such record (its .hea file is missing)")
    content = read_bounded(file, _LARGEST_BYTES, "a WFDB header")
    lines = [line.strip() for line in _text(content).splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    if not lines:
        raise UserError(f"{file}: not a WFDB header (it is empty)")
    return _parse(file, lines)


def _why(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


def _text(content: bytes) -> str:
    """Headers are ASCII by definition, and UTF-8 or Latin-1 where a unit has a micro sign."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _parse(file: Path, lines: list[str]) -> Header:
    fields = lines[0].split()
    record = _RECORD.fullmatch(fields[0])
    if record is None or len(fields) < 2 or not re.fullmatch(r"[0-9]{1,9}", fields[1]):
        raise UserError(f"{file}: not a WFDB header (its first line is {printable(lines[0])!r})")
    count = int(fields[1])
    fs_hz = _rate(file, fields[2]) if len(fields) > 2 else DEFAULT_FS_HZ
    frames = _integer(file, fields[3], "number of samples", 0, _MOST_SAMPLES) if len(fields) > 3 else 0
    if count == 0:
        raise UserError(f"{file}: the header describes no signal")
    if count > _MOST_SIGNALS:
        raise UserError(f"{file}: {count} signals; {_MOST_SIGNALS} at most can be read")
    if record["segments"] is not None:
        segments = _segments(file, lines[1:], int(record["segments"]))
        return Header(file, fs_hz, sum(length for _, length in segments) or None, (), segments)
    if len(lines) < 1 + count:
        raise UserError(
            f"{file}: not a WFDB header ({count} signals are announced, {len(lines) - 1} described)"
        )
    signals = tuple(_signal(file, line, i) for i, line in enumerate(lines[1 : 1 + count]))
    return Header(file, fs_hz, frames or None, signals)


def _rate(file: Path, text: str) -> float:
    match = _RATE.fullmatch(text)
    fs_hz = float(match["fs"]) if match else math.nan
    if not (0 < fs_hz < math.inf):
        raise UserError(
            f"{file}: the header gives a sampling rate of {printable(text)!r}: above 0 Hz, in digits"
        )
    return fs_hz


def _integer(file: Path, text: str, what: str, low: int, high: int) -> int:
    if not re.fullmatch(r"[-+]?[0-9]{1,19}", text) or not low <= int(text) <= high:
        raise UserError(f"{file}: the header gives {printable(text)!r} as {what}")
    return int(text)


def _segments(file: Path, lines: list[str], count: int) -> tuple[tuple[str, int], ...]:
    if count > _MOST_SEGMENTS:
        raise UserError(f"{file}: {count} segments; {_MOST_SEGMENTS} at most can be read")
    if count < 1 or len(lines) < count:
        raise UserError(f"{file}: {count} segments are announced, {len(lines)} described")
    segments = []
    for line in lines[:count]:
        fields = line.split()
        if len(fields) < 2 or (fields[0] != NO_SEGMENT and not _plain(fields[0])):
            raise UserError(f"{file}: {printable(line)!r} describes no segment")
        segments.append((fields[0], _integer(file, fields[1], "length of a segment", 0, _MOST_SAMPLES)))
    return tuple(segments)


def _plain(name: str) -> bool:
    """Tell whether a name is that of a file beside the header: nothing else is opened."""
    return not re.search(r"[/\\\0]", name) and name not in ("", ".", "..")


def _signal(file: Path, line: str, index: int) -> Signal:
    fields = line.split(None, 8)
    form = _FORMAT.fullmatch(fields[1]) if len(fields) > 1 else None
    if form is None:
        raise UserError(f"{file}: {printable(line)!r} describes no signal")
    if not _plain(fields[0]):
        raise UserError(f"{file}: the signal file {printable(fields[0])!r} is not beside the header")
    gain = _GAIN.fullmatch(fields[2]) if len(fields) > 2 else None
    if len(fields) > 2 and gain is None:
        raise UserError(f"{file}: the header gives signal {index} a gain of {printable(fields[2])!r}")
    numbers = [
        _integer(file, text, f"a field of signal {index}", _INT32.start, _INT32.stop) for text in fields[3:8]
    ]
    bits, zero, initial = [*numbers, 0, 0, 0][:3] if numbers else (0, 0, 0)
    if len(numbers) < 3:
        initial = zero
    base = zero
    if gain is not None and gain["base"] is not None:
        base = _integer(file, gain["base"], f"baseline of signal {index}", _INT32.start, _INT32.stop - 1)
    value = float(gain["gain"]) if gain is not None else 0.0
    frame = int(form["frame"] or 1)
    if frame < 1:
        raise UserError(f"{file}: the header gives signal {index} no sample in a frame")
    return Signal(
        file=fields[0],
        fmt=form["fmt"],
        frame_samples=frame,
        skew=int(form["skew"] or 0),
        byte_offset=int(form["offset"] or 0),
        gain=value or DEFAULT_GAIN,
        has_gain=value != 0,
        baseline=base,
        adc_bits=bits if 0 < bits <= 32 else 0,
        adc_zero=zero,
        initial=initial,
        checksum=numbers[3] % (1 << 16) or None if len(numbers) > 3 else None,
        unit=printable((gain["unit"] if gain is not None else None) or "mV"),
        name=printable(fields[8]) if len(fields) > 8 else f"signal{index}",
    )
