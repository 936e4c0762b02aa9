"""``bitbeat score`` and ``bitbeat scoreboard``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from host_tools.cli.output import Force, figures_file
from host_tools.cli.values import MOST_PROCESSES
from host_tools.errors import UserError

_DATABASES, _PAGE = ("mitdb", "nstdb"), ("score.md", "score.png")


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("score")(score)
    app.command("scoreboard")(scoreboard)


def score(
    ref: Annotated[Path, typer.Option(help="Reference: a WFDB annotation file, or a folder of them.")],
    test: Annotated[Path, typer.Option(help="Annotations to be scored: a file, or a folder.")],
    start: Annotated[str, typer.Option(help="Seconds, mm:ss, hh:mm:ss, or s1234 (a sample).")] = "5:00",
    end: Annotated[str | None, typer.Option(help="As --start; the end of the record by default.")] = None,
    window: Annotated[float, typer.Option(help="Match window, ms.")] = 150.0,
    mapping: Annotated[str, typer.Option(help="bxb (e and j are S) or dechazal (e and j are N).")] = "bxb",
    fs: Annotated[float | None, typer.Option(help="Sampling rate, Hz, where no file says it.")] = None,
    ref_annotator: Annotated[
        str | None, typer.Option(help="Suffix of the reference (folder or record); atr where it is there.")
    ] = None,
    test_annotator: Annotated[str | None, typer.Option(help="Suffix of the test (folder or record).")] = None,
    record: Annotated[
        list[str] | None, typer.Option(help="Only this record of two folders; may be given again.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for line files, JSON, CSV and HTML.")] = Path(
        "build/score"
    ),
    force: Force = False,
) -> None:
    """Compare your beat annotations with a reference, after EC57.

    Count for count as WFDB's bxb and sumstats.
    """
    from host_tools.ec57 import MAPPINGS
    from host_tools.score import REPORT_SUFFIXES, find_tasks, print_score, score_tasks, write_report
    from host_tools.text import new_console
    from host_tools.writing import claim_folder

    if mapping not in MAPPINGS:
        raise UserError(f"--mapping {mapping}: must be {' or '.join(MAPPINGS)}")
    if not 0 < window <= 10_000:
        raise UserError(f"--window {window:g}: must be above 0 and at most 10000 ms")
    if fs is not None and not 0 < fs < 1e6:
        raise UserError(f"--fs {fs:g}: must be above 0 and below 1000000 Hz")
    names = [f"score.{suffix}" for suffix in REPORT_SUFFIXES]
    claim_folder("score", out, force=force, inputs=(ref, test), names=names)
    tasks, untested = find_tasks(ref, test, ref_annotator, test_annotator, record or ())
    if record and not (ref.is_dir() and test.is_dir()):
        raise UserError("--record picks records of two folders; --ref and --test name one record already")
    result = score_tasks(
        tasks, start=start, end=end, window_ms=window, mapping=mapping, fs_hz=fs, untested=untested
    )
    files = write_report(result, out)
    # A narrower terminal would cut figures off; it breaks the lines instead.
    console = new_console(width=max(80, new_console().width))
    print_score(result, console)
    if result.doubts:
        print(f"bitbeat: warning: {result.doubts}", file=sys.stderr)
    written = ", ".join(str(path) for path in files)
    console.print(f"written: {written}", soft_wrap=True, highlight=False, markup=False)


def scoreboard(
    out: Annotated[
        Path | None, typer.Option(help="Where the figures go; build/score.json by default.")
    ] = None,
    data_dir: Annotated[
        Path | None, typer.Option("--data", help="Folder that holds mitdb/ and nstdb/.")
    ] = None,
    docs: Annotated[
        Path | None, typer.Option(help="Folder of score.md and score.png; docs/ by default.")
    ] = None,
    processes: Annotated[
        int, typer.Option(help="Records at once; 0 = one a core.", min=0, max=MOST_PROCESSES)
    ] = 0,
    force: Force = False,
) -> None:
    """Score the shipped chain on all of MIT-BIH: docs/score.md.

    Detection, noise, DS2 with both models; logs new models.

    README, docs/ and the log are written only from the committed mitdb and nstdb, checked by SHA-256 sums.
    """
    from host_tools.build import ROOT
    from host_tools.cli.train import need
    from host_tools.readme import DOCUMENTS
    from host_tools.scoreboard import plot_records, print_sheets, score_all, scorings, write_documents
    from host_tools.text import new_console
    from host_tools.writing import claim_folder, claim_project, write_json
    from training.data import DATA_DIR, fetch_databases
    from training.evaluate import DS2_LOG_PATH

    need(("torch", "safetensors"), "train")
    if data_dir is None:
        fetch_databases(DATA_DIR, names=_DATABASES)
    where = data_dir or DATA_DIR
    databases = {name: where / name for name in _DATABASES}
    out, whole = figures_file(
        "scoreboard", "score", out, force=force, some=docs is not None, databases=databases
    )
    folder = ROOT / "docs" if whole else docs or Path("build/scoreboard")
    if whole:
        claim_project(*(folder / name for name in _PAGE))
    else:
        claim_folder("scoreboard", folder, force=force, names=_PAGE)
    console, errors = new_console(width=max(120, new_console().width)), new_console(stderr=True)
    with errors.status("score") as status:
        board = score_all(where, processes, lambda what: status.update(f"score: {what}"))
    logged = _log(board.entries) if whole else []
    board.content["ds2_scorings"] = scorings(DS2_LOG_PATH)
    write_json(out, board.content)
    print_sheets(board.content, console)
    written = write_documents(board.content, folder / "score.md", DOCUMENTS if whole else [])
    written.append(plot_records(folder / "score.png", board.content))
    written += logged
    for note in board.notes:
        console.print(f"note: {note}", style="yellow", highlight=False)
    console.print(f"written: {', '.join(map(str, [out, *written]))}", soft_wrap=True, highlight=False)


def _log(entries: list[dict[str, Any]]) -> list[Path]:
    """Log models that were not scored on DS2 before; the model card says what the log says."""
    from host_tools.scoreboard import append_log
    from training.evaluate import DS2_LOG_PATH
    from training.model_card import CARD_PATH, write_card

    new = [append_log(entry, DS2_LOG_PATH) for entry in entries]
    if not any(new):
        return []
    write_card()
    return [DS2_LOG_PATH, CARD_PATH]
