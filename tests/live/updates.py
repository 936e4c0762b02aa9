"""What a device could send, laid out by hand."""

from __future__ import annotations

import numpy as np

from host_tools.beats import BEAT_DTYPE, CONDITION_DTYPE
from host_tools.link.live import LiveUpdate
from host_tools.link.messages import LiveStatus
from host_tools.reference.params import DELAY_SAMPLES, FS_HZ


def block(first: int, values: list[int] | np.ndarray, step: int = 1) -> LiveUpdate:
    return LiveUpdate(blocks=[(first, step, np.array(values, np.int16))])


def signal(until_s: float, from_s: float = 0.0) -> LiveUpdate:
    """A signal between two times."""
    n = np.arange(round(from_s * FS_HZ), round(until_s * FS_HZ))
    return block(int(n[0]), (100 * np.sin(n / 9)).astype(np.int16))


def beats(*times_s: float, flags: int = 0, aami_class: int = 0) -> LiveUpdate:
    """Beats with their R peaks at these times of the input."""
    update = LiveUpdate()
    before = 0.0
    for time_s in times_s:
        beat = np.zeros(1, BEAT_DTYPE)
        beat["r_sample"] = round(time_s * FS_HZ) + DELAY_SAMPLES
        beat["rr_prev_samples"] = min(round((time_s - before) * FS_HZ), 2880)
        beat["flags"], beat["aami_class"], beat["confidence_q8"] = flags, aami_class, 255
        update.beats.append(beat)
        before = time_s
    return update


def condition(at_s: float, bits: int) -> LiveUpdate:
    row = np.zeros(1, CONDITION_DTYPE)
    row["sample"], row["conditions"] = round(at_s * FS_HZ), bits
    return LiveUpdate(conditions=[row])


def status(taken: int = 0, lost: int = 0, flags: int = 0, conditions: int = 0) -> LiveUpdate:
    return LiveUpdate(status=LiveStatus(taken, lost, 0, 0, 12, 5, flags, 128, 87, conditions))
