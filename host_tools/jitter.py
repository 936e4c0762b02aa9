"""How far detected R peaks lie from the annotated ones, and how long after them a beat is answered."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from host_tools.ec57 import pair_beats
from host_tools.native import run_core
from host_tools.records import read_record
from host_tools.wfdb_annotations import annotations_of


@dataclass(frozen=True)
class Jitter:
    """Distances of a record's matched R peaks from their annotations, samples at the spec's rate.

    Attributes
    ----------
    offset_samples : float
        Median of (detected - annotated): where this record's annotators put the R peak.
    distances_samples : float64 [n]
        |detected - annotated - offset|, one per matched beat.
    delays_samples : int64 [m]
        From each R peak in the ECG to the sample with which the core hands out the beat, class and all; one
        per beat but those that only the end of the record released.
    """

    offset_samples: float
    distances_samples: npt.NDArray[np.float64]
    delays_samples: npt.NDArray[np.int64]

    def percentile(self, percent: float) -> float:
        """Percentile of the distances, samples; 0 where no beat matched."""
        return _percentile(self.distances_samples, percent)

    def delay(self, percent: float) -> float:
        """Percentile of the delays, samples; 0 without beats."""
        return _percentile(self.delays_samples, percent)


def _percentile(values: npt.NDArray[Any], percent: float) -> float:
    return float(np.percentile(values, percent)) if values.size else 0.0


def record_jitter(path: Path) -> Jitter:
    """Compare the C core's R peaks on a record's first signal with its annotations, from 5:00 on.

    Parameters
    ----------
    path : Path
        WFDB record without suffix, at the spec's rate.

    Returns
    -------
    Jitter

    Raises
    ------
    UserError
        The record or its annotations cannot be read.
    """
    from host_tools.reference.params import DELAY_SAMPLES, FS_HZ

    samples = read_record(path, lead="0", reference="none").samples
    result = run_core(samples)
    found = result.beats["r_sample"].astype(np.int64) - DELAY_SAMPLES
    released = result.released.astype(np.int64)
    delays = (released - found)[released < len(samples)]
    reference = annotations_of(path)
    pairs = pair_beats(reference.samples, reference.symbols, found, ["N"] * len(found), FS_HZ).pairs
    differences = (found[pairs[:, 1]] - reference.samples[pairs[:, 0]]).astype(np.float64)
    offset = float(np.median(differences)) if differences.size else 0.0
    return Jitter(offset, np.abs(differences - offset), delays)


def pooled(records: list[Jitter]) -> Jitter:
    """All records' distances as one, each record's offset taken out."""
    return Jitter(
        0.0,
        np.concatenate([jitter.distances_samples for jitter in records]),
        np.concatenate([jitter.delays_samples for jitter in records]),
    )
