"""The grid: every cell of every kind, in order."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from host_tools.simulator import Scenario
from host_tools.simulator.draw import Draw

from .kinds import KINDS
from .kinds_found import FOUND
from .makers import Parameters
from .promise import is_inside


@dataclass(frozen=True)
class Cell:
    """One record of the grid.

    Attributes
    ----------
    number : int
        Its place in the whole grid.
    kind : str
        What it tries.
    parameters : mapping
        Values on the axes of its kind.
    seed : int
        Of everything that is drawn.
    inside : bool
        Whether its parameters lie in the promised range.
    """

    number: int
    kind: str
    parameters: Parameters
    seed: int
    inside: bool

    @property
    def side(self) -> str:
        """``inside``, ``outside``, or ``found``: outside, of a kind that only trying has found."""
        beyond = "found" if self.kind in FOUND else "outside"
        return "inside" if self.inside else beyond


def cells() -> Iterator[Cell]:
    """All cells in order; the same on every machine."""
    number = 0
    for name, kind in KINDS.items():
        k = 0
        for values in product(*kind.axes.values()):
            parameters = dict(zip(kind.axes, values, strict=True))
            for _ in range(kind.seeds):
                seed = zlib.crc32(f"{name}/{k}".encode())
                yield Cell(number, name, parameters, seed, is_inside(parameters))
                number += 1
                k += 1


def sample(chosen: Sequence[Cell], one_in: int) -> list[Cell]:
    """Take about one cell in so many, by seed: evenly spaced ones would pass over values of an axis."""
    return [cell for cell in chosen if cell.seed % one_in == 0]


def scenario(cell: Cell) -> Scenario:
    """What a cell's record is made from."""
    return KINDS[cell.kind].make(cell.parameters, Draw(cell.seed, "cell"))
