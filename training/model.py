"""The hybrid network: a small CNN on the beat, an MLP on the rhythm features, one linear head.

Convolutions are ``Conv2d`` with height 1, because these convert to TFLite without transposes.
"""

from __future__ import annotations

import os

import torch
from torch import nn

from host_tools.errors import UserError
from training.config import ModelConfig

#: Shape of one beat input (channels, height, grid samples) and number of rhythm features.
BEAT_SHAPE = (2, 1, 96)
RHYTHM_FEATURES = 12
CLASSES = 4

#: Real value of both inputs = int8 value / INPUT_STEPS.
INPUT_STEPS = 16

#: Limits of issue-sized microcontrollers, checked by export and tests.
MACS_MAX = 50_000


class HybridNet(nn.Module):
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
        channels = BEAT_SHAPE[0]
        for out, kernel in zip(config.conv_channels, config.conv_kernels, strict=True):
            layers += [
                nn.Conv2d(channels, out, (1, kernel), stride=(1, 2), padding=(0, kernel // 2), bias=False),
                nn.BatchNorm2d(out),
                nn.ReLU(),
            ]
            channels = out
        self.beat_stream = nn.Sequential(*layers)
        layers = []
        units = RHYTHM_FEATURES
        for out in config.rhythm_units:
            layers += [nn.Linear(units, out), nn.ReLU()]
            units = out
        self.rhythm_stream = nn.Sequential(*layers)
        self.dropout = nn.Dropout(config.dropout)
        self.head = nn.Linear(channels + units, CLASSES)

    def forward(self, beat: torch.Tensor, rhythm: torch.Tensor) -> torch.Tensor:
        """Logits of a batch.

        Parameters
        ----------
        beat : Tensor
            float32 [B, 2, 1, 96], multiples of 1/16 in -8 .. 127/16.
        rhythm : Tensor
            float32 [B, 12], same range.

        Returns
        -------
        Tensor
            float32 [B, 4]: N, S, V, F.
        """
        pooled = self.beat_stream(beat).mean((2, 3))
        joined = torch.cat([pooled, self.rhythm_stream(rhythm)], 1)
        logits: torch.Tensor = self.head(self.dropout(joined))
        return logits


def count_macs(config: ModelConfig) -> int:
    """Multiply-accumulates of convolutions and fully connected layers for one beat."""
    channels, _, length = BEAT_SHAPE
    macs = 0
    for out, kernel in zip(config.conv_channels, config.conv_kernels, strict=True):
        length = (length + 2 * (kernel // 2) - kernel) // 2 + 1
        macs += length * out * kernel * channels
        channels = out
    units = RHYTHM_FEATURES
    for out in config.rhythm_units:
        macs += units * out
        units = out
    return macs + (channels + units) * CLASSES


def set_deterministic(seed: int) -> None:
    """Seed torch and forbid algorithms whose result depends on timing; one thread."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # CUDA's matrix products, too
    torch.manual_seed(seed)
    torch.use_deterministic_algorithms(True)
    torch.set_num_threads(1)


def pick_device(name: str = "auto") -> torch.device:
    """CUDA where there is one, else the CPU; ``name`` may force one of them.

    Raises
    ------
    UserError
        If CUDA is asked for and there is none.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if name == "cuda" and not torch.cuda.is_available():
        raise UserError("--device cuda: torch finds no CUDA device here; use --device cpu")
    return torch.device(name)
