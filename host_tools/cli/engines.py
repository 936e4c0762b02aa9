"""``bitbeat engines``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from host_tools.cli.output import Force, figures_file


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
    force: Force = False,
) -> None:
    """Compare the compiled network with TensorFlow Lite Micro.

    Both engines on every beat: aot, and TensorFlow Lite Micro on the C array.

    README's sentence is written only from DS2 of the committed mitdb, checked by SHA-256 sums.
    """
    import dataclasses

    from host_tools.engines import compare_engines
    from host_tools.errors import CheckFailed
    from host_tools.readme import DOCUMENTS, ENGINES, engines_markdown
    from host_tools.records import DATA_DIR, read_record
    from host_tools.writing import write_json
    from training.datasets import DS2

    # By their paths: a bare name is looked up beside the user first.
    mitdb = DATA_DIR / "mitdb"
    paths = {name: name for name in records} if records else {name: str(mitdb / name) for name in DS2}
    out, whole = figures_file(
        "engines", "engines", out, force=force, some=bool(records), databases={"mitdb": mitdb}
    )

    def show(name: str, beats: int, wrong: int) -> None:
        print(f"{name}: {beats} beats, {wrong} logits differ")

    samples = [(name, read_record(path, reference="none").samples) for name, path in paths.items()]
    report = compare_engines(samples, show)
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
