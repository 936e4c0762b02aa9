"""The P wave against templates of the patient's own P waves. Twin of ``ecg_p_wave.c``.

One template learns from beats of the dominant kind that do not come early, the other from all beats
that come late: where premature beats are the rule, only the second shows the sinus P wave.
"""

from __future__ import annotations

from typing import Any

from .fixed import kernel, to_int
from .intmath import clamp, floor_divide, follow
from .likeness import likeness_q10
from .params import P_END_GRID, P_UPDATE_SHIFT, SHIFT_MAX_GRID

P_SAMPLES = P_END_GRID - SHIFT_MAX_GRID
#: Beats after which a template is settled enough to judge its coherence.
_SETTLED = 3


@kernel
def p_extract(s: Any, window: Any, shift: int) -> None:
    """Copy the P region, shifted by ``shift``, without the line through its ends."""
    first = SHIFT_MAX_GRID + shift
    left = to_int(window[first]) + to_int(window[first + 1]) + to_int(window[first + 2])
    last = first + P_SAMPLES - 1
    right = to_int(window[last]) + to_int(window[last - 1]) + to_int(window[last - 2])
    for k in range(P_SAMPLES):
        line = floor_divide(left * (P_SAMPLES - 1 - k) + right * k, 3 * (P_SAMPLES - 1))
        s.wave[k] = clamp(to_int(window[first + k]) - line, -32768, 32767)


@kernel
def p_size(wave: Any) -> int:
    """Largest minus smallest value of a P region."""
    low = to_int(wave[0])
    high = low
    for k in range(1, P_SAMPLES):
        low = min(low, to_int(wave[k]))
        high = max(high, to_int(wave[k]))
    return high - low


@kernel
def p_residual(wave: Any, template: Any) -> int:
    """Mean absolute difference of two P regions."""
    total = 0
    for k in range(P_SAMPLES):
        total += abs(to_int(wave[k]) - to_int(template[k]))
    return floor_divide(total, P_SAMPLES)


@kernel
def p_learn(t: Any, wave: Any) -> None:
    """Move a P template towards a P region; its coherence follows their correlation."""
    if t.count < 255:
        t.count = t.count + 1
    if t.count > _SETTLED:
        correlation = likeness_q10(wave, 0, t.wave, 0, P_SAMPLES)
        t.coherence_q12 = to_int(t.coherence_q12) + (((correlation << 2) - to_int(t.coherence_q12)) >> 4)
    beats = min(to_int(t.count), 1 << P_UPDATE_SHIFT)
    for k in range(P_SAMPLES):
        t.wave[k] = follow(to_int(t.wave[k]), to_int(wave[k]), beats)
