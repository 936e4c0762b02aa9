"""The log of DS2: every model that was ever scored there leaves one line."""

from __future__ import annotations

import datetime
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host_tools.commit import commit
from host_tools.ec57 import LEARNING_PERIOD_S, figures_from_matrix
from host_tools.errors import UserError

from .chain import Model, Replayed
from .figures import S_RECORD


def ds2_entry(model: Model, protocol: str, records: Sequence[Replayed]) -> dict[str, Any]:
    """Return one line of the log.

    Parameters
    ----------
    model : Model
        Which network.
    protocol : str
        What it was trained on.
    records : sequence of Replayed
        DS2's records through the core.

    Returns
    -------
    dict
        Date, commit, hashes; figures under de Chazal's mapping from 5:00 on, with the class S also without
        record 232; S and V of bxb's mapping; the matrix of each record.
    """
    from host_tools.reference.params import SPEC_DIGEST

    def total(mapping: str, but: str = "") -> NDArray[np.int64]:
        chosen = [r.matrices[mapping, LEARNING_PERIOD_S] for r in records if r.record != but]
        pooled: NDArray[np.int64] = np.sum(chosen, axis=0)
        return pooled

    return {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "protocol": protocol,
        "model_hash": model.digest,
        "spec_hash": SPEC_DIGEST,
        **figures_from_matrix(total("dechazal")),
        "s_without_232": figures_from_matrix(total("dechazal", S_RECORD))["classes"]["S"],
        "bxb": {name: figures_from_matrix(total("bxb"))["classes"][name] for name in "SV"},
        "per_record": {r.record: r.matrices["dechazal", LEARNING_PERIOD_S].tolist() for r in records},
    }


def append_log(entry: dict[str, Any], path: Path) -> bool:
    """Add one line, unless this model with this chain was scored before; earlier lines are never changed.

    Returns
    -------
    bool
        Whether a line was added.
    """
    key = (entry["model_hash"], entry["spec_hash"])
    before = _entries(path)
    if any((old["model_hash"], old["spec_hash"]) == key for old in before):
        return False
    with path.open("a") as log:
        log.write(json.dumps(entry | {"designed_after_looking_at_ds2": bool(before)}) + "\n")
    return True


def scorings(path: Path) -> dict[str, int]:
    """Count the models in the log by what they were trained on."""
    return dict(Counter(str(entry.get("protocol", "ds1")) for entry in _entries(path)))


def _entries(path: Path) -> list[dict[str, Any]]:
    if not path.is_file():
        return []
    entries = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if line.strip():
            try:
                entries.append(json.loads(line))
            except ValueError as error:
                raise UserError(f"{path}, line {number}: damaged ({error}); restore it from git") from None
    return entries
