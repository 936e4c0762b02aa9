"""Weighted focal loss and the class weights from counts."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional


def class_weights(counts: NDArray[np.int64], power: float) -> NDArray[np.float32]:
    """Weight of each class: (largest count / its own count) ^ power.

    Parameters
    ----------
    counts : ndarray
        int64 [classes]; a class without beats counts as one beat.
    power : float
        0 for equal weights, 0.5 for inverse square roots, 1 for inverse counts.

    Returns
    -------
    ndarray
        float32 [classes], at least 1.
    """
    filled = np.maximum(counts, 1).astype(np.float64)
    return ((filled.max() / filled) ** power).astype(np.float32)


def focal_loss(
    logits: torch.Tensor, target: torch.Tensor, weights: torch.Tensor, gamma: float
) -> torch.Tensor:
    """Weighted mean of ``-(1 - p)^gamma log p``, p the probability of the true class.

    Source: Lin et al., "Focal loss for dense object detection", ICCV 2017.

    Parameters
    ----------
    logits : Tensor
        float32 [B, classes].
    target : Tensor
        int64 [B].
    weights : Tensor
        float32 [classes]; the mean is divided by the sum of the beats' weights.
    gamma : float
        0 gives weighted cross-entropy.

    Returns
    -------
    Tensor
        Scalar.
    """
    log_p = functional.log_softmax(logits, 1).gather(1, target[:, None])[:, 0]
    weight = weights[target]
    return -(weight * (1 - log_p.exp()) ** gamma * log_p).sum() / weight.sum()
