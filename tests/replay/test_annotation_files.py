"""Annotation files beside a record: every command reads them by one function.

Oracles: what the tests wrote, wfdb's own reader, the rules of annot(5) and bxb.
"""

from __future__ import annotations

import contextlib
import struct
from pathlib import Path

import numpy as np
import pytest
import wfdb
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from host_tools.errors import UserError
from host_tools.records import EcgRecord, read_record
from host_tools.score.inputs import read_annotation_file as read_for_score
from host_tools.wfdb_annotations import read_annotation_file
from tests.data_access import database_dir

from .conftest import write_record
from .signals import ecg_mv

FS = 250
ECG = np.rint(200 * ecg_mv(FS, 30)).astype(np.int16)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_record(tmp_path, "r", ECG, fs_hz=FS, leads=("II",))


def annotate(path: Path, samples: list[int], symbols: str, **options: object) -> None:
    wfdb.wrann(
        path.name, "atr", np.array(samples), symbol=list(symbols), write_dir=str(path.parent), **options
    )


def words(path: Path, *codes: int) -> None:
    path.with_suffix(".atr").write_bytes(struct.pack(f"<{len(codes)}H", *codes))


def beats(record: EcgRecord) -> list[int]:
    assert record.reference is not None
    return record.reference.samples.tolist()


@pytest.mark.parametrize("code", [42, 45, 46, 49, 50, 55, 58])
def test_codes_that_wfdb_leaves_to_users_are_no_beats(path: Path, code: int) -> None:
    words(path, 1 << 10 | 100, code << 10 | 50, 1 << 10 | 50, 0)
    assert beats(read_record(path, spec=(FS, 200))) == [100, 200]
    assert len(read_for_score(path.with_suffix(".atr")).labels) == 3


@pytest.mark.parametrize("fs_hz", [1000, 125, 360])
def test_another_time_resolution_is_scaled(path: Path, fs_hz: int) -> None:
    at = np.array([fs_hz, 2 * fs_hz, 3 * fs_hz])
    annotate(path, at.tolist(), "NVN", fs=fs_hz)
    assert beats(read_record(path, spec=(FS, 200))) == [250, 500, 750]
    assert read_for_score(path.with_suffix(".atr")).samples.tolist() == [250, 500, 750]


def test_annotations_count_frames(tmp_path: Path) -> None:
    """Four samples of the ECG in each frame: annotation 100 lies at sample 400."""
    ECG[: len(ECG) // 4 * 4].astype("<i2").tofile(tmp_path / "r.dat")
    (tmp_path / "r.hea").write_text(f"r 1 62.5 {len(ECG) // 4}\nr.dat 16x4 200/mV 12 0 0 0 0 II\n")
    annotate(tmp_path / "r", [100, 200], "NN")
    assert beats(read_record(tmp_path / "r", spec=(FS, 200))) == [400, 800]


def test_rhythm_alone_is_nothing_to_compare_with(path: Path) -> None:
    annotate(path, [10, 500], "++", aux_note=["(AFIB", "(N"])
    record = read_record(path)
    assert record.reference is None
    assert any("r.atr holds no beats (2 other annotations)" in note for note in record.notes)
    with pytest.raises(UserError, match="no beat among its 2 annotations"):
        read_for_score(path.with_suffix(".atr"))


@pytest.mark.parametrize("content", [b"", b"\0\0", b"\0\0\0\0"])
def test_an_empty_file_is_nothing_to_compare_with(path: Path, content: bytes) -> None:
    path.with_suffix(".atr").write_bytes(content)
    assert read_record(path).reference is None
    with pytest.raises(UserError, match="empty: no annotations"):
        read_for_score(path.with_suffix(".atr"))


@pytest.mark.parametrize("cut", [1, 2, 3, 20, 37])
def test_a_cut_file_is_refused_by_every_command(path: Path, cut: int) -> None:
    annotate(path, list(range(100, 7000, 200)), "N" * 35)
    file = path.with_suffix(".atr")
    file.write_bytes(file.read_bytes()[:-cut])
    for reader in (lambda: read_record(path), lambda: read_for_score(file)):
        with pytest.raises(UserError, match="not a whole WFDB annotation file") as error:
            reader()
        assert len(str(error.value).splitlines()) == 1


@pytest.mark.parametrize(
    "text", [b"100 N\n200 V\n", b"this is no annotation file, is it?\n" * 20, b"<html></html>"]
)
def test_text_is_no_annotation_file(path: Path, text: bytes) -> None:
    path.with_suffix(".atr").write_bytes(text)
    with pytest.raises(UserError, match="not a whole WFDB annotation file"):
        read_record(path)
    assert len(read_record(path, reference="none").samples) > 0


def test_disorder_is_refused_for_what_it_is(path: Path) -> None:
    words(path, 1 << 10 | 1000, 22 << 10 | 239, 59 << 10, 0xFFFF, 0xFFD8, 1 << 10 | 0, 1 << 10 | 200, 0)
    for reader in (lambda: read_record(path), lambda: read_for_score(path.with_suffix(".atr"))):
        with pytest.raises(UserError, match=r"not in time order \(sample 1239 stands before 1199\)"):
            reader()


def test_subtypes_notes_and_skips_are_wfdbs(path: Path) -> None:
    at = [5, 100, 5000, 7000]
    annotate(path, at, "NVAN", subtype=np.array([0, -3, 7, 0]), aux_note=["", "a note", "of 3", "odd"], fs=FS)
    ours = read_annotation_file(path.with_suffix(".atr"))
    theirs = wfdb.rdann(str(path), "atr")
    assert ours.samples.tolist() == theirs.sample.tolist() == at
    assert ours.symbols == list(theirs.symbol)
    assert ours.subtypes.tolist() == theirs.subtype.tolist()
    assert ours.fs_hz == theirs.fs == FS


@pytest.mark.needs_data("mitdb", "svdb")
@pytest.mark.parametrize("database", ["mitdb", "svdb"])
def test_every_annotation_of_a_database_is_wfdbs(database: str) -> None:
    for file in sorted(database_dir(database).glob("*.atr")):
        ours, theirs = read_annotation_file(file), wfdb.rdann(str(file.with_suffix("")), "atr")
        assert np.array_equal(ours.samples, theirs.sample), file
        assert ours.symbols == list(theirs.symbol), file
        assert np.array_equal(ours.subtypes, theirs.subtype), file


@pytest.mark.parametrize(
    ("repeated", "samples"),
    [
        ((59 << 10, 0, 1, 1 << 10), 1 << 16),
        ((63 << 10,), 0),
        ((1 << 10 | 1, 61 << 10 | 3, 62 << 10 | 1), 1 << 16),
        ((22 << 10, 63 << 10 | 4, 0x2323, 0x2020), 0),
    ],
)
def test_long_files_of_one_thing_are_read(path: Path, repeated: tuple[int, ...], samples: int) -> None:
    path.with_suffix(".atr").write_bytes(struct.pack(f"<{len(repeated)}H", *repeated) * (1 << 16) + b"\0\0")
    found = read_annotation_file(path.with_suffix(".atr"))
    assert found.samples[-1:].tolist() == ([samples] if samples else found.samples[-1:].tolist())


@given(st.binary(max_size=300))
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_read_or_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "r.atr"
    file.write_bytes(content + b"\0\0")
    with contextlib.suppress(UserError):
        found = read_annotation_file(file)
        assert len(found.samples) == len(found.symbols) == len(found.subtypes)
        assert np.all(np.diff(found.samples) >= 0)
    with contextlib.suppress(UserError):
        read_annotation_file(file, 250.0)
