"""``bitbeat export``: checkpoint to .tflite to C, with one report over all of it."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from export.generate import MODEL_DIR, TFLITE, generate
from export.quant_report import quantisation_report
from export.tflite_export import TFLITE_BYTES_MAX, ExportResult, export_checkpoint
from host_tools.errors import CheckFailed
from training.checkpoint import load_checkpoint, write_json
from training.data import DATA_DIR, REPO_ROOT
from training.datasets import load_records, without_q
from training.evaluate import read_metrics

EXPORT_DIR = REPO_ROOT / "build" / "export"
REPORT_PATH = REPO_ROOT / "build" / "export.json"

#: Size limit of the C network: weights and tables.
C_NETWORK_BYTES_MAX = 16 * 1024


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
        As of ``export_checkpoint`` and ``generate``; also if the C network is too large.
    """
    say = tell or (lambda _: None)
    say("ONNX and TFLite")
    loaded = load_checkpoint(checkpoint)
    result = export_checkpoint(checkpoint, EXPORT_DIR, data_dir=data_dir)
    say("C network")
    target = REPO_ROOT / TFLITE
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = target.with_suffix(".part")
    shutil.copyfile(result.tflite, aside)
    os.replace(aside, target)
    generate()
    say("float against int8")
    records = [str(r) for r in loaded.info["records"]]
    peaks = str(read_metrics().get("peaks", "annotated"))
    beats = [without_q(r) for r in load_records(records, peaks, data_dir)]
    report = {
        "checkpoint": {
            key: loaded.info[key] for key in ("config_hash", "spec_hash", "git_commit", "seed", "epochs")
        },
        "onnx_max_error": result.onnx_max_error,
        "calibration_beats": result.calibration_beats,
        "calibration_records": records,
        "model": _model_figures(result),
        "quantisation": quantisation_report(
            loaded.net,
            result.tflite,
            result.graph,
            beats,
            lambda record: say(f"float against int8, record {record}"),
        ),
    }
    write_json(REPORT_PATH, report)
    return report


def _model_figures(result: ExportResult) -> dict[str, Any]:
    sizes = generated_sizes(REPO_ROOT / MODEL_DIR)
    if sizes["c_network_bytes"] > C_NETWORK_BYTES_MAX:
        raise CheckFailed(
            f"the C network takes {sizes['c_network_bytes']} bytes of weights and tables, "
            f"at most {C_NETWORK_BYTES_MAX}"
        )
    graph = result.graph
    return {
        "hash": graph.sha256,
        "operators": [op.kind for op in graph.operators],
        "tensors": [
            {"name": t.name, "type": t.dtype, "shape": list(t.shape), "scales": len(t.scales)}
            for t in graph.tensors
        ],
        "macs": result.macs,
        "tflite_bytes": result.tflite.stat().st_size,
        "tflite_bytes_max": TFLITE_BYTES_MAX,
        **sizes,
    }


def generated_sizes(folder: Path) -> dict[str, int]:
    """Bytes of weights and tables and of the arena, as the generated header states them."""
    header = folder / "ecg_model.h"
    text = header.read_text()
    sizes = {}
    for key, macro in (("c_network_bytes", "ECG_NET_CONST_BYTES"), ("arena_bytes", "ECG_NET_ARENA_BYTES")):
        found = re.search(rf"#define {macro} \(?(\d+)", text)
        if found is None:
            raise CheckFailed(f"{header}: does not state {macro}; run `bitbeat generate`")
        sizes[key] = int(found.group(1))
    return sizes
