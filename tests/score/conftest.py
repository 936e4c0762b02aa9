"""The command line as a function."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pytest
import typer
from typer.testing import CliRunner

from host_tools.cli import score as score_command
from host_tools.errors import BitBeatError


class Outcome(NamedTuple):
    """Exit code, what was said, and what of it went to the standard error."""

    code: int
    error: str
    output: str
    warning: str


@pytest.fixture
def score() -> Callable[..., Outcome]:
    """Run ``bitbeat score``; an error that the command line would print is returned as its one line."""

    def run(*arguments: object) -> Outcome:
        app = typer.Typer()
        score_command.register(app)
        result = CliRunner().invoke(app, ["score", *map(str, arguments)])
        if isinstance(result.exception, BitBeatError):
            return Outcome(result.exception.exit_code, str(result.exception), result.output, result.stderr)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Outcome(result.exit_code, "", result.output, result.stderr)

    return run
