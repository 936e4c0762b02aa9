"""Every command, called wrongly. Oracle: what CONTRIBUTING promises: one clear line, exit code 2, no
traceback, nothing written; and never a start of long work first, which a test would notice by its time."""

from __future__ import annotations

import io
import shlex
import shutil
import sys
from pathlib import Path

import pytest

from host_tools.cli import main
from host_tools.example import example_record

from .test_help import COMMANDS

#: The call, and what its line must say. ``recs/r`` is a record, ``folder`` an empty folder, ``recs`` one with
#: a record, ``text.txt`` a file of one word, ``noise.csv`` bytes that are no text.
CALLS = [
    ("demo folder", "folder: a folder; give a record in it"),
    ("demo nosuch", "nosuch: no such record here or in data/"),
    ("demo noise.csv", "noise.csv: cannot be read as text"),
    ("demo three.csv", "needs --fs, its sampling rate in Hz (`bitbeat replay` and `explain` take it)"),
    ("demo recs/r extra", "extra argument"),
    ("demo recs/r --out text.txt", "text.txt: cannot be written to"),
    ("demo recs/r --out ''", "--out: its value is empty"),
    ("demo ''", "one of the arguments is empty"),
    ("simulate --fs nan", "'--fs'"),
    ("simulate --seed -1", "'--seed'"),
    ("simulate --name ../x", "'../x'"),
    ("simulate --out text.txt", "text.txt: cannot be written to"),
    ("simulate --rhythm sinus:20:75 --fault rail:9:2", "ends (2 s) before it begins (9 s)"),
    ("simulate --rhythm sinus:20:75 --fault rail:30:40", "begins behind the record's end (20 s)"),
    ("simulate --rhythm nosuch:20", "no rhythm 'nosuch'"),
    ("simulate --set r_mv=1", "--rhythm"),
    ("replay", "Missing argument 'RECORD'"),
    ("replay recs", "recs: a folder; give a record in it"),
    ("replay recs/", "recs: a folder; give a record in it"),
    ("replay .", "a folder; give a record in it"),
    ("replay recs/r --port ''", "--port: its value is empty"),
    ("replay recs/r --port=", "--port: its value is empty"),
    ("replay recs/r --lead 7", "no lead '7'"),
    ("replay recs/r --from 2:00 --to 1:00", "--to 1:00 is not behind --from 2:00"),
    ("replay recs/r --from nan", "--from nan: a time is"),
    ("replay recs/r --speed 0", "--speed 0"),
    ("replay recs/r --speed inf", "--speed inf"),
    ("replay recs/r --fs 360", "are for CSV files"),
    ("replay recs/r --baud 299 --port x", "'--baud'"),
    ("replay recs/r --baud 99999999999999999999 --port x", "'--baud'"),
    ("replay recs/r --reference ../x", "--reference ../x: the suffix"),
    ("replay recs/r --reference nosuch", "recs/r.nosuch: no such annotation file"),
    ("replay recs/r --out text.txt/below", "text.txt"),
    ("replay recs/r --plot --strips 0", "'--strips'"),
    ("replay three.csv", "needs --fs"),
    ("replay three.csv --fs nan", "sampling rate nan"),
    ("replay three.csv --fs -360", "sampling rate -360"),
    ("replay three.csv --fs 360 --unit kg", "--unit kg"),
    ("ports extra", "extra argument"),
    ("emulator --port 65536", "'--port'"),
    ("emulator --port word", "'--port'"),
    ("emulator --live recs", "recs: a folder; give a record in it"),
    ("emulator --live recs/r --speed 0", "--speed 0"),
    ("monitor", "--port"),
    ("monitor --emulator --source recs", "recs: a folder; give a record in it"),
    ("monitor --emulator --speed fast", "--speed fast"),
    ("monitor --emulator --seconds -1", "'--seconds'"),
    ("monitor --emulator --seconds nan", "'--seconds'"),
    ("monitor --emulator --record folder --name a/b", "a/b"),
    ("boards extra", "extra argument"),
    ("firmware nosuch", "nosuch: no such board; there are qemu_m0"),
    ("firmware nosuch_tflm", "ENGINE=tflm"),
    ("flash nosuch", "nosuch: no such board"),
    ("flash host --port /dev/ttyUSB0", "host: an emulated board takes no port"),
    ("serial nosuch", "nosuch: no such board"),
    ("serial qemu_m0 --port text.txt", "text.txt: no serial port"),
    ("serial qemu_m0 --port socket://127.0.0.1:1", "serial is for a terminal"),
    ("stop esp32dev", "esp32dev: no emulated board"),
    ("toolchains extra", "extra argument"),
    ("isa --board esp32dev", "esp32dev: no emulated board"),
    ("isa --at-once 0", "'--at-once'"),
    ("isa --at-once 99999999", "'--at-once'"),
    ("isa --out folder", "folder: cannot be written"),
    ("hil --board nosuch", "nosuch: no emulated board"),
    ("hil 100 --data nosuch", "nosuch: no records there"),
    ("data --from nosuch", "nosuch: no such folder"),
    ("data --from text.txt", "text.txt: no such folder"),
    ("train --protocol nosuch", "--protocol nosuch"),
    ("train --seed -1", "'--seed'"),
    ("train --seed 99999999999", "'--seed'"),
    ("train --processes 0", "'--processes'"),
    ("train --config nosuch", "nosuch"),
    ("train --out text.txt", "text.txt"),
    ("train --out folder --data nosuch", "nosuch/mitdb/"),
    ("crossval --seeds 0", "'--seeds'"),
    ("crossval --protocol nosuch", "nosuch is none of ds1"),
    ("ablate --only nosuch", "no variant nosuch"),
    ("ablate --processes -3", "'--processes'"),
    ("evaluate --ds2 --data nosuch", "nosuch/mitdb/"),
    ("fit-detector --noise loud", "--noise loud"),
    ("fit-detector --record 200", "record 200 belongs to DS2"),
    ("export --checkpoint nosuch", "nosuch: no such checkpoint"),
    ("generate extra", "extra argument"),
    ("parity --processes -3", "'--processes'"),
    ("parity --processes 99999999", "'--processes'"),
    ("parity --processes word", "'--processes'"),
    ("parity --data nosuch", "nosuch: no records there"),
    ("parity 100 --out folder", "folder: cannot be written"),
    ("rates --rate 0", "200 to 1000 Hz"),
    ("rates --rate -5", "200 to 1000 Hz"),
    ("engines recs", "recs: a folder; give a record in it"),
    ("engines nosuch", "nosuch: no such record"),
    ("score", "Missing option '--ref'"),
    ("score --ref nosuch --test nosuch", "nosuch: no such annotation file or folder"),
    ("score --ref text.txt --test text.txt", "text.txt: not a whole WFDB annotation file"),
    ("score --ref recs/r.atr --test recs/r.atr --window 0", "--window 0"),
    ("score --ref recs/r.atr --test recs/r.atr --window nan", "--window nan"),
    ("score --ref recs/r.atr --test recs/r.atr --fs -1", "--fs -1"),
    ("score --ref recs/r.atr --test recs/r.atr --mapping nosuch", "--mapping nosuch"),
    ("score --ref recs/r.atr --test recs/r.atr --record r", "--record picks records of two folders"),
    ("score --ref recs/r.atr --test recs/r.atr --out text.txt", "text.txt: cannot be written to"),
    ("scoreboard --processes -3", "'--processes'"),
    ("scoreboard --out folder", "folder: cannot be written"),
    ("scoreboard --docs text.txt", "text.txt: cannot be written to"),
    ("score-noise --processes 0", "'--processes'"),
    ("score-noise --plots text.txt", "text.txt: cannot be written to"),
    ("jitter --data nosuch", "nosuch: no records there"),
    ("jitter --out folder", "folder: cannot be written"),
    ("bench --runs 0", "'--runs'"),
    ("bench --runs 99999999999999999999", "'--runs'"),
    ("bench --board host", "--board host: nothing is counted there; there are qemu_m0"),
    ("bench --board nosuch", "--board nosuch"),
    ("bench nosuch", "nosuch"),
    ("envelope --kind nosuch", "nosuch"),
    ("envelope --cell 99999999", "--cell 99999999"),
    ("envelope --processes 0", "'--processes'"),
    ("faults", "--port"),
    ("faults --emulator --drop 2", "drop"),
    ("faults --emulator --drop nan", "drop"),
    ("faults --emulator --delay 0.1 --delay-s -1", "'--delay-s'"),
    ("faults --emulator --disconnect-after 0", "--disconnect-after"),
    ("faults --emulator --tcp-port 99999", "'--tcp-port'"),
    ("fuzz nosuch", "nosuch: no fuzz target"),
    ("fuzz --seconds 0", "'--seconds'"),
    ("explain", "--beat"),
    ("explain recs --beat 1", "recs: a folder; give a record in it"),
    ("explain recs/r --beat x", "--beat x"),
    ("explain recs/r --beat 99999999999999999999", "outside samples 0 to"),
    ("explain recs/r --beat 77 --out x.jpg", "x.jpg: plots are written as"),
    ("errors --records folder", "folder: no WFDB records"),
    ("errors --records ,", "--records"),
    ("errors --records recs --start x", "--start x"),
    ("errors --records recs --per-cell 9", "'--per-cell'"),
    ("doctor extra", "extra argument"),
]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("usage")
    example_record(360.0, 1).write_wfdb(folder / "recs", "r")
    (folder / "folder").mkdir()
    (folder / "text.txt").write_text("word\n")
    (folder / "three.csv").write_text("0.1\n0.2\n0.3\n")
    (folder / "noise.csv").write_bytes(bytes(range(256)) * 8)
    return folder


def call(
    line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> tuple[int | str | None, list[str]]:
    """Run the command line in this process; the exit code, and the lines of the error."""
    monkeypatch.setattr(sys, "argv", ["bitbeat", *shlex.split(line)])
    monkeypatch.setattr(sys, "stdin", io.StringIO())  # no terminal, wherever the tests run
    monkeypatch.setattr(sys, "stdout", sys.stdout)  # the command line wraps them; they come back
    monkeypatch.setattr(sys, "stderr", sys.stderr)
    with pytest.raises(SystemExit) as ended:
        main.run()
    said = capsys.readouterr().err.splitlines()
    return ended.value.code, [line for line in said if line.strip()]


@pytest.mark.parametrize(("line", "wanted"), CALLS)
def test_wrong_calls_are_one_line(
    line: str, wanted: str, place: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    here = tmp_path / "here"
    shutil.copytree(place, here)
    before = sorted(str(path) for path in here.rglob("*"))
    monkeypatch.chdir(here)
    code, lines = call(line, monkeypatch, capsys)
    # Notes may come before; what ended the command is one line, the last one.
    assert code == 2
    assert [text for text in lines if "Traceback" in text] == []
    assert lines[-1].startswith("bitbeat: ")
    assert wanted in lines[-1]
    assert len(lines) == 1 or all(text.startswith("bitbeat: ") for text in lines)
    # A folder that a check made on its way is no harm; a file is.
    assert sorted(str(path) for path in here.rglob("*") if path.is_file() or str(path) in before) == before


def test_every_command_is_called_wrongly() -> None:
    assert {line.split()[0] for line, _ in CALLS} == set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_no_command_takes_an_option_that_it_does_not_have(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, [line] = call(f"{name} --no-such-option", monkeypatch, capsys)
    assert code == 2
    assert "No such option: --no-such-option" in line
    assert line.endswith(f"(see: bitbeat {name} --help)")


def _numbers() -> list[tuple[str, str]]:
    return [
        (name, param.opts[0])
        for name, command in COMMANDS.items()
        for param in command.params
        if param.param_type_name == "option" and param.type_descriptor.annotation in (int, float)
    ]


@pytest.mark.parametrize(("name", "option"), _numbers())
def test_a_word_is_no_number(
    name: str, option: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    required = ["x" for p in COMMANDS[name].params if p.param_type_name == "argument" and p.required]
    needed = [f"{p.opts[0]} x" for p in COMMANDS[name].params if p.param_type_name == "option" and p.required]
    code, [line] = call(" ".join([name, *required, *needed, option, "word"]), monkeypatch, capsys)
    assert code == 2
    assert f"'{option}'" in line


def test_what_no_command_foresaw_of_files_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for error, wanted in (
        (PermissionError(13, "Permission denied", "secret.dat"), "bitbeat: secret.dat: Permission denied"),
        (OSError(28, "No space left on device"), "bitbeat: No space left on device"),
        (MemoryError(), "bitbeat: not enough memory for this"),
        (KeyboardInterrupt(), "bitbeat: interrupted"),
    ):

        def fail(*_: object, error: BaseException = error, **__: object) -> None:
            raise error

        monkeypatch.setattr(main, "shape", lambda _, fail=fail: fail)
        code, lines = call("doctor", monkeypatch, capsys)
        assert lines == [wanted]
        assert code == (130 if isinstance(error, KeyboardInterrupt) else 2)
