"""Writes a score as line files, JSON, CSV and an HTML page."""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path
from typing import Any

from host_tools.ec57 import (
    CLASSES,
    average_rr_error_ms,
    beat_lines,
    bxb_columns,
    rates_of,
    shutdown_lines,
    shutdown_sum_lines,
    sum_lines,
)
from host_tools.text import cell
from host_tools.writing import write_json, write_text

from .html import page
from .result import RATE_NAMES, ScoreResult

#: Of the files of a score.
REPORT_SUFFIXES = ("bxb", "sd", "bxb.sumstats", "sd.sumstats", "json", "csv", "html")


def write_report(result: ScoreResult, folder: Path, name: str = "score") -> list[Path]:
    """Write every file of a score.

    Parameters
    ----------
    result : ScoreResult
        From :func:`~host_tools.score.result.score_tasks`.
    folder : Path
        Made if it is not there.
    name : str
        Stem of the files.

    Returns
    -------
    list of Path
        ``.bxb`` and ``.sd`` (as ``bxb -L`` writes them), both with ``.sumstats`` (as ``sumstats`` prints
        them), ``.json``, ``.csv``, ``.html``.
    """
    beats, shutdown = beat_lines(result.lines), shutdown_lines(result.lines)
    texts = {
        "bxb": beats,
        "sd": shutdown,
        "bxb.sumstats": beats + sum_lines(result.lines),
        "sd.sumstats": shutdown + shutdown_sum_lines(result.lines),
    }
    files = []
    for suffix, lines in texts.items():
        files.append(folder / f"{name}.{suffix}")
        write_text(files[-1], "\n".join(lines) + "\n")
    content = result.as_dict()
    files.append(folder / f"{name}.json")
    write_json(files[-1], content)
    files.append(folder / f"{name}.csv")
    write_csv(files[-1], result)
    files.append(folder / f"{name}.html")
    write_text(files[-1], page(result))
    return files


def _percent(share: float) -> str:
    return f"{100 * share:.4f}" if math.isfinite(share) else ""


def write_csv(path: Path, result: ScoreResult) -> None:
    """One line a record: the matrix, bxb's counts, the six rates in percent; then gross and average."""
    cells = [f"{a}{b.lower()}" for a in CLASSES for b in CLASSES if not a == b == "O"]
    rates = [f"{kind}_{rate}" for kind, rate in RATE_NAMES]
    columns = [f"bxb {name}" for name in bxb_columns(result.matrix)]
    rows: list[list[Any]] = []
    for record in result.records:
        comparison = record.line.comparison
        error = comparison.rr_error_ms
        rows.append(
            [
                cell(record.line.name),
                f"{record.line.fs_hz:g}",
                *[int(n) for n in comparison.matrix.flat][:-1],
                *bxb_columns(comparison.matrix).values(),
                *(_percent(rate) for rate in rates_of(record.scores)),
                f"{error:.2f}" if math.isfinite(error) else "",
            ]
        )
    counts = [int(n) for n in result.matrix.flat][:-1]
    pooled = list(bxb_columns(result.matrix).values())
    rows.append(["Gross", "", *counts, *pooled, *(_percent(rate) for rate in result.gross()), ""])
    empty = [""] * (len(counts) + len(pooled) + 1)
    error = average_rr_error_ms(result.lines)
    average = [_percent(rate) for rate in result.average()]
    rows.append(["Average", *empty, *average, f"{error:.2f}" if math.isfinite(error) else ""])
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(["record", "fs_hz", *cells, *columns, *rates, "rr_error_ms"])
    writer.writerows(rows)
    write_text(path, lines.getvalue())
