"""Checkpoints: weights as safetensors, everything else as JSON beside them. No pickle anywhere."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from host_tools.beats import CLASS_NAMES
from host_tools.errors import UserError
from host_tools.writing import replacing_all
from training.checkpoint_info import ARCHITECTURE, read_info
from training.config import ModelConfig, model_config_from_dict
from training.model import ContextNet

#: The committed checkpoint.
CHECKPOINT_PATH = Path(__file__).with_name("checkpoints") / "bitbeat.safetensors"


@dataclass(frozen=True)
class Checkpoint:
    """A network and what is known about it.

    Attributes
    ----------
    net : ContextNet
        In evaluation mode, on the CPU.
    info : dict
        The JSON: architecture, model, protocol, config_hash, spec_hash, git_commit, seed, steps, records,
        metrics, ...
    """

    net: ContextNet
    info: dict[str, Any]


def save_checkpoint(net: ContextNet, path: Path, info: dict[str, Any]) -> None:
    """Write ``path`` (.safetensors) and the JSON of the same name.

    Parameters
    ----------
    net : ContextNet
        Its parameters and batch-norm statistics are stored as float32.
    path : Path
        Ends in ``.safetensors``; its folder is made.
    info : dict
        Added to what the checkpoint says of itself.
    """
    tensors = {
        name: value.detach().cpu().contiguous()
        for name, value in sorted(net.state_dict().items())
        if value.is_floating_point()
    }
    own = {
        "architecture": ARCHITECTURE,
        "classes": list(CLASS_NAMES),
        "model": dataclasses.asdict(net.config),
        "parameters": sum(p.numel() for p in net.parameters()),
    }
    with replacing_all(path.parent) as aside:
        save_file(tensors, str(aside / path.name), metadata={"architecture": ARCHITECTURE})
        (aside / path.name).chmod(0o644)  # safetensors makes it private
        text = json.dumps(own | info, indent=1, allow_nan=False) + "\n"
        (aside / path.with_suffix(".json").name).write_text(text)


def load_checkpoint(path: Path, expect: ModelConfig | None = None) -> Checkpoint:
    """Read a checkpoint.

    Parameters
    ----------
    path : Path
        The ``.safetensors`` file; the JSON lies beside it.
    expect : ModelConfig, optional
        Refuse a checkpoint with other layers than these.

    Returns
    -------
    Checkpoint
        Network in evaluation mode.

    Raises
    ------
    UserError
        If a file is missing or damaged, or the checkpoint is of another architecture.
    """
    info_path = path.with_suffix(".json")
    for file in (path, info_path):
        if not file.is_file():
            raise UserError(f"{file}: no such checkpoint; `make train` writes one")
    info = read_info(info_path)
    try:
        tensors = load_file(str(path))
    except (ValueError, OSError, SafetensorError) as error:
        raise UserError(f"{path}: damaged checkpoint ({error}); restore it or run `make train`") from None
    config = model_config_from_dict(info["model"], str(info_path))
    if expect is not None and config != expect:
        raise UserError(f"{path}: checkpoint of another architecture: its layers are {config}, not {expect}")
    net = ContextNet(config)
    _check_tensors(net, tensors, path)
    net.load_state_dict(tensors, strict=False)
    return Checkpoint(net.eval(), info)


def _check_tensors(net: ContextNet, tensors: dict[str, torch.Tensor], path: Path) -> None:
    want = {name: tuple(t.shape) for name, t in net.state_dict().items() if t.is_floating_point()}
    have = {name: tuple(t.shape) for name, t in tensors.items()}
    for name in sorted(want.keys() | have.keys()):
        if want.get(name) != have.get(name):
            raise UserError(
                f"{path}: checkpoint of another architecture: tensor {name} is "
                f"{have.get(name, 'missing')}, expected {want.get(name, 'none')}"
            )
    for name, tensor in tensors.items():
        if not torch.isfinite(tensor).all():
            raise UserError(f"{path}: tensor {name} holds values that are not finite; run `make train`")
