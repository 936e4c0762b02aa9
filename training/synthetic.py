"""Made-up atrial rhythms: real beats of one patient in a new order, with RR features of the new intervals.

Databases hold few of the rhythms in which atrial beats come in runs between irregular pauses; networks
then learn that S means "earlier than a steady rhythm". Here the N and S beats of one training patient
are strung together in three ways, and the reference's own RR kernels compute the features anew. The
shape features and the beats stay those of the real beats.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from training.config import TrainingConfig
from training.crops import BeatSequence, scaled_rows
from training.datasets import RecordBeats

#: Irregular pauses with runs of S; long runs in a steady rhythm; couplets, bigeminy and the like; and N
#: beats alone at the intervals of atrial fibrillation, so that irregular does not become S.
MODES = ("pauses", "runs", "patterns", "irregular")

#: Beats of one made-up rhythm, of which the first let the RR memories settle.
BEATS = 320

#: A record gives made-up rhythms when it has this many beats of S and N.
S_BEATS_MIN, N_BEATS_MIN = 15, 100

#: Label smoothing of the teacher's probabilities, where made-up beats have no teacher.
_TEACHER_TRUST = 0.94


def eligible(record: RecordBeats) -> bool:
    """Whether a record has enough beats to string together."""
    return bool((record.label == 1).sum() >= S_BEATS_MIN and (record.label == 0).sum() >= N_BEATS_MIN)


def rhythm_of(mode: str, usual_s: float, rng: np.random.Generator) -> tuple[list[int], list[float]]:
    """Labels (0 N, 1 S) and the RR intervals before the beats, s, of a made-up rhythm of ``BEATS`` beats."""
    if mode == "irregular":
        mean_s, spread = usual_s * rng.uniform(0.6, 1.1), rng.uniform(0.1, 0.3)
        drawn = mean_s * np.exp(spread * rng.standard_normal(BEATS))
        return [0] * BEATS, [float(t) for t in np.clip(drawn, 0.3, 2.0)]
    labels: list[int] = []
    intervals: list[float] = []
    jitter = rng.uniform(0.01, 0.06)

    def add(label: int, interval_s: float, spread: float) -> None:
        labels.append(label)
        intervals.append(float(np.clip(interval_s * np.exp(spread * rng.standard_normal()), 0.24, 6.0)))

    if mode == "pauses":
        pause_s = usual_s * rng.uniform(1.0, 1.9)
        short_s = max(0.35, pause_s * rng.uniform(0.38, 0.75))
        pause_spread, run = rng.uniform(0.05, 0.35), rng.uniform(1.5, 8)
    else:
        short_s = max(0.3, usual_s * rng.uniform(0.45, 0.8))
        pause_spread, run = jitter, rng.uniform(3, 40)
    between = rng.uniform(8, 50)
    singles, pair = rng.integers(1, 4), rng.integers(1, 4)
    while len(labels) < BEATS:
        if mode == "pauses":
            for _ in range(1 + (rng.random() < 0.3)):
                add(0, pause_s, pause_spread)
            for _ in range(1 + rng.poisson(run - 1)):
                add(1, short_s, jitter)
        elif mode == "runs":
            for i in range(1 + rng.poisson(between)):
                add(0, usual_s * (rng.uniform(1, 1.5) if i == 0 and labels else 1), jitter)
            for _ in range(1 + rng.poisson(run)):
                add(1, short_s, jitter)
        else:
            for i in range(singles if rng.random() < 0.8 else rng.integers(1, 8)):
                add(0, usual_s * (rng.uniform(1, 1.35) if i == 0 and labels else 1), jitter)
            for _ in range(pair if rng.random() < 0.3 else 1):
                add(1, max(0.3, usual_s * rng.uniform(0.5, 0.85)), 0.0)
    return labels[:BEATS], intervals[:BEATS]


def rr_rows(rr_samples: NDArray[np.int64]) -> NDArray[np.int8]:
    """RR features, int8 [n, RR_FEATURES], of beats with these intervals before them: the reference's own."""
    from host_tools.reference.params import RR_BOUND_SAMPLES, RR_MAX_SAMPLES
    from host_tools.reference.rr import RR_FEATURES, rr_features
    from host_tools.reference.state import RR_DTYPE, new_record

    state: Any = new_record(RR_DTYPE)
    n = len(rr_samples)
    rows = np.zeros((n, RR_FEATURES), np.int32)
    following = np.append(rr_samples[1:], rr_samples[-1])
    for i in range(n):
        prev = int(min(rr_samples[i], RR_MAX_SAMPLES))
        rr_features(state, prev, int(min(following[i], RR_BOUND_SAMPLES)), rows[i], 0)
    return rows.astype(np.int8)


def make_up(
    record: RecordBeats, mode: str, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int8], NDArray[np.int64]]:
    """One made-up rhythm: which of the record's beats, their new rows, their labels."""
    from host_tools.reference.params import FS_HZ

    normal = np.flatnonzero(record.label == 0)
    inner = normal[(normal > 0) & (normal < len(record.label) - 1)]
    inner = inner[(record.label[inner - 1] == 0) & (record.label[inner + 1] == 0)]
    normal = inner if len(inner) >= N_BEATS_MIN // 2 else normal
    atrial = np.flatnonzero(record.label == 1)
    usual_s = float(np.median(record.rr[normal, 0])) / FS_HZ * np.exp(0.12 * rng.standard_normal())
    labels, intervals = rhythm_of(mode, float(np.clip(usual_s, 0.45, 1.3)), rng)
    label = np.array(labels)
    index = np.where(label == 0, rng.choice(normal, BEATS), rng.choice(atrial, BEATS))
    rows = record.rows[index].copy()
    own = rr_rows(np.rint(np.array(intervals) * FS_HZ).astype(np.int64))
    rows[:, : own.shape[1]] = own
    return index, rows, label


def synthetic_sequences(
    records: Sequence[RecordBeats],
    config: TrainingConfig,
    scaling: tuple[torch.Tensor, torch.Tensor],
    seed: int,
    with_teacher: bool,
) -> list[BeatSequence]:
    """Make up one rhythm of each mode from every eligible training record."""
    rng = np.random.default_rng(seed)
    out = []
    for record in records:
        if not eligible(record):
            continue
        for mode in MODES:
            index, rows, label = make_up(record, mode, rng)
            teacher = None
            if with_teacher:
                rest = (1 - _TEACHER_TRUST) / 3
                teacher = torch.full((BEATS, 4), rest)
                teacher[torch.arange(BEATS), torch.from_numpy(label)] = _TEACHER_TRUST
            out.append(
                BeatSequence(
                    record.beat,
                    index,
                    scaled_rows(rows, config.model, scaling),
                    torch.from_numpy(label),
                    torch.full((BEATS,), config.data.synthetic_weight),
                    teacher,
                )
            )
    return out
