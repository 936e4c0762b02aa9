"""WFDB records written for the tests, and the command line as a function."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import typer
import wfdb
from typer.testing import CliRunner

from host_tools.cli import replay as replay_commands
from host_tools.cli.shape import shape
from host_tools.errors import BitBeatError


class Outcome(NamedTuple):
    """Exit code and what was said."""

    code: int
    error: str
    output: str


@pytest.fixture
def bitbeat() -> Callable[..., Outcome]:
    """Run a command of this area; an error that the command line would print is returned as its one line."""

    def run(*arguments: object) -> Outcome:
        app = typer.Typer()
        replay_commands.register(app)
        shape(app)
        result = CliRunner().invoke(app, [str(a) for a in arguments])
        if isinstance(result.exception, BitBeatError):
            return Outcome(result.exception.exit_code, str(result.exception), result.output)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Outcome(result.exit_code, "", result.output)

    return run


def write_record(
    folder: Path,
    name: str,
    stored: np.ndarray,
    *,
    fs_hz: float = 360,
    gain: float = 200,
    baseline: int = 0,
    leads: tuple[str, ...] = ("MLII",),
    unit: str = "mV",
) -> Path:
    """Write int16 samples [n, leads] as a WFDB record; return its path without suffix."""
    n = len(leads)
    wfdb.wrsamp(
        name,
        fs=fs_hz,
        units=[unit] * n,
        sig_name=list(leads),
        d_signal=stored.reshape(-1, n).astype(np.int64),
        fmt=["16"] * n,
        adc_gain=[gain] * n,
        baseline=[baseline] * n,
        write_dir=str(folder),
    )
    return folder / name


def ramp(n: int, leads: int = 1) -> np.ndarray:
    """Distinct samples, int16 [n, leads]."""
    return (np.arange(n * leads).reshape(n, leads) % 3000 - 1500).astype(np.int16)
