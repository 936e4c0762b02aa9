"""The int8 kernels with weights: convolutions and the fully connected layer.

Twins of ``nn_conv.c``, ``nn_depthwise.c`` and ``nn_fully_connected.c``.

Every kernel reads ``x`` from index ``at`` on and writes ``out`` from index ``to`` on; the layout of a
tensor is [batch, row, column, channel]. Arithmetic: TensorFlow Lite Micro's reference kernels
(accumulators in int32, weights symmetric, activations asymmetric), with one change that alters no
result: ``-zero_point * sum(weights)`` is part of the bias, and a tap outside the image reads the
zero point, which then contributes nothing.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from .fixed import kernel
from .requantise import clamp_s8, requantise


class Conv(NamedTuple):
    """Shape and quantisation of a convolution; fields as in ``nn_conv_t``."""

    batches: int
    input_h: int
    input_w: int
    input_c: int
    output_h: int
    output_w: int
    output_c: int
    kernel_h: int
    kernel_w: int
    kernel_c: int
    stride_h: int
    stride_w: int
    dilation_h: int
    dilation_w: int
    pad_top: int
    pad_left: int
    input_zero: int
    output_zero: int
    low: int
    high: int


class DepthwiseConv(NamedTuple):
    """Shape and quantisation of a depthwise convolution; fields as in ``nn_depthwise_conv_t``."""

    batches: int
    input_h: int
    input_w: int
    input_c: int
    output_h: int
    output_w: int
    channel_multiplier: int
    kernel_h: int
    kernel_w: int
    stride_h: int
    stride_w: int
    dilation_h: int
    dilation_w: int
    pad_top: int
    pad_left: int
    input_zero: int
    output_zero: int
    low: int
    high: int


class FullyConnected(NamedTuple):
    """Shape and quantisation of a fully connected layer; fields as in ``nn_fully_connected_t``."""

    batches: int
    input_c: int
    output_c: int
    output_zero: int
    low: int
    high: int


@kernel
def conv(
    p: Any, weights: Any, bias: Any, multiplier: Any, shift: Any, x: Any, at: int, out: Any, to: int
) -> None:
    """Convolve; ``weights`` [output_c][kernel_h][kernel_w][kernel_c], grouped where kernel_c < input_c."""
    filters_per_group = p.output_c // (p.input_c // p.kernel_c)
    k = to
    for batch in range(p.batches):
        for oy in range(p.output_h):
            for ox in range(p.output_w):
                for oc in range(p.output_c):
                    first_c = oc // filters_per_group * p.kernel_c
                    acc = int(bias[oc])
                    w = oc * p.kernel_h * p.kernel_w * p.kernel_c
                    for ky in range(p.kernel_h):
                        iy = oy * p.stride_h - p.pad_top + ky * p.dilation_h
                        for kx in range(p.kernel_w):
                            ix = ox * p.stride_w - p.pad_left + kx * p.dilation_w
                            inside = 0 <= iy < p.input_h and 0 <= ix < p.input_w
                            i = at + ((batch * p.input_h + iy) * p.input_w + ix) * p.input_c + first_c
                            for c in range(p.kernel_c):
                                value = int(x[i + c]) if inside else p.input_zero
                                acc += int(weights[w]) * value
                                w += 1
                    y = requantise(acc, int(multiplier[oc]), int(shift[oc])) + p.output_zero
                    out[k] = clamp_s8(y, p.low, p.high)
                    k += 1


@kernel
def depthwise_conv(
    p: Any, weights: Any, bias: Any, multiplier: Any, shift: Any, x: Any, at: int, out: Any, to: int
) -> None:
    """Convolve each channel on its own; ``weights`` [input_c * channel_multiplier][kernel_h][kernel_w]."""
    k = to
    for batch in range(p.batches):
        for oy in range(p.output_h):
            for ox in range(p.output_w):
                w = 0
                for oc in range(p.input_c * p.channel_multiplier):
                    acc = int(bias[oc])
                    for ky in range(p.kernel_h):
                        iy = oy * p.stride_h - p.pad_top + ky * p.dilation_h
                        for kx in range(p.kernel_w):
                            ix = ox * p.stride_w - p.pad_left + kx * p.dilation_w
                            value = p.input_zero
                            if 0 <= iy < p.input_h and 0 <= ix < p.input_w:
                                i = ((batch * p.input_h + iy) * p.input_w + ix) * p.input_c
                                value = int(x[at + i + oc // p.channel_multiplier])
                            acc += int(weights[w]) * value
                            w += 1
                    y = requantise(acc, int(multiplier[oc]), int(shift[oc])) + p.output_zero
                    out[k] = clamp_s8(y, p.low, p.high)
                    k += 1


@kernel
def fully_connected(
    p: Any, weights: Any, bias: Any, multiplier: Any, shift: Any, x: Any, at: int, out: Any, to: int
) -> None:
    """Matrix times vector; ``weights`` [output_c][input_c]."""
    for batch in range(p.batches):
        for oc in range(p.output_c):
            acc = int(bias[oc])
            for c in range(p.input_c):
                acc += int(weights[oc * p.input_c + c]) * int(x[at + batch * p.input_c + c])
            y = requantise(acc, int(multiplier[oc]), int(shift[oc])) + p.output_zero
            out[to + batch * p.output_c + oc] = clamp_s8(y, p.low, p.high)
