"""Speed of the production build on this machine, and what it costs on each instruction set."""

from __future__ import annotations

import importlib.util
import statistics
import time
from collections.abc import Callable, Sequence
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


def measure_costs(
    data: Path, record: str, boards: Sequence[str], told: Callable[[str], None]
) -> tuple[dict[str, Any], list[str]]:
    """Measure instructions, flash, memory and stack on the emulated boards.

    Parameters
    ----------
    data, record : Path, str
        As for :func:`measure`; the first five minutes are used.
    boards : sequence of str
        Which boards.
    told : callable
        Is told each board before it is measured.

    Returns
    -------
    dict
        ``targets`` (-O2) and ``os`` (-Os), each by board; see ``host_tools.costs.measure``.
    list of str
        What was left out and how to get it, one line each.
    """
    from host_tools.costs.anchors import ANCHORS, anchor_folder, load_anchor
    from host_tools.costs.measure import make_workload, measure_all
    from host_tools.costs.targets import load_target

    notes = []
    targets = [load_target(name) for name in boards]
    absent = {program for target in targets for program in target.missing}
    if absent:
        notes.append(
            f"{', '.join(sorted(absent))} not installed: `make toolchains` brings what measures there"
        )
    anchors = []
    folder = anchor_folder()
    if folder is None or importlib.util.find_spec("tflite") is None:
        notes.append("anchor networks left out: they need tests/archives and the extra parity")
    else:
        anchors = [load_anchor(folder, letter) for letter in ANCHORS]
    present = [target for target in targets if not target.missing]
    work = make_workload(record_samples(data, record), anchors)
    return measure_all(present, work, told), notes
