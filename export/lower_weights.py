"""Lowering of the operators with weights: convolutions and fully connected layers."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from export.graph import Operator, Tensor
from export.lower_ops import Call, Lowering
from export.quantise import product_multipliers, same_padding

Arrays = dict[str, npt.NDArray[Any]]


def _fold(low: Lowering, op: Operator, rows: npt.NDArray[np.int8], x: Tensor, axis: int) -> Arrays:
    """Weights, bias with the input's zero point folded in, multipliers and shifts, in the kernels' order.

    ``rows`` int8 [output channels][taps]; ``axis`` is the dimension of the weights tensor that the
    output channels run along.
    """
    channels = len(rows)
    weights = low.tensor(op.inputs[1])
    if len(weights.scales) not in (1, channels) or any(weights.zero_points):
        low.refuse(op, f"has weights {weights.name} that are not symmetric with one scale or one per channel")
    if len(weights.scales) > 1 and weights.channel_axis != axis:
        low.refuse(
            op, f"has weights {weights.name} with scales along dimension {weights.channel_axis}, not {axis}"
        )
    bias = np.zeros(channels, np.int64)
    if len(op.inputs) > 2 and op.inputs[2] != -1:
        bias = low.constant(op, 2, "int32").astype(np.int64)
        if bias.shape != (channels,):
            low.refuse(op, f"has {bias.size} biases for {channels} channels")
    wide = rows.astype(np.int64)
    folded = bias - x.zero_point * wide.sum(axis=1)
    pairs = product_multipliers(x, weights, low.tensor(op.output), channels)
    for channel, (_, shift) in enumerate(pairs):
        # Partial sums too: everything that can be added up, on top of the folded and of the plain bias.
        start = max(abs(int(folded[channel])), abs(int(bias[channel])))
        weight_sum = int(abs(wide[channel]).sum())
        # The second: kernels that add 128 to each weight and take it off again, see nn_weights.h.
        largest = max(256 * weight_sum, 128 * weight_sum + (wide.shape[1] << 15))
        low.check_range(op, start + largest, shift)
    return {
        "weights": np.ascontiguousarray(rows).ravel(),
        "bias": folded.astype(np.int32),
        "multiplier": np.array([m for m, _ in pairs], np.int32),
        "shift": np.array([s for _, s in pairs], np.int8),
    }


def _windows(
    low: Lowering, op: Operator, x: Tensor, y: Tensor, kernel_h: int, kernel_w: int
) -> dict[str, int]:
    """Strides, dilations and padding of a convolution, checked against the output's size."""
    o = op.options
    if min(o.stride_h, o.stride_w, o.dilation_h, o.dilation_w) < 1:
        low.refuse(op, "has a stride or dilation below 1")
    pads = []
    for size, window, stride, dilation, output in (
        (x.shape[1], kernel_h, o.stride_h, o.dilation_h, y.shape[1]),
        (x.shape[2], kernel_w, o.stride_w, o.dilation_w, y.shape[2]),
    ):
        extent = (window - 1) * dilation + 1
        wanted = -(-size // stride) if o.padding == "SAME" else (size - extent) // stride + 1
        if output != wanted:
            low.refuse(op, f"has {output} output rows or columns where {wanted} follow from its options")
        pads.append(same_padding(size, window, stride, dilation, output) if o.padding == "SAME" else 0)
    return {
        "stride_h": o.stride_h,
        "stride_w": o.stride_w,
        "dilation_h": o.dilation_h,
        "dilation_w": o.dilation_w,
        "pad_top": pads[0],
        "pad_left": pads[1],
    }


def _image(low: Lowering, op: Operator) -> tuple[Tensor, Tensor, npt.NDArray[np.int8]]:
    """Input, output and weights of a convolution, each of four dimensions."""
    x, y, w = low.activation(op, 0), low.tensor(op.output), low.constant(op, 1, "int8")
    if len(x.shape) != 4 or len(y.shape) != 4 or w.ndim != 4 or x.shape[0] != y.shape[0]:
        low.refuse(op, f"has shapes {x.shape}, {w.shape}, {y.shape}, not [batch, row, column, channel]")
    return x, y, w


def lower_conv(low: Lowering, op: Operator) -> tuple[tuple[Call, ...], int]:
    """Lower CONV_2D, grouped or not."""
    x, y, w = _image(low, op)
    channels, kernel_h, kernel_w, kernel_c = w.shape
    groups = x.shape[3] // kernel_c if kernel_c else 0
    if groups < 1 or x.shape[3] % kernel_c or channels % groups or y.shape[3] != channels:
        low.refuse(op, f"has weights {w.shape} for an input {x.shape} and an output {y.shape}")
    sizes = {
        "batches": x.shape[0],
        "input_h": x.shape[1],
        "input_w": x.shape[2],
        "input_c": x.shape[3],
        "output_h": y.shape[1],
        "output_w": y.shape[2],
        "output_c": channels,
        "kernel_h": kernel_h,
        "kernel_w": kernel_w,
        "kernel_c": kernel_c,
    } | _windows(low, op, x, y, kernel_h, kernel_w)
    params = low.check_sizes(op, sizes) | {"input_zero": x.zero_point} | low.limits(op)
    arrays = _fold(low, op, w.reshape(channels, -1), x, 0)
    macs = y.size * kernel_h * kernel_w * kernel_c
    return (Call("conv", params, (low.operand(x.index),), low.offset(op), arrays),), macs


def lower_depthwise(low: Lowering, op: Operator) -> tuple[tuple[Call, ...], int]:
    """Lower DEPTHWISE_CONV_2D; its weights are turned round so that each channel's lie together."""
    x, y, w = _image(low, op)
    _, kernel_h, kernel_w, channels = w.shape
    if w.shape[0] != 1 or channels % x.shape[3] or y.shape[3] != channels:
        low.refuse(op, f"has weights {w.shape} for an input {x.shape} and an output {y.shape}")
    sizes = {
        "batches": x.shape[0],
        "input_h": x.shape[1],
        "input_w": x.shape[2],
        "input_c": x.shape[3],
        "output_h": y.shape[1],
        "output_w": y.shape[2],
        "channel_multiplier": channels // x.shape[3],
        "kernel_h": kernel_h,
        "kernel_w": kernel_w,
    } | _windows(low, op, x, y, kernel_h, kernel_w)
    params = low.check_sizes(op, sizes) | {"input_zero": x.zero_point} | low.limits(op)
    arrays = _fold(low, op, w.reshape(-1, channels).T, x, 3)
    macs = y.size * kernel_h * kernel_w
    return (Call("depthwise_conv", params, (low.operand(x.index),), low.offset(op), arrays),), macs


def lower_fully_connected(low: Lowering, op: Operator) -> tuple[tuple[Call, ...], int]:
    """Lower FULLY_CONNECTED; leading dimensions are batches."""
    x, y, w = low.activation(op, 0), low.tensor(op.output), low.constant(op, 1, "int8")
    if w.ndim != 2 or x.size % w.shape[1] or y.size != x.size // w.shape[1] * w.shape[0]:
        low.refuse(op, f"has weights {w.shape} for an input {x.shape} and an output {y.shape}")
    sizes = {"batches": x.size // w.shape[1], "input_c": w.shape[1], "output_c": w.shape[0]}
    params = low.check_sizes(op, sizes) | low.limits(op)
    arrays = _fold(low, op, w, x, 0)
    return (
        Call("fully_connected", params, (low.operand(x.index),), low.offset(op), arrays),
    ), x.size * w.shape[0]
