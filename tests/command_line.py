"""The command line, run in the tests' own process."""

from __future__ import annotations

import sys

import pytest

from host_tools.cli import main

#: Status, output, errors.
Ended = tuple[int, str, str]


def run_bitbeat(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: object
) -> Ended:
    """Run ``bitbeat`` with these arguments to its end."""
    monkeypatch.setattr(sys, "argv", ["bitbeat", *map(str, arguments)])
    monkeypatch.setattr(sys, "stdout", sys.stdout)
    monkeypatch.setattr(sys, "stderr", sys.stderr)
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        main.run()
    out, err = capsys.readouterr()
    assert isinstance(ended.value.code, int)
    return ended.value.code, out, err
