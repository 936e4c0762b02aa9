"""Checkpoint to ONNX, checked against torch through onnxruntime."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import numpy as np
import torch

from host_tools.errors import CheckFailed
from training.model import BEAT_SHAPE, INPUT_STEPS, ContextNet, rhythm_shape

#: The legacy exporter at this opset gives a graph without transposes.
OPSET = 17

#: Largest accepted difference of logits between torch and onnxruntime. Logits are of order 1 to 10;
#: both sides compute in float32 with sums in another order.
MAX_ERROR = 1e-4


def export_onnx(net: ContextNet, path: Path, check_inputs: int = 256, seed: int = 0) -> float:
    """Write ``net`` as ONNX with inputs ``beat``, ``rhythm`` and output ``logits``, batch 1.

    Parameters
    ----------
    net : HybridNet
        The network; put into evaluation mode.
    path : Path
        File to write; its folder must exist.
    check_inputs : int
        Random inputs on the int8 grid on which both runtimes are compared.
    seed : int
        Seed of these inputs.

    Returns
    -------
    float
        Largest absolute difference of any logit between torch and onnxruntime.

    Raises
    ------
    CheckFailed
        If that difference is above ``MAX_ERROR``.
    """
    net = net.cpu().eval()
    example = (torch.zeros(1, *BEAT_SHAPE), torch.zeros(1, *rhythm_shape(net.config)))
    aside = path.with_suffix(".part")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the legacy exporter announces its end
        torch.onnx.export(
            net,
            example,
            str(aside),
            dynamo=False,
            opset_version=OPSET,
            input_names=["beat", "rhythm"],
            output_names=["logits"],
            do_constant_folding=True,
        )
    error = _max_error(net, aside, check_inputs, seed)
    if not error <= MAX_ERROR:
        raise CheckFailed(
            f"{path}: ONNX differs from torch by {error:.2e} in a logit (at most {MAX_ERROR:.0e})"
        )
    os.replace(aside, path)
    return error


def _max_error(net: ContextNet, path: Path, count: int, seed: int) -> float:
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(seed)
    shape = rhythm_shape(net.config)
    worst = 0.0
    for _ in range(count):
        beat = (rng.integers(-128, 128, (1, *BEAT_SHAPE)) / INPUT_STEPS).astype(np.float32)
        rhythm = (rng.integers(-128, 128, (1, *shape)) / INPUT_STEPS).astype(np.float32)
        (got,) = session.run(["logits"], {"beat": beat, "rhythm": rhythm})
        with torch.no_grad():
            want = net(torch.from_numpy(beat), torch.from_numpy(rhythm)).numpy()
        worst = max(worst, float(np.abs(got - want).max()))
    return worst
