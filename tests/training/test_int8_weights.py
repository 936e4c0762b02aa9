"""Weights rounded to 8 bits. Oracles: rounding by hand, the grid of a channel's largest weight, and the
training without rounding.
"""

from __future__ import annotations

import dataclasses

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from host_tools.errors import UserError
from host_tools.reference.params import FEATURE_NAMES
from tests.training.made_up import made_up
from training.augment import no_noise
from training.config import TrainingConfig, changed, load_config
from training.int8_weights import rounded
from training.loop import train_network
from training.model import ContextNet

LAYERS = ("own", "embed", "hidden", "head")


def config(int8_weights: str, **data: tuple[str, ...]) -> TrainingConfig:
    nothing = dict.fromkeys(load_config().made_up.shares(), 0.0)
    optimiser = {"steps": 30, "crops": 4, "crop_beats": 30, "int8_weights": int8_weights}
    return changed(load_config(), {"optimiser": optimiser, "made_up": nothing, "data": data}, "test")


def trained(int8_weights: str, **data: tuple[str, ...]) -> ContextNet:
    net = train_network(config(int8_weights, **data), [made_up("101", 200, 1)], no_noise(), 7)
    assert isinstance(net, ContextNet)
    return net


def test_rounding_by_hand() -> None:
    weight = torch.tensor([[12.7, -6.04, 0.04, 0.06], [0.0, 0.0, 0.0, 0.0]])
    assert torch.allclose(rounded(weight), torch.tensor([[12.7, -6.0, 0.0, 0.1], [0.0, 0.0, 0.0, 0.0]]))


@given(st.lists(st.floats(-100, 100, width=32), min_size=2, max_size=12))
def test_rounding_is_near_and_repeats_itself(values: list[float]) -> None:
    weight = torch.tensor([values])
    near = rounded(weight)
    step = float(weight.abs().max()) / 127
    assert float((near - weight).abs().max()) <= 0.5001 * step + 1e-6
    assert torch.allclose(rounded(near), near, atol=1e-6 * max(1.0, 127 * step))


@pytest.mark.parametrize("when", ["after", "training"])
def test_every_weight_of_the_network_is_rounded(when: str) -> None:
    net, plain = trained(when), trained("no")
    for name in LAYERS:
        weight = getattr(net, name).weight
        assert torch.allclose(weight, rounded(weight), atol=1e-6)
        assert not torch.equal(weight, getattr(plain, name).weight)
    for layer in (m for m in net.beat_stream if isinstance(m, torch.nn.Conv2d)):
        assert torch.allclose(layer.weight, rounded(layer.weight), atol=1e-6)
    assert set(net.state_dict()) == set(plain.state_dict())


def test_rounding_afterwards_does_not_touch_the_training() -> None:
    net, plain = trained("after"), trained("no")
    for name in LAYERS:
        assert torch.equal(getattr(net, name).weight, rounded(getattr(plain, name).weight))
        assert torch.equal(getattr(net, name).bias, getattr(plain, name).bias)


def test_features_left_out_stay_out() -> None:
    names = tuple(name for name in FEATURE_NAMES if name.startswith("p_"))
    net = trained("training", without_features=names)
    columns = [FEATURE_NAMES.index(name) for name in names]
    assert not net.embed.weight[:, columns].any()
    assert torch.isfinite(net.embed.weight).all()


def test_the_hash_of_what_was_trained_before_stays() -> None:
    base = load_config()
    rounding = dataclasses.replace(
        base, optimiser=dataclasses.replace(base.optimiser, int8_weights="training")
    )
    assert rounding.digest() != base.digest() == config_without_the_value()


def config_without_the_value() -> str:
    import hashlib
    import json

    values = dataclasses.asdict(load_config())
    del values["optimiser"]["int8_weights"]
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


@pytest.mark.parametrize(
    "changes",
    [
        {"optimiser": {"int8_weights": "perhaps"}},
        {"optimiser": {"int8_weights": "after"}, "model": {"recurrent_units": 4}},
    ],
)
def test_what_cannot_be_is_refused(changes: dict[str, dict[str, object]]) -> None:
    with pytest.raises(UserError, match="int8_weights"):
        changed(load_config(), changes, "test")
