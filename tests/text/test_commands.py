"""Every command that prints what it read, given names that do something to a terminal, Rich or a spreadsheet.

Oracles: the name itself in the output, as far as it can be shown; nothing in it that acts (``ACTING``).
"""

from __future__ import annotations

import csv
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
import serial.tools.list_ports

from host_tools.text import printable
from tests.score.files import regular, write_annotations, write_header

from .test_text import Bitbeat, bitbeat, record

__all__ = ["bitbeat"]  # a fixture

ROOT = Path(__file__).resolve().parents[2]
#: As names of files: no slash, no NUL.
NAMES = ("[red]", "[bold", "a\x1b[2Jb", "=1+1", "$\\frac{$", "two\nlines", "right\u202eleft", ":heart:")


def flat(text: str) -> str:
    """Without the line breaks and frames that a table puts into a long name."""
    return re.sub(r"[\s│╭╮╰╯─]", "", text)


def shown(name: str, out: str) -> bool:
    return flat(printable(name)) in flat(out)


@pytest.mark.parametrize("name", NAMES)
def test_score(name: str, bitbeat: Bitbeat, tmp_path: Path) -> None:
    for which in ("ref", "test"):
        file = write_annotations(tmp_path / which / f"{name}.atr", regular(400))
        write_header(file, 360)
    options = (
        "--ref",
        tmp_path / "ref",
        "--test",
        tmp_path / "test",
        "--start",
        "0",
        "--out",
        tmp_path / "[o]",
    )
    code, out, err = bitbeat("score", *options)
    if code == 2:  # a name that a record cannot have
        assert err.count("\n") == 1
        return
    assert (code, err) == (0, "")
    assert shown(name, out)
    table = (tmp_path / "[o]" / "score.csv").read_text()
    rows = list(csv.reader(table.splitlines()))
    assert len({len(row) for row in rows}) == 1
    assert not any(row[0].startswith(("=", "+", "-", "@")) for row in rows)


@pytest.mark.parametrize("lead", NAMES)
def test_explain(lead: str, bitbeat: Bitbeat, tmp_path: Path) -> None:
    path = record(tmp_path, "r", lead.replace("\n", " "))
    code, out, err = bitbeat("explain", path, "--out", tmp_path / "[x].png", "--beat", "0:10")
    assert code == 0, err
    assert all(line.startswith("bitbeat: ") for line in err.splitlines())  # what takes a while is said
    assert shown("[x].png", out)


@pytest.mark.parametrize("name", ["[red]", "[bold"])
def test_demo_and_monitor(name: str, bitbeat: Bitbeat, tmp_path: Path) -> None:
    path = record(tmp_path, "r", name)
    code, out, _ = bitbeat("demo", path, "--out", tmp_path / "[/o]")
    assert code == 0
    assert shown("[/o]/r.csv", out)
    options = ("--speed", "max", "--seconds", "5", "--record", tmp_path / "[/m]", "--name", "live")
    code, out, err = bitbeat("monitor", "--emulator", "--source", path, *options)
    assert code == 0, err
    assert shown("[/m]/live", out)


def test_ports(bitbeat: Bitbeat, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a USB device calls itself."""

    class Info(SimpleNamespace):
        def __lt__(self, other: Info) -> bool:
            return str(self.device) < str(other.device)

    found = [Info(device=f"/dev/tty{i}", description=name, hwid="[/x]") for i, name in enumerate(NAMES)]
    monkeypatch.setattr(serial.tools.list_ports, "comports", lambda: found)
    code, out, err = bitbeat("ports")
    assert (code, err) == (0, "")
    for name in NAMES:
        assert name == "two\nlines" or shown(name, out)
    assert out.count("[/x]") == len(NAMES)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "command",
    [
        ("replay", "--port"),
        ("monitor", "--port"),
        ("faults", "--port"),
        ("emulator", "--live"),
        ("errors", "--records"),
        ("fuzz",),
        ("stop",),
        ("parity", "--record"),
        ("simulate", "--name"),
        ("jitter", "--data"),
        ("score-noise", "--data"),
        ("upload", "--port"),
    ],
)
def test_what_is_refused_is_one_line(command: tuple[str, ...], name: str, bitbeat: Bitbeat) -> None:
    before = ["r"] if command[0] == "replay" else []
    code, _, err = bitbeat(command[0], *before, *command[1:], name)
    assert code in (0, 2, 3)
    assert err.count("\n") <= 1, err


SOURCES = [
    path
    for folder in ("host_tools", "training", "export")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if path.name != "text.py"
]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_there_is_one_console(path: Path) -> None:
    """Each other one would read markup out of what it is given."""
    text = path.read_text()
    assert not re.search(r"(?<![\w.])Console\(|console\.Console\(|from_markup|markup=True|rich\.markup", text)
