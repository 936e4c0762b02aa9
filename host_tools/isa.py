"""Proves that the firmware on eight emulated instruction sets gives the reference's values, over its UART.

Every beat of whole stretches of records, and every intermediate value of a shorter one, taken by the same
code that replays records through real boards.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from host_tools.boards import EMULATED, Board, QemuBoard, check_tool, load_board
from host_tools.build import BUILD_DIR
from host_tools.errors import DeviceError, UserError
from host_tools.link.device import Device
from host_tools.link.messages import TraceItem
from host_tools.native import STAGES
from host_tools.parity import Difference, compare_rows, record_rows, row_samples
from host_tools.pio import FirmwareImage, build_firmware, keep_image
from host_tools.progress import track
from host_tools.reference.params import FS_HZ
from host_tools.reference.run import RecordResult, run_record

#: Replayed whole, on the board of the same core as the popular ones.
WHOLE_RECORD = ("qemu_m4", "208")
#: Replayed for five minutes on every board: a clean one, one with many V and F, one with two V foci.
RECORDS = ("100", "208", "233")
MINUTES_SAMPLES = 5 * 60 * FS_HZ
#: Stretch whose every intermediate value is fetched: 30 s with beats of three classes.
TRACE_RECORD = "208"
TRACE_SAMPLES = 30 * FS_HZ


@dataclass(frozen=True)
class Run:
    """A replay through a board: the first ``samples`` of a record (None = all), traced or not."""

    board: str
    record: str
    samples: int | None
    trace: bool = False

    def text(self) -> str:
        """Name it in a few words."""
        long = "whole" if self.samples is None else f"{self.samples / FS_HZ:g} s"
        return f"{self.board} {self.record} {long}{' trace' if self.trace else ''}"


@dataclass(frozen=True)
class Outcome:
    """What the comparison of a run gave."""

    run: Run
    samples: int
    beats: int
    values_compared: int
    mismatches: int
    first: Difference | None
    elapsed_s: float
    repairs: int


def plan(boards: Sequence[str]) -> list[Run]:
    """Return the runs of these boards, the longest first."""
    runs = [Run(b, r, None) for b, r in (WHOLE_RECORD,) if b in boards]
    runs += [Run(b, TRACE_RECORD, TRACE_SAMPLES, trace=True) for b in boards]
    runs += [Run(b, r, MINUTES_SAMPLES) for r in RECORDS for b in boards]
    return runs


@lru_cache(maxsize=4)
def _samples(data: Path, record: str) -> npt.NDArray[np.int16]:
    from host_tools.mitdb import record_samples

    return record_samples(data, record)


def trace_rows(items: Iterable[TraceItem]) -> dict[str, npt.NDArray[np.int32]]:
    """Return the values of each stage, flat, in the order in which the board computed them."""
    parts: dict[str, list[npt.NDArray[np.int32]]] = {stage: [] for stage in STAGES}
    for item in items:
        if item.stage >= len(STAGES):
            raise DeviceError(f"the board traced a stage {item.stage}; this host knows {len(STAGES)}")
        parts[STAGES[item.stage]].append(item.values)
    return {
        stage: np.concatenate(values) if values else np.zeros(0, np.int32) for stage, values in parts.items()
    }


def compare_run(
    run: Run,
    reference: RecordResult,
    beats: npt.NDArray[np.void],
    trace: dict[str, npt.NDArray[np.int32]] | None,
    conditions: npt.NDArray[np.void] | None = None,
) -> tuple[int, int, Difference | None]:
    """Compare a board's answer with the reference.

    Returns
    -------
    tuple
        Values compared, values that differ, and the earliest difference.
    """
    expected = {**reference.trace, "record": record_rows(reference.beats)}
    rows = {"beats": (expected["record"], record_rows(beats))}
    if trace is not None:
        rows.update({stage: (expected[stage], trace[stage]) for stage in STAGES})
    if conditions is not None:
        rows["conditions"] = (_changes(reference.conditions), _changes(conditions))
    compared, wrong = 0, 0
    found: list[Difference] = []
    for stage, (a, b) in rows.items():
        if stage == "conditions":
            numbers = a[:, 0].astype(np.int64)
        else:
            numbers = row_samples("record" if stage == "beats" else stage, expected, 0)
        difference, different, count = compare_rows(run.record, stage, a, b, numbers)
        compared += count
        wrong += different
        if difference is not None:
            found.append(difference)
    return compared, wrong, min(found, key=lambda d: d.sample, default=None)


def _changes(conditions: npt.NDArray[np.void]) -> npt.NDArray[np.int32]:
    return np.stack([conditions[name].astype(np.int32) for name in ("sample", "conditions")], axis=1)


def replay_run(run: Run, image: Path, samples: npt.NDArray[np.int16], board: Board | None = None) -> Outcome:
    """Start a board, replay the samples through it, compare.

    Raises
    ------
    DeviceError
        It fell silent or did not start; the message names the run.
    """
    reference = run_record(samples, trace=run.trace)
    with QemuBoard(board or run.board, image) as running:
        try:
            with Device(running.url) as device:
                result = device.replay(samples, trace=run.trace)
        except DeviceError as error:
            said = running.message()
            raise DeviceError(
                f"{run.text()}: {error}" + (f"; its emulator says: {said}" if said else "")
            ) from error
    trace = trace_rows(result.trace) if run.trace else None
    compared, wrong, first = compare_run(run, reference, result.beats, trace, result.conditions)
    repairs = len(result.report.repairs)
    return Outcome(run, len(samples), len(result.beats), compared, wrong, first, result.elapsed_s, repairs)


def replay_runs(
    runs: Sequence[Run], images: dict[tuple[str, bool], FirmwareImage], data: Path, at_once: int
) -> Iterator[Outcome]:
    """Work off the runs, ``at_once`` boards at a time; yields outcomes as they come."""

    def work(run: Run) -> Outcome:
        return replay_run(run, images[run.board, run.trace].path, _samples(data, run.record)[: run.samples])

    with ThreadPoolExecutor(at_once) as pool:
        futures = [pool.submit(work, run) for run in runs]
        try:
            for future in as_completed(futures):
                yield future.result()
        except BaseException:
            for future in futures:
                future.cancel()
            raise


def build_images(
    boards: Sequence[str], variants: Sequence[str], folder: Path
) -> dict[tuple[str, bool], FirmwareImage]:
    """Build the firmware of every board, in these variants ("" and "trace"); keep it in ``folder``."""
    wanted = [(board, variant) for board in boards for variant in variants]
    images = {}
    for board, variant in track(wanted, len(wanted), "building", lambda w: " ".join(w).strip()):
        kept = folder / f"{board}{variant and '-'}{variant}.elf"
        images[board, variant == "trace"] = keep_image(build_firmware(board, variant), kept)
    return images


def prove(boards: Sequence[str] | None, data: Path, at_once: int) -> tuple[dict[str, Any], list[str]]:
    """Run everything; see :func:`plan`.

    Parameters
    ----------
    boards : sequence of str, optional
        Emulated boards; all eight by default.
    data : Path
        Folder of MIT-BIH records.
    at_once : int
        Boards that run at a time.

    Returns
    -------
    tuple
        Figures for ``build/isa.json``, and a paragraph for each run that differs.

    Raises
    ------
    UserError
        Something is not installed, or no such board or data.
    DeviceError
        A board fell silent.
    """
    from host_tools.mitdb import record_names
    from host_tools.xtensa import check_esp32

    chosen = list(boards or EMULATED)
    for name in chosen:
        if name not in EMULATED:
            raise UserError(f"{name}: no emulated board; there are {', '.join(EMULATED)}")
        check_tool(load_board(name).program, load_board(name))
    record_names(data, list(RECORDS))
    begun_s = time.monotonic()
    images = build_images(chosen, ("", "trace"), BUILD_DIR / "isa")
    runs = plan(chosen)
    outcomes = list(
        track(replay_runs(runs, images, data, at_once), len(runs), "replaying", lambda o: o.run.text())
    )
    targets = {
        name: _target(images[name, False], [o for o in outcomes if o.run.board == name]) for name in chosen
    }
    figures = {
        "targets": targets,
        "esp32": check_esp32(),
        "windowed": check_windowed(data),
        "seconds": round(time.monotonic() - begun_s, 1),
    }
    return figures, [f"{o.run.text()}: {o.first.text()}" for o in outcomes if o.first is not None]


def check_windowed(data: Path) -> dict[str, Any]:
    """Run LLVM's build of the firmware on QEMU's dc233c, a core with register windows as in the ESP32.

    Returns
    -------
    dict
        ``values_compared, mismatches, beats`` and ``text``, one line; zeros where no LLVM is installed.
    """
    from host_tools.toolchains import xtensa_llvm
    from host_tools.xtensa import WINDOWED_BOARD, build_windowed

    if xtensa_llvm() is None:
        text = "not run: no LLVM with Xtensa here"
        return {"values_compared": 0, "mismatches": 0, "beats": 0, "text": text}
    runs = [Run(WINDOWED_BOARD.name, TRACE_RECORD, MINUTES_SAMPLES)]
    runs += [Run(WINDOWED_BOARD.name, TRACE_RECORD, TRACE_SAMPLES, trace=True)]
    samples = _samples(data, TRACE_RECORD)
    outcomes = [
        replay_run(run, build_windowed(run.trace), samples[: run.samples], WINDOWED_BOARD) for run in runs
    ]
    compared, wrong = sum(o.values_compared for o in outcomes), sum(o.mismatches for o in outcomes)
    first = next((f"; {o.first.text()}" for o in outcomes if o.first is not None), "")
    text = f"LLVM's build on QEMU's dc233c: {compared:,} values compared, {wrong} mismatches{first}"
    return {
        "values_compared": compared,
        "mismatches": wrong,
        "beats": sum(o.beats for o in outcomes),
        "text": text,
    }


def _target(image: FirmwareImage, outcomes: list[Outcome]) -> dict[str, Any]:
    return {
        "cpu": load_board(image.board).cpu,
        "values_compared": sum(o.values_compared for o in outcomes),
        "mismatches": sum(o.mismatches for o in outcomes),
        "beats": sum(o.beats for o in outcomes),
        "samples": sum(o.samples for o in outcomes),
        "link_repairs": sum(o.repairs for o in outcomes),
        "flash_bytes": image.flash_bytes,
        "ram_bytes": image.ram_bytes,
        "runs": [
            {
                "record": o.run.record,
                "samples": o.samples,
                "trace": o.run.trace,
                "beats": o.beats,
                "values_compared": o.values_compared,
                "mismatches": o.mismatches,
                "seconds": round(o.elapsed_s, 2),
            }
            for o in outcomes
        ],
    }
