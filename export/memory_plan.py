"""Static memory plan of the arena: who lies where, reusing memory by liveness.

Tensors that hold the same bytes share them: a reshaped tensor lies on its source, the input of a padding
inside the padded tensor, the inputs of a concatenation inside the result, wherever they are contiguous
there. Such a family is placed as one block; blocks are placed by size, largest first, each at the lowest
address that is free over its whole life (greedy by size; Pisarchyk and Lee 2020, arXiv 2001.03288).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from export.graph import Graph, Operator

#: Blocks start at multiples of this, so that kernels may read words.
ALIGNMENT_BYTES = 4


@dataclass(frozen=True)
class Buffer:
    """Memory of a tensor: bytes, and the first and last operator (inclusive) during which it must hold.

    The network's inputs are live from -1 on, its outputs until the number of operators.
    """

    size: int
    first: int
    last: int


@dataclass(frozen=True)
class Alias:
    """Wish: ``child`` lies ``offset`` bytes into ``parent``, which spares operator ``step`` a copy."""

    child: int
    parent: int
    offset: int
    step: int


@dataclass(frozen=True)
class MemoryPlan:
    """Where each tensor lies.

    Attributes
    ----------
    offsets : dict of int to int
        Tensor number to byte offset in the arena.
    arena_bytes : int
        Size of the arena.
    granted : frozenset of Alias
        Wishes that were granted.
    """

    offsets: dict[int, int]
    arena_bytes: int
    granted: frozenset[Alias]


def plan_memory(buffers: Mapping[int, Buffer], wishes: Sequence[Alias] = ()) -> MemoryPlan:
    """Place buffers so that no two that are live at once overlap, except within a family.

    Parameters
    ----------
    buffers : mapping of int to Buffer
        By tensor number.
    wishes : sequence of Alias
        Granted in this order where they do not contradict earlier ones.

    Returns
    -------
    MemoryPlan
        Placement; deterministic.
    """
    root, place, granted = _families(buffers, wishes)
    members: dict[int, list[int]] = {}
    for tensor in sorted(buffers):
        members.setdefault(root[tensor], []).append(tensor)
    blocks = {
        r: Buffer(
            buffers[r].size,
            min(buffers[m].first for m in family),
            max(buffers[m].last for m in family),
        )
        for r, family in members.items()
    }
    base: dict[int, int] = {}
    for r in sorted(blocks, key=lambda r: (-blocks[r].size, blocks[r].first, r)):
        base[r] = _lowest_free(blocks[r], [(base[o], blocks[o]) for o in base])
    arena = max((base[r] + blocks[r].size for r in blocks), default=0)
    offsets = {t: base[root[t]] + place[t] for t in buffers}
    return MemoryPlan(offsets, _aligned(arena), granted)


def _families(
    buffers: Mapping[int, Buffer], wishes: Sequence[Alias]
) -> tuple[dict[int, int], dict[int, int], frozenset[Alias]]:
    """Grant wishes; return for each tensor its family's root and its place in it, and what was granted."""
    root = {t: t for t in buffers}
    place = dict.fromkeys(buffers, 0)
    granted = set()
    for wish in wishes:
        if wish.child not in buffers or wish.parent not in buffers:
            continue
        if not 0 <= wish.offset <= buffers[wish.parent].size - buffers[wish.child].size:
            continue  # the operator's shapes contradict each other; its lowering will say so
        head = root[wish.child]
        # Only a whole family can move: its root must be the child, or lie exactly on it.
        if head == root[wish.parent] or buffers[head].size != buffers[wish.child].size:
            continue
        new_root, at = root[wish.parent], place[wish.parent] + wish.offset
        for t in buffers:
            if root[t] == head:
                root[t] = new_root
                place[t] += at
        granted.add(wish)
    return root, place, frozenset(granted)


def _aligned(value: int) -> int:
    return -(-value // ALIGNMENT_BYTES) * ALIGNMENT_BYTES


def _lowest_free(block: Buffer, placed: Sequence[tuple[int, Buffer]]) -> int:
    """Lowest aligned offset at which ``block`` overlaps no placed block that is live with it."""
    taken = sorted((at, at + b.size) for at, b in placed if b.first <= block.last and block.first <= b.last)
    offset = 0
    for start, end in taken:
        if offset + block.size <= start:
            break
        offset = max(offset, _aligned(end))
    return offset


def plan_is_valid(buffers: Mapping[int, Buffer], plan: MemoryPlan) -> bool:
    """Check that live buffers overlap only where granted wishes put one into the other.

    Parameters
    ----------
    buffers : mapping of int to Buffer
        As given to :func:`plan_memory`.
    plan : MemoryPlan
        Its result.

    Returns
    -------
    bool
        True if every buffer lies in the arena, every granted wish holds, and any two buffers that are live
        at once are apart or belong to one family.
    """
    family = {t: t for t in buffers}
    for wish in plan.granted:
        if plan.offsets[wish.child] != plan.offsets[wish.parent] + wish.offset:
            return False
        old, new = family[wish.child], family[wish.parent]
        family = {t: new if f == old else f for t, f in family.items()}
    spans = {f: [b for t, b in buffers.items() if family[t] == f] for f in set(family.values())}
    life = {f: (min(b.first for b in bs), max(b.last for b in bs)) for f, bs in spans.items()}
    numbers = sorted(buffers)
    for i, a in enumerate(numbers):
        start, end = plan.offsets[a], plan.offsets[a] + buffers[a].size
        if start < 0 or end > plan.arena_bytes:
            return False
        for b in numbers[i + 1 :]:
            if family[a] == family[b]:
                continue
            (first_a, last_a), (first_b, last_b) = life[family[a]], life[family[b]]
            live_together = first_a <= last_b and first_b <= last_a
            if live_together and plan.offsets[b] < end and start < plan.offsets[b] + buffers[b].size:
                return False
    return True


def graph_buffers(graph: Graph) -> dict[int, Buffer]:
    """Sizes and lives of the graph's activations, by tensor number."""
    first = dict.fromkeys(graph.inputs, -1)
    last = dict(first)
    for step, op in enumerate(graph.operators):
        for i in op.inputs:
            if i in first:
                last[i] = step
        first[op.output] = step
        last[op.output] = step
    for i in graph.outputs:
        last[i] = len(graph.operators)
    return {i: Buffer(graph.tensors[i].size, first[i], last[i]) for i in first}


def graph_aliases(graph: Graph) -> list[Alias]:
    """Wishes of a graph's paddings, concatenations and reshapes, in the order of execution."""
    wishes = []
    for step, op in enumerate(graph.operators):
        if op.kind == "RESHAPE":
            wishes.append(Alias(op.output, op.inputs[0], 0, step))
        elif op.kind == "PAD":
            wishes += _padding_wish(graph, step, op)
        elif op.kind == "CONCATENATION":
            wishes += _concatenation_wishes(graph, step, op)
    return wishes


def _padding_wish(graph: Graph, step: int, op: Operator) -> list[Alias]:
    """Ask for the input inside the output, where it is contiguous there."""
    x = graph.tensors[op.inputs[0]]
    margins = graph.tensors[op.inputs[1]].data
    if margins is None or margins.shape != (len(x.shape), 2):
        return []
    padded = [d for d in range(len(x.shape)) if margins[d].any()]
    # Contiguous: everything outside the padded dimension has size 1.
    if len(padded) != 1 or any(s != 1 for s in x.shape[: padded[0]]):
        return []
    inner = 1
    for s in x.shape[padded[0] + 1 :]:
        inner *= s
    return [Alias(x.index, op.output, int(margins[padded[0]][0]) * inner, step)]


def _concatenation_wishes(graph: Graph, step: int, op: Operator) -> list[Alias]:
    """Ask for each input at its place in the output, where everything outside the axis has size 1."""
    y = graph.tensors[op.output]
    axis = op.options.axis + (len(y.shape) if op.options.axis < 0 else 0)
    if any(s != 1 for s in y.shape[:axis]):
        return []
    wishes = []
    offset = 0
    for i in op.inputs:
        wishes.append(Alias(i, op.output, offset, step))
        offset += graph.tensors[i].size
    return wishes
