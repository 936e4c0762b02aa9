"""Every network test runs on three backends: C, C with sanitizers, and the integer reference."""

from __future__ import annotations

import pytest

from tests.export.backends import Suite
from tests.export.random_models import SINGLE_OPERATORS, single_operator, small_graph

SEEDS = range(10)
GRAPHS = range(16)


@pytest.fixture(params=["c", "sanitized", "reference"])
def backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def operators(worker_id: str) -> Suite:
    """Ten random networks of each operator."""
    models = {f"{kind}-{seed}": single_operator(kind, seed) for kind in SINGLE_OPERATORS for seed in SEEDS}
    return Suite(f"operators-{worker_id}", models)


@pytest.fixture(scope="session")
def graphs(worker_id: str) -> Suite:
    """Random networks of several operators."""
    return Suite(f"graphs-{worker_id}", {f"graph-{seed}": small_graph(seed) for seed in GRAPHS})
