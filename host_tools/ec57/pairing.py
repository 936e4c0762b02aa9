"""Beat-by-beat comparison of two annotation lists: ANSI/AAMI EC57, as WFDB's ``bxb`` carries it out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .labels import CLASSES, O
from .timeline import NEVER, Timeline, read_timeline, within

#: Reference and test beat match when they are at most this far apart (inclusive).
MATCH_WINDOW_MS = 150

#: Nothing is scored before this (EC57's learning period).
LEARNING_PERIOD_S = 300.0

#: What a step of the comparison found.
_PAIR, _MISSED, _FALSE = range(3)


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
        :data:`~host_tools.ec57.labels.CLASSES`; the last column are missed, the last row false beats,
        those in unreadable stretches included.
    window_samples : int
        The match window that was used.
    missed_unreadable : int64 (5,)
        Missed beats by class that lie where the test annotations declare the signal unreadable.
    unreadable_samples : int
        Length of those stretches; one that is not closed counts up to the end, where that is known.
    rr_error_ms : float
        Root mean square difference of the RR intervals of both lists over all steps of the comparison;
        NaN where there is none.
    """

    pairs: NDArray[np.int64]
    missed: NDArray[np.int64]
    false_beats: NDArray[np.int64]
    matrix: NDArray[np.int64]
    window_samples: int
    missed_unreadable: NDArray[np.int64]
    unreadable_samples: int
    rr_error_ms: float


def to_samples(seconds: float, fs_hz: float) -> int:
    """Samples in a time, halves rounded up as WFDB does."""
    return math.floor(seconds * fs_hz + 0.5)


def _pair(ref: list[int], test: list[int], window: int, end: int) -> list[tuple[int, int, int]]:
    """Pair greedily in time order.

    The earlier of the two current beats takes the later one as its partner when they are within the
    window and either no later candidate is nearer, or the two following beats suit each other better.
    Returns the steps: what was found, and both current positions. Ends when both beats lie behind ``end``.
    """
    steps = []
    n_ref, n_test = len(ref), len(test)
    # Two sentinels: the beat after the last one, too, is looked at. They lie apart from each other,
    # so that "never" does not count as a good match of "never".
    ref = [*ref, NEVER, NEVER]
    test = [*test, 2 * NEVER, 2 * NEVER]
    i = j = 0
    while (i < n_ref and ref[i] <= end) or (j < n_test and test[j] <= end):
        r, t = ref[i], test[j]
        if t < r:
            gap, rival = r - t, abs(r - test[j + 1])
        else:
            gap, rival = t - r, abs(t - ref[i + 1])
        if gap <= window and (gap < rival or abs(ref[i + 1] - test[j + 1]) < rival):
            found = _PAIR
        else:
            found = _FALSE if t < r else _MISSED
        steps.append((found, i, j))
        i += found != _FALSE
        j += found != _MISSED
    return steps


def _first_test(ref: NDArray[np.int64], test: NDArray[np.int64], start: int, window: int) -> int:
    """Position of the test beat with which the comparison begins; ``ref`` begins at ``start``.

    The last one before the start, if the first reference beat is its own. Else the first one after
    the start; but one so near the start that its reference beat may lie before it is passed over,
    when the next one is nearer to the first reference beat. From the very beginning on every test
    beat counts, but for one at sample 0 that has no reference beat there.
    """
    origin = int(ref[0]) if ref.size else NEVER
    if start == 0:
        return int(test.size > 0 and test[0] == 0 and origin != 0)
    first = int(np.searchsorted(test, start))
    gaps = np.abs(np.concatenate([test, [NEVER, NEVER]]) - origin)
    if first > 0 and gaps[first - 1] <= window and gaps[first - 1] < gaps[first]:
        return first - 1
    if first < test.size and test[first] - start <= window and gaps[first + 1] < gaps[first]:
        return first + 1
    return first


def _rr_error_ms(
    steps: NDArray[np.int64], ref_rr: NDArray[np.int64], test_rr: NDArray[np.int64], fs_hz: float
) -> float:
    """Root mean square difference of the current RR intervals at each step, where both lists have one."""
    a = np.append(ref_rr, 0)[steps[:, 1]]
    b = np.append(test_rr, 0)[steps[:, 2]]
    both = (a > 0) & (b > 0)
    if not both.any():
        return math.nan
    return (
        math.sqrt(float(np.mean((a[both] - b[both]).astype(np.float64) ** 2))) * 1000 / to_samples(1, fs_hz)
    )


def pair_beats(
    ref_samples: ArrayLike,
    ref_labels: Sequence[str],
    test_samples: ArrayLike,
    test_labels: Sequence[str],
    fs_hz: float,
    start_s: float = LEARNING_PERIOD_S,
    mapping: str = "bxb",
    *,
    end_s: float | None = None,
    window_ms: float = MATCH_WINDOW_MS,
    ref_subtypes: Sequence[int] | None = None,
    test_subtypes: Sequence[int] | None = None,
) -> BeatComparison:
    """Compare test annotations with reference annotations, beat by beat.

    Parameters
    ----------
    ref_samples, test_samples : int array, ascending
        Sample numbers at ``fs_hz``.
    ref_labels, test_labels : sequence of str
        WFDB symbols (AAMI letters are such). Symbols that are no beat are passed over; ``[`` and ``]``
        bound ventricular flutter, inside which nothing is missed and (in the reference's) nothing is false.
    fs_hz : float
        Sampling rate, > 0.
    start_s : float
        Beats before this are not scored; 0 scores everything. The last test beat before it may still
        match a reference beat after it, and a test beat just after it need not match one before it.
    mapping : {"bxb", "dechazal"}
        See :data:`~host_tools.ec57.labels.MAPPINGS`.
    end_s : float, optional
        Beats after this are scored only as partners of beats before it.
    window_ms : float
        Match window.
    ref_subtypes, test_subtypes : sequence of int, optional
        Subtypes of the annotations; needed only for stretches declared unreadable (``bxb``'s X).

    Returns
    -------
    BeatComparison

    Raises
    ------
    ValueError
        If the lists do not fit, are not in time order, or the rate is not positive.

    Notes
    -----
    ANSI/AAMI EC57:2012; the pairing rule is that of WFDB 10.7.0 ``bxb``.
    """
    if not fs_hz > 0:
        raise ValueError(f"sampling rate must be positive, not {fs_hz}")
    window = to_samples(window_ms / 1000, fs_hz)
    start = to_samples(start_s, fs_hz)
    end = NEVER - 1 if end_s is None else to_samples(end_s, fs_hz)
    ref = read_timeline(ref_samples, ref_labels, ref_subtypes, mapping, window, "reference annotations")
    test = read_timeline(test_samples, test_labels, test_subtypes, mapping, window, "test annotations")

    i0 = int(np.searchsorted(ref.samples, start))
    j0 = _first_test(ref.samples[i0:], test.samples, start, window)
    steps = np.array(
        _pair(ref.samples[i0:].tolist(), test.samples[j0:].tolist(), window, end), dtype=np.int64
    ).reshape(-1, 3) + np.array([0, i0, j0])
    return _count(ref, test, steps, window, None if end_s is None else end, fs_hz)


def _count(
    ref: Timeline, test: Timeline, steps: NDArray[np.int64], window: int, end: int | None, fs_hz: float
) -> BeatComparison:
    """Count what the steps found."""
    hit = steps[steps[:, 0] == _PAIR]
    missed_at = steps[steps[:, 0] == _MISSED, 1]
    false_at = steps[steps[:, 0] == _FALSE, 2]
    if ref.flutter:
        false_at = false_at[[not within(s, ref.flutter) for s in test.samples[false_at].tolist()]]
    matrix = np.zeros((len(CLASSES), len(CLASSES)), dtype=np.int64)
    np.add.at(matrix, (ref.classes[hit[:, 1]], test.classes[hit[:, 2]]), 1)
    np.add.at(matrix, (ref.classes[missed_at], np.full(missed_at.size, O)), 1)
    np.add.at(matrix, (np.full(false_at.size, O), test.classes[false_at]), 1)
    matrix[O, O] = 0
    dark = [within(s, test.unreadable) for s in ref.samples[missed_at].tolist()]
    closed = [(a, b if b != NEVER else end) for a, b in test.unreadable]
    return BeatComparison(
        pairs=np.stack([ref.index[hit[:, 1]], test.index[hit[:, 2]]], axis=1),
        missed=ref.index[missed_at],
        false_beats=test.index[false_at],
        matrix=matrix,
        window_samples=window,
        missed_unreadable=np.bincount(ref.classes[missed_at[dark]], minlength=len(CLASSES))[:O].astype(
            np.int64
        ),
        unreadable_samples=sum(b - a for a, b in closed if b is not None),
        rr_error_ms=_rr_error_ms(steps, ref.rr, test.rr, fs_hz),
    )
