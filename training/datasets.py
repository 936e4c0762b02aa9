"""Beats of a record with the network's inputs, as the device will see them.

The inputs come from the integer reference of the signal chain, either around the annotated R peaks
or around those that the chain's own detector finds. Needs no torch.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, fields
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from host_tools.errors import UserError
from host_tools.records import read_record
from host_tools.wfdb_annotations import annotations_of
from host_tools.writing import renaming
from training.contexts import assemble_contexts
from training.data import DATA_DIR, REPO_ROOT, file_sha256
from training.splits import (
    DS1,
    DS2,
    LABEL_NONE,
    LABEL_Q,
    LABELS,
    MADE_UP,
    PACED,
    label_of_symbol,
    source_of,
)

__all__ = ["DS1", "DS2", "LABELS", "LABEL_NONE", "LABEL_Q", "PACED", "RecordBeats", "load_records"]

#: Match window of EC57: a detected beat this close to an annotation is that beat (inclusive).
MATCH_WINDOW_MS = 150

_Read = TypeVar("_Read")

CACHE_DIR = REPO_ROOT / "build" / "dataset"
#: Sources of the network, not of the signal chain: they do not change the network's inputs.
_NETWORK_SOURCES = ("network", "kernels", "requantise")
#: Name of the source of beats that are made up, and what these depend on besides.
MADE_UP_SOURCE = "made_up"
#: The reader, whose samples they are made of.
_READER_SOURCES = (
    "records",
    "resampling",
    "front_end",
    "lead_choice",
    "wfdb_input",
    "wfdb_header",
    "wfdb_annotations",
)
_MADE_UP_SOURCES = ("training/rhythms.py", "training/splicing.py", "host_tools/noise/mixing.py")


@dataclass(frozen=True)
class RecordBeats:
    """All beats of one record, in order, with the network's inputs.

    Attributes
    ----------
    record : str
        Record's name; ``:2`` follows it where the inputs come from the other lead, ``~`` and a mode where
        it is a made-up record of its beats.
    beat : ndarray
        int8 [n, 96, 2], real value = q / 16.
    rows : ndarray
        int8 [n, F], features of each beat, same scale: rows of the network's rhythm input.
    label : ndarray
        uint8 [n], index into ``LABELS`` (4 = Q), or ``LABEL_NONE`` for a detection that is no beat.
    sample : ndarray
        int64 [n], R peak in samples of the chain's rate.
    rr : ndarray
        int32 [n, 2], RR interval before and after, samples.
    missed : ndarray
        int64 [5], annotated beats of each label without a beat here.
    missed_sample, missed_label : ndarray
        int64 [m] and uint8 [m], where they are.
    """

    record: str
    beat: NDArray[np.int8]
    rows: NDArray[np.int8]
    label: NDArray[np.uint8]
    sample: NDArray[np.int64]
    rr: NDArray[np.int32]
    missed_sample: NDArray[np.int64]
    missed_label: NDArray[np.uint8]

    @property
    def judged(self) -> NDArray[np.int64]:
        """Positions of the beats of classes N S V F."""
        return np.flatnonzero(self.label < LABEL_Q)

    @property
    def missed(self) -> int:
        """Annotated beats without a beat here."""
        return len(self.missed_label)

    @property
    def extra(self) -> int:
        """Detections that are no beats."""
        return int((self.label == LABEL_NONE).sum())

    def contexts(
        self, index: NDArray[np.int64], context_beats: int | None = None, lookahead_beats: int | None = None
    ) -> NDArray[np.int8]:
        """Rhythm inputs of some beats, int8 [m, context_beats, F]; sizes are the chain's by default."""
        from host_tools.reference.params import CONTEXT_BEATS, LOOKAHEAD_BEATS

        size = CONTEXT_BEATS if context_beats is None else context_beats
        ahead = LOOKAHEAD_BEATS if lookahead_beats is None else lookahead_beats
        return assemble_contexts(self.rows, index, size, ahead)


def read_samples(path: Path, *, other_lead: bool = False, resample: bool = False) -> NDArray[np.int16]:
    """Read the samples of the chosen lead in the chain's unit (1/ADU_PER_MV mV, 0 = baseline).

    Parameters
    ----------
    path : Path
        WFDB record without extension, at the chain's own sampling rate.
    other_lead : bool
        Take the lead that is not chosen, of two.
    resample : bool
        Accept another sampling rate and convert.

    Returns
    -------
    ndarray
        int16 [n].

    Raises
    ------
    UserError
        If files are missing or unreadable, or the sampling rate is another.
    """
    from host_tools.reference.params import FS_HZ

    record = _from_the_databases(lambda: read_record(path, reference="none"))
    if record.fs_hz != FS_HZ and not resample:
        raise UserError(f"{path}: {record.fs_hz:g} Hz, but the chain is generated for {FS_HZ} Hz")
    if other_lead:
        lead = 1 - record.lead_index
        record = _from_the_databases(lambda: read_record(path, lead=lead, reference="none"))
    return record.samples


def _from_the_databases(read: Callable[[], _Read]) -> _Read:
    """Read, and say where the databases come from if that fails."""
    try:
        return read()
    except UserError as error:
        raise UserError(f"{error}; `make data` brings what is missing or damaged") from error


@dataclass(frozen=True)
class Annotations:
    """Annotated beats: samples at the chain's rate int64 [n], labels uint8 [n]; flutter segments [m, 2]."""

    sample: NDArray[np.int64]
    label: NDArray[np.uint8]
    flutter: NDArray[np.int64]


def read_annotations(path: Path) -> Annotations:
    """Read the reference annotations of a record, at the chain's sampling rate."""
    from host_tools.reference.params import FS_HZ

    found = _from_the_databases(lambda: annotations_of(path))
    assert found.fs_hz is not None
    sample = np.rint(found.samples * (FS_HZ / found.fs_hz)).astype(np.int64)
    labels = [label_of_symbol(symbol) for symbol in found.symbols]
    beats = np.array([label is not None for label in labels], bool)
    segments = _flutter(sample, found.symbols)
    return Annotations(
        sample[beats],
        np.array([label for label in labels if label is not None], np.uint8),
        np.array(segments, np.int64).reshape(-1, 2),
    )


def _flutter(sample: NDArray[np.int64], symbols: Sequence[str]) -> list[tuple[int, int]]:
    """Ventricular flutter, ``[`` to ``]``, first and last sample; an open one lasts to the end."""
    segments = []
    begin = -1
    for at, symbol in zip(sample.tolist(), symbols, strict=True):
        if symbol == "[" and begin < 0:
            begin = at
        elif symbol == "]" and begin >= 0:
            segments.append((begin, at))
            begin = -1
    if begin >= 0:
        segments.append((begin, int(np.iinfo(np.int64).max)))
    return segments


def read_labels(path: Path) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Annotated beats of a record: R peaks in samples, int64 [n], and labels, uint8 [n]."""
    annotations = read_annotations(path)
    return annotations.sample, annotations.label


def match_beats(
    reference: NDArray[np.int64], detected: NDArray[np.int64], window_samples: int
) -> NDArray[np.int64]:
    """Index of the annotated beat that each detected beat is, or -1.

    Pairs are taken in the order of their distance, each beat once, so that a false beat beside a
    true one does not take its label.

    Parameters
    ----------
    reference, detected : ndarray
        Sorted positions, samples.
    window_samples : int
        Largest distance, inclusive.

    Returns
    -------
    ndarray
        int64, as long as ``detected``.
    """
    pairs = []
    first = np.searchsorted(reference, detected - window_samples, "left")
    last = np.searchsorted(reference, detected + window_samples, "right")
    for j in range(len(detected)):
        pairs += [(abs(int(detected[j] - reference[i])), i, j) for i in range(first[j], last[j])]
    match = np.full(len(detected), -1, np.int64)
    taken = np.zeros(len(reference), bool)
    for _, i, j in sorted(pairs):
        if match[j] < 0 and not taken[i]:
            match[j] = i
            taken[i] = True
    return match


def compute_beats(samples: NDArray[np.int16], annotations: Annotations, name: str, peaks: str) -> RecordBeats:
    """Run the reference over one record; ``peaks`` is ``"annotated"`` or ``"detected"``."""
    from host_tools.reference.params import FS_HZ
    from host_tools.reference.run import run_record

    if peaks == "annotated":
        result = run_record(samples, annotations.sample)
        match = result.peak_index
    else:
        result = run_record(samples)
        window_samples = MATCH_WINDOW_MS * FS_HZ // 1000
        match = match_beats(annotations.sample, _positions(result.beats), window_samples)
    position = _positions(result.beats)
    label = np.where(match >= 0, annotations.label[np.maximum(match, 0)], LABEL_NONE).astype(np.uint8)
    for first, last in annotations.flutter:  # EC57 does not count false beats there
        label[(match < 0) & (position >= first) & (position <= last)] = LABEL_Q
    missed = np.setdiff1d(np.arange(len(annotations.label)), match)
    return RecordBeats(
        record=name,
        beat=result.beat_input,
        rows=result.rows,
        label=label,
        sample=position,
        rr=np.stack([result.beats["rr_prev_samples"], result.beats["rr_next_samples"]], 1).astype(np.int32),
        missed_sample=annotations.sample[missed],
        missed_label=annotations.label[missed],
    )


def _positions(beats: NDArray[np.void]) -> NDArray[np.int64]:
    """R peaks in samples of the record: the filter's delay taken out."""
    from host_tools.reference.params import DELAY_SAMPLES

    return beats["r_sample"].astype(np.int64) - DELAY_SAMPLES


def record_path(name: str, data_dir: Path = DATA_DIR) -> Path:
    """WFDB path, without extension, of the record that a name points to."""
    source = source_of(name)
    return data_dir / source.database / source.record


@cache
def _sources_digest(made_up: bool) -> str:
    from host_tools.reference import params

    digest = hashlib.sha256(params.SPEC_DIGEST.encode())
    reference = sorted((REPO_ROOT / "host_tools" / "reference").glob("*.py"))
    own = [REPO_ROOT / "host_tools" / f"{name}.py" for name in _READER_SOURCES]
    own += [REPO_ROOT / name for name in _MADE_UP_SOURCES] if made_up else []
    for source in [*reference, Path(__file__), *own]:
        if not source.name.startswith(_NETWORK_SOURCES):
            digest.update(f"{source.name} {file_sha256(source)}\n".encode())
    return digest.hexdigest()


@cache
def _noise_digest(nstdb: Path) -> str:
    """Hash of the noise records; made-up records hold their noise."""
    return " ".join(file_sha256(file) for file in sorted(nstdb.glob("??.dat")))


def cache_key(path: Path, peaks: str) -> str:
    """Hash of all that the inputs depend on: the specification, the sources, the record, its noise."""
    made_up = peaks == MADE_UP_SOURCE
    digest = hashlib.sha256(f"{peaks} {_sources_digest(made_up)}".encode())
    if made_up:
        digest.update(_noise_digest(path.parent.parent / "nstdb").encode())
    for suffix in (".dat", ".hea", ".atr"):
        file = path.with_name(path.name + suffix)
        if not file.is_file():
            raise UserError(f"{file}: not found; `make data` brings it")
        digest.update(file_sha256(file).encode())
    return digest.hexdigest()[:24]


_ARRAYS = tuple(field.name for field in fields(RecordBeats) if field.name != "record")


def load_record(name: str, peaks: str, data_dir: Path = DATA_DIR, cache_dir: Path = CACHE_DIR) -> RecordBeats:
    """Beats of one record, from the cache where they are there."""
    path = record_path(name, data_dir)
    stem = f"{name.replace(':', '_').replace(MADE_UP, '_')}_{peaks}"
    file = cache_dir / f"{stem}_{cache_key(path, peaks)}.npz"
    if file.is_file():
        try:
            with np.load(file, allow_pickle=False) as saved:
                arrays: dict[str, Any] = {field: saved[field] for field in _ARRAYS}
            return RecordBeats(name, **arrays)
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            file.unlink(missing_ok=True)
    source, _, mode = name.partition(MADE_UP)
    samples = read_samples(path, other_lead=source_of(name).other_lead, resample=True)
    if mode:
        from training.splicing import made_up_record

        original = load_record(source, "detected", data_dir, cache_dir)
        beats = made_up_record(samples, original, mode, read_annotations(path), data_dir)
    else:
        beats = compute_beats(samples, read_annotations(path), name, peaks)
    with renaming(file) as aside, aside.open("wb") as out:
        np.savez_compressed(out, **{field: getattr(beats, field) for field in _ARRAYS})
    for old in cache_dir.glob(f"{stem}_{'?' * 24}.npz"):
        if old != file:
            old.unlink(missing_ok=True)
    return beats


def _load_job(job: tuple[str, str, Path, Path]) -> RecordBeats:
    return load_record(*job)


def load_records(
    records: Sequence[str],
    peaks: str,
    data_dir: Path = DATA_DIR,
    cache_dir: Path = CACHE_DIR,
    processes: int = 2,
    progress: Callable[[str], None] | None = None,
) -> list[RecordBeats]:
    """Beats of several records in the order given.

    Parameters
    ----------
    records : sequence of str
        Names as of :func:`training.splits.source_of`.
    peaks : str
        ``"annotated"`` or ``"detected"``.
    data_dir : Path
        Holds ``mitdb/`` and ``svdb/``.
    cache_dir : Path
        Inputs once computed are kept here.
    processes : int
        Worker processes for records that are not in the cache.
    progress : callable, optional
        Told the name of each record.

    Raises
    ------
    UserError
        If a record is missing or damaged.
    """
    jobs = [(name, peaks, data_dir, cache_dir) for name in records]
    loaded = []
    if processes <= 1 or len(jobs) <= 1:
        for job in jobs:
            loaded.append(_load_job(job))
            if progress:
                progress(job[0])
        return loaded
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        for beats in pool.map(_load_job, jobs):
            loaded.append(beats)
            if progress:
                progress(beats.record)
    return loaded
