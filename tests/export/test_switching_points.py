"""Multipliers and activation limits, to the last bit.

An output of eight bits hides small errors of a multiplier. These networks are made of biases at which
the output just switches to the next value, so that an error of 1e-8 shows. Oracle: the tflite-micro
interpreter.
"""

from __future__ import annotations

import os

import numpy as np
import pytest

from export.graph import Tensor
from export.quantise import product_multipliers
from host_tools.reference.requantise import requantise
from tests.export.backends import Suite, oracle
from tests.export.tflite_builder import ModelBuilder

LEVELS = range(-100, 101, 4)
LAYERS = (
    "dense-tensor",
    "dense-channel",
    "conv-tensor",
    "conv-channel",
    "depthwise-tensor",
    "depthwise-channel",
)
SCALES = range(6)


def switching_biases(pairs: list[tuple[int, int]]) -> np.ndarray:
    """For each level the largest accumulator that still gives it, and the next; one channel each."""
    biases = []
    for k, level in enumerate(np.repeat(np.array(LEVELS), 2)):
        multiplier, shift = pairs[k]
        low, high = -(2**31) + 1, 2**31 - 1
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if requantise(middle, multiplier, shift) <= level else (low, middle)
        biases.append(low + k % 2)
    return np.array(biases, np.int32)


def switching_model(layer: str, seed: int) -> bytes:
    """One layer of weights 0 and such biases; 32 bits of accumulator span about the range of the output."""
    rng = np.random.default_rng(seed)
    channels = 2 * len(LEVELS)
    kind, _, granularity = layer.partition("-")
    x_scale, y_scale = float(np.float32(rng.uniform(1e-3, 2e-3))), float(np.float32(rng.uniform(4, 8)))
    many = channels if granularity == "channel" else 1
    w_scale = rng.uniform(1e-3, 2e-3, many).astype(np.float32)
    axis = 3 if kind == "depthwise" else 0
    scales = ((x_scale,), tuple(map(float, w_scale)), (y_scale,))
    tensors = [Tensor(k, "", (), "int8", s, (0,) * len(s)) for k, s in enumerate(scales)]
    biases = switching_biases(product_multipliers(*tensors, channels))
    b = ModelBuilder()
    shape = {"dense": (channels, 1), "conv": (channels, 1, 1, 1), "depthwise": (1, 1, 1, channels)}[kind]
    x = b.tensor((1, 1) if kind == "dense" else (1, 1, 1, 1), x_scale)
    w = b.constant(np.zeros(shape, np.int8), list(w_scale), axis=axis)
    bias = b.constant(biases, [float(np.float32(x_scale) * s) for s in w_scale])
    y = b.tensor((1, channels) if kind == "dense" else (1, 1, 1, channels), y_scale)
    if kind == "dense":
        b.op("FULLY_CONNECTED", [x, w, bias], [y])
    elif kind == "conv":
        b.op("CONV_2D", [x, w, bias], [y], StrideH=1, StrideW=1, DilationHFactor=1, DilationWFactor=1)
    else:
        options = {
            "StrideH": 1,
            "StrideW": 1,
            "DepthMultiplier": channels,
            "DilationHFactor": 1,
            "DilationWFactor": 1,
        }
        b.op("DEPTHWISE_CONV_2D", [x, w, bias], [y], **options)
    return b.finish([x], [y])


def limit_scales(real: float) -> list[float]:
    """Scales on which a limit of the activation lies within a float's rounding of a half."""
    found = []
    for k in range(20, 250):
        near = np.float32(real / (k + 0.5))
        for scale in (near, np.nextafter(near, np.float32(0)), np.nextafter(near, np.float32(1))):
            if np.float32(real) / scale == np.float32(k + 0.5) and real / float(scale) < k + 0.5:
                found.append(float(scale))
    return found


def limit_model(activation: str, scale: float) -> bytes:
    b = ModelBuilder()
    zero_point = -128 if activation == "RELU6" else 0
    x, y = b.tensor((1, 2, 128, 1), scale, zero_point), b.tensor((1, 2, 128, 1), scale, zero_point)
    b.op("MAX_POOL_2D", [x], [y], StrideH=1, StrideW=1, FilterHeight=1, FilterWidth=1,
         FusedActivationFunction=activation)  # fmt: skip
    return b.finish([x], [y])


LIMITS = [("RELU6", s) for s in limit_scales(6.0)[:4]] + [("RELU_N1_TO_1", s) for s in limit_scales(1.0)[:3]]


@pytest.fixture(scope="module")
def suite() -> Suite:
    models = {f"{layer}-{seed}": switching_model(layer, seed) for layer in LAYERS for seed in SCALES}
    models |= {f"limit-{k}": limit_model(*limit) for k, limit in enumerate(LIMITS)}
    return Suite(f"switching-{os.environ.get('PYTEST_XDIST_WORKER', 'master')}", models)


@pytest.mark.parametrize("seed", SCALES)
@pytest.mark.parametrize("layer", LAYERS)
def test_outputs_switch_where_the_interpreters_do(layer: str, seed: int, suite: Suite, backend: str) -> None:
    model = suite.models[f"{layer}-{seed}"]
    inputs = [[np.zeros(model.network.inputs[0].tensor.shape, np.int8)]]
    expected = oracle(model.content, inputs)
    assert len(np.unique(expected)) > len(LEVELS)
    np.testing.assert_array_equal(suite.run(backend, model, inputs).outputs, expected)


@pytest.mark.parametrize("k", range(len(LIMITS)))
def test_activation_is_limited_where_the_interpreters_is(k: int, suite: Suite, backend: str) -> None:
    model = suite.models[f"limit-{k}"]
    inputs = [[np.arange(-128, 128).astype(np.int8).reshape(1, 2, 128, 1)]]
    np.testing.assert_array_equal(suite.run(backend, model, inputs).outputs, oracle(model.content, inputs))


def test_there_are_limits_to_test() -> None:
    assert {activation for activation, _ in LIMITS} == {"RELU6", "RELU_N1_TO_1"}
