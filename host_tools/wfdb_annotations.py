"""Reads WFDB annotation files (annot(5)), for every command; every way to fail gives one clear line."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from host_tools.bounded_input import read_bounded
from host_tools.errors import UserError
from host_tools.wfdb_header import read_header

#: Annotations may lie this much behind the record's end, seconds: a program's last ones come out a little
#: late, and one of svdb's records has such a beat. Those still later are another record's.
LATE_ANNOTATIONS_S = 1.0
#: A month of beats has fewer bytes.
_LARGEST_BYTES = 1 << 24
#: Codes of annot(5) that are no annotations but say something of one.
_SKIP, _NUM, _SUB, _CHN, _AUX = 59, 60, 61, 62, 63
_NOTE = 22
#: "Not QRS": it moves the time on and is none that a reader gets.
_NO_CODE = 0
#: Times and rates that differ by less than this share are one.
_SAME_RATE = 1e-6
_RESOLUTION_MARK = b"## time resolution: "
_RESOLUTION = re.compile(rb"## time resolution: ([0-9]+\.?[0-9]*)\0*")


@dataclass(frozen=True)
class Annotations:
    """What an annotation file holds.

    Attributes
    ----------
    file : Path
        Where it is from.
    samples : int64 [n]
        Sample numbers at ``fs_hz``, ascending.
    symbols : list of str
        WFDB symbols; of a code that WFDB leaves to users, its number.
    subtypes : int64 [n]
        Their subtypes.
    fs_hz : float or None
        Rate of the sample numbers: the record's where it was given, else the file's own, where it has one.
    """

    file: Path
    samples: npt.NDArray[np.int64]
    symbols: list[str]
    subtypes: npt.NDArray[np.int64]
    fs_hz: float | None

    def __len__(self) -> int:
        return len(self.symbols)


@cache
def _symbols() -> tuple[str, ...]:
    from wfdb.io.annotation import ann_labels

    known = {label.label_store: label.symbol for label in ann_labels}
    return tuple(known.get(code) or str(code) for code in range(_SKIP))


def same_rate(a_hz: float, b_hz: float) -> bool:
    """Tell whether two sampling rates are one."""
    return abs(a_hz - b_hz) <= _SAME_RATE * max(a_hz, b_hz)


def read_annotation_file(file: Path, fs_hz: float | None = None) -> Annotations:
    """Return the annotations of a file.

    Parameters
    ----------
    file : Path
        An annotation file, such as 100.atr.
    fs_hz : float, optional
        Frames per second of the record that it belongs to. A file with a time resolution of its own is
        scaled to this, as by bxb; one without counts the record's frames by definition.

    Raises
    ------
    UserError
        It cannot be read, is no whole annotation file, or not in time order.
    """
    if not file.is_file():
        raise UserError(f"{file}: no such annotation file")
    content = read_bounded(file, _LARGEST_BYTES, "an annotation file")
    if not content.strip(b"\0"):
        return Annotations(file, np.zeros(0, np.int64), [], np.zeros(0, np.int64), fs_hz)
    samples, codes, subtypes, own_hz = _decode(file, content)
    if own_hz is not None and fs_hz is not None and not same_rate(own_hz, fs_hz):
        samples = np.rint(samples * (fs_hz / own_hz)).astype(np.int64)
    falls = np.flatnonzero(np.diff(samples) < 0)
    if falls.size or (len(samples) and samples[0] < 0):
        k = int(falls[0]) if falls.size else -1
        where = (
            f"sample {samples[k]} stands before {samples[k + 1]}" if k >= 0 else f"it begins at {samples[0]}"
        )
        raise UserError(f"{file}: annotations not in time order ({where}); WFDB's sortann puts them in order")
    names = _symbols()
    return Annotations(file, samples, [names[code] for code in codes.tolist()], subtypes, fs_hz or own_hz)


def read_annotations(path: Path, extension: str, fs_hz: float, length: int) -> Annotations:
    """Return the annotations beside a record.

    Parameters
    ----------
    path : Path
        The record, without suffix.
    extension : str
        Of the annotation file, such as atr.
    fs_hz : float
        Frames per second of the record, Hz.
    length : int
        Frames of the record. Annotations behind its end are left out up to :data:`LATE_ANNOTATIONS_S`;
        later ones do not fit.

    Raises
    ------
    UserError
        The file is missing, is no annotation file, or does not fit the record.
    """
    found = read_annotation_file(path.with_name(f"{path.name}.{extension}"), fs_hz)
    inside = fit_length(found, length, fs_hz)
    return Annotations(
        found.file, found.samples[:inside], found.symbols[:inside], found.subtypes[:inside], fs_hz
    )


def annotations_of(path: Path, extension: str = "atr") -> Annotations:
    """Return all annotations beside a record (``path`` without suffix), at the rate of its frames.

    Raises
    ------
    UserError
        See :func:`read_annotation_file`, and for the header :func:`host_tools.wfdb_header.read_header`.
    """
    fs_hz = read_header(path).fs_hz
    return read_annotation_file(path.with_name(f"{path.name}.{extension}"), fs_hz)


def fit_length(found: Annotations, length: int, fs_hz: float) -> int:
    """Return how many of the annotations lie within the record.

    Raises
    ------
    UserError
        One lies more than :data:`LATE_ANNOTATIONS_S` behind the end: they are another record's.
    """
    samples = found.samples
    if len(samples) and samples[-1] > length + LATE_ANNOTATIONS_S * fs_hz:
        raise UserError(
            f"{found.file}: does not fit the record of {length} samples (an annotation is at {samples[-1]})"
        )
    return int(np.searchsorted(samples, length))


@dataclass
class _Walk:
    """What one walk over the words of a file finds: skips, notes, the end mark, the time resolution."""

    end: int = -1
    own_hz: float | None = None
    begins: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    skips: list[tuple[int, int]] = field(default_factory=list)


def _walk(content: bytes, words: npt.NDArray[np.uint16]) -> _Walk:
    """Go from skip to note to end mark: they alone change where the next word begins."""
    found = _Walk()
    codes = words >> 10
    stops = np.flatnonzero((words == 0) | (codes == _SKIP) | (codes == _AUX))
    k = 0
    for stop, word in zip(stops.tolist(), words[stops].tolist(), strict=True):
        if stop < k:
            continue
        if word == 0:
            found.end = stop
            break
        value = word & 0x3FF
        if word >> 10 == _SKIP:
            if stop + 2 >= len(words):
                break
            high, low = content[2 * stop + 2 : 2 * stop + 4], content[2 * stop + 4 : 2 * stop + 6]
            k = stop + 3
            found.skips.append((k, int.from_bytes(low + high, "little", signed=True)))
        else:
            k = stop + 1 + (value + 1) // 2
            if found.own_hz is None and value >= len(_RESOLUTION_MARK):
                match = _RESOLUTION.fullmatch(content[2 * stop + 2 : 2 * stop + 2 + value])
                found.own_hz = float(match[1]) if match else None
        found.begins.append(stop)
        found.ends.append(k)
    return found


def _decode(
    file: Path, content: bytes
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64], float | None]:
    """Return times, codes and subtypes, and the time resolution where one is said."""
    words = np.frombuffer(content[: len(content) // 2 * 2], "<u2")
    codes, values = (words >> 10).astype(np.uint8), (words & 0x3FF).astype(np.int16)
    walk = _walk(content, words)
    end, own_hz = walk.end, walk.own_hz
    if end < 0:
        raise UserError(f"{file}: not a whole WFDB annotation file (its end mark is missing)")
    if content[2 * end :].strip(b"\0"):
        raise UserError(f"{file}: not a whole WFDB annotation file (more stands behind its end mark)")
    if own_hz is not None and not 0 < own_hz < 1e9:
        raise UserError(f"{file}: a time resolution of {own_hz:g} Hz")
    ticks = np.zeros(len(words) + 1, np.int64)
    if walk.skips:
        at_skip, skipped = np.array(walk.skips, np.int64).T
        ticks[at_skip] = skipped
    inside = np.zeros(len(words) + 1, np.int32)  # the running sum tells what lies within a skip or a note
    inside[np.array(walk.begins, np.int64)] += 1
    np.subtract.at(inside, np.minimum(np.array(walk.ends, np.int64), len(words)), 1)
    plain = np.cumsum(inside[:-1]) == 0
    plain[end:] = False
    timed = plain & (codes < _SKIP)
    at = np.flatnonzero(timed & (codes != _NO_CODE))
    ticks[:-1][timed] += values[timed]
    times = np.cumsum(ticks[:-1])[at]
    subtypes = np.zeros(len(at), np.int64)
    said = np.flatnonzero(plain & (codes == _SUB))
    owner = np.searchsorted(at, said) - 1
    keep = owner >= 0
    subtypes[owner[keep]] = values[said[keep]].astype(np.uint8).astype(np.int8)
    kinds = codes[at].astype(np.int64)
    # Time resolution and the like stand in notes at time 0 before all others; they are no annotations.
    own = _about_the_file(content, at, kinds, times, codes, values)
    return times[~own], kinds[~own], subtypes[~own], own_hz


def _about_the_file(
    content: bytes,
    at: npt.NDArray[np.int64],
    kinds: npt.NDArray[np.int64],
    times: npt.NDArray[np.int64],
    codes: npt.NDArray[np.uint8],
    values: npt.NDArray[np.int16],
) -> npt.NDArray[np.bool_]:
    own = np.zeros(len(at), np.bool_)
    for k in np.flatnonzero((kinds == _NOTE) & (times == 0))[:1000].tolist():
        word = int(at[k]) + 1
        while word < len(codes) and codes[word] in (_NUM, _SUB, _CHN):
            word += 1
        if word < len(codes) and codes[word] == _AUX:
            note = content[2 * word + 2 : 2 * word + 2 + int(values[word])]
            own[k] = note.startswith(b"## ")
    return own
