"""Random int8 networks: single operators with random shapes and options, and small graphs of several."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tests.export.tflite_builder import ModelBuilder

ACTIVATIONS = ("NONE", "RELU", "RELU6", "RELU_N1_TO_1")


class RandomModel:
    """A model being drawn; the methods append one operator and return its output's number."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.b = ModelBuilder()
        self.inputs: list[int] = []

    def integer(self, low: int, high: int) -> int:
        return int(self.rng.integers(low, high + 1))

    def pick(self, *choices: str) -> str:
        return choices[self.integer(0, len(choices) - 1)]

    def quantisation(self) -> dict[str, float | int]:
        zero_point = (
            self.integer(-128, 127) if self.rng.random() < 0.7 else int(self.rng.choice([-128, 0, 127]))
        )
        return {"scale": float(np.exp(self.rng.uniform(-5, -2))), "zero_point": zero_point}

    def like(self, tensor: int) -> dict[str, float | int]:
        t = self.b.tensors[tensor]
        return {"scale": t.scales[0], "zero_point": t.zero_points[0]}

    def input(self, shape: tuple[int, ...], **quantisation: float | int) -> int:
        self.inputs.append(
            self.b.tensor(shape, **(quantisation or self.quantisation()), name=f"x{len(self.inputs)}")
        )
        return self.inputs[-1]

    def image(self) -> int:
        one_row = self.rng.random() < 0.4
        h = 1 if one_row else self.integer(1, 7)
        batches = 2 if self.rng.random() < 0.2 else 1
        return self.input((batches, h, self.integer(1, 13), self.integer(1, 6)))

    def weights(
        self, shape: tuple[int, ...], channels: int, axis: int, x: int, taps: int
    ) -> tuple[int, int, float]:
        """Weights and bias; the scale of the output on which most accumulators just fit."""
        values = self.rng.integers(-127, 128, shape).astype(np.int8)
        if self.rng.random() < 0.1:
            values[...] = self.rng.choice([-127, 127], shape)
        per_channel = channels > 1 and self.rng.random() < 0.7
        scale = np.exp(self.rng.uniform(-7, -4, channels if per_channel else 1)).astype(np.float32)
        w = self.b.constant(values, list(scale), axis=axis)
        x_scale = np.float32(self.b.tensors[x].scales[0])
        bias_scale = [float(x_scale * s) for s in scale]
        bias = self.rng.integers(-20000, 20001, channels).astype(np.int32)
        spread = 127 * 127 * np.sqrt(taps) * float(scale.max()) * float(x_scale) / 200
        factor = float(np.exp(self.rng.uniform(-2.5, 1.0)))
        return w, self.b.constant(bias, bias_scale), spread * factor

    def out(self, shape: tuple[int, ...], scale: float) -> int:
        return self.b.tensor(shape, scale, self.integer(-128, 127))

    def window(self, size: int, stride: int, dilation: int, extent_max: int) -> int:
        return max(1, min(self.integer(1, extent_max), (size - 1) // dilation + 1))

    def output_size(self, size: int, window: int, stride: int, dilation: int, padding: str) -> int:
        return -(-size // stride) if padding == "SAME" else (size - (window - 1) * dilation - 1) // stride + 1

    def conv(self, x: int, depthwise: bool = False) -> int:
        n, h, w, c = self.b.tensors[x].shape
        padding = self.pick("SAME", "VALID")
        sh, sw = self.integer(1, 3), self.integer(1, 3)
        # TFLM's own rule: a stride and a dilation are rarely mixed, but nothing forbids it.
        dh, dw = (self.integer(1, 2), self.integer(1, 3)) if self.rng.random() < 0.3 else (1, 1)
        kh, kw = self.window(h, sh, dh, 4), self.window(w, sw, dw, 7)
        if padding == "SAME" and self.rng.random() < 0.3:
            kh, kw = self.integer(1, 4), self.integer(1, 7)
        options = {
            "StrideH": sh, "StrideW": sw, "DilationHFactor": dh, "DilationWFactor": dw,
            "Padding": padding, "FusedActivationFunction": self.pick(*ACTIVATIONS),
        }  # fmt: skip
        if depthwise:
            multiplier = self.integer(1, 3)
            co, kind, shape, axis, taps = (
                c * multiplier,
                "DEPTHWISE_CONV_2D",
                (1, kh, kw, c * multiplier),
                3,
                kh * kw,
            )
            options["DepthMultiplier"] = multiplier
        else:
            groups = (
                int(self.rng.choice([g for g in (1, 2, 3) if c % g == 0])) if self.rng.random() < 0.2 else 1
            )
            co = groups * self.integer(1, 7)
            kind, shape, axis, taps = "CONV_2D", (co, kh, kw, c // groups), 0, kh * kw * c // groups
        weights, bias, scale = self.weights(shape, co, axis, x, taps)
        oh, ow = self.output_size(h, kh, sh, dh, padding), self.output_size(w, kw, sw, dw, padding)
        y = self.out((n, oh, ow, co), scale)
        inputs = [x, weights, bias] if depthwise or self.rng.random() < 0.8 else [x, weights]
        self.b.op(kind, inputs, [y], **options)
        return y

    def depthwise(self, x: int) -> int:
        return self.conv(x, depthwise=True)

    def dense(self, x: int) -> int:
        shape = self.b.tensors[x].shape
        size = int(np.prod(shape))
        width = shape[-1] if self.rng.random() < 0.3 else size
        units = self.integer(1, 11)
        weights, bias, scale = self.weights((units, width), units, 0, x, width)
        y = self.out((size // width, units), scale)
        inputs = [x, weights, bias] if self.rng.random() < 0.8 else [x, weights]
        self.b.op("FULLY_CONNECTED", inputs, [y], FusedActivationFunction=self.pick(*ACTIVATIONS))
        return y

    def pad(self, x: int) -> int:
        shape = self.b.tensors[x].shape
        margins = self.rng.integers(0, 4, (len(shape), 2)).astype(np.int32)
        margins[self.rng.random(len(shape)) < 0.5] = 0
        y = self.b.tensor([s + int(m.sum()) for s, m in zip(shape, margins, strict=True)], **self.like(x))
        self.b.op("PAD", [x, self.b.constant(margins)], [y])
        return y

    def add(self, x: int) -> int:
        shape = self.b.tensors[x].shape
        kind = self.integer(0, 3)
        if kind == 0:
            other = x
        elif kind == 1:
            other = self.input(shape)
        elif kind == 2:  # a constant, one value for each channel
            values = self.rng.integers(-128, 128, shape[-1:]).astype(np.int8)
            other = self.b.constant(values, **self.quantisation())
        else:
            other = self.input(tuple(1 if self.rng.random() < 0.5 else s for s in shape))
        scales = [self.b.tensors[i].scales[0] for i in (x, other)]
        y = self.out(shape, float(sum(scales) * np.exp(self.rng.uniform(-1, 1))))
        self.b.op("ADD", [x, other], [y], FusedActivationFunction=self.pick(*ACTIVATIONS))
        return y

    def concatenate(self, x: int) -> int:
        shape = self.b.tensors[x].shape
        axis = self.integer(0, len(shape) - 1)
        parts = [x]
        for _ in range(self.integer(1, 3)):
            size = tuple(self.integer(1, 4) if d == axis else s for d, s in enumerate(shape))
            parts.append(x if self.rng.random() < 0.2 else self.input(size, **self.like(x)))
        self.rng.shuffle(parts)
        total = sum(self.b.tensors[i].shape[axis] for i in parts)
        y = self.b.tensor([total if d == axis else s for d, s in enumerate(shape)], **self.like(x))
        self.b.op("CONCATENATION", parts, [y], Axis=axis if self.rng.random() < 0.5 else axis - len(shape))
        return y

    def reshape(self, x: int) -> int:
        size = int(np.prod(self.b.tensors[x].shape))
        divisors = [d for d in range(1, size + 1) if size % d == 0]
        rows = int(self.rng.choice(divisors))
        shape = (1, 1, rows, size // rows) if self.rng.random() < 0.7 else (rows, size // rows)
        y = self.b.tensor(shape, **self.like(x))
        self.b.op("RESHAPE", [x, self.b.constant(np.array(shape, np.int32))], [y])
        return y

    def mean(self, x: int) -> int:
        shape = self.b.tensors[x].shape
        axes = [d for d in range(len(shape)) if self.rng.random() < 0.5] or [len(shape) - 2]
        keep = bool(self.rng.random() < 0.5)
        out = [1 if d in axes else s for d, s in enumerate(shape) if keep or d not in axes] or [1]
        scale = self.b.tensors[x].scales[0] * float(np.exp(self.rng.uniform(-1.5, 0.5)))
        y = self.out(tuple(out), scale)
        stored = np.array([a - len(shape) if self.rng.random() < 0.3 else a for a in axes], np.int32)
        self.b.op("MEAN", [x, self.b.constant(stored)], [y], KeepDims=keep)
        return y

    def pool(self, x: int, kind: str = "AVERAGE_POOL_2D") -> int:
        n, h, w, c = self.b.tensors[x].shape
        padding = self.pick("SAME", "VALID")
        sh, sw = self.integer(1, 3), self.integer(1, 3)
        kh, kw = self.window(h, sh, 1, 4), self.window(w, sw, 1, 13)
        oh, ow = self.output_size(h, kh, sh, 1, padding), self.output_size(w, kw, sw, 1, padding)
        y = self.b.tensor((n, oh, ow, c), **self.like(x))
        self.b.op(
            kind, [x], [y], StrideH=sh, StrideW=sw, FilterHeight=kh, FilterWidth=kw, Padding=padding,
            FusedActivationFunction=self.pick(*ACTIVATIONS),
        )  # fmt: skip
        return y

    def max_pool(self, x: int) -> int:
        return self.pool(x, "MAX_POOL_2D")

    def softmax(self, x: int) -> int:
        y = self.b.tensor(self.b.tensors[x].shape, 1 / 256, -128)
        self.b.op("SOFTMAX", [x], [y], Beta=float(self.rng.choice([1.0, 0.5, 3.0])))
        return y


_SINGLE: dict[str, Callable[[RandomModel, int], int]] = {
    "CONV_2D": RandomModel.conv,
    "DEPTHWISE_CONV_2D": RandomModel.depthwise,
    "FULLY_CONNECTED": RandomModel.dense,
    "PAD": RandomModel.pad,
    "ADD": RandomModel.add,
    "CONCATENATION": RandomModel.concatenate,
    "RESHAPE": RandomModel.reshape,
    "MEAN": RandomModel.mean,
    "AVERAGE_POOL_2D": RandomModel.pool,
    "MAX_POOL_2D": RandomModel.max_pool,
    "SOFTMAX": RandomModel.softmax,
}
SINGLE_OPERATORS = tuple(_SINGLE)


def single_operator(kind: str, seed: int) -> bytes:
    """Return a network of one operator."""
    m = RandomModel(seed * 100 + SINGLE_OPERATORS.index(kind))
    if kind == "SOFTMAX":
        # Scales from "all equal" to "one takes all".
        x = m.input(
            (m.integer(1, 3), m.integer(1, 20)), scale=float(np.exp(m.rng.uniform(-8, 2))), zero_point=3
        )
    else:
        x = m.image()
    y = _SINGLE[kind](m, x)
    return m.b.finish(m.inputs, [y])


def small_graph(seed: int) -> bytes:
    """Return a network of several operators with branches, so that memory is reused and shared."""
    m = RandomModel(10_000 + seed)
    x = m.image()
    live = [x]
    for _ in range(m.integer(4, 9)):
        source = live[-1] if m.rng.random() < 0.7 else live[m.integer(0, len(live) - 1)]
        four = len(m.b.tensors[source].shape) == 4
        kinds = ["PAD", "ADD", "CONCATENATION", "RESHAPE"]
        kinds += (
            ["CONV_2D", "DEPTHWISE_CONV_2D", "MAX_POOL_2D", "AVERAGE_POOL_2D"]
            if four
            else ["FULLY_CONNECTED"]
        )
        if int(np.prod(m.b.tensors[source].shape)) > 1500:
            kinds = ["MEAN", "FULLY_CONNECTED"]
        live.append(_SINGLE[m.pick(*kinds)](m, source))
    tails = {i for i in live[1:] if not any(i in op[1] for op in m.b.operators)}
    return m.b.finish(m.inputs, sorted(tails | {live[-1]}))
