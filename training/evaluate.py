"""Figures of the trained model: cross-validation as stored, and DS2 through the deployed chain.

``score_ds2`` is the only function of the project's training side that reads DS2. It needs no torch:
it runs the C core as firmware runs it (own R peaks, int8 network) and compares beat by beat.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host_tools.errors import CheckFailed, UserError
from training.data import REPO_ROOT
from training.datasets import DS2, read_labels, read_samples

REPORT_DIR = Path(__file__).with_name("report")
DS2_LOG_PATH = Path(__file__).with_name("ds2_log.jsonl")
TFLITE_PATH = REPO_ROOT / "firmware" / "lib" / "model" / "bitbeat.tflite"

#: EC57's learning period, not scored.
START_S = 300

#: Rows and columns of the beat-by-beat matrix: N S V F Q, then missed (as column) or false (as row).
MATRIX_LABELS = ("N", "S", "V", "F", "Q", "O")


def read_metrics(folder: Path = REPORT_DIR) -> dict[str, Any]:
    """Cross-validation figures of the committed report; raises UserError when there are none."""
    path = folder / "metrics.json"
    try:
        metrics: dict[str, Any] = json.loads(path.read_text())
        return metrics
    except FileNotFoundError:
        raise UserError(f"{path}: no report; `make train` writes it") from None
    except ValueError as error:
        raise UserError(f"{path}: damaged ({error}); restore it or run `make train`") from None


def rate(part: float, whole: float) -> float:
    """Percentage, 0 over nothing."""
    return 100 * float(part) / float(whole) if whole else 0.0


def figures_from_matrix(matrix: NDArray[np.int64]) -> dict[str, Any]:
    """EC57 rates in percent from a beat-by-beat matrix under de Chazal's mapping.

    Parameters
    ----------
    matrix : ndarray
        int64 [6, 6]; rows the reference N S V F Q and O (no reference beat), columns the device's
        N S V F Q and O (missed).

    Returns
    -------
    dict
        ``classes`` (se, ppv, f1 of N S V F), ``qrs``, ``accuracy`` over N S V F with missed and false
        beats as errors, ``macro_f1`` over N S V, and the ``matrix``. As in EC57, a V called by the
        device on a reference F or Q is not counted against V, nor an S on a Q.
    """
    free = {"N": "Q", "S": "Q", "V": "FQ", "F": "Q"}
    classes = {}
    for k, name in enumerate("NSVF"):
        true_positive = matrix[k, k]
        false_positive = sum(
            int(matrix[i, k]) for i, row in enumerate(MATRIX_LABELS) if i != k and row not in free[name]
        )
        se = rate(true_positive, matrix[k].sum())
        ppv = rate(true_positive, true_positive + false_positive)
        classes[name] = {"se": se, "ppv": ppv, "f1": 2 * se * ppv / (se + ppv) if se + ppv else 0.0}
    found = matrix[:5, :5].sum()
    judged = matrix[:4].sum() + matrix[5, :5].sum()
    return {
        "classes": classes,
        "qrs": {"se": rate(found, matrix[:5].sum()), "ppv": rate(found, matrix[:, :5].sum())},
        "accuracy": rate(np.trace(matrix[:4, :4]), judged),
        "macro_f1": float(np.mean([classes[name]["f1"] for name in "NSV"])),
        "matrix": matrix.tolist(),
    }


def score_ds2(data_dir: Path) -> dict[str, Any]:
    """Run the C core over DS2 and compare beat by beat from 5:00 on.

    Parameters
    ----------
    data_dir : Path
        Holds ``mitdb/``.

    Returns
    -------
    dict
        One line of the log: date, commit, hashes, figures, figures of S without record 232.
    """
    from host_tools.ec57 import pair_beats
    from host_tools.native import run_core
    from host_tools.reference.params import DELAY_SAMPLES, FS_HZ, SPEC_DIGEST

    total = np.zeros((6, 6), np.int64)
    without_232 = np.zeros((6, 6), np.int64)
    per_record = {}
    for record in DS2:
        path = data_dir / "mitdb" / record
        result = run_core(read_samples(path))
        positions = result.beats["r_sample"].astype(np.int64) - DELAY_SAMPLES
        reference, labels = read_labels(path)
        predicted = result.beats["aami_class"].astype(np.int64)
        matrix = np.asarray(
            pair_beats(reference, labels, positions, predicted, fs_hz=FS_HZ, start_s=START_S), np.int64
        )
        if matrix.shape != total.shape:
            raise CheckFailed(f"record {record}: beat-by-beat matrix is {matrix.shape}, expected {total.shape}")
        total += matrix
        if record != "232":
            without_232 += matrix
        per_record[record] = matrix.tolist()
    model_hash = hashlib.sha256(TFLITE_PATH.read_bytes()).hexdigest()
    return {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "commit": _commit(),
        "model_hash": model_hash,
        "spec_hash": SPEC_DIGEST,
        **figures_from_matrix(total),
        "s_without_232": figures_from_matrix(without_232)["classes"]["S"],
        "per_record": per_record,
    }


def append_log(entry: dict[str, Any], path: Path = DS2_LOG_PATH) -> None:
    """Add one line; earlier lines are never changed."""
    with path.open("a") as log:
        log.write(json.dumps(entry) + "\n")


def _commit() -> str:
    try:
        done = subprocess.run(
            ["git", "describe", "--always", "--dirty=+", "--abbrev=12", "--exclude=*"],
            cwd=REPO_ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return done.stdout.strip()
