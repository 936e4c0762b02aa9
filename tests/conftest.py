"""Marked tests are left out, with one line, where what they need is not there; never under CI.

``needs_data``: databases that ``make data`` brings. ``needs_toolchain``: compilers, emulators and PlatformIO
that ``make toolchains`` and ``make firmware`` bring.
"""

from __future__ import annotations

import importlib.util
import os

import pytest
from hypothesis import HealthCheck, settings

from host_tools.toolchains import missing_tools, xtensa_llvm
from tests.data_access import is_available

# A busy machine is no failure: examples are not timed.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

#: Data that ``make data`` brings; the rest comes with the repository's surroundings only.
_FETCHED = ("mitdb", "nstdb", "svdb")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "needs_data(*names): needs these databases (mitdb if none is named); left out without them"
    )
    config.addinivalue_line(
        "markers",
        "needs_toolchain(*more): needs the emulated boards' toolchains (and llvm); left out without them",
    )


def _missing_data(item: pytest.Item) -> set[str]:
    names: set[str] = set()
    for marker in item.iter_markers("needs_data"):
        names.update(marker.args or ("mitdb",))
    return {name for name in names if not is_available(name)}


def missing_for_boards(more: tuple[str, ...] = ()) -> list[str]:
    """What the emulated boards lack here, by the name of the program."""
    missing = [tool.program for tool in missing_tools()]
    missing += ["platformio"] if importlib.util.find_spec("platformio") is None else []
    return missing + (["llvm with xtensa"] if "llvm" in more and xtensa_llvm() is None else [])


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    missing = {item.nodeid: _missing_data(item) for item in items}
    for item in items:
        for marker in item.iter_markers("needs_toolchain"):
            missing[item.nodeid].update(missing_for_boards(marker.args))
    left_out = [item for item in items if missing[item.nodeid]]
    if not left_out:
        return
    names = sorted({name for item in left_out for name in missing[item.nodeid]})
    if os.environ.get("CI"):
        raise pytest.UsageError(
            f"{len(left_out)} tests need {', '.join(names)}; run `make data toolchains firmware` first"
        )
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if not missing[item.nodeid]]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    missing = [name for name in _FETCHED if not is_available(name)]
    if missing:
        terminalreporter.write_line(
            f"tests on {', '.join(missing)} were left out: `make data` brings the data"
        )
    boards = missing_for_boards(("llvm",))
    if boards:
        terminalreporter.write_line(
            f"tests on emulated boards were left out ({', '.join(boards)} missing): "
            "`make toolchains firmware` brings the toolchains"
        )
