"""The adapter to TensorFlow Lite Micro, compiled against ``tests/tflm_api``: what it uses and no more.

Oracle: the compiler, strict. With a stand-in for the library (its "interpreter" is the compiled network), the
whole core runs through the adapter and must give the beats of the core itself.
"""

from __future__ import annotations

import ctypes
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from host_tools.build import CORE_INCLUDE_DIRS, FIRMWARE, ROOT, STRICT_FLAGS, c_compiler
from host_tools.native import library_sources, load_library, run_core
from host_tools.simulator import Step, simulate

ENGINE = FIRMWARE / "engines" / "tflm"
API = ROOT / "tests" / "tflm_api"
CXX_FLAGS = ("-std=c++11", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-O2")
RENAMED = ("-Decg_net_beat_input=aot_beat_input", "-Decg_net_rhythm_input=aot_rhythm_input")
ERRORS = {1: -16, 2: -17, 3: -18, 4: -19, 5: -20}


def run(*command: str | Path) -> None:
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def cxx() -> str:
    compiler = shutil.which("g++") or shutil.which("clang++")
    assert compiler, "a C++ compiler is needed (Debian, Ubuntu: sudo apt install g++)"
    return compiler


def test_adapter_compiles_and_uses_no_more_than_declared(tmp_path: Path) -> None:
    includes = [f"-I{d}" for d in (API, FIRMWARE / "lib" / "model", ENGINE)]
    run(
        cxx(), *CXX_FLAGS, "-fno-exceptions", *includes, "-c", ENGINE / "ecg_tflm.cpp", "-o", tmp_path / "x.o"
    )
    listing = subprocess.run(
        ["nm", "-u", "-C", str(tmp_path / "x.o")], capture_output=True, text=True, check=True
    )
    used = set(re.findall(r"U (?:tflite::)(\w+(?:<\w+>)?(?:::~?\w+)?)\(", listing.stdout))
    header = (FIRMWARE / "lib" / "model" / "ecg_model_tflm.h").read_text()
    operators = re.findall(r"ADD\((\w+)\)", header.split("ECG_TFLM_OPERATORS(ADD)", 1)[1])
    count = re.search(r"OPERATOR_COUNT (\d+)", header)
    assert count is not None
    assert int(count[1]) == len(operators)
    resolver = f"MicroMutableOpResolver<{len(operators)}u>"
    interpreter = {"MicroInterpreter", "~MicroInterpreter", "AllocateTensors", "Invoke", "input", "output"}
    assert used == (
        {"GetModel", "Model::version", f"{resolver}::MicroMutableOpResolver"}
        | {f"{resolver}::Add{name}" for name in operators}
        | {f"MicroInterpreter::{name}" for name in interpreter}
    )


@pytest.fixture(scope="module")
def tflm_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The core with ENGINE=tflm, and the stand-in behind it, as one shared library."""
    folder = tmp_path_factory.mktemp("tflm")
    includes = [f"-I{d}" for d in (*CORE_INCLUDE_DIRS, ENGINE, API)]
    flags = [*c_compiler().split(), *STRICT_FLAGS, "-O2", "-fPIC", *includes]
    sources, _ = library_sources()
    objects = []
    for source in [*sources, ENGINE / "ecg_net_tflm.c"]:
        objects.append(folder / f"{source.stem}.o")
        run(*flags, "-DECG_NET_TFLM", "-c", source, "-o", objects[-1])
    aot = FIRMWARE / "lib" / "model" / "ecg_net_aot.c"
    objects.append(folder / "aot.o")
    run(*flags, *RENAMED, "-Decg_net_invoke=aot_invoke", "-c", aot, "-o", objects[-1])
    for source in (ENGINE / "ecg_tflm.cpp", Path(__file__).parent / "double.cpp"):
        objects.append(folder / f"{source.stem}-cxx.o")
        run(cxx(), *CXX_FLAGS, "-fPIC", *includes, "-c", source, "-o", objects[-1])
    run(cxx(), "-shared", *objects, "-o", folder / "libtflm.so")
    return folder / "libtflm.so"


def beats_of(library: ctypes.CDLL, samples: np.ndarray) -> np.ndarray:
    dtype = np.dtype(run_core(samples[:0]).beats.dtype.descr, align=True)
    beats, released = np.zeros(400, dtype), np.zeros(400, np.uint32)
    n = library.bitbeat_run(
        samples.ctypes.data, len(samples), 0, beats.ctypes.data, released.ctypes.data, 400
    )
    return beats[:n]


@pytest.fixture(scope="module")
def ecg() -> np.ndarray:
    script = (Step("sinus", 15), Step("bigeminy", count=5), Step("sinus", 40), Step("couplet"))
    return simulate(script, 60, seed=11).samples.astype(np.int16)


def test_the_core_gives_the_same_beats_through_the_adapter(tflm_library: Path, ecg: np.ndarray) -> None:
    got = beats_of(load_library(tflm_library), ecg)
    expected = run_core(ecg).beats
    assert len(expected) > 50
    for name in expected.dtype.names or ():
        assert np.array_equal(got[name], expected[name]), name


@pytest.mark.parametrize("part", sorted(ERRORS))
def test_a_refusal_is_an_error_and_no_class(
    part: int, tflm_library: Path, ecg: np.ndarray, tmp_path: Path
) -> None:
    """Each in a library of its own: the adapter sets itself up once. The logits are then all equal."""
    copy = tmp_path / f"libtflm-{part}.so"
    shutil.copy(tflm_library, copy)
    library = load_library(copy)
    ctypes.c_int.in_dll(library, "double_refuses").value = part
    got = beats_of(library, ecg)
    assert library.ecg_tflm_error() == ERRORS[part]
    assert (got["logits"] == -128).all()
