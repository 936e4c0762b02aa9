"""Speed of the production build: the core alone, and a replay through the emulator over TCP."""

from __future__ import annotations

import statistics
import time
from pathlib import Path
from typing import Any

from host_tools.build import OPTIMISE_FLAGS
from host_tools.emulator import Emulator
from host_tools.link.device import Device
from host_tools.mitdb import record_samples
from host_tools.native import build_library, load_library, run_core
from host_tools.reference.params import FS_HZ


def measure(data: Path, record: str, runs: int) -> dict[str, Any]:
    """Measure both figures on one record.

    Parameters
    ----------
    data : Path
        Folder of MIT-BIH records.
    record : str
        Record name.
    runs : int
        Runs of each; medians are given.

    Returns
    -------
    dict
        ``core_x_realtime`` and ``replay_x_realtime`` (multiples of real time), what they were measured
        on, and the size of the chain's state.
    """
    samples = record_samples(data, record)
    seconds = len(samples) / FS_HZ
    run_core(samples)  # builds the library, warms the caches
    core = []
    for _ in range(runs):
        start = time.perf_counter()
        result = run_core(samples)
        core.append(time.perf_counter() - start)
    replay = []
    for _ in range(runs):
        with Emulator() as emulator, Device(emulator.url) as device:
            start = time.perf_counter()
            beats = device.stream(samples)
            replay.append(time.perf_counter() - start)
            assert len(beats) == len(result.beats)
    return {
        "record": record,
        "seconds": seconds,
        "beats": len(result.beats),
        "core_x_realtime": seconds / statistics.median(core),
        "replay_x_realtime": seconds / statistics.median(replay),
        "runs": runs,
        "flags": " ".join(OPTIMISE_FLAGS),
        "state_bytes": int(load_library(build_library()).bitbeat_state_bytes()),
    }
