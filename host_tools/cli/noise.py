"""``bitbeat score-noise``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from host_tools.cli.output import Force, figures_file
from host_tools.cli.values import MOST_PROCESSES
from host_tools.data_folder import DATA_DIR


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("score-noise")(score_noise)


def score_noise(
    data: Annotated[Path, typer.Option(help="Folder with mitdb/ and nstdb/.")] = DATA_DIR,
    out: Annotated[
        Path | None, typer.Option(help="Where the figures go; build/score_noise.json by default.")
    ] = None,
    plots: Annotated[
        Path | None, typer.Option(help="Folder of the plots; docs/ of the project by default.")
    ] = None,
    processes: Annotated[int, typer.Option(help="Processes at once.", min=1, max=MOST_PROCESSES)] = 2,
    force: Force = False,
) -> None:
    """Score the shipped chain on DS2 with noise added to it.

    QRS, V, S over noise levels; calibration; what leaving out undecided beats brings.

    The documents are written only from the committed mitdb and nstdb, checked by SHA-256 sums.
    """
    from host_tools.build import ROOT
    from host_tools.plots.trust import PLOTS, draw_all
    from host_tools.progress import track
    from host_tools.readme import DOCUMENTS
    from host_tools.text import new_console
    from host_tools.trust.sweep import score_noise as figures_of
    from host_tools.trust.sweep import sweep
    from host_tools.trust.table import SCORE_NOISE, markdown, print_noise
    from host_tools.writing import claim_folder, claim_project, write_json
    from training.datasets import DS1, DS2

    databases = {name: data / name for name in ("mitdb", "nstdb")}
    out, whole = figures_file(
        "score-noise", "score_noise", out, force=force, some=plots is not None, databases=databases
    )
    if whole:
        folder = ROOT / "docs"
        claim_project(*(folder / name for name in PLOTS))
    else:
        folder = plots or Path("build/score-noise")
        claim_folder("score-noise", folder, force=force, names=PLOTS)
    done = list(
        track(sweep(data, (*DS2, *DS1), processes), len(DS2) + len(DS1), "noise sweep", lambda s: s.record)
    )
    figures = figures_of(data, done[: len(DS2)], done[len(DS2) :])
    write_json(out, figures)
    files = draw_all(figures, folder)
    if whole:
        files += SCORE_NOISE.write(markdown(figures), DOCUMENTS)
    console = new_console()
    print_noise(figures, console)
    console.print(f"written: {', '.join(str(f) for f in (out, *files))}", soft_wrap=True, highlight=False)
