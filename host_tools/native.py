"""The C core as a shared library: the same records in, the same results out as the reference."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from host_tools.beats import BEAT_DTYPE, CONDITION_DTYPE
from host_tools.build import (
    BUILD_DIR,
    CORE_INCLUDE_DIRS,
    FIRMWARE,
    OPTIMISE_FLAGS,
    compile_c,
)

#: Stages of the trace in the order of ``ecg_stage_t``.
STAGES = (
    "detector",
    "r_peak",
    "sample",
    "features",
    "window",
    "template",
    "beat_input",
    "rhythm_input",
    "layers",
    "record",
)
#: Values per row of the stages of fixed width.
_DETECTOR_VALUES = 11
_GENERATED = FIRMWARE / "lib" / "ecg" / "generated"
_MODEL = FIRMWARE / "lib" / "model"
_LIBRARY_DIR = FIRMWARE / "ports" / "library"
_ALIGNED_BEAT = np.dtype(BEAT_DTYPE.descr, align=True)
_ALIGNED_CHANGE = np.dtype(CONDITION_DTYPE.descr, align=True)


@dataclass
class CoreResult:
    """What the C core gave for a record.

    Attributes
    ----------
    beats : ndarray of BEAT_DTYPE, [n]
        Beats in order.
    released : uint32 [n]
        Sample at which each beat came out; the record's length for those that came by flush.
    conditions : ndarray of CONDITION_DTYPE, [m]
        Changes of the conditions in order; at the start none holds.
    trace : dict of str to int32
        Values of each stage, flat; empty unless the traced build ran.
    """

    beats: npt.NDArray[np.void]
    released: npt.NDArray[np.uint32]
    conditions: npt.NDArray[np.void]
    trace: dict[str, npt.NDArray[np.int32]]


def library_sources(
    variant: Path | None = None, model_dir: Path | None = None
) -> tuple[list[Path], list[Path]]:
    """Sources and header folders of the library.

    Parameters
    ----------
    variant : Path, optional
        Folder with another ``ecg_params.h`` and ``ecg_tables.c`` (another sampling rate).
    model_dir : Path, optional
        Folder with another generated network.
    """
    instead = {_GENERATED: variant or _GENERATED, _MODEL: model_dir or _MODEL}
    folders = [instead.get(d, d) for d in CORE_INCLUDE_DIRS if d.name != "link"]
    sources = [path for folder in [*folders, _LIBRARY_DIR] for path in folder.glob("*.c")]
    return sources, folders


def build_library(trace: bool = False, variant: Path | None = None, model_dir: Path | None = None) -> Path:
    """Compile the core and its harness into a shared library; see :func:`host_tools.build.compile_c`."""
    sources, folders = library_sources(variant, model_dir)
    flags = [*OPTIMISE_FLAGS, *(["-DECG_TRACE=1"] if trace else [])]
    parts = ["libbitbeat", *([variant.name] if variant else []), *(["trace"] if trace else [])]
    folder = BUILD_DIR / "native" if model_dir is None else model_dir
    return compile_c(sources, folders, flags, folder / ("-".join(parts) + ".so"), "shared")


@lru_cache(maxsize=16)
def load_library(path: Path) -> ctypes.CDLL:
    """Load a library made by :func:`build_library` and declare its functions."""
    library = ctypes.CDLL(str(path))
    library.bitbeat_run.restype = ctypes.c_uint32
    library.bitbeat_run.argtypes = [
        ctypes.c_void_p, ctypes.c_uint32, ctypes.c_uint32, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint32
    ]  # fmt: skip
    library.bitbeat_prepare.argtypes = [ctypes.c_int16, ctypes.c_int16, ctypes.c_void_p, ctypes.c_uint32]
    library.bitbeat_finish.restype = ctypes.c_uint32
    for name in ("state_bytes", "beat_bytes", "change_bytes", "spec_hash", "model_hash"):
        getattr(library, "bitbeat_" + name).restype = ctypes.c_uint32
    if hasattr(library, "bitbeat_trace_sink"):
        library.bitbeat_trace_sink.argtypes = [ctypes.c_uint32, ctypes.c_void_p, ctypes.c_uint64]
        library.bitbeat_trace_count.argtypes = [ctypes.c_uint32]
        library.bitbeat_trace_count.restype = ctypes.c_uint64
    return library


def run_core(
    samples: npt.NDArray[np.int16],
    *,
    trace: bool = False,
    first_sample: int = 0,
    rails: tuple[int, int] | None = None,
    variant: Path | None = None,
    model_dir: Path | None = None,
) -> CoreResult:
    """Run a record through the C core.

    Parameters
    ----------
    samples : int16 [n]
        Samples at the spec's rate and in its unit, adu; -32768 where one is missing.
    trace : bool
        Use the build with the trace hook and return every intermediate value.
    first_sample : int
        Number of the first sample, modulo 2^32.
    rails : tuple of int, optional
        Where the converter ends, adu: a sample at or beyond either is saturated.
    variant : Path, optional
        Generated folder of another sampling rate.
    model_dir : Path, optional
        Generated folder of another network.

    Returns
    -------
    CoreResult
        Beats in order, and the trace if asked for.
    """
    library = load_library(build_library(trace, variant, model_dir))
    x = np.ascontiguousarray(samples, np.int16)
    sizes = (library.bitbeat_beat_bytes(), library.bitbeat_change_bytes())
    if sizes != (_ALIGNED_BEAT.itemsize, _ALIGNED_CHANGE.itemsize):
        raise RuntimeError("the core's records and those of host_tools.beats differ in size")
    sinks = _open_sinks(library, len(x)) if trace else {}
    capacity = len(x) // 16 + 8
    beats = np.zeros(capacity, _ALIGNED_BEAT)
    released = np.zeros(capacity, np.uint32)
    # A change takes at least a detector step.
    changes = np.zeros(len(x) + 1, _ALIGNED_CHANGE)
    low, high = rails or (0, 0)
    library.bitbeat_prepare(low, high, changes.ctypes.data, len(changes))
    count = library.bitbeat_run(
        x.ctypes.data, len(x), first_sample & 0xFFFFFFFF, beats.ctypes.data, released.ctypes.data, capacity
    )
    if count > capacity:
        raise RuntimeError(f"the core gave {count} beats for {len(x)} samples")
    changed = library.bitbeat_finish()
    collected = {}
    for index, (name, values) in enumerate(sinks.items()):
        seen = library.bitbeat_trace_count(index)
        if seen > len(values):
            raise RuntimeError(f"stage {name} gave {seen} values, {len(values)} expected at most")
        collected[name] = values[:seen]
        library.bitbeat_trace_sink(index, None, 0)
    return CoreResult(
        _packed(beats[:count], BEAT_DTYPE),
        released[:count],
        _packed(changes[:changed], CONDITION_DTYPE),
        collected,
    )


def _open_sinks(library: ctypes.CDLL, n_samples: int) -> dict[str, npt.NDArray[np.int32]]:
    per_beat = 1024 * (n_samples // 50 + 8)
    sizes = {"sample": 3 * n_samples, "detector": _DETECTOR_VALUES * (n_samples + 1)}
    sinks = {}
    for index, name in enumerate(STAGES):
        # np.empty: pages that are never written cost nothing.
        values = np.empty(sizes.get(name, per_beat), np.int32)
        library.bitbeat_trace_sink(index, values.ctypes.data, len(values))
        sinks[name] = values
    return sinks


def _packed(rows: npt.NDArray[Any], dtype: np.dtype[Any]) -> npt.NDArray[np.void]:
    out = np.zeros(len(rows), dtype)
    for name in dtype.names or ():
        out[name] = rows[name]
    return out
