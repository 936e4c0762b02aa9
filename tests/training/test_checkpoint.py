"""Checkpoints. Oracles: the network that was saved; files spoilt on purpose."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from host_tools.errors import UserError
from host_tools.written import LIST_NAME
from tests.training.made_up import made_up
from training.checkpoint import load_checkpoint, save_checkpoint
from training.config import load_config
from training.loop import predict_record
from training.model import ContextNet
from training.train import calibrate_head


def test_checkpoint_round_trip(tmp_path: Path) -> None:
    config = load_config().model
    torch.manual_seed(0)
    net = ContextNet(config)
    path = tmp_path / "a.safetensors"
    save_checkpoint(net, path, {"records": ["101"]})
    loaded = load_checkpoint(path, config)
    beats = made_up("1", 20, 1)
    assert np.array_equal(predict_record(net, beats), predict_record(loaded.net, beats))
    assert loaded.info["records"] == ["101"]
    assert sorted(p.name for p in tmp_path.iterdir()) == [LIST_NAME, "a.json", "a.safetensors"]


def test_other_architectures_are_refused(tmp_path: Path) -> None:
    config = load_config().model
    path = tmp_path / "a.safetensors"
    save_checkpoint(ContextNet(config), path, {})
    info = json.loads(path.with_suffix(".json").read_text())
    wider = dataclasses.replace(config, beat_channels=(8, 16, 20))
    with pytest.raises(UserError, match="another architecture"):
        load_checkpoint(path, wider)

    def refuse(match: str, **changes: object) -> None:
        path.with_suffix(".json").write_text(json.dumps(info | changes))
        with pytest.raises(UserError, match=match) as error:
            load_checkpoint(path)
        assert "\n" not in str(error.value)

    refuse("another architecture", architecture="resnet")
    refuse("another architecture", model=dataclasses.asdict(wider))
    refuse("missing", model={})
    path.with_suffix(".json").write_text(json.dumps(info))
    tensors = load_file(path)
    save_file({k: v for k, v in tensors.items() if k != "head.bias"}, path)
    with pytest.raises(UserError, match=r"head\.bias"):
        load_checkpoint(path)
    save_file(tensors | {"head.bias": torch.full((4,), float("nan"))}, path)
    with pytest.raises(UserError, match="not finite"):
        load_checkpoint(path)
    path.write_bytes(b"\x80\x04pickle")
    with pytest.raises(UserError, match="damaged"):
        load_checkpoint(path)
    path.unlink()
    with pytest.raises(UserError, match="no such checkpoint"):
        load_checkpoint(path)


def test_temperature_and_offset_go_into_the_head() -> None:
    torch.manual_seed(0)
    net = ContextNet(load_config().model)
    beats = made_up("1", 30, 3)
    before = predict_record(net, beats)
    calibrate_head(net, 0.5, -0.25)
    moved = before + np.array([0, -0.25, 0, 0], np.float32)
    assert predict_record(net, beats) == pytest.approx(2 * moved, rel=1e-5, abs=1e-5)
