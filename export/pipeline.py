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
from host_tools.writing import replacing, write_json
from training.checkpoint import CHECKPOINT_PATH, load_checkpoint
from training.data import DATA_DIR, REPO_ROOT, file_sha256
from training.datasets import load_records, without_q
from training.evaluate import read_metrics
from training.model_card import EXPORT_REPORT_PATH, write_card

EXPORT_DIR = REPO_ROOT / "build" / "export"
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
        Holds ``mitdb/``.
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
    peaks = str(read_metrics().get("peaks", "annotated"))
    beats = [without_q(r) for r in load_records(records, peaks, data_dir)]
    report = {
        "checkpoint": {
            "sha256": file_sha256(checkpoint),
            **{key: loaded.info[key] for key in ("config_hash", "spec_hash", "git_commit", "seed", "epochs")},
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
        write_card()
    return report


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
