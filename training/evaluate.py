"""Figures of the trained model: cross-validation as stored, and DS2 through the deployed chain.

``score_ds2`` is the only function of the project's training side that reads DS2. It needs no torch:
it runs the C core as firmware runs it (own R peaks, int8 network) and compares beat by beat.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host_tools.beats import CLASS_NAMES
from host_tools.ec57 import figures_from_matrix
from host_tools.errors import UserError
from training.data import REPO_ROOT
from training.datasets import DS2, read_samples

REPORT_DIR = Path(__file__).with_name("report")
DS2_LOG_PATH = Path(__file__).with_name("ds2_log.jsonl")
TFLITE_PATH = REPO_ROOT / "firmware" / "lib" / "model" / "bitbeat.tflite"

#: EC57's learning period, not scored.
START_S = 300


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


def compare_record(path: Path) -> dict[str, NDArray[np.int64]]:
    """Run the C core over one record; beat-by-beat matrices from 5:00 on under both mappings.

    Parameters
    ----------
    path : Path
        mitdb record without extension.

    Returns
    -------
    dict of str to ndarray
        ``dechazal`` and ``bxb``: int64 [6, 6].
    """
    import wfdb

    from host_tools.ec57 import pair_beats
    from host_tools.native import run_core
    from host_tools.reference.params import DELAY_SAMPLES, FS_HZ

    result = run_core(read_samples(path))
    positions = result.beats["r_sample"].astype(np.int64) - DELAY_SAMPLES
    predicted = [CLASS_NAMES[c] for c in result.beats["aami_class"]]
    annotation = wfdb.rdann(str(path), "atr")
    matrices = {}
    for mapping in ("dechazal", "bxb"):
        compared = pair_beats(
            annotation.sample, annotation.symbol, positions, predicted, FS_HZ, START_S, mapping=mapping
        )
        matrices[mapping] = np.asarray(compared.matrix, np.int64)
    return matrices


def score_ds2(data_dir: Path, progress: Callable[[str], None] | None = None) -> dict[str, Any]:
    """Run the C core over DS2 and compare beat by beat from 5:00 on.

    Parameters
    ----------
    data_dir : Path
        Holds ``mitdb/``.
    progress : callable, optional
        Told the name of each record.

    Returns
    -------
    dict
        One line of the log: date, commit, hashes; figures under de Chazal's mapping, with the class S
        also without record 232; those of bxb's mapping; the matrix of each record.
    """
    from host_tools.reference.params import SPEC_DIGEST

    records = {}
    for record in DS2:
        records[record] = compare_record(data_dir / "mitdb" / record)
        if progress:
            progress(record)

    def total(mapping: str, but: str = "") -> NDArray[np.int64]:
        return np.sum([m[mapping] for record, m in records.items() if record != but], axis=0)

    return {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "commit": _commit(),
        "model_hash": hashlib.sha256(TFLITE_PATH.read_bytes()).hexdigest(),
        "spec_hash": SPEC_DIGEST,
        **figures_from_matrix(total("dechazal")),
        "s_without_232": figures_from_matrix(total("dechazal", "232"))["classes"]["S"],
        "bxb": {name: figures_from_matrix(total("bxb"))["classes"][name] for name in "SV"},
        "per_record": {record: m["dechazal"].tolist() for record, m in records.items()},
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
