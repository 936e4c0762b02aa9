"""Finds and reads the annotation files to be compared; every way to fail gives one clear line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from host_tools import wfdb_annotations
from host_tools.ec57 import NOT_A_BEAT, class_codes
from host_tools.errors import UserError
from host_tools.wfdb_annotations import LATE_ANNOTATIONS_S, same_rate
from host_tools.wfdb_header import read_header

#: The reference annotations of PhysioNet's databases.
_USUAL_REFERENCE = "atr"
#: Suffixes of a record's other files: what has none of these may be annotations.
_NO_ANNOTATIONS = {"hea", "dat", "xws", "txt", "md", "csv", "json", "html", "png", "svg", "edf", "mat"}


@dataclass(frozen=True)
class Task:
    """Two annotation files of one record."""

    record: str
    ref: Path
    test: Path


@dataclass(frozen=True)
class AnnotationFile:
    """What an annotation file holds.

    Attributes
    ----------
    path : Path
        The file.
    samples : int64 [n]
        Sample numbers, ascending.
    labels : list of str
        WFDB symbols.
    subtypes : int64 [n]
        Their subtypes.
    fs_hz : float, optional
        Sampling rate, from the file itself or the header beside it.
    length : int, optional
        Samples of the record, from the header beside it.
    """

    path: Path
    samples: NDArray[np.int64]
    labels: list[str]
    subtypes: NDArray[np.int64]
    fs_hz: float | None
    length: int | None


def find_tasks(
    ref: Path,
    test: Path,
    ref_annotator: str | None = None,
    test_annotator: str | None = None,
    records: Iterable[str] = (),
) -> tuple[list[Task], list[str]]:
    """Pair the annotation files of two paths by the names of their records.

    Parameters
    ----------
    ref, test : Path
        Both files (or both records, with their annotators), or both folders.
    ref_annotator, test_annotator : str, optional
        Suffix of the files in a folder, or of the record, that are meant; without it the reference's is
        ``atr`` where there is one, and a folder's otherwise the only one there.
    records : iterable of str
        Only these records of two folders; all by default.

    Returns
    -------
    tasks : list of Task
        In the order of their names.
    untested : list of str
        Records of the reference folder without test annotations.

    Raises
    ------
    UserError
        A path is missing, a file and a folder, files of two records, or folders without a common record.
    """
    ref = _annotation_path(ref, ref_annotator or _USUAL_REFERENCE)
    test = _annotation_path(test, test_annotator)
    if ref.is_dir() != test.is_dir():
        raise UserError(f"{ref} and {test}: give two annotation files, or two folders")
    if not ref.is_dir():
        _refuse_for_files(ref, test, ref_annotator, test_annotator, records)
        if _record(ref) != _record(test):
            raise UserError(
                f"{test}: annotations of record {_record(test)}, but the reference is of {_record(ref)}"
            )
        return [Task(_record(ref), ref, test)], []
    refs = _files(ref, ref_annotator, "--ref-annotator", _USUAL_REFERENCE)
    tests = _files(test, test_annotator, "--test-annotator", None, refs)
    if wanted := list(records):
        if absent := [name for name in wanted if name not in refs or name not in tests]:
            where = test if absent[0] in refs else ref
            raise UserError(f"{where}: no annotations of record {', '.join(absent)}")
        refs = {name: refs[name] for name in wanted}
        tests = {name: tests[name] for name in wanted}
    if foreign := sorted(tests.keys() - refs.keys()):
        raise UserError(f"{test}: record {', '.join(foreign)} has no reference annotations in {ref}")
    tasks = [Task(name, refs[name], tests[name]) for name in sorted(tests)]
    return tasks, sorted(refs.keys() - tests.keys())


def _refuse_for_files(
    ref: Path, test: Path, ref_annotator: str | None, test_annotator: str | None, records: Iterable[str]
) -> None:
    """Refuse options that two files leave without a meaning, rather than ignore them."""
    for option, path, annotator in (
        ("--ref-annotator", ref, ref_annotator),
        ("--test-annotator", test, test_annotator),
    ):
        if annotator and path.suffix != f".{annotator}":
            raise UserError(f"{option} {annotator}: {path} is another annotator's file")
    for name in records:
        if name != _record(ref):
            raise UserError(f"--record {name}: {ref} is of record {_record(ref)}")


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Turn the system's refusal to read into one line."""
    try:
        yield
    except OSError as error:
        raise UserError(f"{error.filename or path}: cannot be read ({error.strerror or error})") from error


def _annotation_path(path: Path, annotator: str | None) -> Path:
    """Return a folder or an annotation file as it is, and for a record the file of its annotator."""
    with _reading(path):
        there = path.exists()
        if path.is_dir() or (there and path.suffix):
            return path
        # What has no suffix is a record, even where a file has that name: it would be nobody's annotations.
        if annotator and (file := path.with_name(f"{path.name}.{annotator}")).is_file():
            return file
    if there:
        raise UserError(
            f"{path}: no annotator in its name; an annotation file is named record.annotator, as 100.atr"
        )
    raise UserError(f"{path}: no such annotation file or folder")


def _record(path: Path) -> str:
    return path.stem


def _files(
    folder: Path,
    annotator: str | None,
    option: str,
    usual: str | None,
    records: Iterable[str] = (),
) -> dict[str, Path]:
    """Annotation files of one annotator in a folder, by record; ``records`` helps to tell what is one."""
    known = set(records)
    by_suffix: dict[str, dict[str, Path]] = {}
    with _reading(folder):
        for path in sorted(folder.iterdir()):
            suffix = path.suffix[1:]
            if suffix and not path.name.startswith(".") and path.is_file():
                by_suffix.setdefault(suffix, {})[path.stem] = path
    if annotator is None:
        there = sorted(s for s in by_suffix if s not in _NO_ANNOTATIONS and s[-1] not in "-~")
        if known:
            there = [s for s in there if known & by_suffix[s].keys()]
        if usual in there:
            there = [usual] if usual else there
        if not there:
            what = "of the reference's records" if known else ""
            raise UserError(f"{folder}: no annotation files {what}".rstrip())
        if len(there) > 1:
            raise UserError(f"{folder}: annotations by {', '.join(there)}; say which with {option}")
        annotator = there[0]
    if annotator not in by_suffix:
        raise UserError(f"{folder}: no annotation files *.{annotator}")
    return by_suffix[annotator]


def read_annotation_file(path: Path) -> AnnotationFile:
    """Read a WFDB annotation file, at the rate of the record's header where there is one beside it.

    Raises
    ------
    UserError
        It cannot be read, is empty, no annotation file, holds no beat, or is not in time order.
    """
    fs_header, length = _header(path)
    found = wfdb_annotations.read_annotation_file(path, fs_header)
    if not len(found):
        raise UserError(f"{path}: empty: no annotations")
    if not np.any(class_codes(found.symbols) != NOT_A_BEAT):
        raise UserError(f"{path}: no beat among its {len(found)} annotations")
    return AnnotationFile(path, found.samples, found.symbols, found.subtypes, found.fs_hz, length)


def _header(path: Path) -> tuple[float | None, int | None]:
    """Frames per second and in all by the header beside an annotation file; None for what it does not say."""
    record = path.with_suffix("")
    with _reading(path):
        if not record.with_name(f"{record.name}.hea").is_file():
            return None, None
    header = read_header(record)
    return header.fs_hz, header.frames


def agreed_rate(ref: AnnotationFile, test: AnnotationFile, wanted: float | None) -> float:
    """Sampling rate of two annotation files.

    Raises
    ------
    UserError
        They differ, differ from the one that was given, or nobody knows it.
    """
    said = [(file.path, file.fs_hz) for file in (ref, test) if file.fs_hz is not None]
    rates = [rate for _, rate in said]
    if len(rates) == 2 and not same_rate(*rates):
        raise UserError(f"{test.path}: annotations at {rates[1]:g} Hz, but {ref.path} at {rates[0]:g} Hz")
    if wanted is not None:
        for path, rate in said:
            if not same_rate(rate, wanted):
                raise UserError(f"--fs {wanted:g}: {path} is at {rate:g} Hz")
        return wanted
    if not rates:
        raise UserError(f"{ref.path}: sampling rate unknown (no header beside it); give it with --fs")
    return rates[0]


def check_length(ref: AnnotationFile, test: AnnotationFile, fs_hz: float) -> int | None:
    """Return the record's length, where a header says it.

    Raises
    ------
    UserError
        An annotation lies behind the end.
    """
    length = ref.length or test.length
    for file in (ref, test):
        if length and file.samples[-1] > length + LATE_ANNOTATIONS_S * fs_hz:
            raise UserError(
                f"{file.path}: does not fit the record of {length} samples "
                f"(an annotation is at {file.samples[-1]})"
            )
    return length
