"""``bitbeat jitter``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from host_tools.cli.output import Force, figures_file
from host_tools.data_folder import MITDB_DIR

#: Percentiles shown of the distances, and of the delays.
_PERCENT = (50, 90, 95)
_DELAY_PERCENT = (50, 95, 100)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("jitter")(jitter)


def jitter(
    data: Annotated[Path, typer.Option(help="Folder of MIT-BIH records.")] = MITDB_DIR,
    out: Annotated[Path | None, typer.Option(help="Where the figures go; build/jitter.json.")] = None,
    force: Force = False,
) -> None:
    """Measure how exact R peaks are and how late their answers.

    How far detected R peaks lie from the annotated ones, and how long after them the answer comes.

    README's sentence is written only from the committed mitdb, checked by its SHA-256 sums.
    """
    from rich.table import Table

    from host_tools.jitter import pooled, record_jitter
    from host_tools.mitdb import record_names
    from host_tools.progress import track
    from host_tools.readme import DOCUMENTS, JITTER, jitter_markdown
    from host_tools.reference.params import FS_HZ
    from host_tools.text import new_console
    from host_tools.writing import write_json

    names = record_names(data)
    out, whole = figures_file("jitter", "jitter", out, force=force, databases={"mitdb": data})
    measured = ((name, record_jitter(data / name)) for name in names)
    found = [one for _, one in track(measured, len(names), "jitter", lambda pair: pair[0])]
    rows: list[dict[str, Any]] = []
    title = "|detected - annotated R peak|, samples, each record's offset taken out; s from R peak to answer"
    table = Table(title=title)
    for head in ("record", "offset", "median", "90 %", "95 %", "answer: median", "95 %", "last"):
        table.add_column(head, justify="right")
    for name, one in zip([*names, "all"], [*found, pooled(found)], strict=True):
        shown = [one.percentile(percent) for percent in _PERCENT]
        delays_s = [one.delay(percent) / FS_HZ for percent in _DELAY_PERCENT]
        rows.append(
            {"record": name, "offset_samples": one.offset_samples}
            | {f"p{percent}_samples": value for percent, value in zip(_PERCENT, shown, strict=True)}
            | {f"delay_p{percent}_s": value for percent, value in zip(_DELAY_PERCENT, delays_s, strict=True)}
        )
        table.add_row(
            name,
            *(f"{value:g}" for value in (one.offset_samples, *shown)),
            *(f"{delay_s:.2f}" for delay_s in delays_s),
        )
    write_json(out, rows)
    if whole:
        JITTER.write(jitter_markdown(rows), DOCUMENTS)
    new_console().print(table)
