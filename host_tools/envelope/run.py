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


def device_input(simulation: Simulation) -> tuple[NDArray[np.int16], tuple[int, int]]:
    """Bring a record to the chain's rate and unit, as the host does before a replay: samples and rails.

    One that is there already goes to the core as it is, as in live mode.
    """
    from host_tools.front_end import at_rails, find_offset_mv, find_rails
    from host_tools.reference.params import ADU_PER_MV, FS_HZ
    from host_tools.resampling import spec_rails, to_spec

    if simulation.fs_hz == FS_HZ and simulation.adu_per_mv == ADU_PER_MV:
        return simulation.samples, simulation.rails
    missing = simulation.samples == LEAD_OFF_ADU
    values = simulation.samples.astype(np.int64)
    low, high = simulation.rails
    rails = find_rails(values, missing, simulation.fs_hz, (float(low), float(high)))
    saturated = at_rails(values, rails)
    bad = missing if saturated is None else missing | saturated
    offset_adu = round(find_offset_mv(values, bad, simulation.adu_per_mv) * ADU_PER_MV)
    samples, _ = to_spec(
        *(values, missing, simulation.fs_hz, simulation.adu_per_mv, FS_HZ, ADU_PER_MV),
        rails=rails,
        offset_adu=offset_adu,
    )
    ends = spec_rails(rails, ADU_PER_MV / simulation.adu_per_mv, offset_adu)
    return samples, ends or (-32767, 32767)


def find(simulation: Simulation) -> Found:
    """Run the C core over a record."""
    from host_tools.reference.params import DELAY_SAMPLES, FS_HZ

    samples, rails = device_input(simulation)
    result = run_core(samples, rails=rails)
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
