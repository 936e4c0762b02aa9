"""Runs cells through the C core on all processors."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor

import numpy as np
from numpy.typing import NDArray

from host_tools.native import build_library, run_core
from host_tools.simulator import LEAD_OFF_ADU, Simulation, simulate_scenario

from .grid import KINDS, Cell, scenario
from .judge import Found, Verdict, core_found, judge


def device_samples(simulation: Simulation) -> NDArray[np.int16]:
    """Bring a record to the chain's rate and unit, as the host does before a replay."""
    from host_tools.reference.params import ADU_PER_MV, FS_HZ

    if simulation.fs_hz == FS_HZ and simulation.adu_per_mv == ADU_PER_MV:
        return simulation.samples
    from host_tools.resampling import to_spec

    missing = simulation.samples == LEAD_OFF_ADU
    values = simulation.samples.astype(np.int64)
    return to_spec(values, missing, simulation.fs_hz, simulation.adu_per_mv, FS_HZ, ADU_PER_MV)[0]


def _rails(simulation: Simulation) -> tuple[int, int]:
    """Ends of the converter in the chain's unit; where an offset is taken out, they lie elsewhere."""
    from host_tools.reference.params import ADU_PER_MV

    low, high = (rail * ADU_PER_MV / simulation.adu_per_mv for rail in simulation.rails)
    return max(int(low), -32767), min(int(high), 32767)


def find(simulation: Simulation) -> Found:
    """Run the C core over a record."""
    from host_tools.reference.params import DELAY_SAMPLES, FS_HZ

    result = run_core(device_samples(simulation), rails=_rails(simulation))
    return core_found(result, DELAY_SAMPLES, FS_HZ)


def run_cell(cell: Cell) -> Verdict:
    """Make a cell's record, run the core, judge."""
    simulation = simulate_scenario(scenario(cell), cell.seed)
    return judge(simulation, find(simulation), KINDS[cell.kind].expect)


def run_cells(chosen: Sequence[Cell], processes: int | None = None) -> Iterator[tuple[Cell, Verdict]]:
    """Run cells in order, on as many processes as there are processors."""
    build_library()
    processes = processes or os.cpu_count() or 1
    if processes == 1 or len(chosen) < 20:
        yield from ((cell, run_cell(cell)) for cell in chosen)
        return
    with ProcessPoolExecutor(processes) as pool:
        yield from zip(chosen, pool.map(run_cell, chosen, chunksize=8), strict=True)
