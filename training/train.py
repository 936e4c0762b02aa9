"""``bitbeat train``: cross-validation, teachers, one distilled network per protocol, checkpoints, reports."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from host_tools.commit import commit
from host_tools.reference.params import SPEC_DIGEST
from training.augment import load_noise, no_noise
from training.checkpoint import CHECKPOINT_PATH, save_checkpoint
from training.config import TrainingConfig, load_config
from training.crossval import (
    FINAL,
    Job,
    Places,
    Report,
    TrainingData,
    cross_validation_jobs,
    forget_jobs,
    held_out_logits,
    job_result,
    load_training_data,
    run_jobs,
)
from training.data import DATA_DIR, load_manifest
from training.datasets import CACHE_DIR, RecordBeats, load_records
from training.evaluate import REPORT_DIR
from training.loop import train_network
from training.metrics import confusion_matrix, fit_temperature, summary
from training.model import ContextNet
from training.model_card import report_dir
from training.rhythms import S
from training.scores import break_even_offset, by_database, judged_logits, pooled_figures, with_nested_offsets
from training.splits import PROTOCOLS, SHIPPED, is_svdb, refuse_ds2

#: The seed of the committed models.
DEFAULT_SEED = 1


@dataclass(frozen=True)
class Outputs:
    """Where one protocol's model goes."""

    checkpoint: Path
    report_dir: Path


def committed_outputs(protocol: str) -> Outputs:
    """Places of the committed models: the shipped one, and those for comparison."""
    if protocol == SHIPPED:
        return Outputs(CHECKPOINT_PATH, REPORT_DIR)
    folder = report_dir(protocol)
    return Outputs(folder.parent / f"bitbeat_{protocol}.safetensors", folder)


def output_files(outputs: Outputs) -> list[Path]:
    """Return all files of a model and its report."""
    from training.report import REPORT_FILES

    own = [outputs.checkpoint, outputs.checkpoint.with_suffix(".json")]
    return own + [outputs.report_dir / name for name in REPORT_FILES]


@dataclass(frozen=True)
class Outcome:
    """Result of the training under one protocol.

    Attributes
    ----------
    checkpoint : Path
        The ``.safetensors`` file written.
    metrics : dict
        Cross-validation figures as in ``metrics.json``.
    seconds : float
        Duration.
    """

    checkpoint: Path
    metrics: dict[str, Any]
    seconds: float


def fit(
    records: Sequence[str],
    steps: int,
    out_dir: Path,
    *,
    config: TrainingConfig | None = None,
    seed: int = DEFAULT_SEED,
    peaks: str = "detected",
    data_dir: Path = DATA_DIR,
    cache_dir: Path = CACHE_DIR,
) -> Path:
    """Train on some records for some steps, without cross-validation or report: for tests and trials.

    Parameters
    ----------
    records : sequence of str
        Names of records; DS2 is refused.
    steps : int
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

    Returns
    -------
    Path
        The checkpoint.

    Raises
    ------
    UserError
        If a record belongs to DS2 or is missing.
    """
    refuse_ds2(list(records))
    chosen = config or load_config()
    chosen = dataclasses.replace(
        chosen,
        data=dataclasses.replace(chosen.data, peaks=peaks),
        optimiser=dataclasses.replace(chosen.optimiser, steps=steps),
    )
    beats = []
    for source in ("detected", "annotated"):
        if peaks in (source, "both"):
            beats += load_records(records, source, data_dir, cache_dir, processes=1)
    noise = load_noise(data_dir / "nstdb") if (data_dir / "nstdb").is_dir() else no_noise()
    threads = torch.get_num_threads()
    net = train_network(chosen, beats, noise, seed)
    torch.set_num_threads(threads)
    assert isinstance(net, ContextNet)
    path = out_dir / "bitbeat.safetensors"
    save_checkpoint(net, path, _checkpoint_info(chosen, "", seed, records, {}))
    return path


def train(
    config: TrainingConfig,
    protocol: str = SHIPPED,
    *,
    seed: int = DEFAULT_SEED,
    resume: bool = False,
    outputs: Outputs | None = None,
    places: Places | None = None,
    records: Sequence[str] | None = None,
    processes: int = 2,
    report: Report | None = None,
    loading: Callable[[str], None] | None = None,
) -> Outcome:
    """Cross-validate, then train on all records of a protocol; write checkpoint and report.

    Parameters
    ----------
    config : TrainingConfig
        Hyper-parameters.
    protocol : str
        Name in ``PROTOCOLS``.
    seed : int
        Fixes all randomness.
    resume : bool
        Keep the networks that an earlier run has left in the state folder.
    outputs : Outputs, optional
        Where checkpoint and report go; the committed places by default.
    places : Places, optional
        Data, cache, state.
    records : sequence of str, optional
        Other training records than the protocol's; DS2 is refused.
    processes : int
        Networks trained at a time, one thread each.
    report, loading : callable, optional
        Told of networks done, and of records loaded.

    Returns
    -------
    Outcome
        Checkpoint and cross-validation figures.
    """
    from training.report import write_report

    started = time.monotonic()
    commit()  # of the tree as it is now
    where = places or Places()
    out = outputs or committed_outputs(protocol)
    chosen = tuple(records) if records is not None else PROTOCOLS[protocol]
    refuse_ds2(chosen)
    load_records(chosen, "detected", where.data_dir, where.cache_dir, processes, loading)
    data = load_training_data(config, chosen, where, processes)
    if not resume:  # only now: a call that fails leaves what is there alone
        forget_jobs(where.state_dir)
    jobs = cross_validation_jobs(config, chosen, [seed], where)
    final = Job(config, chosen, FINAL, seed, jobs[0].teachers, where)
    run_jobs([*jobs, final], processes, report)
    logits = held_out_logits(jobs)
    own = [r for r in data.judged if r.record in chosen]
    s_offset = break_even_offset(by_database(own), logits)
    logits = with_nested_offsets(own, data.fold_of, logits)
    temperature = fit_temperature(*judged_logits(own, logits))
    net = job_result(final).net
    assert isinstance(net, ContextNet)
    calibrate_head(net, temperature, s_offset)
    metrics = cross_validation_metrics(config, protocol, data, own, logits)
    metrics |= {"temperature": temperature, "s_offset": s_offset}
    info = _checkpoint_info(config, protocol, seed, chosen, metrics)
    save_checkpoint(net, out.checkpoint, info)
    write_report(out.report_dir, own, logits, metrics, info)
    return Outcome(out.checkpoint, metrics, time.monotonic() - started)


def calibrate_head(net: ContextNet, temperature: float, s_offset: float = 0.0) -> None:
    """Move S's logit and divide all by ``temperature`` inside the last layer: the device need not know."""
    with torch.no_grad():
        net.head.bias[S].add_(s_offset)
        net.head.weight.div_(temperature)
        net.head.bias.div_(temperature)


def cross_validation_metrics(
    config: TrainingConfig,
    protocol: str,
    data: TrainingData,
    own: Sequence[RecordBeats],
    logits: dict[str, NDArray[np.float32]],
) -> dict[str, Any]:
    """Figures of the held-out beats: plain counts over all of them, and EC57's from 5:00 on by database."""

    def plain(part: Sequence[RecordBeats]) -> dict[str, Any]:
        held, label = judged_logits(part, logits)
        return summary(confusion_matrix(label, held.argmax(1)))

    folds = []
    for fold in range(config.cross_validation.folds):
        part = [r for r in own if data.fold_of[r.record] == fold]
        folds.append({"fold": fold + 1, "records": [r.record for r in part]} | plain(part))
    groups = {"ds1": [r for r in own if not is_svdb(r.record)], "svdb": [r for r in own if is_svdb(r.record)]}
    return {
        "protocol": protocol,
        "folds_in_all": config.cross_validation.folds,
        "peaks": "detected",
        "steps": config.optimiser.steps,
        "pooled": plain(own),
        "ec57": {name: pooled_figures(part, logits) for name, part in groups.items() if part},
        "missed_beats": sum(r.missed for r in own),
        "extra_beats": sum(r.extra for r in own),
        "folds": folds,
        "fold_of_record": {r.record: data.fold_of[r.record] for r in own},
    }


def _checkpoint_info(
    config: TrainingConfig, protocol: str, seed: int, records: Sequence[str], metrics: dict[str, Any]
) -> dict[str, Any]:
    manifests = load_manifest()
    pooled = metrics.get("pooled", {})
    return {
        "protocol": protocol,
        "config_hash": config.digest(),
        "spec_hash": SPEC_DIGEST,
        "git_commit": commit(),
        "seed": seed,
        "steps": config.optimiser.steps,
        "teachers": config.distillation.teachers if protocol else 0,
        "records": list(records),
        "databases": {name: manifests[name].digest() for name in ("mitdb", "nstdb", "svdb")},
        "temperature": metrics.get("temperature", 1.0),
        "s_offset": metrics.get("s_offset", 0.0),
        "cross_validation": {
            k: pooled[k] for k in ("beats", "accuracy", "macro_f1_nsv", "classes") if k in pooled
        },
    }
