"""From real scales to integer multipliers and shifts, as TensorFlow Lite Micro's ``Prepare`` does it.

Python floats are IEEE double, as in the source; where the source uses float, so does this.
"""

from __future__ import annotations

import math

import numpy as np

from export.graph import Tensor

INT8_MIN, INT8_MAX = -128, 127
_ROUNDED_Q = 1 << 31


def quantise_multiplier(real: float) -> tuple[int, int]:
    """Return (multiplier, shift) with ``real ~ multiplier * 2^(shift - 31)``.

    Parameters
    ----------
    real : float
        Not negative.

    Returns
    -------
    tuple of int
        Multiplier 2^30 .. 2^31 - 1, or 0 where ``real`` is below about 2^-32; shift from -31 on.
        Source: ``QuantizeMultiplier`` in TensorFlow Lite's quantization_util.cc.
    """
    if real == 0.0:
        return 0, 0
    fraction, shift = math.frexp(real)
    multiplier = math.floor(fraction * _ROUNDED_Q + 0.5)  # exact: halves away from zero, never negative
    if multiplier == _ROUNDED_Q:
        multiplier //= 2
        shift += 1
    if shift < -31:
        return 0, 0
    return multiplier, shift


def product_multipliers(x: Tensor, weights: Tensor, y: Tensor, channels: int) -> list[tuple[int, int]]:
    """Multiplier and shift of each output channel of a layer with weights.

    Parameters
    ----------
    x, weights, y : Tensor
        Input, weights (one scale, or one per channel) and output.
    channels : int
        Output channels.

    Returns
    -------
    list of (int, int)
        ``channels`` entries. Source: ``PopulateConvolutionQuantizationParams`` in TensorFlow Lite's
        kernel_util.cc, in double. (For a fully connected layer with one scale, some versions of that file
        multiply the first two scales in float; the interpreter that is pinned here does not, as the tests
        show, and no weights of this project's models have one scale.)
    """
    scales = weights.scales * channels if len(weights.scales) == 1 else weights.scales
    return [quantise_multiplier(x.scale * s / y.scale) for s in scales]


def activation_range(activation: str, y: Tensor) -> tuple[int, int]:
    """Return the int8 limits of a fused activation on the output ``y``.

    Source: ``CalculateActivationRangeQuantizedImpl`` in TensorFlow Lite's kernel_util.cc (float).
    """

    def at(real: float) -> int:
        quotient = float(np.float32(real) / np.float32(y.scale))
        rounded = math.floor(abs(quotient) + 0.5)
        return y.zero_point + (rounded if quotient >= 0 else -rounded)

    low, high = INT8_MIN, INT8_MAX
    if activation in ("RELU", "RELU6"):
        low = max(low, at(0.0))
    if activation == "RELU6":
        high = min(high, at(6.0))
    if activation == "RELU_N1_TO_1":
        low, high = max(low, at(-1.0)), min(high, at(1.0))
    return low, high


def same_padding(size: int, window: int, stride: int, dilation: int, output: int) -> int:
    """Rows (or columns) before the image for padding SAME; the odd one comes after it."""
    return max((output - 1) * stride + (window - 1) * dilation + 1 - size, 0) // 2
