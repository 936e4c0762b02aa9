"""The same grid through other public detectors, judged by beats and rate alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host_tools.errors import UserError
from host_tools.places import markdown_table
from host_tools.simulator import LEAD_OFF_ADU, Simulation, simulate_scenario

from .grid import Cell, scenario
from .judge import Expectation, Found, judge
from .kinds import KINDS

#: Kinds whose truth are waves, or silence: other detectors have no word for them.
LEFT_OUT = ("ventricular flutter", "ventricular fibrillation")


def _signal_mv(simulation: Simulation) -> NDArray[np.float64]:
    """Give the signal in mV, gaps bridged by straight lines, as these detectors take no gaps."""
    known = simulation.samples != LEAD_OFF_ADU
    index = np.arange(simulation.samples.size)
    bridged: NDArray[np.float64] = np.interp(
        index, index[known], simulation.samples[known].astype(np.float64)
    )
    return bridged / simulation.adu_per_mv


def _neurokit2(signal_mv: NDArray[np.float64], fs_hz: float) -> Any:
    import neurokit2

    cleaned = neurokit2.ecg_clean(signal_mv, sampling_rate=int(fs_hz))
    return neurokit2.ecg_peaks(cleaned, sampling_rate=int(fs_hz))[1]["ECG_R_Peaks"]


def _xqrs(signal_mv: NDArray[np.float64], fs_hz: float) -> Any:
    from wfdb import processing

    detector = processing.XQRS(sig=signal_mv, fs=fs_hz)
    detector.detect(verbose=False)
    return detector.qrs_inds


def _gqrs(signal_mv: NDArray[np.float64], fs_hz: float) -> Any:
    from wfdb import processing

    return processing.gqrs_detect(
        d_sig=np.rint(signal_mv * 200).astype(np.int64), fs=fs_hz, adc_gain=200, adc_zero=0
    )


def _sleepecg(signal_mv: NDArray[np.float64], fs_hz: float) -> Any:
    import sleepecg

    return sleepecg.detect_heartbeats(signal_mv, fs_hz)


DETECTORS: dict[str, Callable[[NDArray[np.float64], float], Any]] = {
    "NeuroKit2": _neurokit2,
    "wfdb xqrs": _xqrs,
    "wfdb gqrs": _gqrs,
    "sleepecg": _sleepecg,
}
OURS = "BitBeat"


def versions() -> dict[str, str]:
    """Version of each package that is compared.

    Raises
    ------
    UserError
        If one is not installed.
    """
    from importlib.metadata import PackageNotFoundError, version

    try:
        return {name: version(name) for name in ("neurokit2", "wfdb", "sleepecg")}
    except PackageNotFoundError as error:
        raise UserError(
            f"the Python package {error.name} is not installed; in an environment of its own: "
            "pip install -e '.[compare]'"
        ) from error


def _found(peaks: Any, fs_hz: float) -> Found:
    at_s = np.unique(np.asarray(peaks, np.float64)) / fs_hz
    rr_s = np.diff(at_s, prepend=np.nan)
    nothing = np.zeros(at_s.size, np.int64)
    return Found(at_s, np.nan_to_num(rr_s), np.full(at_s.size, ""), nothing, None)


def _beats_only(cell: Cell) -> Expectation:
    return Expectation(classes=False, pauses=False, least_percent=KINDS[cell.kind].expect.least_percent)


def compare_cell(cell: Cell) -> dict[str, bool]:
    """Run all detectors over a cell: whether each is right in its beats and its rate."""
    from .run import find

    simulation = simulate_scenario(scenario(cell), cell.seed)
    signal_mv = _signal_mv(simulation)
    ours = find(simulation)
    found = {OURS: Found(ours.at_s, ours.rr_s, ours.classes, np.zeros_like(ours.flags), None)}
    for name, detect in DETECTORS.items():
        try:
            peaks = detect(signal_mv, simulation.fs_hz)
        except Exception:  # a detector that gives up on a record has found nothing in it
            peaks = []
        found[name] = _found(peaks, simulation.fs_hz)
    expectation = _beats_only(cell)
    return {name: judge(simulation, one, expectation).outcome == "right" for name, one in found.items()}


def compare(chosen: Sequence[Cell], processes: int) -> dict[str, dict[str, int]]:
    """Run all detectors over cells.

    Returns
    -------
    dict
        By kind, inside the promised range: ``cells``, and how many of them each detector has right.
    """
    from host_tools.native import build_library
    from host_tools.progress import track

    build_library()
    chosen = [c for c in chosen if c.inside and c.kind not in LEFT_OUT]
    table: dict[str, dict[str, int]] = {}
    with ProcessPoolExecutor(processes) as pool:
        results = zip(chosen, pool.map(compare_cell, chosen, chunksize=8), strict=True)
        for cell, right in track(results, len(chosen), "cells", lambda pair: pair[0].kind):
            row = table.setdefault(cell.kind, {"cells": 0, **dict.fromkeys((OURS, *DETECTORS), 0)})
            row["cells"] += 1
            for name, value in right.items():
                row[name] += value
    return table


def detectors_markdown(table: dict[str, dict[str, int]], of: dict[str, str]) -> str:
    """Make the table: percent of the cells of each kind that each detector has right."""
    names = (OURS, *DETECTORS)
    total = {key: sum(row[key] for row in table.values()) for key in ("cells", *names)}
    rows = []
    for kind, row in {**table, "**all**": total}.items():
        best = max(row[name] for name in names)
        shares = [f"{100 * row[name] / row['cells']:.1f}" for name in names]
        marked = [f"**{s}**" if row[n] == best > 0 else s for n, s in zip(names, shares, strict=True)]
        rows.append([kind, str(row["cells"]), *marked])
    heads = ("kind", "cells", *names)
    said = ", ".join(f"{name} {version}" for name, version in of.items())
    return markdown_table(heads, rows, heads[1:]) + f"\n% of cells right by beats and rate; {said}.\n"
