"""``bitbeat fit-detector``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from host_tools.cli.output import Force, figures_file

if TYPE_CHECKING:
    from rich.table import Table

#: What the command says after its tables.
_NOTE = """\
Committed weights: fitted before this command existed, with an earlier form of it; then the bias (the working
point) and some weights (T wave) were set by hand. Their figures are of records that they were fitted on, the
refits' of held-out patients. "Bias moved": the refit with as many candidates above 0 as the committed weights
have on the records fitted to.
export/spec.toml stays as it is. To take weights over: edit [rpeak.weight_q8] there, then make generate,
make parity, make train, make export (the network learns from the beats that the detector finds)."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("fit-detector")(fit_detector)


def fit_detector(
    noise: Annotated[
        str, typer.Option(help="Half of the noise records to fit with: first, second (as committed) or both.")
    ] = "second",
    record: Annotated[
        list[str] | None,
        typer.Option(help="Record; may be given again. DS1 and svdb's even ones by default."),
    ] = None,
    data_dir: Annotated[
        Path | None, typer.Option("--data", help="Folder that holds mitdb/, nstdb/ and svdb/.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Where the figures go; build/detector_fit.json.")] = None,
    force: Force = False,
) -> None:
    """Fit the R-peak detector's weights again, beside the shipped.

    Changes no file of the source.

    README's table is written only from all records of the committed databases, checked by SHA-256 sums.
    """
    from host_tools.progress import track
    from host_tools.readme import DETECTOR, DOCUMENTS, detector_markdown
    from host_tools.text import new_console
    from host_tools.writing import write_json
    from training.data import DATA_DIR, DATABASES, fetch_databases
    from training.detector_candidates import training_runs
    from training.detector_compare import fit_detector as run_fit
    from training.splits import PROTOCOLS, SHIPPED

    records = record or PROTOCOLS[SHIPPED]
    training_runs(records)  # refuses DS2 before anything is fetched
    if data_dir is None:
        fetch_databases(DATA_DIR)
    where = data_dir or DATA_DIR
    out, whole = figures_file(
        "fit-detector",
        "detector_fit",
        out,
        force=force,
        some=bool(record) or noise != "second",
        databases={name: where / name for name in DATABASES},
    )
    found = run_fit(records, noise, where, track)
    write_json(out, found)
    if whole:
        DETECTOR.write(detector_markdown(found), DOCUMENTS)
    console = new_console()
    console.print(_weights_table(found))
    console.print(_figures_table(found))
    console.print(f"{_NOTE}\n{out} written", soft_wrap=True, highlight=False, markup=False)


def _weights_table(found: dict[str, Any]) -> Table:
    from rich.table import Table

    from training.detector_compare import SETS

    table = Table(title=f"Weights in 1/256, fitted to {found['candidates']:,} candidates")
    table.add_column("weight")
    for head in (*SETS, "without a fold"):
        table.add_column(head, justify="right")
    for name, row in found["weights"].items():
        spread = f"{min(row['folds'])} … {max(row['folds'])}"
        table.add_row(name, *(str(row[which]) for which in SETS), spread)
    return table


def _figures_table(found: dict[str, Any]) -> Table:
    from rich.table import Table

    from training.detector_compare import SETS

    table = Table(title="Candidates, and the whole detector (EC57, from 5:00), refits on held-out patients")
    for head in ("records", "weights"):
        table.add_column(head)
    for head in ("log loss", "AUC %", "QRS Se %", "+P %", "missed", "false"):
        table.add_column(head, justify="right")
    for group, row in found["groups"].items():
        for k, which in enumerate(SETS):
            one = row[which]
            percents = (100 * one["auc"] if one["auc"] is not None else None, one["qrs_se"], one["qrs_ppv"])
            shown = ("–" if value is None else f"{value:.2f}" for value in percents)
            table.add_row(
                "" if k else group, which, f"{one['log_loss']:.4f}", *shown,
                f"{one['missed']:,}", f"{one['false']:,}",
                end_section=which == SETS[-1],
            )  # fmt: skip
    return table
