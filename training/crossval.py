"""Patient-wise cross-validation inside the training records: teachers, students, their held-out logits.

Every network is a job with a file of its own in ``build/train``; a job whose file is there, with the
same settings and data, is not done again. So a run that was stopped goes on where it was, and
``make crossval`` starts from what ``make train`` has left.
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
import pickle
import re
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context, parent_process
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from host_tools.reference.params import SPEC_DIGEST
from host_tools.writing import renaming
from training.augment import NoiseBank, load_noise
from training.config import TrainingConfig
from training.data import DATA_DIR, REPO_ROOT
from training.datasets import CACHE_DIR, MADE_UP_SOURCE, RecordBeats, load_records
from training.loop import Net, predict_record, train_network
from training.metrics import CLASSES, softmax
from training.model import new_net
from training.splicing import made_up_names
from training.splits import OTHER_LEAD, SVDB, assign_folds, is_svdb, original_of

STATE_DIR = REPO_ROOT / "build" / "train"

#: Made-up records of held-out patients that show, unlike real ones, how S is found where it is the rule.
JUDGED_MODE = "pauses"

#: The fold of the final networks, which see every training record.
FINAL = -1

#: Files beside this one whose code makes a network what it is: a job's name holds their hash.
_CODE = ("augment.py", "crops.py", "int8_weights.py", "loop.py", "model.py")

#: Told after each network: its name, networks done, networks in all.
Report = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Places:
    """Where data, cached inputs and finished networks lie."""

    data_dir: Path = DATA_DIR
    cache_dir: Path = CACHE_DIR
    state_dir: Path = STATE_DIR


@dataclass(frozen=True)
class TrainingData:
    """All that the trainings of one configuration need.

    Attributes
    ----------
    train : list of RecordBeats
        Training beats from every source in use; several may share a record.
    made_up : list of RecordBeats
        Made-up records of their beats.
    judged : list of RecordBeats
        The detector's own beats on the usual lead: what is held out and scored. svdb's are there under
        every protocol.
    noise : NoiseBank
        For augmentation.
    fold_of : dict of str to int
        Fold of each judged record.
    """

    train: list[RecordBeats]
    made_up: list[RecordBeats]
    judged: list[RecordBeats]
    noise: NoiseBank
    fold_of: dict[str, int]

    def training_part(self, fold: int) -> list[RecordBeats]:
        """Return the beats that the networks of a fold may see; all of them for ``FINAL``."""
        return [r for r in self.train if self.fold_of[original_of(r.record)] != fold]

    def made_up_part(self, fold: int) -> list[RecordBeats]:
        """Return the made-up records of these beats."""
        return [r for r in self.made_up if self.fold_of[original_of(r.record)] != fold]

    def held_out(self, fold: int) -> list[RecordBeats]:
        """Return the beats that they are scored on; none for ``FINAL``."""
        return [r for r in self.judged if self.fold_of[r.record] == fold]


@dataclass(frozen=True)
class Job:
    """One network to be trained: its protocol, fold, seed, and the seeds of its teachers, if any."""

    config: TrainingConfig
    records: tuple[str, ...]
    fold: int
    seed: int
    teachers: tuple[int, ...]
    places: Places

    @property
    def name(self) -> str:
        """What the job is, in words."""
        what = "student" if self.teachers else "network"
        where = "all records" if self.fold == FINAL else f"fold {self.fold + 1}"
        return f"{what} {self.seed}, {where}"

    def file(self) -> Path:
        """Where its result goes: the name holds what it depends on apart from the data."""
        about = (self.config.digest(), self.records, self.fold, self.seed, self.teachers, SPEC_DIGEST)
        digest = hashlib.sha256(repr((*about, _code_digest())).encode()).hexdigest()[:16]
        kind = "student" if self.teachers else "teacher"
        fold = "final" if self.fold == FINAL else f"fold{self.fold}"
        return self.places.state_dir / f"{kind}_{fold}_seed{self.seed}_{digest}.pt"

    def teacher_jobs(self) -> list[Job]:
        """Return the jobs whose results this one needs."""
        own = dataclasses.replace(self, config=self.config.for_teachers(), teachers=())
        return [dataclasses.replace(own, seed=seed) for seed in self.teachers]


@cache
def _code_digest() -> str:
    digest = hashlib.sha256(torch.__version__.encode())
    for name in _CODE:
        digest.update(Path(__file__).with_name(name).read_bytes())
    return digest.hexdigest()


#: Records once loaded by this process: variants of the configuration share most of them.
_LOADED: dict[tuple[str, str, Places], RecordBeats] = {}


def _load(names: Sequence[str], source: str, places: Places, processes: int) -> list[RecordBeats]:
    missing = [name for name in names if (name, source, places) not in _LOADED]
    for beats in load_records(missing, source, places.data_dir, places.cache_dir, processes):
        _LOADED[beats.record, source, places] = beats
    return [_LOADED[name, source, places] for name in names]


def load_training_data(
    config: TrainingConfig, records: tuple[str, ...], places: Places, processes: int = 1
) -> TrainingData:
    """Load the beats of a protocol's records; they are kept in memory for the next job."""
    leads = [*records]
    if config.data.other_leads != "none":
        every = config.data.other_leads == "all"
        leads += [r + OTHER_LEAD for r in records if every or is_svdb(r)]
    train: list[RecordBeats] = []
    for source in ("detected", "annotated"):
        if config.data.peaks in (source, "both"):
            train += _load(leads, source, places, processes)
    used = {*config.made_up.shares(), JUDGED_MODE}
    originals = train if config.data.peaks == "detected" else _load(leads, "detected", places, processes)
    names = [name for r in originals for name in made_up_names(r, used)]
    made_up = _load(names, MADE_UP_SOURCE, places, processes)
    svdb = places.data_dir / "svdb"
    external = [r for r in SVDB if r not in records and (svdb / f"{r}.hea").is_file()]
    judged = _load([*records, *external], "detected", places, processes)
    counts = {r.record: np.bincount(r.label, minlength=CLASSES).astype(np.int64) for r in judged}
    fold_of = assign_folds(counts, config.cross_validation.folds, config.cross_validation.fold_seed)
    return TrainingData(train, made_up, judged, _noise(places.data_dir / "nstdb"), fold_of)


_noise = cache(load_noise)

#: Hash of training data once computed by this process, by the identity of its records, which stay in memory.
_DIGESTS: dict[tuple[int, ...], str] = {}


def _data_digest(config: TrainingConfig, records: tuple[str, ...], places: Places) -> str:
    data = load_training_data(config, records, places)
    every = [*data.train, *data.made_up, *data.judged]
    key = tuple(map(id, every))
    if key not in _DIGESTS:
        digest = hashlib.sha256(data.noise.tracks.numpy().tobytes())
        for record in every:
            digest.update(record.record.encode())
            for array in (record.beat, record.rows, record.label):
                digest.update(np.ascontiguousarray(array).tobytes())
        _DIGESTS[key] = digest.hexdigest()
    return _DIGESTS[key]


@dataclass(frozen=True)
class JobResult:
    """A trained network, its logits of held-out records and, a teacher's, of all that it was trained on."""

    net: Net
    held_out: dict[str, NDArray[np.float32]]
    seen: list[NDArray[np.float32]]


def _read(job: Job) -> JobResult | None:
    """Return the result of an earlier run, if it is there, whole, and of the same data."""
    try:
        saved: dict[str, Any] = torch.load(job.file(), weights_only=True)
        if saved["data"] != _data_digest(job.config, job.records, job.places):
            return None
        net = new_net(job.config.model)
        net.load_state_dict(saved["net"])
        held = {name: t.numpy() for name, t in saved["held_out"].items()}
        return JobResult(net.eval(), held, [t.float().numpy() for t in saved["seen"]])
    except (OSError, RuntimeError, KeyError, ValueError, EOFError, TypeError, pickle.UnpicklingError):
        return None


def run_job(job: Job) -> str:
    """Train one network, unless it is there already; returns its name."""
    if _read(job) is not None:
        return job.name
    data = load_training_data(job.config, job.records, job.places)
    train, made_up = data.training_part(job.fold), data.made_up_part(job.fold)
    every = [*train, *made_up]
    teachers = None
    if job.teachers:
        results = [job_result(teacher) for teacher in job.teacher_jobs()]
        teachers = [
            np.mean([softmax(r.seen[i]) for r in results], axis=0).astype(np.float32)
            for i in range(len(every))
        ]
    own_seed = (1_000_000 if job.teachers else 0) + job.seed * 1000 + job.fold + 1
    config = job.config.for_student() if job.teachers else job.config
    net = train_network(config, train, data.noise, own_seed, teachers, made_up=made_up)
    held = {r.record: torch.from_numpy(predict_record(net, r)) for r in data.held_out(job.fold)}
    seen = [] if job.teachers else [torch.from_numpy(predict_record(net, r)).half() for r in every]
    state = {
        "data": _data_digest(job.config, job.records, job.places),
        "net": net.state_dict(),
        "held_out": held,
        "seen": seen,
    }
    with renaming(job.file()) as aside:
        torch.save(state, aside)
    return job.name


def job_result(job: Job) -> JobResult:
    """Return the result of a job that has been run."""
    result = _read(job)
    if result is None:
        raise FileNotFoundError(job.file())
    return result


def _end_with_parent() -> None:
    """Let a worker process end when its parent was killed, instead of training on for nobody."""

    def watch() -> None:
        parent = parent_process()
        if parent is not None:
            parent.join()
            os._exit(1)

    Thread(target=watch, daemon=True).start()


def forget_jobs(state_dir: Path) -> None:
    """Remove the results of earlier jobs, and nothing else that may lie there."""
    for path in state_dir.glob("*.pt") if state_dir.is_dir() else ():
        if re.fullmatch(r"(student|teacher)_(final|fold\d+)_seed\d+_[0-9a-f]{16}\.pt", path.name):
            path.unlink(missing_ok=True)


def worker_pool(processes: int) -> ProcessPoolExecutor:
    """Make a pool of processes for :func:`run_jobs`; they keep their data from one call to the next."""
    return ProcessPoolExecutor(processes, mp_context=get_context("spawn"), initializer=_end_with_parent)


def run_jobs(
    jobs: Sequence[Job],
    processes: int,
    report: Report | None = None,
    workers: ProcessPoolExecutor | None = None,
) -> None:
    """Run jobs, teachers first, in processes of one thread each: in ``workers``, or as many of their own."""
    teachers = [t for job in jobs for t in job.teacher_jobs()]
    plain = [job for job in jobs if not job.teachers]
    stages = [list(dict.fromkeys([*plain, *teachers])), [job for job in jobs if job.teachers]]
    total = sum(map(len, stages))
    done = 0
    if processes <= 1:
        for job in [*stages[0], *stages[1]]:
            done += 1
            name = run_job(job)
            if report:
                report(name, done, total)
        return
    with ExitStack() as stack:
        pool = workers or stack.enter_context(worker_pool(processes))
        for stage in stages:
            running = [pool.submit(run_job, job) for job in stage]
            try:
                for future in as_completed(running):
                    name = future.result()
                    done += 1
                    if report:
                        report(name, done, total)
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise


def cross_validation_jobs(
    config: TrainingConfig, records: tuple[str, ...], seeds: Sequence[int], places: Places
) -> list[Job]:
    """Return the jobs of every fold for some seeds; without teachers in the configuration, plain networks."""
    teachers = tuple(range(1, config.distillation.teachers + 1))
    return [
        Job(config, records, fold, seed, teachers, places)
        for seed in seeds
        for fold in range(config.cross_validation.folds)
    ]


def held_out_logits(jobs: Sequence[Job]) -> dict[str, NDArray[np.float32]]:
    """Logits of every judged record by the network that has not seen it: one seed's jobs, all folds."""
    out: dict[str, NDArray[np.float32]] = {}
    for job in jobs:
        out |= job_result(job).held_out
    return out
