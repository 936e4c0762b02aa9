"""Annotations that cannot be scored, scores that cannot be written: one clear line, exit code 2.

Oracle: the messages written by hand here, for missing, empty, unsorted and mismatched annotations, and for
what the system refuses. /proc/self/mem is a file that nobody can read from its beginning, root included;
/dev/full is one on a full disk.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import Outcome
from .files import regular, write_annotations, write_header

Score = Callable[..., Outcome]

FS = 360


def case_missing_test(folder: Path) -> list[object]:
    return ["--ref", _good(folder), "--test", folder / "nosuch.qrs"]


def case_missing_reference(folder: Path) -> list[object]:
    return ["--ref", folder / "nosuch.atr", "--test", _good(folder)]


def case_missing_folder(folder: Path) -> list[object]:
    return ["--ref", folder / "a", "--test", folder / "b"]


def case_file_and_folder(folder: Path) -> list[object]:
    return ["--ref", _good(folder), "--test", folder]


def case_empty_file(folder: Path) -> list[object]:
    path = folder / "out" / "r.qrs"
    path.parent.mkdir()
    path.write_bytes(b"")
    return ["--ref", _good(folder), "--test", path]


def case_end_mark_only(folder: Path) -> list[object]:
    return ["--ref", _good(folder), "--test", write_annotations(folder / "out" / "r.qrs", [])]


def case_no_beats(folder: Path) -> list[object]:
    rows = [(100, "+"), (2000, "~")]
    return ["--ref", _good(folder), "--test", write_annotations(folder / "out" / "r.qrs", rows)]


def case_unsorted(folder: Path) -> list[object]:
    rows = [(100, "N"), (2000, "N"), (900, "N"), (2500, "N")]
    return ["--ref", _good(folder), "--test", write_annotations(folder / "out" / "r.qrs", rows)]


def case_unsorted_reference(folder: Path) -> list[object]:
    good = _good(folder)
    ref = write_annotations(folder / "ref" / "r.atr", [(2000, "N"), (900, "N")])
    return ["--ref", ref, "--test", good]


def case_truncated(folder: Path) -> list[object]:
    good = _good(folder)
    path = write_annotations(folder / "out" / "r.qrs", regular(500))
    path.write_bytes(path.read_bytes()[:-3])
    return ["--ref", good, "--test", path]


def case_text_file(folder: Path) -> list[object]:
    good = _good(folder)
    path = folder / "r.csv"
    path.write_text("sample,label\n100,N\n")
    return ["--ref", good, "--test", path]


def case_other_record(folder: Path) -> list[object]:
    return ["--ref", _good(folder), "--test", write_annotations(folder / "out" / "s.qrs", regular(500))]


def case_behind_the_end(folder: Path) -> list[object]:
    return ["--ref", _good(folder), "--test", write_annotations(folder / "out" / "r.qrs", [(1 << 21, "N")])]


def case_other_rate(folder: Path) -> list[object]:
    good = _good(folder)
    test = write_annotations(folder / "out" / "r.qrs", regular(500))
    write_header(test, 250)
    return ["--ref", good, "--test", test]


def case_rate_against_header(folder: Path) -> list[object]:
    good = _good(folder)
    return ["--ref", good, "--test", good, "--fs", 250]


def case_rate_unknown(folder: Path) -> list[object]:
    path = write_annotations(folder / "x" / "r.atr", regular(500))
    return ["--ref", path, "--test", path]


def case_header_that_is_none(folder: Path) -> list[object]:
    good = _good(folder)
    good.with_suffix(".hea").write_text("")
    return ["--ref", good, "--test", good]


def case_nothing_after_the_start(folder: Path) -> list[object]:
    path = write_annotations(folder / "r.atr", regular(50))
    write_header(path, FS)
    return ["--ref", path, "--test", path]


def case_end_before_start(folder: Path) -> list[object]:
    return ["--ref", _good(folder), "--test", _good(folder), "--start", "60", "--end", "0:30"]


def case_no_time(folder: Path) -> list[object]:
    return ["--ref", _good(folder), "--test", _good(folder), "--start", "soon"]


def case_no_mapping(folder: Path) -> list[object]:
    return ["--ref", _good(folder), "--test", _good(folder), "--mapping", "aami"]


def case_no_window(folder: Path) -> list[object]:
    return ["--ref", _good(folder), "--test", _good(folder), "--window", 0]


def case_no_common_record(folder: Path) -> list[object]:
    _good(folder / "ref")
    write_annotations(folder / "out" / "s.qrs", regular(500))
    return ["--ref", folder / "ref", "--test", folder / "out"]


def case_foreign_record(folder: Path) -> list[object]:
    _good(folder / "ref")
    for name in ("r", "s"):
        write_annotations(folder / "out" / f"{name}.qrs", regular(500))
    return ["--ref", folder / "ref", "--test", folder / "out"]


def case_two_annotators(folder: Path) -> list[object]:
    _good(folder / "ref")
    for suffix in ("qrs", "osea"):
        write_annotations(folder / "out" / f"r.{suffix}", regular(500))
    return ["--ref", folder / "ref", "--test", folder / "out"]


def case_no_such_annotator(folder: Path) -> list[object]:
    _good(folder)
    return ["--ref", folder, "--test", folder, "--test-annotator", "qrs"]


def case_no_such_record(folder: Path) -> list[object]:
    _good(folder)
    return ["--ref", folder, "--test", folder, "--test-annotator", "atr", "--record", "t"]


def case_empty_folder(folder: Path) -> list[object]:
    (folder / "none").mkdir()
    return ["--ref", folder / "none", "--test", folder / "none"]


def case_another_record_of_two_files(folder: Path) -> list[object]:
    return ["--ref", _good(folder), "--test", _good(folder), "--record", "t"]


def case_another_annotator_than_the_file(folder: Path) -> list[object]:
    return ["--ref", _good(folder), "--test", _good(folder), "--ref-annotator", "qrs"]


def case_no_annotator(folder: Path) -> list[object]:
    good = _good(folder)
    path = folder / "out" / "r"
    path.parent.mkdir()
    path.write_bytes(good.read_bytes())
    return ["--ref", good, "--test", path]


def case_name_too_long(folder: Path) -> list[object]:
    return ["--ref", _good(folder), "--test", folder / f"{'r' * 300}.qrs"]


def case_unreadable_file_in_a_folder(folder: Path) -> list[object]:
    _good(folder / "ref")
    (folder / "out").mkdir()
    (folder / "out" / "r.qrs").symlink_to("/proc/self/mem")
    return ["--ref", folder / "ref", "--test", folder / "out"]


def case_unreadable_header(folder: Path) -> list[object]:
    good = _good(folder)
    good.with_suffix(".hea").unlink()
    good.with_suffix(".hea").symlink_to("/proc/self/mem")
    return ["--ref", good, "--test", good]


def case_window_too_long(folder: Path) -> list[object]:
    return ["--ref", _good(folder), "--test", _good(folder), "--window", "1e9"]


def case_rate_too_high(folder: Path) -> list[object]:
    return ["--ref", _good(folder), "--test", _good(folder), "--fs", "1e7"]


def case_end_at_zero(folder: Path) -> list[object]:
    return ["--ref", _good(folder), "--test", _good(folder), "--start", "0", "--end", "0"]


def case_nothing_before_the_end(folder: Path) -> list[object]:
    return ["--ref", _good(folder), "--test", _good(folder), "--start", "0", "--end", "0.1"]


def _good(folder: Path) -> Path:
    path = write_annotations(folder / "r.atr", regular(500))
    write_header(path, FS)
    return path


CASES = {
    case_missing_test: "nosuch.qrs: no such annotation file",
    case_missing_reference: "nosuch.atr: no such annotation file",
    case_missing_folder: "a: no such annotation file or folder",
    case_file_and_folder: "two annotation files, or two folders",
    case_empty_file: "r.qrs: empty",
    case_end_mark_only: "r.qrs: empty",
    case_no_beats: "r.qrs: no beat among its 2 annotations",
    case_unsorted: "r.qrs: annotations not in time order (sample 2000 stands before 900)",
    case_unsorted_reference: "r.atr: annotations not in time order",
    case_truncated: "r.qrs: not a whole WFDB annotation file",
    case_text_file: "r.csv: not a whole WFDB annotation file",
    case_other_record: "s.qrs: annotations of record s, but the reference is of r",
    case_behind_the_end: "does not fit the record of 1000000 samples",
    case_other_rate: "250 Hz, but",
    case_rate_against_header: "--fs 250: ",
    case_rate_unknown: "give it with --fs",
    case_header_that_is_none: "not a WFDB header",
    case_nothing_after_the_start: "no reference beat to score from 5:00 on",
    case_end_before_start: "--start 60 is not before --end 0:30",
    case_no_time: "--start soon",
    case_no_mapping: "--mapping aami: must be bxb or dechazal",
    case_no_window: "--window 0",
    case_no_common_record: "no annotation files of the reference's records",
    case_foreign_record: "record s has no reference annotations",
    case_two_annotators: "osea, qrs; say which with --test-annotator",
    case_no_such_annotator: "no annotation files *.qrs",
    case_no_such_record: "no annotations of record t",
    case_empty_folder: "no annotation files",
    case_another_record_of_two_files: "r.atr is of record r",
    case_another_annotator_than_the_file: "r.atr is another annotator's file",
    case_no_annotator: "r: no annotator in its name; an annotation file is named record.annotator",
    case_name_too_long: "r.qrs: cannot be read (File name too long)",
    case_unreadable_file_in_a_folder: "r.qrs: cannot be read (Input/output error)",
    case_unreadable_header: "r.hea: cannot be read (",
    case_window_too_long: "--window 1e+09: must be above 0 and at most 10000 ms",
    case_rate_too_high: "--fs 1e+07: must be above 0 and below 1000000 Hz",
    case_end_at_zero: "--start 0 is not before --end 0; give a later --end",
    case_nothing_before_the_end: "no reference beat to score from 0 to 0.1; give a later --end",
}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__[5:])
def test_one_line_and_exit_2(case: Callable[[Path], list[object]], score: Score, tmp_path: Path) -> None:
    out = tmp_path / "written"
    outcome = score(*case(tmp_path), "--out", out)
    assert outcome.code == 2
    assert CASES[case] in outcome.error
    assert "\n" not in outcome.error
    assert not out.exists()


def out_with_a_folder_of_a_files_name(folder: Path) -> Path:
    (folder / "score.json").mkdir(parents=True)
    return folder


def out_on_a_full_disk(folder: Path) -> Path:
    folder.mkdir()
    # The name under which the first file is written aside.
    (folder / f".score.bxb.{os.getpid()}.part").symlink_to("/dev/full")
    return folder


def out_below_proc(folder: Path) -> Path:
    return Path("/proc/score")


def out_of_a_name_too_long(folder: Path) -> Path:
    return folder / ("s" * 300)


OUTS = {
    out_with_a_folder_of_a_files_name: "score.json: cannot be written (Is a directory)",
    out_on_a_full_disk: "score.bxb: cannot be written (No space left on device)",
    out_below_proc: "cannot be written",
    out_of_a_name_too_long: "cannot be written (File name too long)",
}


@pytest.mark.parametrize("out", OUTS, ids=lambda out: out.__name__[4:])
def test_output_refused_is_one_line(out: Callable[[Path], Path], score: Score, tmp_path: Path) -> None:
    folder = tmp_path / "written"
    outcome = score("--ref", _good(tmp_path), "--test", _good(tmp_path), "--out", out(folder))
    assert outcome.code == 2
    assert OUTS[out] in outcome.error
    assert "\n" not in outcome.error
    assert not list(folder.glob(".*"))


def test_missing_option_is_refused(score: Score) -> None:
    assert score("--ref", "a.atr").code == 2
