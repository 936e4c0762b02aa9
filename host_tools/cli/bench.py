"""``bitbeat bench``: how fast the core and a replay are here, and what the firmware costs on each target."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from host_tools.cli.output import Force, figures_file
from host_tools.data_folder import MITDB_DIR
from host_tools.errors import UserError


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(bench)


def bench(
    record: Annotated[str, typer.Argument(help="Record to measure with.")] = "100",
    data: Annotated[Path, typer.Option(help="Folder of MIT-BIH records.")] = MITDB_DIR,
    out: Annotated[
        Path | None, typer.Option(help="Where the figures go; build/bench.json for all boards.")
    ] = None,
    runs: Annotated[
        int, typer.Option(help="Runs on this machine; the median is given.", min=1, max=1000)
    ] = 5,
    board: Annotated[
        list[str] | None, typer.Option(help="Emulated board to count on; all where none is named.")
    ] = None,
    force: Force = False,
) -> None:
    """Measure speed here; count what each board needs.

    The core's speed on this machine; its instructions and bytes on each instruction set.

    README's tables are written only from all boards with record 100 of the committed mitdb (SHA-256 sums).
    """
    from rich.table import Table

    from host_tools.bench import measure, measure_costs
    from host_tools.costs.energy import energy_table
    from host_tools.costs.table import cost_table, goal_table
    from host_tools.costs.targets import TARGETS
    from host_tools.readme import DOCUMENTS, SPEED, speed_markdown, write_costs
    from host_tools.text import new_console
    from host_tools.writing import write_json

    for name in board or ():
        if name not in TARGETS:
            raise UserError(f"--board {name}: nothing is counted there; there are {', '.join(TARGETS)}")
    some = bool(board) or record != "100"
    out, whole = figures_file("bench", "bench", out, force=force, some=some, databases={"mitdb": data})
    console = new_console(width=None if new_console().is_terminal else 160)
    figures = measure(data, record, runs)
    table = Table("on this machine", "value")
    for name, value in figures.items():
        table.add_row(name, f"{value:,.1f}" if isinstance(value, float) else str(value))
    console.print(table)
    costs, notes = measure_costs(
        data, record, board or TARGETS, lambda what: console.print(f"counting: {what}")
    )
    write_json(out, figures | costs)
    if whole and set(costs["targets"]) == set(TARGETS):
        write_costs(costs["targets"])
        SPEED.write(speed_markdown(figures), DOCUMENTS)
    if costs["targets"]:
        console.print(cost_table(costs["targets"], "-O2"))
        console.print(cost_table(costs["os"], "-Os"))
        console.print(energy_table(costs["targets"]))
        console.print(goal_table(costs["targets"]))
    for note in notes:
        console.print(note, highlight=False, soft_wrap=True)
