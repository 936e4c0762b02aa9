"""``bitbeat train``: cross-validation, epoch choice, final training, checkpoint, report."""

from __future__ import annotations

import dataclasses
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from host_tools.errors import UserError
from host_tools.reference.params import SPEC_DIGEST
from training.augment import load_noise, no_noise
from training.checkpoint import CHECKPOINT_PATH, git_commit, save_checkpoint
from training.config import TrainingConfig, load_config
from training.crossval import (
    FoldResult,
    Job,
    Report,
    TrainingData,
    choose_epochs,
    fingerprint,
    fold_of_records,
    fold_seed,
    load_training_data,
    pooled_logits,
    pooled_scores,
    run_folds,
)
from training.data import DATA_DIR, REPO_ROOT, load_manifest
from training.datasets import CACHE_DIR, DS1, DS2, load_records, without_q
from training.loop import TrainingRun
from training.metrics import confusion_matrix, fit_temperature, summary
from training.model import HybridNet

STATE_DIR = REPO_ROOT / "build" / "train"
REPORT_DIR = Path(__file__).with_name("report")

#: The seed of the committed model.
DEFAULT_SEED = 1


@dataclass(frozen=True)
class Outcome:
    """Result of a whole training.

    Attributes
    ----------
    checkpoint : Path
        The ``.safetensors`` file written.
    epochs : int
        Epochs chosen by cross-validation.
    metrics : dict
        Cross-validation figures as in ``metrics.json``.
    seconds : float
        Duration.
    """

    checkpoint: Path
    epochs: int
    metrics: dict[str, Any]
    seconds: float


def fit(
    records: Sequence[str],
    epochs: int,
    out_dir: Path,
    *,
    config: TrainingConfig | None = None,
    seed: int = DEFAULT_SEED,
    peaks: str = "annotated",
    data_dir: Path = DATA_DIR,
    cache_dir: Path = CACHE_DIR,
    device: str = "cpu",
    beats_per_epoch: int | None = None,
) -> Path:
    """Train on some records for some epochs, without cross-validation or report: for tests and trials.

    Parameters
    ----------
    records : sequence of str
        mitdb records; DS2 is refused.
    epochs : int
        At least 1.
    out_dir : Path
        Gets ``bitbeat.safetensors`` and ``bitbeat.json``.
    config : TrainingConfig, optional
        The committed one by default.
    seed : int
        Two runs with one seed on one machine give the same bytes.
    peaks : str
        ``annotated``, ``detected`` or ``both``.
    data_dir, cache_dir : Path
        Databases, and inputs once computed. Without ``nstdb`` there, no noise is added.
    device : str
        ``auto``, ``cpu`` or ``cuda``.
    beats_per_epoch : int, optional
        Other than the configuration's.

    Returns
    -------
    Path
        The checkpoint.

    Raises
    ------
    UserError
        If a record belongs to DS2 or is missing.
    """
    _refuse_ds2(records)
    chosen = config or load_config()
    chosen = dataclasses.replace(chosen, data=dataclasses.replace(chosen.data, peaks=peaks))
    if beats_per_epoch is not None:
        optimiser = dataclasses.replace(chosen.optimiser, beats_per_epoch=beats_per_epoch)
        chosen = dataclasses.replace(chosen, optimiser=optimiser)
    beats = []
    for source in ("annotated", "detected"):
        if peaks in (source, "both"):
            beats += [without_q(r) for r in load_records(records, source, data_dir, cache_dir, processes=1)]
    noise = load_noise(data_dir / "nstdb") if (data_dir / "nstdb").is_dir() else no_noise()
    threads = torch.get_num_threads()
    run = TrainingRun(chosen, beats, [], noise, seed, device)
    for _ in range(epochs):
        run.run_epoch()
    torch.set_num_threads(threads)
    path = out_dir / "bitbeat.safetensors"
    save_checkpoint(run.average, path, _checkpoint_info(chosen, seed, epochs, records, {}))
    return path


def train(
    config: TrainingConfig,
    *,
    seed: int = DEFAULT_SEED,
    resume: bool = False,
    checkpoint: Path = CHECKPOINT_PATH,
    report_dir: Path = REPORT_DIR,
    state_dir: Path = STATE_DIR,
    data_dir: Path = DATA_DIR,
    cache_dir: Path = CACHE_DIR,
    records: Sequence[str] = DS1,
    processes: int = 2,
    device: str = "auto",
    report: Report | None = None,
    loading: Callable[[str], None] | None = None,
) -> Outcome:
    """Cross-validate inside the training records, then train on all of them; write everything.

    Parameters
    ----------
    config : TrainingConfig
        Hyper-parameters.
    seed : int
        Fixes all randomness.
    resume : bool
        Go on with the states in ``state_dir``.
    checkpoint, report_dir, state_dir, data_dir, cache_dir : Path
        Where things go and come from.
    records : sequence of str
        Training records; DS2 is refused.
    processes : int
        Folds trained at a time, one thread each.
    device : str
        ``auto``, ``cpu`` or ``cuda``.
    report, loading : callable, optional
        Told of epochs, and of records loaded.

    Returns
    -------
    Outcome
        Checkpoint and cross-validation figures.
    """
    from training.report import write_report

    started = time.monotonic()
    _refuse_ds2(records)
    data = load_training_data(records, config.data.peaks, data_dir, cache_dir, processes, loading)
    if not resume:
        shutil.rmtree(state_dir, ignore_errors=True)
    jobs = [
        Job(config, tuple(records), k, seed, data_dir, cache_dir, state_dir / f"fold{k}.pt", resume, device)
        for k in range(config.cross_validation.folds)
    ]
    results = run_folds(jobs, processes, report)
    labels = {r.record: r.label for r in data.judged()}
    scores = pooled_scores(results, labels)
    epochs = choose_epochs(scores, config.optimiser.average_epochs)
    logits = pooled_logits(results, {name: len(label) for name, label in labels.items()}, epochs)
    final = _final_training(config, data, records, epochs, seed, resume, state_dir, device, report)
    temperature = fit_temperature(
        np.concatenate([logits[name] for name in labels]), np.concatenate(list(labels.values()))
    )
    calibrate_head(final.average, temperature)
    metrics = _metrics(config, data, results, logits, scores, epochs) | {"temperature": temperature}
    seconds = time.monotonic() - started
    info = _checkpoint_info(config, seed, epochs, records, metrics)
    save_checkpoint(final.average, checkpoint, info)
    write_report(report_dir, data.judged(), logits, results, scores, epochs, metrics, info)
    return Outcome(checkpoint, epochs, metrics, seconds)


def calibrate_head(net: HybridNet, temperature: float) -> None:
    """Divide the logits by ``temperature`` inside the last layer, so that the device need not know it."""
    with torch.no_grad():
        net.head.weight.div_(temperature)
        net.head.bias.div_(temperature)


def _refuse_ds2(records: Sequence[str]) -> None:
    for record in records:
        if record in DS2:
            raise UserError(f"record {record} belongs to DS2, which is never trained on")


def _final_training(
    config: TrainingConfig,
    data: TrainingData,
    records: Sequence[str],
    epochs: int,
    seed: int,
    resume: bool,
    state_dir: Path,
    device: str,
    report: Report | None,
) -> TrainingRun:
    beats = data.train_part(records)
    own_seed = fold_seed(seed, -1)
    run = TrainingRun(config, beats, [], data.noise, own_seed, device)
    mark = fingerprint(config, own_seed, beats)
    state = state_dir / "final.pt"
    if resume and state.is_file():
        run.load(state, mark)
    while run.epoch < epochs:
        figures = run.run_epoch()
        run.save(state, mark)
        if report:
            report("final", run.epoch, epochs, figures)
    return run


def _metrics(
    config: TrainingConfig,
    data: TrainingData,
    results: Sequence[FoldResult],
    logits: dict[str, Any],
    scores: list[float],
    epochs: int,
) -> dict[str, Any]:
    judged = data.judged()
    label = np.concatenate([r.label for r in judged])
    predicted = np.concatenate([logits[r.record].argmax(1) for r in judged])
    folds = []
    for result in results:
        part = [r for r in judged if r.record in result.records]
        matrix = confusion_matrix(
            np.concatenate([r.label for r in part]),
            np.concatenate([logits[r.record].argmax(1) for r in part]),
        )
        folds.append(
            {"fold": result.fold + 1, "records": list(result.records), "epochs_run": len(result.history)}
            | summary(matrix)
        )
    return {
        "protocol": f"{config.cross_validation.folds}-fold, patient-wise, inside DS1",
        "peaks": "detected" if data.detected else "annotated",
        "epochs": epochs,
        "pooled": summary(confusion_matrix(label, predicted)),
        "missed_beats": sum(r.missed for r in judged),
        "extra_beats": sum(r.extra for r in judged),
        "folds": folds,
        "pooled_macro_f1_by_epoch": scores,
        "fold_of_record": fold_of_records(data, config),
    }


def _checkpoint_info(
    config: TrainingConfig, seed: int, epochs: int, records: Sequence[str], metrics: dict[str, Any]
) -> dict[str, Any]:
    manifests = load_manifest()
    pooled = metrics.get("pooled", {})
    return {
        "config_hash": config.digest(),
        "spec_hash": SPEC_DIGEST,
        "git_commit": git_commit(),
        "seed": seed,
        "epochs": epochs,
        "records": list(records),
        "databases": {name: manifests[name].digest() for name in ("mitdb", "nstdb")},
        "temperature": metrics.get("temperature", 1.0),
        "cross_validation": {
            k: pooled[k] for k in ("beats", "accuracy", "macro_f1_nsv", "classes") if k in pooled
        },
    }
