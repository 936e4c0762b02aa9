"""``bitbeat parity`` and ``bitbeat rates``: reference and C core, value for value."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from host_tools.cli.output import Force, figures_file
from host_tools.cli.values import MOST_PROCESSES
from host_tools.data_folder import MITDB_DIR


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(parity)
    app.command()(rates)


def parity(
    records: Annotated[
        list[str] | None, typer.Argument(help="Records by name; all of MIT-BIH by default.")
    ] = None,
    data: Annotated[Path, typer.Option(help="Folder of MIT-BIH records.")] = MITDB_DIR,
    out: Annotated[
        Path | None, typer.Option(help="Where the figures go; build/parity.json for all records.")
    ] = None,
    processes: Annotated[
        int, typer.Option(help="Processes at once; 0 = one a core.", min=0, max=MOST_PROCESSES)
    ] = 0,
    force: Force = False,
) -> None:
    """Compare Python reference and C core, every value.

    And the logits with TensorFlow Lite Micro's.

    README's table is written only from all records of the committed mitdb, checked by SHA-256 sums.
    """
    import os

    from rich.table import Table

    from host_tools.errors import CheckFailed
    from host_tools.mitdb import record_names, record_samples
    from host_tools.parity import compare_records, summarise
    from host_tools.progress import track
    from host_tools.readme import DOCUMENTS, PARITY, parity_markdown
    from host_tools.text import new_console
    from host_tools.writing import write_json

    names = record_names(data, records)
    out, whole = figures_file(
        "parity", "parity", out, force=force, some=bool(records), databases={"mitdb": data}
    )
    tasks = ((name, record_samples(data, name)) for name in names)
    results = list(
        track(
            compare_records(tasks, processes or os.cpu_count() or 1), len(names), "parity", lambda r: r.record
        )
    )
    summary = summarise(results)
    write_json(out, summary)
    if whole:
        PARITY.write(parity_markdown(summary), DOCUMENTS)
    table = Table("stage", "values compared", "mismatches")
    for stage, entry in summary["stages"].items():
        table.add_row(stage, f"{entry['values_compared']:,}", f"{entry['mismatches']:,}")
    table.add_row("all", f"{summary['values_compared']:,}", f"{summary['mismatches']:,}", style="bold")
    console = new_console()
    console.print(table)
    console.print(
        f"{summary['records']} records, {summary['samples']:,} samples, {summary['beats']:,} beats; {out}"
    )
    for result in results:
        if result.first is not None:
            console.print(result.first.text(), highlight=False)
    if summary["mismatches"]:
        raise CheckFailed(
            f"{summary['mismatches']} of {summary['values_compared']} values differ; the first is above"
        )


def rates(
    rate: Annotated[list[int] | None, typer.Option(help="Sampling rates, Hz; may be given again.")] = None,
    data: Annotated[Path, typer.Option(help="Folder of MIT-BIH records.")] = MITDB_DIR,
    out: Annotated[
        Path | None, typer.Option(help="Where the figures go; build/rates.json for the three rates.")
    ] = None,
    force: Force = False,
) -> None:
    """Compare them at 250, 360 and 500 Hz, too.

    The chain is generated for each rate; parity, state size and a cross-check on DS1.

    README's table is written only from the three rates on the committed mitdb, checked by SHA-256 sums.
    """
    from rich.table import Table

    from host_tools.errors import CheckFailed
    from host_tools.rates import check_rate
    from host_tools.readme import DOCUMENTS, RATES, rates_markdown
    from host_tools.text import new_console
    from host_tools.writing import write_json

    out, whole = figures_file("rates", "rates", out, force=force, some=bool(rate), databases={"mitdb": data})
    reports = [check_rate(fs_hz, data) for fs_hz in rate or (250, 360, 500)]
    write_json(out, {str(r["fs_hz"]): r for r in reports})
    if whole:
        RATES.write(rates_markdown(reports), DOCUMENTS)
    columns = ("fs_hz", "state_bytes", "mismatches", "qrs_se", "qrs_ppv", "accuracy", "macro_f1")
    table = Table(*columns)
    for report in reports:
        table.add_row(
            *(f"{report[c]:.2f}" if isinstance(report[c], float) else str(report[c]) for c in columns)
        )
    new_console().print(table)
    if any(r["mismatches"] for r in reports):
        raise CheckFailed(f"reference and core differ: {json.dumps([r['mismatches'] for r in reports])}")
