"""Crops of consecutive beats: what a batch is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from training.config import ModelConfig, TrainingConfig
from training.datasets import RecordBeats
from training.model import CLASSES, INPUT_STEPS
from training.splits import LABEL_NONE, LABELS, MADE_UP, OTHER_LEAD, is_svdb

#: Records with more S (or V) beats than this share are drawn more often.
_S_RICH_SHARE, _V_RICH_SHARE = 0.01, 0.02


@dataclass(frozen=True)
class BeatSequence:
    """Consecutive beats to take crops from.

    ``beat`` int8 [n, 96, 2]; ``rows`` float32 [before + n + after, F], scaled, with the rows of beats
    that do not exist; ``label`` int64 [n], 0..3, or -1 where the loss does not look; ``weight`` float32
    [n]; ``teacher`` float32 [n, 4], probabilities, or None.
    """

    beat: NDArray[np.int8]
    rows: torch.Tensor
    label: torch.Tensor
    weight: torch.Tensor
    teacher: torch.Tensor | None

    def beats(self, first: int, length: int) -> torch.Tensor:
        """Beat inputs of a crop, float32 [length, 2, 96]."""
        return torch.from_numpy(self.beat[first : first + length]).transpose(1, 2).float() / INPUT_STEPS


def row_scaling(records: Sequence[RecordBeats]) -> tuple[torch.Tensor, torch.Tensor]:
    """Median and 1 / spread of each feature over training records, real units, float32 [F] each.

    The spread is the mean of the standard deviation and of what the middle 80 % would give a normal
    distribution; at least half a step of the int8 grid.
    """
    rows = np.concatenate([r.rows for r in records]).astype(np.float32) / INPUT_STEPS
    low, middle, high = np.percentile(rows, [10, 50, 90], axis=0)
    spread = 0.5 * rows.std(0) + 0.5 * (high - low) / 2.563
    scale = 1 / np.maximum(spread, 0.5 / INPUT_STEPS)
    return torch.from_numpy(middle.astype(np.float32)), torch.from_numpy(scale.astype(np.float32))


def scaled_rows(
    rows: NDArray[np.int8], model: ModelConfig, scaling: tuple[torch.Tensor, torch.Tensor]
) -> torch.Tensor:
    """Rows of a record with those of the beats that do not exist on both sides, scaled."""
    before = model.context_beats - 1 - model.lookahead_beats
    padded = np.pad(rows, ((before, model.lookahead_beats), (0, 0)))
    return (torch.from_numpy(padded).float() / INPUT_STEPS - scaling[0]) * scaling[1]


def record_sequence(
    record: RecordBeats,
    config: TrainingConfig,
    scaling: tuple[torch.Tensor, torch.Tensor],
    teacher: NDArray[np.float32] | None = None,
) -> BeatSequence:
    """Make a record, real or made up, ready for training."""
    label = record.label.astype(np.int64)
    weight = np.full(len(label), config.made_up.weight if MADE_UP in record.record else 1.0, np.float32)
    false = record.label == LABEL_NONE
    weight[false] *= config.optimiser.false_beat_weight
    label[false] = 0
    label[label >= CLASSES] = -1
    label[weight == 0] = -1
    return BeatSequence(
        record.beat,
        scaled_rows(record.rows, config.model, scaling),
        torch.from_numpy(label),
        torch.from_numpy(weight),
        None if teacher is None else torch.from_numpy(teacher),
    )


def draw_shares(records: Sequence[RecordBeats], config: TrainingConfig) -> NDArray[np.float64]:
    """How often each record is drawn: by the root of its length, more often where S and V are many."""
    shares = []
    for record in records:
        counts = np.bincount(record.label, minlength=len(LABELS))
        share = float(np.sqrt(counts[:CLASSES].sum()))
        part = counts / max(1, counts[:CLASSES].sum())
        share *= 1 + 2 * (part[1] > _S_RICH_SHARE) + (part[2] > _V_RICH_SHARE)
        if is_svdb(record.record):
            share *= config.optimiser.svdb_weight
        if record.record.endswith(OTHER_LEAD):
            share *= config.optimiser.other_lead_weight
        shares.append(share)
    total = np.array(shares)
    return np.asarray(total / total.sum())


def class_loss_weights(records: Sequence[RecordBeats], config: TrainingConfig) -> torch.Tensor:
    """Weights of the classes in the loss, float32 [4], 1 for N."""
    counts = sum(np.bincount(r.label, minlength=LABEL_NONE + 1)[:CLASSES] for r in records)
    counts = np.maximum(np.asarray(counts, np.float64), 1)
    weight = (counts.sum() / counts) ** config.optimiser.class_weight_power
    weight = weight / weight[0]
    weight[3] = weight[2] * config.optimiser.fusion_weight
    return torch.from_numpy(weight.astype(np.float32))


class CropSampler:
    """Draws batches of crops.

    Parameters
    ----------
    records : sequence of RecordBeats
        Training records; those shorter than a crop are left out.
    sequences : sequence of BeatSequence
        The same, ready for training.
    made_up : dict of str to sequence of BeatSequence
        Made-up records of each mode; drawn with the shares of ``config.made_up``.
    config : TrainingConfig
        Sizes and shares.
    seed : int
        Fixes the draws.
    """

    def __init__(
        self,
        records: Sequence[RecordBeats],
        sequences: Sequence[BeatSequence],
        made_up: Mapping[str, Sequence[BeatSequence]],
        config: TrainingConfig,
        seed: int,
    ) -> None:
        length = config.optimiser.crop_beats
        long = [i for i, s in enumerate(sequences) if len(s.label) > length]
        self.sequences = [sequences[i] for i in long]
        self.share = draw_shares([records[i] for i in long], config)
        self.rare = [np.flatnonzero((s.label >= 1).numpy()) for s in self.sequences]
        usable = {mode: [s for s in of if len(s.label) > length] for mode, of in made_up.items()}
        self.made_up = [of for of in usable.values() if of]
        shares = config.made_up.shares()
        self.made_up_up_to = np.cumsum([shares[mode] for mode, of in usable.items() if of])
        self.config = config
        self.rng = np.random.default_rng(seed)
        model = config.model
        self.context = model.context_beats - 1

    def draw(self) -> list[tuple[BeatSequence, int]]:
        """Choose the crops of one batch: sequences and first beats."""
        opt = self.config.optimiser
        chosen = []
        for j in self.rng.choice(len(self.sequences), opt.crops, p=self.share):
            s = self.sequences[j]
            mode = int(np.searchsorted(self.made_up_up_to, self.rng.random(), "right"))
            if mode < len(self.made_up):
                of = self.made_up[mode]
                s = of[self.rng.integers(len(of))]
                first = self.rng.integers(len(s.label) - opt.crop_beats)
            elif len(self.rare[j]) and self.rng.random() < opt.rare_crop_share:
                first = self.rng.choice(self.rare[j]) - self.rng.integers(opt.crop_beats)
            else:
                first = self.rng.integers(len(s.label) - opt.crop_beats)
            chosen.append((s, int(np.clip(first, 0, len(s.label) - opt.crop_beats))))
        return chosen

    def batch(self) -> dict[str, torch.Tensor]:
        """Draw ``beat`` [B, L, 2, 96], ``rows`` [B, L + K - 1, F], ``label``, ``weight``, ``teacher``."""
        length = self.config.optimiser.crop_beats
        crops = self.draw()
        batch = {
            "beat": torch.stack([s.beats(a, length) for s, a in crops]),
            "rows": torch.stack([s.rows[a : a + length + self.context] for s, a in crops]),
            "label": torch.stack([s.label[a : a + length] for s, a in crops]),
            "weight": torch.stack([s.weight[a : a + length] for s, a in crops]),
        }
        if crops[0][0].teacher is not None:
            teachers = [s.teacher for s, _ in crops]
            batch["teacher"] = torch.stack(
                [t[a : a + length] for t, (_, a) in zip(teachers, crops, strict=True) if t is not None]
            )
        return batch
