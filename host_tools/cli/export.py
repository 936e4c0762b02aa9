"""``bitbeat export`` and ``bitbeat generate``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from host_tools.cli.output import Yes, ask
from host_tools.cli.train import need
from host_tools.errors import UserError

if TYPE_CHECKING:
    from rich.console import Console


_DATABASES = ("mitdb", "svdb")


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("export")(export)
    app.command("generate")(generate)


def export(
    checkpoint: Annotated[
        Path | None, typer.Option(help="The .safetensors file; the committed one by default.")
    ] = None,
    data_dir: Annotated[
        Path | None, typer.Option("--data", help="Folder that holds mitdb/ and svdb/.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for model, C files and report; the firmware stays as it is."),
    ] = None,
    accept_loss: Annotated[
        bool, typer.Option("--accept-loss", help="Export an int8 network that is much worse, too.")
    ] = False,
    yes: Yes = False,
) -> None:
    """Turn a checkpoint into int8 TFLite and C, with a report.

    By way of ONNX; writes build/export.json.

    Refused before anything is replaced: an int8 network that loses more than 1 point of macro-F1 or 2 of any
    class against its float twin. README and the model card are written only of the committed checkpoint on
    the committed data, checked by SHA-256 sums.
    """
    need(("torch", "safetensors", "onnx2tf", "onnxruntime"), "export")
    need(("tflite", "tflite_micro"), "parity")
    from export.pipeline import REPORT_PATH, export_all, out_files
    from host_tools.text import new_console
    from host_tools.writing import claim_files
    from training.checkpoint import CHECKPOINT_PATH, load_checkpoint
    from training.data import DATA_DIR, fetch_databases

    chosen, where = checkpoint or CHECKPOINT_PATH, data_dir or DATA_DIR
    load_checkpoint(chosen)  # refused before anybody is asked
    if out is not None:
        claim_files("export", out_files(out), force=yes, inputs=[chosen, chosen.with_suffix(".json")])
    else:
        _allow_replacing(chosen.resolve() == CHECKPOINT_PATH.resolve(), data_dir, yes)
        claim_files("export", [REPORT_PATH], force=yes)
    if data_dir is None:
        fetch_databases(where, names=_DATABASES)
    console = new_console()
    errors = new_console(stderr=True)
    with errors.status("export") as status:
        export_all(
            chosen,
            where,
            tell=lambda what: status.update(f"export: {what}"),
            out=out,
            accept_loss=accept_loss,
            show=lambda report: print_report(console, report),
        )
    console.print(f"written: {out if out is not None else REPORT_PATH}", soft_wrap=True, highlight=False)


def _allow_replacing(committed: bool, data_dir: Path | None, yes: bool) -> None:
    """Refuse to make the shipped model of the committed checkpoint with other data; ask before it goes."""
    from training.data import not_committed

    if committed and data_dir is not None and (why := not_committed({n: data_dir / n for n in _DATABASES})):
        raise UserError(f"{why}: the shipped model is made with the committed data; give --out FOLDER")
    what = "the shipped model" + ("" if committed else " by that of another checkpoint")
    ask(f"{what}, firmware/lib/model/bitbeat.tflite, and all that is generated from it", yes)


def generate() -> None:
    """Write the generated files again, from spec.toml and .tflite."""
    from export.generate import generate as write_all
    from host_tools.text import new_console

    written = write_all()
    new_console().print(f"{len(written)} generated files are up to date")


def print_report(console: Console, report: dict[str, Any]) -> None:
    """Print the export's tables: what the model costs, what quantisation costs, the layers."""
    from rich.table import Table

    model = report["model"]
    table = Table(title=f"bitbeat.tflite {model['model_sha256'][:12]}", show_header=False)
    for name, value in (
        ("operators", " ".join(op["kind"] for op in model["operators"])),
        ("tensors", str(len(model["tensors"]))),
        ("MACs per beat", f"{model['macs']:,}"),
        (".tflite", f"{model['tflite_bytes']:,} bytes"),
        ("C network: weights and tables", f"{model['c_network_bytes']:,} bytes"),
        ("arena", f"{model['arena_bytes']:,} bytes (without reuse {model['arena_bytes_without_reuse']:,})"),
        ("ONNX against torch", f"at most {report['onnx_max_error']:.1e} in a logit"),
        (
            "calibration",
            f"{report['calibration_beats']} beats of {len(report['calibration_records'])} training records",
        ),
    ):
        table.add_row(name, value)
    console.print(table)
    cost = report["quantisation"]
    table = Table(title=f"float against int8, {cost['beats']:,} beats of the cross-validation records")
    for name in ("", "accuracy %", "macro-F1 N S V %", "F1 N %", "F1 S %", "F1 V %"):
        table.add_column(name, justify="left" if not name else "right")
    for kind in ("float", "int8"):
        f = cost[kind]
        values = [f["accuracy"], f["macro_f1_nsv"], *(f["classes"][c]["f1"] for c in "NSV")]
        table.add_row(kind, *(f"{100 * v:.2f}" for v in values))
    d = cost["int8_minus_float"]
    table.add_row(
        "difference", *(f"{v:+.2f}" for v in (d["accuracy"], d["macro_f1_nsv"], *(d["f1"][c] for c in "NSV")))
    )
    table.caption = (
        f"same class for {100 * cost['same_class_share']:.2f} % of the beats; "
        f"worst class {cost['worst_class']['class']}: {cost['worst_class']['f1_points']:+.2f} points of F1"
    )
    console.print(table)
    table = Table(title="error of each layer, in steps of its own int8 scale")
    for name in ("layer", "shape", "RMS", "maximum", "signal to error, dB", "lost, % of a channel"):
        table.add_column(name, justify="left" if name in ("layer", "shape") else "right")
    for row in cost["layers"]:
        ratio = "-" if row["sqnr_db"] is None else f"{row['sqnr_db']:.1f}"
        shape = "x".join(str(n) for n in row["shape"])
        table.add_row(
            row["layer"],
            shape,
            f"{row['rms_error_lsb']:.2f}",
            f"{row['max_error_lsb']:.1f}",
            ratio,
            f"{100 * row['lost_share']:.2f}",
        )
    console.print(table)
