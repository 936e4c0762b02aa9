"""Any ECG file as the device wants it: one lead at the spec's rate and in its unit, and the way back."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from host_tools.build import ROOT
from host_tools.csv_input import read_csv_lead, units_per_mv
from host_tools.ec57.labels import CLASSES, MAPPINGS
from host_tools.errors import UserError
from host_tools.resampling import check_fs, to_spec
from host_tools.text import printable
from host_tools.wfdb_input import RawLead, read_annotations, read_header, read_lead

CSV_SUFFIXES = (".csv", ".tsv", ".txt")
#: Where a bare record name is looked up.
DATA_DIR = ROOT / "data"
#: Escape beats count as normal, as in the model's training (de Chazal's mapping).
_LABELS = MAPPINGS["dechazal"]
#: Begin and end of ventricular flutter, where no beats are annotated.
_FLUTTER = "[]"


@dataclass
class Reference:
    """Reference beats: samples at the spec's rate from the replay's start (int64 [n]) and AAMI labels.

    ``[`` and ``]`` among the labels bound ventricular flutter, where beats are not annotated.
    """

    samples: npt.NDArray[np.int64]
    labels: npt.NDArray[np.str_]


@dataclass
class EcgRecord:
    """One lead, ready for the device.

    Attributes
    ----------
    name : str
        The record's name, without folder and suffix.
    path : Path
        Where it came from.
    lead, lead_index : str, int
        The lead's name and number.
    samples : int16 [n]
        At ``spec_fs_hz``, adu around the baseline, -32768 = no sample.
    spec_fs_hz : int
        Sampling rate of ``samples``, Hz.
    fs_hz : float
        Sampling rate of the file, Hz.
    start, stop : int
        Stretch of the file that was read, in its own samples.
    notes : list of str
        What was changed, for the user.
    reference : Reference or None
        Reference beats in the stretch, where the record has them.
    """

    name: str
    path: Path
    lead: str
    lead_index: int
    samples: npt.NDArray[np.int16]
    spec_fs_hz: int
    fs_hz: float
    start: int
    stop: int
    notes: list[str] = field(default_factory=list)
    reference: Reference | None = None

    def __post_init__(self) -> None:
        """Make text of what the file says about itself: it is printed, plotted and written from here on."""
        self.name, self.lead = printable(self.name), printable(self.lead)
        self.notes = [printable(note, longest=None) for note in self.notes]

    @property
    def duration_s(self) -> float:
        """Length of the stretch, seconds."""
        return len(self.samples) / self.spec_fs_hz

    def to_file_samples(self, spec_samples: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return the file's sample numbers of device samples (filter delay taken out), within the stretch."""
        at = np.rint(np.asarray(spec_samples, np.int64) * (self.fs_hz / self.spec_fs_hz)).astype(np.int64)
        return np.clip(at + self.start, self.start, max(self.stop - 1, self.start))


def read_record(
    source: str | Path,
    *,
    lead: str | int | None = None,
    begin: str | None = None,
    end: str | None = None,
    fs_hz: float | None = None,
    gain: float | None = None,
    unit: str | None = None,
    reference: str | None = None,
    spec: tuple[int, int] | None = None,
) -> EcgRecord:
    """Read a WFDB record or a CSV file.

    Parameters
    ----------
    source : str or Path
        A record (with or without suffix; a bare name is also looked up in data/) or a .csv, .tsv, .txt file.
    lead : str or int, optional
        Name or number from 0; MLII or the first by default.
    begin, end : str, optional
        Stretch: seconds, mm:ss, hh:mm:ss, or s1234 for a sample number of the file.
    fs_hz, gain, unit : optional
        For CSV: sampling rate (needed), units per mV, and one of mV (default), uV, V, adu.
    reference : str, optional
        Extension of the annotations to compare with; "none" for none. By default atr, where it exists.
    spec : tuple of int, optional
        Rate in Hz and units per mV to convert to; the generated parameters by default.

    Returns
    -------
    EcgRecord
        At 360 Hz and 200 units per mV the samples are exactly the file's, less the baseline.

    Raises
    ------
    UserError
        Anything about the file or the options that does not fit, in one line.
    """
    if spec is None:
        from host_tools.reference.params import ADU_PER_MV, FS_HZ

        spec = (FS_HZ, ADU_PER_MV)
    path = Path(source)
    lead = None if lead is None else str(lead)
    if path.suffix.lower() in CSV_SUFFIXES:
        raw = _csv_lead(path, lead, begin, end, fs_hz, gain, unit)
        name = path.stem
    else:
        if fs_hz is not None or gain is not None or unit is not None:
            raise UserError("--fs, --gain and --unit are for CSV files; a WFDB record's header gives them")
        path = _find_record(path)
        header = read_header(path)
        check_fs(float(header.fs), str(path))
        raw = read_lead(
            path, lead, _span(begin, end, float(header.fs), int(header.sig_len or 0), path), header
        )
        name = path.name
    if len(raw.values) == 0:
        raise UserError(f"{path}: no samples between --from and --to")
    samples, notes = to_spec(raw.values, raw.missing, raw.fs_hz, raw.per_mv, *spec)
    record = EcgRecord(
        name=name,
        path=path,
        lead=raw.name,
        lead_index=raw.index,
        samples=samples,
        spec_fs_hz=spec[0],
        fs_hz=raw.fs_hz,
        start=raw.start,
        stop=raw.start + len(raw.values),
        notes=notes,
    )
    if path.suffix.lower() not in CSV_SUFFIXES:
        record.reference = _reference(record, reference, raw.length)
    elif reference not in (None, "none"):
        raise UserError("--reference: a CSV file has no annotation file")
    return record


def parse_time(text: str, fs_hz: float, what: str) -> int:
    """Return the sample number of a time: seconds, mm:ss, hh:mm:ss (with decimals), or s1234.

    Raises
    ------
    UserError
        The text is none of these.
    """
    if match := re.fullmatch(r"s(\d+)", text):
        return int(match[1])
    if not re.fullmatch(r"(\d+:){0,2}\d+(\.\d*)?", text):
        raise UserError(f"{what} {text}: a time is seconds, mm:ss, hh:mm:ss, or s1234 for a sample number")
    seconds = 0.0
    for part in text.split(":"):
        seconds = 60 * seconds + float(part)
    return round(seconds * fs_hz)


def _span(
    begin: str | None, end: str | None, fs_hz: float, length: int, path: Path
) -> tuple[int, int | None]:
    first = parse_time(begin, fs_hz, "--from") if begin is not None else 0
    last = parse_time(end, fs_hz, "--to") if end is not None else None
    if length and first >= length:
        raise UserError(f"{path}: --from {begin} is behind the end ({length / fs_hz:.1f} s)")
    if last is not None and last <= first:
        raise UserError(f"{path}: --to {end} is not behind --from {begin or 0}")
    return first, (min(last, length) if last is not None and length else last)


def _find_record(path: Path) -> Path:
    """Return the record's path without suffix; a bare name may also be one of a database in data/."""
    if path.suffix in (".hea", ".dat", ".atr"):
        path = path.with_suffix("")
    if path.with_name(path.name + ".hea").is_file() or path.parent != Path():
        return path
    found = sorted(DATA_DIR.glob(f"*/{path.name}.hea")) if path.name else []
    if not found:
        raise UserError(
            f"{path}: no such record here or in data/; give a path, or run `make data` for the databases"
        )
    preferred = [f for f in found if f.parent.name == "mitdb"]
    return (preferred or found)[0].with_suffix("")


def _csv_lead(
    path: Path,
    lead: str | None,
    begin: str | None,
    end: str | None,
    fs_hz: float | None,
    gain: float | None,
    unit: str | None,
) -> RawLead:
    if fs_hz is None:
        raise UserError(f"{path}: a CSV file needs --fs, its sampling rate in Hz")
    check_fs(fs_hz, str(path))
    per_mv = units_per_mv(unit or "mV", gain)
    name, index, values = read_csv_lead(path, lead)
    first, last = _span(begin, end, fs_hz, len(values), path)
    part = values[first:last]
    return RawLead(name, index, fs_hz, per_mv, part, np.zeros(len(part), np.bool_), first, len(values))


def _reference(record: EcgRecord, wanted: str | None, length: int) -> Reference | None:
    if wanted == "none":
        return None
    extension = wanted or "atr"
    if wanted is None and not record.path.with_name(f"{record.path.name}.{extension}").is_file():
        return None
    found = read_annotations(record.path, extension, record.fs_hz, length)
    labels = [CLASSES[_LABELS[s]] if s in _LABELS else s * (s in _FLUTTER) for s in found.symbols]
    inside = (found.samples >= record.start) & (found.samples < record.stop)
    keep = inside & np.array([label != "" for label in labels], np.bool_)
    samples = np.rint((found.samples[keep] - record.start) * (record.spec_fs_hz / record.fs_hz))
    return Reference(samples.astype(np.int64), np.array(labels, dtype="U1")[keep])
