"""Proves that reference and C core compute the same: every intermediate value of whole records.

Four comparisons for each record: all stages of the traced C core with the reference; the beats of the
production build (no trace) with the reference; the logits of the TensorFlow Lite Micro interpreter
with the reference, for every beat.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from host_tools.build import ROOT
from host_tools.native import STAGES, run_core
from host_tools.reference.params import BEAT_CHANNELS
from host_tools.reference.run import RecordResult, run_record

#: The model that the oracle interprets: the one that the C network was generated from.
TFLITE = ROOT / "firmware" / "lib" / "model" / "bitbeat.tflite"

#: Samples shown before the first difference.
CONTEXT_SAMPLES = 20

#: Memory given to the interpreter; it needs a few KB.
_ARENA_BYTES = 1 << 18


@dataclass
class Difference:
    """The first value that differs in a stage.

    Attributes
    ----------
    stage : str
        Where.
    record : str
        Record name.
    sample : int
        Sample number of the value's row.
    index : int
        Position within the row.
    reference, other : int
        Both values.
    before : list of list of int
        The CONTEXT_SAMPLES filtered samples before, as [sample, reference, other].
    """

    stage: str
    record: str
    sample: int
    index: int
    reference: int
    other: int
    before: list[list[int]] = field(default_factory=list)

    def text(self) -> str:
        """Describe the difference in one paragraph."""
        head = (
            f"record {self.record}, stage {self.stage}, sample {self.sample}, value {self.index}: "
            f"reference {self.reference}, core {self.other}"
        )
        rows = "\n".join(f"  {s:>10}  {a:>7}  {b:>7}" for s, a, b in self.before)
        return head + ("\n  filtered samples before (sample, reference, core):\n" + rows if rows else "")


@dataclass
class RecordParity:
    """What the comparison of one record gave.

    Attributes
    ----------
    record : str
        Its name.
    samples, beats : int
        How long it was.
    compared, mismatches : dict of str to int
        Values compared, and of them different, by stage.
    first : Difference or None
        The earliest difference.
    """

    record: str
    samples: int
    beats: int
    compared: dict[str, int]
    mismatches: dict[str, int]
    first: Difference | None


def record_rows(beats: npt.NDArray[np.void]) -> npt.NDArray[np.int32]:
    """Beats as rows of the trace's last stage, int32 [n, 11]."""
    columns = [beats[name].astype(np.int64) for name in ("r_sample", "rr_prev_samples", "rr_next_samples")]
    columns += [beats[name].astype(np.int64) for name in ("aami_class", "confidence_q8", "flags", "sqi")]
    columns += [beats["logits"][:, i].astype(np.int64) for i in range(beats["logits"].shape[1])]
    return np.stack(columns, axis=1).astype(np.int32)


class Interpreter:
    """The official TensorFlow Lite Micro interpreter on the committed model."""

    def __init__(self, path: Path = TFLITE) -> None:
        from tflite_micro.python.tflite_micro import runtime

        self._interpreter = runtime.Interpreter.from_file(str(path), arena_size=_ARENA_BYTES)
        shapes = [tuple(self._interpreter.get_input_details(i)["shape"]) for i in range(2)]
        # The two inputs come in either order; only the beat's has its channels last.
        self._beat, self._rhythm = (0, 1) if shapes[0][-1] == BEAT_CHANNELS else (1, 0)
        self._shapes = shapes

    def logits(
        self, beat_input: npt.NDArray[np.int8], rhythm_input: npt.NDArray[np.int8]
    ) -> npt.NDArray[np.int8]:
        """Logits int8 [n, 4] of inputs int8 [n, samples, channels] and int8 [n, beats, features]."""
        out = np.zeros((len(beat_input), 4), np.int8)
        for i in range(len(beat_input)):
            self._interpreter.set_input(beat_input[i].reshape(self._shapes[self._beat]), self._beat)
            self._interpreter.set_input(rhythm_input[i].reshape(self._shapes[self._rhythm]), self._rhythm)
            self._interpreter.invoke()
            out[i] = self._interpreter.get_output(0).reshape(-1)
        return out


def compare_record(
    name: str,
    samples: npt.NDArray[np.int16],
    *,
    run_reference: Callable[..., RecordResult] = run_record,
    variant: Path | None = None,
    model_dir: Path | None = None,
    oracle: Interpreter | None = None,
    first_sample: int = 0,
) -> RecordParity:
    """Compare reference, traced core, production core and, if given, the interpreter on one record.

    Parameters
    ----------
    name : str
        Record name, for the report.
    samples : int16 [n]
        Its samples, adu at the chain's rate.
    run_reference : callable
        ``run_record`` of the reference, or of a copy for another rate.
    variant : Path, optional
        Generated C folder of another rate.
    model_dir : Path, optional
        Generated C folder of another network.
    oracle : Interpreter, optional
        Compare its logits too.
    first_sample : int
        Number of the first sample.

    Returns
    -------
    RecordParity
        Counts and the earliest difference.
    """
    reference = run_reference(samples, trace=True, first_sample=first_sample)
    built: dict[str, Any] = {"first_sample": first_sample, "variant": variant, "model_dir": model_dir}
    traced = run_core(samples, trace=True, **built)
    production = run_core(samples, **built)
    rows: dict[str, tuple[npt.NDArray[Any], npt.NDArray[Any]]] = {}
    expected = {**reference.trace, "record": record_rows(reference.beats)}
    for stage in STAGES:
        rows[stage] = (expected[stage], traced.trace[stage])
    rows["production"] = (record_rows(reference.beats), record_rows(production.beats))
    if oracle is not None:
        logits = oracle.logits(reference.beat_input, reference.rhythm_input)
        rows["tflite_micro"] = (reference.beats["logits"], logits)
    compared, mismatches = {}, {}
    found: list[Difference] = []
    for stage, (a, b) in rows.items():
        difference, wrong, count = compare_rows(name, stage, a, b, row_samples(stage, expected, first_sample))
        compared[stage], mismatches[stage] = count, wrong
        if difference is not None:
            found.append(difference)
    first = min(found, key=lambda d: (d.sample - first_sample) & 0xFFFFFFFF, default=None)
    if first is not None:
        first.before = _context(first, rows["sample"], first_sample)
    return RecordParity(name, len(samples), len(reference.beats), compared, mismatches, first)


def row_samples(
    stage: str, expected: dict[str, npt.NDArray[Any]], first_sample: int
) -> npt.NDArray[np.int64]:
    """Return the sample number of each row of a stage, int64 [n].

    Parameters
    ----------
    stage : str
        One of :data:`host_tools.native.STAGES`.
    expected : dict of str to array
        The reference's trace, with ``record``.
    first_sample : int
        Number of the first sample.
    """
    if stage == "sample":
        return (np.arange(len(expected["sample"])) + first_sample) & 0xFFFFFFFF
    column = {"detector": ("detector", 9), "r_peak": ("r_peak", 0)}.get(stage, ("record", 0))
    numbers: npt.NDArray[np.int64] = expected[column[0]][:, column[1]].astype(np.int64) & 0xFFFFFFFF
    return numbers


def compare_rows(
    record: str, stage: str, a: npt.NDArray[Any], b: npt.NDArray[Any], samples: npt.NDArray[np.int64]
) -> tuple[Difference | None, int, int]:
    """Compare the rows of one stage, value for value.

    Parameters
    ----------
    record, stage : str
        Names for the difference.
    a, b : int array [n, width] or [n]
        Reference and other; flat or by rows.
    samples : int64 [n]
        Sample number of each row, see :func:`row_samples`.

    Returns
    -------
    tuple
        First difference or None, number of differences, number of values; a missing or extra value counts
        as different.
    """
    width = a.shape[1] if a.ndim > 1 else 1
    flat_a, flat_b = a.reshape(-1).astype(np.int32), b.reshape(-1).astype(np.int32)
    common = min(len(flat_a), len(flat_b))
    unequal = np.flatnonzero(flat_a[:common] != flat_b[:common])
    wrong = len(unequal) + abs(len(flat_a) - len(flat_b))
    if wrong == 0:
        return None, 0, len(flat_a)
    at = int(unequal[0]) if len(unequal) else common
    row = min(at // width, len(samples) - 1)
    ours, other = (int(v[at]) if at < len(v) else 0 for v in (flat_a, flat_b))
    sample = int(samples[row]) if len(samples) else 0
    return Difference(stage, record, sample, at % width, ours, other), wrong, max(len(flat_a), len(flat_b))


def _context(
    difference: Difference, rows: tuple[npt.NDArray[Any], npt.NDArray[Any]], first_sample: int
) -> list[list[int]]:
    a, b = rows[0], rows[1].reshape(-1, rows[0].shape[1])
    end = (difference.sample - first_sample) & 0xFFFFFFFF
    lines = range(max(0, end - CONTEXT_SAMPLES), min(end, len(a), len(b)))
    return [[(i + first_sample) & 0xFFFFFFFF, int(a[i, 2]), int(b[i, 2])] for i in lines]


_oracle: Interpreter | None = None


def _compare_task(task: tuple[str, npt.NDArray[np.int16]]) -> RecordParity:
    global _oracle
    if _oracle is None:
        _oracle = Interpreter()
    return compare_record(task[0], task[1], oracle=_oracle)


def compare_records(
    tasks: Iterable[tuple[str, npt.NDArray[np.int16]]], processes: int
) -> Iterable[RecordParity]:
    """Compare many records on ``processes`` cores; yields results in order."""
    run_core(np.zeros(16, np.int16), trace=True)  # build once, before the processes start
    run_core(np.zeros(16, np.int16))
    with ProcessPoolExecutor(processes) as pool:
        yield from pool.map(_compare_task, tasks)


def summarise(results: list[RecordParity]) -> dict[str, Any]:
    """Totals for ``build/parity.json``: ``records, samples, beats, values_compared, mismatches, stages``."""
    stages: dict[str, dict[str, int]] = {}
    for result in results:
        for stage, count in result.compared.items():
            entry = stages.setdefault(stage, {"values_compared": 0, "mismatches": 0})
            entry["values_compared"] += count
            entry["mismatches"] += result.mismatches[stage]
    return {
        "records": len(results),
        "samples": sum(r.samples for r in results),
        "beats": sum(r.beats for r in results),
        "values_compared": sum(s["values_compared"] for s in stages.values()),
        "mismatches": sum(s["mismatches"] for s in stages.values()),
        "stages": stages,
    }
