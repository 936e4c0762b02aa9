"""An annotation list as EC57's comparison reads it: beats, RR intervals, and stretches without any."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .labels import NOT_A_BEAT, O, class_codes

#: Stands after the last beat: later than any sample number, so that no special cases are needed.
NEVER = 1 << 60

#: Bits of a noise mark's subtype that say "signal 0 (signal 1) cannot be read"; with both, nothing is scored.
_UNREADABLE = 0x30

#: A wave of ventricular flutter: takes part in the pairing, but is no beat of any class.
_FLUTTER_WAVE = "!"


@dataclass(frozen=True)
class Timeline:
    """What a comparison needs of one annotation list.

    Attributes
    ----------
    samples : int64 [n]
        Where the beats are, ascending; those inside ventricular flutter are left out.
    classes : int64 [n]
        Their codes; :data:`~host_tools.ec57.labels.O` for a flutter wave outside of marked flutter.
    index : int64 [n]
        Their positions in the list that was read.
    rr : int64 [n]
        Interval from the beat before, samples; 0 for the first beat and where flutter or an unreadable
        stretch begins in between.
    flutter, unreadable : list of (int, int)
        First and last sample of these stretches; one that is not closed ends at :data:`NEVER`.
    """

    samples: NDArray[np.int64]
    classes: NDArray[np.int64]
    index: NDArray[np.int64]
    rr: NDArray[np.int64]
    flutter: list[tuple[int, int]]
    unreadable: list[tuple[int, int]]


def within(sample: int, stretches: Sequence[tuple[int, int]]) -> bool:
    """Whether a sample lies in one of the stretches, their ends included."""
    return any(begin <= sample <= end for begin, end in stretches)


def read_timeline(
    samples: ArrayLike,
    labels: Sequence[str],
    subtypes: Sequence[int] | None,
    mapping: str,
    window: int,
    what: str,
) -> Timeline:
    """Sort an annotation list into beats and stretches.

    Parameters
    ----------
    samples : int array, ascending
        Sample numbers.
    labels : sequence of str
        WFDB symbols.
    subtypes : sequence of int, optional
        Subtypes of the annotations, which tell unreadable stretches among the noise marks ``~``.
    mapping : {"bxb", "dechazal"}
        See :data:`~host_tools.ec57.labels.MAPPINGS`.
    window : int
        Match window, samples: margin of an unreadable stretch that is marked in its middle only.
    what : str
        Names the list in an error.

    Raises
    ------
    ValueError
        If the lists do not fit or are not in time order.
    """
    at = np.asarray(samples, dtype=np.int64).reshape(-1)
    if at.size != len(labels) or (subtypes is not None and at.size != len(subtypes)):
        raise ValueError(f"{what}: {at.size} samples but {len(labels)} labels")
    if np.any(np.diff(at) < 0):
        raise ValueError(f"{what}: samples are not in time order")
    codes = class_codes(labels, mapping)
    codes[[label == _FLUTTER_WAVE for label in labels]] = O
    dark = [
        label == "~" and (int(subtypes[k]) & _UNREADABLE) == _UNREADABLE if subtypes is not None else False
        for k, label in enumerate(labels)
    ]
    flutter, unreadable, kept = _stretches(at.tolist(), labels, codes, dark, window)
    index = np.flatnonzero((codes != NOT_A_BEAT) & kept)
    begins = np.sort(np.array([begin for begin, _ in [*flutter, *unreadable]], dtype=np.int64))
    return Timeline(at[index], codes[index], index, _intervals(at[index], begins), flutter, unreadable)


def _stretches(
    at: list[int], labels: Sequence[str], codes: NDArray[np.int64], dark: Sequence[bool], window: int
) -> tuple[list[tuple[int, int]], list[tuple[int, int]], NDArray[np.bool_]]:
    """Flutter, unreadable stretches, and which annotations lie outside of flutter.

    An unreadable stretch lasts from its mark to the noise mark that follows. Where another annotation
    follows, the mark stands in the middle: the stretch keeps one window away from its neighbours.
    """
    flutter: list[tuple[int, int]] = []
    unreadable: list[tuple[int, int]] = []
    kept = np.ones(len(at), dtype=np.bool_)
    last_beat = last_flutter = 0
    k = 0
    while k < len(at):
        if codes[k] != NOT_A_BEAT:
            last_beat = at[k]
        elif labels[k] == "[":
            close = next((m for m in range(k + 1, len(at)) if labels[m] == "]"), len(at))
            kept[k + 1 : close] = False
            last_flutter = at[close] if close < len(at) else NEVER
            flutter.append((at[k], last_flutter))
            k = close
        elif dark[k]:
            if k + 1 == len(at):
                unreadable.append((at[k], NEVER))
            elif labels[k + 1] == "~" and not dark[k + 1]:
                unreadable.append((at[k], at[k + 1]))
                k += 1
            else:
                end = at[k + 1] - window
                unreadable.append((min(max(last_beat, last_flutter) + window, end), end))
        k += 1
    return flutter, unreadable, kept


def _intervals(at: NDArray[np.int64], begins: NDArray[np.int64]) -> NDArray[np.int64]:
    """RR intervals; 0 where there is none that means anything. A beat at sample 0 is no beat before."""
    rr = np.zeros(at.size, dtype=np.int64)
    if at.size > 1:
        rr[1:] = np.diff(at)
        broken = np.searchsorted(begins, at[:-1]) < np.searchsorted(begins, at[1:])
        rr[1:][broken | (at[:-1] == 0)] = 0
    return rr
