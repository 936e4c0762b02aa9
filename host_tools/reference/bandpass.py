"""Causal Butterworth band-pass in integers. Twin of ``ecg_bandpass.c``.

Two second-order sections in direct form I. The part that rounding cuts off is carried into the
next sample (first-order error feedback), so that there is no dead band and no limit cycle of an
output LSB. Source: Dattorro, "The implementation of recursive digital filters for high-fidelity
audio", J. Audio Eng. Soc. 36(11), 1988.
"""

from __future__ import annotations

from typing import Any

from .fixed import kernel
from .intmath import clamp, shift_round
from .params import (
    COEF_FRAC_BITS,
    FILTERED_FRAC_BITS,
    HIGHPASS_A1_Q30,
    HIGHPASS_A2_Q30,
    LOWPASS_A1_Q30,
    LOWPASS_A2_Q30,
    LOWPASS_B0_Q30,
    LOWPASS_GAIN_Q30,
    STATE_FRAC_BITS,
)

_ONE = 1 << COEF_FRAC_BITS


@kernel
def bandpass_prime(s: Any, x: int) -> None:
    """Set the state to that after an endless constant input ``x`` (int16, adu): output 0."""
    level = x << STATE_FRAC_BITS
    # The low-pass section's gain at 0 Hz is a little below 1: the high-pass section's own gain.
    low = (level * LOWPASS_GAIN_Q30 + (_ONE >> 1)) >> COEF_FRAC_BITS
    s.low_x1 = level
    s.low_x2 = level
    s.low_y1 = low
    s.low_y2 = low
    s.low_error = 0
    s.high_y1 = 0
    s.high_y2 = 0
    s.high_error = 0


@kernel
def bandpass_step(s: Any, x: int) -> int:
    """Filter one sample.

    Parameters
    ----------
    s : record
        ``BANDPASS_DTYPE``.
    x : int
        Input, adu, -32767..32767.

    Returns
    -------
    int
        Filtered sample, adu with FILTERED_FRAC_BITS, saturated to int16.
    """
    level = x << STATE_FRAC_BITS
    acc = LOWPASS_B0_Q30 * (level + 2 * s.low_x1 + s.low_x2) + s.low_error
    acc -= LOWPASS_A1_Q30 * s.low_y1 + LOWPASS_A2_Q30 * s.low_y2
    low = acc >> COEF_FRAC_BITS
    s.low_error = acc & (_ONE - 1)
    s.low_x2 = s.low_x1
    s.low_x1 = level
    acc = s.high_error - HIGHPASS_A1_Q30 * s.high_y1 - HIGHPASS_A2_Q30 * s.high_y2
    high = (low - 2 * s.low_y1 + s.low_y2) + (acc >> COEF_FRAC_BITS)
    s.high_error = acc & (_ONE - 1)
    s.low_y2 = s.low_y1
    s.low_y1 = low
    s.high_y2 = s.high_y1
    s.high_y1 = high
    return clamp(shift_round(high, STATE_FRAC_BITS - FILTERED_FRAC_BITS), -32768, 32767)
