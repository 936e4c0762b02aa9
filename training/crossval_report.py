"""``bitbeat crossval``: the shipped recipe under cross-validation, several seeds, mean and spread."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host_tools.errors import UserError
from host_tools.places import Place, markdown_table
from host_tools.readme import DOCUMENTS
from host_tools.writing import write_json
from training.config import TrainingConfig
from training.crossval import (
    JUDGED_MODE,
    Job,
    Places,
    Report,
    TrainingData,
    cross_validation_jobs,
    held_out_logits,
    job_result,
    load_training_data,
    run_jobs,
)
from training.data import REPO_ROOT
from training.datasets import RecordBeats
from training.loop import predict_record
from training.rhythms import S
from training.scores import mean_and_spread, pooled_figures, with_nested_offsets
from training.splits import DATABASE_NAMES, PROTOCOLS, SHIPPED, is_svdb, mode_of, original_of

REPORT_PATH = REPO_ROOT / "build" / "crossval.json"
#: The place of the table in the documents.
CROSSVAL = Place("crossval", "make crossval")

#: The first beats of made-up records are not judged.
SETTLING_BEATS = 32

_RATES = ("se", "ppv", "f1")

Logits = dict[str, NDArray[np.float32]]


def figures_by_database(records: Sequence[RecordBeats], logits: Logits) -> dict[str, dict[str, Any]]:
    """Figures over DS1's and over svdb's records, where there are any."""
    groups = {
        "ds1": [r for r in records if not is_svdb(r.record)],
        "svdb": [r for r in records if is_svdb(r.record)],
    }
    return {name: pooled_figures(part, logits) for name, part in groups.items() if part}


def spread_over(figures: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Mean and spread of the rates of N S V, of accuracy and macro-F1, over seeds or folds."""
    out: dict[str, Any] = {
        name: {rate: mean_and_spread([f["classes"][name][rate] for f in figures]) for rate in _RATES}
        for name in "NSV"
    }
    for key in ("accuracy", "macro_f1"):
        out[key] = mean_and_spread([f[key] for f in figures])
    return out


def database_report(data: TrainingData, seeds: Sequence[Logits]) -> dict[str, Any]:
    """For DS1 and svdb: mean and spread over seeds (all folds pooled), and over folds (all seeds).

    ``macro_f1`` has each seed's own, too, in order: ``of_seeds``.
    """
    pooled = [figures_by_database(data.judged, logits) for logits in seeds]
    folds = sorted(set(data.fold_of.values()))
    by_fold = {
        k: [figures_by_database(data.held_out(k), logits) for logits in seeds] for k in folds
    }  # rates of one fold: means over the seeds
    report: dict[str, Any] = {}
    for name in pooled[0]:
        own = spread_over([p[name] for p in pooled])
        means = []
        for k in folds:
            spread = spread_over([f[name] for f in by_fold[k]])
            means.append(
                {
                    "classes": {c: {r: spread[c][r]["mean"] for r in _RATES} for c in "NSV"},
                    "accuracy": spread["accuracy"]["mean"],
                    "macro_f1": spread["macro_f1"]["mean"],
                }
            )
        over_folds = spread_over(means)
        for c in "NSV":
            for rate in _RATES:
                own[c][rate]["spread_of_folds"] = over_folds[c][rate]["spread"]
        for key in ("accuracy", "macro_f1"):
            own[key]["spread_of_folds"] = over_folds[key]["spread"]
        own["macro_f1"]["of_seeds"] = [p[name]["macro_f1"] for p in pooled]
        report[name] = own
    return report


def cross_validate(
    config: TrainingConfig,
    protocol: str,
    seeds: Sequence[int],
    places: Places,
    processes: int = 2,
    report: Report | None = None,
    records: tuple[str, ...] | None = None,
    offsets: bool = True,
    workers: ProcessPoolExecutor | None = None,
) -> dict[str, Any]:
    """Cross-validate a configuration with some seeds.

    Parameters
    ----------
    config : TrainingConfig
        Hyper-parameters; with ``distillation.teachers = 0`` each network is trained plainly.
    protocol : str
        Name in ``PROTOCOLS``.
    seeds : sequence of int
        Networks of each fold that are judged.
    places : Places
        Data, cache, state.
    processes : int
        Networks trained at a time.
    report : callable, optional
        Told of networks done.
    records : tuple of str, optional
        Other training records than the protocol's.
    offsets : bool
        Move the logits of S of each fold by the break-even offset of the other folds.
    workers : ProcessPoolExecutor, optional
        Processes that several calls share, so that they load the data once.

    Returns
    -------
    dict
        As of :func:`database_report`, and ``made_up``.
    """
    chosen = records or PROTOCOLS[protocol]
    data = load_training_data(config, chosen, places, processes)
    jobs = {seed: cross_validation_jobs(config, chosen, [seed], places) for seed in seeds}
    run_jobs([job for own in jobs.values() for job in own], processes, report, workers)
    logits = [held_out_logits(own) for own in jobs.values()]
    if offsets:
        own = [r for r in data.judged if r.record in chosen]
        others = [r for r in data.judged if r.record not in chosen]
        logits = [with_nested_offsets(own, data.fold_of, of_seed, others) for of_seed in logits]
    made_up = [made_up_sensitivity(data, own) for own in jobs.values()]
    return database_report(data, logits) | {"made_up": mean_and_spread(made_up)}


def made_up_sensitivity(data: TrainingData, jobs: Sequence[Job]) -> float:
    """Share of the S beats found in made-up records of held-out patients, percent: runs between pauses.

    By the networks as they are, without a decision offset of S.
    """
    judged = [r for r in data.made_up if mode_of(r.record) == JUDGED_MODE]
    found = total = 0
    for job in jobs:
        net = job_result(job).net
        for record in judged:
            if data.fold_of[original_of(record.record)] != job.fold:
                continue
            atrial = (record.label == S) & (np.arange(len(record.label)) >= SETTLING_BEATS)
            found += int((predict_record(net, record).argmax(1)[atrial] == S).sum())
            total += int(atrial.sum())
    return 100 * found / total if total else 0.0


def write_crossval(
    config: TrainingConfig,
    places: Places,
    processes: int = 2,
    report: Report | None = None,
    path: Path = REPORT_PATH,
    documents: Sequence[Path] = DOCUMENTS,
    seeds: int | None = None,
    only: Sequence[str] = (),
) -> dict[str, Any]:
    """Cross-validate the shipped recipe under the protocols; write ``build/crossval.json`` and the table.

    Top level: the shipped protocol, ``ds1`` and ``svdb``; all protocols under ``protocols``. Under
    ``ds1``, svdb's figures are those of other people's records that no fold was trained on.

    Parameters
    ----------
    config, places, processes, report
        As of :func:`cross_validate`.
    path, documents
        What is written.
    seeds : int, optional
        Networks of each fold; as the configuration says by default.
    only : sequence of str
        Protocols; all by default. The figures of the others stay, where they are of this configuration.

    Raises
    ------
    UserError
        If a protocol is unknown, or the shipped one has no figures.
    """
    for name in only:
        if name not in PROTOCOLS:
            raise UserError(f"protocol {name} is none of {', '.join(PROTOCOLS)}")
    chosen = list(range(1, (seeds or config.cross_validation.seeds) + 1))
    protocols: dict[str, Any] = report_before(path, config).get("protocols", {}) if only else {}
    if only and SHIPPED not in (*only, *protocols):
        raise UserError(
            f"{path}: has no figures of {SHIPPED} with this configuration; run that protocol first"
        )
    order = sorted(PROTOCOLS, key=lambda n: n != SHIPPED)
    for name in order:
        if only and name not in only:
            continue
        own = dataclasses.replace(places, state_dir=places.state_dir / name)
        figures = cross_validate(config, name, chosen, own, processes, report)
        protocols[name] = figures | {"seeds": len(chosen)}
        result = protocols[SHIPPED] | {
            "protocol": SHIPPED,
            "folds": config.cross_validation.folds,
            "config_hash": config.digest(),
            "protocols": {n: protocols[n] for n in order if n in protocols},
        }
        write_json(path, result)  # after each: the second one takes a while
    CROSSVAL.write(markdown(result), documents)
    return result


def report_before(path: Path, config: TrainingConfig) -> dict[str, Any]:
    """Return the report that an earlier run of the same configuration has left; empty without one."""
    try:
        report: dict[str, Any] = json.loads(path.read_text())
        return report if report["config_hash"] == config.digest() else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def spread_text(figure: dict[str, Any]) -> str:
    """Mean and spread as tables show them; of a single seed the figure alone."""
    spread = f" ± {figure['spread']:.1f}" if figure["spread"] else ""
    return f"{figure['mean']:.1f}{spread}"


def seeds_text(seeds: int) -> str:
    """What the figures of so many seeds are, for captions."""
    return f"mean ± spread over {seeds} seeds" if seeds > 1 else "one seed"


def markdown(result: dict[str, Any]) -> str:
    """Return the table of ``build/crossval.json`` as Markdown."""
    right = ("seeds", "S Se", "S +P", "V Se", "V +P", "accuracy", "macro-F1")
    rows = []
    for protocol, figures in result["protocols"].items():
        for database, name in DATABASE_NAMES.items():
            own = figures[database]
            rates = [own[c][rate] for c in "SV" for rate in ("se", "ppv")]
            figures_shown = (*rates, own["accuracy"], own["macro_f1"])
            cells = [f"{spread_text(f)} ({f['spread_of_folds']:.0f})" for f in figures_shown]
            rows.append([name, protocol, str(figures["seeds"]), *cells])
    note = (
        f"Percent, {result['folds']} folds pooled, mean ± spread over seeds, in brackets the spread over "
        "folds; float nets on the beats that the detector finds. A seed is the distilled network's, its "
        "teachers are the same for all. Written by `make crossval`."
    )
    return f"{markdown_table(('held-out patients of', 'trained on', *right), rows, right)}\n{note}\n"
