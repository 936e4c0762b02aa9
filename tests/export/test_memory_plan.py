"""The arena plan. Oracle: a simulation that tracks, byte by byte, whose value the arena holds."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from export.graph import Graph
from export.memory_plan import (
    Alias,
    Buffer,
    MemoryPlan,
    graph_aliases,
    graph_buffers,
    plan_is_valid,
    plan_memory,
)
from export.tflite_reader import parse_tflite
from tests.export.random_models import small_graph

buffers = st.dictionaries(
    st.integers(0, 30),
    st.builds(lambda size, first, length: Buffer(size, first, first + length), st.integers(1, 500),
              st.integers(-1, 20), st.integers(0, 8)),
    min_size=1,
    max_size=20,
)  # fmt: skip


@given(buffers)
def test_buffers_live_together_never_overlap(demand: dict[int, Buffer]) -> None:
    plan = plan_memory(demand)
    taken: dict[tuple[int, int], int] = {}
    for tensor, b in demand.items():
        for step in range(b.first, b.last + 1):
            for byte in range(plan.offsets[tensor], plan.offsets[tensor] + b.size):
                assert taken.setdefault((step, byte), tensor) == tensor
    assert max(plan.offsets[t] + b.size for t, b in demand.items()) <= plan.arena_bytes
    assert plan_is_valid(demand, plan)


@given(buffers)
def test_arena_lies_between_the_peak_and_the_sum(demand: dict[int, Buffer]) -> None:
    arena = plan_memory(demand).arena_bytes
    steps = range(-1, 40)
    assert arena >= max(sum(b.size for b in demand.values() if b.first <= s <= b.last) for s in steps)
    assert arena <= sum(b.size + 3 for b in demand.values()) + 3


@given(buffers, st.data())
def test_moved_buffer_is_noticed(demand: dict[int, Buffer], data: st.DataObject) -> None:
    """The validity check itself: put one buffer onto another that is live with it."""
    plan = plan_memory(demand)
    pairs = [
        (a, b)
        for a in demand
        for b in demand
        if a < b and demand[a].first <= demand[b].last and demand[b].first <= demand[a].last
    ]
    if not pairs:
        return
    a, b = data.draw(st.sampled_from(pairs))
    assert not plan_is_valid(
        demand, MemoryPlan(plan.offsets | {a: plan.offsets[b]}, plan.arena_bytes, frozenset())
    )
    assert not plan_is_valid(
        demand, MemoryPlan(plan.offsets | {a: plan.arena_bytes}, plan.arena_bytes, frozenset())
    )
    assert not plan_is_valid(demand, MemoryPlan(plan.offsets | {a: -1}, plan.arena_bytes, frozenset()))


Value = tuple[int, int]  # the tensor and the byte of it that a byte of memory holds


def simulate(graph: Graph, plan: MemoryPlan) -> None:
    """Run the graph on values that only name where they came from; every read must find what it expects.

    A reshape's, padding's or concatenation's output is given by its input's values, so that memory shared
    between them is right exactly if it holds those.
    """
    arena: dict[int, Value] = {}
    values: dict[int, list[Value]] = {}
    in_place = {(a.step, a.child) for a in plan.granted}

    def write(tensor: int) -> None:
        for i, value in enumerate(values[tensor]):
            arena[plan.offsets[tensor] + i] = value

    def expect(tensor: int) -> None:
        held = [arena.get(plan.offsets[tensor] + i) for i in range(len(values[tensor]))]
        assert held == values[tensor], f"tensor {tensor} was overwritten"

    for i in graph.inputs:
        values[i] = [(i, k) for k in range(graph.tensors[i].size)]
        write(i)
    for step, op in enumerate(graph.operators):
        sources = [i for i in op.inputs if i in values]
        for i in sources:
            expect(i)
        own = [(op.output, k) for k in range(graph.tensors[op.output].size)]
        for alias in (a for a in plan.granted if a.step == step):
            inner, outer = (op.output, alias.parent) if op.kind == "RESHAPE" else (alias.child, op.output)
            if op.kind == "RESHAPE":
                own = list(values[outer])
            else:
                own[alias.offset : alias.offset + len(values[inner])] = values[inner]
        values[op.output] = own
        # Kernels write everything except what lies there already.
        kept = {plan.offsets[i] + k for i in sources if (step, i) in in_place for k in range(len(values[i]))}
        if (step, op.output) in in_place:
            kept |= {plan.offsets[op.output] + k for k in range(len(own))}
        for k, value in enumerate(own):
            if plan.offsets[op.output] + k not in kept:
                arena[plan.offsets[op.output] + k] = value
        expect(op.output)
    for i in graph.outputs:
        expect(i)


@settings(max_examples=150)
@given(st.integers(0, 100_000))
def test_graph_finds_all_its_values(seed: int) -> None:
    graph = parse_tflite(small_graph(seed), "graph")
    demand, wishes = graph_buffers(graph), graph_aliases(graph)
    plan = plan_memory(demand, wishes)
    assert plan_is_valid(demand, plan)
    simulate(graph, plan)
    simulate(graph, plan_memory(demand))


def test_padding_reshape_and_concatenation_share_memory() -> None:
    demand = {
        0: Buffer(100, -1, 0),
        1: Buffer(120, 0, 1),
        2: Buffer(120, 1, 2),
        3: Buffer(30, 1, 2),
        4: Buffer(150, 2, 3),
    }
    wishes = [Alias(0, 1, 10, 0), Alias(2, 1, 0, 1), Alias(2, 4, 0, 2), Alias(3, 4, 120, 2)]
    plan = plan_memory(demand, wishes)
    assert plan.granted == frozenset(wishes)
    assert plan.offsets == {0: 10, 1: 0, 2: 0, 3: 120, 4: 0}
    assert plan.arena_bytes == 152


def test_tensor_cannot_lie_in_two_places() -> None:
    demand = {0: Buffer(100, -1, 3), 1: Buffer(120, 0, 3), 2: Buffer(120, 1, 3)}
    plan = plan_memory(demand, [Alias(0, 1, 10, 0), Alias(0, 2, 20, 1)])
    assert plan.granted == {Alias(0, 1, 10, 0)}
    assert plan_is_valid(demand, plan)
