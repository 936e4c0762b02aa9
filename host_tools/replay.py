"""Streams a record through a device and writes what came back: WFDB annotations, CSV, JSON."""

from __future__ import annotations

import csv
import dataclasses
import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from host_tools.beats import CLASS_NAMES, CONDITION_DTYPE, CONDITION_NAMES, FLAG_NAMES
from host_tools.errors import UserError
from host_tools.link.device import Device
from host_tools.link.run import Progress
from host_tools.link.session import LinkReport
from host_tools.records import EcgRecord
from host_tools.writing import free_stem, replacing_all

#: Suffix of the annotation files.
ANNOTATION_SUFFIX = "bbt"


@dataclass
class Replay:
    """A record's way through a device.

    Attributes
    ----------
    record : EcgRecord
        What was sent.
    beats : ndarray of BEAT_DTYPE, [n]
        What came back; ``r_sample`` as on the device, with the filter delay.
    r_samples : int64 [n]
        R peaks in the samples that were sent, counted from 0, without the filter delay (may be below 0
        for a beat at the very beginning).
    report : LinkReport
        What the link had to repair.
    elapsed_s : float
        Duration of the streaming, seconds.
    device : dict
        Engine, hashes and sizes from the device's hello.
    conditions : ndarray of CONDITION_DTYPE, [m]
        Changes of the conditions, in order; their samples are those that were sent, counted from 0.
    """

    record: EcgRecord
    beats: npt.NDArray[np.void]
    r_samples: npt.NDArray[np.int64]
    report: LinkReport
    elapsed_s: float
    device: dict[str, Any]
    conditions: npt.NDArray[np.void] = field(default_factory=lambda: np.zeros(0, CONDITION_DTYPE))

    @property
    def x_realtime(self) -> float:
        """Seconds of ECG per second."""
        return self.record.duration_s / max(self.elapsed_s, 1e-9)

    def input_beats(self) -> npt.NDArray[np.void]:
        """Return the beats with ``r_sample`` counted in the samples that were sent, without filter delay."""
        beats = self.beats.copy()
        beats["r_sample"] = np.maximum(self.r_samples, 0)
        return beats

    def file_samples(self) -> npt.NDArray[np.int64]:
        """Return the R peaks as sample numbers of the file, at its own rate (int64 [n])."""
        return self.record.to_file_samples(self.r_samples)


def replay(
    record: EcgRecord, device: Device, *, speed: float = math.inf, on_progress: Progress | None = None
) -> Replay:
    """Stream ``record`` through ``device``.

    Parameters
    ----------
    speed : float
        Multiple of real time; as fast as the device takes it by default.
    on_progress : callable, optional
        See :meth:`host_tools.link.device.Device.replay`.

    Raises
    ------
    DeviceError
        The device works at another rate, or fell silent.
    """
    from host_tools.reference.params import DELAY_SAMPLES

    result = device.replay(
        record.samples, rails=record.rails, pace_hz=speed * record.spec_fs_hz, on_progress=on_progress
    )
    r_samples = result.beats["r_sample"].astype(np.int64) - DELAY_SAMPLES
    return Replay(
        record,
        result.beats,
        r_samples,
        result.report,
        result.elapsed_s,
        device.hello._asdict(),
        result.conditions,
    )


def parse_speed(text: str) -> float:
    """Return the multiple of real time that ``max``, ``real`` or a number above 0 means.

    Raises
    ------
    UserError
        It means none.
    """
    if text == "max":
        return math.inf
    try:
        speed = 1.0 if text == "real" else float(text)
    except ValueError:
        speed = 0.0
    if not (speed > 0 and math.isfinite(speed)):
        raise UserError(f"--speed {text}: max, real, or a multiple of real time such as 10")
    return speed


def flag_text(flags: int) -> str:
    """Return the names of the flags that are set, with commas."""
    return ",".join(name for bit, name in FLAG_NAMES.items() if flags & bit)


def result_stem(record: EcgRecord, folder: Path, plot: bool = False) -> str:
    """Return the stem of a record's results in ``folder``: its name, numbered where that is another's.

    Raises
    ------
    UserError
        A file of that name is there that is none of these results.
    """
    name = "".join(c if c.isalnum() or c in "-_" else "_" for c in record.name)
    suffixes = (f".{ANNOTATION_SUFFIX}", ".csv", ".json", *((".png",) if plot else ()))
    return free_stem(folder, name, suffixes, str(record.path.resolve()))


def write_results(done: Replay, folder: Path, summary: Any = None) -> list[Path]:
    """Write ``NAME.bbt`` (WFDB), ``NAME.csv`` and ``NAME.json`` into ``folder``.

    The annotation file is in the record's own sampling rate: symbol N, S, V or F, ``num`` = confidence
    (0..127), ``subtype`` = flags (a signed byte), ``aux_note`` = their names, ``chan`` = the lead's number.

    Returns
    -------
    list of Path
        The files, all of them whole: each is written aside and then renamed.

    Raises
    ------
    UserError
        The folder cannot be written to, or holds files of these names that are no such results.
    """
    name = result_stem(done.record, folder)
    with replacing_all(folder) as aside:
        parts = [
            _write_annotations(done, aside, name),
            _write_csv(done, aside / f"{name}.csv"),
            _write_json(done, aside / f"{name}.json", summary),
        ]
    return [folder / part.name for part in parts]


def _write_annotations(done: Replay, folder: Path, name: str) -> Path:
    path = folder / f"{name}.{ANNOTATION_SUFFIX}"
    beats = done.beats
    if len(beats) == 0:
        path.write_bytes(b"\0\0")  # an annotation file's end mark; wrann refuses to write just that
        return path
    import wfdb

    wfdb.wrann(
        name,
        ANNOTATION_SUFFIX,
        done.file_samples(),
        symbol=[CLASS_NAMES[c] for c in beats["aami_class"]],
        subtype=beats["flags"].astype(np.int8).astype(np.int64),
        chan=np.full(len(beats), min(done.record.lead_index, 127), np.int64),
        num=(beats["confidence_q8"] >> 1).astype(np.int64),
        aux_note=[flag_text(int(f)) for f in beats["flags"]],
        fs=done.record.fs_hz,
        write_dir=str(folder),
    )
    return path


def _rows(done: Replay) -> list[dict[str, Any]]:
    at = done.file_samples()
    ms = 1000.0 / done.record.spec_fs_hz
    return [
        {
            "sample": int(at[i]),
            "time_s": round(float(at[i]) / done.record.fs_hz, 4),
            "class": CLASS_NAMES[beat["aami_class"]],
            "confidence": round(int(beat["confidence_q8"]) / 255, 3),
            "rr_prev_ms": round(int(beat["rr_prev_samples"]) * ms, 1),
            "rr_next_ms": round(int(beat["rr_next_samples"]) * ms, 1),
            "flags": flag_text(int(beat["flags"])),
            "sqi": int(beat["sqi"]),
            "logits": [int(v) for v in beat["logits"]],
            "device_sample": int(beat["r_sample"]),
        }
        for i, beat in enumerate(done.beats)
    ]


#: Columns of the beats' table.
CSV_COLUMNS = [
    "sample",
    "time_s",
    "class",
    "confidence",
    "rr_prev_ms",
    "rr_next_ms",
    "flags",
    "sqi",
    "device_sample",
    *(f"logit_{name}" for name in CLASS_NAMES),
]


def csv_rows(done: Replay) -> list[list[Any]]:
    """Return the beats' table below its head."""
    plain = CSV_COLUMNS[: -len(CLASS_NAMES)]
    return [[row[key] for key in plain] + row["logits"] for row in _rows(done)]


def _condition_rows(done: Replay) -> list[dict[str, Any]]:
    at = done.record.to_file_samples(done.conditions["sample"].astype(np.int64))
    return [
        {
            "sample": int(sample),
            "time_s": round(float(sample) / done.record.fs_hz, 4),
            "conditions": [name for bit, name in CONDITION_NAMES.items() if conditions & bit],
        }
        for sample, conditions in zip(at, done.conditions["conditions"].tolist(), strict=True)
    ]


def _write_csv(done: Replay, path: Path) -> Path:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([CSV_COLUMNS, *csv_rows(done)])
    return path


def _write_json(done: Replay, path: Path, summary: Any) -> Path:
    record = done.record
    device = dict(done.device)
    for key in ("spec_hash", "model_hash"):
        device[key] = f"{device[key]:08x}"
    content = {
        "record": record.name,
        "lead": record.lead,
        "fs_hz": record.fs_hz,
        "first_sample": record.start,
        "end_sample": record.stop,
        "duration_s": record.duration_s,
        "changes": record.notes,
        "offset_mv": record.offset_mv,
        "rails": record.rails,
        "device": device,
        "elapsed_s": done.elapsed_s,
        "x_realtime": done.x_realtime,
        "link": dataclasses.asdict(done.report),
        "conditions": _condition_rows(done),
        "summary": dataclasses.asdict(summary) if dataclasses.is_dataclass(summary) else None,  # type: ignore[arg-type]
        "beats": _rows(done),
    }
    path.write_text(json.dumps(content, indent=1, default=_plain) + "\n")
    return path


def _plain(value: Any) -> Any:
    """Return what JSON can hold of a NumPy value."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    return str(value)
