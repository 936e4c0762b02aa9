"""Beat-by-beat comparison of two annotation lists: ANSI/AAMI EC57, as WFDB's ``bxb`` carries it out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .labels import CLASSES, NOT_A_BEAT, O, class_codes

#: Reference and test beat match when they are at most this far apart (inclusive).
MATCH_WINDOW_MS = 150

#: Nothing is scored before this (EC57's learning period).
LEARNING_PERIOD_S = 300.0

#: Stands after the last beat: later than any sample number, so that no special cases are needed.
_NEVER = 1 << 60


@dataclass(frozen=True)
class BeatComparison:
    """Result of :func:`pair_beats`.

    Attributes
    ----------
    pairs : int64 (n, 2)
        Matched beats: index into the reference list, index into the test list.
    missed : int64 (m,)
        Indices of reference beats without a partner.
    false_beats : int64 (k,)
        Indices of test beats without a partner, those inside ventricular flutter left out.
    matrix : int64 (6, 6)
        Counts by class, rows reference, columns test, both in the order of
        :data:`~host_tools.ec57.labels.CLASSES`; the last column are missed, the last row false beats.
    window_samples : int
        The match window that was used.
    """

    pairs: NDArray[np.int64]
    missed: NDArray[np.int64]
    false_beats: NDArray[np.int64]
    matrix: NDArray[np.int64]
    window_samples: int


def flutter_segments(samples: NDArray[np.int64], labels: Sequence[str]) -> list[tuple[int, int]]:
    """Ventricular flutter segments ``[`` ... ``]``, first and last sample; an open one never ends."""
    segments = []
    begin = None
    for sample, label in zip(samples.tolist(), labels, strict=True):
        if label == "[" and begin is None:
            begin = sample
        elif label == "]" and begin is not None:
            segments.append((begin, sample))
            begin = None
    if begin is not None:
        segments.append((begin, _NEVER))
    return segments


def _pair(ref: list[int], test: list[int], window: int) -> tuple[list[int], list[int], list[int], list[int]]:
    """Pair greedily in time order.

    The earlier of the two current beats takes the later one as its partner when they are within the
    window and either no later candidate is nearer, or the two following beats suit each other better.
    Returns positions: matched reference, matched test, missed, false.
    """
    hit_ref: list[int] = []
    hit_test: list[int] = []
    missed: list[int] = []
    false: list[int] = []
    n_ref, n_test = len(ref), len(test)
    # Two sentinels: the beat after the last one, too, is looked at. They lie apart from each other,
    # so that "never" does not count as a good match of "never".
    ref = [*ref, _NEVER, _NEVER]
    test = [*test, 2 * _NEVER, 2 * _NEVER]
    i = j = 0
    while i < n_ref or j < n_test:
        r, t = ref[i], test[j]
        if t < r:
            gap, rival = r - t, abs(r - test[j + 1])
        else:
            gap, rival = t - r, abs(t - ref[i + 1])
        if gap <= window and (gap < rival or abs(ref[i + 1] - test[j + 1]) < rival):
            hit_ref.append(i)
            hit_test.append(j)
            i += 1
            j += 1
        elif t < r:
            false.append(j)
            j += 1
        else:
            missed.append(i)
            i += 1
    return hit_ref, hit_test, missed, false


def _first_test(ref: NDArray[np.int64], test: NDArray[np.int64], start: int, window: int) -> int:
    """Position of the test beat with which the comparison begins; ``ref`` begins at ``start``.

    The last one before the start, if the first reference beat is its own. Else the first one after
    the start; but one so near the start that its reference beat may lie before it is passed over,
    when the next one is nearer to the first reference beat.
    """
    first = int(np.searchsorted(test, start))
    if ref.size == 0:
        return first
    gaps = np.abs(np.concatenate([test, [_NEVER, _NEVER]]) - ref[0])
    if first > 0 and gaps[first - 1] <= window and gaps[first - 1] < gaps[first]:
        return first - 1
    if first < test.size and test[first] - start <= window and gaps[first + 1] < gaps[first]:
        return first + 1
    return first


def _prepare(
    samples: ArrayLike, labels: Sequence[str], mapping: str, what: str
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Check one annotation list; return its samples and class codes."""
    positions = np.asarray(samples, dtype=np.int64).reshape(-1)
    if positions.size != len(labels):
        raise ValueError(f"{what}: {positions.size} samples but {len(labels)} labels")
    if np.any(np.diff(positions) < 0):
        raise ValueError(f"{what}: samples are not in time order")
    return positions, class_codes(labels, mapping)


def pair_beats(
    ref_samples: ArrayLike,
    ref_labels: Sequence[str],
    test_samples: ArrayLike,
    test_labels: Sequence[str],
    fs_hz: float,
    start_s: float = LEARNING_PERIOD_S,
    mapping: str = "bxb",
) -> BeatComparison:
    """Compare test annotations with reference annotations, beat by beat.

    Parameters
    ----------
    ref_samples, test_samples : int array, ascending
        Sample numbers at ``fs_hz``.
    ref_labels, test_labels : sequence of str
        WFDB symbols (AAMI letters are such). Symbols that are no beat are passed over; ``[`` and ``]`` of
        the reference bound ventricular flutter, inside which nothing is missed and nothing is false.
    fs_hz : float
        Sampling rate, > 0.
    start_s : float
        Beats before this are not scored; 0 scores everything. The last test beat before it may still
        match a reference beat after it, and a test beat just after it need not match one before it.
    mapping : {"bxb", "dechazal"}
        See :data:`~host_tools.ec57.labels.MAPPINGS`.

    Returns
    -------
    BeatComparison

    Raises
    ------
    ValueError
        If the lists do not fit, are not in time order, or the rate is not positive.

    Notes
    -----
    ANSI/AAMI EC57:2012; the pairing rule is that of WFDB 10.7.0 ``bxb``. ``bxb``'s ``X`` (beats in
    stretches that an annotator declared unreadable) has no counterpart here: all beats count.
    """
    if not fs_hz > 0:
        raise ValueError(f"sampling rate must be positive, not {fs_hz}")
    ref_at, ref_class = _prepare(ref_samples, ref_labels, mapping, "reference annotations")
    test_at, test_class = _prepare(test_samples, test_labels, mapping, "test annotations")
    window = round(MATCH_WINDOW_MS * fs_hz / 1000)
    start = round(start_s * fs_hz)

    ref_index = np.flatnonzero((ref_class != NOT_A_BEAT) & (ref_at >= start))
    test_index = np.flatnonzero(test_class != NOT_A_BEAT)
    segments = flutter_segments(ref_at, ref_labels)
    for begin, end in segments:
        ref_index = ref_index[(ref_at[ref_index] < begin) | (ref_at[ref_index] > end)]
    test_index = test_index[_first_test(ref_at[ref_index], test_at[test_index], start, window) :]

    hit_ref, hit_test, missed_at, false_at = _pair(
        ref_at[ref_index].tolist(), test_at[test_index].tolist(), window
    )
    pairs = np.stack([ref_index[hit_ref], test_index[hit_test]], axis=1)
    missed = ref_index[missed_at]
    false = test_index[false_at]
    for begin, end in segments:
        false = false[(test_at[false] < begin) | (test_at[false] > end)]

    matrix = np.zeros((len(CLASSES), len(CLASSES)), dtype=np.int64)
    np.add.at(matrix, (ref_class[pairs[:, 0]], test_class[pairs[:, 1]]), 1)
    np.add.at(matrix, (ref_class[missed], np.full(missed.size, O)), 1)
    np.add.at(matrix, (np.full(false.size, O), test_class[false]), 1)
    return BeatComparison(pairs, missed, false, matrix, window)
