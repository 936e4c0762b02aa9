"""Scales to integers and back.

Oracles: exact fractions, the definition in real numbers, the C compiler's sizeof.
"""

from __future__ import annotations

import ctypes
import math
import os
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from export.network_report import confidence_table, struct_bytes
from export.quantise import quantise_multiplier
from host_tools.build import BUILD_DIR, FIRMWARE, OPTIMISE_FLAGS, compile_c
from host_tools.reference.kernels_softmax import exp_negative, one_over_one_plus
from host_tools.reference.requantise import requantise, rounding_doubling_high, rounding_shift
from tests.export.backends import C_DIR, Suite

int32 = st.integers(-(2**31), 2**31 - 1)
multipliers = st.one_of(st.integers(2**30, 2**31 - 1), st.sampled_from([0, 2**30, 2**31 - 1]))


def round_half_up(x: Fraction) -> int:
    return math.floor(x + Fraction(1, 2))


def round_half_away(x: Fraction) -> int:
    return round_half_up(x) if x >= 0 else -round_half_up(-x)


class Arithmetic:
    """The integer helpers of one backend."""

    def __init__(self, name: str) -> None:
        if name == "reference":
            self.high, self.shift, self.requantise = rounding_doubling_high, rounding_shift, requantise
            self.exp, self.reciprocal = exp_negative, one_over_one_plus
        else:
            worker = os.environ.get("PYTEST_XDIST_WORKER", "master")
            folder = BUILD_DIR / "tests" / "networks" / f"arithmetic-{worker}"
            folder.mkdir(parents=True, exist_ok=True)
            nn = FIRMWARE / "lib" / "nn"
            source, output = folder / "arithmetic.c", folder / "arithmetic.so"
            source.write_text((nn / "nn_softmax.c").read_text() + (C_DIR / "arithmetic.c").read_text())
            compile_c([source], [nn], OPTIMISE_FLAGS, output, "shared")
            lib = ctypes.CDLL(str(output))
            self.high, self.shift, self.requantise = lib.test_high, lib.test_shift, lib.test_requantise
            self.exp, self.reciprocal = lib.test_exp, lib.test_reciprocal


@pytest.fixture(scope="module", params=["reference", "c"])
def arithmetic(request: pytest.FixtureRequest) -> Arithmetic:
    return Arithmetic(request.param)


@given(int32, multipliers)
@example(1, 2**30)
@example(-1, 2**30)
@example(-3, 2**30)
@example(2**31 - 1, 2**31 - 1)
@example(-(2**31), 2**31 - 1)
def test_high_product_rounds_halves_up(arithmetic: Arithmetic, a: int, b: int) -> None:
    assert arithmetic.high(a, b) == round_half_up(Fraction(a * b, 2**31))


@given(int32, st.integers(0, 31))
@example(-6, 2)
@example(6, 2)
@example(-(2**31), 31)
def test_shift_rounds_halves_away_from_zero(arithmetic: Arithmetic, x: int, bits: int) -> None:
    assert arithmetic.shift(x, bits) == round_half_away(Fraction(x, 2**bits))


@given(st.integers(-(2**24), 2**24), multipliers, st.integers(-31, 6))
def test_requantise_rounds_twice(arithmetic: Arithmetic, x: int, multiplier: int, shift: int) -> None:
    wide = Fraction(x * 2 ** max(shift, 0) * multiplier, 2**31)
    expected = round_half_away(Fraction(round_half_up(wide), 2 ** max(-shift, 0)))
    assert arithmetic.requantise(x, multiplier, shift) == expected


@given(st.integers(-(2**31) + 1, 0))
@example(0)
@example(-(2**24))
def test_exponential_is_near(arithmetic: Arithmetic, a_q26: int) -> None:
    """The series of fourth order is 2.2e-7 off at the ends of its quarter, 500 steps of Q0.31."""
    assert abs(arithmetic.exp(a_q26) - 2**31 * math.exp(a_q26 / 2**26)) <= 600


@given(st.integers(0, 2**31 - 1))
def test_reciprocal_is_within_sixteen_steps(arithmetic: Arithmetic, x_q31: int) -> None:
    assert abs(arithmetic.reciprocal(x_q31) - 2**31 / (1 + x_q31 / 2**31)) <= 16


def test_both_exponentials_are_the_same() -> None:
    """Closer than any output of eight bits could show; every factor alone and all together."""
    c, reference = Arithmetic("c"), Arithmetic("reference")
    rng = np.random.default_rng(0)
    points = [-(1 << k) - d for k in range(31) for d in (0, 1)] + [
        int(v) for v in -rng.integers(0, 2**31 - 1, 20_000)
    ]
    assert [c.exp(a) for a in points] == [reference.exp(a) for a in points]
    assert [c.reciprocal(-a) for a in points] == [reference.reciprocal(-a) for a in points]


@given(st.floats(2.0**-31, 2.0**20))
def test_multiplier_is_the_nearest(real: float) -> None:
    multiplier, shift = quantise_multiplier(real)
    assert 2**30 <= multiplier < 2**31
    error = abs(Fraction(multiplier) * Fraction(2) ** (shift - 31) - Fraction(real))
    assert error <= Fraction(2) ** (shift - 32)


def test_tiny_multipliers_become_zero() -> None:
    assert quantise_multiplier(0.0) == (0, 0)
    assert quantise_multiplier(2.0**-40) == (0, 0)


@given(st.floats(1e-4, 1.0))
def test_confidence_table_is_the_exponential(scale: float) -> None:
    table = confidence_table(scale)
    expected = 32768 * np.exp(-np.arange(256) * scale)
    assert table[0] == 32768
    assert np.abs(np.array(table) - expected).max() <= 0.5 + 1e-6


def test_struct_sizes_are_the_compilers(operators: Suite, tmp_path: Path) -> None:
    """The report's sizes of parameter structs, for this machine's pointers."""
    calls = {
        call.struct: call
        for m in operators.models.values()
        for layer in m.network.layers
        for call in layer.calls
    }
    assert len(calls) >= 9
    headers = "\n".join(f'#include "{h.name}"' for h in sorted((FIRMWARE / "lib" / "nn").glob("nn_*.h")))
    size = "void *"
    checks = [
        f"_Static_assert(sizeof(nn_{name}_t) == (sizeof({size}) == 8 ? {struct_bytes(call, 8)} : "
        f'{struct_bytes(call, 4)}), "{name}");'
        for name, call in calls.items()
    ]
    source = tmp_path / "sizes.c"
    source.write_text(
        "\n".join([headers, *checks, "int sizes_ok(void);", "int sizes_ok(void) { return 1; }"])
    )
    assert compile_c([source], [FIRMWARE / "lib" / "nn"], [], tmp_path / "sizes.so", "shared").exists()
