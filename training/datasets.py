"""Records, labels, patients, folds, and the network's inputs as the device will see them.

The inputs come from the integer reference of the signal chain, either around the annotated R peaks
or around those that the chain's own detector finds. Needs no torch.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from host_tools.errors import UserError
from host_tools.writing import replacing
from training.data import DATA_DIR, REPO_ROOT, file_sha256

#: Inter-patient split of de Chazal et al., IEEE Trans. Biomed. Eng. 51(7), 2004.
DS1 = (
    *("101", "106", "108", "109", "112", "114", "115", "116", "118", "119", "122"),
    *("124", "201", "203", "205", "207", "208", "209", "215", "220", "223", "230"),
)
DS2 = (
    *("100", "103", "105", "111", "113", "117", "121", "123", "200", "202", "210"),
    *("212", "213", "214", "219", "221", "222", "228", "231", "232", "233", "234"),
)
#: Paced records: left out of classification, kept in QRS detection.
PACED = ("102", "104", "107", "217")

#: AAMI classes by their WFDB symbols, de Chazal's mapping. Q is never trained or scored.
AAMI_SYMBOLS = {"N": "NLRej", "S": "AaJS", "V": "VE", "F": "F", "Q": "/fQ"}
LABELS = tuple(AAMI_SYMBOLS)
LABEL_Q = LABELS.index("Q")
_LABEL_OF_SYMBOL = {s: i for i, name in enumerate(LABELS) for s in AAMI_SYMBOLS[name]}

#: Match window of EC57: a detected beat this close to an annotation is that beat (inclusive).
MATCH_WINDOW_MS = 150

#: mitdb's records of one and the same person; they lie on both sides of the DS1/DS2 split.
SAME_PATIENT = {"202": "201"}

CACHE_DIR = REPO_ROOT / "build" / "dataset"
#: Sources of the network, not of the signal chain: they do not change the network's inputs.
_NETWORK_SOURCES = ("network", "kernels", "requantise")


@dataclass(frozen=True)
class RecordBeats:
    """Beats of one record with the network's inputs.

    Attributes
    ----------
    record : str
        Record's name.
    beat : ndarray
        int8 [n, 96, 2], real value = q / 16.
    rhythm : ndarray
        int8 [n, 12], same scale.
    label : ndarray
        uint8 [n], index into ``LABELS`` (4 = Q).
    sample : ndarray
        int64 [n], R peak in samples of the record.
    missed : int
        Annotated beats without a beat here (the detector missed them, or the chain was resetting).
    extra : int
        Detected beats without an annotation; they have no label and are left out.
    """

    record: str
    beat: NDArray[np.int8]
    rhythm: NDArray[np.int8]
    label: NDArray[np.uint8]
    sample: NDArray[np.int64]
    missed: int
    extra: int


def patient_of(record: str) -> str:
    """Identity of the patient; records of one patient share it."""
    return SAME_PATIENT.get(record, record)


def label_of_symbol(symbol: str) -> int | None:
    """Index into ``LABELS`` of a WFDB beat symbol, None for annotations that are no beats."""
    return _LABEL_OF_SYMBOL.get(symbol)


def choose_lead(names: Sequence[str]) -> int:
    """Index of lead MLII where the record has it, else the first lead."""
    return list(names).index("MLII") if "MLII" in names else 0


def read_samples(path: Path) -> NDArray[np.int16]:
    """Read the samples of the chosen lead in the chain's unit (1/ADU_PER_MV mV, 0 = baseline).

    Parameters
    ----------
    path : Path
        WFDB record without extension, at the chain's own sampling rate.

    Returns
    -------
    ndarray
        int16 [n].

    Raises
    ------
    UserError
        If files are missing or unreadable, or the sampling rate is another.
    """
    import wfdb

    from host_tools.reference.params import ADU_PER_MV, FS_HZ

    try:
        record = wfdb.rdrecord(str(path), physical=False)
    except FileNotFoundError:
        raise UserError(f"{path}: record not found; `make data` brings it") from None
    except (ValueError, OSError, IndexError) as error:
        raise UserError(f"{path}: not a readable WFDB record ({error}); `make data` mends it") from None
    if record.fs != FS_HZ:
        raise UserError(f"{path}: {record.fs} Hz, but the chain is generated for {FS_HZ} Hz")
    lead = choose_lead(record.sig_name)
    digital = record.d_signal[:, lead].astype(np.float64) - record.baseline[lead]
    return np.clip(np.rint(digital * (ADU_PER_MV / record.adc_gain[lead])), -32767, 32767).astype(np.int16)


def read_labels(path: Path) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Annotated beats of a record: R peaks in samples, int64 [n], and labels, uint8 [n]."""
    import wfdb

    try:
        annotation = wfdb.rdann(str(path), "atr")
    except FileNotFoundError:
        raise UserError(f"{path}.atr: annotations not found; `make data` brings them") from None
    pairs = [
        (sample, _LABEL_OF_SYMBOL[symbol])
        for sample, symbol in zip(annotation.sample, annotation.symbol, strict=True)
        if symbol in _LABEL_OF_SYMBOL
    ]
    return np.array([p[0] for p in pairs], np.int64), np.array([p[1] for p in pairs], np.uint8)


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


def compute_beats(path: Path, peaks: str) -> RecordBeats:
    """Run the reference over one record; ``peaks`` is ``"annotated"`` or ``"detected"``."""
    from host_tools.reference.params import FS_HZ
    from host_tools.reference.run import run_record

    samples = read_samples(path)
    annotated, labels = read_labels(path)
    if peaks == "annotated":
        result = run_record(samples, annotated)
        match = result.peak_index
    else:
        result = run_record(samples)
        match = match_beats(annotated, _positions(result.beats), MATCH_WINDOW_MS * FS_HZ // 1000)
    kept = match >= 0
    return RecordBeats(
        record=path.name,
        beat=result.beat_input[kept],
        rhythm=result.rhythm_input[kept],
        label=labels[match[kept]],
        sample=_positions(result.beats)[kept],
        missed=len(annotated) - int(kept.sum()),
        extra=int((~kept).sum()),
    )


def _positions(beats: NDArray[np.void]) -> NDArray[np.int64]:
    """R peaks in samples of the record: the filter's delay taken out."""
    from host_tools.reference.params import DELAY_SAMPLES

    return beats["r_sample"].astype(np.int64) - DELAY_SAMPLES


def cache_key(path: Path, peaks: str) -> str:
    """Hash of all that the inputs depend on: the specification, the reference's source, the record."""
    from host_tools.reference import params

    digest = hashlib.sha256(f"{params.SPEC_DIGEST} {peaks} {file_sha256(Path(__file__))}".encode())
    for source in sorted((REPO_ROOT / "host_tools" / "reference").glob("*.py")):
        if not source.name.startswith(_NETWORK_SOURCES):
            digest.update(f"{source.name} {file_sha256(source)}\n".encode())
    for suffix in (".dat", ".hea", ".atr"):
        file = path.with_name(path.name + suffix)
        if not file.is_file():
            raise UserError(f"{file}: not found; `make data` brings it")
        digest.update(file_sha256(file).encode())
    return digest.hexdigest()[:24]


def load_record(path: Path, peaks: str, cache_dir: Path = CACHE_DIR) -> RecordBeats:
    """Beats of one record, from the cache where they are there."""
    file = cache_dir / f"{path.name}_{peaks}_{cache_key(path, peaks)}.npz"
    if file.is_file():
        try:
            with np.load(file, allow_pickle=False) as saved:
                counts = saved["counts"]
                return RecordBeats(
                    path.name,
                    saved["beat"],
                    saved["rhythm"],
                    saved["label"],
                    saved["sample"],
                    int(counts[0]),
                    int(counts[1]),
                )
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            file.unlink()
    beats = compute_beats(path, peaks)
    with replacing(file) as aside, aside.open("wb") as out:
        np.savez_compressed(
            out,
            beat=beats.beat,
            rhythm=beats.rhythm,
            label=beats.label,
            sample=beats.sample,
            counts=np.array([beats.missed, beats.extra]),
        )
    for old in cache_dir.glob(f"{path.name}_{peaks}_*.npz"):
        if old != file:
            old.unlink(missing_ok=True)
    return beats


def _load_job(job: tuple[Path, str, Path]) -> RecordBeats:
    return load_record(*job)


def load_records(
    records: Sequence[str],
    peaks: str,
    data_dir: Path = DATA_DIR,
    cache_dir: Path = CACHE_DIR,
    processes: int = 2,
    progress: Callable[[str], None] | None = None,
) -> list[RecordBeats]:
    """Beats of several mitdb records in the order given.

    Parameters
    ----------
    records : sequence of str
        Names.
    peaks : str
        ``"annotated"`` or ``"detected"``.
    data_dir : Path
        Holds ``mitdb/``.
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
    jobs = [(data_dir / "mitdb" / record, peaks, cache_dir) for record in records]
    loaded = []
    if processes <= 1 or len(jobs) <= 1:
        for job in jobs:
            loaded.append(_load_job(job))
            if progress:
                progress(job[0].name)
        return loaded
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        for beats in pool.map(_load_job, jobs):
            loaded.append(beats)
            if progress:
                progress(beats.record)
    return loaded


def without_q(beats: RecordBeats) -> RecordBeats:
    """Leave out the beats of class Q, which are neither trained nor scored."""
    keep = beats.label != LABEL_Q
    return RecordBeats(
        beats.record,
        beats.beat[keep],
        beats.rhythm[keep],
        beats.label[keep],
        beats.sample[keep],
        beats.missed,
        beats.extra,
    )


def assign_folds(label_counts: dict[str, NDArray[np.int64]], folds: int, seed: int) -> dict[str, int]:
    """Fold of each record: patient-wise, stratified by the number of S and V beats, repeatable.

    Patients are sorted by their ectopic beats (S twice, because there are few) and dealt out in
    rounds, each round in a random order.

    Parameters
    ----------
    label_counts : dict of str to ndarray
        Beats of each class by record, int64 [>= 3].
    folds : int
        Number of folds.
    seed : int
        Seed of the order within the rounds.

    Returns
    -------
    dict of str to int
        Fold, 0 .. folds - 1.
    """
    weight: dict[str, int] = {}
    for record in sorted(label_counts):
        counts = label_counts[record]
        patient = patient_of(record)
        weight[patient] = weight.get(patient, 0) + 2 * int(counts[1]) + int(counts[2])
    order = sorted(weight, key=lambda patient: (-weight[patient], patient))
    rng = np.random.default_rng(seed)
    fold_of: dict[str, int] = {}
    for start in range(0, len(order), folds):
        for patient, fold in zip(order[start : start + folds], rng.permutation(folds), strict=False):
            fold_of[patient] = int(fold)
    return {record: fold_of[patient_of(record)] for record in sorted(label_counts)}
