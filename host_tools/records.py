"""Any ECG file as the device wants it: one lead at the spec's rate and in its unit, and the way back."""

from __future__ import annotations

import glob
import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from host_tools.csv_input import read_csv
from host_tools.data_folder import DATA_DIR
from host_tools.ec57.labels import CLASSES, MAPPINGS
from host_tools.errors import UserError
from host_tools.front_end import amplitude, at_rails, doubt_amplitude, find_offset_mv, find_rails
from host_tools.lead_choice import Choice, choose_lead, find_lead, look_places
from host_tools.resampling import check_fs, spec_rails, to_spec
from host_tools.text import printable
from host_tools.wfdb_annotations import read_annotations
from host_tools.wfdb_input import RawLead, WfdbRecord, open_record

CSV_SUFFIXES = (".csv", ".tsv", ".txt")
#: Escape beats count as normal, as in the model's training (de Chazal's mapping).
#: Far beyond any voltage, and well within what the scaling computes exactly.
_LARGEST_MV = 1e9
_LABELS = MAPPINGS["dechazal"]
#: Begin and end of ventricular flutter, where no beats are annotated.
_FLUTTER = ("[", "]")


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
    rails : tuple of int, or None
        Ends of the converter's range as ``samples``, where the header says them or the signal was cut off
        there: a sample at one of them is saturated.
    offset_mv : float
        Constant that was taken out of the signal, mV.
    amplitude_mv : float or None
        Peak to peak within two seconds (upper quartile), mV; None without samples.
    doubt : str or None
        Why this can hardly be an ECG in the unit it was read in.
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
    rails: tuple[int, int] | None = None
    offset_mv: float = 0.0
    amplitude_mv: float | None = None
    doubt: str | None = None

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
        Name or number from 0; else MLII, or the first that looks like an ECG (the notes say which).
    begin, end : str, optional
        Stretch: seconds, mm:ss, hh:mm:ss, or s1234 for a sample number of the file.
    fs_hz, gain, unit : optional
        For CSV: sampling rate (needed where the file does not say it), units per mV, and one of mV, uV, V,
        adu (the file's own by default, else mV).
    reference : str, optional
        Extension of the annotations to compare with; "none" for none. By default atr, where it exists.
    spec : tuple of int, optional
        Rate in Hz and units per mV to convert to; the generated parameters by default.

    Returns
    -------
    EcgRecord
        At 360 Hz and 200 units per mV the samples are exactly the file's, less the baseline and an offset
        that no front end can keep.

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
    is_csv = path.suffix.lower() in CSV_SUFFIXES
    if is_csv:
        if reference not in (None, "none"):
            raise UserError("--reference: a CSV file has no annotation file")
        name = path.stem
        raw = read_csv(path, lead, fs_hz, unit, gain)
        first, last = _span(begin, end, raw.fs_hz, raw.length, path)
        raw.values, raw.missing, raw.start = raw.values[first:last], raw.missing[first:last], first
    else:
        path = _find_record(path)
        if fs_hz is not None or gain is not None or unit is not None:
            raise UserError("--fs, --gain and --unit are for CSV files; a WFDB record's header gives them")
        found = open_record(path)
        raw = _wfdb_lead(found, lead, begin, end)
        name = path.name
    if len(raw.values) == 0:
        between = " between --from and --to" if raw.length else ""
        raise UserError(f"{path}: no samples{between}")
    record = _to_record(path, name, raw, spec)
    if not is_csv:
        record.reference = _reference(record, reference, found)
    return record


def _check_size(path: Path, raw: RawLead) -> None:
    """Refuse numbers that no scaling brings into a sample: a wrong gain, or another column than an ECG."""
    largest_mv = max(abs(float(raw.values.max())), abs(float(raw.values.min()))) / raw.per_mv
    if not largest_mv <= _LARGEST_MV:
        raise UserError(
            f"{path}: lead {printable(raw.name)} reaches {largest_mv:.3g} mV: its gain or unit is wrong, or "
            "it is no ECG"
        )


def _to_record(path: Path, name: str, raw: RawLead, spec: tuple[int, int]) -> EcgRecord:
    """Return a lead as the device takes it: rails found, offset out, at the spec's rate and in its unit."""
    _check_size(path, raw)
    rails = find_rails(raw.values, raw.missing, raw.fs_hz, raw.rails)
    saturated = at_rails(raw.values, rails)
    if saturated is not None:
        saturated &= ~raw.missing
    bad = raw.missing if saturated is None else raw.missing | saturated
    offset_adu = round(find_offset_mv(raw.values, bad, raw.per_mv) * spec[1])
    span = amplitude(raw.values, bad, raw.fs_hz)
    amplitude_mv = None if span is None else span / raw.per_mv
    doubt = doubt_amplitude(amplitude_mv, raw.unit)
    del bad
    samples, changes = to_spec(
        raw.values, raw.missing, raw.fs_hz, raw.per_mv, *spec, rails=rails, offset_adu=offset_adu
    )
    notes = [*(raw.notes or []), *changes]
    if offset_adu:
        notes.append(f"an offset of {offset_adu / spec[1]:.1f} mV is taken out")
    if saturated is not None and (count := int(np.count_nonzero(saturated))):
        notes.append(f"{count} samples are at an end of the converter's range: saturated")
    if doubt is not None:
        notes.append(doubt)
    return EcgRecord(
        name=printable(name),
        path=path,
        lead=raw.name,
        lead_index=raw.index,
        samples=samples,
        spec_fs_hz=spec[0],
        fs_hz=raw.fs_hz,
        start=raw.start,
        stop=raw.start + len(raw.values),
        notes=notes,
        rails=spec_rails(rails, spec[1] / raw.per_mv, offset_adu),
        offset_mv=offset_adu / spec[1],
        amplitude_mv=amplitude_mv,
        doubt=doubt,
    )


def _wfdb_lead(record: WfdbRecord, wanted: str | None, begin: str | None, end: str | None) -> RawLead:
    choice = _choose(record) if wanted is None else Choice(find_lead(record.names, wanted, str(record.path)))
    fs_hz = record.fs_hz(choice.index)
    check_fs(fs_hz, str(record.path))
    length = record.frames * record.layout[choice.index].frame_samples
    first, last = _span(begin, end, fs_hz, length, record.path)
    raw = record.read(choice.index, first, length if last is None else last)
    if choice.why:
        raw.notes = [choice.why, *(raw.notes or [])]
    return raw


def _choose(record: WfdbRecord) -> Choice:
    def look(index: int) -> list[npt.NDArray[np.float64]]:
        fs_hz = record.fs_hz(index)
        places = look_places(record.frames * record.layout[index].frame_samples, fs_hz)
        stretches = []
        for first, stop in places:
            try:
                raw = record.read(index, first, stop)
            except UserError:  # its file is missing, as of the leads that nobody needs
                continue
            stretches.append(raw.values[~raw.missing].astype(np.float64))
        return stretches

    usable = [i for i in range(len(record.names)) if record.is_voltage(i)]
    return choose_lead(record.names, usable or [0], look, record.fs_hz)


def parse_time(text: str, fs_hz: float, what: str) -> int:
    """Return the sample number of a time: seconds, mm:ss, hh:mm:ss (with decimals), or s1234.

    Raises
    ------
    UserError
        The text is none of these.
    """
    if match := re.fullmatch(r"s([0-9]{1,15})", text):
        return int(match[1])
    if not re.fullmatch(r"([0-9]{1,9}:){0,2}[0-9]{1,9}(\.[0-9]*)?", text):
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
    if not path.name or path.name == "..":
        raise UserError(f"{path}: a folder; give a record in it")
    try:
        if path.with_name(path.name + ".hea").is_file() or path.parent != Path():
            if not path.with_name(path.name + ".hea").is_file():
                _refuse_no_record(path)
            return path
        found = sorted(DATA_DIR.glob(f"*/{glob.escape(path.name)}.hea"))
    except (OSError, ValueError) as error:
        raise UserError(f"{printable(str(path))}: no record can have this name") from error
    if not found and path.is_dir():
        raise UserError(f"{path}: a folder; give a record in it")
    if not found:
        raise UserError(
            f"{path}: no such record here or in data/ ({DATA_DIR}); give a path, or run `make data` for the "
            "databases"
        )
    preferred = [f for f in found if f.parent.name == "mitdb"]
    return (preferred or found)[0].with_suffix("")


def _refuse_no_record(path: Path) -> None:
    """Say of a path what it is, where it is something other than a record without its header."""
    if path.is_dir():
        raise UserError(f"{path}: a folder; give a record in it")
    if path.is_file():
        raise UserError(
            f"{path}: neither a WFDB record ({path.name}.hea is missing) nor a table "
            f"({', '.join(CSV_SUFFIXES)})"
        )


def _reference(record: EcgRecord, wanted: str | None, of: WfdbRecord) -> Reference | None:
    if wanted == "none":
        return None
    extension = wanted or "atr"
    if Path(extension).name != extension:
        raise UserError(f"--reference {extension}: the suffix of a file beside the record, such as atr")
    file = record.path.with_name(f"{record.path.name}.{extension}")
    if wanted is None and not file.is_file():
        return None
    # Annotations count frames; the lead may have several samples in each.
    fs_hz = of.header.fs_hz
    per_frame = record.fs_hz / fs_hz
    found = read_annotations(record.path, extension, fs_hz, of.frames)
    at = np.rint(found.samples * per_frame).astype(np.int64)
    symbols = found.symbols
    if not any(s in _LABELS for s in symbols):
        record.notes.append(
            f"{file.name} holds no beats ({len(found)} other annotations): there is nothing to compare with"
        )
        return None
    labels = [CLASSES[_LABELS[s]] if s in _LABELS else s * (s in _FLUTTER) for s in symbols]
    keep = (at >= record.start) & (at < record.stop) & np.array([label != "" for label in labels], np.bool_)
    samples = np.rint((at[keep] - record.start) * (record.spec_fs_hz / record.fs_hz))
    return Reference(samples.astype(np.int64), np.array(labels, dtype="U1")[keep])
