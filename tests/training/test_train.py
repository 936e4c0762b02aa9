"""``bitbeat train``, ``crossval``, ``ablate`` and their reports. Oracles: the program's own repetition, and
figures counted again from the files it wrote.
"""

from __future__ import annotations

import csv
import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from host_tools.errors import UserError
from host_tools.scoreboard import append_log
from tests.data_access import database_dir, mitdb_dir
from tests.training.small import small_config
from training import evaluate
from training.ablate import JSON_PATH, TABLE_PATH, ablate, load_variants, table
from training.checkpoint import load_checkpoint
from training.config import changed, load_config
from training.crossval import (
    FINAL,
    Places,
    cross_validation_jobs,
    load_training_data,
    run_job,
)
from training.crossval_report import (
    cross_validate,
    markdown,
    write_crossval,
)
from training.metrics import confusion_matrix
from training.scores import OFFSET_MAX, mean_and_spread
from training.splits import DS2, OTHER_LEAD, original_of
from training.train import Outcome, Outputs, fit, train

RECORDS = ("119", "208", "209", "800")
IMAGES = ("confusion_matrix", "per_class", "reliability", "confidence", "low_confidence")


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the real databases, wherever these are."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "mitdb").symlink_to(mitdb_dir())
    (folder / "nstdb").symlink_to(database_dir("nstdb"))
    (folder / "svdb").mkdir()
    for file in database_dir("svdb").glob("80[02].*"):
        (folder / "svdb" / file.name).symlink_to(file)
    return folder


def run(place: Path, data_dir: Path, cache: Path, resume: bool = False) -> Outcome:
    return train(
        small_config(),
        "ds1+svdb",
        seed=5,
        resume=resume,
        outputs=Outputs(place / "net.safetensors", place / "report"),
        places=Places(data_dir, cache, place / "state"),
        records=RECORDS,
        processes=1,
    )


@pytest.mark.needs_data("mitdb", "nstdb", "svdb")
def test_whole_training_resumed_and_repeated(data_dir: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    first = run(tmp_path / "a", data_dir, cache)
    # As if stopped: a teacher's file is damaged, a student's is missing, the rest is kept.
    (tmp_path / "a" / "state").rename(tmp_path / "kept")
    (tmp_path / "b").mkdir()
    (tmp_path / "kept").rename(tmp_path / "b" / "state")
    files = sorted((tmp_path / "b" / "state").iterdir())
    assert len(files) == 3 * (2 + 1)  # two folds and all records, each two teachers and a student
    teacher = next(f for f in files if f.name.startswith("teacher_fold1"))
    teacher.write_bytes(teacher.read_bytes()[:3000])
    next(f for f in files if f.name.startswith("student_final")).unlink()
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
    assert info["s_offset"] == outcome.metrics["s_offset"]
    assert abs(info["s_offset"]) <= OFFSET_MAX
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
            train(load_config(), records=("101", record), places=Places(state_dir=tmp_path / "state"))


@pytest.mark.needs_data("mitdb", "nstdb", "svdb")
def test_no_patient_is_on_both_sides(data_dir: Path, tmp_path: Path) -> None:
    places = Places(data_dir, tmp_path, tmp_path / "state")
    data = load_training_data(small_config(), ("119", "208", "800"), places)
    assert {r.record for r in data.train} == {"119", "208", "800", "800" + OTHER_LEAD}
    assert {r.record for r in data.judged} == {"119", "208", "800", "802"}  # 802 is never trained on
    for fold in (0, 1):
        held = {r.record for r in data.held_out(fold)}
        seen = {r.record.removesuffix(OTHER_LEAD) for r in data.training_part(fold)}
        assert held
        assert seen
        assert not held & seen
        assert {original_of(r.record) for r in data.made_up_part(fold)} == seen
    assert len(data.training_part(FINAL)) == len(data.train)
    assert len(data.made_up_part(FINAL)) == len(data.made_up)
    # A student's teachers have seen no more than it has.
    for job in cross_validation_jobs(small_config(), ("119", "208", "800"), [1], places):
        assert {t.fold for t in job.teacher_jobs()} == {job.fold}
        assert {t.records for t in job.teacher_jobs()} == {job.records}


@pytest.mark.needs_data("mitdb", "nstdb", "svdb")
def test_crossval_gives_mean_and_spread(data_dir: Path, tmp_path: Path) -> None:
    """Oracle: NumPy over the figures of single seeds."""
    places = Places(data_dir, tmp_path / "cache", tmp_path / "state")
    config = changed(small_config(), {"distillation": {"teachers": 0}}, "test")
    both = cross_validate(config, "ds1+svdb", [1, 2], places, 1, records=RECORDS)
    single = [cross_validate(config, "ds1+svdb", [s], places, 1, records=RECORDS) for s in (1, 2)]
    for database in ("ds1", "svdb"):
        values = [s[database]["N"]["se"]["mean"] for s in single]
        assert both[database]["N"]["se"]["mean"] == pytest.approx(np.mean(values))
        assert both[database]["N"]["se"]["spread"] == pytest.approx(np.std(values, ddof=1))
    assert single[0]["ds1"]["V"]["se"]["spread"] is None
    json.dumps(both, allow_nan=False)
    table = markdown({"protocols": {"ds1+svdb": both | {"seeds": 2}}, "folds": 2})
    row = next(line for line in table.splitlines() if line.startswith("| DS1 | ds1+svdb | 2 |"))
    predictivity = both["ds1"]["V"]["ppv"]
    assert f"| {predictivity['mean']:.1f} ± {predictivity['spread']:.1f} " in row
    assert f"({predictivity['spread_of_folds']:.0f}) |" in row


def test_protocols_can_be_cross_validated_one_by_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    figure = {"mean": 50.0, "spread": None, "spread_of_folds": 1.0}
    database = {c: {"se": figure, "ppv": figure} for c in "NSV"} | {"accuracy": figure, "macro_f1": figure}
    path = tmp_path / "c.json"

    def run(seeds: int, *only: str) -> dict[str, int]:
        monkeypatch.setattr(
            "training.crossval_report.cross_validate", lambda *_: {"ds1": database, "svdb": database}
        )
        write_crossval(small_config(), Places(), 1, None, path, (), seeds, only)
        return {name: figures["seeds"] for name, figures in json.loads(path.read_text())["protocols"].items()}

    with pytest.raises(UserError, match="no figures of ds1"):
        run(1, "ds1")
    with pytest.raises(UserError, match="ds3 is none of"):
        run(1, "ds3")
    assert run(5, "ds1+svdb") == {"ds1+svdb": 5}
    assert run(1, "ds1") == {"ds1+svdb": 5, "ds1": 1}
    assert run(2) == {"ds1+svdb": 2, "ds1": 2}


@pytest.mark.needs_data("mitdb", "nstdb", "svdb")
def test_crossval_begins_with_what_training_left(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many seeds are asked for, the networks of ``make train`` are the first seed's."""
    monkeypatch.setattr("training.crossval_report.PROTOCOLS", {"ds1+svdb": RECORDS})
    cache, states = tmp_path / "cache", tmp_path / "states"
    train(
        small_config(),
        outputs=Outputs(tmp_path / "net.safetensors", tmp_path / "report"),
        places=Places(data_dir, cache, states / "ds1+svdb"),
        records=RECORDS,
        processes=1,
    )
    places = Places(data_dir, cache, states)

    def seeds(n: int) -> int:
        return write_crossval(small_config(), places, 1, None, tmp_path / "c.json", (), n)["seeds"]

    monkeypatch.setattr("training.crossval.train_network", None)
    assert seeds(1) == 1
    with pytest.raises(TypeError, match="NoneType"):
        seeds(2)
    monkeypatch.undo()


def test_mean_and_spread_by_hand() -> None:
    assert mean_and_spread([1.0, 3.0]) == {"mean": 2.0, "spread": pytest.approx(2**0.5)}
    assert mean_and_spread([1.0]) == {"mean": 1.0, "spread": None}


@pytest.mark.needs_data("mitdb", "nstdb", "svdb")
def test_ablation_writes_a_line_for_each_variant(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.crossval_report.PROTOCOLS", {"ds1+svdb": RECORDS, "ds1": RECORDS[:3]})
    variants = tmp_path / "v.toml"
    variants.write_text(
        '[[variant]]\nname = "a"\ntext = "first"\n'
        '[[variant]]\nname = "b"\ntext = "second"\nprotocol = "ds1"\nfeatures = ["p_"]\n'
        "optimiser = { steps = 2 }\n"
    )

    def run(only: tuple[str, ...] = ()) -> list[dict]:
        return ablate(
            small_config(),
            1,
            Places(data_dir, tmp_path / "cache", tmp_path / "state"),
            only,
            processes=1,
            variants_path=variants,
            json_path=tmp_path / "t.json",
            table_path=tmp_path / "t.md",
        )

    rows = run()
    assert run(("b",)) == rows  # the other lines stay
    assert [row["name"] for row in rows] == ["a", "b"]
    assert json.loads((tmp_path / "t.json").read_text())["variants"] == rows
    lines = [line for line in (tmp_path / "t.md").read_text().splitlines() if line.startswith("| ")]
    assert [line.split(" | ")[0] for line in lines[1:]] == ["| first", "| second"]
    accuracy = rows[0]["figures"]["ds1"]["V"]["se"]["mean"]
    assert f"{accuracy:.1f}" in lines[1]
    first, second = (row["figures"]["ds1"]["macro_f1"]["mean"] for row in rows)
    assert f"({second - first:+.1f}) |" in lines[2]
    assert [line.split(" | ")[2] for line in lines] == ["seeds", "1", "1"]
    assert 0 <= rows[0]["figures"]["made_up"]["mean"] <= 100
    loaded = load_variants(small_config(), variants)[1]
    assert loaded.config.data.without_features
    assert all(name.startswith("p_") for name in loaded.config.data.without_features)
    for text, message in (
        ('[[variant]]\nname = "a"', "text"),
        ('[[variant]]\nname = "a"\ntext = ""\nprotocol = "ds2"', "protocol"),
        ('[[variant]]\nname = "a"\ntext = ""\nfeatures = ["zz"]', "no feature"),
        ('[[variant]]\nname = "a"\ntext = ""\nmodel = { zz = 1 }', "zz is unknown"),
    ):
        variants.write_text(text)
        with pytest.raises(UserError, match=message):
            load_variants(small_config(), variants)


def test_an_ablation_compares_the_same_seeds() -> None:
    def row(text: str, macro_f1: list[float]) -> dict:
        rates = {rate: {"mean": 50.0, "spread": None} for rate in ("se", "ppv")}
        own = {"S": rates, "V": rates, "macro_f1": mean_and_spread(macro_f1) | {"of_seeds": macro_f1}}
        figures = {"ds1": own, "svdb": own, "made_up": mean_and_spread([0.0])}
        return {"text": text, "protocol": "ds1+svdb", "seeds": len(macro_f1), "figures": figures}

    lines = table(
        [row("all", [90.0, 80.0, 70.0]), row("two", [84.0, 82.0]), row("three", [81.0, 81.0, 81.0])]
    )
    macro = [line.split(" | ")[5] for line in lines.splitlines()[-3:]]
    assert macro == ["80.0 ± 10.0", "83.0 ± 1.4 (-2.0)", "81.0 (+1.0)"]


def test_the_committed_table_is_of_the_committed_figures() -> None:
    assert TABLE_PATH.read_text() == table(json.loads(JSON_PATH.read_text())["variants"])


def test_committed_variants_are_sound() -> None:
    names = [v.name for v in load_variants(load_config())]
    assert len(set(names)) == len(names) >= 10


@pytest.mark.needs_data("mitdb", "nstdb", "svdb")
def test_a_job_that_is_done_is_not_done_again(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = Places(data_dir, tmp_path / "cache", tmp_path / "state")
    config = changed(small_config(), {"distillation": {"teachers": 0}}, "test")
    (job, *_) = cross_validation_jobs(config, RECORDS, [1], places)
    run_job(job)
    before = job.file().read_bytes()
    monkeypatch.setattr("training.crossval.train_network", None)
    run_job(job)
    assert job.file().read_bytes() == before
    other = changed(config, {"optimiser": {"weight_decay": 0.1}}, "test")
    assert dataclasses.replace(job, config=other).file() != job.file()


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


@pytest.mark.needs_data("mitdb", "nstdb", "svdb")
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
