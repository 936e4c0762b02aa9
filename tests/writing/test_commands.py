"""Every command that leaves files, against files of the user's at the same places. Oracle: their bytes."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from host_tools import writing
from host_tools.build import ROOT
from host_tools.cli import main
from host_tools.cli.shape import shape
from host_tools.example import example_record
from tests.command_line import Ended, run_bitbeat
from training.config import CONFIG_PATH

MINE = b"what I measured in a year\n"
#: A beat of the made-up record.
PEAK = str(example_record(360.0, 1).r_samples[20])
Bitbeat = Callable[..., Ended]

#: Command line: files that it would write. DATA: made-up records; OWN: a CSV of the user's.
WRITES: dict[str, list[tuple[str, tuple[str, ...]]]] = {
    "simulate": [
        ("--out . --name x", ("x.hea", "x.dat", "x.atr")),
        ("", ("build/simulated/example.hea", "build/simulated/example.dat", "build/simulated/example.atr")),
    ],
    "demo": [
        ("--out .", ("example.dat", "example.bbt", "example.csv", "example.json", "example.png")),
        ("DATA/r1 --out .", ("r1.csv", "r1.bbt", "r1.json", "r1.png")),
    ],
    "replay": [
        ("OWN --fs 360 --emulator --out .", ("own.csv",)),
        ("DATA/r1 --emulator --plot --out .", ("r1.png",)),
        ("DATA/r1 --emulator", ("build/replay/r1.csv", "build/replay/r1.bbt", "build/replay/r1.json")),
    ],
    "explain": [
        ("DATA/r1 --beat 0:10 --out a.png", ("a.png",)),
        ("DATA/r1 --beat 0:10 --out a.svg --json", ("a.svg", "a.json")),
        ("--beat 0:10", ("build/explain/example.dat",)),
    ],
    "errors": [("--records DATA --out .", ("errors.csv", "errors.json", "errors.png"))],
    "score": [
        (
            "--ref DATA/r1.atr --test DATA/r1.atr --out .",
            tuple(f"score.{s}" for s in ("bxb", "sd", "bxb.sumstats", "sd.sumstats", "json", "csv", "html")),
        )
    ],
    "scoreboard": [
        ("--data . --docs pages", ("pages/score.md", "pages/score.png", "build/score-some.json")),
        ("--data . --out a.json --docs pages", ("a.json",)),
    ],
    "score-noise": [
        ("--data . --plots pages", tuple(f"pages/{n}.png" for n in ("noise", "reliability", "undecided"))),
        ("--data . --out a.json", ("a.json",)),
    ],
    "parity": [("--data DATA --out a.json", ("a.json",)), ("r1 --data DATA", ("build/parity-some.json",))],
    "rates": [("--data DATA --out a.json", ("a.json",)), ("--data DATA", ("build/rates-some.json",))],
    "jitter": [("--data DATA --out a.json", ("a.json",)), ("--data DATA", ("build/jitter-some.json",))],
    "isa": [("--data DATA --out a.json", ("a.json",))],
    "hil": [("--data DATA --out runs", ("runs.json",))],
    "bench": [("--data DATA --out a.json", ("a.json",)), ("r1 --data DATA", ("build/bench-some.json",))],
    "engines": [("DATA/r1 --out a.json", ("a.json",)), ("DATA/r1", ("build/engines-some.json",))],
    "fuzz": [("--out a.json", ("a.json",)), ("", ("build/fuzz.json",))],
    "envelope": [
        ("--out a.json", ("a.json",)),
        ("--cell 1 --out .", ("cell1.hea", "cell1.dat", "cell1.atr")),
    ],
    "fit-detector": [("--data . --out a.json", ("a.json",))],
    "train": [
        (
            "--data . --protocol ds1 --out .",
            ("ds1/bitbeat_ds1.safetensors", "ds1/bitbeat_ds1.json", "ds1/report/metrics.json"),
        )
    ],
    "export": [
        ("--data . --out .", ("bitbeat.tflite", "bitbeat.onnx", "export.json", "ecg_model.c", "network.py"))
    ],
    "monitor": [
        ("--emulator --record . --name x", tuple(f"x.{s}" for s in ("dat", "hea", "csv", "bbt", "json")))
    ],
    "data": [("--from . --into db", ("db/mitdb/100.atr",))],
    "ablate": [("--data .", ("build/ablation-some.md", "build/ablation-some.json"))],
}
#: Commands that leave nothing where a user's files may be, and why.
NONE = {
    **dict.fromkeys(("boards", "doctor", "ports", "stop", "toolchains"), "show, or install by apt"),
    **dict.fromkeys(("firmware", "flash", "serial", "emulator", "faults"), "keep what they build in build/"),
    **dict.fromkeys(("generate", "evaluate"), "write the project's own files, which version control keeps"),
    "crossval": "writes build/crossval.json of the checkout, of the service, wherever it is started",
}


def commands() -> set[str]:
    if not main.app.registered_commands:
        main._register()
    return set(shape(main.app).commands)


def test_every_command_is_in_the_table() -> None:
    assert set(WRITES) | set(NONE) == commands()
    assert not set(WRITES) & set(NONE)


def test_every_command_that_takes_a_place_to_write_to_is_tried() -> None:
    for name, command in shape(main.app).commands.items():
        places = {p.name for p in command.params} & {"out", "docs", "plots", "into", "name"}
        assert not places or name in WRITES, name
        if name in WRITES:
            given = " ".join(line for line, _ in WRITES[name])
            assert all(f"--{place}" in given for place in places), name
            assert any("--force" in p.opts for p in command.params), name


@pytest.fixture(autouse=True)
def _no_claims(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "_claims", {})


@pytest.fixture
def bitbeat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Bitbeat:
    """Runs the command line in this process, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return partial(run_bitbeat, monkeypatch, capsys)


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("records")
    example_record(360.0, 1).write_wfdb(folder, "r1")
    return folder


def line(template: str, records: Path) -> list[str]:
    return [word.replace("DATA", str(records)).replace("OWN", "own.csv") for word in template.split()]


CASES = [(name, text, file) for name, lines in WRITES.items() for text, files in lines for file in files]


@pytest.mark.parametrize(("name", "text", "file"), CASES)
def test_a_users_file_is_not_replaced(
    bitbeat: Bitbeat, tmp_path: Path, records: Path, name: str, text: str, file: str
) -> None:
    """Refused in one line that names it, exit code 2, before anything is done for it."""
    samples = example_record(360.0, 2).samples[:7200] / 200
    (tmp_path / "own.csv").write_text("\n".join(f"{v:.3f}" for v in samples))
    path = tmp_path / file
    path.parent.mkdir(parents=True, exist_ok=True)
    if file != "own.csv":
        path.write_bytes(MINE)
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    code, _, err = bitbeat(name, *line(text, records))
    assert code == 2, err
    assert err.strip().startswith("bitbeat: ")
    assert err.strip().count("\n") == 0
    assert path.name in err
    after = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    made = {p.name for p in after.keys() - before.keys()}
    assert {p: after[p] for p in before} == before
    assert made <= {".bitbeat.json", "example.hea", "example.dat", "example.atr"}, "no work was begun"


@pytest.mark.parametrize(
    ("command", "name"),
    [
        (("simulate", "--out", ".", "--name", "x"), "x.hea"),
        (("score", "--ref", "R/r1.atr", "--test", "R/r1.atr", "--start", "0", "--out", "."), "score.json"),
        (("errors", "--records", "R", "--start", "0", "--out", "."), "errors.csv"),
        (("explain", "R/r1", "--beat", PEAK, "--out", "x.png"), "x.png"),
    ],
)
def test_own_files_are_replaced_and_others_by_force(
    bitbeat: Bitbeat, tmp_path: Path, records: Path, command: tuple[str, ...], name: str
) -> None:
    words = [word.replace("R", str(records), 1) if word.startswith("R") else word for word in command]
    for _ in range(2):
        assert bitbeat(*words)[0] == 0
    written = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(MINE)
    assert bitbeat(*words)[0] == 2
    assert (tmp_path / name).read_bytes() == MINE
    assert bitbeat(*words, "--force")[0] == 0
    assert (tmp_path / name).read_bytes() == written


def test_two_files_of_one_name_have_results_of_their_own(bitbeat: Bitbeat, tmp_path: Path) -> None:
    for folder, seed in (("a", 3), ("b", 4)):
        (tmp_path / folder).mkdir()
        samples = example_record(360.0, seed).samples[:7200] / 200
        (tmp_path / folder / "rec.csv").write_text("\n".join(f"{v:.3f}" for v in samples))
    for folder in "abab":
        assert bitbeat("replay", f"{folder}/rec.csv", "--fs", "360", "--emulator", "--out", "out")[0] == 0
    found = sorted(p.name for p in (tmp_path / "out").iterdir() if p.suffix == ".csv")
    assert found == ["rec-2.csv", "rec.csv"]
    peaks = [np.loadtxt(tmp_path / "out" / n, delimiter=",", skiprows=1, usecols=0) for n in found]
    assert not np.array_equal(*peaks)


def test_the_input_survives_even_force(bitbeat: Bitbeat, tmp_path: Path) -> None:
    """`replay my.csv --out .` wrote its table of beats over the signal."""
    samples = example_record(360.0, 3).samples[:7200] / 200
    own = tmp_path / "own.csv"
    own.write_text("\n".join(f"{v:.3f}" for v in samples))
    before = own.read_bytes()
    for more in ((), ("--force",)):
        code, _, err = bitbeat("replay", "own.csv", "--fs", "360", "--emulator", "--out", ".", *more)
        assert (code, err.count("\n")) == (2, 1)
        assert "own.csv" in err
        assert own.read_bytes() == before


@pytest.mark.parametrize(
    "arguments",
    [
        ("train", "--config", str(CONFIG_PATH)),
        ("train", "--data", "."),
        ("train",),
        ("export", "--data", "."),
        ("export",),
    ],
)
def test_the_shipped_model_is_not_replaced_unasked(
    bitbeat: Bitbeat, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    def nobody(*_: object, **__: object) -> None:
        raise AssertionError("work was begun")

    monkeypatch.setattr("training.data.fetch_databases", nobody)
    monkeypatch.setattr(sys, "stdin", open("/dev/null"))  # noqa: SIM115
    code, _, err = bitbeat(*arguments)
    assert (code, err.count("\n")) == (2, 1)
    assert "--out FOLDER" in err


def test_documents_are_not_written_of_other_data(bitbeat: Bitbeat, records: Path, tmp_path: Path) -> None:
    """Another database's figures stood in README's tables."""
    documents = [ROOT / "README.md", ROOT / "MODEL_CARD.md", *sorted((ROOT / "docs").glob("*"))]
    before = {p: p.read_bytes() for p in documents}
    for command, figures in (("jitter", "jitter"), ("parity", "parity")):
        code, out, _ = bitbeat(command, "--data", records)
        assert code == 0
        assert "is not the committed mitdb" in out
        assert (tmp_path / "build" / f"{figures}-some.json").is_file()
        assert not (tmp_path / "build" / f"{figures}.json").exists()
    assert {p: p.read_bytes() for p in documents} == before


WRITERS_OF_DOCUMENTS = (
    *("jitter", "parity", "rates", "isa", "hil", "bench", "engines", "fit-detector", "score-noise"),
    *("scoreboard", "crossval", "ablate", "evaluate", "export", "train"),
)


@pytest.mark.parametrize("name", WRITERS_OF_DOCUMENTS)
def test_help_says_when_documents_are_written(bitbeat: Bitbeat, name: str) -> None:
    code, out, _ = bitbeat(name, "--help")
    assert code == 0
    text = " ".join(out.split())
    assert "committed" in text
    assert "SHA-256" in text
