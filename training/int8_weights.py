"""Weights as the export stores them, 8 bits with a scale for each output channel, for networks in training.

An experiment of ``make ablate`` says what rounding the weights costs, and what training with rounded
weights (quantisation-aware training) brings. Activations stay float: what they cost is measured on the
exported network itself (``bitbeat export``, ``make score``).
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.utils import parametrize

#: int8 weights are symmetric: -127 .. 127.
_LARGEST = 127


def rounded(weight: torch.Tensor) -> torch.Tensor:
    """Round weights to 8 bits.

    Parameters
    ----------
    weight : Tensor
        float32 [out, ...].

    Returns
    -------
    Tensor
        Same shape: multiples, -127 to 127, of a scale for each output channel. Source: TensorFlow Lite's
        8-bit quantisation specification, per-axis weights.
    """
    largest = weight.detach().abs().flatten(1).amax(1).clamp_min(1e-12)
    scale = (largest / _LARGEST).view(-1, *[1] * (weight.dim() - 1))
    return torch.round(weight / scale) * scale


class _Rounding(nn.Module):
    """What a layer computes with: rounded weights; the gradient passes as if they were not (Bengio 2013)."""

    def __init__(self, column_scale: torch.Tensor | None = None) -> None:
        super().__init__()
        self.column_scale = column_scale

    def forward(self, weight: torch.Tensor) -> torch.Tensor:
        """Round as the weight will be stored: times the scale of the layer's input columns, if it has one."""
        stored = weight if self.column_scale is None else weight * self.column_scale
        near = rounded(stored)
        if self.column_scale is not None:
            # A feature that is left out has scale 0: its weight does not matter.
            near = torch.where(self.column_scale > 0, near / self.column_scale.clamp_min(1e-12), weight)
        return weight + (near - weight).detach()


def round_in_training(net: nn.Module, columns: dict[nn.Module, torch.Tensor]) -> None:
    """Let every convolution and fully connected layer compute with rounded weights from now on.

    Parameters
    ----------
    net : Module
        The network.
    columns : dict of Module to Tensor
        Factors of the input channels, float32 [in], that will be folded into a layer's weights.
    """
    for layer in _layers(net):
        scale = columns.get(layer)
        parametrize.register_parametrization(
            layer, "weight", _Rounding(None if scale is None else scale[None, :, None, None])
        )


def keep_rounded(net: nn.Module) -> None:
    """Make the rounded weights of :func:`round_in_training` the network's own."""
    for layer in _layers(net):
        parametrize.remove_parametrizations(layer, "weight", leave_parametrized=True)


def round_all(net: nn.Module) -> None:
    """Round the weights of a trained network."""
    with torch.no_grad():
        for layer in _layers(net):
            layer.weight.copy_(rounded(layer.weight))


def _layers(net: nn.Module) -> list[nn.Conv2d | nn.Linear]:
    return [layer for layer in net.modules() if isinstance(layer, nn.Conv2d | nn.Linear)]
