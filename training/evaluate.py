"""Figures of the trained model: cross-validation as stored, and DS2 through the deployed chain.

``score_ds2`` is the only function of the project's training side that reads DS2. It needs no torch:
it runs the C core as firmware runs it (own R peaks, int8 network) and compares beat by beat.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from host_tools.ec57 import figures_from_matrix as figures_from_matrix
from host_tools.errors import UserError
from training.data import REPO_ROOT
from training.datasets import DS2

REPORT_DIR = Path(__file__).with_name("report")
TFLITE_PATH = REPO_ROOT / "firmware" / "lib" / "model" / "bitbeat.tflite"
DS2_LOG_PATH = Path(__file__).with_name("ds2_log.jsonl")


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
        One line of the log, see :func:`host_tools.scoreboard.ds2_entry`.
    """
    from host_tools.scoreboard import SHIPPED, Job, ds2_entry, replay_records
    from host_tools.scoreboard.board import protocol_of

    jobs = [Job(data_dir / "mitdb" / record, None, None, False) for record in DS2]
    return ds2_entry(SHIPPED, protocol_of(SHIPPED), replay_records(jobs, 1, progress))
