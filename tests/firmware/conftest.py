"""What the tests of the firmware share: a short signal and what the reference makes of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from host_tools import boards
from host_tools.reference.run import RecordResult, run_record
from tests.chain.signals import pulse_train


@pytest.fixture(scope="session")
def signal() -> np.ndarray:
    """Twenty seconds of beats of two sizes and rates, a gap in the middle."""
    x = np.concatenate([pulse_train(12, 800)[0], pulse_train(8, 600, height_adu=400, seed=1)[0]])
    x[3000:3050] = -32768
    return x


@pytest.fixture(scope="session")
def expected(signal: np.ndarray) -> RecordResult:
    """What the reference gives for the signal, with every intermediate value."""
    return run_record(signal, trace=True)


@pytest.fixture
def own_boards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of started boards of this test's own; they are stopped at its end."""
    folder = tmp_path / "boards"
    monkeypatch.setattr(boards, "STATE_DIR", folder)
    monkeypatch.setenv("BITBEAT_BOARDS_DIR", str(folder))
    yield folder
    boards.stop_boards()
