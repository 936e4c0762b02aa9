"""The databases."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.data_access import database_dir, mitdb_dir


@pytest.fixture
def mitdb() -> Path:
    return mitdb_dir()


@pytest.fixture
def nstdb() -> Path:
    return database_dir("nstdb")
