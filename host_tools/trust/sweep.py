"""Records with noise at each level through the C core, and what that says of the device."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from host_tools.ec57 import LEARNING_PERIOD_S, figures_from_matrix
from host_tools.engines import TFLITE
from host_tools.mitdb import record_samples
from host_tools.noise import (
    NOISE_RECORDS,
    NOISE_TRAINING_SHARE,
    mix,
    noise_gain,
    noise_rms_adu,
    qrs_amplitude_adu,
    read_noise,
)
from host_tools.reference.params import FS_HZ, QUALITY_UNDECIDED_SQI, SPEC_DIGEST
from host_tools.wfdb_annotations import read_annotations
from training.data import file_sha256

from .calibration import calibration
from .judged import JudgedBeats, join, judge, stretches
from .signal_quality import level_row, noise_present, wrong_answers
from .undecided import CURVE_CLASSES, undecided_curves

#: Signal-to-noise ratios of the sweep, decibels.
LEVELS_DB = (24, 18, 12, 6, 0, -6)
#: Records of nstdb by level, as their names spell it.
NSTDB_RECORDS = ("118", "119")
#: From 5:00 on, nst adds noise for so long, leaves it out for as long, and so on.
NST_TURN_S = 120.0
NSTDB_LEVELS = {24: "24", 18: "18", 12: "12", 6: "06", 0: "00", -6: "_6"}


@dataclass(frozen=True)
class Swept:
    """One record: its beats as it is, and with each kind of noise at each level."""

    record: str
    clean: JudgedBeats
    noisy: dict[tuple[str, int], JudgedBeats]


def sweep_record(data: Path, record: str, turn: float) -> Swept:
    """Run one record clean and with every noise.

    Parameters
    ----------
    data : Path
        Holds ``mitdb/`` and ``nstdb/``.
    record : str
        Its name.
    turn : float
        Where in the noise to begin, 0 to 1 of the stretch that is kept for tests: different from record to
        record, so that all of it is used.
    """
    samples = record_samples(data / "mitdb", record)
    found = read_annotations(data / "mitdb" / record, "atr", FS_HZ, len(samples))
    at, labels = found.samples, list(found.symbols)
    qrs_adu = qrs_amplitude_adu(samples, at, labels, FS_HZ)
    noisy = {}
    for name in NOISE_RECORDS:
        noise = read_noise(data / "nstdb", name, "test")
        noise_adu = noise_rms_adu(noise, FS_HZ)
        for level_db in LEVELS_DB:
            gain = noise_gain(qrs_adu, noise_adu, level_db)
            mixed = mix(samples, noise, gain, FS_HZ, first=int(turn * len(noise)))
            noisy[name, level_db] = judge(mixed, at, labels)
    return Swept(record, judge(samples, at, labels), noisy)


def sweep(data: Path, records: Sequence[str], processes: int) -> Iterator[Swept]:
    """Run all records, ``processes`` at once, in order."""
    turns = [k / len(records) for k in range(len(records))]
    if processes == 1:
        yield from map(sweep_record, [data] * len(records), records, turns)
        return
    with ProcessPoolExecutor(processes) as pool:
        yield from pool.map(sweep_record, [data] * len(records), records, turns)


def _figures(beats: JudgedBeats) -> dict[str, Any]:
    """QRS, S and V of every beat, and S and V of the decided ones, with how the index judged."""
    every = figures_from_matrix(beats.matrix())
    decided = figures_from_matrix(beats.matrix(~beats.undecided))
    return {
        "qrs": every["qrs"],
        "accuracy": every["accuracy"],
        **{name: every["classes"][name] for name in CURVE_CLASSES},
        "decided": {name: decided["classes"][name] for name in CURVE_CLASSES},
        **{k: v for k, v in level_row(beats).items() if k != "qrs"},
    }


def _joined(swept: Sequence[Swept]) -> dict[tuple[str, int], JudgedBeats]:
    return {
        (name, level): join([s.noisy[name, level] for s in swept])
        for name in NOISE_RECORDS
        for level in LEVELS_DB
    }


def _index_figures(clean: JudgedBeats, noisy: dict[tuple[str, int], JudgedBeats]) -> dict[str, Any]:
    """What the signal-quality index tells, over the clean records and all noisy ones together."""
    return {
        **wrong_answers(join([clean, *noisy.values()])),
        "auc_wrong_clean": wrong_answers(clean)["auc_wrong"],
        "auc_noise_present": {
            name: {str(level): noise_present(clean, noisy[name, level]) for level in LEVELS_DB}
            for name in NOISE_RECORDS
        },
    }


def nstdb_table(data: Path) -> dict[str, Any]:
    """The index over nstdb's levels: em from 5:00 on, two minutes noisy and two clean in turns."""
    table = {}
    for level, suffix in NSTDB_LEVELS.items():
        noisy: list[JudgedBeats] = []
        between: list[JudgedBeats] = []
        for record in NSTDB_RECORDS:
            path = data / "nstdb" / f"{record}e{suffix}"
            samples = record_samples(data / "nstdb", path.name)
            found = read_annotations(path, "atr", FS_HZ, len(samples))
            beats = judge(samples, found.samples, list(found.symbols))
            for part, begin_s in ((noisy, LEARNING_PERIOD_S), (between, LEARNING_PERIOD_S + NST_TURN_S)):
                part.append(stretches(beats, begin_s, NST_TURN_S, 2 * NST_TURN_S))
        table[str(level)] = {"noisy": level_row(join(noisy)), "between": level_row(join(between))}
    return table


def score_noise(data: Path, ds2: Sequence[Swept], ds1: Sequence[Swept]) -> dict[str, Any]:
    """All figures of ``bitbeat score-noise``; rates in percent, areas under the ROC 0 to 1."""
    clean, noisy = join([s.clean for s in ds2]), _joined(ds2)
    clean_1, noisy_1 = join([s.clean for s in ds1]), _joined(ds1)
    return {
        "spec": SPEC_DIGEST[:16],
        "model": file_sha256(TFLITE),
        "start_s": LEARNING_PERIOD_S,
        "noise_from_share": NOISE_TRAINING_SHARE,
        "undecided_below_sqi": QUALITY_UNDECIDED_SQI,
        "levels_db": list(LEVELS_DB),
        "clean": _figures(clean),
        "sweep": {
            name: {str(level): _figures(noisy[name, level]) for level in LEVELS_DB} for name in NOISE_RECORDS
        },
        "calibration": calibration(clean),
        "undecided": undecided_curves(clean),
        "sqi": {
            "ds1": _index_figures(clean_1, noisy_1),
            "ds2": _index_figures(clean, noisy),
            "nstdb": nstdb_table(data),
        },
    }
