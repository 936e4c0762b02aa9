"""The standard's tables on screen."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from host_tools.ec57 import (
    CLASSES,
    MATCH_WINDOW_MS,
    average_rr_error_ms,
    line_scores,
    pooled_columns,
    rates_of,
)

from .result import RecordResult, ScoreResult, class_figures, figures_text, fusion_note

#: How many records without test annotations are named.
_NAMED_AT_MOST = 8


def _cell(share: float) -> str:
    """Percent; all of them without decimals, so that the table fits into 80 columns."""
    return "100" if share == 1 else f"{100 * share:.2f}" if math.isfinite(share) else "–"


def _rates(shares: Sequence[float]) -> list[str]:
    return [_cell(share) for share in shares]


def _record_row(record: RecordResult) -> list[str]:
    qrs, veb, sveb = record.scores
    cells = [record.line.name]
    for score in (qrs, veb, sveb):
        cells += [str(score.tp + score.fn), *_rates(rates_of([score]))]
    error = record.line.comparison.rr_error_ms
    return [*cells, f"{error:.1f}" if math.isfinite(error) else "–"]


def rate_table(result: ScoreResult) -> Table:
    """Return the table of all records with gross and average figures."""
    options = result.options
    until = "on" if options["end"] is None else f"to {options['end']}"
    window = "" if options["window_ms"] == MATCH_WINDOW_MS else f", window {options['window_ms']:g} ms"
    table = Table(
        title=f"Beat by beat after EC57, {result.mapping} mapping, from {options['start']} {until}{window}",
        box=box.SIMPLE_HEAD,
        title_justify="left",
        pad_edge=False,
        padding=(0, 0, 0, 1),
    )
    table.add_column("record", no_wrap=True)
    for kind in ("QRS", "V", "S"):
        for name in (kind, "Se %", "+P %"):
            table.add_column(name, justify="right", no_wrap=True)
    table.add_column("RR ms", justify="right", no_wrap=True)
    for record in result.records:
        table.add_row(*_record_row(record))
    table.add_section()
    scores = line_scores(pooled_columns(result.lines))
    gross = ["Gross"]
    for score in scores:
        gross += [str(score.tp + score.fn), *_rates(rates_of([score]))]
    table.add_row(*gross, "", style="bold")
    average = _rates(result.average())
    error = average_rr_error_ms(result.lines)
    cells = ["Average"]
    for k in range(0, 6, 2):
        cells += ["", average[k], average[k + 1]]
    table.add_row(*cells, f"{error:.1f}" if math.isfinite(error) else "–", style="bold")
    return table


def matrix_table(result: ScoreResult) -> Table:
    """Return the confusion matrix of all records."""
    table = Table(
        title="Confusion, all records (rows: reference)",
        min_width=46,
        box=box.SIMPLE_HEAD,
        title_justify="left",
        pad_edge=False,
        padding=(0, 0, 0, 1),
    )
    table.add_column("")
    for name in CLASSES:
        table.add_column("missed" if name == "O" else name.lower(), justify="right")
    for k, (name, row) in enumerate(zip(CLASSES, result.matrix.tolist(), strict=True)):
        cells = ["" if k == j == 5 else f"{n:,}" for j, n in enumerate(row)]
        table.add_row("extra" if name == "O" else name, *cells)
    return table


def class_table(figures: dict[str, Any]) -> Table:
    """Return sensitivity, predictivity and F1 of each class."""
    table = Table(
        box=box.SIMPLE_HEAD,
        title="Classes, gross",
        title_justify="left",
        pad_edge=False,
        padding=(0, 0, 0, 1),
    )
    for name in ("class", "Se %", "+P %", "F1 %"):
        table.add_column(name, justify="left" if name == "class" else "right")
    for name, c in figures["classes"].items():
        table.add_row(name, *("–" if c[key] is None else f"{c[key]:.2f}" for key in ("se", "ppv", "f1")))
    return table


def print_score(result: ScoreResult, console: Console) -> None:
    """Print the tables, and what was left out."""
    console.print(rate_table(result))
    console.print(matrix_table(result))
    figures = class_figures(result.matrix)
    console.print(class_table(figures))
    console.print(figures_text(figures), highlight=False)
    if note := fusion_note(result.matrix):
        console.print(note, highlight=False)
    if result.untested:
        names = ", ".join(result.untested[:_NAMED_AT_MOST])
        more = len(result.untested) - _NAMED_AT_MOST
        console.print(
            f"not scored, no test annotations: {names}{f' and {more} more' if more > 0 else ''}",
            style="yellow",
            highlight=False,
            markup=False,
        )
