"""Writes a simulation as a WFDB record with its truth as reference annotations."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import wfdb

from host_tools.errors import UserError
from host_tools.writing import replacing_all

if TYPE_CHECKING:
    from .simulate import Simulation


def _annotations(simulation: Simulation) -> tuple[list[int], list[str], list[str]]:
    """Beats, and rhythm changes in WFDB's notation, in time order."""
    from .simulate import RHYTHMS

    rows = [(0, "+", "(N")]
    for event in simulation.events:
        if event.kind in RHYTHMS:
            rows.append((event.start_sample, "+", RHYTHMS[event.kind]))
            rows.append((event.stop_sample, "+", "(N"))
    rows.extend(
        (int(at), symbol, "") for at, symbol in zip(simulation.r_samples, simulation.symbols, strict=True)
    )
    rows.extend((at, symbol, "") for at, symbol in simulation.marks)
    rows.extend((at, '"', text) for at, text in simulation.notes)
    rows = [row for row in rows if row[0] < simulation.samples.size]
    rows.sort(key=lambda row: row[0])
    return [r[0] for r in rows], [r[1] for r in rows], [r[2] for r in rows]


def check_name(name: str) -> None:
    """Raise UserError unless a record may be named so."""
    if not re.fullmatch(r"[A-Za-z0-9_-]+", name):
        raise UserError(f"record name {name!r}: only letters, digits, '-' and '_' are allowed")


def write_wfdb(simulation: Simulation, folder: Path, name: str) -> Path:
    """See :meth:`Simulation.write_wfdb`."""
    check_name(name)
    samples, symbols, notes = _annotations(simulation)
    with replacing_all(folder) as aside:
        wfdb.wrsamp(
            name,
            fs=simulation.fs_hz,
            units=["mV"],
            sig_name=["MLII"],
            d_signal=simulation.samples.astype(np.int64).reshape(-1, 1),
            fmt=["16"],
            adc_gain=[float(simulation.adu_per_mv)],
            baseline=[0],
            comments=[f"simulated by bitbeat, seed {simulation.seed}"],
            write_dir=str(aside),
        )
        wfdb.wrann(
            name,
            "atr",
            np.array(samples),
            symbol=symbols,
            aux_note=notes,
            fs=simulation.fs_hz,
            write_dir=str(aside),
        )
    return folder / name
