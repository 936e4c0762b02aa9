"""Long work shows progress in a log, too: a line now and then, and always the last one.

Oracle: the lines written by hand here.
"""

from __future__ import annotations

import pytest

from host_tools import progress
from host_tools.progress import TrainingBars, track


@pytest.fixture(params=[0.0, 1e9], ids=["every line is due", "none is due"])
def due(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    monkeypatch.setattr(progress, "_LOG_EVERY_S", -1.0 if request.param == 0.0 else request.param)
    return bool(request.param == 0.0)


def test_items_of_a_list(due: bool, capsys: pytest.CaptureFixture[str]) -> None:
    assert list(track("abc", 3, "records", str.upper)) == ["a", "b", "c"]
    every = ["records: 1 of 3 (A)", "records: 2 of 3 (B)", "records: 3 of 3 (C)"]
    assert capsys.readouterr().err.splitlines() == (every if due else every[-1:])


def test_networks_and_records(due: bool, capsys: pytest.CaptureFixture[str]) -> None:
    with TrainingBars() as bars:
        bars.loading("100")
        bars.network("network 1, fold 1", 1, 2)
        bars.begin("no-context")
        bars.network("network 1, fold 2", 2, 2)
    every = [
        "inputs: 1 (record 100)",
        "networks: 1 of 2 (network 1, fold 1)",
        "no-context: 2 of 2 (network 1, fold 2)",
    ]
    lines = [line.rpartition(", ")[0] for line in capsys.readouterr().err.splitlines()]
    assert lines == (every if due else every[-1:])
