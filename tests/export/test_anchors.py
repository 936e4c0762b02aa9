"""The two converter-made anchor networks and the committed model.

Oracles: the anchors' stored outputs (1,000 each, from the tflite-micro interpreter), and the interpreter.
"""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache

import numpy as np
import pytest

from export.c_network import network_report
from export.network_report import C_NETWORK_BYTES_MAX, MACS_MAX, TFLITE_BYTES_MAX
from host_tools.build import ROOT
from tests.data_access import database_dir
from tests.export.backends import Suite, oracle

ANCHORS = ("A_ptd", "C_pcd")
ANCHOR_MACS = 185_056  # stated in the archive's README
TFLITE = ROOT / "firmware" / "lib" / "model" / "bitbeat.tflite"


@cache
def anchor_suite() -> Suite:
    folder = database_dir("anchor_model")
    models = {name: (folder / f"{name}.tflite").read_bytes() for name in ANCHORS}
    return Suite(f"anchors-{os.environ.get('PYTEST_XDIST_WORKER', 'master')}", models)


def anchor_inputs() -> list[list[np.ndarray]]:
    stored = np.load(database_dir("anchor_model") / "big1000_inputs_i8.npz")
    by_size = {stored[key][0].size: stored[key] for key in stored.files}
    model = anchor_suite().models["A_ptd"]
    arrays = [by_size[port.tensor.size] for port in model.network.inputs]
    return [[a[k].reshape(port.tensor.shape) for a, port in zip(arrays, model.network.inputs, strict=True)]
            for k in range(1000)]  # fmt: skip


def anchor_outputs(name: str) -> np.ndarray:
    return np.asarray(np.load(database_dir("anchor_model") / f"{name}_big1000_out_i8.npy").reshape(1000, 4))


@pytest.mark.needs_data("anchor_model")
@pytest.mark.parametrize("name", ANCHORS)
def test_anchor_gives_its_stored_outputs(name: str, backend: str) -> None:
    suite = anchor_suite()
    result = suite.run(backend, suite.models[name], anchor_inputs())
    np.testing.assert_array_equal(result.outputs, anchor_outputs(name))


@pytest.mark.needs_data("anchor_model")
@pytest.mark.parametrize("name", ANCHORS)
def test_interpreter_gives_the_stored_outputs(name: str) -> None:
    """The oracle installed here is the one that the outputs came from, as far as these inputs can tell."""
    got = oracle(anchor_suite().models[name].content, anchor_inputs())
    np.testing.assert_array_equal(got, anchor_outputs(name))


@pytest.mark.needs_data("anchor_model")
@pytest.mark.parametrize("name", ANCHORS)
def test_anchor_macs(name: str) -> None:
    assert anchor_suite().models[name].network.macs == ANCHOR_MACS


@pytest.fixture(scope="module")
def committed() -> Suite:
    worker = os.environ.get("PYTEST_XDIST_WORKER", "master")
    return Suite(f"committed-{worker}", {"bitbeat": TFLITE.read_bytes()})


def test_committed_model_equals_the_interpreter(committed: Suite, backend: str) -> None:
    model = committed.models["bitbeat"]
    inputs = model.inputs(np.random.default_rng(1), 300)
    np.testing.assert_array_equal(
        committed.run(backend, model, inputs).outputs, oracle(model.content, inputs)
    )


def test_committed_model_is_small_enough() -> None:
    report = network_report(TFLITE)
    assert report.c_network_bytes <= C_NETWORK_BYTES_MAX
    assert report.tflite_bytes <= TFLITE_BYTES_MAX
    assert report.macs <= MACS_MAX


PLAIN = """
import sys
import numpy as np
from host_tools.reference.fixed import PLAIN
from host_tools.reference.network import ARENA_BYTES, NET_TRACE_BYTES, net_invoke
from host_tools.reference.state import CheckedArray
assert PLAIN == (sys.argv[1] == "1")
def make(n):
    return CheckedArray(np.dtype(np.int8), n) if PLAIN else np.zeros(n, np.int8)
rng = np.random.default_rng(5)
for _ in range(3):
    arena, logits, layers = make(ARENA_BYTES), make(4), make(NET_TRACE_BYTES)
    for i, value in enumerate(rng.integers(-128, 128, ARENA_BYTES)):
        arena[i] = int(value)
    net_invoke(arena, logits, layers)
    print([int(v) for v in logits], [int(layers[i]) for i in range(NET_TRACE_BYTES)])
"""


def test_generated_reference_runs_as_plain_python() -> None:
    """With checked int8 widths, and to the same values as compiled by numba."""
    printed = []
    for plain in ("1", "0"):
        done = subprocess.run(
            [sys.executable, "-c", PLAIN, plain],
            cwd=ROOT,
            env=os.environ | {"BITBEAT_PLAIN": plain},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        printed.append(done.stdout)
    assert printed[0] == printed[1]
    assert len(printed[0].splitlines()) == 3
