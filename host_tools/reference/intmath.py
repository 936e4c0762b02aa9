"""Integer mathematics of the chain: rounding, roots, logarithms. Twin of ``ecg_intmath.c``."""

from __future__ import annotations

import numpy as np

from .fixed import kernel
from .params import LOG2_TABLE_Q10

_LOG2_Q10 = np.array(LOG2_TABLE_Q10, np.uint16)


@kernel
def clamp(value: int, low: int, high: int) -> int:
    """``value`` limited to ``low`` .. ``high``."""
    if value < low:
        return low
    if value > high:
        return high
    return value


@kernel
def shift_round(value: int, bits: int) -> int:
    """``value / 2^bits`` rounded to nearest, halves towards plus infinity; ``bits`` >= 1, int32 range."""
    return (value + (1 << (bits - 1))) >> bits


@kernel
def divide_round(numerator: int, denominator: int) -> int:
    """Quotient rounded to nearest, halves up; ``numerator`` >= 0, ``denominator`` > 0, uint32 range."""
    return (numerator + (denominator >> 1)) // denominator


@kernel
def floor_divide(numerator: int, denominator: int) -> int:
    """Quotient rounded towards minus infinity; int32 range, ``denominator`` > 0."""
    return numerator // denominator


@kernel
def follow(mean: int, value: int, beats: int) -> int:
    """``mean`` moved towards ``value`` by 1 / ``beats``, rounded to nearest; 17 bits and sign."""
    return mean + floor_divide(2 * (value - mean) + beats, 2 * beats)


@kernel
def isqrt(value: int) -> int:
    """Largest integer whose square is at most ``value``; 0 <= ``value`` < 2^32.

    Source: the digit-by-digit method in base 2, which needs neither multiplication nor division.
    """
    root = 0
    bit = 1 << 30
    while bit > value:
        bit >>= 2
    while bit != 0:
        if value >= root + bit:
            value -= root + bit
            root = (root >> 1) + bit
        else:
            root >>= 1
        bit >>= 2
    return root


@kernel
def log2_q10(value: int) -> int:
    """``1024 * log2(value)`` by a table of 64 chords, error below 1.1; 1 <= ``value`` < 2^32."""
    exponent = 31
    while (value >> exponent) == 0:
        exponent -= 1
    mantissa = (value << (31 - exponent)) & 0x7FFFFFFF
    index = mantissa >> 25
    fraction = (mantissa >> 17) & 0xFF
    low = int(_LOG2_Q10[index])
    high = int(_LOG2_Q10[index + 1])
    return (exponent << 10) + low + (((high - low) * fraction + 128) >> 8)
