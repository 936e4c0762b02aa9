"""The board on a few real records. Oracles: the core run by hand, with either model's C, and compared with
:func:`pair_beats`; the float networks on the inputs that the core gave them; a network of known answers."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch
import wfdb
from hypothesis import given
from hypothesis import strategies as st

from export.c_network import generate_network
from export.spec import load_spec
from host_tools.cli import score as command
from host_tools.ec57 import figures_from_matrix, pair_beats, qrs_score
from host_tools.errors import UserError
from host_tools.mitdb import record_samples
from host_tools.native import CoreResult, run_core
from host_tools.reference.params import (
    BEAT_CHANNELS,
    CONTEXT_BEATS,
    DELAY_SAMPLES,
    FS_HZ,
    RHYTHM_FEATURES,
    WINDOW_SAMPLES,
)
from host_tools.scoreboard import board, plot_records, write_documents
from host_tools.scoreboard.chain import DS1_ONLY, SHIPPED, Job, Model, Replayed, generate_code, replay_records
from host_tools.scoreboard.tables import SCORE, markdown
from host_tools.written import LIST_NAME
from tests.data_access import database_dir, mitdb_dir
from training import datasets
from training.checkpoint import Checkpoint, load_checkpoint
from training.datasets import read_samples
from training.loop import predict

#: Record 114's usual lead is its second signal; 232 has S, 119 V beats.
QRS, DS2 = ("114", "119", "232"), ("119", "232")
LEARNING_S = 300


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three records of mitdb and one of nstdb, linked."""
    folder = tmp_path_factory.mktemp("data")
    for source, names in ((mitdb_dir(), QRS), (database_dir("nstdb"), ("118e06", "em"))):
        (folder / source.name).mkdir()
        for name in names:
            for file in source.glob(f"{name}.*"):
                (folder / source.name / file.name).symlink_to(file)
    return folder


@pytest.fixture(scope="module")
def scored(data_dir: Path) -> board.Scoreboard:
    """Return the board of both committed models."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(datasets, "DS2", DS2)
        return board.score_all(data_dir, 1)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, CoreResult]]:
    """DS2's records through the core by hand, with either model's C."""
    folder = tmp_path_factory.mktemp("code")
    generate_network(DS1_ONLY.tflite, folder / "model", folder / "reference", load_spec().digest)
    return {
        name: {r: run_core(read_samples(mitdb_dir() / r), trace=True, model_dir=code) for r in DS2}
        for name, code in (("shipped", None), ("ds1", folder / "model"))
    }


def matrix_of(record: str, beats: np.ndarray, classes: np.ndarray, mapping: str = "dechazal") -> np.ndarray:
    """Compare a run's beats, called by these classes, with the annotations."""
    atr = wfdb.rdann(str(mitdb_dir() / record), "atr")
    at = beats["r_sample"].astype(np.int64) - DELAY_SAMPLES
    labels = ["NSVF"[k] for k in classes]
    return pair_beats(atr.sample, atr.symbol, at, labels, FS_HZ, LEARNING_S, mapping).matrix


@pytest.mark.needs_data("mitdb", "nstdb")
def test_figures_are_those_of_the_core(scored: board.Scoreboard) -> None:
    content = scored.content
    assert list(content["qrs_per_record"]) == list(QRS)
    assert list(content["qrs_noise"]) == ["118e06"]
    beats = run_core(read_samples(mitdb_dir() / "119")).beats
    matrix = matrix_of("119", beats, beats["aami_class"])
    assert content["ds2"]["per_record"]["119"]["matrix"] == matrix.tolist()
    assert content["qrs_per_record"]["119"]["missed"] == matrix[:5, 5].sum()


@pytest.mark.needs_data("mitdb", "nstdb")
def test_the_detector_is_scored_on_the_first_signal(scored: board.Scoreboard) -> None:
    """Record 114, where the usual lead is another one, on which the detector errs elsewhere."""

    def errors(lead: str | None) -> tuple[int, int]:
        beats = run_core(record_samples(mitdb_dir(), "114", lead)).beats
        score = qrs_score(matrix_of("114", beats, beats["aami_class"], "bxb"))
        return score.fn, score.fp

    told = scored.content["qrs_per_record"]["114"]
    assert (told["missed"], told["false"]) == errors("0") != errors(None)


@pytest.mark.needs_data("mitdb", "nstdb")
def test_each_model_is_scored_with_its_own_network(
    scored: board.Scoreboard, runs: dict[str, dict[str, CoreResult]]
) -> None:
    content = scored.content
    for told, of_model in (
        (content["ds2"], runs["shipped"]),
        (content["protocols"]["ds1"]["ds2"], runs["ds1"]),
    ):
        for record, run in of_model.items():
            matrix = matrix_of(record, run.beats, run.beats["aami_class"])
            assert told["per_record"][record]["matrix"] == matrix.tolist()
    # One network's figures are not the other's.
    assert content["protocols"]["ds1"]["ds2"]["per_record"] != content["ds2"]["per_record"]
    assert [e["protocol"] for e in scored.entries] == [board.protocol_of(SHIPPED), "ds1"]
    assert [e["model_hash"] for e in scored.entries] == [SHIPPED.digest, DS1_ONLY.digest]
    assert scored.notes == []


@pytest.mark.needs_data("mitdb", "nstdb")
def test_int8_is_compared_with_each_model_s_own_float_twin(
    scored: board.Scoreboard, runs: dict[str, dict[str, CoreResult]]
) -> None:
    """Oracle: both networks on what the core gave the int8 one, counted by hand."""
    content = scored.content
    for told, model, of_model in (
        (content["ds2"], SHIPPED, runs["shipped"]),
        (content["protocols"]["ds1"]["ds2"], DS1_ONLY, runs["ds1"]),
    ):
        net = load_checkpoint(model.checkpoint).net
        total = np.zeros((2, 6, 6), np.int64)
        for record, run in of_model.items():
            beat, rhythm = (run.trace[name].astype(np.int8) for name in ("beat_input", "rhythm_input"))
            n = len(run.beats)
            logits = predict(net, beat.reshape(n, -1, BEAT_CHANNELS), rhythm.reshape(n, CONTEXT_BEATS, -1))
            for k, classes in enumerate((run.beats["aami_class"], logits.argmax(1))):
                total[k] += matrix_of(record, run.beats, classes)
        int8, floats = (figures_from_matrix(matrix)["macro_f1"] for matrix in total)
        assert told["int8_minus_float"] == pytest.approx(int8 - floats)
        assert abs(int8 - floats) < 3


class Answers(torch.nn.Module):
    """A network whose logits are the first samples of the beat input."""

    def forward(self, beat: torch.Tensor, rhythm: torch.Tensor) -> torch.Tensor:
        return beat[:, 0, 0, :4]


def test_int8_minus_float_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of N N N N V V S S the int8 network calls the last one N, the float network both last ones.

    F1 of N, V, S: 8/9, 1, 2/3 with int8; 8/10, 1, 0 in float.
    """
    int8, floats = np.array([0, 0, 0, 0, 2, 2, 1, 0], np.uint8), [0, 0, 0, 0, 2, 2, 0, 0]
    n = len(int8)
    beat = np.zeros((n, WINDOW_SAMPLES, BEAT_CHANNELS), np.int8)
    beat[np.arange(n), floats, 0] = 16
    rhythm = np.zeros((n, CONTEXT_BEATS, RHYTHM_FEATURES), np.int8)
    at = (LEARNING_S + 1 + np.arange(n)) * FS_HZ
    record = Replayed("100", "MLII", {}, at, int8, beat, rhythm, (at, list("NNNNVVAA")))
    key = ("dechazal", float(LEARNING_S))
    record.matrices[key] = record.compared(int8, *key)
    nets = {SHIPPED.checkpoint: Checkpoint(Answers(), {})}  # type: ignore[arg-type]
    monkeypatch.setattr("training.checkpoint.load_checkpoint", nets.__getitem__)
    expected = 100 * ((8 / 9 + 1 + 2 / 3) / 3 - (8 / 10 + 1 + 0) / 3)
    assert board.int8_minus_float(SHIPPED, [record]) == pytest.approx(expected)


@pytest.mark.needs_data("mitdb")
def test_first_signal_and_usual_lead() -> None:
    path = mitdb_dir() / "114"
    first, usual = replay_records([Job(path, "0", None, False), Job(path, None, None, True)], 1)
    assert (first.lead, usual.lead) == ("V5", "MLII")
    assert len(first.samples) != 0
    assert usual.beat_input is not None
    assert usual.rhythm_input is not None
    assert usual.beat_input.shape == (len(usual.samples), 96, 2)
    assert len(usual.rhythm_input) == len(usual.samples)
    assert np.array_equal(usual.compared(usual.classes, "bxb", 300.0), usual.matrices["bxb", 300.0])


@pytest.mark.needs_data("mitdb", "nstdb")
def test_a_larger_training_set_needs_the_ds1_model_beside(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(board, "DS1_ONLY", Model("ds1", tmp_path / "no.tflite", tmp_path / "no.safetensors"))
    monkeypatch.setattr(board, "protocol_of", lambda model: "ds1+svdb")
    with pytest.raises(
        UserError, match=r"no\.tflite: not there, but the shipped model was trained on ds1\+svdb"
    ):
        board.score_all(data_dir, 1)


def test_missing_data_and_damaged_checkpoint_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="make data"):
        replay_records([Job(tmp_path / "100", None, None, False)], 1)
    broken = dataclasses.replace(SHIPPED, checkpoint=tmp_path / "x.safetensors")
    with pytest.raises(UserError, match=r"x\.json: cannot be read"):
        board.protocol_of(broken)
    with pytest.raises(UserError, match="cannot be read"):
        _ = dataclasses.replace(SHIPPED, tflite=tmp_path / "none.tflite").digest
    (tmp_path / "no.tflite").write_bytes(b"none")
    with pytest.raises(UserError):
        generate_code(Model("test-none", tmp_path / "no.tflite", tmp_path / "no"))


@pytest.mark.needs_data("mitdb", "nstdb")
def test_command_writes_figures_and_documents(
    scored: board.Scoreboard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("host_tools.scoreboard.score_all", lambda *_: scored)
    command.scoreboard(tmp_path / "score.json", tmp_path, tmp_path / "docs", 1)
    assert json.loads((tmp_path / "score.json").read_text()) == scored.content
    assert sorted(p.name for p in (tmp_path / "docs").iterdir()) == [LIST_NAME, "score.md", "score.png"]
    again = plot_records(tmp_path / "again.png", scored.content)
    assert again.read_bytes() == (tmp_path / "docs" / "score.png").read_bytes()
    page = (tmp_path / "docs" / "score.md").read_text()
    for system in ("OSEA", "Farag 2023", "de Chazal 2004", "gqrs", "118e06"):
        assert system in page
    assert f"{scored.content['qrs']['se']:.2f}" in page


@pytest.mark.needs_data("mitdb", "nstdb")
def test_marked_documents_are_rewritten(scored: board.Scoreboard, tmp_path: Path) -> None:
    marked, plain = tmp_path / "marked.md", tmp_path / "plain.md"
    marked.write_text(f"# A\n{SCORE.begin}\nformer text\n{SCORE.end}\n# B\n")
    plain.write_text("# A\n")
    written = write_documents(scored.content, tmp_path / "page.md", [marked, plain, tmp_path / "none.md"])
    assert written == [tmp_path / "page.md", marked]
    text = marked.read_text()
    assert text.startswith("# A\n")
    assert text.endswith("# B\n")
    assert markdown(scored.content) in text
    assert "former text" not in text
    assert plain.read_text() == "# A\n"


@given(st.text(), st.text(), st.text(alphabet="ab\n|-"))
def test_replacing_twice_changes_nothing_more(head: str, tail: str, new: str) -> None:
    text = f"{head}{SCORE.begin}old{SCORE.end}{tail}"
    once = SCORE.replaced(text, new)
    assert once is not None
    assert SCORE.replaced(once, new) == once
    assert once.startswith(head)
    assert once.endswith(tail)
    assert SCORE.replaced(f"{head}{tail}", new) is None or SCORE.begin in head + tail
