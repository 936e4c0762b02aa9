"""What is made of held-out logits: figures, spreads, offsets, the calibrated network.

Oracle: a few beats worked out by hand.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from tests.training.made_up import made_up
from tests.training.small import small_config
from training.augment import no_noise
from training.checkpoint import load_checkpoint
from training.crossval import (
    FINAL,
    Job,
    JobResult,
    Places,
    TrainingData,
    cross_validation_jobs,
)
from training.crossval_report import (
    SETTLING_BEATS,
    cross_validate,
    database_report,
    made_up_sensitivity,
)
from training.datasets import RecordBeats
from training.loop import predict_record
from training.metrics import fit_temperature
from training.model import ContextNet
from training.train import Outputs, train


def record_of(name: str, classes: str) -> RecordBeats:
    """Make a record of beats of these classes, one a second, all behind the learning period."""
    label = np.array(["NSVF".index(c) for c in classes], np.uint8)
    sample = (301 + np.arange(len(classes), dtype=np.int64)) * 360
    return dataclasses.replace(made_up(name, len(classes), 1), label=label, sample=sample)


def called(classes: str) -> np.ndarray:
    """Logits of beats that are called so."""
    return 5 * np.eye(4, dtype=np.float32)[["NSVF".index(c) for c in classes]]


def data_of(*folds: list[RecordBeats], invented: tuple[RecordBeats, ...] = ()) -> TrainingData:
    fold_of = {r.record: fold for fold, records in enumerate(folds) for r in records}
    return TrainingData([], list(invented), [r for records in folds for r in records], no_noise(), fold_of)


def test_made_up_records_are_judged_by_the_networks_that_have_not_seen_the_patient(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The first fold's network, which has not seen 101, calls all S, the second fold's all N.

    101 has 4 + 2 S beats behind the first ones, 106 has 2: 6 of 8 are found.
    """
    start = SETTLING_BEATS * "S"
    data = data_of(
        [record_of("101", "N")],
        [record_of("106", "N")],
        invented=(
            record_of("101~pauses.0", start + "SSNSSN"),
            record_of("101:2~pauses.1", start + "NSNSN"),
            record_of("101~block.0", start + "SSSSSSSS"),
            record_of("106~pauses.0", start + "SVS"),
        ),
    )
    answers = ("S", "N")
    monkeypatch.setattr(
        "training.crossval_report.job_result", lambda job: SimpleNamespace(net=answers[job.fold])
    )
    monkeypatch.setattr(
        "training.crossval_report.predict_record", lambda net, record: called(net * len(record.label))
    )
    jobs = cross_validation_jobs(small_config(), ("101", "106"), [1], Places())
    assert made_up_sensitivity(data, jobs) == 75


def test_spread_over_seeds_and_over_folds_by_hand() -> None:
    """Two folds of one record each, two seeds, of which the second makes no mistake.

    V, first seed: 3 of 4 found in the first fold, 3 of 6 and 2 false ones in the second.
    """
    first, second = record_of("101", "NNNNVVVV"), record_of("106", "NNNNVVVVVV")
    data = data_of([first], [second])
    right = {"101": called("NNNNVVVV"), "106": called("NNNNVVVVVV")}
    wrong = {"101": called("NNNNVVVN"), "106": called("VVNNVVVNNN")}
    report = database_report(data, [wrong, right])
    assert list(report) == ["ds1"]
    v = report["ds1"]["V"]
    # Of two values the spread is their difference over the root of 2.
    root = 2**0.5
    assert v["se"] == pytest.approx(
        {
            "mean": (100 * 6 / 10 + 100) / 2,
            "spread": (100 - 100 * 6 / 10) / root,
            "spread_of_folds": ((75 + 100) / 2 - (50 + 100) / 2) / root,
        }
    )
    assert v["ppv"] == pytest.approx(
        {
            "mean": (100 * 6 / 8 + 100) / 2,
            "spread": (100 - 100 * 6 / 8) / root,
            "spread_of_folds": ((100 + 100) / 2 - (60 + 100) / 2) / root,
        }
    )
    accuracy = report["ds1"]["accuracy"]
    assert accuracy["mean"] == pytest.approx((100 * 12 / 18 + 100) / 2)
    assert accuracy["spread_of_folds"] == pytest.approx(100 * (7 / 8 - 5 / 10) / 2 / root)


def s_less(behind: list[float]) -> np.ndarray:
    """Logits of beats of which S lies so far behind N."""
    logits = np.full((len(behind), 4), -5, np.float32)
    logits[:, 0], logits[:, 1] = behind, 0
    return logits


#: As many beats are called S as there are with an offset of up to 1 in 101, of up to 0.8 in 106 and in both.
#: So 101 gets 0.8, its S beats are called S and its N beats are not; 106 gets 1, all of it is called S.
#: 800, where it is not trained on, gets 0.8, too.
OFFSET_RECORDS = (record_of("101", "SSSSNNNN"), record_of("106", "SSSSNNN"), record_of("800", "SSNN"))
OFFSET_LOGITS = {
    "101": s_less([0.5] * 4 + [1.0] * 4),
    "106": s_less([0.5] * 4 + [0.8] * 3),
    "800": s_less([0.5, 0.9, 3.0, 3.0]),
}


@pytest.mark.parametrize("offsets", [True, False])
def test_each_fold_is_moved_by_the_offset_of_the_others(
    offsets: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    first, second, other = OFFSET_RECORDS
    data = data_of([first, other], [second, record_of("802", "N")])
    logits = OFFSET_LOGITS | {"802": called("N")}
    monkeypatch.setattr("training.crossval_report.load_training_data", lambda *_: data)
    monkeypatch.setattr("training.crossval_report.run_jobs", lambda *_: None)
    monkeypatch.setattr("training.crossval_report.held_out_logits", lambda _: logits)
    monkeypatch.setattr("training.crossval_report.made_up_sensitivity", lambda *_: 0.0)
    places = Places(state_dir=tmp_path)
    report = cross_validate(small_config(), "ds1", [1], places, 1, records=("101", "106"), offsets=offsets)
    s = report["ds1"]["S"]
    assert s["se"]["mean"] == (100 if offsets else 0)
    assert s["ppv"]["mean"] == pytest.approx(100 * 8 / 11 if offsets else 0)
    assert report["svdb"]["S"]["se"]["mean"] == (50 if offsets else 0)


def test_the_saved_network_is_the_final_one_calibrated(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Oracle: the network before it was calibrated; all records' offset and each fold's by hand."""
    first, second, _ = OFFSET_RECORDS
    config = small_config()
    torch.manual_seed(4)
    net = ContextNet(config.model).eval()
    record = made_up("101", 50, 3)
    before = predict_record(net, record)
    finals: list[Job] = []

    def job_result(job: Job) -> JobResult:
        finals.append(job)
        return JobResult(net, {}, [])

    reported: dict[str, np.ndarray] = {}
    monkeypatch.setattr("training.train.load_records", lambda *_: [])
    monkeypatch.setattr("training.train.load_training_data", lambda *_: data_of([first], [second]))
    monkeypatch.setattr("training.train.run_jobs", lambda *_: None)
    monkeypatch.setattr("training.train.held_out_logits", lambda _: OFFSET_LOGITS)
    monkeypatch.setattr("training.train.job_result", job_result)
    monkeypatch.setattr("training.report.write_report", lambda *given: reported.update(given[2]))
    outcome = train(
        config,
        "ds1",
        seed=5,
        outputs=Outputs(tmp_path / "net.safetensors", tmp_path / "report"),
        places=Places(state_dir=tmp_path / "state"),
        records=("101", "106"),
        processes=1,
    )
    assert [(job.fold, job.seed, job.records) for job in finals] == [(FINAL, 5, ("101", "106"))]
    saved = load_checkpoint(outcome.checkpoint)
    s_offset, temperature = saved.info["s_offset"], saved.info["temperature"]
    assert s_offset == pytest.approx(0.8, abs=1e-4)
    assert temperature != pytest.approx(1, abs=0.05)
    expected = (before + np.array([0, s_offset, 0, 0])) / temperature
    assert predict_record(saved.net, record) == pytest.approx(expected, abs=1e-5)
    # The figures and the temperature are those of the nested offsets.
    moved = {
        name: OFFSET_LOGITS[name] + np.array([0, offset, 0, 0])
        for name, offset in (("101", 0.8), ("106", 1.0))
    }
    for name, logits in moved.items():
        assert reported[name] == pytest.approx(logits, abs=1e-4)
    stacked, label = np.concatenate(list(moved.values())), np.concatenate([first.label, second.label])
    assert temperature == pytest.approx(fit_temperature(stacked, label), abs=1e-3)
    matrix = np.array(outcome.metrics["pooled"]["confusion"])
    assert matrix[:2, :2].tolist() == [[4, 3], [0, 8]]
    assert matrix.sum() == 15
