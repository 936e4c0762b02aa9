"""What a front end leaves in a file: ends of its range, electrode offsets, the wrong unit.

Oracles: the ECG before the front end was put on it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from host_tools.front_end import find_rails
from host_tools.records import EcgRecord, read_record
from host_tools.resampling import to_spec

from .conftest import write_record
from .signals import cells, ecg_mv, header, table

FS = 250
MV = ecg_mv(FS, 30)
SATURATED = slice(2500, 2875)


def counts(mv: np.ndarray, bits: int = 12, range_mv: float = 3.0) -> np.ndarray:
    """An amplifier's output behind a converter: half of the range at 0 mV."""
    top = (1 << bits) - 1
    return np.clip(np.rint((mv / range_mv + 0.5) * top), 0, top).astype(np.int64)


def read_counts(path: Path, stored: np.ndarray, gain: float, fs_hz: float = FS) -> EcgRecord:
    return read_record(table(path / "x.csv", [[str(v) for v in stored]]), fs_hz=fs_hz, unit="adu", gain=gain)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("fs_hz", [128, 250, 360, 500, 1000])
def test_a_signal_that_stays_at_its_end_is_saturated_also_after_resampling(
    tmp_path: Path, fs_hz: int, sign: int
) -> None:
    mv = sign * ecg_mv(fs_hz, 30)
    mv[10 * fs_hz : round(11.5 * fs_hz)] = sign * 9.0
    record = read_counts(tmp_path, counts(mv), 4095 / 3, fs_hz)
    assert record.rails is not None
    end = record.rails[1] if sign > 0 else record.rails[0]
    at_end = np.flatnonzero(record.samples == end)
    assert at_end[0] == pytest.approx(3600, abs=4)
    assert at_end[-1] == pytest.approx(4140, abs=4)
    assert len(at_end) == at_end[-1] - at_end[0] + 1
    assert any("at an end of the converter's range: saturated" in note for note in record.notes)


@pytest.mark.parametrize("bits", [8, 10, 12, 16, 24])
def test_clipped_r_waves_are_saturated(tmp_path: Path, bits: int) -> None:
    """A gain that is too high for the range cuts each R wave off."""
    record = read_counts(tmp_path, counts(3 * MV, bits, 3.0), (1 << bits) / 3)
    assert record.rails is not None
    saturated = record.samples >= record.rails[1]
    assert 30 <= np.count_nonzero(np.diff(saturated.astype(int)) > 0) <= 40


@pytest.mark.parametrize("sign", [1, -1])
def test_an_amplifiers_rail_with_noise_on_it_is_saturated(tmp_path: Path, sign: int) -> None:
    """It lies within the converter's range: the counts there differ by their noise."""
    stored = counts(sign * MV)
    stored[SATURATED] = 2048 + sign * 2000 + np.random.default_rng(2).integers(-2, 3, 375)
    record = read_counts(tmp_path, stored, 4095 / 3)
    assert record.rails is not None
    saturated = (record.samples <= record.rails[0]) | (record.samples >= record.rails[1])
    assert np.flatnonzero(saturated)[[0, -1]].tolist() == pytest.approx([3600, 4140], abs=4)
    assert np.count_nonzero(saturated) == pytest.approx(540, abs=6)


@pytest.mark.parametrize(
    "mv",
    [
        MV,
        np.round(MV, 1),
        np.round(MV * 5) / 5,
        np.where(np.abs(MV) < 0.05, 0, MV),
        np.abs(np.where(np.abs(MV) < 0.05, 0, MV)),
        np.round(np.sin(2 * np.pi * 0.3 * np.arange(7500) / 250), 2),
        np.round(5 * np.sin(2 * np.pi * 0.05 * np.arange(7500) / 250) + MV, 2),
        np.tile(np.round(MV[:250], 3), 30),
        np.concatenate([MV[:3000], np.zeros(2000), MV[:2500]]),
        np.zeros(7500),
    ],
    ids=[
        "plain",
        "0.1 mV",
        "0.2 mV",
        "quiet",
        "magnitude",
        "sine",
        "wander",
        "one beat",
        "lead off",
        "nothing",
    ],
)
def test_what_is_not_cut_off_is_not_saturated(tmp_path: Path, mv: np.ndarray) -> None:
    record = read_record(table(tmp_path / "x.csv", [cells(mv)]), fs_hz=FS)
    assert record.rails is None
    assert not any("saturated" in note for note in record.notes)


def test_the_headers_range_is_known_before_it_is_reached(tmp_path: Path) -> None:
    np.rint(200 * MV).astype("<i2").tofile(tmp_path / "r.dat")
    path = header(tmp_path / "r", "r 1 360 7500", "r.dat 16 200(0)/mV 11 0 0 0 0 II")
    assert read_record(path).rails == (-1024, 1023)
    np.where(np.arange(7500) == 700, 1023, np.rint(200 * MV)).astype("<i2").tofile(tmp_path / "r.dat")
    assert np.flatnonzero(read_record(path).samples >= 1023).tolist() == [700]


@pytest.mark.parametrize("bits", [8, 9])
def test_a_header_that_is_wrong_about_its_range_is_not_believed(tmp_path: Path, bits: int) -> None:
    np.rint(200 * MV).astype("<i2").tofile(tmp_path / "r.dat")
    path = header(tmp_path / "r", "r 1 360 7500", f"r.dat 16 200(0)/mV {bits} 0 0 0 0 II")
    record = read_record(path)
    assert (record.rails is None) == (bits == 8)
    np.testing.assert_array_equal(record.samples, np.rint(200 * MV))


@pytest.mark.parametrize("offset_mv", [-300, -164, -100, 31, 100, 150, 300])
@pytest.mark.parametrize("fs_hz", [250, 360])
def test_an_electrodes_offset_is_taken_out(tmp_path: Path, fs_hz: int, offset_mv: float) -> None:
    mv = ecg_mv(fs_hz, 30)
    plain = read_record(table(tmp_path / "a.csv", [cells(mv)]), fs_hz=fs_hz)
    with_offset = read_record(table(tmp_path / "b.csv", [cells(mv + offset_mv)]), fs_hz=fs_hz)
    assert with_offset.offset_mv == pytest.approx(offset_mv, abs=0.1)
    shift = round((offset_mv - with_offset.offset_mv) * 200)
    assert np.abs(with_offset.samples - (plain.samples + shift)).max() <= 1
    assert plain.offset_mv == 0
    assert any(f"an offset of {with_offset.offset_mv:.1f} mV is taken out" in n for n in with_offset.notes)


def test_a_drift_of_forty_millivolts_passes(tmp_path: Path) -> None:
    drift = np.linspace(200, 240, len(MV))
    record = read_record(table(tmp_path / "x.csv", [cells(MV + drift)]), fs_hz=360)
    found = record.samples / 200 + record.offset_mv
    assert np.abs(found - MV - drift).max() < 0.004
    assert not any("clipped" in note for note in record.notes)


def test_a_baseline_that_no_header_says_is_an_offset(tmp_path: Path) -> None:
    path = write_record(tmp_path, "r", np.rint(200 * MV + 16000).astype(np.int16), leads=("II",))
    record = read_record(path)
    assert record.offset_mv == pytest.approx(80, abs=0.1)
    assert np.abs(record.samples / 200 - MV).max() < 0.1


def test_rails_move_with_the_offset(tmp_path: Path) -> None:
    mv = MV + 150
    mv[SATURATED] = 160
    record = read_record(table(tmp_path / "x.csv", [cells(mv)]), fs_hz=360)
    assert record.rails is not None
    assert record.rails[1] == pytest.approx(round((160 - record.offset_mv) * 200), abs=1)
    assert (record.samples[SATURATED] == record.rails[1]).all()


@pytest.mark.parametrize(
    ("factor", "unit", "said"),
    [
        (1.0, None, None),
        (0.15, None, None),
        (12.0, None, None),
        (1e-3, None, "(--unit V)"),
        (1e3, None, "(--unit uV)"),
        (1.0, "uV", "(--unit mV)"),
        (1.0, "V", "(--unit mV)"),
        (1e-3, "uV", "(--unit V)"),
        (50.0, None, "--unit adu --gain"),
        (1365.0, None, "--unit adu --gain"),
        (1e6, None, "--unit adu --gain"),
    ],
)
def test_units_taken_for_one_another_are_noticed(
    tmp_path: Path, factor: float, unit: str | None, said: str | None
) -> None:
    path = table(tmp_path / "x.csv", [cells(MV * factor, 9)])
    record = read_record(path, fs_hz=FS, unit=unit)
    if said is None:
        assert record.doubt is None
    else:
        assert record.doubt is not None
        assert said in record.doubt
        assert record.doubt in record.notes


def test_a_long_arrest_makes_no_ecg_small(tmp_path: Path) -> None:
    mv = np.concatenate([MV, np.tile(0.002 * np.random.default_rng(1).standard_normal(7500), 2)])
    assert read_record(table(tmp_path / "x.csv", [cells(mv)]), fs_hz=FS).doubt is None


def test_a_wrong_gain_in_a_header_is_noticed(tmp_path: Path) -> None:
    path = write_record(tmp_path, "r", np.rint(200 * MV).astype(np.int16), gain=1, leads=("II",))
    doubt = read_record(path).doubt
    assert doubt is not None
    assert "the header's gain or unit is wrong" in doubt


def test_a_signal_that_does_not_change_is_said(tmp_path: Path) -> None:
    doubt = read_record(table(tmp_path / "x.csv", [["0.5"] * 5000]), fs_hz=FS).doubt
    assert doubt is not None
    assert "does not change" in doubt


@given(
    st.sampled_from([128, 250, 257, 499.31, 1000, 2000]),
    st.integers(2, 400_000),
    st.lists(st.tuples(st.integers(0, 400_000), st.integers(1, 3000)), max_size=3),
)
@settings(max_examples=25, deadline=None)
def test_blocks_of_a_resampled_signal_are_the_whole(
    fs_hz: float, n: int, gaps: list[tuple[int, int]]
) -> None:
    """Oracle: scipy's resampling of the whole."""
    from fractions import Fraction

    from scipy.signal import resample_poly

    values = np.cumsum(np.random.default_rng(n).standard_normal(n)) / 50
    missing = np.zeros(n, np.bool_)
    for first, count in gaps:
        missing[first : first + count] = True
    samples, _ = to_spec(values, missing, fs_hz, 1, 360, 200)
    there = np.flatnonzero(~missing)
    whole = np.interp(np.arange(n), there, values[there]) if len(there) else np.zeros(n)
    ratio = Fraction(360) / Fraction(fs_hz).limit_denominator(1000)
    expected = resample_poly(whole * 200, ratio.numerator, ratio.denominator, padtype="line")
    assert len(samples) == len(expected)
    kept = samples != -32768
    assert np.abs(samples[kept] - expected[kept]).max(initial=0) <= 0.51
    k = np.arange(len(samples)) * ratio.denominator
    before, after = np.minimum(k // ratio.numerator, n - 1), np.minimum(-(-k // ratio.numerator), n - 1)
    np.testing.assert_array_equal(~kept, missing[before] | missing[after])


def test_rails_of_a_signal_without_samples() -> None:
    missing = np.ones(100, np.bool_)
    assert find_rails(np.zeros(100), missing, 250, (-5.0, 5.0)) == (-5.0, 5.0)
    assert find_rails(np.zeros(100), missing, 250, None) == (None, None)
