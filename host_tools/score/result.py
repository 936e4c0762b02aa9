"""Compares the files, record by record, and holds what came out."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host_tools.ec57 import (
    MATCH_WINDOW_MS,
    LineRecord,
    Score,
    average_rates,
    average_rr_error_ms,
    bxb_columns,
    class_scores,
    figures_from_matrix,
    line_scores,
    pair_beats,
    pooled_columns,
    qrs_score,
    rates_of,
    sveb_score,
    veb_score,
)
from host_tools.ec57.labels import F, S
from host_tools.errors import UserError
from host_tools.records import parse_time

from .inputs import AnnotationFile, Task, agreed_rate, check_length, read_annotation_file

#: The six rates in the order of the standard's table.
RATE_NAMES = tuple((kind, rate) for kind in ("qrs", "veb", "sveb") for rate in ("se", "ppv"))


@dataclass(frozen=True)
class RecordResult:
    """One record's comparison under the chosen mapping, the other mapping's matrix, and a doubt about it."""

    line: LineRecord
    other_matrix: NDArray[np.int64]
    doubt: str = ""

    @property
    def scores(self) -> tuple[Score, Score, Score]:
        """QRS, VEB and SVEB."""
        matrix = self.line.comparison.matrix
        return qrs_score(matrix), veb_score(matrix), sveb_score(matrix)


@dataclass(frozen=True)
class ScoreResult:
    """All records.

    Attributes
    ----------
    records : list of RecordResult
        In the order of their names.
    mapping, other_mapping : str
        The chosen mapping of labels to classes, and the other one.
    options : dict
        What was compared, and how: for the report.
    untested : list of str
        Records of the reference without test annotations.
    """

    records: list[RecordResult]
    mapping: str
    other_mapping: str
    options: dict[str, Any]
    untested: list[str]

    @property
    def lines(self) -> list[LineRecord]:
        """The records as the line files take them."""
        return [record.line for record in self.records]

    @property
    def matrix(self) -> NDArray[np.int64]:
        """Counts of all records."""
        total: NDArray[np.int64] = np.sum([r.line.comparison.matrix for r in self.records], axis=0)
        return total

    @property
    def other_matrix(self) -> NDArray[np.int64]:
        """Counts of all records under the other mapping."""
        total: NDArray[np.int64] = np.sum([r.other_matrix for r in self.records], axis=0)
        return total

    def gross(self) -> list[float]:
        """Return the six gross rates as ``sumstats`` has them, shares; NaN where there is none."""
        return rates_of(line_scores(pooled_columns(self.lines)))

    def average(self) -> list[float]:
        """Return the six average rates as ``sumstats`` has them."""
        return average_rates(self.lines)

    @property
    def doubts(self) -> str:
        """The first record's doubt and how many more have one; empty where none has."""
        doubts = [record.doubt for record in self.records if record.doubt]
        more = f" (and so {len(doubts) - 1} more)" if len(doubts) > 1 else ""
        return doubts[0] + more if doubts else ""

    def as_dict(self) -> dict[str, Any]:
        """Return everything as JSON takes it; rates in percent, None where there is none."""
        figures = class_figures(self.matrix)
        return {
            **self.options,
            "records": {record.line.name: _record_dict(record) for record in self.records},
            "untested": self.untested,
            "sum": pooled_columns(self.lines),
            "gross": _named(self.gross()),
            "average": _named(self.average()) | {"rr_error_ms": known(average_rr_error_ms(self.lines))},
            "classes": figures["classes"],
            "accuracy": figures["accuracy"],
            "macro_f1": figures["macro_f1"],
            "matrix": {self.mapping: self.matrix.tolist(), self.other_mapping: self.other_matrix.tolist()},
        }


def class_figures(matrix: NDArray[np.int64]) -> dict[str, Any]:
    """Return the gross figures of the classes; a class that occurs nowhere has none.

    Parameters
    ----------
    matrix : ndarray
        int64 [6, 6] as of :func:`host_tools.ec57.figures_from_matrix`.

    Returns
    -------
    dict
        ``classes`` (se, ppv, f1 of N S V F, percent, None where there is nothing to divide by), ``accuracy``
        over N S V F, ``macro_f1`` over those of N S V that occur (None where none does).
    """
    classes = {name: score.percent() for name, score in class_scores(matrix).items()}
    there = [f1 for name in "NSV" if (f1 := classes[name]["f1"]) is not None]
    return {
        "classes": classes,
        "accuracy": figures_from_matrix(matrix)["accuracy"],
        "macro_f1": sum(there) / len(there) if there else None,
    }


def figures_text(figures: dict[str, Any]) -> str:
    """Accuracy and macro-F1 of :func:`class_figures` in a sentence."""
    classes = [name for name in "NSV" if figures["classes"][name]["f1"] is not None]
    macro = "" if not classes else f", macro-F1 over {' '.join(classes)} {figures['macro_f1']:.2f} %"
    return f"accuracy over N S V F {figures['accuracy']:.2f} % (a missed or false beat is an error){macro}"


def fusion_note(matrix: NDArray[np.int64]) -> str:
    """Why two predictivities of S differ where F was called S; empty where none was."""
    called = int(matrix[F, S])
    if not called:
        return ""
    return (
        f"{called} F called S: an error in a record's line and in the classes' figures, as in bxb; not in "
        "the gross ones, as in sumstats, whose counts hold F and Q as one."
    )


def known(value: float) -> float | None:
    """Return None for a figure that is not there, as JSON has no NaN."""
    return value if math.isfinite(value) else None


def _named(rates: Sequence[float]) -> dict[str, Any]:
    named: dict[str, Any] = {}
    for (kind, name), share in zip(RATE_NAMES, rates, strict=True):
        named.setdefault(kind, {})[name] = known(100 * share)
    return named


def _record_dict(record: RecordResult) -> dict[str, Any]:
    comparison = record.line.comparison
    scores = {
        kind: {"tp": score.tp, "fn": score.fn, "fp": score.fp}
        for kind, score in zip(("qrs", "veb", "sveb"), record.scores, strict=True)
    }
    rates = _named(rates_of(record.scores))
    return {
        "fs_hz": record.line.fs_hz,
        "columns": bxb_columns(comparison.matrix),
        **{kind: scores[kind] | rates[kind] for kind in scores},
        "rr_error_ms": known(comparison.rr_error_ms),
        "unreadable_s": comparison.unreadable_samples / record.line.fs_hz,
        "missed_unreadable": comparison.missed_unreadable.tolist(),
        "matrix": comparison.matrix.tolist(),
    }


def score_tasks(
    tasks: Sequence[Task],
    *,
    start: str = "5:00",
    end: str | None = None,
    window_ms: float = MATCH_WINDOW_MS,
    mapping: str = "bxb",
    fs_hz: float | None = None,
    untested: Sequence[str] = (),
    progress: Callable[[str], None] | None = None,
) -> ScoreResult:
    """Compare all files.

    Parameters
    ----------
    tasks : sequence of Task
        From :func:`~host_tools.score.inputs.find_tasks`.
    start, end : str
        Seconds, mm:ss, hh:mm:ss, or s1234; the end of the record by default.
    window_ms : float
        Match window.
    mapping : {"bxb", "dechazal"}
        See :data:`host_tools.ec57.MAPPINGS`.
    fs_hz : float, optional
        Sampling rate of files that do not say it.
    untested : sequence of str
        Records of the reference without test annotations, for the report.
    progress : callable, optional
        Told each record's name.

    Raises
    ------
    UserError
        A file cannot be used, or nothing is left to score.
    """
    other = {"bxb": "dechazal", "dechazal": "bxb"}[mapping]
    records = []
    for task in tasks:
        records.append(_score_task(task, start, end, window_ms, (mapping, other), fs_hz))
        if progress:
            progress(task.record)
    options = {
        "standard": "ANSI/AAMI EC57:2012, beat by beat, as WFDB bxb and sumstats",
        "ref": sorted({str(task.ref.parent / f"*{task.ref.suffix}") for task in tasks}),
        "test": sorted({str(task.test.parent / f"*{task.test.suffix}") for task in tasks}),
        "start": start,
        "end": end,
        "window_ms": window_ms,
        "mapping": mapping,
    }
    return ScoreResult(records, mapping, other, options, list(untested))


def _score_task(
    task: Task,
    start: str,
    end: str | None,
    window_ms: float,
    mappings: tuple[str, str],
    fs_hz: float | None,
) -> RecordResult:
    ref, test = read_annotation_file(task.ref), read_annotation_file(task.test)
    rate = agreed_rate(ref, test, fs_hz)
    length = check_length(ref, test, rate)
    first = parse_time(start, rate, "--start")
    last = parse_time(end, rate, "--end") if end is not None else length
    from_zero = "; --start 0 scores from the beginning"
    if last is not None and last <= first:
        where = f"--end {end}" if end is not None else f"the end ({last / rate:.1f} s)"
        advice = from_zero if last > 0 else "; give a later --end"
        raise UserError(f"{task.ref}: --start {start} is not before {where}{advice}")
    found = [
        pair_beats(
            ref.samples,
            ref.labels,
            test.samples,
            test.labels,
            rate,
            first / rate,
            mapping,
            end_s=None if last is None else last / rate,
            window_ms=window_ms,
            ref_subtypes=ref.subtypes.tolist(),
            test_subtypes=test.subtypes.tolist(),
        )
        for mapping in mappings
    ]
    if not found[0].matrix[:5].any():
        until = "on" if end is None else f"to {end}"
        advice = from_zero if first else "" if end is None else "; give a later --end"
        raise UserError(f"{task.ref}: no reference beat to score from {start} {until}{advice}")
    doubt = _rate_doubt(ref, test, rate, qrs_score(found[0].matrix))
    return RecordResult(LineRecord(task.record, rate, found[0]), found[1].matrix, doubt)


def _rate_doubt(ref: AnnotationFile, test: AnnotationFile, fs_hz: float, qrs: Score) -> str:
    """Say that the test seems to be at another sampling rate than the reference; empty where it does not.

    A list that merely ends early agrees as far as it goes. One read at more than twice its rate has more than
    two beats where the reference has one, so that most of them match nothing.
    """
    both_said = ref.fs_hz is not None and test.fs_hz is not None
    if both_said or 2 * test.samples[-1] >= ref.samples[-1] or qrs.tp > qrs.fp:
        return ""
    at, end = (f"{s // 60:.0f}:{s % 60:02.0f}" for s in (f.samples[-1] // fs_hz for f in (test, ref)))
    whose = "its" if test.fs_hz is None else "the reference's"
    return (
        f"{test.path}: the last beat lies at {at} of the reference's {end}; no file says {whose} sampling "
        f"rate, taken as {fs_hz:g} Hz: if it is another, bring both to one rate"
    )
