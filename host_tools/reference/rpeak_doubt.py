"""Where the R-peak detector is not sure of a beat, or that none was missed. Twin of ``ecg_rpeak_doubt.c``."""

from __future__ import annotations

from typing import Any

from .fixed import kernel, to_int
from .params import (
    RPEAK_APART_AFTER_STEPS,
    RPEAK_APART_BEFORE_STEPS,
    RPEAK_APART_LOWER_Q10,
    RPEAK_APART_SCORE_Q10,
    RPEAK_DOUBT_LOWER_Q10,
    RPEAK_DOUBT_SCORE_Q10,
    RPEAK_DOUBT_SKIPPED_Q10,
    RPEAK_FOLLOWED_Q10,
    RPEAK_KNOWN_SHIFT,
    RPEAK_REFRACTORY_STEPS,
    RPEAK_UNLIKE_BEATS,
    RPEAK_UNLIKE_BLUNTER_Q10,
    RPEAK_UNLIKE_LOWER_Q10,
)
from .rpeak_score import AGE_MAX, rpeak_since


@kernel
def rpeak_is_unlike(s: Any, c: Any) -> bool:
    """Whether a beat is so much lower and blunter than those that are known as P and T waves are."""
    lower = s.known_peak_q10 - c.peak_q10
    if lower <= RPEAK_UNLIKE_LOWER_Q10:
        return False
    return bool(s.known_slope_q10 - c.slope_q10 - lower > RPEAK_UNLIKE_BLUNTER_Q10)


@kernel
def rpeak_may_be_missed(s: Any, level_q10: int, before: int) -> bool:
    """Whether what was skipped since the last beat may have been one that was missed.

    It nearly was one, or is hardly lower than the level, or lies where neither P nor T waves do and is not
    much lower. ``before``: steps from it to the next beat, or to now.
    """
    if s.skipped.score_q10 > RPEAK_DOUBT_SKIPPED_Q10:
        return True
    enough = RPEAK_DOUBT_LOWER_Q10
    after = rpeak_since(s.skipped.at, s.beat_at)
    apart = after > RPEAK_APART_AFTER_STEPS and before > RPEAK_APART_BEFORE_STEPS
    if apart and s.skipped.score_q10 > RPEAK_APART_SCORE_Q10:
        enough = RPEAK_APART_LOWER_Q10
    return bool(level_q10 - s.skipped.peak_q10 < enough)


@kernel
def rpeak_is_doubtful(s: Any, c: Any) -> bool:
    """Whether it only just was a beat, or one may have been missed before it."""
    if c.score_q10 < RPEAK_DOUBT_SCORE_Q10 or s.gap_doubtful == 1:
        return True
    before = rpeak_since(c.at, s.skipped.at)  # c may be the one that was skipped
    if s.skipping == 0 or before < RPEAK_REFRACTORY_STEPS or before >= AGE_MAX:
        return False
    return rpeak_may_be_missed(s, min(to_int(c.peak_q10), to_int(s.qrs_q10)), before)


@kernel
def rpeak_doubt(s: Any, c: Any) -> None:
    """Judge the beat ``c``, the next of those found in this step, before the levels follow it."""
    unlike = 0
    if rpeak_is_unlike(s, c):
        unlike = 1
    doubtful = unlike
    if rpeak_is_doubtful(s, c):
        doubtful = 1
    if unlike == 0:
        s.unlike_count = 0
        s.known_peak_q10 = s.known_peak_q10 + ((c.peak_q10 - s.known_peak_q10) >> RPEAK_KNOWN_SHIFT)
        s.known_slope_q10 = s.known_slope_q10 + ((c.slope_q10 - s.known_slope_q10) >> RPEAK_KNOWN_SHIFT)
    elif s.skipping == 1 and s.skipped.peak_q10 > c.peak_q10 - RPEAK_FOLLOWED_Q10:
        # P waves are not followed by T waves: these are beats of another kind, known after some of them.
        s.unlike_count = to_int(s.unlike_count) + 1
        if s.unlike_count == RPEAK_UNLIKE_BEATS:
            s.known_peak_q10 = c.peak_q10
            s.known_slope_q10 = c.slope_q10
    s.found_unlike = to_int(s.found_unlike) | (unlike << to_int(s.found_count))
    # After a doubtful beat the next one's interval is doubtful, too.
    both = doubtful | to_int(s.doubtful)
    s.found_doubtful = to_int(s.found_doubtful) | (both << to_int(s.found_count))
    s.doubtful = doubtful
    s.gap_doubtful = 0
