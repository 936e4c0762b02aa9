"""The same model at other sampling rates: the chain is generated anew, checked, and compared on DS1."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import signal

from export.generate import generate_variant, load_reference
from host_tools.beats import CLASS_NAMES
from host_tools.ec57 import CLASSES, figures_from_matrix, pair_beats
from host_tools.mitdb import record_samples
from host_tools.native import build_library, load_library, run_core
from host_tools.parity import compare_record
from host_tools.progress import track
from host_tools.wfdb_annotations import annotations_of

#: Compared value for value at each rate.
PARITY_RECORDS = ("100", "208")
#: Seconds of each of them that are compared value for value.
PARITY_SECONDS = 300


def resample(samples: npt.NDArray[np.int16], from_hz: int, to_hz: int) -> npt.NDArray[np.int16]:
    """Resample by a polyphase filter, rounded and saturated to int16."""
    if from_hz == to_hz:
        return samples
    divisor = int(np.gcd(from_hz, to_hz))
    resampled = signal.resample_poly(samples.astype(np.float64), to_hz // divisor, from_hz // divisor)
    rounded: npt.NDArray[np.int16] = np.clip(np.rint(resampled), -32767, 32767).astype(np.int16)
    return rounded


def check_rate(fs_hz: int, data: Path) -> dict[str, Any]:
    """Generate the chain for ``fs_hz`` and check it.

    Parameters
    ----------
    fs_hz : int
        Sampling rate of the chain, Hz.
    data : Path
        Folder of MIT-BIH records.

    Returns
    -------
    dict
        ``fs_hz, state_bytes, values_compared, mismatches`` (five minutes of two records) and on DS1, from
        5:00 on, the C core's ``qrs_se, qrs_ppv, accuracy, macro_f1`` in percent. DS1 trained the model:
        the figures serve to compare rates, not to judge the model.
    """
    from host_tools.reference.params import FS_HZ
    from training.datasets import DS1

    variant = generate_variant(fs_hz)
    reference = load_reference(variant.reference_dir, f"reference_fs{fs_hz}")
    delay = sys.modules[f"reference_fs{fs_hz}.params"].DELAY_SAMPLES
    compared = mismatches = 0
    for name in PARITY_RECORDS:
        samples = resample(record_samples(data, name)[: PARITY_SECONDS * FS_HZ], FS_HZ, fs_hz)
        result = compare_record(name, samples, run_reference=reference.run_record, variant=variant.c_dir)
        compared += sum(result.compared.values())
        mismatches += sum(result.mismatches.values())
    matrix = np.zeros((len(CLASSES), len(CLASSES)), np.int64)
    for name in track(DS1, len(DS1), f"{fs_hz} Hz", str):
        beats = run_core(resample(record_samples(data, name), FS_HZ, fs_hz), variant=variant.c_dir).beats
        at = np.rint((beats["r_sample"].astype(np.int64) - delay) * (FS_HZ / fs_hz)).astype(np.int64)
        annotations = annotations_of(data / name)
        labels = [CLASS_NAMES[c] for c in beats["aami_class"]]
        matrix += pair_beats(
            annotations.samples, annotations.symbols, at, labels, FS_HZ, mapping="dechazal"
        ).matrix
    figures = figures_from_matrix(matrix)
    library = load_library(build_library(variant=variant.c_dir))
    return {
        "fs_hz": fs_hz,
        "state_bytes": int(library.bitbeat_state_bytes()),
        "values_compared": compared,
        "mismatches": mismatches,
        "qrs_se": figures["qrs"]["se"],
        "qrs_ppv": figures["qrs"]["ppv"],
        "accuracy": figures["accuracy"],
        "macro_f1": figures["macro_f1"],
    }
