"""Checkpoint to full-int8 TFLite: ONNX, onnx2tf in a process of its own, then every promise checked."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from export.calibration import calibration_arrays
from export.graph import Graph
from export.network_report import MACS_MAX, TFLITE_BYTES_MAX
from export.onnx_export import export_onnx
from export.tflite_check import check_full_int8
from export.tflite_reader import read_tflite
from host_tools.errors import CheckFailed, UserError
from training.checkpoint import load_checkpoint
from training.data import DATA_DIR, REPO_ROOT
from training.datasets import RecordBeats, load_records
from training.model import check_context, count_macs

_TIMEOUT_S = 600


@dataclass(frozen=True)
class ExportResult:
    """What the export of one checkpoint gave.

    Attributes
    ----------
    onnx, tflite : Path
        The files.
    onnx_max_error : float
        Largest difference of a logit between torch and onnxruntime.
    model_digest : str
        SHA-256 of the .tflite, hexadecimal.
    macs : int
        Multiply-accumulates per beat.
    graph : Graph
        The .tflite as read back.
    calibration_beats : int
        Beats from which the ranges were taken.
    """

    onnx: Path
    tflite: Path
    onnx_max_error: float
    model_digest: str
    macs: int
    graph: Graph
    calibration_beats: int


def export_checkpoint(
    checkpoint: Path,
    out_dir: Path,
    calibration_records: Sequence[str] | None = None,
    data_dir: Path = DATA_DIR,
) -> ExportResult:
    """Write ``bitbeat.onnx`` and ``bitbeat.tflite`` into ``out_dir``.

    Parameters
    ----------
    checkpoint : Path
        The ``.safetensors`` file.
    out_dir : Path
        Made if it is not there; also gets the converter's log.
    calibration_records : sequence of str, optional
        records; those that the checkpoint was trained on by default. No others are accepted.
    data_dir : Path
        Holds ``mitdb/`` and ``svdb/``.

    Returns
    -------
    ExportResult
        Files and figures.

    Raises
    ------
    UserError
        If the checkpoint or data are missing, or a calibration record was not trained on.
    CheckFailed
        If the conversion fails or its result breaks a promise.
    """
    loaded = load_checkpoint(checkpoint)
    trained = [str(r) for r in loaded.info.get("records", [])]
    chosen = list(calibration_records) if calibration_records is not None else trained
    for record in chosen:
        if record not in trained:
            raise UserError(f"record {record} was not trained on; calibration takes training records only")
    if not chosen:
        raise UserError(f"{checkpoint}: names no training records to calibrate with; run `make train`")
    beats = load_records(chosen, "detected", data_dir)
    out_dir.mkdir(parents=True, exist_ok=True)
    onnx = out_dir / "bitbeat.onnx"
    check_context(loaded.net.config, str(checkpoint))
    macs = count_macs(loaded.net.config)
    if macs > MACS_MAX:
        raise CheckFailed(f"{checkpoint}: {macs} multiply-accumulates per beat, at most {MACS_MAX}")
    error = export_onnx(loaded.net, onnx)
    tflite, calibration_beats = convert_onnx(onnx, beats, out_dir)
    graph = read_tflite(tflite)
    return ExportResult(onnx, tflite, error, graph.sha256, macs, graph, calibration_beats)


def convert_onnx(onnx: Path, beats: Sequence[RecordBeats], out_dir: Path) -> tuple[Path, int]:
    """Run onnx2tf; returns the checked ``bitbeat.tflite`` and the number of calibration beats.

    Raises
    ------
    CheckFailed
        If the converter fails (its log is named) or the file is too large or not full int8.
    """
    work = out_dir / "onnx2tf"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    beat, rhythm = calibration_arrays(beats)
    inputs = {"beat": work / "beat.npy", "rhythm": work / "rhythm.npy"}
    np.save(inputs["beat"], beat)
    np.save(inputs["rhythm"], rhythm)
    job = work / "job.json"
    names = {name: str(path.resolve()) for name, path in inputs.items()}
    job.write_text(
        json.dumps({"onnx": str(onnx.resolve()), "out": str((work / "out").resolve()), "inputs": names})
    )
    log = out_dir / "onnx2tf.log"
    _run_converter(job, log, work)
    made = sorted((work / "out").glob("*_full_integer_quant.tflite"))
    if len(made) != 1:
        raise CheckFailed(f"onnx2tf wrote no full-integer model; see {log}")
    try:
        check_full_int8(read_tflite(made[0]))
    except UserError as error:
        raise CheckFailed(str(error)) from None
    size = made[0].stat().st_size
    if size > TFLITE_BYTES_MAX:
        raise CheckFailed(f"{made[0]}: {size} bytes, at most {TFLITE_BYTES_MAX}")
    target = out_dir / "bitbeat.tflite"
    os.replace(made[0], target)
    shutil.rmtree(work)
    return target, len(beat)


def _run_converter(job: Path, log: Path, cwd: Path) -> None:
    # onnx2tf calls onnxsim from PATH; it lies beside the interpreter.
    environment = dict(
        os.environ,
        PATH=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
        PYTHONPATH=str(REPO_ROOT),
        PYTHONHASHSEED="0",
        CUDA_VISIBLE_DEVICES="-1",
        TF_CPP_MIN_LOG_LEVEL="3",
        TF_ENABLE_ONEDNN_OPTS="0",
    )
    with log.open("w") as out:
        try:
            done = subprocess.run(
                [sys.executable, "-m", "export.onnx2tf_worker", str(job.resolve())],
                cwd=cwd,  # the converter drops files into its working folder
                env=environment,
                stdout=out,
                stderr=subprocess.STDOUT,
                timeout=_TIMEOUT_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise CheckFailed(f"onnx2tf did not finish within {_TIMEOUT_S} s; see {log}") from None
    if done.returncode != 0:
        raise CheckFailed(f"onnx2tf failed with status {done.returncode}; see {log}")
