"""``bitbeat score-noise``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from host_tools.data_folder import DATA_DIR

_DATA, _PLOTS = DATA_DIR, Path("docs")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("score-noise")(score_noise)


def score_noise(
    data: Annotated[Path, typer.Option(help="Folder with mitdb/ and nstdb/.")] = _DATA,
    out: Annotated[Path, typer.Option(help="Where the figures go.")] = Path("build/score_noise.json"),
    plots: Annotated[Path, typer.Option(help="Folder of the plots.")] = _PLOTS,
    processes: Annotated[int, typer.Option(help="Processes at once.")] = 2,
) -> None:
    """Sweep noise levels through the C core: QRS, V, S; calibration; what leaving beats undecided brings."""
    from host_tools.errors import UserError
    from host_tools.plots.trust import draw_all
    from host_tools.progress import track
    from host_tools.readme import DOCUMENTS
    from host_tools.text import new_console
    from host_tools.trust.sweep import score_noise as figures_of
    from host_tools.trust.sweep import sweep
    from host_tools.trust.table import SCORE_NOISE, markdown, print_noise
    from host_tools.writing import check_folder, write_json
    from training.datasets import DS1, DS2

    if processes < 1:
        raise UserError(f"--processes {processes}: must be at least 1")
    check_folder(out.parent)
    check_folder(plots)
    done = list(
        track(sweep(data, (*DS2, *DS1), processes), len(DS2) + len(DS1), "noise sweep", lambda s: s.record)
    )
    figures = figures_of(data, done[: len(DS2)], done[len(DS2) :])
    write_json(out, figures)
    files = draw_all(figures, plots)
    if (data, plots) == (_DATA, _PLOTS):
        files += SCORE_NOISE.write(markdown(figures), DOCUMENTS)
    console = new_console()
    print_noise(figures, console)
    console.print(f"written: {', '.join(str(f) for f in (out, *files))}", soft_wrap=True, highlight=False)
