"""``bitbeat bench``: how fast the core and a replay over TCP are."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(bench)


def bench(
    record: Annotated[str, typer.Argument(help="Record to measure with.")] = "100",
    data: Annotated[Path, typer.Option(help="Folder of MIT-BIH records.")] = Path("data/mitdb"),
    out: Annotated[Path, typer.Option(help="Where the figures go.")] = Path("build/bench.json"),
    runs: Annotated[int, typer.Option(help="Runs of each; the median is given.", min=1)] = 5,
) -> None:
    """Measure the C core alone and a replay through the emulator, in multiples of real time."""
    from rich.console import Console
    from rich.table import Table

    from host_tools.bench import measure
    from host_tools.writing import write_json

    figures = measure(data, record, runs)
    write_json(out, figures)
    table = Table("figure", "value")
    for name, value in figures.items():
        table.add_row(name, f"{value:,.1f}" if isinstance(value, float) else str(value))
    Console().print(table)
