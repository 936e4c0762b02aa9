"""Where the device and the annotators disagree: every such beat, and the typical ones of each kind."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from host_tools.beats import CLASS_NAMES
from host_tools.ec57 import CLASSES, pair_beats
from host_tools.errors import UserError
from host_tools.native import run_core
from host_tools.records import EcgRecord, parse_time, read_record
from host_tools.reference.params import DELAY_SAMPLES
from host_tools.text import cell

if TYPE_CHECKING:
    from rich.console import Console

#: What comes before is not compared, unless told otherwise: EC57's learning period.
START = "5:00"
#: Stands for "no beat" on either side: missed, or false.
NONE = "O"
#: Kinds of errors as (annotated, answered): each cell of the matrix off its diagonal. Beats that the standard
#: calls unclassifiable (Q) have no right answer; they can be missed, not mistaken.
CELLS = (
    *((ref, test) for ref in CLASS_NAMES for test in CLASS_NAMES if ref != test),
    *((ref, NONE) for ref in (*CLASS_NAMES, "Q")),
    *((NONE, test) for test in CLASS_NAMES),
)


@dataclass(frozen=True)
class Mistake:
    """One disagreement.

    ``record``: as ``bitbeat explain`` takes it. ``sample``: in the file's samples, of the device's beat, of
    the annotation where it was missed: then there is no answer to explain. ``index``: which of the device's
    beats it is. ``confidence_q8``, ``flags``, ``sqi``: of that beat. All four are -1 where it was missed.
    """

    record: str
    sample: int
    time_s: float
    reference: str
    answer: str
    confidence_q8: int
    flags: int
    sqi: int
    index: int

    @property
    def cell(self) -> tuple[str, str]:
        """Its kind, one of :data:`CELLS`."""
        return self.reference, self.answer


@dataclass(frozen=True)
class RecordMistakes:
    """The disagreements of one record.

    ``matrix``: int64 [6, 6] as of :mod:`host_tools.ec57`. ``source``: the recording. ``beats``: what the
    device found, BEAT_DTYPE [n], filter delay taken out. ``start_s``: seconds that were not compared.
    """

    record: str
    matrix: npt.NDArray[np.int64]
    mistakes: tuple[Mistake, ...]
    source: EcgRecord
    beats: npt.NDArray[np.void]
    start_s: float

    @property
    def count(self) -> int:
        """Annotated beats that were compared, and false ones."""
        return int(self.matrix.sum())


def resolve_records(wanted: str) -> list[str]:
    """Records of ``DS1``, ``DS2``, of a folder, or named one by one with commas between them, each once.

    Raises
    ------
    UserError
        The folder holds no records, or nothing was named.
    """
    from training.datasets import DS1, DS2

    if wanted in ("DS1", "DS2"):
        return list(DS1 if wanted == "DS1" else DS2)
    folder = Path(wanted)
    if wanted.strip() and folder.is_dir():
        found = sorted(str(path.with_suffix("")) for path in folder.glob("*.hea"))
        if not found:
            raise UserError(f"{folder}: no WFDB records (.hea) there")
        return found
    names = list(dict.fromkeys(name.strip() for name in wanted.split(",") if name.strip()))
    if not names:
        raise UserError("--records: give DS1, DS2, a folder, or names with commas between them")
    return names


def find_mistakes(name: str, start: str = START) -> RecordMistakes:
    """Run the C core over a record and compare beat by beat with its annotations (de Chazal's mapping).

    Parameters
    ----------
    name : str
        As :func:`host_tools.records.read_record` takes it.
    start : str
        Nothing before this is compared: a time as :func:`host_tools.records.parse_time` takes it.

    Raises
    ------
    UserError
        The record cannot be read, has no annotations, or has no annotated beat from ``start`` on.
    """
    record = read_record(name)
    if record.reference is None:
        raise UserError(f"{name}: no annotations (.atr) to compare with")
    start_s = parse_time(start, record.fs_hz, "--start") / record.fs_hz
    if start_s >= record.duration_s:
        raise UserError(
            f"{name}: --start {start} is not before the end ({record.duration_s:.1f} s); "
            "--start 0 compares from the beginning"
        )
    beats = run_core(record.samples, rails=record.rails).beats
    at = beats["r_sample"].astype(np.int64) - DELAY_SAMPLES
    answers = [CLASS_NAMES[c] for c in beats["aami_class"]]
    labels = [str(label) for label in record.reference.labels]
    annotated = record.reference.samples
    compared = pair_beats(annotated, labels, at, answers, record.spec_fs_hz, start_s, "dechazal")
    if not compared.matrix[: CLASSES.index(NONE)].any():
        advice = "; --start 0 compares from the beginning" if start_s else ""
        raise UserError(f"{name}: no annotated beat to compare from {start} on{advice}")
    found = [
        *((int(r), int(t)) for r, t in compared.pairs if labels[r] != answers[t] and labels[r] != "Q"),
        *((int(r), -1) for r in compared.missed),
        *((-1, int(t)) for t in compared.false_beats),
    ]
    mistakes = [_mistake(name, record, labels, annotated, beats, at, r, t) for r, t in found]
    mistakes.sort(key=lambda m: (m.sample, m.cell))
    beats["r_sample"] = np.clip(at, 0, None)
    return RecordMistakes(name, compared.matrix, tuple(mistakes), record, beats, start_s)


def find_all(names: Iterable[str], start: str, left_out: dict[str, str]) -> Iterator[RecordMistakes]:
    """Compare record by record; one that cannot be compared stops no other.

    Parameters
    ----------
    names, start
        As :func:`find_mistakes` takes them.
    left_out : dict of str to str
        Gets each record that could not be compared, and why.

    Raises
    ------
    UserError
        None of them can be compared: the reason of the first.
    """
    some = False
    for name in names:
        try:
            found = find_mistakes(name, start)
        except UserError as error:
            left_out[name] = str(error)
            continue
        some = True
        yield found
    if not some:
        raise UserError(next(iter(left_out.values()), "no record to compare"))


def _mistake(
    name: str, record: EcgRecord, labels: list[str], annotated: npt.NDArray[np.int64],
    beats: npt.NDArray[np.void], at: npt.NDArray[np.int64], r: int, t: int,
) -> Mistake:  # fmt: skip
    where = at[t] if t >= 0 else annotated[r]
    sample = int(record.to_file_samples(np.array([where]))[0])
    return Mistake(
        record=name,
        sample=sample,
        time_s=round(sample / record.fs_hz, 3),
        reference=labels[r] if r >= 0 else NONE,
        answer=CLASS_NAMES[int(beats["aami_class"][t])] if t >= 0 else NONE,
        confidence_q8=int(beats["confidence_q8"][t]) if t >= 0 else -1,
        flags=int(beats["flags"][t]) if t >= 0 else -1,
        sqi=int(beats["sqi"][t]) if t >= 0 else -1,
        index=t,
    )


def typical(mistakes: Iterable[Mistake], count: int) -> list[Mistake]:
    """Choose ``count`` typical mistakes of one kind, always the same ones.

    The records with the most of them come first, one mistake of each before the second of any; in a record
    the one of middle confidence (in time, where there is none) comes first, then those a quarter from the
    ends, and so on.
    """
    by_record: dict[str, list[Mistake]] = {}
    for mistake in mistakes:
        by_record.setdefault(mistake.record, []).append(mistake)
    ordered = sorted(by_record.values(), key=lambda found: (-len(found), found[0].record))
    queues = [_from_the_middle(sorted(f, key=lambda m: (m.confidence_q8, m.sample))) for f in ordered]
    chosen: list[Mistake] = []
    turn = 0
    while len(chosen) < count and any(turn < len(queue) for queue in queues):
        chosen += [queue[turn] for queue in queues if turn < len(queue)]
        turn += 1
    return chosen[:count]


def _from_the_middle(found: list[Mistake]) -> list[Mistake]:
    """Median, quartiles, octiles ... of a sorted list, each member once."""
    order: dict[int, None] = {}
    parts = 2
    while len(order) < len(found):
        for numerator in range(1, parts, 2):
            order.setdefault(numerator * len(found) // parts)
        parts *= 2
        if parts > 4 * len(found):
            order.update(dict.fromkeys(range(len(found))))
    return [found[k] for k in order]


def cell_counts(records: Iterable[RecordMistakes]) -> dict[tuple[str, str], int]:
    """How many there are of each kind."""
    counts = dict.fromkeys(CELLS, 0)
    for record in records:
        for mistake in record.mistakes:
            counts[mistake.cell] += 1
    return counts


def total_matrix(records: Iterable[RecordMistakes]) -> npt.NDArray[np.int64]:
    """Sum of the records' matrices."""
    total = np.zeros((len(CLASSES), len(CLASSES)), np.int64)
    for record in records:
        total += record.matrix
    return total


def cell_name(cell: tuple[str, str]) -> str:
    """Name of a kind: ``N→S``, ``V missed``, ``false S``."""
    reference, answer = cell
    if answer == NONE:
        return f"{reference} missed"
    return f"false {answer}" if reference == NONE else f"{reference}→{answer}"


def mistakes_json(
    records: list[RecordMistakes], start: str, left_out: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Everything as JSON values: matrix, counts, records from the worst on, all mistakes, who is left out."""
    from host_tools.reference.network import MODEL_HASH
    from host_tools.reference.params import SPEC_HASH

    total = total_matrix(records)
    counts = cell_counts(records)
    return {
        "model_hash": f"{MODEL_HASH:08x}",
        "spec_hash": f"{SPEC_HASH:08x}",
        "mapping": "dechazal",
        "start": start,
        "classes": list(CLASSES),
        "matrix": total.tolist(),
        "cells": {cell_name(cell): count for cell, count in counts.items()},
        "records": [
            {
                "record": r.record,
                "start_s": round(r.start_s, 4),
                "errors": len(r.mistakes),
                "beats": r.count,
                "matrix": r.matrix.tolist(),
            }
            for r in worst_first(records)
        ],
        "left_out": [{"record": name, "why": why} for name, why in (left_out or {}).items()],
        "errors": [
            {name: value for name, value in asdict(m).items() if name != "index"}
            for r in records
            for m in r.mistakes
        ],
    }


def worst_first(records: Iterable[RecordMistakes]) -> list[RecordMistakes]:
    """Order by number of mistakes, the largest first."""
    return sorted(records, key=lambda r: (-len(r.mistakes), r.record))


def mistakes_csv(records: list[RecordMistakes]) -> str:
    """One line for each mistake."""
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(["record", "sample", "time_s", "reference", "answer", "confidence_q8", "flags", "sqi"])
    writer.writerows(
        [cell(m.record), m.sample, m.time_s, m.reference, m.answer, m.confidence_q8, m.flags, m.sqi]
        for r in records
        for m in r.mistakes
    )
    return lines.getvalue()


def counted(count: int, what: str) -> str:
    """``1 record``, ``2 records``."""
    return f"{count} {what}{'s' if count != 1 else ''}"


def print_mistakes(records: list[RecordMistakes], console: Console) -> None:
    """Print the records from the worst on, each with its most frequent kinds, and the matrix of all."""
    from rich import box
    from rich.table import Table

    table = Table("record", "errors", "beats", "%", "most of them", box=box.SIMPLE_HEAD, pad_edge=False)
    for found in worst_first(records):
        if found.mistakes:
            counts = cell_counts([found])
            most = sorted((cell for cell in CELLS if counts[cell]), key=lambda cell: -counts[cell])[:4]
            share = 100 * len(found.mistakes) / max(found.count, 1)
            kinds = ", ".join(f"{cell_name(cell)} {counts[cell]}" for cell in most)
            table.add_row(found.record, f"{len(found.mistakes)}", f"{found.count}", f"{share:.1f}", kinds)
    console.print(table)
    total = total_matrix(records)
    columns = (*CLASS_NAMES, NONE)
    matrix = Table(
        "annotated", *(c if c != NONE else "missed" for c in columns), box=box.SIMPLE_HEAD, pad_edge=False
    )
    for row, name in enumerate(CLASSES):
        values = [int(total[row, CLASSES.index(c)]) for c in columns]
        matrix.add_row("false" if name == NONE else name, *(f"{v}" for v in values))
    console.print(matrix)
    faultless = sum(not found.mistakes for found in records)
    errors = sum(len(found.mistakes) for found in records)
    line = f"{counted(errors, 'error')} in {counted(int(total.sum()), 'beat')}"
    console.print(f"{line}; {counted(faultless, 'record')} without any", highlight=False)
