"""``bitbeat export``: checkpoint to .tflite to C, with one report over all of it."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from export.c_network import network_report
from export.generate import (
    MODEL_DIR,
    MODEL_FILES,
    REFERENCE_DIR,
    TFLITE,
    keep_only,
    record_generated,
    write_generated,
)
from export.network_report import C_NETWORK_BYTES_MAX, MACS_MAX, TFLITE_BYTES_MAX, NetworkReport
from export.quant_report import loss_text, quantisation_report
from export.tflite_export import ExportResult, export_checkpoint
from host_tools.errors import CheckFailed
from host_tools.readme import DOCUMENTS, SIZE, size_markdown
from host_tools.writing import claim_project, renaming, replacing_all, write_json
from training.checkpoint import CHECKPOINT_PATH, load_checkpoint
from training.data import DATA_DIR, REPO_ROOT, file_sha256
from training.datasets import load_records
from training.model_card import EXPORT_REPORT_PATH, write_card
from training.splits import PROTOCOLS, SHIPPED
from training.train import committed_outputs

#: Where models are converted; nothing there counts.
EXPORT_DIR = REPO_ROOT / "build" / "export"
REPORT_PATH = REPO_ROOT / "build" / "export.json"
#: What the report repeats of the checkpoint.
_PROVENANCE = ("config_hash", "spec_hash", "git_commit", "seed", "steps", "protocol")
#: What a folder of the user's gets beside the model's C files.
_OUT_NAMES = ("bitbeat.onnx", "bitbeat.tflite", "network.py", "export.json")

Say = Callable[[str], None]


def out_files(folder: Path) -> list[Path]:
    """Return the files that an export into a folder of the user's writes."""
    return [folder / name for name in (*_OUT_NAMES, *MODEL_FILES)]


def export_all(
    checkpoint: Path,
    data_dir: Path = DATA_DIR,
    tell: Say | None = None,
    *,
    out: Path | None = None,
    accept_loss: bool = False,
    show: Callable[[dict[str, Any]], None] | None = None,
) -> dict[str, Any]:
    """Export a checkpoint and report on it: into the firmware, or into a folder.

    Everything is made aside and judged; then all files take their places at once, or none does.

    Parameters
    ----------
    checkpoint : Path
        The ``.safetensors`` file.
    data_dir : Path
        Holds ``mitdb/`` and ``svdb/``.
    tell : callable, optional
        Told what is being done.
    out : Path, optional
        Gets model, C files and report (:func:`out_files`); the project itself by default.
    accept_loss : bool
        Export an int8 network that is much worse than the float one, too.
    show : callable, optional
        Given the report before it is judged.

    Returns
    -------
    dict
        What ``build/export.json`` holds.

    Raises
    ------
    UserError, CheckFailed
        As of ``export_checkpoint`` and ``generate``; also if the network is too large, or worse than
        ``loss_text`` allows.
    """
    say = tell or (lambda _: None)
    say("ONNX and TFLite")
    loaded = load_checkpoint(checkpoint)
    result = export_checkpoint(checkpoint, EXPORT_DIR, data_dir=data_dir)
    costs = network_report(result.tflite)
    check_limits(costs)
    say("float against int8")
    records = [str(r) for r in loaded.info["records"]]
    report: dict[str, Any] = {
        "checkpoint": {
            "sha256": file_sha256(checkpoint),
            **{key: loaded.info.get(key) for key in _PROVENANCE},
        },
        "onnx_max_error": result.onnx_max_error,
        "calibration_beats": result.calibration_beats,
        "calibration_records": records,
        "model": asdict(costs),
        "quantisation": quantisation_report(
            loaded.net,
            result.tflite,
            result.graph,
            load_records(records, "detected", data_dir),
            lambda record: say(f"float against int8, record {record}"),
        ),
    }
    if show:
        show(report)
    loss = loss_text(report["quantisation"])
    if loss and not accept_loss:
        raise CheckFailed(f"{loss}; nothing was replaced (--accept-loss exports it all the same)")
    say("C network")
    if out is not None:
        _write_out(out, result, report)
        return report
    committed = checkpoint.resolve() == CHECKPOINT_PATH.resolve()
    _replace_model(result.tflite, committed, data_dir, say)
    write_json(REPORT_PATH, report)
    if committed:
        with renaming(EXPORT_REPORT_PATH) as aside:
            aside.write_text(json.dumps(report, indent=1, allow_nan=False) + "\n")
        SIZE.write(size_markdown(report), DOCUMENTS)
        write_card()
    return report


def _write_out(out: Path, result: ExportResult, report: dict[str, Any]) -> None:
    """Write model, C files and report into a folder of the user's."""
    with replacing_all(out) as aside:
        with tempfile.TemporaryDirectory(dir=aside) as whole:
            write_generated(Path(whole), result.tflite)
            for name in MODEL_FILES:
                shutil.copyfile(Path(whole) / MODEL_DIR / name, aside / name)
            shutil.copyfile(Path(whole) / REFERENCE_DIR / "network.py", aside / "network.py")
        shutil.copyfile(result.onnx, aside / "bitbeat.onnx")
        shutil.copyfile(result.tflite, aside / "bitbeat.tflite")
        (aside / "export.json").write_text(json.dumps(report, indent=1, allow_nan=False) + "\n")


def _replace_model(tflite: Path, committed: bool, data_dir: Path, say: Say) -> None:
    """Put a model and all that is generated from it in place of the project's, all files at once."""
    claim_project(*(REPO_ROOT / folder for folder in ("firmware", "host_tools", "training")))
    with replacing_all(REPO_ROOT) as aside:
        written = [TFLITE, *write_generated(aside, tflite)]
        shutil.copyfile(tflite, aside / TFLITE)
        for protocol in PROTOCOLS if committed else ():
            if protocol != SHIPPED:
                say(f"network of the protocol {protocol}")
                target = committed_outputs(protocol).checkpoint.with_suffix(".tflite").relative_to(REPO_ROOT)
                (aside / target).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(export_comparison(protocol, data_dir), aside / target)
                written.append(target)
        keep_only(aside, written)
    record_generated(REPO_ROOT / TFLITE)


def export_comparison(protocol: str, data_dir: Path = DATA_DIR) -> Path:
    """Export another protocol's committed checkpoint; returns the .tflite, which is in no place yet.

    Raises
    ------
    UserError, CheckFailed
        As of ``export_checkpoint``; also if the network is too large.
    """
    checkpoint = committed_outputs(protocol).checkpoint
    result = export_checkpoint(checkpoint, EXPORT_DIR / protocol, data_dir=data_dir)
    check_limits(network_report(result.tflite))
    return result.tflite


def check_limits(costs: NetworkReport) -> None:
    """Refuse a network that is larger than the device's share for it."""
    for what, value, limit in (
        ("bytes of weights and tables in C", costs.c_network_bytes, C_NETWORK_BYTES_MAX),
        ("bytes of .tflite", costs.tflite_bytes, TFLITE_BYTES_MAX),
        ("multiply-accumulates per beat", costs.macs, MACS_MAX),
    ):
        if value > limit:
            raise CheckFailed(
                f"the network takes {value} {what}, at most {limit}; make it smaller in config.toml"
            )
