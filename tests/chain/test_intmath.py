"""Integer mathematics. Oracle: Python's exact integers (``math.isqrt``) and ``math.log2``."""

from __future__ import annotations

import ctypes
import math

from hypothesis import given
from hypothesis import strategies as st

from host_tools.native import build_library, load_library
from host_tools.reference import intmath

uint32 = st.integers(0, 2**32 - 1)
int32 = st.integers(-(2**30), 2**30)


def core() -> ctypes.CDLL:
    library = load_library(build_library())
    library.ecg_isqrt.restype = ctypes.c_uint32
    library.ecg_isqrt.argtypes = [ctypes.c_uint32]
    library.ecg_log2_q10.restype = ctypes.c_int32
    library.ecg_log2_q10.argtypes = [ctypes.c_uint32]
    return library


@given(uint32)
def test_square_root(value: int) -> None:
    assert intmath.isqrt(value) == math.isqrt(value) == core().ecg_isqrt(value)


@given(st.integers(1, 2**32 - 1))
def test_logarithm(value: int) -> None:
    got = intmath.log2_q10(value)
    assert got == core().ecg_log2_q10(value)
    assert abs(got - 1024 * math.log2(value)) < 1.1


def test_logarithm_is_monotonic() -> None:
    values = [intmath.log2_q10(v) for v in range(1, 70000)]
    assert values == sorted(values)


@given(int32, st.integers(1, 16))
def test_shift_round(value: int, bits: int) -> None:
    assert intmath.shift_round(value, bits) == math.floor(value / 2**bits + 0.5)


@given(st.integers(0, 2**31), st.integers(1, 2**31))
def test_divide_round(numerator: int, denominator: int) -> None:
    exact = (2 * numerator + denominator) // (2 * denominator)
    got = intmath.divide_round(numerator, denominator)
    # For an odd denominator half of it is rounded down, which never changes the nearest integer.
    assert got == exact


@given(int32, st.integers(1, 2**31 - 1))
def test_floor_divide(numerator: int, denominator: int) -> None:
    assert intmath.floor_divide(numerator, denominator) == numerator // denominator
