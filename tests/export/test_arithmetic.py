"""Scales to integers and back.

Oracles: exact fractions, the definition in real numbers, the C compiler's sizeof.
"""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from export.network_report import confidence_table, struct_bytes
from export.quantise import quantise_multiplier
from host_tools.build import FIRMWARE, compile_c
from host_tools.reference.requantise import requantise, rounding_doubling_high, rounding_shift
from tests.export.backends import Suite

int32 = st.integers(-(2**31), 2**31 - 1)
multipliers = st.one_of(st.integers(2**30, 2**31 - 1), st.sampled_from([0, 2**30, 2**31 - 1]))


def round_half_up(x: Fraction) -> int:
    return math.floor(x + Fraction(1, 2))


def round_half_away(x: Fraction) -> int:
    return round_half_up(x) if x >= 0 else -round_half_up(-x)


@given(int32, multipliers)
def test_high_product_rounds_halves_up(a: int, b: int) -> None:
    assert rounding_doubling_high(a, b) == round_half_up(Fraction(a * b, 2**31))


@given(int32, st.integers(0, 31))
def test_shift_rounds_halves_away_from_zero(x: int, bits: int) -> None:
    assert rounding_shift(x, bits) == round_half_away(Fraction(x, 2**bits))


@given(st.integers(-(2**24), 2**24), multipliers, st.integers(-31, 6))
def test_requantise_rounds_twice(x: int, multiplier: int, shift: int) -> None:
    wide = Fraction(x * 2 ** max(shift, 0) * multiplier, 2**31)
    assert requantise(x, multiplier, shift) == round_half_away(
        Fraction(round_half_up(wide), 2 ** max(-shift, 0))
    )


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
