"""The reference's R-peak detector with other weights, and what its candidates' features are.

The reference itself stays as it is: its functions are taken over here one by one, compiled anew, with the
thirteen constants ``RPEAK_WEIGHT_*`` read from the state instead. So weights change without compiling again,
and a feature's value is what one weight of 1 adds to the reference's own score with all weights 0.
"""

from __future__ import annotations

import inspect
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from types import FunctionType, ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host_tools.reference import params, pipeline, rpeak, rpeak_score
from host_tools.reference.fixed import PLAIN, to_int
from host_tools.reference.pipeline import (
    pipeline_add_found,
    pipeline_drain,
    pipeline_init,
    pipeline_look_for_hum,
    pipeline_reach,
)
from host_tools.reference.refine import refine_r_peak
from host_tools.reference.state import PIPELINE_DTYPE, RPEAK_DTYPE, new_record

#: The score's terms by their names in the specification's ``[rpeak.weight_q8]``; all but the first are
#: features.
WEIGHT_NAMES = (
    *("bias", "peak", "sharpness", "beat_peak", "valley", "noise", "noise_slope"),
    *("early", "irregular", "irregular_early", "rr", "early_blunt", "twave"),
)
#: A weight of 1, and the value of the bias's feature, 1, with 10 fraction bits.
ONE_Q8 = 256
ONE_Q10 = 1024

#: The weights that the firmware has.
COMMITTED_Q8: NDArray[np.int64] = np.array(
    [getattr(params, f"RPEAK_WEIGHT_{name.upper()}_Q8") for name in WEIGHT_NAMES], np.int64
)

_TERMS = len(WEIGHT_NAMES)
#: Columns of what is kept of a score: the candidate's step, its score, what of it no weight decides, the
#: terms' values.
_AT, _SCORE, _FIXED, _FIRST = 0, 1, 2, 3
_COLUMNS = _FIRST + _TERMS
#: A sample scores at most seven times: what waits and it judged where the input goes bad; then two rivals,
#: the loser judged, the waiting one, and it judged.
_SCORES_MAX = 8

#: The detector's state with its weights, and with the scores of the newest sample where these are collected.
_RPEAK_DTYPE = np.dtype(
    [(name, RPEAK_DTYPE[name]) for name in RPEAK_DTYPE.names or ()]
    + [
        ("weight_q8", "<i4", (_TERMS,)),
        ("own_q8", "<i4", (_TERMS,)),  # the same, kept while the terms are asked for one by one
        ("collects", "<u1"),
        ("scores", "<u1"),
        ("collected", "<i8", (_SCORES_MAX * _COLUMNS,)),
    ]
)
_DTYPE = np.dtype(
    [(name, _RPEAK_DTYPE if name == "rpeak" else PIPELINE_DTYPE[name]) for name in PIPELINE_DTYPE.names or ()]
)


def _compiled(function: Any) -> Any:
    """Compile without a cache: the reference's is kept by its source files, which this is none of."""
    if PLAIN:
        return function
    import numba

    return numba.njit(function)


def _plain(function: Any) -> Any:
    """The Python function behind a compiled one."""
    return getattr(function, "py_func", function)


def _weighable_score() -> Any:
    """Take over ``rpeak_score`` with weights that are read from the state."""
    position = {f"RPEAK_WEIGHT_{name.upper()}_Q8": i for i, name in enumerate(WEIGHT_NAMES)}
    namespace = {**vars(rpeak_score), "kernel": _compiled}
    found: set[str] = set()

    def read_from_state(match: re.Match[str]) -> str:
        found.add(match[0])
        return f"s.weight_q8[{position[match[0]]}]"

    for name in ("rpeak_twave_features", "rpeak_score"):
        source = inspect.getsource(_plain(getattr(rpeak_score, name)))
        exec(re.sub(r"\bRPEAK_WEIGHT_\w+", read_from_state, source), namespace)
    if found != set(position):
        raise RuntimeError(f"rpeak_score.py: no use of {', '.join(sorted(set(position) - found))} found")
    return namespace["rpeak_score"]


_score = _weighable_score()


@_compiled
def _score_and_collect(s: Any, c: Any) -> None:
    """Score a candidate as the reference does; where wanted keep the score and each of its terms."""
    _score(s, c)
    if s.collects == 0 or s.scores == _SCORES_MAX:
        return
    score_q10 = to_int(c.score_q10)
    base = to_int(s.scores) * _COLUMNS
    s.collected[base + _AT] = to_int(c.at)
    s.collected[base + _SCORE] = score_q10
    for i in range(_TERMS):
        s.weight_q8[i] = 0
    _score(s, c)
    fixed_q10 = to_int(c.score_q10)
    s.collected[base + _FIXED] = fixed_q10
    for i in range(_TERMS):
        s.weight_q8[i] = ONE_Q8
        _score(s, c)
        s.collected[base + _FIRST + i] = to_int(c.score_q10) - fixed_q10
        s.weight_q8[i] = 0
    for i in range(_TERMS):
        s.weight_q8[i] = s.own_q8[i]
    c.score_q10 = score_q10
    s.scores = s.scores + 1


def _taken_over(module: ModuleType, **own: Any) -> dict[str, Any]:
    """Compile a module's functions anew, which then call these in the place of what it imports."""
    namespace = {**vars(module), **own}
    for name, function in vars(module).items():
        plain = _plain(function)
        if isinstance(plain, FunctionType) and plain.__module__ == module.__name__:
            namespace[name] = _compiled(FunctionType(plain.__code__, namespace, name))
    return namespace


_detector = _taken_over(rpeak, rpeak_score=_score_and_collect)
_push, _flush = _detector["rpeak_push"], _detector["rpeak_flush"]
#: The filters ask the detector, too, where the input goes bad.
_filter = _taken_over(pipeline, rpeak_hurry=_detector["rpeak_hurry"])["pipeline_filter"]


@_compiled
def _drain(p: Any, rows: Any, where: Any, count: int) -> int:
    """Move the newest sample's scores into ``rows``, and into ``where`` the R peaks they would give."""
    s = p.rpeak
    for k in range(to_int(s.scores)):
        if count == len(rows):
            break
        for i in range(_COLUMNS):
            rows[count, i] = s.collected[k * _COLUMNS + i]
        steps = (to_int(s.steps) - to_int(s.collected[k * _COLUMNS + _AT])) & 0xFFFFFFFF
        age = steps * params.RPEAK_DECIMATION + to_int(s.decimation_count) + params.RPEAK_CENTRE_SAMPLES
        found = refine_r_peak(p.ring, to_int(p.ring_index), age, to_int(s.polarity), pipeline_reach(s))
        where[count, 0] = to_int(p.sample_count) - age
        where[count, 1] = to_int(p.sample_count) - (found >> 1)
        count += 1
    s.scores = 0
    return count


@_compiled
def _run(p: Any, x: Any, peaks: Any, rows: Any, where: Any) -> tuple[int, int]:
    """Push every sample as far as the R peaks, then flush; returns numbers of R peaks and scores."""
    found = 0
    scores = 0
    for i in range(len(x) + params.SPIKE_DELAY_SAMPLES + 1):
        p.trace.r_count = 0
        ended = i >= len(x) and not pipeline_drain(p)
        value = to_int(p.input.hold)  # goes on after the end, as in pipeline_flush
        if i < len(x):
            value = int(x[i])
        if ended:
            p.sample_count = to_int(p.sample_count) - 1  # as pipeline_end does: the last sample's number
            pipeline_add_found(p, _flush(p.rpeak))
        elif _filter(p, value) == 1:
            pipeline_add_found(p, _push(p.rpeak, to_int(p.filtered)))
            if p.rpeak.decimation_count == 0:
                pipeline_look_for_hum(p)
        for k in range(to_int(p.trace.r_count)):
            peaks[found] = to_int(p.trace.r_sample[k])
            found += 1
        p.pending_count = 0  # nothing behind the detector runs here
        scores = _drain(p, rows, where, scores)
        if ended:
            break
        p.sample_count = to_int(p.sample_count) + 1
    return found, scores


@dataclass(frozen=True)
class Detection:
    """What the detector made of a record.

    Attributes
    ----------
    peaks : int64 [n]
        R peaks, samples of the record.
    centre : int64 [m]
        The scored candidates' lobes, ascending: samples of the record, the detector's own delay taken out.
    at : int64 [m]
        Where the R peak of each would be put.
    score_q10 : int64 [m]
        Score of each when it was last scored.
    terms_q10 : int64 [m, 13]
        Values of the score's terms then, in the order of ``WEIGHT_NAMES``; the bias's is 1024.
    fixed_q10 : int64 [m]
        What the score then held beside the weighted terms: 0, or less where a rule put the candidate down.
    """

    peaks: NDArray[np.int64]
    centre: NDArray[np.int64]
    at: NDArray[np.int64]
    score_q10: NDArray[np.int64]
    terms_q10: NDArray[np.int64]
    fixed_q10: NDArray[np.int64]


def detect(
    samples: NDArray[np.int16], weights_q8: Sequence[int] | NDArray[np.int64], *, collect: bool = False
) -> Detection:
    """Run the reference's detector over a record.

    Parameters
    ----------
    samples : int16 [n]
        Samples at the spec's rate and in its unit, adu; -32768 where one is missing.
    weights_q8 : sequence of int [13]
        In the order of ``WEIGHT_NAMES``.
    collect : bool
        Also keep the candidates; else their arrays are empty.

    Returns
    -------
    Detection
        A candidate that is scored again and again while it waits is there once, as it was scored last.
    """
    x = np.ascontiguousarray(samples, np.int16)
    p = new_record(_DTYPE)
    pipeline_init(p, 0)
    for i, weight in enumerate(weights_q8):
        p.rpeak.weight_q8[i] = int(weight)
        p.rpeak.own_q8[i] = int(weight)
    p.rpeak.collects = int(collect)
    peaks = np.zeros(len(x) // params.MINIMUM_RR_SAMPLES + 4, np.int64)
    capacity = len(x) // params.RPEAK_DECIMATION + 1 if collect else 0
    rows = np.zeros((capacity, _COLUMNS), np.int64)
    where = np.zeros((capacity, 2), np.int64)
    with warnings.catch_warnings():  # numba's note that the reference's functions take a longer state, too
        warnings.filterwarnings("ignore", message=".*considered a subtype")
        found, scores = _run(p, x, peaks, rows, where)
    rows, where = rows[:scores], where[:scores]
    # The last score of each candidate: unique gives the first, so from the end.
    centre, last = np.unique(where[::-1, 0], return_index=True)
    kept = scores - 1 - last
    return Detection(
        peaks=peaks[:found] - params.DELAY_SAMPLES,
        centre=centre - params.DELAY_SAMPLES,
        at=where[kept, 1] - params.DELAY_SAMPLES,
        score_q10=rows[kept, _SCORE],
        terms_q10=rows[kept, _FIRST:],
        fixed_q10=rows[kept, _FIXED],
    )
