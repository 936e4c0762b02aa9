"""What a kind of cells is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from . import makers as m
from .judge import Expectation

AS_USUAL = Expectation()
ANY_CLASS = Expectation(classes=False)


@dataclass(frozen=True)
class Kind:
    """A kind of cells.

    Attributes
    ----------
    axes : mapping
        Values of each parameter; their product is run ``seeds`` times.
    make : callable
        Makes the scenario of a cell.
    across, up : str
        Axes of its heat map.
    seeds : int
        Records for each point.
    expect : Expectation
        What is judged beyond the beats.
    """

    axes: Mapping[str, tuple[float | str, ...]]
    make: m.Make
    across: str
    up: str
    seeds: int = 1
    expect: Expectation = AS_USUAL
