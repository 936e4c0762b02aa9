"""One test body, two backends: the integer reference and the C core."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from host_tools.native import run_core
from host_tools.reference.run import run_record
from tests.data_access import mitdb_dir


@dataclass(frozen=True)
class Backend:
    name: str

    def trace(self, x: np.ndarray, **options: Any) -> dict[str, np.ndarray]:
        run = run_record if self.name == "reference" else run_core
        return run(x, trace=True, **options).trace

    def beats(self, x: np.ndarray, **options: Any) -> np.ndarray:
        run = run_record if self.name == "reference" else run_core
        return run(x, **options).beats


@pytest.fixture(params=["reference", "core"])
def backend(request: pytest.FixtureRequest) -> Backend:
    return Backend(request.param)


@pytest.fixture
def mitdb() -> Path:
    return mitdb_dir()
