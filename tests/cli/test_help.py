"""What ``bitbeat`` says about itself. Oracle: the commands' own docstrings and declarations, pyproject.toml,
and the terminal's width."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer

from host_tools import doctor
from host_tools.build import ROOT
from host_tools.cli import main
from host_tools.cli.partners import EXCLUDES, NEEDS
from host_tools.cli.shape import shape
from host_tools.cli.topics import TOPICS, first_line
from host_tools.reference.network import MODEL_HASH
from host_tools.reference.params import SPEC_HASH

WIDTH = 80


def all_commands() -> dict[str, Any]:
    main._register()
    return dict(shape(main.app).commands)


COMMANDS = all_commands()


def bitbeat(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    import os

    return subprocess.run(
        [sys.executable, "-m", "host_tools.cli.main", *arguments],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": str(WIDTH), **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_every_command_has_its_topic_and_every_topic_its_commands() -> None:
    named = [name for names in TOPICS.values() for name in names]
    assert sorted(named) == sorted(COMMANDS)


def test_doctor_knows_what_every_command_needs() -> None:
    known = {name for name in doctor.COMMANDS if not name.startswith("make ")}
    assert known == set(COMMANDS) - {"doctor"}


def test_the_list_gives_every_line_in_full() -> None:
    done = bitbeat("--help")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert max(map(len, lines)) <= WIDTH
    for name, command in COMMANDS.items():
        said = first_line(command.help)
        assert said
        [row] = [line for line in lines if re.match(rf"  {name} ", line)]
        assert row.split(None, 1)[1] == said, "on one line, not cut off"
    for topic in TOPICS:
        assert f"{topic}:" in lines
    assert "Others:" not in lines


def test_lines_tell_the_commands_apart() -> None:
    lines = [first_line(command.help) for command in COMMANDS.values()]
    assert len(set(lines)) == len(lines)
    scoring = {name: first_line(COMMANDS[name].help) for name in ("score", "scoreboard", "score-noise")}
    assert "your beat annotations" in scoring["score"]
    assert "all of MIT-BIH" in scoring["scoreboard"]
    assert "noise added" in scoring["score-noise"]
    assert "cross-validation" in first_line(COMMANDS["evaluate"].help)


def test_alone_and_asked_for_help_are_the_same() -> None:
    asked = bitbeat("--help")
    for arguments in ((), ("-h",)):
        done = bitbeat(*arguments)
        assert (done.returncode, done.stdout, done.stderr) == (0, asked.stdout, "")


def test_version_says_what_a_report_needs() -> None:
    number = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    done = bitbeat("--version")
    assert (done.returncode, done.stderr) == (0, "")
    pattern = rf"bitbeat {re.escape(number)}, commit \S+, spec {SPEC_HASH:08x}, model {MODEL_HASH:08x}\n"
    assert re.fullmatch(pattern, done.stdout)


@pytest.mark.parametrize("name", COMMANDS)
def test_values_are_named_in_words(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    command = COMMANDS[name]
    ctx = typer.Context(command, info_name=name, help_option_names=["-h", "--help"], terminal_width=WIDTH)
    text = command.get_help(ctx)
    assert not re.search(r"<\w+|list\[|\bx[<>]=|\{\w+\}", text), "Python's types and ranges are no words"
    assert "-h, --help" in text
    for param in command.params:
        if not getattr(param, "is_flag", False):
            assert re.fullmatch(r"[A-Z][A-Z_:=\[\]]*", param.metavar or ""), f"{param.name}: {param.metavar}"
        assert param.help, f"{param.name} is explained"
    usage = text.splitlines()[0]
    for param in command.params:
        if param.param_type_name == "argument":
            assert re.search(rf"(?<!\[){param.metavar}" if param.required else rf"\[{param.metavar}", usage)


@pytest.mark.parametrize(
    ("arguments", "wanted", "help_of"),
    [
        (("replay",), "Missing argument 'RECORD'.", "bitbeat replay"),
        (("score",), "Missing option '--ref'.", "bitbeat score"),
        (("parity", "--nonsense"), "No such option: --nonsense", "bitbeat parity"),
        (("scorr",), "No such command 'scorr'. Did you mean 'score'", "bitbeat"),
        (("--nonsense",), "No such option: --nonsense", "bitbeat"),
        (("bench", "--runs", "0"), "Invalid value for '--runs'", "bitbeat bench"),
    ],
)
def test_errors_point_to_the_right_help(arguments: tuple[str, ...], wanted: str, help_of: str) -> None:
    done = bitbeat(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    [line] = done.stderr.splitlines()
    assert wanted in line
    assert line.endswith(f"(see: {help_of} --help)")


def test_shells_complete_commands_options_and_boards() -> None:
    # Without this, Typer asks the process tree which shell it is, and that is the test runner's affair.
    script = bitbeat("--show-completion", "bash", _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1")
    assert script.returncode == 0
    assert "_BITBEAT_COMPLETE=complete_bash" in script.stdout

    def completed(line: str, word: int) -> list[str]:
        done = bitbeat(_BITBEAT_COMPLETE="complete_bash", COMP_WORDS=line, COMP_CWORD=str(word))
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout.split()

    assert completed("bitbeat sco", 1) == ["score", "scoreboard", "score-noise"]
    assert completed("bitbeat replay --st", 2) == ["--strips"]
    assert completed("bitbeat firmware nucleo", 2) == ["nucleo_f446re", "nucleo_l476rg"]


def test_a_reader_that_leaves_early_is_no_error(tmp_path: Path) -> None:
    command = f"{sys.executable} -m host_tools.cli.main --help | head -1"
    done = subprocess.run(
        ["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stdout.startswith("Usage: bitbeat")
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("name", "option"), [(name, option) for name, needs in NEEDS.items() for option in needs]
)
def test_options_without_their_partner_are_refused(name: str, option: str) -> None:
    done = bitbeat(name, *_required(name), *_words(name, option))
    assert (done.returncode, done.stdout) == (2, "")
    [line] = done.stderr.splitlines()
    assert "means nothing without" in line
    partners = [p for p in COMMANDS[name].params if p.name in NEEDS[name][option]]
    assert partners
    for partner in partners:
        written = partner.opts[0] if partner.param_type_name == "option" else partner.name.upper()
        assert written in line


@pytest.mark.parametrize(
    ("name", "pair"), [(name, pair) for name, pairs in EXCLUDES.items() for pair in pairs]
)
def test_options_that_shut_each_other_out_are_refused(name: str, pair: tuple[str, str]) -> None:
    done = bitbeat(name, *_required(name), *(word for option in pair for word in _words(name, option)))
    assert (done.returncode, done.stdout) == (2, "")
    [line] = done.stderr.splitlines()
    assert "not both" in line


def _required(name: str) -> list[str]:
    return ["100" for p in COMMANDS[name].params if p.param_type_name == "argument" and p.required]


def _words(name: str, option: str) -> list[str]:
    """An option as a user writes it, with a value that is right by itself."""
    [param] = [p for p in COMMANDS[name].params if p.name == option]
    if getattr(param, "is_flag", False):
        return [param.opts[0]]
    value = "1" if param.type_descriptor.annotation in (int, float, list[int]) else "x"
    return [param.opts[0], "1000" if option == "baud" else value]
