"""The double of the signal chain in Python: what a device that lost nothing must answer. Twin of double.c."""

from __future__ import annotations

import numpy as np

from host_tools.beats import BEAT_DTYPE, CONDITION_DTYPE

PERIOD_SAMPLES = 50
FLUSH_BEATS = 3
CONDITION_SAMPLES = 37
_MASK = 0xFFFFFFFF


def _beat(r_sample: int, total: int) -> tuple[object, ...]:
    logits = [((total >> (7 * i)) & 0x7F) - 64 for i in range(4)]
    return (
        r_sample & _MASK,
        total & 0xFFFF,
        total >> 16,
        logits,
        total % 4,
        total % 251,
        total % 32,
        total % 101,
    )


def _rails(rails: tuple[int, int] | None) -> int:
    return 0 if rails is None else 3 * (rails[0] & 0xFFFF) + 5 * (rails[1] & 0xFFFF)


def expected_beats(
    samples: np.ndarray, first_sample: int = 0, rails: tuple[int, int] | None = None
) -> np.ndarray:
    """Return the beats for int16 samples [n], as BEAT_DTYPE."""
    total = 0
    beats = []
    for i, x in enumerate(samples.tolist()):
        total = (total * 31 + (x & 0xFFFF) + 1 + _rails(rails)) & _MASK
        if i % PERIOD_SAMPLES == PERIOD_SAMPLES - 1:
            beats.append(_beat(first_sample + i + 1 - 10, total))
    flushed = min(FLUSH_BEATS, len(samples))
    for k in range(1, flushed + 1):
        total = (total + k) & _MASK
        beats.append(_beat(first_sample + len(samples) - flushed + k - 1, total))
    return np.array([tuple(b) for b in beats], BEAT_DTYPE)


def expected_conditions(
    samples: np.ndarray, first_sample: int = 0, rails: tuple[int, int] | None = None
) -> np.ndarray:
    """Return the changes of the conditions, as CONDITION_DTYPE."""
    total = conditions = 0
    changes = []
    for i, x in enumerate(samples.tolist()):
        total = (total * 31 + (x & 0xFFFF) + 1 + _rails(rails)) & _MASK
        if i % CONDITION_SAMPLES == CONDITION_SAMPLES - 1 and conditions != (total >> 3) % 32:
            conditions = (total >> 3) % 32
            changes.append(((first_sample + i) & _MASK, conditions))
    return np.array(changes, CONDITION_DTYPE)


def expected_trace(samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the traced values: int64 [n, 2] of each sample, int64 [beats, 300] of each unflushed beat."""
    total = 0
    sums, ramps = [], []
    for i, x in enumerate(samples.tolist()):
        total = (total * 31 + (x & 0xFFFF) + 1) & _MASK
        sums.append((total >> 1, -(total & 0x7F)))
        if i % PERIOD_SAMPLES == PERIOD_SAMPLES - 1:
            ramps.append(np.arange(300) - 150 + (total & 0xFF))
    return np.array(sums), np.array(ramps)
