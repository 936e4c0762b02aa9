"""Patient-wise cross-validation inside the training records: folds in processes, epoch choice."""

from __future__ import annotations

import hashlib
import queue
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import Manager, get_context
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host_tools.reference.params import SPEC_DIGEST
from training.augment import NoiseBank, load_noise
from training.config import TrainingConfig
from training.datasets import RecordBeats, assign_folds, load_records, without_q
from training.loop import TrainingRun, should_stop, smoothed
from training.metrics import CLASSES, confusion_matrix, macro_f1

#: Told after each epoch: what is trained ("fold 1" ... or "final"), epoch, epochs at most, figures.
Report = Callable[[str, int, int, dict[str, float]], None]


@dataclass(frozen=True)
class TrainingData:
    """Beats by source of the R peaks; ``detected`` is empty where only annotated peaks are used."""

    annotated: list[RecordBeats]
    detected: list[RecordBeats]
    noise: NoiseBank

    def train_part(self, records: Sequence[str]) -> list[RecordBeats]:
        """All beats of these records, from every source in use."""
        return [r for r in [*self.annotated, *self.detected] if r.record in records]

    def judged(self) -> list[RecordBeats]:
        """Return the beats on which cross-validation is scored: the detector's own where in use."""
        return self.detected or self.annotated


@dataclass(frozen=True)
class Job:
    """All that a worker process needs for one fold."""

    config: TrainingConfig
    records: tuple[str, ...]
    fold: int
    seed: int
    data_dir: Path
    cache_dir: Path
    state: Path
    resume: bool
    device: str


@dataclass(frozen=True)
class FoldResult:
    """Held-out logits of every epoch, float32 [n, 4] each, and the epochs' figures."""

    fold: int
    records: tuple[str, ...]
    history: list[dict[str, float]]
    logits: list[NDArray[np.float32]]


def load_training_data(
    records: Sequence[str],
    peaks: str,
    data_dir: Path,
    cache_dir: Path,
    processes: int = 2,
    progress: Callable[[str], None] | None = None,
) -> TrainingData:
    """Load the inputs of the training records; ``peaks`` as in ``config.toml``."""

    def load(source: str) -> list[RecordBeats]:
        loaded = load_records(records, source, data_dir, cache_dir, processes, progress)
        return [without_q(r) for r in loaded]

    annotated = load("annotated") if peaks != "detected" else []
    detected = load("detected") if peaks != "annotated" else []
    return TrainingData(annotated, detected, load_noise(data_dir / "nstdb"))


def fold_of_records(data: TrainingData, config: TrainingConfig) -> dict[str, int]:
    """Fold of each record, from the labels of the judged beats."""
    counts = {r.record: np.bincount(r.label, minlength=CLASSES).astype(np.int64) for r in data.judged()}
    return assign_folds(counts, config.cross_validation.folds, config.cross_validation.fold_seed)


def fingerprint(config: TrainingConfig, seed: int, beats: Sequence[RecordBeats]) -> str:
    """Hash of all that a training's result depends on, apart from library versions."""
    digest = hashlib.sha256(f"{config.digest()} {SPEC_DIGEST} {seed}".encode())
    for record in beats:
        digest.update(record.record.encode())
        for array in (record.beat, record.rhythm, record.label):
            digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def fold_seed(seed: int, fold: int) -> int:
    """Seed of one fold's training (the final training takes fold -1)."""
    return seed * 1000 + fold + 1


def run_fold(job: Job, told: Any = None) -> FoldResult:
    """Train one fold until early stopping; ``told`` is a queue for the epochs' figures."""
    data = load_training_data(job.records, job.config.data.peaks, job.data_dir, job.cache_dir, processes=1)
    folds = fold_of_records(data, job.config)
    held = tuple(r for r in job.records if folds[r] == job.fold)
    train = data.train_part([r for r in job.records if folds[r] != job.fold])
    held_out = [r for r in data.judged() if r.record in held]
    run = TrainingRun(job.config, train, held_out, data.noise, fold_seed(job.seed, job.fold), job.device)
    mark = fingerprint(job.config, fold_seed(job.seed, job.fold), [*train, *held_out])
    if job.resume and job.state.is_file():
        run.load(job.state, mark)
    opt = job.config.optimiser

    def tell(figures: dict[str, float]) -> None:
        if told is not None:
            told.put((f"fold {job.fold + 1}", int(figures["epoch"]), opt.epochs_max, figures))

    if run.history:
        tell(run.history[-1])
    while run.epoch < opt.epochs_max:
        scores = [h["macro_f1_nsv"] for h in run.history]
        if should_stop(scores, opt.average_epochs, opt.patience_epochs):
            break
        tell(run.run_epoch())
        run.save(job.state, mark)
    return FoldResult(job.fold, held, run.history, run.logits)


def run_folds(jobs: Sequence[Job], processes: int, report: Report | None) -> list[FoldResult]:
    """Run the folds in worker processes of one thread each; results in the order of the jobs."""
    context = get_context("spawn")
    with Manager() as manager, ProcessPoolExecutor(processes, mp_context=context) as pool:
        told = manager.Queue()
        running: list[Future[FoldResult]] = [pool.submit(run_fold, job, told) for job in jobs]
        try:
            while not all(f.done() for f in running) or not told.empty():
                try:
                    message = told.get(timeout=0.2)
                except queue.Empty:
                    continue
                if report:
                    report(*message)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        return [f.result() for f in running]


def pooled_scores(results: Sequence[FoldResult], labels: dict[str, NDArray[np.uint8]]) -> list[float]:
    """Macro-F1 over N S V of all folds together after each epoch.

    A fold that stopped early counts with its last epoch from there on.
    """
    epochs = max(len(r.logits) for r in results)
    scores = []
    for epoch in range(epochs):
        matrix = np.zeros((CLASSES, CLASSES), np.int64)
        for result in results:
            logits = result.logits[min(epoch, len(result.logits) - 1)]
            label = np.concatenate([labels[r] for r in result.records])
            matrix += confusion_matrix(label, logits.argmax(1))
        scores.append(macro_f1(matrix))
    return scores


def choose_epochs(scores: Sequence[float], width: int) -> int:
    """Find the number of epochs with the best mean score over ``width`` epochs; the fewest of equals."""
    return int(np.argmax(smoothed(scores, width))) + 1


def pooled_logits(
    results: Sequence[FoldResult], sizes: dict[str, int], epochs: int
) -> dict[str, NDArray[np.float32]]:
    """Held-out logits of each record after the chosen number of epochs."""
    out: dict[str, NDArray[np.float32]] = {}
    for result in results:
        logits = result.logits[min(epochs, len(result.logits)) - 1]
        start = 0
        for record in result.records:
            out[record] = logits[start : start + sizes[record]]
            start += sizes[record]
    return out
