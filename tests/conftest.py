"""Tests marked ``needs_data`` are left out, with one line, where there is no data; never under CI."""

from __future__ import annotations

import os

import pytest

from tests.data_access import is_available

#: Data that ``make data`` brings; the rest comes with the repository's surroundings only.
_FETCHED = ("mitdb", "nstdb", "svdb")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "needs_data(*names): needs these databases (mitdb if none is named); left out without them"
    )


def _missing(item: pytest.Item) -> list[str]:
    names: set[str] = set()
    for marker in item.iter_markers("needs_data"):
        names.update(marker.args or ("mitdb",))
    return sorted(name for name in names if not is_available(name))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    missing = {item.nodeid: _missing(item) for item in items}
    left_out = [item for item in items if missing[item.nodeid]]
    if not left_out:
        return
    names = sorted({name for item in left_out for name in missing[item.nodeid]})
    if os.environ.get("CI"):
        raise pytest.UsageError(f"{len(left_out)} tests need {', '.join(names)}; run `make data` first")
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if not missing[item.nodeid]]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    missing = [name for name in _FETCHED if not is_available(name)]
    if missing:
        terminalreporter.write_line(
            f"tests on {', '.join(missing)} were left out: `make data` brings the data"
        )
