"""Runs records through the C core, as firmware would, and compares the beats with the reference."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from host_tools.beats import CLASS_NAMES
from host_tools.build import BUILD_DIR, ROOT
from host_tools.ec57 import LEARNING_PERIOD_S, pair_beats
from host_tools.errors import UserError
from host_tools.trust.judged import JudgedBeats, judge_beats

#: The comparisons of every record: mapping, and seconds from which beats are scored.
COMPARISONS = (("bxb", LEARNING_PERIOD_S), ("dechazal", LEARNING_PERIOD_S), ("dechazal", 0.0))

#: Name of a lead that stands for the first signal of a file.
FIRST_SIGNAL = "0"


@dataclass(frozen=True)
class Model:
    """A network for the core.

    Attributes
    ----------
    name : str
        For messages and folders.
    tflite : Path
        The int8 model.
    checkpoint : Path
        Its float twin.
    code : Path, optional
        Folder with the C generated from it; the committed one if None.
    """

    name: str
    tflite: Path
    checkpoint: Path
    code: Path | None = None

    @property
    def digest(self) -> str:
        """SHA-256 of the .tflite, hexadecimal."""
        try:
            return hashlib.sha256(self.tflite.read_bytes()).hexdigest()
        except OSError as error:
            raise UserError(f"{self.tflite}: cannot be read ({error.strerror})") from None


@dataclass(frozen=True)
class Job:
    """One record through the core: where it is, which lead (None: the usual one), which network."""

    path: Path
    lead: str | None
    code: Path | None
    inputs: bool


@dataclass(frozen=True)
class Replayed:
    """What the core made of a record.

    Attributes
    ----------
    record, lead : str
        Which signal.
    matrices : dict of (str, float) to int64 [6, 6]
        Comparison for each of :data:`COMPARISONS`.
    samples : int64 [n]
        The beats' R peaks, samples of the record.
    classes : uint8 [n]
        Their classes, index into CLASS_NAMES.
    beat_input, rhythm_input : int8 [n, ...] or None
        What the network was given.
    reference : tuple
        Reference annotations: samples and symbols.
    judged : JudgedBeats or None
        With the inputs: each beat beside its reference, with confidence and signal quality.
    """

    record: str
    lead: str
    matrices: dict[tuple[str, float], NDArray[np.int64]]
    samples: NDArray[np.int64]
    classes: NDArray[np.uint8]
    beat_input: NDArray[np.int8] | None
    rhythm_input: NDArray[np.int8] | None
    reference: tuple[NDArray[np.int64], list[str]]
    judged: JudgedBeats | None = None

    def compared(self, classes: NDArray[np.integer], mapping: str, start_s: float) -> NDArray[np.int64]:
        """Return the confusion matrix of the same beats with these classes."""
        from host_tools.reference.params import FS_HZ

        labels = [CLASS_NAMES[k] for k in classes]
        return pair_beats(*self.reference, self.samples, labels, FS_HZ, start_s, mapping).matrix


def run_job(job: Job) -> Replayed:
    """Run one record; for worker processes."""
    from host_tools.native import run_core
    from host_tools.records import read_record
    from host_tools.reference.params import CONTEXT_BEATS, DELAY_SAMPLES
    from host_tools.wfdb_annotations import annotations_of

    signal = read_record(job.path, lead=job.lead, reference="none")
    result = run_core(signal.samples, trace=job.inputs, model_dir=job.code)
    annotation = annotations_of(job.path)
    shapes = {"beat_input": (-1, 2), "rhythm_input": (CONTEXT_BEATS, -1)} if job.inputs else {}
    inputs = {
        name: result.trace[name].astype(np.int8).reshape(len(result.beats), *shape)
        for name, shape in shapes.items()
    }
    found = Replayed(
        job.path.name,
        str(signal.lead),
        {},
        result.beats["r_sample"].astype(np.int64) - DELAY_SAMPLES,
        result.beats["aami_class"].astype(np.uint8),
        inputs.get("beat_input"),
        inputs.get("rhythm_input"),
        (annotation.samples, annotation.symbols),
        judge_beats(result.beats, annotation.samples, annotation.symbols) if job.inputs else None,
    )
    for mapping, start_s in COMPARISONS:
        found.matrices[mapping, start_s] = found.compared(found.classes, mapping, start_s)
    return found


def replay_records(
    jobs: Sequence[Job], processes: int = 0, told: Callable[[str], None] | None = None
) -> list[Replayed]:
    """Run records through the core, several at a time.

    Parameters
    ----------
    jobs : sequence of Job
        In the order wanted.
    processes : int
        At once; 0 = one a core.
    told : callable, optional
        Told each record's name when it is done.

    Returns
    -------
    list of Replayed
        In the order of the jobs.

    Raises
    ------
    UserError
        A record is missing or damaged, or there is no C compiler.
    """
    from host_tools.native import build_library

    for path in {job.path for job in jobs}:
        for suffix in (".hea", ".atr"):
            if not path.with_name(path.name + suffix).is_file():
                raise UserError(f"{path}{suffix}: not found; `make data` brings it")
    # Each library is built once, not by every worker.
    for inputs, code in sorted({(job.inputs, job.code) for job in jobs}, key=str):
        build_library(inputs, model_dir=code)
    return list(_run(jobs, processes or os.cpu_count() or 1, told))


def _run(jobs: Sequence[Job], processes: int, told: Callable[[str], None] | None) -> Iterator[Replayed]:
    def tell(results: Iterable[Replayed]) -> Iterator[Replayed]:
        for result in results:
            if told:
                told(result.record)
            yield result

    if processes <= 1 or len(jobs) <= 1:
        yield from tell(map(run_job, jobs))
        return
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        yield from tell(pool.map(run_job, jobs))


def generate_code(model: Model) -> Model:
    """Generate the C of a model that is not the committed one, into ``build/score``; returns it with that.

    Raises
    ------
    UserError
        The model cannot be read or compiled.
    """
    from export.c_network import generate_network
    from export.spec import load_spec

    folder = BUILD_DIR / "score" / model.digest[:16]  # two models of one name never meet
    generate_network(model.tflite, folder / "model", folder / "reference", load_spec().digest)
    return Model(model.name, model.tflite, model.checkpoint, folder / "model")


#: The model that firmware is built with.
SHIPPED = Model(
    "shipped",
    ROOT / "firmware" / "lib" / "model" / "bitbeat.tflite",
    ROOT / "training" / "checkpoints" / "bitbeat.safetensors",
)
#: The model trained on DS1 alone, comparable with the literature.
DS1_ONLY = Model(
    "ds1",
    ROOT / "training" / "models" / "ds1" / "bitbeat_ds1.tflite",
    ROOT / "training" / "models" / "ds1" / "bitbeat_ds1.safetensors",
)
