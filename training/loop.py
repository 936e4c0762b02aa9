"""One training: draws beats, augments, steps, averages the weights, judges every epoch. Resumable."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from host_tools.errors import UserError
from host_tools.writing import replacing
from training.augment import Augmenter, NoiseBank, to_real
from training.config import TrainingConfig
from training.datasets import RecordBeats
from training.losses import class_weights, focal_loss
from training.metrics import CLASSES, confusion_matrix, macro_f1
from training.model import HybridNet, pick_device, set_deterministic

#: The judged weights are an exponential mean over about this many steps.
AVERAGE_STEPS = 100

#: The learning rate falls along a cosine to this share of its peak.
FINAL_RATE = 0.05

_EVAL_BATCH = 2048

#: Called after each epoch with the epoch (1 ..) and its figures.
EpochReport = Callable[[int, dict[str, float]], None]


@dataclass(frozen=True)
class BeatTensors:
    """Beats of several records, stacked: float32 [n, 2, 1, 96], float32 [n, 12], int64 [n], float64 [n]."""

    beat: torch.Tensor
    rhythm: torch.Tensor
    label: torch.Tensor
    draw_share: torch.Tensor


def stack_beats(records: Sequence[RecordBeats], class_draw_power: float = 0.0) -> BeatTensors:
    """Put records together; a record is drawn with the root of its length, not with its length.

    Parameters
    ----------
    records : sequence of RecordBeats
        Without beats of class Q.
    class_draw_power : float
        A class is drawn more often by (largest count / its count) ^ this.
    """
    label = np.concatenate([r.label for r in records]).astype(np.int64)
    share = np.concatenate([np.full(len(r.label), len(r.label) ** -0.5) for r in records if len(r.label)])
    share = share * class_weights(np.bincount(label, minlength=CLASSES), class_draw_power)[label]
    beat, rhythm = to_real(
        np.concatenate([r.beat for r in records]), np.concatenate([r.rhythm for r in records])
    )
    return BeatTensors(beat, rhythm, torch.from_numpy(label), torch.from_numpy(share / share.sum()))


def predict(net: HybridNet, beat: NDArray[np.int8], rhythm: NDArray[np.int8]) -> NDArray[np.float32]:
    """Logits of the float network on device inputs: int8 [n, 96, 2], int8 [n, 12] to float32 [n, 4]."""
    device = next(net.parameters()).device
    net.eval()
    out = []
    with torch.no_grad():
        for start in range(0, len(beat), _EVAL_BATCH):
            x, r = to_real(beat[start : start + _EVAL_BATCH], rhythm[start : start + _EVAL_BATCH])
            out.append(net(x.to(device), r.to(device)).cpu().numpy())
    return np.concatenate(out) if out else np.zeros((0, CLASSES), np.float32)


class TrainingRun:
    """A training that can stop after any epoch and go on later with the same result.

    Parameters
    ----------
    config : TrainingConfig
        Hyper-parameters.
    train : sequence of RecordBeats
        Training beats (no class Q).
    held_out : sequence of RecordBeats
        Judged after every epoch; empty for the final training.
    noise : NoiseBank
        For augmentation.
    seed : int
        Fixes weights, draws, augmentation and dropout.
    device : str
        ``auto``, ``cpu`` or ``cuda``.
    """

    def __init__(
        self,
        config: TrainingConfig,
        train: Sequence[RecordBeats],
        held_out: Sequence[RecordBeats],
        noise: NoiseBank,
        seed: int,
        device: str = "auto",
    ) -> None:
        set_deterministic(seed)
        self.config = config
        self.device = pick_device(device)
        self.data = stack_beats(train, config.optimiser.class_draw_power)
        self.held_out = list(held_out)
        self.net = HybridNet(config.model).to(self.device)
        self.average = copy.deepcopy(self.net).eval()
        self.optimiser = torch.optim.AdamW(
            self.net.parameters(),
            lr=config.optimiser.learning_rate,
            weight_decay=config.optimiser.weight_decay,
        )
        self.generator = torch.Generator().manual_seed(seed)
        self.augment = Augmenter(config.augment, noise, self.generator)
        counts = np.bincount(self.data.label.numpy(), minlength=CLASSES)
        self.weights = torch.from_numpy(class_weights(counts, config.loss.class_weight_power)).to(self.device)
        self.epoch = 0
        self.step = 0
        self.history: list[dict[str, float]] = []
        self.logits: list[NDArray[np.float32]] = []

    @property
    def steps_per_epoch(self) -> int:
        """Optimiser steps of one epoch."""
        return max(1, self.config.optimiser.beats_per_epoch // self.config.optimiser.batch_beats)

    def run_epoch(self) -> dict[str, float]:
        """Train one epoch and judge it; returns and keeps its figures."""
        opt = self.config.optimiser
        self.net.train()
        total = 0.0
        for _ in range(self.steps_per_epoch):
            total += self._step(opt.batch_beats)
        self.epoch += 1
        figures = {"epoch": float(self.epoch), "loss": total / self.steps_per_epoch}
        figures["learning_rate"] = float(self.optimiser.param_groups[0]["lr"])
        if self.held_out:
            logits = np.concatenate([predict(self.average, r.beat, r.rhythm) for r in self.held_out])
            label = np.concatenate([r.label for r in self.held_out])
            matrix = confusion_matrix(label, logits.argmax(1))
            figures["accuracy"] = float(np.trace(matrix) / max(1, matrix.sum()))
            figures["macro_f1_nsv"] = macro_f1(matrix)
            figures["held_out_loss"] = self._held_out_loss(logits, label)
            self.logits.append(logits)
        self.history.append(figures)
        return figures

    def _rate(self) -> float:
        opt = self.config.optimiser
        warm = min(1.0, (self.step + 1) / self.steps_per_epoch)
        part = min(1.0, self.step / (opt.epochs_max * self.steps_per_epoch))
        return opt.learning_rate * warm * (FINAL_RATE + (1 - FINAL_RATE) * (1 + math.cos(math.pi * part)) / 2)

    def _step(self, batch: int) -> float:
        for group in self.optimiser.param_groups:
            group["lr"] = self._rate()
        index = torch.multinomial(self.data.draw_share, batch, replacement=True, generator=self.generator)
        beat, rhythm = self.augment(self.data.beat[index], self.data.rhythm[index])
        logits = self.net(beat.to(self.device), rhythm.to(self.device))
        target = self.data.label[index].to(self.device)
        loss = focal_loss(logits, target, self.weights, self.config.loss.focal_gamma)
        self.optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 2.0)
        self.optimiser.step()
        self.step += 1
        self._follow()
        return float(loss.detach())

    def _follow(self) -> None:
        """Let the averaged network follow; early on it forgets its random start quickly."""
        keep = min(1 - 1 / AVERAGE_STEPS, self.step / (self.step + 9))
        own = self.net.state_dict()
        for name, value in self.average.state_dict().items():
            if value.is_floating_point():
                value.mul_(keep).add_(own[name], alpha=1 - keep)

    def _held_out_loss(self, logits: NDArray[np.float32], label: NDArray[np.uint8]) -> float:
        target = torch.from_numpy(label.astype(np.int64))
        loss = focal_loss(torch.from_numpy(logits), target, self.weights.cpu(), self.config.loss.focal_gamma)
        return float(loss)

    def save(self, path: Path, fingerprint: str) -> None:
        """Write everything that the next epoch depends on, aside and renamed."""
        state = {
            "fingerprint": fingerprint,
            "net": self.net.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "generator": self.generator.get_state(),
            "torch": torch.get_rng_state(),
            "cuda": torch.cuda.get_rng_state() if self.device.type == "cuda" else None,
            "epoch": self.epoch,
            "step": self.step,
            "history": self.history,
            "logits": [torch.from_numpy(x) for x in self.logits],
        }
        with replacing(path) as aside:
            torch.save(state, aside)

    def load(self, path: Path, fingerprint: str) -> None:
        """Go on from ``save``; refuses a state of other settings, data or seed.

        Raises
        ------
        UserError
            If the file is damaged or belongs to another training.
        """
        try:
            # weights_only refuses everything but tensors and plain containers.
            state: dict[str, Any] = torch.load(path, weights_only=True, map_location="cpu")
            if state["fingerprint"] != fingerprint:
                raise UserError(
                    f"{path}: belongs to a training with other settings, data or seed; run without --resume"
                )
            self.net.load_state_dict(state["net"])
            self.average.load_state_dict(state["average"])
            self.optimiser.load_state_dict(state["optimiser"])
            self.generator.set_state(state["generator"])
            torch.set_rng_state(state["torch"])
            if self.device.type == "cuda":
                torch.cuda.set_rng_state(state["cuda"])
            self.epoch, self.step = state["epoch"], state["step"]
            self.history = state["history"]
            self.logits = [x.numpy() for x in state["logits"]]
        except (OSError, RuntimeError, KeyError, ValueError, EOFError, TypeError) as error:
            raise UserError(f"{path}: damaged ({error}); run without --resume") from None


def smoothed(values: Sequence[float], width: int) -> list[float]:
    """Mean of each value and its ``width - 1`` predecessors, where there are any."""
    return [float(np.mean(values[max(0, i + 1 - width) : i + 1])) for i in range(len(values))]


def should_stop(scores: Sequence[float], width: int, patience: int) -> bool:
    """Whether the smoothed score has not risen above its best for ``patience`` epochs."""
    if not scores:
        return False
    smooth = smoothed(scores, width)
    return len(smooth) - 1 - int(np.argmax(smooth)) >= patience
