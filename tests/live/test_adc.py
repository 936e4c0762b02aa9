"""ADC counts as spec units. Oracles: exact fractions; and Python's integers against the compiled C."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_tools.adc import AdcProfile
from host_tools.reference.params import ADU_PER_MV

from .conftest import BOARD_MACROS, Acquisition

profiles = st.builds(
    AdcProfile,
    bits=st.integers(8, 15),
    ref_uv=st.integers(500_000, 5_000_000),
    mid_uv=st.integers(250_000, 2_500_000),
    gain=st.integers(1, 2000),
).filter(lambda p: 2 * p.factor(ADU_PER_MV)[0] <= p.factor(ADU_PER_MV)[1] and p.mid < 1 << p.bits)


@given(profile=profiles, data=st.data())
def test_scaling_is_the_rounded_fraction(profile: AdcProfile, data: st.DataObject) -> None:
    """Within half a unit of the exact value, but for the multiplier's own rounding; so is its inverse."""
    counts = data.draw(st.integers(0, (1 << profile.bits) - 1))
    exact = Fraction(counts - profile.mid) * Fraction(*profile.factor(ADU_PER_MV))
    got = profile.scale(counts, ADU_PER_MV)
    slack = Fraction(abs(counts - profile.mid), 2 << profile.shift)  # half a bit of the multiplier
    assert abs(got - exact) <= Fraction(1, 2) + slack
    clear = abs((exact - Fraction(1, 2)) - round(exact - Fraction(1, 2))) > slack
    if clear:  # not within the slack of a half: the rounded exact value itself
        assert got == (exact + Fraction(1, 2)).__floor__()


@given(profile=profiles)
def test_products_fit_32_bits(profile: AdcProfile) -> None:
    for counts in (0, (1 << profile.bits) - 1):
        product = (counts - profile.mid) * profile.multiplier(ADU_PER_MV)
        assert abs(product) + (1 << (profile.shift - 1)) < 1 << 31
        assert abs(profile.scale(counts, ADU_PER_MV)) <= 1 << 14


@given(profile=profiles)
def test_middle_is_the_nearest_count(profile: AdcProfile) -> None:
    exact = Fraction(profile.mid_uv << profile.bits, profile.ref_uv)
    assert abs(profile.mid - exact) <= Fraction(1, 2)
    assert profile.scale(profile.mid, ADU_PER_MV) == 0


@pytest.mark.parametrize("board", sorted(BOARD_MACROS))
def test_every_count_of_every_board(board: str, acquisition: Callable[[str], Acquisition]) -> None:
    firmware = acquisition(board)
    profile = firmware.profile
    assert firmware.c.h_profile(4) == profile.multiplier(ADU_PER_MV)
    assert firmware.c.h_profile(5) == profile.mid
    for counts in range(1 << profile.bits):
        assert firmware.c.h_scale(counts) == profile.scale(counts, ADU_PER_MV)


def test_ad8232_range(acquisition: Callable[[str], Acquisition]) -> None:
    """A module with gain 1100 on 3.3 V spans +-1.5 mV: 300 units of 1/200 mV (data sheet: gain 100 * 11)."""
    firmware = acquisition("nucleo_f446re")
    assert (firmware.c.h_scale(0), firmware.c.h_scale(2048), firmware.c.h_scale(4095)) == (-300, 0, 300)
