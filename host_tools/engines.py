"""Both network engines on the same beats: the compiled network against the interpreter on the C array.

The array is taken from the compiled C (``ecg_model_tflite.c``), not from the .tflite: what is interpreted
here, by TensorFlow Lite Micro's own code, is what a board with that engine interprets.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from host_tools.build import ROOT
from host_tools.errors import CheckFailed
from host_tools.native import build_library, load_library, run_core

TFLITE = ROOT / "firmware" / "lib" / "model" / "bitbeat.tflite"
HEADER = ROOT / "firmware" / "lib" / "model" / "ecg_model_tflm.h"


@dataclass
class EngineReport:
    """How many beats both engines classified, and how many logits differ.

    Attributes
    ----------
    records, beats, logits, mismatches : int
        Counts; ``logits`` is four per beat.
    arena_bytes : int
        Arena given to the interpreter: the firmware's own.
    array_bytes : int
        Size of the C array.
    """

    records: int
    beats: int
    logits: int
    mismatches: int
    arena_bytes: int
    array_bytes: int


def compiled_array(library: Path | None = None) -> bytes:
    """Return the model as the compiled C holds it.

    Raises
    ------
    CheckFailed
        Its own length, or its content, is not that of ``bitbeat.tflite``.
    """
    loaded = load_library(library or build_library())
    length = ctypes.c_uint32.in_dll(loaded, "ECG_MODEL_TFLITE_LENGTH").value
    array = (ctypes.c_uint8 * length).in_dll(loaded, "ECG_MODEL_TFLITE")
    if ctypes.addressof(array) % 16:
        raise CheckFailed("ecg_model_tflite.c: the array is not aligned to 16 bytes")
    content = bytes(array)
    if content != TFLITE.read_bytes():
        raise CheckFailed("ecg_model_tflite.c is not bitbeat.tflite: run `bitbeat generate`")
    return content


def header_value(name: str) -> int:
    """Return a number from the generated ``ecg_model_tflm.h``."""
    for line in HEADER.read_text().splitlines():
        words = line.split()
        if words[:2] == ["#define", f"ECG_TFLM_{name}"]:
            return int(words[2])
    raise KeyError(name)


class ArrayInterpreter:
    """TensorFlow Lite Micro on the C array, with the firmware's arena and the firmware's input numbers."""

    def __init__(self, content: bytes) -> None:
        from tflite_micro.python.tflite_micro import runtime

        self.arena_bytes = header_value("ARENA_BYTES")
        self._interpreter = runtime.Interpreter.from_bytes(content, arena_size=self.arena_bytes)
        self._inputs = (header_value("BEAT_INPUT"), header_value("RHYTHM_INPUT"))
        self._shapes = [tuple(self._interpreter.get_input_details(i)["shape"]) for i in self._inputs]

    def logits(self, beat: npt.NDArray[np.int8], rhythm: npt.NDArray[np.int8]) -> npt.NDArray[np.int8]:
        """Logits int8 [n, 4] of inputs int8 [n, samples * channels] and int8 [n, features]."""
        out = np.zeros((len(beat), 4), np.int8)
        for i in range(len(beat)):
            for values, number, shape in zip((beat, rhythm), self._inputs, self._shapes, strict=True):
                self._interpreter.set_input(values[i].reshape(shape), number)
            self._interpreter.invoke()
            out[i] = self._interpreter.get_output(0).reshape(-1)
        return out


def compare_engines(
    records: Sequence[tuple[str, npt.NDArray[np.int16]]],
    on_record: Callable[[str, int, int], None] | None = None,
) -> EngineReport:
    """Run records through the core, and each beat's network inputs through the interpreter.

    Parameters
    ----------
    records : sequence of (name, int16 [n])
        Samples at the spec's rate, adu.
    on_record : callable, optional
        Called with name, beats and differing logits of each record.

    Returns
    -------
    EngineReport
        Zero mismatches mean: both engines give the same logits for every beat.
    """
    content = compiled_array()
    interpreter = ArrayInterpreter(content)
    report = EngineReport(0, 0, 0, 0, interpreter.arena_bytes, len(content))
    for name, samples in records:
        result = run_core(samples, trace=True)
        n = len(result.beats)
        beat = result.trace["beat_input"].astype(np.int8).reshape(n, -1)
        rhythm = result.trace["rhythm_input"].astype(np.int8).reshape(n, -1)
        wrong = int((interpreter.logits(beat, rhythm) != result.beats["logits"]).sum())
        report.records += 1
        report.beats += n
        report.logits += result.beats["logits"].size
        report.mismatches += wrong
        if on_record is not None:
            on_record(name, n, wrong)
    return report
