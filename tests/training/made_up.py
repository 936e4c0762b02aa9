"""Records of made-up beats, whose class shows in both inputs."""

from __future__ import annotations

import numpy as np

from host_tools.reference.params import FEATURE_NAMES
from training.datasets import RecordBeats


def made_up(record: str, n: int, seed: int) -> RecordBeats:
    """Give ``n`` beats of all four classes."""
    rng = np.random.default_rng(seed)
    label = rng.choice(4, n, p=[0.7, 0.1, 0.15, 0.05]).astype(np.uint8)
    beat = rng.integers(-20, 21, (n, 96, 2))
    beat[:, 30:42, 0] += 30 * label[:, None]
    rows = rng.integers(-10, 11, (n, len(FEATURE_NAMES)))
    rows[:, 16] -= 20 * label
    rr = np.full((n, 2), 288, np.int32)
    return RecordBeats(
        record,
        beat.astype(np.int8),
        rows.astype(np.int8),
        label,
        np.arange(n, dtype=np.int64) * 288,
        rr,
        np.zeros(0, np.int64),
        np.zeros(0, np.uint8),
    )
