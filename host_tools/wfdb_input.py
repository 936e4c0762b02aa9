"""Reads one lead of a WFDB record at its own rate; every way to fail gives one clear line.

The header is read here (:mod:`host_tools.wfdb_header`), the stored samples by wfdb's decoder.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from host_tools.errors import UserError
from host_tools.text import printable
from host_tools.wfdb_header import DEFAULT_GAIN, NO_SEGMENT, Header, Signal, read_header

#: Millivolts in one unit of the header; the micro sign, the Greek letter, and what is made of them.
_MV_PER_UNIT = {"mv": 1.0, "uv": 1e-3, "µv": 1e-3, "μv": 1e-3, "v": 1e3, "nv": 1e-6, "pv": 1e-9}
_UNIT_WORDS = {"millivolt": "mv", "microvolt": "uv", "volt": "v"}
#: Bytes per sample by WFDB format (signal(5)); FLAC formats have no fixed size.
_BYTES = {
    "8": 1.0,
    "16": 2.0,
    "24": 3.0,
    "32": 4.0,
    "61": 2.0,
    "80": 1.0,
    "160": 2.0,
    "212": 1.5,
    "310": 4 / 3,
    "311": 4 / 3,
}
_FLAC = ("508", "516", "524")
#: Format 8 stores differences: it has no mark for a missing sample, and is read from its beginning.
_DIFFERENCES = "8"
_NO_SIGNAL = "0"
#: Stored samples of all signals that are decoded at a time: memory grows with one lead, not with all.
_AT_ONCE = 1 << 22
#: More samples are not read at once: three days at 1 kHz.
_LONGEST = 1 << 28


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
        Sampling rate of the lead, Hz.
    per_mv : float
        Units of ``values`` in one millivolt.
    values : int64 or float64 [n]
        Around the baseline.
    missing : bool [n]
        True where the record has no sample.
    start : int
        Number of the first one in the record, at the lead's rate.
    length : int
        Samples of the whole record.
    rails : tuple of float, optional
        Ends of the converter's range in units of ``values``, where the header says them.
    notes : list of str
        What the user has to know of the file.
    unit : str, optional
        Of a CSV file: what it was read in.
    """

    name: str
    index: int
    fs_hz: float
    per_mv: float
    values: npt.NDArray[Any]
    missing: npt.NDArray[np.bool_]
    start: int
    length: int
    rails: tuple[float, float] | None = None
    notes: list[str] | None = None
    unit: str | None = None


def mv_per_unit(unit: str) -> float | None:
    """Return the millivolts in a unit of a header; None for what is no voltage."""
    word = unit.strip().strip("[]()").casefold()
    return _MV_PER_UNIT.get(_UNIT_WORDS.get(word.rstrip("s"), word))


@dataclass
class WfdbRecord:
    """A record on disk: an ordinary one, or one of segments."""

    path: Path
    header: Header
    _segments: dict[str, Header] = field(default_factory=dict)

    @cached_property
    def layout(self) -> tuple[Signal, ...]:
        """The record's signals; of segments, those of the layout, or of the first that can be read."""
        if not self.header.segments:
            return self.header.signals
        for name, _ in self.header.segments:
            if name != NO_SEGMENT:
                return self._segment(name).signals
        raise UserError(f"{self.header.file}: no segment holds a signal")

    @cached_property
    def names(self) -> list[str]:
        """Names of the leads."""
        return [signal.name for signal in self.layout]

    @cached_property
    def frames(self) -> int:
        """Length of the record in frames: the header's, else the signal file's."""
        if self.header.frames is not None or self.header.segments:
            return self.header.frames or 0
        there = [s.file for s in self.layout if self._file(s.file).is_file()]
        if not there:
            raise UserError(f"{self._file(self.layout[0].file)}: the record's signal file is missing")
        return min(self._stored_frames(name) for name in dict.fromkeys(there))

    def fs_hz(self, index: int) -> float:
        """Sampling rate of a lead."""
        return self.header.fs_hz * self.layout[index].frame_samples

    def is_voltage(self, index: int) -> bool:
        """Tell whether a lead is in volts."""
        return mv_per_unit(self.layout[index].unit) is not None

    def read(self, index: int, first: int, stop: int) -> RawLead:
        """Return a stretch of a lead, in samples of it.

        Raises
        ------
        UserError
            A signal file is missing, too short or unreadable, or the lead is no voltage.
        """
        signal = self.layout[index]
        per_frame = signal.frame_samples
        if not self.header.segments:
            self._check_file(self.header, signal.file, self.frames)
        if stop - first > _LONGEST:
            raise UserError(
                f"{self.path}: {stop - first} samples are too many at once ({_LONGEST}); read a stretch "
                "of them (--from, --to)"
            )
        frames = (first // per_frame, min(-(-stop // per_frame), self.frames))
        if self.header.segments:
            lead = self._read_segments(index, *frames)
        else:
            lead = self._read_file(self.header, index, *frames, self.frames)
        cut = slice(first - frames[0] * per_frame, stop - frames[0] * per_frame)
        lead.values, lead.missing = lead.values[cut], lead.missing[cut]
        lead.start, lead.length = first, self.frames * per_frame
        return lead

    def _file(self, name: str) -> Path:
        return self.path.with_name(name)

    def _segment(self, name: str) -> Header:
        if name not in self._segments:
            header = read_header(self.path.with_name(name))
            if header.segments:
                raise UserError(f"{header.file}: segments of segments")
            self._segments[name] = header
        return self._segments[name]

    def _of_file(self, header: Header, name: str) -> list[Signal]:
        signals = [s for s in header.signals if s.file == name]
        if len({(s.fmt, s.byte_offset) for s in signals}) > 1:
            raise UserError(f"{header.file}: {name} is given two formats or offsets")
        if signals[0].fmt not in _BYTES and signals[0].fmt not in _FLAC:
            raise UserError(f"{header.file}: {name} is in format {signals[0].fmt}, which WFDB does not know")
        return signals

    def _stored_frames(self, name: str, header: Header | None = None) -> int:
        """Frames that a signal file holds."""
        signals = self._of_file(header or self.header, name)
        per_frame = sum(s.frame_samples for s in signals)
        file = self._file(name)
        if signals[0].fmt in _FLAC:
            import soundfile

            try:
                total = int(soundfile.info(str(file)).frames) - signals[0].byte_offset
            except Exception as error:  # soundfile raises whatever libsndfile says
                raise UserError(f"{file}: the signal cannot be read ({_line(error)})") from error
            return max(total // signals[0].frame_samples, 0)
        try:
            size = file.stat().st_size - signals[0].byte_offset
        except OSError as error:
            raise UserError(f"{file}: the signal cannot be read ({error.strerror})") from error
        return max(math.floor(size / (per_frame * _BYTES[signals[0].fmt]) + 1e-9), 0)

    def _check_file(self, header: Header, name: str, frames: int) -> None:
        """Refuse missing and truncated signal files before anything trips over them."""
        file = self._file(name)
        signals = self._of_file(header, name)
        if not file.is_file():
            raise UserError(f"{file}: the record's signal file is missing")
        if (there := self._stored_frames(name, header)) < frames:
            needed = ""
            if signals[0].fmt in _BYTES:
                per_frame = sum(s.frame_samples for s in signals) * _BYTES[signals[0].fmt]
                needed = f": {file.stat().st_size} bytes"
                frames_text = f" need {signals[0].byte_offset + math.floor(per_frame * frames)}"
            else:
                needed, frames_text = f": {there} samples", " are announced"
            raise UserError(f"{file}: truncated{needed}, but the header's {frames} samples{frames_text}")

    def _read_file(self, header: Header, index: int, first: int, stop: int, frames: int) -> RawLead:
        """Return the frames ``first`` to ``stop`` of one signal of an ordinary record of ``frames``."""
        signal = header.signals[index]
        per_mv, rails, notes = self._scale(header, signal)
        spf = signal.frame_samples
        wanted = (stop - first) * spf
        stored, invalid = self._decode(
            header, index, min(first + signal.skew, frames), min(stop + signal.skew, frames)
        )
        whole = first == 0 and stop == frames and signal.skew == 0 and signal.checksum is not None
        if whole and int(stored.sum(dtype=np.int64)) % (1 << 16) != signal.checksum:
            notes.append(f"{signal.file} does not fit the header's checksum of lead {signal.name}: damaged?")
        values = np.zeros(wanted, np.int64)
        missing = np.ones(wanted, np.bool_)
        values[: len(stored)] = stored
        values -= signal.baseline
        missing[: len(stored)] = stored == invalid if invalid is not None else False
        return RawLead(signal.name, index, header.fs_hz * spf, per_mv, values, missing, 0, 0, rails, notes)

    def _decode(
        self, header: Header, index: int, first: int, stop: int
    ) -> tuple[npt.NDArray[Any], int | None]:
        """Return the stored values of a signal, and the one that means "no sample"."""
        from wfdb.io import _signal as wfdb_signal

        signal = header.signals[index]
        together = self._of_file(header, signal.file)
        at = [i for i, s in enumerate(header.signals) if s.file == signal.file].index(index)
        per_frame = sum(s.frame_samples for s in together)
        step = max(_AT_ONCE // per_frame, 1)
        begin = first
        if signal.fmt == _DIFFERENCES:
            begin, step = 0, max(stop, 1)
        total = self._stored_frames(signal.file, header)
        parts = []
        for k in range(begin, stop, step):
            try:
                signals = wfdb_signal._rd_dat_signals(
                    file_name=signal.file,
                    dir_name=str(self.path.parent.absolute()),
                    pn_dir=None,
                    fmt=signal.fmt,
                    n_sig=len(together),
                    sig_len=total,
                    byte_offset=signal.byte_offset,
                    samps_per_frame=[s.frame_samples for s in together],
                    skew=[0] * len(together),
                    init_value=[s.initial for s in together],
                    sampfrom=k,
                    sampto=min(k + step, stop),
                )
            except Exception as error:  # the decoder raises whatever it trips over
                raise UserError(f"{self.path}: the signal cannot be read ({_line(error)})") from error
            parts.append(np.array(signals[at]))
        stored = np.concatenate(parts) if parts else np.zeros(0, np.int64)
        stored = stored[(first - begin) * signal.frame_samples :]
        return stored, None if signal.fmt == _DIFFERENCES else int(wfdb_signal._digi_nan(signal.fmt))

    def _scale(self, header: Header, signal: Signal) -> tuple[float, tuple[float, float] | None, list[str]]:
        """Return units per mV, the converter's ends around the baseline, and what is said of them."""
        mv = mv_per_unit(signal.unit)
        if mv is None:
            raise UserError(
                f"{self.path}: lead {signal.name} is in {signal.unit!r}, not in volts: is it an ECG?"
            )
        per_mv = signal.gain / mv
        if not (math.isfinite(per_mv) and per_mv > 0):
            raise UserError(f"{self.path}: the header gives lead {signal.name} a gain of {per_mv:g}")
        notes = []
        if not signal.has_gain:
            notes.append(
                f"the header gives no gain: {DEFAULT_GAIN:g} units per mV, WFDB's default, is assumed"
            )
        rails = None
        if signal.adc_bits:
            half = 1 << (signal.adc_bits - 1)
            middle = signal.adc_zero - signal.baseline
            rails = (float(middle - half), float(middle + half - 1))
        return per_mv, rails, notes

    def _read_segments(self, index: int, first: int, stop: int) -> RawLead:
        """Join the segments' stretches of one lead; in mV, as each segment has its own gain."""
        wanted = self.layout[index]
        spf = wanted.frame_samples
        values = np.zeros((stop - first) * spf)
        missing = np.ones(len(values), np.bool_)
        begin = 0
        notes: list[str] = []
        for name, frames in self.header.segments:
            low, high = max(first, begin), min(stop, begin + frames)
            if name != NO_SEGMENT and high > low and (part := self._part(name, wanted, frames)) is not None:
                header, at = part
                lead = self._read_file(header, at, low - begin, high - begin, frames)
                if lead.fs_hz != self.header.fs_hz * spf:
                    raise UserError(f"{header.file}: lead {wanted.name} has another rate than elsewhere")
                place = slice((low - first) * spf, (high - first) * spf)
                values[place] = lead.values / lead.per_mv
                missing[place] = lead.missing
                notes += [note for note in lead.notes or [] if note not in notes]
            begin += frames
        values[missing] = 0.0
        return RawLead(wanted.name, index, self.header.fs_hz * spf, 1.0, values, missing, 0, 0, None, notes)

    def _part(self, name: str, wanted: Signal, frames: int) -> tuple[Header, int] | None:
        """Return a segment's header and the number of a lead in it; None where it has no such lead."""
        header = self._segment(name)
        folded = [s.name.casefold() for s in header.signals]
        if wanted.name.casefold() not in folded:
            return None
        at = folded.index(wanted.name.casefold())
        if header.signals[at].fmt == _NO_SIGNAL or header.signals[at].file == NO_SEGMENT:
            return None
        self._check_file(header, header.signals[at].file, frames)
        return header, at


def open_record(path: Path) -> WfdbRecord:
    """Return the record at ``path`` (without suffix).

    Raises
    ------
    UserError
        See :func:`host_tools.wfdb_header.read_header`.
    """
    return WfdbRecord(path, read_header(path))


def _line(error: Exception) -> str:
    text = printable(str(error).strip().partition("\n")[0])
    return text or type(error).__name__
