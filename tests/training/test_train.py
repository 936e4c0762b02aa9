"""``bitbeat train`` and its report. Oracles: the program's own uninterrupted run, and figures counted again
from the files it wrote.
"""

from __future__ import annotations

import csv
import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from host_tools.errors import UserError
from host_tools.scoreboard import append_log
from tests.data_access import database_dir, mitdb_dir
from training import evaluate
from training.checkpoint import load_checkpoint
from training.config import TrainingConfig, load_config
from training.crossval import FoldResult, choose_epochs, pooled_logits, pooled_scores
from training.datasets import DS2
from training.metrics import confusion_matrix
from training.train import Outcome, fit, train

RECORDS = ("119", "208", "209", "223")
IMAGES = (
    *("training_curves", "confusion_matrix", "per_class", "reliability", "confidence"),
    "low_confidence",
)


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the real mitdb and nstdb, wherever these are."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "mitdb").symlink_to(mitdb_dir())
    (folder / "nstdb").symlink_to(database_dir("nstdb"))
    return folder


def small_config() -> TrainingConfig:
    whole = load_config()
    return dataclasses.replace(
        whole,
        optimiser=dataclasses.replace(whole.optimiser, beats_per_epoch=1024, epochs_max=2),
        cross_validation=dataclasses.replace(whole.cross_validation, folds=2),
        data=dataclasses.replace(whole.data, peaks="annotated"),
    )


def run(place: Path, data_dir: Path, cache: Path, resume: bool = False) -> Outcome:
    return train(
        small_config(),
        seed=5,
        resume=resume,
        checkpoint=place / "net.safetensors",
        report_dir=place / "report",
        state_dir=place / "state",
        data_dir=data_dir,
        cache_dir=cache,
        records=RECORDS,
        processes=1,
        device="cpu",
    )


@pytest.mark.needs_data("mitdb", "nstdb")
def test_whole_training_resumed_and_repeated(data_dir: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    first = run(tmp_path / "a", data_dir, cache)
    # As if stopped within the second fold: its state is one epoch old, the final training has none.
    (tmp_path / "b").mkdir()
    shutil.copytree(tmp_path / "a" / "state", tmp_path / "b" / "state")
    (tmp_path / "b" / "state" / "fold1.pt").unlink()
    (tmp_path / "b" / "state" / "final.pt").unlink()
    second = run(tmp_path / "b", data_dir, cache, resume=True)
    assert first.checkpoint.read_bytes() == second.checkpoint.read_bytes()
    assert first.metrics == second.metrics
    check_report(tmp_path / "a" / "report", first)
    for name in ("predictions.npz", "errors.md", "per_record.csv", *(f"{n}.png" for n in IMAGES)):
        assert (tmp_path / "a/report" / name).read_bytes() == (tmp_path / "b/report" / name).read_bytes(), (
            name
        )


def check_report(folder: Path, outcome: Outcome) -> None:
    info = load_checkpoint(outcome.checkpoint).info
    assert info["records"] == list(RECORDS)
    assert info["temperature"] == outcome.metrics["temperature"] > 0
    metrics = json.loads((folder / "metrics.json").read_text())
    # No patient on both sides, every record held out once.
    held = [set(f["records"]) for f in metrics["folds"]]
    assert held[0] | held[1] == set(RECORDS)
    assert not held[0] & held[1]
    with np.load(folder / "predictions.npz", allow_pickle=False) as saved:
        label, predicted, below = saved["label"], saved["predicted"], saved["below_q4"]
        own = [saved["record"] == i for i in range(len(RECORDS))]
        assert tuple(saved["records"]) == RECORDS
        assert all(np.all(np.diff(np.cumsum(saved["sample_step"][k])) > 0) for k in own)
    matrix = np.array(metrics["pooled"]["confusion"])
    assert np.array_equal(confusion_matrix(label, predicted), matrix)
    assert np.all(below[np.arange(len(label)), predicted] == 0)
    rows = list(csv.DictReader((folder / "per_record.csv").open()))
    assert [row["record"] for row in rows] == list(RECORDS)
    cells = np.array([[int(row[f"{a}_as_{b}"]) for a in "NSVF" for b in "NSVF"] for row in rows])
    assert np.array_equal(cells.sum(0).reshape(4, 4), matrix)
    errors = list(csv.DictReader((folder / "errors.csv").open()))
    assert sum(int(row["beats"]) for row in errors) == matrix.sum() - np.trace(matrix)
    low = [float(row["confidence"]) for row in csv.DictReader((folder / "low_confidence.csv").open())]
    assert low == sorted(low)
    for name in IMAGES:
        with Image.open(folder / f"{name}.png") as image:
            assert min(image.size) > 200
            assert len(image.convert("RGB").getcolors(1 << 24)) > 20  # type: ignore[arg-type]


def test_ds2_is_never_trained_on(tmp_path: Path) -> None:
    for record in DS2:
        with pytest.raises(UserError, match="never trained on"):
            fit(["101", record], 1, tmp_path)
        with pytest.raises(UserError, match="never trained on"):
            train(load_config(), records=("101", record), state_dir=tmp_path / "state")


def fold_result(fold: int, records: tuple[str, ...], *epochs: list[int]) -> FoldResult:
    return FoldResult(fold, records, [], [np.eye(4, dtype=np.float32)[np.array(e)] for e in epochs])


def test_epochs_are_chosen_on_all_folds_together() -> None:
    labels = {"a": np.array([0, 1], np.uint8), "b": np.array([2, 0], np.uint8)}
    results = [
        fold_result(0, ("a",), [0, 0], [0, 1]),  # stopped after two epochs
        fold_result(1, ("b",), [0, 0], [0, 0], [2, 0], [2, 2]),
    ]
    scores = pooled_scores(results, labels)
    assert scores[2] == 1.0
    assert scores[0] < scores[1] < scores[3] < scores[2]
    assert choose_epochs(scores, 1) == 3
    assert choose_epochs([0.5, 0.5, 0.2], 1) == 1
    chosen = pooled_logits(results, {"a": 2, "b": 2}, 3)
    assert chosen["a"].argmax(1).tolist() == [0, 1]
    assert chosen["b"].argmax(1).tolist() == [2, 0]


# ---- DS2's scoring, tried on training records


def test_ec57_figures_by_hand() -> None:
    matrix = np.zeros((6, 6), np.int64)
    matrix[0] = [90, 4, 3, 1, 0, 2]  # N: 90 right, 4 as S, 3 as V, 1 as F, 2 missed
    matrix[1] = [5, 10, 1, 0, 0, 0]
    matrix[2] = [2, 0, 30, 1, 0, 1]
    matrix[3] = [1, 0, 6, 3, 0, 0]  # F called V is free for V
    matrix[4] = [1, 2, 4, 0, 0, 0]  # Q: free
    matrix[5] = [2, 1, 1, 0, 0, 0]  # false beats
    figures = evaluate.figures_from_matrix(matrix)
    assert figures["classes"]["V"]["se"] == pytest.approx(100 * 30 / 34)
    assert figures["classes"]["V"]["ppv"] == pytest.approx(100 * 30 / (30 + 3 + 1 + 1))
    assert figures["classes"]["S"]["se"] == pytest.approx(100 * 10 / 16)
    assert figures["classes"]["S"]["ppv"] == pytest.approx(100 * 10 / (10 + 4 + 0 + 0 + 1))
    assert figures["classes"]["N"]["ppv"] == pytest.approx(100 * 90 / (90 + 5 + 2 + 1 + 2))
    assert figures["qrs"]["se"] == pytest.approx(100 * (matrix[:5, :5].sum()) / matrix[:5].sum())
    # All reference beats N S V F, and the four false ones, are judged.
    assert figures["accuracy"] == pytest.approx(100 * 133 / (100 + 16 + 34 + 10 + 4))


@pytest.mark.needs_data
def test_the_deployed_chain_is_scored_and_logged(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluate, "DS2", ("119", "124"))
    told: list[str] = []
    entry = evaluate.score_ds2(data_dir, told.append)
    assert told == ["119", "124"]
    total = np.array(entry["matrix"])
    # Record 119 has nothing but N and V, cleanly apart; from 5:00 on 1287 N and 374 V.
    ref = np.array(entry["per_record"]["119"])[:, :].sum(1)
    assert ref[2] > 300
    assert entry["qrs"]["se"] > 99
    assert np.array_equal(total, sum(np.array(m) for m in entry["per_record"].values()))
    # Record 124 has j beats: bxb counts them as S, de Chazal as N.
    assert entry["bxb"]["S"] != entry["classes"]["S"]
    log = tmp_path / "log.jsonl"
    assert append_log(entry, log)
    before = log.read_text()
    assert not append_log(entry, log)
    assert log.read_text() == before
    assert append_log(entry | {"model_hash": "another"}, log)
    assert log.read_text().startswith(before)
    assert {"date", "commit", "model_hash", "spec_hash", "accuracy"} <= set(json.loads(before))


def test_missing_report_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="make train"):
        evaluate.read_metrics(tmp_path)
    (tmp_path / "metrics.json").write_text("{")
    with pytest.raises(UserError, match="damaged"):
        evaluate.read_metrics(tmp_path)
