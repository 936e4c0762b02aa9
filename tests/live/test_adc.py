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


@pytest.mark.parametrize("board", sorted(BOARD_MACROS))
def test_rails_are_the_ends_of_the_converter(board: str, acquisition: Callable[[str], Acquisition]) -> None:
    """Every count's sample lies within them, the first and the last one's at them."""
    firmware = acquisition(board)
    profile = firmware.profile
    low, high = profile.rails(ADU_PER_MV)
    assert (firmware.c.h_rail(0), firmware.c.h_rail(1)) == (low, high)
    samples = [firmware.c.h_scale(counts) for counts in range(1 << profile.bits)]
    assert (min(samples), max(samples)) == (low, high) == (samples[0], samples[-1])


@pytest.mark.parametrize("board", sorted(BOARD_MACROS))
def test_readings_beyond_the_range_are_its_ends(
    board: str, acquisition: Callable[[str], Acquisition]
) -> None:
    """Any 16 bits that a port hands on. Below 0: two's complement, as a differential input gives it."""
    firmware = acquisition(board)
    profile = firmware.profile
    low, high = profile.rails(ADU_PER_MV)
    for reading in (-1, -3, -11, -0x8000):
        firmware.c.h_start()
        firmware.c.h_read(reading & 0xFFFF)
        assert firmware.take() == [low]
        assert profile.clamp(reading & 0xFFFF) == 0
    for reading in (profile.highest, profile.highest + 1, 0x7FFF):
        firmware.c.h_start()
        firmware.c.h_read(reading)
        assert firmware.take() == [high]
        assert profile.clamp(reading) == profile.highest


@given(reading=st.integers(0, 0xFFFF))
def test_every_reading_is_a_count(reading: int, acquisition: Callable[[str], Acquisition]) -> None:
    firmware = acquisition("esp32dev")
    firmware.c.h_read(reading)
    signed = reading - 0x10000 if reading >= 0x8000 else reading
    clamped = min(max(signed, 0), 4095)
    assert firmware.profile.clamp(reading) == clamped
    assert firmware.take() == [firmware.profile.scale(clamped, ADU_PER_MV)]
    assert firmware.c.h_scale(reading) == firmware.profile.scale(reading, ADU_PER_MV)
    assert firmware.profile.scale(reading, ADU_PER_MV) == firmware.profile.scale(clamped, ADU_PER_MV)


def test_ad8232_range(acquisition: Callable[[str], Acquisition]) -> None:
    """A module with gain 1100 on 3.3 V spans +-1.5 mV: 300 units of 1/200 mV (data sheet: gain 100 * 11)."""
    firmware = acquisition("nucleo_f446re")
    assert (firmware.c.h_scale(0), firmware.c.h_scale(2048), firmware.c.h_scale(4095)) == (-300, 0, 300)
