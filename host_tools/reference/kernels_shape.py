"""The int8 kernels without weights: pad, copy, add, mean, pools.

Twins of ``nn_layout.c``, ``nn_add.c`` and ``nn_pool.c``.

Arguments and layout as in ``kernels.py``; arithmetic as TensorFlow Lite Micro's reference kernels.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from .fixed import kernel
from .requantise import clamp_s8, requantise


class Pad(NamedTuple):
    """A tensor of up to four dimensions and its margins; fields as in ``nn_pad_t``."""

    input_0: int
    input_1: int
    input_2: int
    input_3: int
    before_0: int
    before_1: int
    before_2: int
    before_3: int
    after_0: int
    after_1: int
    after_2: int
    after_3: int
    value: int


class Fill(NamedTuple):
    """Margins of a tensor whose middle is already in place; fields as in ``nn_fill_t``."""

    before: int
    middle: int
    after: int
    value: int


class Copy(NamedTuple):
    """Runs of bytes copied into wider rows; fields as in ``nn_copy_t``."""

    rows: int
    run: int
    output_step: int


class Add(NamedTuple):
    """Shape, broadcasting steps and quantisation of a sum; fields as in ``nn_add_t``."""

    size_0: int
    size_1: int
    size_2: int
    size_3: int
    step_a_0: int
    step_a_1: int
    step_a_2: int
    step_a_3: int
    step_b_0: int
    step_b_1: int
    step_b_2: int
    step_b_3: int
    zero_a: int
    multiplier_a: int
    shift_a: int
    zero_b: int
    multiplier_b: int
    shift_b: int
    multiplier: int
    shift: int
    output_zero: int
    low: int
    high: int


class Mean(NamedTuple):
    """Kept and reduced dimensions and quantisation of a mean; fields as in ``nn_mean_t``."""

    keep_0: int
    keep_1: int
    keep_step_0: int
    keep_step_1: int
    over_0: int
    over_1: int
    over_step_0: int
    over_step_1: int
    input_zero: int
    multiplier: int
    shift: int
    output_zero: int


class Pool(NamedTuple):
    """Shape of a pooling layer; fields as in ``nn_pool_t``."""

    batches: int
    input_h: int
    input_w: int
    channels: int
    output_h: int
    output_w: int
    kernel_h: int
    kernel_w: int
    stride_h: int
    stride_w: int
    pad_top: int
    pad_left: int
    low: int
    high: int


@kernel
def pad(p: Any, x: Any, at: int, out: Any, to: int) -> None:
    """Surround a tensor by ``value``."""
    k = to
    for a in range(p.before_0 + p.input_0 + p.after_0):
        for b in range(p.before_1 + p.input_1 + p.after_1):
            for c in range(p.before_2 + p.input_2 + p.after_2):
                for d in range(p.before_3 + p.input_3 + p.after_3):
                    i0 = a - p.before_0
                    i1 = b - p.before_1
                    i2 = c - p.before_2
                    i3 = d - p.before_3
                    value = p.value
                    if (
                        0 <= i0 < p.input_0
                        and 0 <= i1 < p.input_1
                        and 0 <= i2 < p.input_2
                        and 0 <= i3 < p.input_3
                    ):
                        value = int(x[at + ((i0 * p.input_1 + i1) * p.input_2 + i2) * p.input_3 + i3])
                    out[k] = value
                    k += 1


@kernel
def fill(p: Any, out: Any, to: int) -> None:
    """Write the margins around a middle that an earlier kernel has already put in place."""
    for i in range(p.before):
        out[to + i] = p.value
    for i in range(p.after):
        out[to + p.before + p.middle + i] = p.value


@kernel
def copy(p: Any, x: Any, at: int, out: Any, to: int) -> None:
    """Copy ``rows`` runs of ``run`` bytes to places ``output_step`` bytes apart."""
    for row in range(p.rows):
        for i in range(p.run):
            out[to + row * p.output_step + i] = int(x[at + row * p.run + i])


@kernel
def _add_one(p: Any, a: int, b: int) -> int:
    """One sum: both operands with 20 more bits, on the scale of twice the larger one."""
    scaled_a = requantise((a - p.zero_a) << 20, p.multiplier_a, p.shift_a)
    scaled_b = requantise((b - p.zero_b) << 20, p.multiplier_b, p.shift_b)
    y = requantise(scaled_a + scaled_b, p.multiplier, p.shift) + p.output_zero
    return clamp_s8(y, p.low, p.high)


@kernel
def add(p: Any, x: Any, at: int, other: Any, other_at: int, out: Any, to: int) -> None:
    """Add two tensors; a step of 0 repeats an operand along that dimension."""
    k = to
    for i0 in range(p.size_0):
        for i1 in range(p.size_1):
            for i2 in range(p.size_2):
                a = at + i0 * p.step_a_0 + i1 * p.step_a_1 + i2 * p.step_a_2
                b = other_at + i0 * p.step_b_0 + i1 * p.step_b_1 + i2 * p.step_b_2
                for i3 in range(p.size_3):
                    out[k] = _add_one(p, int(x[a + i3 * p.step_a_3]), int(other[b + i3 * p.step_b_3]))
                    k += 1


@kernel
def mean(p: Any, x: Any, at: int, out: Any, to: int) -> None:
    """Mean over two (collapsed) dimensions; the division is part of ``multiplier`` and ``shift``."""
    k = to
    for k0 in range(p.keep_0):
        for k1 in range(p.keep_1):
            first = at + k0 * p.keep_step_0 + k1 * p.keep_step_1
            acc = -p.input_zero * p.over_0 * p.over_1
            for r0 in range(p.over_0):
                for r1 in range(p.over_1):
                    acc += int(x[first + r0 * p.over_step_0 + r1 * p.over_step_1])
            y = requantise(acc, p.multiplier, p.shift) + p.output_zero
            out[k] = clamp_s8(y, -128, 127)
            k += 1


@kernel
def average_pool(p: Any, x: Any, at: int, out: Any, to: int) -> None:
    """Mean of each window, only of what lies inside the image; halves are rounded away from zero."""
    k = to
    for batch in range(p.batches):
        for oy in range(p.output_h):
            y0 = max(0, oy * p.stride_h - p.pad_top)
            y1 = min(p.input_h, oy * p.stride_h - p.pad_top + p.kernel_h)
            for ox in range(p.output_w):
                x0 = max(0, ox * p.stride_w - p.pad_left)
                x1 = min(p.input_w, ox * p.stride_w - p.pad_left + p.kernel_w)
                count = (y1 - y0) * (x1 - x0)
                for c in range(p.channels):
                    acc = 0
                    for iy in range(y0, y1):
                        for ix in range(x0, x1):
                            i = ((batch * p.input_h + iy) * p.input_w + ix) * p.channels + c
                            acc += int(x[at + i])
                    y = (acc + count // 2) // count if acc > 0 else -((count // 2 - acc) // count)
                    out[k] = clamp_s8(y, p.low, p.high)
                    k += 1


@kernel
def max_pool(p: Any, x: Any, at: int, out: Any, to: int) -> None:
    """Largest value of each window, only of what lies inside the image."""
    k = to
    for batch in range(p.batches):
        for oy in range(p.output_h):
            y0 = max(0, oy * p.stride_h - p.pad_top)
            y1 = min(p.input_h, oy * p.stride_h - p.pad_top + p.kernel_h)
            for ox in range(p.output_w):
                x0 = max(0, ox * p.stride_w - p.pad_left)
                x1 = min(p.input_w, ox * p.stride_w - p.pad_left + p.kernel_w)
                for c in range(p.channels):
                    largest = -128
                    for iy in range(y0, y1):
                        for ix in range(x0, x1):
                            i = ((batch * p.input_h + iy) * p.input_w + ix) * p.channels + c
                            largest = max(largest, int(x[at + i]))
                    out[k] = clamp_s8(largest, p.low, p.high)
                    k += 1


@kernel
def watch(x: Any, at: int, count: int, layers: Any, to: int) -> None:
    """Copy one layer's output to where it can be watched; nothing where ``layers`` is empty."""
    if len(layers) > 0:
        for i in range(count):
            layers[to + i] = int(x[at + i])
