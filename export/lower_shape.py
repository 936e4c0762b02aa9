"""Lowering of the operators without weights: pads, joins, sums, means, pools, softmax."""

from __future__ import annotations

import math

import numpy as np

from export.graph import Operator, Tensor
from export.lower_ops import Call, Lowering
from export.quantise import quantise_multiplier, same_padding

Lowered = tuple[tuple[Call, ...], int]

_ADD_HEADROOM_BITS = 20
_SOFTMAX_INTEGER_BITS = 5
#: Longer rows overflow the sum of exponentials in TensorFlow Lite Micro's softmax.
_SOFTMAX_DEPTH_MAX = 511
_MEAN_VALUES_MAX = 1 << 23


def _four(low: Lowering, op: Operator, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Shape with ones in front, up to four dimensions."""
    if len(shape) > 4:
        low.refuse(op, f"has a tensor of {len(shape)} dimensions; four are known")
    return (1,) * (4 - len(shape)) + shape


def lower_pad(low: Lowering, op: Operator) -> Lowered:
    """Lower PAD: only the margins where the input already lies in the middle."""
    x, y = low.activation(op, 0), low.tensor(op.output)
    margins = low.constant(op, 1, "int32")
    if margins.shape != (len(x.shape), 2) or (margins < 0).any():
        low.refuse(op, f"has margins {margins.tolist()} for an input {x.shape}")
    if tuple(s + int(a) + int(b) for s, (a, b) in zip(x.shape, margins, strict=True)) != y.shape:
        low.refuse(op, f"has an output {y.shape} that does not follow from its margins")
    inner = [int(np.prod(y.shape[d + 1 :], dtype=np.int64)) for d in range(len(y.shape))]
    before = sum(int(m[0]) * inner[d] for d, m in enumerate(margins))
    if low.in_place(x.index, before):
        fill = {"before": before, "middle": x.size, "after": y.size - before - x.size, "value": y.zero_point}
        return (Call("fill", fill, (), low.offset(op)),), 0
    params = {f"input_{d}": s for d, s in enumerate(_four(low, op, x.shape))}
    for name, column in (("before", 0), ("after", 1)):
        sizes = (0,) * (4 - len(x.shape)) + tuple(int(m[column]) for m in margins)
        params |= {f"{name}_{d}": s for d, s in enumerate(sizes)}
    params = low.check_sizes(op, params) | {"value": y.zero_point}
    return (Call("pad", params, (low.operand(x.index),), low.offset(op)),), 0


def lower_reshape(low: Lowering, op: Operator) -> Lowered:
    """Lower RESHAPE: nothing to do where the memory plan put the output on the input."""
    x, y = low.activation(op, 0), low.tensor(op.output)
    if x.size != y.size:
        low.refuse(op, f"turns {x.shape} into {y.shape}")
    if low.in_place(y.index, 0):
        return (), 0
    params = {"rows": 1, "run": x.size, "output_step": x.size}
    return (Call("copy", params, (low.operand(x.index),), low.offset(op)),), 0


def lower_concatenation(low: Lowering, op: Operator) -> Lowered:
    """Lower CONCATENATION: a copy for each input that does not lie in place."""
    y = low.tensor(op.output)
    if op.options.activation != "NONE":
        low.refuse(
            op, f"has the fused activation {op.options.activation}; TensorFlow Lite Micro knows none here"
        )
    axis = op.options.axis + (len(y.shape) if op.options.axis < 0 else 0)
    if not 0 <= axis < len(y.shape):
        low.refuse(op, f"joins along dimension {op.options.axis} of an output {y.shape}")
    rows = int(np.prod(y.shape[:axis], dtype=np.int64))
    step = y.size // rows
    calls = []
    offset = 0
    for position, number in enumerate(op.inputs):
        x = low.activation(op, position)
        if x.scales != y.scales or x.zero_points != y.zero_points:
            low.refuse(
                op, f"joins {x.name} of another scale than its output; TensorFlow Lite Micro refuses that"
            )
        if len(x.shape) != len(y.shape) or any(
            a != b for d, (a, b) in enumerate(zip(x.shape, y.shape, strict=True)) if d != axis
        ):
            low.refuse(op, f"joins {x.shape} into {y.shape}")
        run = x.size // rows
        if not low.in_place(number, offset):
            params = {"rows": rows, "run": run, "output_step": step}
            calls.append(Call("copy", params, (low.operand(number),), low.offset(op) + offset))
        offset += run
    if offset != step:
        low.refuse(op, f"has inputs that do not fill its output {y.shape}")
    return tuple(calls), 0


def _broadcast_steps(low: Lowering, op: Operator, x: Tensor, y: Tensor) -> tuple[int, ...]:
    """Bytes from one value to the next in each of four dimensions; 0 where the operand is repeated."""
    shape, out = _four(low, op, x.shape), _four(low, op, y.shape)
    steps = []
    step = x.size
    for size, wanted in zip(shape, out, strict=True):
        if size not in (1, wanted):
            low.refuse(op, f"adds {x.shape} to a result of {y.shape}")
        step //= size
        steps.append(step if size > 1 else 0)
    return tuple(steps)


def lower_add(low: Lowering, op: Operator) -> Lowered:
    """Lower ADD, with broadcasting."""
    a, b, y = low.activation(op, 0), low.activation(op, 1), low.tensor(op.output)
    params = {f"size_{d}": s for d, s in enumerate(_four(low, op, y.shape))}
    low.check_sizes(op, params)
    params |= {f"step_a_{d}": s for d, s in enumerate(_broadcast_steps(low, op, a, y))}
    params |= {f"step_b_{d}": s for d, s in enumerate(_broadcast_steps(low, op, b, y))}
    # As CalculateOpDataAdd in TensorFlow Lite Micro's add_common.cc.
    twice_larger = 2 * max(a.scale, b.scale)
    output_real = twice_larger / ((1 << _ADD_HEADROOM_BITS) * y.scale)
    if output_real >= 1:
        low.refuse(op, f"has an output {y.name} whose scale is far too small for its inputs")
    for name, x in (("a", a), ("b", b)):
        multiplier, shift = quantise_multiplier(x.scale / twice_larger)
        params |= {f"zero_{name}": x.zero_point, f"multiplier_{name}": multiplier, f"shift_{name}": shift}
    params["multiplier"], params["shift"] = quantise_multiplier(output_real)
    operands = (low.operand(a.index), low.operand(b.index))
    return (Call("add", params | low.limits(op), operands, low.offset(op)),), 0


def _collapse(x: Tensor, axes: set[int]) -> tuple[list[list[int]], list[list[int]]]:
    """Kept and reduced dimensions as [size, step]; neighbours of one sort count as one."""
    kept: list[list[int]] = []
    over: list[list[int]] = []
    step = 1
    last: list[list[int]] | None = None
    for d in reversed(range(len(x.shape))):
        group = over if d in axes else kept
        if x.shape[d] > 1:
            if group is last:
                group[0][0] *= x.shape[d]
            else:
                group.insert(0, [x.shape[d], step])
            last = group
        step *= x.shape[d]
    return kept, over


def lower_mean(low: Lowering, op: Operator) -> Lowered:
    """Lower MEAN over any dimensions."""
    x, y = low.activation(op, 0), low.tensor(op.output)
    axes = {int(a) + (len(x.shape) if a < 0 else 0) for a in np.atleast_1d(low.constant(op, 1, "int32"))}
    if not all(0 <= a < len(x.shape) for a in axes):
        low.refuse(op, f"reduces dimensions {sorted(axes)} of {x.shape}")
    kept, over = _collapse(x, axes)
    if len(kept) > 2 or len(over) > 2:
        low.refuse(
            op, f"reduces {x.shape} over {sorted(axes)}, more than two separate stretches of dimensions"
        )
    count = math.prod(size for size, _ in over)
    if count > _MEAN_VALUES_MAX or math.prod(size for size, _ in kept) != y.size:
        low.refuse(op, f"reduces {x.shape} to {y.shape}")
    params: dict[str, int] = {}
    for name, dims in (("keep", kept), ("over", over)):
        two = [[1, 0]] * (2 - len(dims)) + dims
        params |= {f"{name}_{i}": d[0] for i, d in enumerate(two)}
        low.check_sizes(op, params)
        params |= {f"{name}_step_{i}": d[1] for i, d in enumerate(two)}
    multiplier, shift = _mean_multiplier(x.scale / y.scale, count)
    low.check_range(op, 255 * count, shift)
    params |= {"input_zero": x.zero_point, "multiplier": multiplier, "shift": shift}
    params["output_zero"] = y.zero_point
    return (Call("mean", params, (low.operand(x.index),), low.offset(op)),), 0


def _mean_multiplier(real: float, count: int) -> tuple[int, int]:
    """``real / count``, as ``QuantizedMeanOrSum`` in TensorFlow Lite's reduce.h folds the division in."""
    multiplier, shift = quantise_multiplier(real)
    bits = min(count.bit_length() - 1, 32, 31 + shift)
    return (multiplier << bits) // count, shift - bits


def lower_pool(low: Lowering, op: Operator) -> Lowered:
    """Lower AVERAGE_POOL_2D and MAX_POOL_2D."""
    x, y, o = low.activation(op, 0), low.tensor(op.output), op.options
    if len(x.shape) != 4 or len(y.shape) != 4 or (x.shape[0], x.shape[3]) != (y.shape[0], y.shape[3]):
        low.refuse(op, f"has shapes {x.shape} and {y.shape}, not [batch, row, column, channel]")
    if abs(x.scale - y.scale) > 1e-6 or x.zero_point != y.zero_point:
        low.refuse(op, "has input and output of different scales; TensorFlow Lite Micro refuses that")
    if min(o.stride_h, o.stride_w, o.filter_h, o.filter_w) < 1:
        low.refuse(op, "has a stride or window below 1")
    pads = []
    for size, window, stride, output in (
        (x.shape[1], o.filter_h, o.stride_h, y.shape[1]),
        (x.shape[2], o.filter_w, o.stride_w, y.shape[2]),
    ):
        wanted = -(-size // stride) if o.padding == "SAME" else (size - window) // stride + 1
        if output != wanted:
            low.refuse(op, f"has {output} output rows or columns where {wanted} follow from its options")
        pads.append(same_padding(size, window, stride, 1, output) if o.padding == "SAME" else 0)
    sizes = {
        "batches": x.shape[0],
        "input_h": x.shape[1],
        "input_w": x.shape[2],
        "channels": x.shape[3],
        "output_h": y.shape[1],
        "output_w": y.shape[2],
        "kernel_h": o.filter_h,
        "kernel_w": o.filter_w,
        "stride_h": o.stride_h,
        "stride_w": o.stride_w,
        "pad_top": pads[0],
        "pad_left": pads[1],
    }
    limits = low.limits(op)
    params = low.check_sizes(op, sizes) | {"low": limits["low"], "high": limits["high"]}
    kernel = "average_pool" if op.kind == "AVERAGE_POOL_2D" else "max_pool"
    return (Call(kernel, params, (low.operand(x.index),), low.offset(op)),), 0


def lower_softmax(low: Lowering, op: Operator) -> Lowered:
    """Lower SOFTMAX over the last dimension."""
    x, y = low.activation(op, 0), low.tensor(op.output)
    if y.scale != 1 / 256 or y.zero_point != -128 or x.shape != y.shape or not x.shape:
        low.refuse(op, "has an output whose scale is not 1/256 with zero point -128")
    depth = x.shape[-1]
    if depth > _SOFTMAX_DEPTH_MAX:
        low.refuse(op, f"has rows of {depth} values; up to {_SOFTMAX_DEPTH_MAX} are known")
    # As PreprocessSoftmaxScaling and CalculateInputRadius in TensorFlow Lite's quantization_util.cc.
    bits = 31 - _SOFTMAX_INTEGER_BITS
    real = min(op.options.beta * x.scale * (1 << bits), (1 << 31) - 1.0)
    if real <= 1:
        low.refuse(op, f"has an input {x.name} whose scale is far too small")
    multiplier, shift = quantise_multiplier(real)
    radius = math.floor(1.0 * ((1 << _SOFTMAX_INTEGER_BITS) - 1) * (1 << bits) / (1 << shift))
    params = low.check_sizes(op, {"rows": x.size // depth, "depth": depth})
    params |= {"multiplier": multiplier, "shift": shift, "difference_min": -min(radius, 255)}
    return (Call("softmax", params, (low.operand(x.index),), low.offset(op)),), 0
