"""Whole records through an emulated board, every beat compared; what is done is not done again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from host_tools.boards import EMULATED, check_tool, load_board
from host_tools.errors import UserError
from host_tools.isa import Outcome, Run, replay_runs
from host_tools.pio import build_firmware, keep_image
from host_tools.progress import track
from host_tools.writing import check_replaceable, replacing, write_json


def replay_all(
    board: str, data: Path, records: Sequence[str] | None, out: Path, at_once: int
) -> dict[str, Any]:
    """Replay records whole; results go to ``out/RECORD.json``, the sums to ``out.json``.

    Parameters
    ----------
    board : str
        Emulated board.
    data : Path
        Folder of MIT-BIH records.
    records : sequence of str, optional
        Names; all by default.
    out : Path
        Folder of the results. A record whose result is there, of the same image, is not run again.
    at_once : int
        Boards that run at a time.

    Returns
    -------
    dict
        ``board, records, samples, beats, values_compared, mismatches, different, seconds``.

    Raises
    ------
    UserError
        Something is not installed, no such board or data, or a result is there that was changed since.
    DeviceError
        A board fell silent.
    """
    from host_tools.mitdb import record_names

    if board not in EMULATED:
        raise UserError(f"{board}: no emulated board; there are {', '.join(EMULATED)}")
    check_tool(load_board(board).program, load_board(board))
    names = record_names(data, list(records) if records else None)
    with replacing(out / f"{board}.elf") as aside:
        image = replace(keep_image(build_firmware(board), aside), path=out / f"{board}.elf")
    key = hashlib.sha256(image.path.read_bytes()).hexdigest()
    done = {name: result for name in names if (result := _known(out, name, board, key)) is not None}
    runs = [Run(board, name, None) for name in names if name not in done]
    check_replaceable(out / f"{run.record}.json" for run in runs)
    outcomes = replay_runs(runs, {(board, False): image}, data, at_once)
    for outcome in track(outcomes, len(runs), f"replaying through {board}", lambda o: o.run.record):
        done[outcome.run.record] = _result(outcome, key)
        write_json(out / f"{outcome.run.record}.json", done[outcome.run.record])
        if outcome.first is not None:
            print(f"{outcome.run.text()}: {outcome.first.text()}")
    results = [done[name] for name in names]
    keys = ("samples", "beats", "values_compared", "mismatches", "link_repairs", "seconds")
    total = {
        "board": board,
        "records": len(results),
        **{name: sum(r[name] for r in results) for name in keys},
        "different": [r["record"] for r in results if r["mismatches"]],
    }
    write_json(out.with_name(out.name + ".json"), total)
    return total


def _result(outcome: Outcome, key: str) -> dict[str, Any]:
    return {
        "record": outcome.run.record,
        "board": outcome.run.board,
        "image_sha256": key,
        "samples": outcome.samples,
        "beats": outcome.beats,
        "values_compared": outcome.values_compared,
        "mismatches": outcome.mismatches,
        "link_repairs": outcome.repairs,
        "seconds": round(outcome.elapsed_s, 2),
    }


def _known(out: Path, name: str, board: str, key: str) -> dict[str, Any] | None:
    """Return a record's result if it is there, whole, and of this very image without a difference."""
    try:
        result: dict[str, Any] = json.loads((out / f"{name}.json").read_text())
        same = (result["board"], result["image_sha256"], result["mismatches"]) == (board, key, 0)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return result if same else None
