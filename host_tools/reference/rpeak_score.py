"""Score of a candidate: the log odds that it is a beat. Twin of ``ecg_rpeak_score.c``."""

from __future__ import annotations

from typing import Any

from .fixed import kernel, to_int
from .intmath import clamp, log2_q10
from .params import (
    RPEAK_BEFORE_LOW_Q10,
    RPEAK_BEFORE_NOISE_Q10,
    RPEAK_BEFORE_PEAK_Q10,
    RPEAK_BEFORE_SCORE_Q10,
    RPEAK_BEFORE_SLOPE_Q10,
    RPEAK_DEFAULT_RR_Q10,
    RPEAK_EARLY_RAMP_Q10,
    RPEAK_EARLY_STEPS,
    RPEAK_FAR_Q10,
    RPEAK_TWAVE_RAMP_Q10,
    RPEAK_TWAVE_STEPS,
    RPEAK_WEIGHT_BEAT_PEAK_Q8,
    RPEAK_WEIGHT_BIAS_Q8,
    RPEAK_WEIGHT_EARLY_BLUNT_Q8,
    RPEAK_WEIGHT_EARLY_Q8,
    RPEAK_WEIGHT_IRREGULAR_EARLY_Q8,
    RPEAK_WEIGHT_IRREGULAR_Q8,
    RPEAK_WEIGHT_NOISE_Q8,
    RPEAK_WEIGHT_NOISE_SLOPE_Q8,
    RPEAK_WEIGHT_PEAK_Q8,
    RPEAK_WEIGHT_RR_Q8,
    RPEAK_WEIGHT_SHARPNESS_Q8,
    RPEAK_WEIGHT_TWAVE_Q8,
    RPEAK_WEIGHT_VALLEY_Q8,
)

#: A factor of two in the logarithms.
OCTAVE = 1024
#: Steps since a beat are counted up to here.
AGE_MAX = 1 << 20
_UINT32 = 0xFFFFFFFF


@kernel
def rpeak_since(later: int, earlier: int) -> int:
    """Steps from ``earlier`` to ``later``, both modulo 2^32."""
    return (to_int(later) - to_int(earlier)) & _UINT32


@kernel
def rpeak_log2(height: int) -> int:
    """Logarithm to base 2, Q10, of a height; that of 1 where it is smaller."""
    return log2_q10(max(height, 1))


@kernel
def rpeak_comes_before(s: Any, c: Any) -> bool:
    """Whether a candidate is like what was seen before beats (P waves)."""
    if s.before_peak_q10 == 0:
        return False
    if abs(to_int(c.peak_q10) - s.before_peak_q10) >= RPEAK_BEFORE_PEAK_Q10:
        return False
    return bool(abs(to_int(c.slope_q10) - s.before_slope_q10) < RPEAK_BEFORE_SLOPE_Q10)


@kernel
def rpeak_twave_features(s: Any, c: Any, since_beat: int) -> int:
    """Score for being early and blunt, as T waves are; zero or less, Q18."""
    blunt = 0
    if s.beat_slope_q10 > 0:
        blunt = clamp(to_int(c.slope_q10) - s.beat_slope_q10, -3 * OCTAVE, 0)
    early = clamp((RPEAK_EARLY_STEPS - since_beat) * RPEAK_EARLY_RAMP_Q10, 0, OCTAVE)
    twave = clamp((RPEAK_TWAVE_STEPS - since_beat) * RPEAK_TWAVE_RAMP_Q10, 0, OCTAVE)
    score = RPEAK_WEIGHT_EARLY_BLUNT_Q8 * ((early * blunt) >> 10)
    return score + RPEAK_WEIGHT_TWAVE_Q8 * ((twave * min(blunt + OCTAVE, 0)) >> 10)


@kernel
def rpeak_score(s: Any, c: Any) -> None:
    """Score a candidate as things stand now: natural logarithm of the odds that it is a beat, Q10."""
    since_beat = min(rpeak_since(c.at, s.beat_at), AGE_MAX)
    peak = clamp(to_int(c.peak_q10) - s.qrs_q10, -4 * OCTAVE, 3 * OCTAVE)
    slope = 0
    if s.slope_q10 > 0:
        slope = clamp(to_int(c.slope_q10) - s.slope_q10, -4 * OCTAVE, 3 * OCTAVE)
    background_q10 = log2_q10(max(to_int(s.background), 1))
    noise = clamp(background_q10 - s.qrs_q10, -4 * OCTAVE, 0) + 4 * OCTAVE
    early = clamp(log2_q10(max(since_beat, 1)) - s.rr_q10, -2 * OCTAVE, 0)
    irregular = clamp(to_int(s.irregularity_q10) - s.rr_q10, -5 * OCTAVE, 0) + 5 * OCTAVE
    beat_peak = clamp(to_int(s.beat_peak_q10) - s.qrs_q10, -2 * OCTAVE, 2 * OCTAVE)
    score = RPEAK_WEIGHT_BIAS_Q8 * OCTAVE
    score += RPEAK_WEIGHT_PEAK_Q8 * peak
    score += RPEAK_WEIGHT_SHARPNESS_Q8 * (slope - peak)
    score += RPEAK_WEIGHT_BEAT_PEAK_Q8 * beat_peak
    score += RPEAK_WEIGHT_VALLEY_Q8 * c.valley_q10
    score += RPEAK_WEIGHT_NOISE_Q8 * noise
    score += RPEAK_WEIGHT_NOISE_SLOPE_Q8 * ((noise * slope) >> 10)
    score += RPEAK_WEIGHT_EARLY_Q8 * early
    score += RPEAK_WEIGHT_IRREGULAR_Q8 * irregular
    score += RPEAK_WEIGHT_IRREGULAR_EARLY_Q8 * ((irregular * early) >> 10)
    score += RPEAK_WEIGHT_RR_Q8 * (to_int(s.rr_q10) - RPEAK_DEFAULT_RR_Q10)
    score += rpeak_twave_features(s, c, since_beat)
    c.score_q10 = score >> 8
    if min(to_int(s.qrs_q10), to_int(s.beat_peak_q10)) - c.peak_q10 > RPEAK_FAR_Q10:
        c.score_q10 = c.score_q10 - RPEAK_BEFORE_SCORE_Q10
    if peak < -RPEAK_BEFORE_LOW_Q10 and noise < RPEAK_BEFORE_NOISE_Q10 and rpeak_comes_before(s, c):
        c.score_q10 = c.score_q10 - RPEAK_BEFORE_SCORE_Q10
