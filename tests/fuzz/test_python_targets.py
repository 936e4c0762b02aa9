"""The fuzz targets in Python: they hold near their seeds, find bugs that are put in, report findings.

Oracles: the targets' own checks; the bugs planted here, of which each must be found from the seeds alone.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from host_tools import fuzz, fuzz_python
from host_tools.cli.faults import fuzz as fuzz_command
from host_tools.errors import CheckFailed
from host_tools.fuzz_python import PYTHON_TARGETS, main, mutated, seeds
from host_tools.link import checks, live, run, session
from host_tools.link import messages as m

#: Inputs near the seeds that each target is given.
NEAR = 300


def near(name: str, count: int) -> list[bytes]:
    draw = random.Random(7)
    begin = seeds(name)
    return begin + [mutated(draw.choice(begin), draw) for _ in range(count)]


@pytest.mark.parametrize("name", PYTHON_TARGETS)
def test_seeds_and_neighbours_find_nothing(name: str) -> None:
    for data in near(name, NEAR):
        PYTHON_TARGETS[name](data)


def unchecked(kind: str) -> Callable[..., object]:
    return lambda self, content, end: getattr(m, f"unpack_{kind}")(content)


#: Target, what is spoiled, its spoiled form: each is a mistake that was, or could have been, made.
BUGS: list[tuple[str, object, str, object]] = [
    ("host_replay", checks.EventChecks, "beat", unchecked("beat")),
    ("host_replay", checks.EventChecks, "condition", unchecked("condition")),
    ("host_replay", session.Session, "_take_end", lambda self: setattr(self, "flushed", True)),
    ("host_replay", run.Run, "_watch", lambda self: None),
    ("host_live", checks.EventChecks, "beat", unchecked("beat")),
    ("host_live", checks.EventChecks, "condition", unchecked("condition")),
    ("host_live", live.LiveSession, "_skip", lambda self, samples, at: None),
]


@pytest.mark.parametrize("bug", range(len(BUGS)))
def test_a_planted_bug_is_found(bug: int, monkeypatch: pytest.MonkeyPatch) -> None:
    name, where, what, spoiled = BUGS[bug]
    monkeypatch.setattr(where, what, spoiled)
    found = False
    for data in near(name, 3_000):
        try:
            PYTHON_TARGETS[name](data)
        except Exception:
            found = True
            break
    assert found


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], None]:
    def target(data: bytes) -> None:
        if b"\x80" in data:
            raise ValueError("a byte that this reader\ncannot take")

    monkeypatch.setitem(PYTHON_TARGETS, "table", target)
    return target


def test_without_coverage_a_finding_is_kept(
    broken: Callable[[bytes], None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = fuzz_python._Options(["-max_total_time=600", f"-artifact_prefix={tmp_path}/", str(tmp_path)])
    assert fuzz_python._without_coverage(PYTHON_TARGETS["table"], seeds("table"), options) == 77
    (finding,) = tmp_path.glob("crash-*")
    assert b"\x80" in finding.read_bytes()
    assert re.search("^ERROR: ", capsys.readouterr().err, re.MULTILINE)
    with pytest.raises(ValueError, match="cannot take"):  # again, from its file
        main(["table", str(finding)])


def test_without_a_finding_the_runs_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = fuzz_python._Options(["-max_total_time=0.2", str(tmp_path)])
    assert fuzz_python._without_coverage(PYTHON_TARGETS["host_live"], seeds("host_live"), options) == 0
    found = re.search(r"^stat::number_of_executed_units: (\d+)$", capsys.readouterr().err, re.MULTILINE)
    assert found is not None
    assert int(found[1]) > 0


def test_the_command_runs_a_target_and_reports_what_it_found(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By atheris where that is installed, without it elsewhere; the finding is one that the target names."""
    monkeypatch.setattr(fuzz, "WORK_DIR", fuzz.BUILD_DIR / "tests" / "fuzz-python")
    fuzz_command(["host_live"], 5, tmp_path / "fuzz.json")
    assert re.search(r"host_live: [\d,]+ inputs run, .* 0 findings", capsys.readouterr().out)
    program = tmp_path / "broken.py"
    program.write_text(
        "import sys\nfrom host_tools import fuzz_python as f\n"
        "def bad(data):\n    if len(data) > 3:\n        raise ValueError('too long')\n"
        "f.PYTHON_TARGETS['table'] = bad\nsys.exit(f.main(sys.argv[1:]))\n"
    )
    monkeypatch.setattr(fuzz, "program", lambda name: [fuzz.sys.executable, str(program), name])
    with pytest.raises(
        CheckFailed, match=r"fuzz target table: ValueError: too long; again: python -m"
    ) as caught:
        fuzz_command(["table"], 20, tmp_path / "again.json")
    assert "\n" not in str(caught.value)
