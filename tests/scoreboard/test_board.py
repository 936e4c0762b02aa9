"""The board on a few real records. Oracles: the core run by hand and compared with :func:`pair_beats`; the
committed model generated anew gives the committed model's beats."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import wfdb
from hypothesis import given
from hypothesis import strategies as st

from host_tools.cli import score as command
from host_tools.ec57 import pair_beats
from host_tools.errors import UserError
from host_tools.native import run_core
from host_tools.reference.params import DELAY_SAMPLES, FS_HZ
from host_tools.scoreboard import board, plot_records, write_documents
from host_tools.scoreboard.chain import SHIPPED, Job, Model, generate_code, replay_records
from host_tools.scoreboard.tables import SCORE, markdown
from tests.data_access import database_dir, mitdb_dir
from training import datasets
from training.datasets import read_samples

#: Record 114's usual lead is its second signal; 232 has S, 119 V beats.
QRS, DS2 = ("114", "119", "232"), ("119", "232")


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
def scored(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> board.Scoreboard:
    """Return the board with the shipped model in both places."""
    folder = tmp_path_factory.mktemp("ds1")
    twin = Model("ds1", folder / "bitbeat_ds1.tflite", folder / "bitbeat_ds1.safetensors")
    shutil.copy(SHIPPED.tflite, twin.tflite)
    shutil.copy(SHIPPED.checkpoint, twin.checkpoint)
    info = json.loads(SHIPPED.checkpoint.with_suffix(".json").read_text())
    twin.checkpoint.with_suffix(".json").write_text(json.dumps(info | {"protocol": "ds1"}))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(board, "DS1_ONLY", twin)
        patch.setattr(datasets, "DS2", DS2)
        return board.score_all(data_dir, 1)


@pytest.mark.needs_data("mitdb", "nstdb")
def test_figures_are_those_of_the_core(scored: board.Scoreboard) -> None:
    content = scored.content
    assert list(content["qrs_per_record"]) == list(QRS)
    assert list(content["qrs_noise"]) == ["118e06"]
    path = mitdb_dir() / "119"
    beats = run_core(read_samples(path)).beats
    atr = wfdb.rdann(str(path), "atr")
    labels = ["NSVF"[k] for k in beats["aami_class"]]
    at = beats["r_sample"].astype(np.int64) - DELAY_SAMPLES
    matrix = pair_beats(atr.sample, atr.symbol, at, labels, FS_HZ, 300, "dechazal").matrix
    assert content["ds2"]["per_record"]["119"]["matrix"] == matrix.tolist()
    assert content["qrs_per_record"]["119"]["missed"] == matrix[:5, 5].sum()
    assert abs(content["ds2"]["int8_minus_float"]) < 3


@pytest.mark.needs_data("mitdb", "nstdb")
def test_both_models_go_through_the_same_core(scored: board.Scoreboard) -> None:
    """The second model's C is generated; being the same model, it gives the same figures."""
    assert scored.content["protocols"]["ds1"]["ds2"] == scored.content["ds2"]
    assert [e["protocol"] for e in scored.entries] == [board.protocol_of(SHIPPED), "ds1"]
    assert scored.notes == []


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
    assert sorted(p.name for p in (tmp_path / "docs").iterdir()) == ["score.md", "score.png"]
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
