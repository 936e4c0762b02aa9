"""Patterns in a list of classified beats: couplets, runs, bigeminy, trigeminy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: Alternation counts from this many ectopic beats on.
MINIMUM_CYCLES = 3


@dataclass(frozen=True)
class Pattern:
    """Beats ``first`` to ``last`` (positions in the list, both included) and how many of them are ectopic."""

    kind: str
    first: int
    last: int
    ectopic_beats: int


def runs_of(letters: str, letter: str, joined: NDArray[np.bool_]) -> list[Pattern]:
    """Stretches of at least two beats of one class with nothing between them.

    Parameters
    ----------
    letters : str
        Class of each beat, N S V F.
    letter : str
        The class looked for.
    joined : bool (n,)
        Whether the interval before each beat is known: no gap in the signal.

    Returns
    -------
    list of Pattern
        Of kind ``couplet`` (two beats) or ``run`` (three and more), in time order.
    """
    found = []
    first = 0
    n = len(letters)
    while first < n:
        last = first
        while letters[first] == letter and last + 1 < n and letters[last + 1] == letter and joined[last + 1]:
            last += 1
        length = last - first + 1
        if length >= 2:
            found.append(Pattern("couplet" if length == 2 else "run", first, last, length))
        first = last + 1
    return found


def alternations(letters: str, joined: NDArray[np.bool_], normal_beats: int) -> list[Pattern]:
    """Stretches in which each V beat follows exactly ``normal_beats`` other beats, N or S.

    Parameters
    ----------
    letters, joined
        As for :func:`runs_of`.
    normal_beats : {1, 2}
        1 for bigeminy, 2 for trigeminy.

    Returns
    -------
    list of Pattern
        Stretches with at least :data:`MINIMUM_CYCLES` V beats, the normal beats before the first included.
    """
    period = normal_beats + 1
    unit = "N" * normal_beats + "V"
    plain = letters.replace("S", "N")
    found = []
    first = 0
    while first + period <= len(letters):
        stop = first
        while plain[stop : stop + period] == unit and joined[max(stop, first + 1) : stop + period].all():
            stop += period
        cycles = (stop - first) // period
        if cycles >= MINIMUM_CYCLES:
            kind = "bigeminy" if normal_beats == 1 else "trigeminy"
            found.append(Pattern(kind, first, stop - 1, cycles))
            first = stop
        else:
            first += 1
    return found
