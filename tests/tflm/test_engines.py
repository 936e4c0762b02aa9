"""The second engine. Oracle: the ``tflite-micro`` package, TFLite Micro's own code, on the C array."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from host_tools.engines import ArrayInterpreter, compare_engines, compiled_array, header_value
from host_tools.native import run_core
from host_tools.records import read_record
from tests.data_access import mitdb_dir
from training.datasets import DS2


def test_the_compiled_array_is_the_model() -> None:
    content = compiled_array()
    assert content[4:8] == b"TFL3"
    assert len(content) > 4096


def test_every_beat_of_ds2_in_both_engines() -> None:
    folder = mitdb_dir()
    records = [(name, read_record(folder / name, reference="none").samples) for name in DS2]
    report = compare_engines(records)
    assert report.records == 22
    assert report.beats > 48_000
    assert report.logits == 4 * report.beats
    assert report.mismatches == 0


def test_a_difference_would_be_found() -> None:
    """The comparison's own check: a changed input gives other logits somewhere."""
    folder = mitdb_dir()
    samples = read_record(folder / "208", reference="none", end="60").samples
    result = run_core(samples, trace=True)
    n = len(result.beats)
    beat = result.trace["beat_input"].astype(np.int8).reshape(n, -1)
    rhythm = result.trace["rhythm_input"].astype(np.int8).reshape(n, -1)
    interpreter = ArrayInterpreter(compiled_array())
    assert np.array_equal(interpreter.logits(beat, rhythm), result.beats["logits"])
    assert not np.array_equal(interpreter.logits(np.roll(beat, 8, 1), rhythm), result.beats["logits"])


def test_the_arena_is_the_smallest_that_does() -> None:
    """16 bytes less, and the official interpreter refuses (in a process of its own: it may also crash)."""
    code = (
        "import sys; from tflite_micro.python.tflite_micro import runtime;"
        "from host_tools.engines import compiled_array;"
        "runtime.Interpreter.from_bytes(compiled_array(), arena_size=int(sys.argv[1]))"
    )
    size = header_value("ARENA_BYTES")
    runs = [
        subprocess.run([sys.executable, "-c", code, str(s)], capture_output=True, check=False).returncode
        for s in (size, size - 16)
    ]
    assert runs[0] == 0
    assert runs[1] != 0


@pytest.mark.parametrize("name", ["BEAT_INPUT", "RHYTHM_INPUT"])
def test_inputs_are_numbered(name: str) -> None:
    assert header_value(name) in (0, 1)
    assert header_value("BEAT_INPUT") != header_value("RHYTHM_INPUT")
