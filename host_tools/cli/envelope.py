"""``bitbeat envelope``."""

from __future__ import annotations

from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("envelope")(envelope)


def envelope(
    kind: Annotated[str | None, typer.Option(help="Only kinds whose name holds this.")] = None,
    list_wrong: Annotated[bool, typer.Option("--wrong", help="List the silently wrong cells.")] = False,
    quick: Annotated[bool, typer.Option(help="Every ninth cell.")] = False,
    processes: Annotated[int | None, typer.Option(help="Processes; one a processor.", min=1)] = None,
) -> None:
    """Run the C core over a grid of synthetic records: right, flagged or silently wrong, by kind."""
    from host_tools.envelope.grid import KINDS, cells
    from host_tools.envelope.run import run_cells, tally

    chosen = [c for c in cells() if kind is None or kind.lower() in c.kind.lower()]
    if quick:
        chosen = chosen[::9]
    verdicts = list(run_cells(chosen, processes))
    heads = ("cells", "right", "flagged", "wrong")
    print(f"{'':34}{'inside the promised range':>36}{'outside':>36}")
    print(f"{'':34}" + "".join(f"{head:>9}" for head in 2 * heads))
    for name in (*KINDS, "all"):
        mine = [(c, v) for c, v in verdicts if name in (c.kind, "all")]
        if mine:
            sides = [tally((c, v) for c, v in mine if c.inside is side) for side in (True, False)]
            print(f"{name:34}" + "".join(f"{n:>9}" for side in sides for n in side.values()))
    if list_wrong:
        for cell, verdict in verdicts:
            if verdict.outcome == "silent_wrong":
                where = "" if cell.inside else " (outside)"
                values = ", ".join(f"{k} {v}" for k, v in cell.parameters.items())
                what = f"{verdict.silent} from {verdict.first_error_s} s of {verdict.beats} beats"
                print(f"{cell.number}{where} {cell.kind}: {values}: {what}")
