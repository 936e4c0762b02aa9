"""``bitbeat export``: checkpoint to .tflite to C, with one report over all of it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from export.c_network import network_report
from export.generate import TFLITE, generate
from export.network_report import C_NETWORK_BYTES_MAX, MACS_MAX, TFLITE_BYTES_MAX, NetworkReport
from export.quant_report import quantisation_report
from export.tflite_export import export_checkpoint
from host_tools.errors import CheckFailed
from host_tools.readme import DOCUMENTS, SIZE, size_markdown
from host_tools.writing import replacing, write_json
from training.checkpoint import CHECKPOINT_PATH, load_checkpoint
from training.data import DATA_DIR, REPO_ROOT, file_sha256
from training.datasets import load_records
from training.model_card import EXPORT_REPORT_PATH, write_card
from training.splits import PROTOCOLS, SHIPPED
from training.train import committed_outputs

EXPORT_DIR = REPO_ROOT / "build" / "export"
#: What the report repeats of the checkpoint.
_PROVENANCE = ("protocol", "config_hash", "spec_hash", "git_commit", "seed", "steps")
REPORT_PATH = REPO_ROOT / "build" / "export.json"


def export_all(
    checkpoint: Path, data_dir: Path = DATA_DIR, tell: Callable[[str], None] | None = None
) -> dict[str, Any]:
    """Export a checkpoint into the firmware and report on it.

    Parameters
    ----------
    checkpoint : Path
        The ``.safetensors`` file.
    data_dir : Path
        Holds ``mitdb/`` and ``svdb/``.
    tell : callable, optional
        Told what is being done.

    Returns
    -------
    dict
        What ``build/export.json`` holds.

    Raises
    ------
    UserError, CheckFailed
        As of ``export_checkpoint`` and ``generate``; also if the network is too large.
    """
    say = tell or (lambda _: None)
    say("ONNX and TFLite")
    loaded = load_checkpoint(checkpoint)
    result = export_checkpoint(checkpoint, EXPORT_DIR, data_dir=data_dir)
    costs = network_report(result.tflite)
    check_limits(costs)
    say("C network")
    target = REPO_ROOT / TFLITE
    with replacing(target) as aside:
        shutil.copyfile(result.tflite, aside)
    generate()
    say("float against int8")
    records = [str(r) for r in loaded.info["records"]]
    beats = load_records(records, "detected", data_dir)
    report = {
        "checkpoint": {
            "sha256": file_sha256(checkpoint),
            **{
                key: loaded.info[key]
                for key in ("config_hash", "spec_hash", "git_commit", "seed", "steps", "protocol")
            },
        },
        "onnx_max_error": result.onnx_max_error,
        "calibration_beats": result.calibration_beats,
        "calibration_records": records,
        "model": asdict(costs),
        "quantisation": quantisation_report(
            loaded.net,
            result.tflite,
            result.graph,
            beats,
            lambda record: say(f"float against int8, record {record}"),
        ),
    }
    write_json(REPORT_PATH, report)
    if checkpoint.resolve() == CHECKPOINT_PATH.resolve():
        write_json(EXPORT_REPORT_PATH, report)
        SIZE.write(size_markdown(report), DOCUMENTS)
        for protocol in PROTOCOLS:
            if protocol != SHIPPED:
                say(f"network of the protocol {protocol}")
                export_comparison(protocol, data_dir)
        write_card()
    return report


def export_comparison(protocol: str, data_dir: Path = DATA_DIR) -> Path:
    """Export another protocol's committed checkpoint to a .tflite beside it; the firmware stays as it is.

    Raises
    ------
    UserError, CheckFailed
        As of ``export_checkpoint``; also if the network is too large.
    """
    checkpoint = committed_outputs(protocol).checkpoint
    result = export_checkpoint(checkpoint, EXPORT_DIR / protocol, data_dir=data_dir)
    check_limits(network_report(result.tflite))
    target = checkpoint.with_suffix(".tflite")
    with replacing(target) as aside:
        shutil.copyfile(result.tflite, aside)
    return target


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
