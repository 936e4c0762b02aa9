"""``bitbeat envelope``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from host_tools.cli.output import Force, figures_file

if TYPE_CHECKING:
    from host_tools.envelope.grid import Cell
    from host_tools.envelope.report import Judged

#: ``--quick`` runs one cell in so many; ``--detectors``, too, as others take a hundred times as long.
_QUICK = 7
_COMPARED = 3


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("envelope")(envelope)


def envelope(
    kind: Annotated[str | None, typer.Option(help="Only kinds whose name holds this.")] = None,
    cell: Annotated[
        int | None, typer.Option(help="Write one cell's record; say what is wrong.", min=0)
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Some cells of each kind, under a minute.")] = False,
    wrong: Annotated[bool, typer.Option("--wrong", help="List the silently wrong cells.")] = False,
    detectors: Annotated[bool, typer.Option("--detectors", help="Other detectors on the same grid.")] = False,
    processes: Annotated[int | None, typer.Option(help="Processes; one a processor.", min=1)] = None,
    out: Annotated[
        Path | None, typer.Option(help="Where the figures go; build/envelope.json. With --cell: a folder.")
    ] = None,
    force: Force = False,
) -> None:
    """Test the chain over all rhythms, shapes and front ends.

    The C core over a grid of synthetic records: right, flagged or silently wrong, by kind.

    Without options the whole grid runs, and docs/envelope.md and its heat map are written. Exit code 1
    where a cell of the promised range is silently wrong or, on the whole grid, a target is missed.
    """
    from host_tools.envelope.grid import cells, sample
    from host_tools.errors import UserError

    everything = list(cells())
    if cell is not None:
        if cell >= len(everything):
            raise UserError(f"--cell {cell}: the cells are 0 to {len(everything) - 1}")
        _one(everything[cell], out, force)
        return
    chosen = [c for c in everything if kind is None or kind.lower() in c.kind.lower()]
    if not chosen:
        from host_tools.envelope.kinds import KINDS

        raise UserError(f"--kind {kind}: no such kind; there are {'; '.join(KINDS)}")
    chosen = sample(chosen, _QUICK) if quick else chosen
    count = processes or os.cpu_count() or 1
    if detectors:
        _detectors(sample(chosen, _COMPARED), count, whole=len(chosen) == len(everything))
    else:
        _run(chosen, count, out, force=force, whole=len(chosen) == len(everything), list_wrong=wrong)


def _run(
    chosen: list[Cell], processes: int, out: Path | None, *, force: bool, whole: bool, list_wrong: bool
) -> None:
    from host_tools.envelope import report
    from host_tools.envelope.heat_map import plot_heat_map
    from host_tools.envelope.run import run_cells
    from host_tools.errors import CheckFailed
    from host_tools.progress import track
    from host_tools.writing import claim_project, write_json

    out, documents = figures_file("envelope", "envelope", out, force=force, some=not whole)
    heat_map = report.DOCUMENT.with_suffix(".png")
    if documents:
        claim_project(heat_map)
    verdicts = list(track(run_cells(chosen, processes), len(chosen), "cells", lambda pair: pair[0].kind))
    figures = report.summarise(verdicts)
    write_json(out, figures)
    if documents:
        report.write_document(figures)
        plot_heat_map(verdicts, heat_map)
    _print(figures)
    if list_wrong:
        _print_wrong(verdicts)
    missed = [name for name, reached in figures["reached"].items() if not reached]
    if missed and (whole or "inside_silent_wrong" in missed):
        count = figures["inside"]["silent_wrong"]
        raise CheckFailed(
            f"{count} cells of the promised range are silently wrong; missed: {', '.join(missed)} "
            f"(--wrong lists them, --cell shows one; figures in {out})"
        )


def _print(figures: dict[str, Any]) -> None:
    from host_tools.envelope.report import beyond

    heads = ("cells", "right", "flagged", "wrong")
    print(f"{'':34}{'inside the promised range':>36}{'outside':>36}")
    print(f"{'':34}" + "".join(f"{head:>9}" for head in 2 * heads))
    for name, sides in {**figures["kinds"], "all": figures}.items():
        counts = [*sides["inside"].values(), *beyond(sides).values()]
        print(f"{name:34}" + "".join(f"{n:>9}" for n in counts))


def _print_wrong(verdicts: Judged) -> None:
    for cell, verdict in verdicts:
        if verdict.outcome == "silent_wrong":
            values = ", ".join(f"{k} {v}" for k, v in cell.parameters.items())
            first = next(e.start_s for e in verdict.errors if not e.flagged)
            where = "" if cell.inside else f" ({cell.side})"
            what = f"{verdict.silent} from {first} s of {verdict.beats} beats"
            print(f"{cell.number}{where} {cell.kind}: {values}: {what}")


def _one(cell: Cell, out: Path | None, force: bool) -> None:
    """Write a cell's record, and print what was found wrong in it."""
    from host_tools.envelope.grid import scenario
    from host_tools.envelope.run import run_cell
    from host_tools.simulator import simulate_scenario
    from host_tools.writing import claim_folder

    simulation = simulate_scenario(scenario(cell), cell.seed)
    folder, name = out or Path("build/envelope"), f"cell{cell.number}"
    claim_folder("envelope", folder, force=force, names=[f"{name}.{end}" for end in ("hea", "dat", "atr")])
    path = simulation.write_wfdb(folder, name)
    verdict = run_cell(cell)
    side = "inside" if cell.inside else "outside"
    print(f"cell {cell.number}, {cell.kind}, {side} the promised range, seed {cell.seed}")
    print("  " + ", ".join(f"{name} {value}" for name, value in cell.parameters.items()))
    print(f"  {verdict.outcome.replace('_', ' ')}: {verdict.beats} beats judged")
    for error in verdict.errors:
        until = f" to {error.stop_s:.2f}" if error.stop_s > error.start_s else ""
        print(f"  {error.start_s:.2f}{until} s: {error.kind}, {'flagged' if error.flagged else 'silent'}")
    print(f"record: {path} (truth in {path}.atr)")


def _detectors(chosen: list[Cell], processes: int, *, whole: bool) -> None:
    from host_tools.envelope.detectors import compare, detectors_markdown, versions
    from host_tools.envelope.report import DETECTORS, DOCUMENT

    of = versions()
    text = detectors_markdown(compare(chosen, processes), of)
    if whole:
        DETECTORS.write(text, (DOCUMENT,))
    print(text)
