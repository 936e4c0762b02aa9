"""From a wide accumulator to int8: TensorFlow Lite Micro's double rounding. Twin of ``nn_requantise.h``."""

from __future__ import annotations

from .fixed import kernel


@kernel
def rounding_doubling_high(a: int, b: int) -> int:
    """Multiply: ``a * b / 2^31`` rounded to nearest, halves towards plus infinity.

    ``a`` and ``b`` are int32, not both -2^31. Source: gemmlowp's ``SaturatingRoundingDoublingHighMul``;
    its nudge of the sign of the product and its truncating division come to this.
    """
    return (a * b + (1 << 30)) >> 31


@kernel
def rounding_shift(x: int, bits: int) -> int:
    """Divide: ``x / 2^bits`` rounded to nearest, halves away from zero; int32 ``x``, 0 <= ``bits`` <= 31.

    Source: gemmlowp's ``RoundingDivideByPOT``.
    """
    mask = (1 << bits) - 1
    threshold = mask >> 1
    if x < 0:
        threshold += 1
    up = 1 if (x & mask) > threshold else 0
    return (x >> bits) + up


@kernel
def requantise(x: int, multiplier: int, shift: int) -> int:
    """``x * multiplier * 2^(shift - 31)``, rounded twice.

    ``multiplier`` is 0 or 2^30 .. 2^31 - 1, ``shift`` is -31 .. 30, and ``x * 2^shift`` fits int32
    (the network compiler refuses a model in which it might not).
    Source: TensorFlow Lite Micro's ``MultiplyByQuantizedMultiplier`` without ``TFLITE_SINGLE_ROUNDING``.
    """
    if shift > 0:
        return rounding_doubling_high(x << shift, multiplier)
    return rounding_shift(rounding_doubling_high(x, multiplier), -shift)


@kernel
def clamp_s8(x: int, low: int, high: int) -> int:
    """``x`` limited to the activation's range ``low`` .. ``high``, both int8."""
    if x < low:
        return low
    if x > high:
        return high
    return x
