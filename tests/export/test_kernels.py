"""Every operator and small graphs of them. Oracle: the tflite-micro interpreter, equal to the last bit."""

from __future__ import annotations

import numpy as np
import pytest

from tests.export.backends import Model, Suite, oracle
from tests.export.conftest import GRAPHS, SEEDS
from tests.export.random_models import SINGLE_OPERATORS

RANDOM_INPUTS = 12


def check(suite: Suite, model: Model, backend: str) -> None:
    inputs = model.inputs(np.random.default_rng(model.index), RANDOM_INPUTS)
    expected = oracle(model.content, inputs, len(model.network.outputs))
    result = suite.run(backend, model, inputs)
    assert result.outputs.shape == expected.shape
    wrong = np.argwhere(result.outputs != expected)
    if len(wrong):
        row, at = wrong[0]
        pytest.fail(
            f"{model.name}: {len(wrong)} of {expected.size} values differ; inference {row}, value {at}: "
            f"{result.outputs[row, at]}, not {expected[row, at]}; {[la.calls for la in model.network.layers]}"
        )


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("kind", SINGLE_OPERATORS)
def test_operator_equals_the_interpreter(kind: str, seed: int, operators: Suite, backend: str) -> None:
    check(operators, operators.models[f"{kind}-{seed}"], backend)


@pytest.mark.parametrize("seed", GRAPHS)
def test_graph_equals_the_interpreter(seed: int, graphs: Suite, backend: str) -> None:
    check(graphs, graphs.models[f"graph-{seed}"], backend)


@pytest.mark.parametrize("seed", GRAPHS)
def test_every_layer_is_traced_alike(seed: int, graphs: Suite) -> None:
    """The trace of C and reference: same layers, same values (their outputs are checked above)."""
    model = graphs.models[f"graph-{seed}"]
    inputs = model.inputs(np.random.default_rng(seed), 4)
    traces = {backend: graphs.run(backend, model, inputs).layers for backend in ("c", "reference")}
    assert traces["c"].shape[1] == sum(model.module.LAYER_SIZES)
    np.testing.assert_array_equal(traces["c"], traces["reference"])
