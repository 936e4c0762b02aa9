"""From the graph to a straight list of kernel calls with all their numbers; both generators print it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from export.explicit_padding import pad_explicitly
from export.graph import Graph, Operator, Tensor, plain_name
from export.lower_ops import Call, Lowering
from export.lower_shape import (
    lower_add,
    lower_concatenation,
    lower_mean,
    lower_pad,
    lower_pool,
    lower_reshape,
    lower_softmax,
)
from export.lower_weights import lower_conv, lower_depthwise, lower_fully_connected
from export.memory_plan import MemoryPlan, graph_aliases, graph_buffers, plan_is_valid, plan_memory
from host_tools.errors import UserError


@dataclass(frozen=True)
class Layer:
    """One operator of the graph, lowered.

    Attributes
    ----------
    name : str
        Number and kind, such as "03 CONV_2D".
    kind : str
        The operator.
    calls : tuple of Call
        Kernel calls; none where the output already lies in place.
    output : Tensor
        What it computes.
    offset : int
        Where in the arena, bytes.
    macs : int
        Multiply-accumulates, taps that fall into padding counted.
    """

    name: str
    kind: str
    calls: tuple[Call, ...]
    output: Tensor
    offset: int
    macs: int


@dataclass(frozen=True)
class Port:
    """An input or output of the network: its name without decoration, its tensor, its place in the arena."""

    name: str
    tensor: Tensor
    offset: int


@dataclass(frozen=True)
class Network:
    """A compiled network, ready to be printed as C or Python."""

    graph: Graph
    plan: MemoryPlan
    layers: tuple[Layer, ...]
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]

    @property
    def trace_bytes(self) -> int:
        """Bytes of the outputs of all layers, one after the other."""
        return sum(layer.output.size for layer in self.layers)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one inference."""
        return sum(layer.macs for layer in self.layers)


_LOWERINGS: dict[str, Callable[[Lowering, Operator], tuple[tuple[Call, ...], int]]] = {
    "CONV_2D": lower_conv,
    "DEPTHWISE_CONV_2D": lower_depthwise,
    "FULLY_CONNECTED": lower_fully_connected,
    "PAD": lower_pad,
    "ADD": lower_add,
    "CONCATENATION": lower_concatenation,
    "RESHAPE": lower_reshape,
    "MEAN": lower_mean,
    "AVERAGE_POOL_2D": lower_pool,
    "MAX_POOL_2D": lower_pool,
    "SOFTMAX": lower_softmax,
}


def compile_network(graph: Graph) -> Network:
    """Plan the memory of a graph and turn its operators into kernel calls.

    Parameters
    ----------
    graph : Graph
        From ``read_tflite``.

    Returns
    -------
    Network
        Everything that the generators print.

    Raises
    ------
    UserError
        An operator is used in a way that the kernels (or TensorFlow Lite Micro) do not know; named.
    """
    graph = pad_explicitly(graph)
    buffers = graph_buffers(graph)
    for number in graph.outputs:
        if number not in buffers:
            raise UserError(f"{graph.source}: output {graph.tensors[number].name} is a constant")
    plan = plan_memory(buffers, graph_aliases(graph))
    assert plan_is_valid(buffers, plan)
    lowering = Lowering(graph, plan)
    layers = []
    for step, op in enumerate(graph.operators):
        lowering.step = step
        calls, macs = _LOWERINGS[op.kind](lowering, op)
        y = graph.tensors[op.output]
        layers.append(Layer(f"{step:02d} {op.kind}", op.kind, calls, y, plan.offsets[y.index], macs))
    return Network(
        graph, plan, tuple(layers), _ports(graph, plan, graph.inputs), _ports(graph, plan, graph.outputs)
    )


def _ports(graph: Graph, plan: MemoryPlan, numbers: tuple[int, ...]) -> tuple[Port, ...]:
    return tuple(Port(plain_name(graph.tensors[i]), graph.tensors[i], plan.offsets[i]) for i in numbers)
