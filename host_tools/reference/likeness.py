"""Correlation of stretches of two windows, in integers. Twin of ``ecg_likeness.c``."""

from __future__ import annotations

from typing import Any

from .fixed import kernel, to_int
from .intmath import clamp, floor_divide, isqrt, log2_q10


@kernel
def stretch_mean(a: Any, first: int, count: int) -> int:
    """Mean of ``count`` values from ``a[first]`` on, rounded down."""
    total = 0
    for k in range(count):
        total += to_int(a[first + k])
    return floor_divide(total, count)


@kernel
def nine_bit_shift(a: Any, first: int, count: int, mean: int) -> int:
    """Right shift that brings the values about ``mean`` into 9 bits, so that sums of products fit 32."""
    largest = 0
    for k in range(count):
        largest = max(largest, abs(to_int(a[first + k]) - mean))
    shift = 0
    while (largest >> shift) > 511:
        shift += 1
    return shift


@kernel
def correlation_q10(covariance: int, norm_a: int, norm_b: int) -> int:
    """Covariance sum over the product of both norms, 1024 = 1, rounded down; -1024..1024."""
    return clamp(floor_divide(covariance << 7, max((norm_a * norm_b) >> 3, 1)), -1024, 1024)


@kernel
def unlikeness_feature(correlation: int) -> int:
    """Fine where two shapes are nearly the same: ``11 log2(1 + 1024 (1 - r))``; 0..121."""
    return (11 * log2_q10(1025 - correlation)) >> 10


@kernel
def likeness_q10(a: Any, first_a: int, b: Any, first_b: int, count: int) -> int:
    """Correlation of ``count`` values of ``a`` with as many of ``b``, 1024 = 1; -1024..1024."""
    mean_a = stretch_mean(a, first_a, count)
    mean_b = stretch_mean(b, first_b, count)
    shift_a = nine_bit_shift(a, first_a, count, mean_a)
    shift_b = nine_bit_shift(b, first_b, count, mean_b)
    covariance = 0
    squares_a = 1
    squares_b = 1
    for k in range(count):
        va = (to_int(a[first_a + k]) - mean_a) >> shift_a
        vb = (to_int(b[first_b + k]) - mean_b) >> shift_b
        covariance += va * vb
        squares_a += va * va
        squares_b += vb * vb
    return correlation_q10(covariance, isqrt(squares_a), isqrt(squares_b))
