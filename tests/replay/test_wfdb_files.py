"""WFDB records of every make: each is read rightly, or refused in one true line.

Oracles: the samples that the tests wrote, wfdb's own reader, header(5).
"""

from __future__ import annotations

import contextlib
from pathlib import Path

import numpy as np
import pytest
import wfdb
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from host_tools.errors import UserError
from host_tools.records import EcgRecord, read_record

from .conftest import write_record
from .signals import ecg_mv, header

SPEC = (360, 200)
FS = 250
ECG = np.rint(200 * ecg_mv(FS, 20)).astype(np.int16)


def read(path: Path, **options: object) -> EcgRecord:
    """Without resampling: at the lead's own rate."""
    return read_record(path, **{"reference": "none", **options})  # type: ignore[arg-type]


def at_own_rate(path: Path, fs_hz: int, **options: object) -> np.ndarray:
    return read_record(path, spec=(fs_hz, 200), **options).samples  # type: ignore[arg-type]


def one(path: Path, line: str, record: str = "r 1 250 5000", samples: np.ndarray = ECG) -> Path:
    """A record of one signal of format 16, described by ``line``."""
    samples.astype("<i2").tofile(path / "r.dat")
    return header(path / "r", record, line)


@pytest.mark.parametrize(
    ("frame", "base_hz"), [(4, "62.5"), (10, "25"), (250, "1"), (2, "125"), (4, "62.5/999")]
)
def test_a_lead_has_its_own_rate_in_frames_of_several_samples(
    tmp_path: Path, frame: int, base_hz: str
) -> None:
    n = len(ECG) // frame
    slow = np.arange(n, dtype=np.int16)
    np.column_stack([ECG[: n * frame].reshape(n, frame), slow]).astype("<i2").tofile(tmp_path / "r.dat")
    path = header(
        tmp_path / "r",
        f"r 2 {base_hz} {n}",
        f"r.dat 16x{frame} 200/mV 12 0 0 0 0 II",
        "r.dat 16 10/mmHg 12 0 0 0 0 ABP",
    )
    record = read_record(path, spec=(FS, 200))
    assert record.fs_hz == FS
    np.testing.assert_array_equal(record.samples, ECG[: n * frame])
    part = read_record(path, begin="s1001", end="s1999", spec=(FS, 200))
    np.testing.assert_array_equal(part.samples, ECG[1001:1999])


def test_missing_samples_within_a_frame_stay_missing(tmp_path: Path) -> None:
    stored = ECG.copy()
    stored[101:203] = -32768
    stored.reshape(-1, 4).astype("<i2").tofile(tmp_path / "r.dat")
    path = header(tmp_path / "r", "r 1 62.5 1250", "r.dat 16x4 200/mV 12 0 0 0 0 II")
    np.testing.assert_array_equal(at_own_rate(path, FS), stored)


def packed_310(x: np.ndarray) -> np.ndarray:
    a, b, c = (np.append(x, 0)[k::3] & 0x3FF for k in range(3))
    return np.column_stack([a << 1 | (c & 0x1F) << 11, b << 1 | c >> 5 << 11]).astype("<u2")


def packed_311(x: np.ndarray) -> np.ndarray:
    a, b, c = (np.append(x, 0)[k::3] & 0x3FF for k in range(3))
    return (a | b << 10 | c << 20).astype("<u4")


#: Formats that wfdb reads and does not write, after signal(5).
PACKED = {
    "61": lambda x: x.astype(">i2"),
    "160": lambda x: (x + 32768).astype("<u2"),
    "310": packed_310,
    "311": packed_311,
}


@pytest.mark.parametrize(
    "fmt", ["16", "24", "32", "80", "212", "310", "311", "61", "160", "508", "516", "524"]
)
def test_every_format_with_missing_samples(tmp_path: Path, fmt: str) -> None:
    """Oracle: wfdb's reader, in physical units."""
    stored = np.rint(ECG / 4).astype(np.int64)
    bad = {"80": -128, "508": -128, "212": -2048, "310": -512, "311": -512}.get(fmt, -32768)
    bad = {"24": -(1 << 23), "524": -(1 << 23), "32": -(1 << 31)}.get(fmt, bad)
    stored[700:750] = bad
    if fmt in PACKED:
        PACKED[fmt](stored).tofile(tmp_path / "r.dat")
        header(tmp_path / "r", f"r 1 {FS} 5000", f"r.dat {fmt} 50(0)/mV 0 0 0 0 0 II")
    else:
        options = {"fs": FS, "units": ["mV"], "sig_name": ["II"], "fmt": [fmt], "write_dir": str(tmp_path)}
        wfdb.wrsamp("r", d_signal=stored[:, None], adc_gain=[50.0], baseline=[0], **options)
    expected = wfdb.rdrecord(str(tmp_path / "r")).p_signal[:, 0]
    record = read_record(tmp_path / "r", spec=(FS, 200))
    np.testing.assert_array_equal(record.samples == -32768, np.isnan(expected))
    there = ~np.isnan(expected)
    np.testing.assert_allclose(record.samples[there] / 200, expected[there], atol=0.0026)
    assert any("50 samples are missing" in note for note in record.notes)
    assert not any("saturated" in note for note in record.notes)


@pytest.mark.parametrize("fmt", ["16", "212", "508", "516"])
def test_a_stretch_of_one_of_several_leads(tmp_path: Path, fmt: str) -> None:
    stored = np.column_stack([np.rint(ECG / 4), np.rint(ECG / 4)[::-1], np.rint(ECG / 8)]).astype(np.int64)
    wfdb.wrsamp(
        "r", fs=FS, units=["mV"] * 3, sig_name=["I", "II", "III"], fmt=[fmt] * 3, d_signal=stored,
        adc_gain=[200.0] * 3, baseline=[0] * 3, write_dir=str(tmp_path),
    )  # fmt: skip
    for first, stop in ((0, 5000), (1, 4), (333, 4001), (4999, 5000)):
        found = at_own_rate(tmp_path / "r", FS, lead="II", begin=f"s{first}", end=f"s{stop}")
        np.testing.assert_array_equal(found, stored[first:stop, 1])


def test_differences_are_summed_from_the_beginning(tmp_path: Path) -> None:
    np.diff(ECG, prepend=ECG[0]).clip(-128, 127).astype(np.int8).tofile(tmp_path / "r.dat")
    path = header(tmp_path / "r", "r 1 250 5000", f"r.dat 8 200/mV 12 0 {ECG[0]} 0 0 II")
    expected = ECG[0] + np.cumsum(np.diff(ECG, prepend=ECG[0]).clip(-128, 127))
    np.testing.assert_array_equal(at_own_rate(path, FS, begin="s1000"), expected[1000:])


def test_a_skewed_signal_is_put_in_its_place(tmp_path: Path) -> None:
    np.column_stack([ECG, np.roll(ECG, 3)]).astype("<i2").tofile(tmp_path / "r.dat")
    path = header(tmp_path / "r", "r 2 250 5000", "r.dat 16 200 12 0 0 0 0 I", "r.dat 16:3 200 12 0 0 0 0 II")
    found = at_own_rate(path, FS, lead="II")
    np.testing.assert_array_equal(found[:-3], ECG[:-3])
    assert (found[-3:] == -32768).all()
    np.testing.assert_array_equal(at_own_rate(path, FS, lead="II", begin="s10", end="s20"), ECG[10:20])


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
@pytest.mark.parametrize("unit", ["µV", "μV", "uV", "microvolt", "UV"])
def test_microvolts_by_every_name(tmp_path: Path, unit: str, encoding: str) -> None:
    if (unit, encoding) == ("μV", "latin-1"):
        unit = "µV"
    ECG.astype("<i2").tofile(tmp_path / "r.dat")
    line = f"r.dat 16 0.2(0)/{unit} 12 0 0 0 0 II"
    path = header(tmp_path / "r", "r 1 250 5000", line, encoding=encoding)
    np.testing.assert_array_equal(at_own_rate(path, FS), ECG)


@pytest.mark.parametrize(
    "record", ["r 1 250 0", "r 1 250", "r 1 250 5000 12:00:00 01/01/2001", "r 1 250/1000(5) 5000"]
)
@pytest.mark.parametrize("options", [{}, {"begin": "4", "end": "8"}])
def test_the_length_is_the_files_where_the_header_gives_none(
    tmp_path: Path, record: str, options: dict[str, str]
) -> None:
    found = at_own_rate(one(tmp_path, "r.dat 16 200(0)/mV 12 0 1 0 0 II", record), FS, **options)
    np.testing.assert_array_equal(found, ECG[1000:2000] if options else ECG)


@pytest.mark.parametrize(
    ("line", "baseline", "per_mv"),
    [
        ("r.dat 16", 0, 200),
        ("r.dat 16 0", 0, 200),
        ("r.dat 16 100", 0, 100),
        ("r.dat 16 1e2(7)", 7, 100),
        ("r.dat 16 100 12 5", 5, 100),
        ("r.dat 16 100(-3)/mV 12 5 0 0 0 II, filtered (0.5-40 Hz)", -3, 100),
        ("r.dat 16+20 100(0)/mV", 0, 100),
    ],
)
def test_fields_that_are_left_out_have_wfdbs_defaults(
    tmp_path: Path, line: str, baseline: int, per_mv: int
) -> None:
    path = one(tmp_path, line, "r 1 250 4000")
    record = read_record(path, spec=(FS, per_mv))
    skip = 10 if "+20" in line else 0
    np.testing.assert_array_equal(record.samples, ECG[skip : 4000 + skip] - baseline)
    assert any("no gain" in note for note in record.notes) == (per_mv == 200)


def test_files_of_leads_that_are_not_read_may_be_missing(tmp_path: Path) -> None:
    ECG.astype("<i2").tofile(tmp_path / "r.dat")
    path = header(tmp_path / "r", "r 2 250 5000", "r.dat 16 200 16 0 1 0 0 i", "r.xyz 16 200 16 0 0 0 0 vx")
    np.testing.assert_array_equal(at_own_rate(path, FS, lead="i"), ECG)
    np.testing.assert_array_equal(at_own_rate(path, FS), ECG)
    with pytest.raises(UserError, match=r"r\.xyz: the record's signal file is missing"):
        read(path, lead="vx")


@pytest.mark.parametrize(
    ("names", "units", "chosen"),
    [
        (("RESP", "ECG"), ("mV", "mV"), 1),
        (("ABP", "II"), ("mmHg", "mV"), 1),
        (("sig 0", "sig 1"), ("mV", "mV"), 1),
        (("EEG Fpz-Cz", "EMG", "ECG"), ("uV", "mV", "mV"), 2),
        (("Pleth", "V"), ("NU", "mV"), 1),
        (("flat V1", "V5"), ("mV", "mV"), 1),
        (("II", "MLII"), ("mV", "mV"), 1),
    ],
)
def test_the_lead_is_chosen_because_it_looks_like_an_ecg(
    tmp_path: Path, names: tuple[str, ...], units: tuple[str, ...], chosen: int
) -> None:
    t = np.arange(len(ECG)) / FS
    other = (
        np.zeros_like(ECG)
        if "flat" in names[0]
        else np.rint(200 * np.sin(2 * np.pi * 0.3 * t)).astype(np.int16)
    )
    columns = [ECG if k == chosen else other for k in range(len(names))]
    np.column_stack(columns).astype("<i2").tofile(tmp_path / "r.dat")
    lines = [f"r.dat 16 200(0)/{u} 12 0 0 0 0 {n}" for n, u in zip(names, units, strict=True)]
    record = read(header(tmp_path / "r", f"r {len(names)} 250 5000", *lines))
    assert record.lead_index == chosen
    said = f"lead {names[chosen]} chosen of {', '.join(names)}"
    assert any(note.startswith(said) for note in record.notes) == (names[chosen] != "MLII")


@pytest.mark.parametrize("fmt", ["16", "212", "24", "516"])
def test_a_damaged_signal_file_is_said(tmp_path: Path, fmt: str) -> None:
    """By the header's checksum, which wfdb writes; a stretch alone cannot tell."""
    stored = np.column_stack([ECG, -ECG]).astype(np.int64)
    options = {
        "fs": FS,
        "units": ["mV"] * 2,
        "sig_name": ["I", "II"],
        "fmt": [fmt] * 2,
        "write_dir": str(tmp_path),
    }
    wfdb.wrsamp("r", d_signal=stored, adc_gain=[200.0] * 2, baseline=[0] * 2, **options)
    for lead in ("I", "II"):
        assert not any("checksum" in note for note in read(tmp_path / "r", lead=lead).notes)
    hea = tmp_path / "r.hea"
    sums = wfdb.rdheader(str(tmp_path / "r")).checksum
    hea.write_text(hea.read_text().replace(f" {sums[1]} ", f" {sums[1] % 60000 + 1} "))
    damaged = read(tmp_path / "r", lead="II")
    assert any("r.dat does not fit the header's checksum of lead II" in note for note in damaged.notes)
    assert not any("checksum" in note for note in read(tmp_path / "r", lead="I").notes)
    assert not any("checksum" in note for note in read(tmp_path / "r", lead="II", begin="2").notes)


def segments(folder: Path) -> Path:
    """A record of three segments, the second a gap, the third with another gain and order of leads."""
    np.column_stack([ECG[:2000], -ECG[:2000]]).astype("<i2").tofile(folder / "a.dat")
    np.column_stack([-2 * ECG[2500:], 2 * ECG[2500:]]).astype("<i2").tofile(folder / "b.dat")
    header(folder / "a", "a 2 250 2000", "a.dat 16 200 12 0 0 0 0 II", "a.dat 16 200 12 0 0 0 0 V")
    header(folder / "b", "b 2 250 2500", "b.dat 16 400 12 0 0 0 0 V", "b.dat 16 400 12 0 0 0 0 II")
    header(folder / "l", "l 2 250 0", "~ 0 200 12 0 0 0 0 II", "~ 0 200 12 0 0 0 0 V")
    return header(folder / "r", "r/4 2 250 5000", "l 0", "a 2000", "~ 500", "b 2500")


def test_segments_are_joined(tmp_path: Path) -> None:
    path = segments(tmp_path)
    expected = ECG.copy()
    expected[2000:2500] = -32768
    np.testing.assert_array_equal(at_own_rate(path, FS), expected)
    np.testing.assert_array_equal(at_own_rate(path, FS, begin="s1990", end="s2600"), expected[1990:2600])
    np.testing.assert_array_equal(at_own_rate(path, FS, lead="V", end="s100"), -expected[:100])


@pytest.mark.parametrize("master", ["r/2 2 62.4725", "r/2 2 62.4725 0", "r/2 2 62.4725/999.56 1250 12:00:00"])
def test_segments_of_frames_with_the_length_in_one_place_alone(tmp_path: Path, master: str) -> None:
    """MIMIC's waveforms: several samples a frame, headers of the segments without a length."""
    for name, part in (("a", ECG[:2000]), ("b", ECG[2000:])):
        slow = np.zeros(len(part) // 4, np.int16)
        np.column_stack([part.reshape(-1, 4), slow]).astype("<i2").tofile(tmp_path / f"{name}.dat")
        lines = [f"{name}.dat 16x4 200 12 0 0 0 0 II", f"{name}.dat 16 10/mmHg 12 0 0 0 0 ABP"]
        header(tmp_path / name, f"{name} 2 62.4725", *lines)
    record = read_record(header(tmp_path / "r", master, "a 500", "b 750"), spec=(FS, 200))
    assert record.fs_hz == pytest.approx(249.89)
    assert record.duration_s == pytest.approx(5000 / 249.89, abs=0.01)
    part = read_record(tmp_path / "r", begin="s1990", end="s2010", spec=(FS, 200))
    assert np.abs(part.samples[2:18] - ECG[1992:2008]).max() <= 2


@pytest.mark.parametrize(
    ("record", "line", "message"),
    [
        ("r 1 -360 5000", "r.dat 16 200", r"a sampling rate of '-360'"),
        ("r 1 nan 5000", "r.dat 16 200", r"a sampling rate of 'nan'"),
        ("r 1 inf 5000", "r.dat 16 200", r"a sampling rate of 'inf'"),
        ("r 1 1e400 5000", "r.dat 16 200", r"a sampling rate of '1e400'"),
        ("r 1 0 5000", "r.dat 16 200", r"a sampling rate of '0'"),
        ("r 1 360,5 5000", "r.dat 16 200", r"a sampling rate of '360,5'"),
        ("r 1 250 -5", "r.dat 16 200", r"'-5' as number of samples"),
        ("r 1 250 9" + "9" * 30, "r.dat 16 200", "as number of samples"),
        ("r 1 250 5000", f"r.dat 16 200({1 << 40})/mV", "as baseline of signal 0"),
        ("r 1 250 5000", f"r.dat 16 200({'9' * 5000})/mV", "as baseline of signal 0"),
        ("r 1 250 5000", "r.dat 16 nan/mV", "a gain of 'nan/mV'"),
        ("r 1 250 5000", "r.dat 16 1e999/mV", "a gain of"),
        ("r 1 250 5000", "r.dat 16 200/mV 12 x", "'x' as a field of signal 0"),
        ("r 1 250 5000", "r.dat 17 200", "format 17, which WFDB does not know"),
        ("r 1 250 5000", "r.dat 16x0 200", "no sample in a frame"),
        ("r 1 250 5000", "../r.dat 16 200", r"'\.\./r\.dat' is not beside the header"),
        ("r 1 250 5000", "/etc/passwd 16 200", "is not beside the header"),
        ("r 1 250 5000", "r.dat", "describes no signal"),
        ("r 2 250 5000", "r.dat 16 200", "2 signals are announced, 1 described"),
        ("r 99999 250 5000", "r.dat 16 200", "99999 signals; 1024 at most"),
        ("r/3 1 250 5000", "r 5000", "3 segments are announced, 1 described"),
        ("r/1 1 250 5000", "r 5000", "segments of segments"),
        ("r/1 1 250 5000", "../x 5000", "describes no segment"),
        ("r 1 250 4000000000", "r.dat 16 200", "truncated: 10000 bytes.* need 8000000000"),
        ("r 1 250 5000", "r.dat 516 200", "the signal cannot be read"),
    ],
)
def test_headers_that_cannot_be_are_refused_in_one_line(
    tmp_path: Path, record: str, line: str, message: str
) -> None:
    path = one(tmp_path, line, record)
    with pytest.raises(UserError, match=message) as error:
        read(path)
    assert len(str(error.value).splitlines()) == 1
    assert len(str(error.value)) < 600 + len(str(path))


@pytest.mark.parametrize("name", [".", "..", "", "x" * 5000, "a\0b", "a/" * 3000 + "b"])
def test_names_that_no_record_has(name: str) -> None:
    with pytest.raises(UserError) as error:
        read_record(name)
    assert len(str(error.value)) < 600
    assert len(str(error.value).splitlines()) == 1


def test_a_folder_is_no_record(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="a folder; give a record in it"):
        read_record(tmp_path)


def test_files_of_other_kinds_are_named(tmp_path: Path) -> None:
    (tmp_path / "x.edf").write_bytes(b"0       ")
    with pytest.raises(UserError, match=r"neither a WFDB record \(x\.edf\.hea is missing\) nor a table"):
        read_record(tmp_path / "x.edf")


@pytest.mark.parametrize(
    "content", [b"r 1 250 " + b"5" * (1 << 19), b"#" * (1 << 19), b"r 1 250\n" * (1 << 16)]
)
def test_long_headers_are_refused(tmp_path: Path, content: bytes) -> None:
    """A pattern that is searched for from every place in a line does not come to an end here."""
    (tmp_path / "r.hea").write_bytes(content)
    with pytest.raises(UserError):
        read(tmp_path / "r")


def test_a_header_that_has_no_end_is_refused(tmp_path: Path) -> None:
    (tmp_path / "r.hea").symlink_to("/dev/zero")
    with pytest.raises(UserError, match=r"no such record|not a regular file"):
        read(tmp_path / "r")


lines = st.lists(
    st.one_of(
        st.text(alphabet="r.dat0123456789 x:+-/()mV~#\t", max_size=40),
        st.from_regex(r"r [0-3] [0-9.]{1,5} [0-9]{1,5}", fullmatch=True),
        st.from_regex(r"r\.dat (8|16|212|508)(x[0-9])?(:[0-9])? [0-9.]{1,4}(\([0-9]\))?/mV", fullmatch=True),
    ),
    max_size=5,
)  # fmt: skip


@given(lines, st.binary(max_size=200))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_header_and_signal_file_is_read_or_refused(tmp_path: Path, text: list[str], data: bytes) -> None:
    header(tmp_path / "r", *text)
    (tmp_path / "r.dat").write_bytes(data)
    with contextlib.suppress(UserError):
        record = read(tmp_path / "r", lead="0")
        assert len(record.samples) > 0


def test_what_is_read_is_what_was_written(tmp_path: Path) -> None:
    """The plain way stays exact: all leads of a record of format 16."""
    stored = np.column_stack([ECG, ECG[::-1]])
    path = write_record(tmp_path, "r", stored, fs_hz=FS, leads=("V1", "V2"))
    for k, lead in enumerate(("V1", "V2")):
        np.testing.assert_array_equal(at_own_rate(path, FS, lead=lead), stored[:, k])
