"""What the compiler refuses, and how: one line that names the culprit.

Oracle: the project's list of operators, and the rules that the interpreter states.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from export.c_network import generate_network, network_report, read_tflite
from export.graph import KNOWN_OPERATORS
from export.lower import compile_network
from export.tflite_reader import parse_tflite
from host_tools.build import ROOT
from host_tools.errors import UserError
from tests.export.random_models import single_operator, small_graph
from tests.export.tflite_builder import ModelBuilder

TFLITE = ROOT / "firmware" / "lib" / "model" / "bitbeat.tflite"


def refusal(content: bytes) -> str:
    with pytest.raises(UserError) as caught:
        compile_network(parse_tflite(content, "model.tflite"))
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith("model.tflite: ")
    return message


def dense(**changes: object) -> ModelBuilder:
    """Return a fully connected network of 4 inputs and 2 outputs, with parts of it changed."""
    b = ModelBuilder()
    x = b.tensor((1, 4), 0.1, 0, dtype=str(changes.get("input", "int8")), name="signal")
    w = b.constant(
        np.full((2, 4), changes.get("weight", 1), np.int8), 0.1, int(str(changes.get("weight_zero", 0)))
    )
    bias = b.constant(np.full(2, changes.get("bias", 0), np.int32), 0.01)
    y = b.tensor((1, 2), float(str(changes.get("output_scale", 0.1))), 0)
    b.op("FULLY_CONNECTED", [x, w, bias], [y], FusedActivationFunction=str(changes.get("activation", "NONE")))
    return b


@pytest.mark.parametrize("kind", ["TANH", "LOGISTIC", "TRANSPOSE", "MUL", "SUB", "STRIDED_SLICE", "QUANTIZE"])
def test_unknown_operator_is_named_with_the_known_ones(kind: str) -> None:
    b = ModelBuilder()
    x, y = b.tensor((1, 4), 0.1), b.tensor((1, 4), 0.1)
    b.op(kind, [x], [y])
    message = refusal(b.finish([x], [y]))
    assert kind in message
    assert all(known in message for known in KNOWN_OPERATORS)


def test_float_model_is_refused_with_tensor_and_type() -> None:
    message = refusal(dense(input="float32").finish([0], [3]))
    assert "signal" in message
    assert "FLOAT32" in message


def test_wide_activation_is_refused_with_tensor_and_type() -> None:
    message = refusal(dense(input="int32").finish([0], [3]))
    assert "signal" in message
    assert "int32" in message


def test_unquantised_activation_is_refused() -> None:
    b = ModelBuilder()
    x, y = b.tensor((1, 4), name="bare"), b.tensor((1, 4), 1 / 256, -128)
    b.op("SOFTMAX", [x], [y], Beta=1.0)
    assert "bare" in refusal(b.finish([x], [y]))


def test_asymmetric_weights_are_refused() -> None:
    assert "symmetric" in refusal(dense(weight_zero=3).finish([0], [3]))


def test_accumulator_that_could_overflow_is_refused() -> None:
    assert "overflow" in refusal(dense(bias=2**31 - 1).finish([0], [3]))
    assert "overflow" in refusal(dense(output_scale=1e-9, weight=127).finish([0], [3]))
    compile_network(parse_tflite(dense(bias=2**30).finish([0], [3]), "model.tflite"))


def test_unknown_activation_is_refused() -> None:
    assert "TANH" in refusal(dense(activation="TANH").finish([0], [3]))


def test_concatenation_of_other_scales_is_refused() -> None:
    b = ModelBuilder()
    x, z, y = b.tensor((1, 4), 0.1), b.tensor((1, 4), 0.2), b.tensor((1, 8), 0.1)
    b.op("CONCATENATION", [x, z], [y], Axis=1)
    assert "scale" in refusal(b.finish([x, z], [y]))


def test_pool_of_other_scales_is_refused() -> None:
    b = ModelBuilder()
    x, y = b.tensor((1, 4, 4, 1), 0.1), b.tensor((1, 4, 4, 1), 0.2)
    b.op("MAX_POOL_2D", [x], [y], StrideH=1, StrideW=1, FilterHeight=1, FilterWidth=1, Padding="SAME")
    assert "scale" in refusal(b.finish([x], [y]))


@pytest.mark.parametrize("depth", [512, 600])
def test_softmax_of_long_rows_is_refused(depth: int) -> None:
    b = ModelBuilder()
    x, y = b.tensor((1, depth), 0.1), b.tensor((1, depth), 1 / 256, -128)
    b.op("SOFTMAX", [x], [y], Beta=1.0)
    assert "rows" in refusal(b.finish([x], [y]))


def test_missing_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"none\.tflite"):
        read_tflite(tmp_path / "none.tflite")


def test_other_inputs_than_the_projects_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "dense.tflite"
    path.write_bytes(dense().finish([0], [3]))
    with pytest.raises(UserError, match="beat and rhythm"):
        generate_network(path, tmp_path, tmp_path, "0" * 64)
    assert sorted(tmp_path.iterdir()) == [path]  # nothing half-written
    assert network_report(path).macs == 8


@settings(max_examples=60)
@given(end=st.integers(0, len(TFLITE.read_bytes()) - 1))
def test_truncated_file_is_one_line(end: int) -> None:
    assert "not a whole .tflite" in refusal(TFLITE.read_bytes()[:end])


def try_compile(content: bytes) -> None:
    """Compile; a damaged file may pass (a weight changed) or be refused, but nothing else may happen."""
    message = ""
    try:
        compile_network(parse_tflite(content, "model.tflite"))
    except UserError as error:
        message = str(error)
    assert "\n" not in message


@settings(max_examples=150)
@given(st.binary(max_size=400))
def test_garbage_is_one_line(content: bytes) -> None:
    refusal(content)
    refusal(content[:4] + b"TFL3" + content[8:])


@settings(max_examples=250)
@given(st.data())
def test_damaged_file_is_refused_or_compiles(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(KNOWN_OPERATORS))
    content = bytearray(single_operator(kind, 0) if data.draw(st.booleans()) else small_graph(3))
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try_compile(bytes(content))
