"""``bitbeat score``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from host_tools.errors import UserError


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("score")(score)


def score(
    ref: Annotated[Path, typer.Option(help="Reference: a WFDB annotation file, or a folder of them.")],
    test: Annotated[Path, typer.Option(help="Annotations to be scored: a file, or a folder.")],
    start: Annotated[str, typer.Option(help="Seconds, mm:ss, hh:mm:ss, or s1234 (a sample).")] = "5:00",
    end: Annotated[str | None, typer.Option(help="As --start; the end of the record by default.")] = None,
    window: Annotated[float, typer.Option(help="Match window, ms.")] = 150.0,
    mapping: Annotated[str, typer.Option(help="bxb (e and j are S) or dechazal (e and j are N).")] = "bxb",
    fs: Annotated[float | None, typer.Option(help="Sampling rate, Hz, where no file says it.")] = None,
    ref_annotator: Annotated[
        str | None, typer.Option(help="Suffix of the reference's files in a folder; atr where it is there.")
    ] = None,
    test_annotator: Annotated[
        str | None, typer.Option(help="Suffix of the test's files in a folder.")
    ] = None,
    record: Annotated[
        list[str] | None, typer.Option(help="Only this record of two folders; may be given again.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for line files, JSON, CSV and HTML.")] = Path(
        "build/score"
    ),
) -> None:
    """Score beat annotations against a reference after EC57, count for count as WFDB's bxb and sumstats."""
    from rich.console import Console

    from host_tools.ec57 import MAPPINGS
    from host_tools.score import find_tasks, print_score, score_tasks, write_report
    from host_tools.writing import check_folder

    if mapping not in MAPPINGS:
        raise UserError(f"--mapping {mapping}: must be {' or '.join(MAPPINGS)}")
    if not 0 < window <= 10_000:
        raise UserError(f"--window {window:g}: must be a number of milliseconds above 0")
    if fs is not None and not 0 < fs < 1e6:
        raise UserError(f"--fs {fs:g}: must be a sampling rate in Hz")
    check_folder(out)
    tasks, untested = find_tasks(ref, test, ref_annotator, test_annotator, record or ())
    result = score_tasks(
        tasks, start=start, end=end, window_ms=window, mapping=mapping, fs_hz=fs, untested=untested
    )
    files = write_report(result, out)
    console = Console()
    print_score(result, console)
    console.print(f"written: {', '.join(str(path) for path in files)}", soft_wrap=True, highlight=False)
