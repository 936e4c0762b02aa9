"""Records: what passes through exactly, what is rescaled and resampled, and the way back.

Oracles: the samples that were written, analytic sines, wfdb's own physical units.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import wfdb
from hypothesis import given
from hypothesis import strategies as st

from host_tools.records import EcgRecord, parse_time, read_record
from host_tools.resampling import to_spec

from .conftest import ramp, write_record

SPEC = (360, 200)


def read(path: Path, **options: object) -> EcgRecord:
    return read_record(path, spec=SPEC, **options)  # type: ignore[arg-type]


def test_spec_rate_and_gain_pass_through_exactly(tmp_path: Path) -> None:
    stored = np.random.default_rng(1).integers(-3000, 3000, (5000, 2))
    record = read(write_record(tmp_path, "r", stored, baseline=1024, leads=("V5", "MLII")))
    assert record.samples.dtype == np.int16
    np.testing.assert_array_equal(record.samples, stored[:, 1] - 1024)
    assert (record.lead, record.lead_index, record.notes) == ("MLII", 1, [])


def test_first_lead_where_there_is_no_mlii(tmp_path: Path) -> None:
    path = write_record(tmp_path, "r", ramp(500, 2), leads=("V5", "II"))
    assert read(path).lead == "V5"
    assert read(path, lead="ii").lead == "II"
    assert read(path, lead="1").lead == "II"
    assert read(path, lead=1).lead == "II"


@pytest.mark.parametrize(("gain", "unit", "factor"), [(1000, "mV", 0.2), (100, "mV", 2.0), (1, "uV", 0.2)])
def test_rescaled_to_the_specs_unit(tmp_path: Path, gain: float, unit: str, factor: float) -> None:
    stored = ramp(1000)
    record = read(write_record(tmp_path, "r", stored, gain=gain, unit=unit, baseline=7))
    np.testing.assert_array_equal(record.samples, np.rint((stored[:, 0] - 7.0) * factor))
    assert "rescaled" in record.notes[0]


def test_missing_samples_keep_their_place(tmp_path: Path) -> None:
    stored = ramp(1000)
    stored[100:110] = -32768
    record = read(write_record(tmp_path, "r", stored))
    expected = stored[:, 0].copy()
    np.testing.assert_array_equal(record.samples, expected)
    assert np.count_nonzero(record.samples == -32768) == 10
    assert "10 samples are missing" in record.notes[0]


def test_missing_samples_survive_resampling(tmp_path: Path) -> None:
    stored = np.full((1000, 1), 500, np.int16)
    stored[500:550] = -32768
    samples = read(write_record(tmp_path, "r", stored, fs_hz=250)).samples
    gone = np.flatnonzero(samples == -32768)
    assert gone[0] == pytest.approx(500 * 1.44, abs=2)
    assert gone[-1] == pytest.approx(549 * 1.44, abs=2)
    assert np.all(np.abs(samples[samples != -32768] - 500) <= 1)  # the gap does not ring


@pytest.mark.parametrize("fs_hz", [100, 128, 250, 257, 500, 1000, 2000])
def test_a_sine_stays_itself_at_any_rate(fs_hz: int) -> None:
    t = np.arange(10 * fs_hz) / fs_hz
    values = 1000 * np.sin(2 * np.pi * 5 * t)
    samples, notes = to_spec(values, np.zeros(len(t), np.bool_), fs_hz, 200, *SPEC)
    assert len(samples) == 3600
    expected = 1000 * np.sin(2 * np.pi * 5 * np.arange(3600) / 360)
    inside = slice(200, -200)
    assert np.max(np.abs(samples[inside] - expected[inside])) < 5  # 0.5 %
    assert notes == [f"resampled from {fs_hz} to 360 Hz"]


def test_beyond_int16_is_clipped_and_said() -> None:
    values = np.array([40_000, -40_000, 5], np.int64)
    samples, notes = to_spec(values, np.zeros(3, np.bool_), 360, 200, *SPEC)
    assert samples.tolist() == [32767, -32767, 5]
    assert "2 samples clipped" in notes[0]


@given(
    st.sampled_from([100, 128, 250, 360, 500, 1000, 2000]), st.integers(0, 3_000_000), st.integers(0, 10**6)
)
def test_way_back_is_within_one_device_sample(fs_hz: int, at: int, start: int) -> None:
    """File sample -> device sample -> file sample, rounding each way, is off by less than either period."""
    record = EcgRecord("r", Path("r"), "I", 0, np.zeros(1, np.int16), 360, fs_hz, start, start + 10**7)
    device = np.array([round(at * 360 / fs_hz)])
    assert abs(record.to_file_samples(device)[0] - start - at) <= max(fs_hz / 360 / 2 + 0.5, 0.5)


def test_stretch(tmp_path: Path) -> None:
    stored = ramp(7200)
    path = write_record(tmp_path, "r", stored)
    record = read(path, begin="0:05", end="s3000")
    assert (record.start, record.stop) == (1800, 3000)
    np.testing.assert_array_equal(record.samples, stored[1800:3000, 0])
    assert record.to_file_samples(np.array([0, 10])).tolist() == [1800, 1810]


@pytest.mark.parametrize(
    ("text", "sample"), [("10", 3600), ("0.5", 180), ("1:00", 21600), ("1:00:01", 1296360), ("s77", 77)]
)
def test_times(text: str, sample: int) -> None:
    assert parse_time(text, 360, "--from") == sample


def test_reference_annotations_in_spec_samples(tmp_path: Path) -> None:
    path = write_record(tmp_path, "r", ramp(5000), fs_hz=250)
    at = np.array([250, 500, 750, 1000, 4000])
    wfdb.wrann("r", "atr", at, symbol=["+", "L", "A", "V", "N"], fs=250, write_dir=str(tmp_path))
    reference = read(path, begin="s300", end="s2000").reference
    assert reference is not None
    assert reference.samples.tolist() == [288, 648, 1008]
    assert reference.labels.tolist() == ["N", "S", "V"]
    assert read(path, reference="none").reference is None


def test_csv_in_every_unit(tmp_path: Path) -> None:
    expected = np.arange(-50, 50) * 10
    for unit, per_mv in (("mV", 1.0), ("uV", 1e3), ("V", 1e-3)):
        file = tmp_path / f"{unit}.csv"
        file.write_text("".join(f"{v / 200 * per_mv:.9f}\n" for v in expected))
        np.testing.assert_array_equal(read(file, fs_hz=360, unit=unit).samples, expected)
    file = tmp_path / "adu.csv"
    file.write_text("".join(f"{v}\n" for v in expected))
    np.testing.assert_array_equal(read(file, fs_hz=360, unit="adu", gain=400).samples, np.rint(expected / 2))


@pytest.mark.parametrize("delimiter", [",", ";", "\t", " "])
def test_csv_header_comment_and_time_column(tmp_path: Path, delimiter: str) -> None:
    file = tmp_path / "x.csv"
    rows = [["time", "'ECG'"], ["0", "0.5"], ["0.004", "-0.5"]]
    file.write_text("# made by hand\n" + "\n".join(delimiter.join(row) for row in rows) + "\n\n")
    record = read(file, fs_hz=360)
    assert record.lead == "ECG"
    assert record.samples.tolist() == [100, -100]
    assert read(file, fs_hz=360, lead="0").samples.tolist() == [0, 1]
