"""What the annotators say about a place of the signal: a beat, ventricular flutter, or nothing."""

from __future__ import annotations

import numpy as np

from host_tools.ec57.timeline import read_timeline, within
from host_tools.summary import ReferenceBeats

#: Begin and end of ventricular flutter, which are no beats.
_BOUNDS = ("[", "]")


def flutter_stretches(reference: ReferenceBeats | None) -> list[tuple[int, int]]:
    """Return first and last sample of each ventricular flutter, as EC57's comparison reads the annotations.

    One that is not closed ends at :data:`~host_tools.ec57.timeline.NEVER`.
    """
    if reference is None:
        return []
    labels = [str(label) for label in reference.labels]
    return read_timeline(reference.samples, labels, None, "dechazal", 0, "annotations").flutter


def in_flutter(reference: ReferenceBeats | None, sample: int) -> bool:
    """Whether a sample lies in ventricular flutter, where single beats are not annotated."""
    return within(sample, flutter_stretches(reference))


def annotated_beat(reference: ReferenceBeats | None, sample: int, reach: float) -> tuple[str, int] | None:
    """Return the annotated beat nearest to a sample: its label and its own sample; None without any.

    Parameters
    ----------
    reference : ReferenceBeats or None
        The annotations.
    sample : int
        In the annotations' samples.
    reach : float
        How far the beat may be, samples.
    """
    if reference is None:
        return None
    is_beat = ~np.isin(reference.labels, _BOUNDS)
    samples = np.asarray(reference.samples)[is_beat]
    distance = np.abs(samples - sample)
    if distance.size == 0 or distance.min() > reach:
        return None
    k = int(np.argmin(distance))
    return str(np.asarray(reference.labels)[is_beat][k]), int(samples[k])
