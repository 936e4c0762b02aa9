"""The line files of ``bxb -L``, which ``sumstats`` reads, and what ``sumstats`` makes of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .labels import O
from .pairing import BeatComparison
from .scores import Score, bxb_columns, qrs_score, sveb_score, veb_score

_BEAT_HEAD = (
    "Record Nn' Sn' Vn' Fn' On'  Ns  Ss  Vs  Fs' Os' Nv  Sv   Vv  Fv' Ov' No' So' Vo' Fo'"
    "  Q Se   Q +P   V Se   V +P   S Se   S +P RR err"
)
_SHUTDOWN_HEAD = (
    "Record Nx   Sx   Vx   Fx   Qx  % beats  % N    % S    % V    % F   Total Shutdown",
    "                                missed missed missed missed missed      Time",
)
#: Widths of the nineteen counts.
_COUNT_WIDTHS = (5, *[3] * 11, 4, *[3] * 6)
#: Length of the rule above the sums.
_BEAT_RULE, _SHUTDOWN_RULE = 132, 72


@dataclass(frozen=True)
class LineRecord:
    """One record of a line file: its name, sampling rate in Hz, and the comparison."""

    name: str
    fs_hz: float
    comparison: BeatComparison


def rates_of(scores: Sequence[Score]) -> list[float]:
    """Sensitivity and positive predictivity of each score, as shares; NaN where there is none."""
    return [rate for score in scores for rate in (score.sensitivity, score.positive_predictivity)]


def line_scores(columns: dict[str, int]) -> tuple[Score, Score, Score]:
    """QRS, VEB and SVEB score as they follow from the nineteen counts alone.

    F and Q are one in the counts, so that F called S is, as Q called S, neither right nor wrong here;
    ``bxb`` itself counts it as an error.
    """
    c = columns
    qrs = Score(
        sum(c[n] for n in c if n[0] != "O" and n[1] != "o"),
        sum(c[n] for n in c if n[1] == "o"),
        sum(c[n] for n in c if n[0] == "O"),
    )
    veb = Score(c["Vv"], c["Vn'"] + c["Vs"] + c["Vo'"], c["Nv"] + c["Sv"] + c["Ov'"])
    sveb = Score(c["Ss"], c["Sn'"] + c["Sv"] + c["So'"], c["Ns"] + c["Vs"] + c["Os'"])
    return qrs, veb, sveb


def pooled_columns(records: Sequence[LineRecord]) -> dict[str, int]:
    """Return the nineteen counts summed over all records."""
    columns = [bxb_columns(r.comparison.matrix) for r in records]
    return {name: sum(c[name] for c in columns) for name in columns[0]}


def average_rates(records: Sequence[LineRecord]) -> list[float]:
    """Mean of each of the six rates over the records that have it, as ``sumstats`` averages; NaN for none."""
    rates = np.array([rates_of(line_scores(bxb_columns(r.comparison.matrix))) for r in records])
    known = np.isfinite(rates)
    return [float(rates[ok, k].mean()) if ok.any() else math.nan for k, ok in enumerate(known.T)]


def average_rr_error_ms(records: Sequence[LineRecord]) -> float:
    """Mean of the RR errors as printed, in ms; NaN where no record has one."""
    printed = [round(r.comparison.rr_error_ms, 2) for r in records if math.isfinite(r.comparison.rr_error_ms)]
    return sum(printed) / len(printed) if printed else math.nan


def _percent(rate: float) -> str:
    return f" {100 * rate:6.2f}" if math.isfinite(rate) else "      -"


def _counts(columns: dict[str, int]) -> str:
    return " ".join(f"{n:{w}d}" for n, w in zip(columns.values(), _COUNT_WIDTHS, strict=True))


def beat_lines(records: Sequence[LineRecord]) -> list[str]:
    """Lines of the beat-by-beat report, one for each record under a heading."""
    lines = [_BEAT_HEAD]
    for record in records:
        c = record.comparison
        rates = rates_of([rule(c.matrix) for rule in (qrs_score, veb_score, sveb_score)])
        error = f" {c.rr_error_ms:6.2f}" if math.isfinite(c.rr_error_ms) else "     -"
        text = "".join(_percent(rate) for rate in rates)
        lines.append(f"{record.name:>4} {_counts(bxb_columns(c.matrix))}{text}{error}")
    return lines


def sum_lines(records: Sequence[LineRecord]) -> list[str]:
    """Lines that ``sumstats`` puts under a beat-by-beat report: sum, gross and average figures."""
    columns = pooled_columns(records)
    qrs, veb, sveb = scores = line_scores(columns)
    error = average_rr_error_ms(records)
    return [
        "_" * _BEAT_RULE,
        f"Sum  {_counts(columns)}",
        f"{'Gross':<83}" + "".join(_percent(rate) for rate in rates_of(scores)),
        f"{'Average':<83}"
        + "".join(_percent(rate) for rate in average_rates(records))
        + (f" {error:6.2f}" if math.isfinite(error) else "      -"),
        f"Total QRS complexes: {qrs.tp + qrs.fn}  Total VEBs: {veb.tp + veb.fn}  "
        f"Total SVEBs: {sveb.tp + sveb.fn}",
        *_summary(records),
    ]


def _shutdown_s(record: LineRecord) -> int:
    """Unreadable time in whole seconds, halves rounded up."""
    second = math.floor(record.fs_hz + 0.5)
    return (record.comparison.unreadable_samples + math.floor(record.fs_hz / 2 + 0.5)) // second


def shutdown_lines(records: Sequence[LineRecord]) -> list[str]:
    """Lines of the shutdown report: beats missed where the test annotations declare the signal unreadable."""
    lines = list(_SHUTDOWN_HEAD)
    for record in records:
        missed = record.comparison.missed_unreadable.tolist()
        beats = record.comparison.matrix[:O].sum(axis=1).tolist()
        # The share of all beats leaves S out, as bxb does.
        shares = [(missed[0] + sum(missed[2:]), sum(beats)), *zip(missed[:4], beats[:4], strict=True)]
        text = "".join(_percent(part / whole if whole else math.nan) for part, whole in shares)
        head = " ".join(f"{n:4d}" for n in missed)
        seconds = _shutdown_s(record)
        lines.append(f"{record.name:>4} {head}  {text}{seconds:5d} seconds {' '.join(map(str, beats))}")
    return lines


def shutdown_sum_lines(records: Sequence[LineRecord]) -> list[str]:
    """Lines that ``sumstats`` puts under a shutdown report."""
    missed = np.sum([r.comparison.missed_unreadable for r in records], axis=0).tolist()
    seconds = sum(_shutdown_s(r) for r in records)
    return [
        "_" * _SHUTDOWN_RULE,
        "Sum  " + " ".join(f"{n:4d}" for n in missed) + " " * 38 + f"{seconds:4d} seconds",
        *_summary(records),
    ]


def _summary(records: Sequence[LineRecord]) -> list[str]:
    return ["", f"Summary of results from {len(records)} record{'s' if len(records) != 1 else ''}"]
