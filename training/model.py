"""The network: a small CNN on the beat, convolutions over the features of consecutive beats, one head.

Convolutions are ``Conv2d`` with height 1, because these convert to TFLite without transposes. The
same weights work in two ways: on one beat with its stacked rows, as the device does it, and on a
stretch of consecutive beats at once, where every row is embedded once (training).
"""

from __future__ import annotations

import os

import torch
from torch import nn
from torch.nn import functional

from host_tools.errors import UserError
from host_tools.reference.params import CONTEXT_BEATS, LOOKAHEAD_BEATS, RHYTHM_FEATURES
from training.config import ModelConfig, context_widths

#: Shape of one beat input: channels, height, grid samples.
BEAT_SHAPE = (2, 1, 96)
CLASSES = 4

#: Real value of both inputs = int8 value / INPUT_STEPS.
INPUT_STEPS = 16


def rhythm_shape(config: ModelConfig) -> tuple[int, int, int]:
    """Shape of one rhythm input: features, height, beats."""
    return RHYTHM_FEATURES, 1, config.context_beats


class ContextNet(nn.Module):
    """Beat stream and rhythm stream, concatenated.

    Parameters
    ----------
    config : ModelConfig
        Channels, kernels, units, dropout.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        layers: list[nn.Module] = []
        channels, _, length = BEAT_SHAPE
        if config.beat_pool > 1:
            layers.append(nn.AvgPool2d((1, config.beat_pool)))
            length //= config.beat_pool
        for out, kernel, stride in zip(
            config.beat_channels, config.beat_kernels, config.beat_strides, strict=True
        ):
            pad = (0, kernel // 2)
            conv = nn.Conv2d(channels, out, (1, kernel), stride=(1, stride), padding=pad, bias=False)
            layers += [conv, nn.BatchNorm2d(out), nn.ReLU()]
            channels, length = out, beat_length(length, kernel, stride)
        layers += [
            nn.Dropout(config.beat_dropout),
            nn.Conv2d(channels, config.beat_units, (1, length)),
            nn.ReLU(),
        ]
        self.beat_stream = nn.Sequential(*layers)
        # Newest first: a stride as long as the input leaves the beat itself and those ahead of it.
        self.own = nn.Conv2d(
            RHYTHM_FEATURES,
            config.own_units,
            (1, config.lookahead_beats + 1),
            stride=(1, config.context_beats),
        )
        self.embed = nn.Conv2d(RHYTHM_FEATURES, config.row_units, 1)
        widths = context_widths(config)
        channels = config.row_units
        self.context = nn.ModuleList()
        strides = (*config.context_strides, 1)
        kernels = (*config.context_kernels, widths[-1])
        for out, kernel, stride in zip(config.context_channels, kernels, strides, strict=True):
            self.context.append(nn.Conv2d(channels, out, (1, kernel), stride=(1, stride)))
            channels = out
        self.dropout = nn.Dropout(config.dropout)
        self.hidden = nn.Linear(config.beat_units + config.own_units + channels, config.hidden_units)
        self.head = nn.Linear(config.hidden_units, CLASSES)

    def forward(self, beat: torch.Tensor, rhythm: torch.Tensor) -> torch.Tensor:
        """Logits of a batch of beats.

        Parameters
        ----------
        beat : Tensor
            float32 [B, 2, 1, 96], multiples of 1/16 in -8 .. 127/16.
        rhythm : Tensor
            float32 [B, F, 1, K], same range, newest beat first.

        Returns
        -------
        Tensor
            float32 [B, 4]: N, S, V, F.
        """
        shape = self.beat_stream(beat)
        own = functional.relu(self.own(rhythm))
        x = functional.relu(self.embed(rhythm))
        for conv in self.context:
            x = functional.relu(conv(x))
        joined = torch.cat([shape, own, x], 1).flatten(1)
        logits: torch.Tensor = self.head(functional.relu(self.hidden(joined)))
        return logits

    def forward_crops(self, beat: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        """Logits of crops of consecutive beats.

        Parameters
        ----------
        beat : Tensor
            float32 [B, L, 2, 96].
        rows : Tensor
            float32 [B, L + K - 1, F]: the crops' own rows, and those before and after that they need.

        Returns
        -------
        Tensor
            float32 [B, L, 4]; the same as :meth:`forward` on each beat, but for dropout.
        """
        crops, length = beat.shape[:2]
        newest_first = rows.flip(1).transpose(1, 2)[:, :, None]
        own = functional.relu(functional.conv2d(newest_first, self.own.weight, self.own.bias))
        x = self.dropout(functional.relu(self.embed(newest_first)))
        step = 1
        for conv, stride in zip(self.context, (*self.config.context_strides, 1), strict=True):
            assert isinstance(conv, nn.Conv2d)
            x = functional.relu(functional.conv2d(x, conv.weight, conv.bias, dilation=(1, step)))
            step *= stride
        rhythm = self.dropout(torch.cat([own[:, :, 0, :length], x[:, :, 0]], 1)).flip(2).transpose(1, 2)
        shape = self.beat_stream(beat.flatten(0, 1)[:, :, None]).view(crops, length, -1)
        joined = torch.cat([shape, rhythm], 2)
        logits: torch.Tensor = self.head(self.dropout(functional.relu(self.hidden(joined))))
        return logits


class RecurrentNet(nn.Module):
    """For comparison only: a GRU over consecutive beats instead of the convolutions; float, never exported.

    Parameters
    ----------
    config : ModelConfig
        ``recurrent_units`` of at least 1.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        inner = ContextNet(config)
        self.beat_stream = inner.beat_stream
        self.embed = nn.Linear(RHYTHM_FEATURES, 2 * config.row_units)
        width = config.beat_units + 2 * config.row_units
        self.memory = nn.GRU(width, config.recurrent_units, batch_first=True)
        self.dropout = nn.Dropout(config.dropout)
        self.hidden = nn.Linear(width + config.recurrent_units, config.hidden_units)
        self.head = nn.Linear(config.hidden_units, CLASSES)
        self.row_scaling = (torch.zeros(1), torch.ones(1))

    def forward_crops(self, beat: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        """As :meth:`ContextNet.forward_crops`; the memory starts with the crop's first beat."""
        crops, length = beat.shape[:2]
        before = self.config.context_beats - 1 - self.config.lookahead_beats
        own = self.beat_stream(beat.flatten(0, 1)[:, :, None]).view(crops, length, -1)
        x = self.dropout(functional.relu(self.embed(rows[:, before : before + length])))
        x = torch.cat([own, x], 2)
        memory, _ = self.memory(x)
        joined = torch.cat([x, self.dropout(memory)], 2)
        logits: torch.Tensor = self.head(self.dropout(functional.relu(self.hidden(joined))))
        return logits


def new_net(config: ModelConfig) -> ContextNet | RecurrentNet:
    """Make the network that a configuration describes."""
    return RecurrentNet(config) if config.recurrent_units else ContextNet(config)


def beat_length(length: int, kernel: int, stride: int) -> int:
    """Samples that a padded convolution of the beat stream leaves."""
    return (length + 2 * (kernel // 2) - kernel) // stride + 1


def count_macs(config: ModelConfig) -> int:
    """Multiply-accumulates of convolutions and fully connected layers for one beat."""
    channels, _, length = BEAT_SHAPE
    length //= config.beat_pool
    macs = RHYTHM_FEATURES * (config.lookahead_beats + 1) * config.own_units
    for out, kernel, stride in zip(
        config.beat_channels, config.beat_kernels, config.beat_strides, strict=True
    ):
        length = beat_length(length, kernel, stride)
        macs += length * out * kernel * channels
        channels = out
    macs += length * channels * config.beat_units
    widths = (*context_widths(config), 1)
    macs += config.context_beats * RHYTHM_FEATURES * config.row_units
    channels = config.row_units
    kernels = (*config.context_kernels, widths[-2])
    for out, kernel, width in zip(config.context_channels, kernels, widths[1:], strict=True):
        macs += width * out * kernel * channels
        channels = out
    return macs + (config.beat_units + config.own_units + channels + CLASSES) * config.hidden_units


def check_context(config: ModelConfig, where: str) -> None:
    """Refuse a network whose rhythm input is not the chain's.

    Raises
    ------
    UserError
        If it looks at another number of beats.
    """
    have, want = (config.context_beats, config.lookahead_beats), (CONTEXT_BEATS, LOOKAHEAD_BEATS)
    if have != want:
        raise UserError(
            f"{where}: sees {have[0]} beats, {have[1]} of them ahead; the chain gives {want[0]} and {want[1]}"
        )


def fold_row_scaling(net: ContextNet, mean: torch.Tensor, scale: torch.Tensor) -> None:
    """Let a network that was trained on rows ``(row - mean) * scale`` take the rows themselves."""
    with torch.no_grad():
        for layer in (net.own, net.embed):
            weight = layer.weight * scale[None, :, None, None]
            assert layer.bias is not None
            layer.bias -= (weight * mean[None, :, None, None]).sum((1, 2, 3))
            layer.weight.copy_(weight)


def set_deterministic(seed: int) -> None:
    """Seed torch and forbid algorithms whose result depends on timing; one thread."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # CUDA's matrix products, too
    torch.manual_seed(seed)
    torch.use_deterministic_algorithms(True)
    torch.set_num_threads(1)
