"""Softmax on int8 by fixed-point exponentials. Twin of ``nn_softmax.c``.

Source: TensorFlow Lite Micro's reference ``Softmax`` with gemmlowp's ``exp_on_negative_values`` and
``one_over_one_plus_x_for_x_in_0_1``, in raw integers; Qm.n below has m integer and n fraction bits
beside the sign.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from .fixed import kernel
from .requantise import clamp_s8, rounding_doubling_high, rounding_shift

_INT32_MAX = 2147483647
_INT32_MIN = -2147483648
_EXP_MINUS_EIGHTH_Q31 = 1895147668
_THIRD_Q31 = 715827883
_EIGHTH_Q31 = 1 << 28
_QUARTER_Q26 = 1 << 24
_48_OVER_17_Q29 = 1515870810
_MINUS_32_OVER_17_Q29 = -1010580540
_ONE_Q29 = 1 << 29


class Softmax(NamedTuple):
    """Rows, row length and quantisation of a softmax; fields as in ``nn_softmax_t``."""

    rows: int
    depth: int
    multiplier: int
    shift: int
    difference_min: int


@kernel
def _shift_up_saturated(x: int, bits: int) -> int:
    """``x * 2^bits`` limited to int32."""
    return min(max(x << bits, _INT32_MIN), _INT32_MAX)


@kernel
def _exp_quarter(a_q31: int) -> int:
    """Compute exp of -1/4 <= a < 0, both Q0.31: Taylor series of fourth order around -1/8."""
    x = a_q31 + _EIGHTH_Q31
    x2 = rounding_doubling_high(x, x)
    x3 = rounding_doubling_high(x2, x)
    x4 = rounding_doubling_high(x2, x2)
    sixth = rounding_doubling_high(rounding_shift(x4, 2) + x3, _THIRD_Q31)
    tail = rounding_shift(sixth + x2, 1)
    return _EXP_MINUS_EIGHTH_Q31 + rounding_doubling_high(_EXP_MINUS_EIGHTH_Q31, x + tail)


@kernel
def exp_negative(a_q26: int) -> int:
    """Compute exp of -32 < a <= 0, Q5.26 to Q0.31: a series for the last quarter, factors for the rest."""
    if a_q26 == 0:
        return _INT32_MAX
    part = (a_q26 & (_QUARTER_Q26 - 1)) - _QUARTER_Q26
    result = _exp_quarter(_shift_up_saturated(part, 5))
    rest = part - a_q26
    # exp(-2^k) for k = -2 .. 4
    if rest & (1 << 24):
        result = rounding_doubling_high(result, 1672461947)
    if rest & (1 << 25):
        result = rounding_doubling_high(result, 1302514674)
    if rest & (1 << 26):
        result = rounding_doubling_high(result, 790015084)
    if rest & (1 << 27):
        result = rounding_doubling_high(result, 290630308)
    if rest & (1 << 28):
        result = rounding_doubling_high(result, 39332535)
    if rest & (1 << 29):
        result = rounding_doubling_high(result, 720401)
    if rest & (1 << 30):
        result = rounding_doubling_high(result, 242)
    return result


@kernel
def one_over_one_plus(x_q31: int) -> int:
    """1 / (1 + x) for 0 <= x < 1, Q0.31 to Q0.31: three steps of Newton-Raphson division."""
    half_denominator = (x_q31 + _INT32_MAX + 1) >> 1
    y = _48_OVER_17_Q29 + rounding_doubling_high(half_denominator, _MINUS_32_OVER_17_Q29)
    for _ in range(3):
        error = _ONE_Q29 - rounding_doubling_high(half_denominator, y)
        y += _shift_up_saturated(rounding_doubling_high(y, error), 2)
    return _shift_up_saturated(y, 1)


@kernel
def _exp_of(p: Any, difference: int) -> int:
    return exp_negative(rounding_doubling_high(difference << p.shift, p.multiplier))


@kernel
def softmax(p: Any, x: Any, at: int, out: Any, to: int) -> None:
    """Softmax of each row; the output's scale is 1/256, its zero point -128."""
    for row in range(p.rows):
        first = at + row * p.depth
        largest = -128
        for i in range(p.depth):
            largest = max(largest, int(x[first + i]))
        total_q19 = 0
        for i in range(p.depth):
            difference = int(x[first + i]) - largest
            if difference >= p.difference_min:
                total_q19 += rounding_shift(_exp_of(p, difference), 12)
        headroom = 0
        while (total_q19 << headroom) < (1 << 31):
            headroom += 1
        reciprocal = one_over_one_plus((total_q19 << headroom) - (1 << 31))
        for i in range(p.depth):
            difference = int(x[first + i]) - largest
            y = -128
            if difference >= p.difference_min:
                scaled = rounding_doubling_high(reciprocal, _exp_of(p, difference))
                y = rounding_shift(scaled, 12 - headroom + 23) - 128
            out[to + row * p.depth + i] = clamp_s8(y, -128, 127)
