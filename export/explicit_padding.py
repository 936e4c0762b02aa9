"""Turns the padding that a convolution implies (SAME) into an operator of its own.

A window that reaches over the image's edge costs the kernels a look at every tap. With the margins in memory
no window does; mostly the memory plan puts the input inside them, so that nothing is copied.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from export.graph import Graph, Operator, Tensor
from export.quantise import same_padding


def pad_explicitly(graph: Graph) -> Graph:
    """Return the graph with a PAD in front of every convolution that pads, which then pads no more.

    Dilated and grouped convolutions, and any whose shapes contradict each other, stay as they are.
    """
    tensors = list(graph.tensors)
    operators: list[Operator] = []
    for op in graph.operators:
        margins = _margins(graph, op)
        if margins is None:
            operators.append(op)
            continue
        x = graph.tensors[op.inputs[0]]
        shape = tuple(size + sum(m) for size, m in zip(x.shape, margins, strict=True))
        name = f"{x.name} padded"
        padded = replace(x, index=len(tensors), name=name, shape=shape, data=None)
        numbers = np.array(margins, np.int32)
        constant = Tensor(len(tensors) + 1, f"{name}, margins", numbers.shape, "int32", data=numbers)
        tensors += [padded, constant]
        operators.append(Operator("PAD", (x.index, constant.index), (padded.index,)))
        inputs = (padded.index, *op.inputs[1:])
        operators.append(replace(op, inputs=inputs, options=replace(op.options, padding="VALID")))
    return replace(graph, tensors=tuple(tensors), operators=tuple(operators))


def _margins(graph: Graph, op: Operator) -> list[tuple[int, int]] | None:
    """Margins of a convolution's input in each dimension; None where it needs none or stays as it is."""
    o = op.options
    if op.kind != "CONV_2D" or o.padding != "SAME" or (o.dilation_h, o.dilation_w) != (1, 1):
        return None
    x, w, y = (graph.tensors[i] for i in (op.inputs[0], op.inputs[1], op.output))
    if min(o.stride_h, o.stride_w) < 1 or not len(x.shape) == len(w.shape) == len(y.shape) == 4:
        return None
    if x.dtype != "int8" or len(x.scales) != 1 or x.data is not None or w.shape[3] != x.shape[3]:
        return None
    margins = [(0, 0)]
    for d, stride in ((1, o.stride_h), (2, o.stride_w)):
        size, window, output = x.shape[d], w.shape[d], y.shape[d]
        if output != -(-size // stride):
            return None
        before = same_padding(size, window, stride, 1, output)
        margins.append((before, max((output - 1) * stride + window - size - before, 0)))
    return [*margins, (0, 0)] if any(map(any, margins)) else None
