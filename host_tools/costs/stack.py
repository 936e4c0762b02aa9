"""Worst-case stack: the deepest path through the call graph that GCC writes (``-fcallgraph-info=su``)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from host_tools.errors import CheckFailed

_NODE = re.compile(r'^node: \{ title: "([^"]+)" label: "([^"]*)"')
_EDGE = re.compile(r'^edge: \{ sourcename: "([^"]+)" targetname: "([^"]+)"')
_BYTES = re.compile(r"\\n(\d+) bytes \((static|dynamic|dynamic,bounded)\)")

#: Functions of libgcc and the C library have no entry in the call graph; none of those used here takes more.
LIBRARY_BYTES = 64
#: Calls through a pointer: who makes them, and what the pointer can hold (firmware/ports).
INDIRECT = {"board_wait": ("ring_empty",)}
_INDIRECT_CALL = "__indirect_call"


@dataclass
class CallGraph:
    """Stack of each function, bytes, and whom it calls."""

    frame: dict[str, int] = field(default_factory=dict)
    calls: dict[str, set[str]] = field(default_factory=dict)


def read_call_graph(files: Iterable[Path]) -> CallGraph:
    """Read GCC's ``.ci`` files.

    Raises
    ------
    CheckFailed
        A function's stack depends on its input (``alloca``, arrays of variable length).
    """
    graph = CallGraph()
    for path in files:
        for line in path.read_text().splitlines():
            if node := _NODE.match(line):
                size = _BYTES.search(node.group(2))
                if size is None:
                    continue  # declared here, defined elsewhere
                if size.group(2) == "dynamic":
                    raise CheckFailed(f"{_plain(node.group(1))} takes a stack of unknown size")
                name = _plain(node.group(1))
                # Two files may each have a static function of one name: the larger one counts.
                graph.frame[name] = max(graph.frame.get(name, 0), int(size.group(1)))
            elif edge := _EDGE.match(line):
                graph.calls.setdefault(_plain(edge.group(1)), set()).add(_plain(edge.group(2)))
    return graph


def deepest_path(
    graph: CallGraph, root: str, indirect: Mapping[str, tuple[str, ...]] = INDIRECT
) -> tuple[int, list[str]]:
    """Bytes of stack below the caller of ``root``, and the functions on the deepest path.

    Raises
    ------
    CheckFailed
        A function calls itself, or calls through a pointer that ``indirect`` does not know.
    """
    return _deepest(graph, root, indirect, (), {})


def _deepest(graph: CallGraph, name: str, indirect: Mapping[str, tuple[str, ...]], above: tuple[str, ...],
             known: dict[str, tuple[int, list[str]]]) -> tuple[int, list[str]]:  # fmt: skip
    if name in above:
        raise CheckFailed(f"{name} can call itself: " + " > ".join((*above, name)))
    if name in known:
        return known[name]
    if name not in graph.frame:
        return LIBRARY_BYTES, [name]
    callees = set(graph.calls.get(name, ()))
    if _INDIRECT_CALL in callees:
        if name not in indirect:
            raise CheckFailed(f"{name} calls through a pointer, and its targets are not known")
        callees = (callees - {_INDIRECT_CALL}) | set(indirect[name])
    below = [_deepest(graph, callee, indirect, (*above, name), known) for callee in sorted(callees)]
    size, path = max(below, key=lambda entry: entry[0], default=(0, []))
    known[name] = (graph.frame[name] + size, [name, *path])
    return known[name]


def _plain(title: str) -> str:
    """Name of a function; static ones are listed as ``file:name``."""
    return title.rpartition(":")[2]
