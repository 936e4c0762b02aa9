"""Text from outside is shown as text, whatever it holds: names of records, leads and files.

Oracles: Unicode's categories; what a terminal acts on (ECMA-48: C0, C1, DEL); a spreadsheet's formula signs.
"""

from __future__ import annotations

import csv
import io
import json
import re
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import wfdb
from hypothesis import given
from hypothesis import strategies as st
from rich.live import Live
from rich.table import Table
from rich.text import Text

from host_tools.progress import track
from host_tools.text import LONGEST, PlainStream, cell, new_console, printable
from tests.chain.signals import pulse_train
from tests.command_line import Ended, run_bitbeat

#: Names that somebody gave a lead, a record or a file, or could give one.
HOSTILE = (
    "[/raw]",
    "ECG[/]",
    "ecg [uV]",
    "[bold red]alarm[/bold red]",
    "[link=https://example.org]MLII[/link]",
    ":heart:",
    "a\x1b[2J\x1b[31mb",
    "a\x9b31mb",
    "a\x1b]0;title\x07b",
    "two\nlines",
    "carriage\rreturn",
    "back\b\b\b\bspace",
    "null\0",
    "right\u202eto left",
    "zero\u200bwidth",
    "line\u2028separator",
    "=1+1",
    "@SUM(A1)",
    "$\\frac{$",
    "{0} %s %n",
    "\\[/x]",
    "x" * 5_000,
)
ACTING = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u200b\u202e\u2028]")

Bitbeat = Callable[..., Ended]


@given(st.text())
def test_printable_text_only_shows(text: str) -> None:
    shown = printable(text)
    assert len(shown) <= LONGEST
    assert all(unicodedata.category(c) not in ("Cc", "Cf", "Zl", "Zp") for c in shown)
    assert printable(shown) == shown


@given(st.text(st.characters(categories=("L", "N", "P", "S")), max_size=LONGEST))
def test_plain_text_stays(text: str) -> None:
    assert printable(text) == text


@given(st.text())
def test_a_cell_is_no_formula_and_one_line(text: str) -> None:
    line = io.StringIO()
    csv.writer(line).writerow([cell(text), "next"])
    assert len(line.getvalue().splitlines()) == 1
    (got, after), *more = csv.reader([line.getvalue()])
    assert (after, more) == ("next", [])
    assert not got.lstrip().startswith(("=", "+", "-", "@"))


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("terminal", [False, True])
def test_the_console_shows_strings_as_they_are(name: str, terminal: bool) -> None:
    out = io.StringIO()
    console = new_console(file=out, width=10_000)
    console._force_terminal = terminal
    table = Table(name, title=name)
    table.add_row(name)
    console.print(name, soft_wrap=True)
    console.print(table)
    plain = re.sub("\x1b\\[[0-9;]*m", "", out.getvalue()) if terminal else out.getvalue()
    assert not ACTING.search(plain)
    wanted = printable(name, longest=None) if "\n" not in name else "lines"
    assert plain.count(wanted) >= 4


def test_what_print_writes_cannot_act_on_a_terminal() -> None:
    out = io.StringIO()
    print("a\x1b[2Jb", "\x9b31m", file=PlainStream(out))
    assert out.getvalue() == "a�[2Jb �31m\n"


@pytest.fixture
def bitbeat(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Bitbeat:
    """Runs the command line in this process; nothing that it writes may act on a terminal."""

    def run(*arguments: object) -> Ended:
        ended = run_bitbeat(monkeypatch, capsys, *arguments)
        assert not ACTING.search(ended[1] + ended[2]), ended
        return ended

    return run


def record(folder: Path, name: str, lead: str) -> Path:
    """Ten seconds as a WFDB record whose header gives the lead this name."""
    samples = pulse_train(20)[0]
    folder.mkdir(parents=True, exist_ok=True)
    wfdb.wrsamp(
        name,
        fs=360,
        units=["mV"],
        sig_name=["LEAD"],
        d_signal=samples.reshape(-1, 1).astype(np.int64),
        fmt=["16"],
        adc_gain=[200.0],
        baseline=[0],
        write_dir=str(folder),
    )
    header = folder / f"{name}.hea"
    header.write_bytes(header.read_bytes().replace(b"LEAD", lead.encode()))
    return folder / name


@pytest.mark.parametrize("lead", ["[/raw]", "ECG[/]", "a\x1b[2Jb", "$\\frac{$", "=1+1", ":heart:"])
def test_a_lead_of_any_name(lead: str, bitbeat: Bitbeat, tmp_path: Path) -> None:
    path = record(tmp_path / "[in]", "r", lead)
    code, out, err = bitbeat("replay", path, "--emulator", "--out", tmp_path / "[/b]", "--plot")
    assert (code, err) == (0, "")
    assert f"lead {printable(lead)}:" in out
    assert "[/b]/r.csv" in out
    assert json.loads((tmp_path / "[/b]" / "r.json").read_text())["lead"] == printable(lead)


@pytest.mark.parametrize("name", ["run[red].csv", "[ex].csv", "a\x1b[31mb.csv", "two\nlines.csv"])
def test_a_file_of_any_name(name: str, bitbeat: Bitbeat, tmp_path: Path) -> None:
    file = tmp_path / name
    column = "[b]ecg[/b]"
    file.write_text(column + "\n" + "\n".join(f"{x / 200:.3f}" for x in pulse_train(20)[0]) + "\n")
    code, out, err = bitbeat("replay", file, "--emulator", "--fs", "360", "--out", tmp_path / "out")
    assert (code, err) == (0, "")
    assert f"{printable(Path(name).stem)}, lead {column}:" in out


@pytest.mark.parametrize("name", HOSTILE[:-1])
@pytest.mark.parametrize("command", [("replay",), ("score",), ("explain",), ("monitor", "--source")])
def test_an_error_about_any_name_is_one_line(command: tuple[str, ...], name: str, bitbeat: Bitbeat) -> None:
    code, _, err = bitbeat(*command, f"nowhere/{name}", *(["--emulator"] if command[0] != "score" else []))
    assert code == 2
    assert err.count("\n") == 1


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("bar", [False, True])
def test_a_display_that_redraws_itself_keeps_its_escape_sequences(
    bar: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rich puts a proxy of its own around the stream while it redraws; text from outside is still text."""
    terminal = Terminal()
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr(sys, "stdout", PlainStream(terminal))
    monkeypatch.setattr(sys, "stderr", PlainStream(terminal))
    if bar:
        assert list(track(range(3), 3, "records", lambda _: "a\x1b[2Jb")) == [0, 1, 2]
    else:
        with Live(console=new_console(), auto_refresh=False) as live:
            live.update(Text("beats", style="red"), refresh=True)
            print("a\x1b[2Jb")
    shown = terminal.getvalue()
    assert "\x1b[?25l" in shown  # the cursor is hidden meanwhile
    assert "\x1b[2J" not in shown
    assert "�[" not in shown.replace("a�[2Jb", "")
