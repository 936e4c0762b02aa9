"""One training, from crops to a network on the device's own inputs; and prediction."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from training.augment import Augmenter, NoiseBank, to_real
from training.config import DIFFERENCE, ModelConfig, TrainingConfig
from training.crops import (
    CropSampler,
    class_loss_weights,
    record_sequence,
    row_scaling,
    scaled_rows,
)
from training.datasets import RecordBeats
from training.int8_weights import keep_rounded, round_all, round_in_training
from training.model import (
    CLASSES,
    ContextNet,
    RecurrentNet,
    fold_row_scaling,
    new_net,
    set_deterministic,
)
from training.splits import mode_of

_EVAL_BATCH = 2048
#: Steps of the mean in the progress reports.
_REPORT_STEPS = 50

#: Called with steps done, steps in all, mean loss.
StepReport = Callable[[int, int, float], None]

Net = ContextNet | RecurrentNet


def batch_loss(
    logits: torch.Tensor, batch: dict[str, torch.Tensor], classes: torch.Tensor, config: TrainingConfig
) -> torch.Tensor:
    """Cross-entropy with class weights and label smoothing; with teachers mostly against what they say."""
    seen = batch["label"] >= 0
    label, weight = batch["label"][seen], batch["weight"][seen]
    each = functional.cross_entropy(
        logits[seen], label, classes, reduction="none", label_smoothing=config.optimiser.label_smoothing
    )
    loss = (each * weight).sum() / (classes[label] * weight).sum()
    if "teacher" not in batch:
        return loss
    soft = -(batch["teacher"][seen] * functional.log_softmax(logits[seen], 1)).sum(1)
    hard = config.distillation.hard_weight
    return hard * loss + 2 * (1 - hard) * (soft * weight).sum() / weight.sum()


def train_network(
    config: TrainingConfig,
    records: Sequence[RecordBeats],
    noise: NoiseBank,
    seed: int,
    teachers: Sequence[NDArray[np.float32]] | None = None,
    report: StepReport | None = None,
    made_up: Sequence[RecordBeats] = (),
) -> Net:
    """Train one network.

    Parameters
    ----------
    config : TrainingConfig
        Hyper-parameters.
    records : sequence of RecordBeats
        Training records with all their beats.
    noise : NoiseBank
        For augmentation.
    seed : int
        Fixes weights, draws, augmentation and dropout.
    teachers : sequence of ndarray, optional
        Probabilities of every beat of each of the records, then of the made-up ones, float32 [n, 4]:
        distillation.
    report : callable, optional
        Told of progress.
    made_up : sequence of RecordBeats
        Made-up records, drawn as ``config.made_up`` says.

    Returns
    -------
    ContextNet or RecurrentNet
        In evaluation mode; a ContextNet takes the device's inputs.
    """
    set_deterministic(seed)
    scaling = row_scaling(records)
    kept = _kept_features(config, len(scaling[0]))
    scaling = (scaling[0], scaling[1] * kept)
    generator = torch.Generator().manual_seed(seed)
    every = [
        record_sequence(r, config, scaling, None if teachers is None else teachers[i])
        for i, r in enumerate([*records, *made_up])
    ]
    sequences = every[: len(records)]
    invented = {
        mode: [s for r, s in zip(made_up, every[len(records) :], strict=True) if mode_of(r.record) == mode]
        for mode in config.made_up.shares()
    }
    sampler = CropSampler(records, sequences, invented, config, seed)
    augment = Augmenter(config.augment, noise, generator)
    classes = class_loss_weights(records, config)
    net = _net_to_train(config, scaling)
    without_difference = DIFFERENCE in config.data.without_features
    opt = config.optimiser
    optimiser = torch.optim.AdamW(net.parameters(), lr=opt.learning_rate, weight_decay=opt.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, opt.learning_rate, total_steps=opt.steps + 1)
    net.train()
    total = 0.0
    for step in range(1, opt.steps + 1):
        batch = sampler.batch()
        beats = augment.beats(batch["beat"])
        if without_difference:
            beats[:, :, 1] = 0
        logits = net.forward_crops(beats, augment.rows(batch["rows"]))
        loss = batch_loss(logits, batch, classes, config)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 2.0)
        optimiser.step()
        schedule.step()
        total += float(loss.detach())
        if report and (step % _REPORT_STEPS == 0 or step == opt.steps):
            report(step, opt.steps, total / step)
    net.eval()
    return _trained_net(net, config, scaling)


def _net_to_train(config: TrainingConfig, scaling: tuple[torch.Tensor, torch.Tensor]) -> Net:
    net = new_net(config.model)
    if config.optimiser.int8_weights == "training":
        assert isinstance(net, ContextNet)
        round_in_training(net, {net.own: scaling[1], net.embed: scaling[1]})
    return net


def _trained_net(net: Net, config: TrainingConfig, scaling: tuple[torch.Tensor, torch.Tensor]) -> Net:
    """Let a network that has been trained take the device's inputs."""
    if config.optimiser.int8_weights == "training":
        keep_rounded(net)
    if DIFFERENCE in config.data.without_features:
        blind_to_difference(net)
    if isinstance(net, ContextNet):
        fold_row_scaling(net, *scaling)
    else:
        net.row_scaling = scaling
    if config.optimiser.int8_weights == "after":
        round_all(net)
    return net


def blind_to_difference(net: Net) -> None:
    """Take the beat's difference from the template, the second channel of the beat input, from a network."""
    first = next(layer for layer in net.beat_stream if isinstance(layer, nn.Conv2d))
    with torch.no_grad():
        first.weight[:, 1] = 0


def _kept_features(config: TrainingConfig, features: int) -> torch.Tensor:
    from host_tools.reference.params import FEATURE_NAMES

    without = config.data.without_features
    names = FEATURE_NAMES
    return torch.tensor([0.0 if names[i] in without else 1.0 for i in range(features)])


def predict(net: ContextNet, beat: NDArray[np.int8], rhythm: NDArray[np.int8]) -> NDArray[np.float32]:
    """Logits of the float network on device inputs: int8 [n, 96, 2], int8 [n, K, F] to float32 [n, 4]."""
    net.eval()
    out = []
    with torch.no_grad():
        for start in range(0, len(beat), _EVAL_BATCH):
            x, r = to_real(beat[start : start + _EVAL_BATCH], rhythm[start : start + _EVAL_BATCH])
            out.append(net(x, r).numpy())
    return np.concatenate(out) if out else np.zeros((0, CLASSES), np.float32)


def predict_record(net: Net, record: RecordBeats) -> NDArray[np.float32]:
    """Logits of all beats of a record, float32 [n, 4], each row embedded once."""
    model: ModelConfig = net.config
    identity = (torch.zeros(1), torch.ones(1))
    scaling = net.row_scaling if isinstance(net, RecurrentNet) else identity
    rows = scaled_rows(record.rows, model, scaling)
    beat = torch.from_numpy(record.beat).transpose(1, 2).float() / 16
    net.eval()
    with torch.no_grad():
        logits: NDArray[np.float32] = net.forward_crops(beat[None], rows[None])[0].numpy()
    return logits
