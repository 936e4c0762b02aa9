"""Scores both models on all records; the figures of ``build/score.json``."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from host_tools.ec57 import LEARNING_PERIOD_S
from host_tools.errors import UserError
from host_tools.mitdb import record_names

from .chain import DS1_ONLY, FIRST_SIGNAL, SHIPPED, Job, Model, Replayed, generate_code, replay_records
from .figures import board_figures, ds2_figures, macro_f1
from .log import ds2_entry

#: nstdb's records; its other files hold the noise alone.
_NOISE_RECORDS = "11"
#: A checkpoint that does not say what it was trained on was trained on this.
_OLD_PROTOCOL = "ds1"


@dataclass(frozen=True)
class Scoreboard:
    """All figures, the lines for the log of DS2, and what is missing."""

    content: dict[str, Any]
    entries: list[dict[str, Any]]
    notes: list[str]


def protocol_of(model: Model) -> str:
    """Return what a model was trained on, as its checkpoint's JSON says.

    Raises
    ------
    UserError
        The JSON is missing or damaged.
    """
    path = model.checkpoint.with_suffix(".json")
    try:
        return str(json.loads(path.read_text()).get("protocol", _OLD_PROTOCOL))
    except (OSError, ValueError, AttributeError) as error:
        raise UserError(f"{path}: cannot be read ({error}); restore it or run `make train`") from None


def int8_minus_float(model: Model, records: Sequence[Replayed]) -> float:
    """Macro-F1 of the int8 network less that of its float twin, in points, same beats and same inputs.

    Parameters
    ----------
    model : Model
        Its checkpoint is the float twin.
    records : sequence of Replayed
        With the networks' inputs.
    """
    from training.checkpoint import load_checkpoint
    from training.loop import predict

    net = load_checkpoint(model.checkpoint).net
    key = ("dechazal", LEARNING_PERIOD_S)
    floats = []
    for record in records:
        if record.beat_input is None or record.rhythm_input is None:
            raise ValueError(f"record {record.record}: replayed without the network's inputs")
        logits = predict(net, record.beat_input, record.rhythm_input)
        floats.append(record.compared(logits.argmax(1), *key))
    return macro_f1([r.matrices[key] for r in records]) - macro_f1(floats)


def _noise_names(folder: Path) -> list[str]:
    return [name for name in record_names(folder) if name.startswith(_NOISE_RECORDS)]


def score_all(data_dir: Path, processes: int = 0, told: Callable[[str], None] | None = None) -> Scoreboard:
    """Score the shipped model on mitdb and nstdb, and the DS1 model on DS2.

    Parameters
    ----------
    data_dir : Path
        Holds ``mitdb/`` and ``nstdb/``.
    processes : int
        Records at once; 0 = one a core.
    told : callable, optional
        Told what is being done.

    Returns
    -------
    Scoreboard
        The figures; nothing is written but below ``build/``.

    Raises
    ------
    UserError
        Data, model or compiler are missing; or the shipped model was trained on more than DS1, and there is
        no DS1 model to put beside it.
    """
    from training.datasets import DS2

    shipped = protocol_of(SHIPPED)
    beside = DS1_ONLY if DS1_ONLY.tflite.is_file() else None
    notes = []
    if beside is None and shipped != _OLD_PROTOCOL:
        raise UserError(
            f"{DS1_ONLY.tflite}: not there, but the shipped model was trained on {shipped}: "
            "`make train` writes the model of DS1 alone"
        )
    if beside is None:
        notes.append(
            f"{DS1_ONLY.tflite.name} is not there: protocols.ds1 is the shipped model (trained on DS1)"
        )
    mitdb, nstdb = data_dir / "mitdb", data_dir / "nstdb"
    jobs = [Job(mitdb / name, FIRST_SIGNAL, None, False) for name in record_names(mitdb)]
    n_qrs = len(jobs)
    jobs += [Job(nstdb / name, FIRST_SIGNAL, None, False) for name in _noise_names(nstdb)]
    n_noise = len(jobs)
    jobs += [Job(mitdb / name, None, None, True) for name in DS2]
    found = replay_records(jobs, processes, told)
    models = [(SHIPPED, shipped, found[n_noise:])]
    if beside is not None:
        model = generate_code(beside)
        own = [Job(mitdb / name, None, model.code, True) for name in DS2]
        models.append((model, protocol_of(model), replay_records(own, processes, told)))
    figures = {}
    for model, _, records in models:
        if told:
            told(f"float twin of {model.name}")
        figures[model.name] = ds2_figures(records, int8_minus_float(model, records))
    content = {
        "models": {
            m.name: {"sha256": m.digest, "protocol": protocol, "tflite_bytes": m.tflite.stat().st_size}
            for m, protocol, _ in models
        },
        **board_figures(found[:n_qrs], found[n_qrs:n_noise], figures[SHIPPED.name], DS2),
        "protocols": {DS1_ONLY.name: {"ds2": figures.get(DS1_ONLY.name, figures[SHIPPED.name])}},
    }
    entries = [ds2_entry(model, protocol, records) for model, protocol, records in models]
    return Scoreboard(content, entries, notes)
