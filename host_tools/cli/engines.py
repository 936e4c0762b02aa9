"""``bitbeat engines``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("engines")(engines)


def engines(
    records: Annotated[
        list[str] | None, typer.Argument(help="WFDB records; DS2 of MIT-BIH by default.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Where the figures go; build/engines.json for DS2.")
    ] = None,
) -> None:
    """Compare both network engines on every beat: aot, and TensorFlow Lite Micro on the C array."""
    import dataclasses

    from host_tools.engines import compare_engines
    from host_tools.errors import CheckFailed
    from host_tools.readme import DOCUMENTS, ENGINES, engines_markdown, report_path
    from host_tools.records import read_record
    from host_tools.writing import write_json
    from training.datasets import DS2

    names = records or list(DS2)
    out, whole = report_path("engines", out, some=bool(records))

    def show(name: str, beats: int, wrong: int) -> None:
        print(f"{name}: {beats} beats, {wrong} logits differ")

    report = compare_engines([(name, read_record(name, reference="none").samples) for name in names], show)
    figures = dataclasses.asdict(report)
    write_json(out, figures)
    if whole:
        ENGINES.write(engines_markdown(figures), DOCUMENTS)
    print(
        f"{report.beats} beats of {report.records} records, {report.logits} logits, "
        f"{report.mismatches} differ; C array of {report.array_bytes} bytes in an arena of "
        f"{report.arena_bytes}; written: {out}"
    )
    if report.mismatches:
        raise CheckFailed(f"{report.mismatches} logits differ between the engines")
