"""Loss, augmentation, loop, checkpoint. Oracles: formulas worked out by hand in NumPy, and the program's own
uninterrupted run.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from host_tools.errors import UserError
from training.augment import Augmenter, NoiseBank, no_noise, to_grid, to_real, warp
from training.checkpoint import load_checkpoint, save_checkpoint
from training.config import CONFIG_PATH, AugmentConfig, TrainingConfig, load_config
from training.datasets import RecordBeats
from training.loop import TrainingRun, predict, should_stop, stack_beats
from training.losses import class_weights, focal_loss
from training.metrics import confusion_matrix, fit_temperature, negative_log_likelihood, reliability, summary
from training.model import MACS_MAX, HybridNet, count_macs
from training.train import calibrate_head

QUIET = AugmentConfig(
    gain_log2_sd=0.0,
    shift_max_samples=0,
    jitter_max_samples=0,
    scale_max=0.0,
    wander_max=0.0,
    noise_max=0.0,
    noise_share=0.0,
    invert_share=0.0,
    rhythm_sd=0.0,
    rhythm_drop_share=0.0,
)


def made_up(record: str, n: int, seed: int) -> RecordBeats:
    """Beats whose class shows in both inputs."""
    rng = np.random.default_rng(seed)
    label = rng.choice(4, n, p=[0.7, 0.1, 0.15, 0.05]).astype(np.uint8)
    beat = rng.integers(-20, 21, (n, 96, 2))
    beat[:, 30:42, 0] += 30 * label[:, None]
    rhythm = rng.integers(-10, 11, (n, 12))
    rhythm[:, 0] -= 20 * label
    return RecordBeats(
        record, beat.astype(np.int8), rhythm.astype(np.int8), label, np.arange(n, dtype=np.int64) * 300, 0, 0
    )


@pytest.fixture
def config() -> TrainingConfig:
    whole = load_config()
    optimiser = dataclasses.replace(whole.optimiser, beats_per_epoch=256, batch_beats=64, epochs_max=6)
    return dataclasses.replace(whole, optimiser=optimiser)


def new_run(config: TrainingConfig, seed: int = 3) -> TrainingRun:
    train = [made_up("101", 300, 1), made_up("106", 200, 2)]
    return TrainingRun(config, train, [made_up("108", 150, 5)], no_noise(), seed, "cpu")


def state(run: TrainingRun) -> bytes:
    return b"".join(t.numpy().tobytes() for t in run.average.state_dict().values())


# ---- loss and class weights


def test_focal_loss_against_the_formula() -> None:
    logits = np.array([[2.0, 0.0, -1.0, 0.5], [0.0, 1.0, 0.0, 0.0], [-3.0, 2.0, 2.5, 0.0]])
    target, weights, gamma = np.array([0, 3, 2]), np.array([1.0, 4.0, 2.0, 8.0]), 2.0
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    p = p[np.arange(3), target]
    by_hand = (weights[target] * (1 - p) ** gamma * -np.log(p)).sum() / weights[target].sum()
    got = focal_loss(torch.tensor(logits), torch.tensor(target), torch.tensor(weights), gamma)
    assert got.item() == pytest.approx(by_hand, rel=1e-12)


def test_focal_loss_without_focus_is_weighted_cross_entropy() -> None:
    generator = torch.Generator().manual_seed(1)
    logits = torch.randn(50, 4, generator=generator)
    target = torch.randint(0, 4, (50,), generator=generator)
    weights = torch.tensor([1.0, 3.0, 2.0, 5.0])
    want = torch.nn.functional.cross_entropy(logits, target, weight=weights)
    assert focal_loss(logits, target, weights, 0.0).item() == pytest.approx(want.item(), rel=1e-6)


def test_class_weights() -> None:
    counts = np.array([45866, 944, 3788, 0])
    assert class_weights(counts, 0.5) == pytest.approx(
        [1, (45866 / 944) ** 0.5, (45866 / 3788) ** 0.5, 45866**0.5]
    )
    assert list(class_weights(counts, 0.0)) == [1, 1, 1, 1]


# ---- augmentation

int8_beats = st.integers(0, 2**31 - 1).map(
    lambda seed: np.random.default_rng(seed).integers(-128, 128, (5, 96, 2)).astype(np.int8)
)


def test_inputs_become_real_and_back() -> None:
    rng = np.random.default_rng(0)
    beat, rhythm = rng.integers(-128, 128, (7, 96, 2)), rng.integers(-128, 128, (7, 12))
    x, r = to_real(beat.astype(np.int8), rhythm.astype(np.int8))
    assert x.shape == (7, 2, 1, 96)
    assert np.array_equal(x.numpy()[:, :, 0].transpose(0, 2, 1) * 16, beat)
    assert np.array_equal(r.numpy() * 16, rhythm)
    assert torch.equal(to_grid(x), x)


@given(int8_beats, st.integers(0, 1000))
@settings(max_examples=40, deadline=None)
def test_augmented_inputs_stay_on_the_devices_grid(beat: np.ndarray, seed: int) -> None:
    strong = AugmentConfig(1.0, 5, 3, 0.3, 3.0, 3.0, 1.0, 0.5, 2.0, 0.5)
    noise = NoiseBank(torch.randn(3, 500, generator=torch.Generator().manual_seed(seed)))
    augment = Augmenter(strong, noise, torch.Generator().manual_seed(seed))
    x, r = augment(*to_real(beat, np.zeros((5, 12), np.int8)))
    for t in (x, r):
        q = t * 16
        assert torch.equal(q, q.round())
        assert q.min() >= -128
        assert q.max() <= 127
    again = Augmenter(strong, noise, torch.Generator().manual_seed(seed))
    assert torch.equal(again(*to_real(beat, np.zeros((5, 12), np.int8)))[0], x)


@given(int8_beats)
@settings(max_examples=20, deadline=None)
def test_no_augmentation_changes_only_the_mean(beat: np.ndarray) -> None:
    x, _ = to_real(beat, np.zeros((5, 12), np.int8))
    got = Augmenter(QUIET, no_noise(), torch.Generator()).beat(x)
    want = x - x.mean(3, keepdim=True)
    assert torch.allclose(got, want, atol=1e-5)


def test_noise_and_gain_act_on_the_beat_but_not_on_the_template() -> None:
    x, _ = to_real(made_up("1", 64, 4).beat, np.zeros((64, 12), np.int8))
    config = dataclasses.replace(QUIET, gain_log2_sd=0.5, wander_max=1.0)
    y = Augmenter(config, no_noise(), torch.Generator().manual_seed(2)).beat(x)
    before = x[:, 0] - x[:, 1]
    after = y[:, 0] - y[:, 1]
    centred = before - before.mean(2, keepdim=True)
    assert torch.allclose(after - after.mean(2, keepdim=True), centred, atol=1e-5)
    assert (y[:, 0] - x[:, 0]).abs().max() > 0.5


@pytest.mark.parametrize("shift", [-2, 0, 3])
def test_whole_shifts_move_samples(shift: int) -> None:
    x = torch.arange(96.0)[None] ** 2
    got = warp(x, torch.tensor([float(shift)]), torch.ones(1))[0]
    index = np.clip(np.arange(96) - shift, 0, 95)
    assert got.numpy() == pytest.approx(x[0].numpy()[index])


def test_scaling_keeps_the_r_peak_and_stretches_the_rest() -> None:
    x = torch.arange(96.0)[None]
    got = warp(x, torch.zeros(1), torch.tensor([2.0]))[0].numpy()
    assert got == pytest.approx((np.arange(96) - 36) / 2 + 36)


# ---- network, configuration


def test_network_size_and_output() -> None:
    model = load_config().model
    net = HybridNet(model).eval()
    assert net(torch.zeros(3, 2, 1, 96), torch.zeros(3, 12)).shape == (3, 4)
    macs = 0

    def count(module: torch.nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        nonlocal macs
        macs += output[0].numel() * module.weight[0].numel()  # type: ignore[operator,index,union-attr]

    for module in net.modules():
        if isinstance(module, torch.nn.Conv2d | torch.nn.Linear):
            module.register_forward_hook(count)
    net(torch.zeros(1, 2, 1, 96), torch.zeros(1, 12))
    assert count_macs(model) == macs <= MACS_MAX
    assert model.dropout == 0.3
    assert len(model.conv_channels) == 3


def test_config_is_checked(tmp_path: Path) -> None:
    text = CONFIG_PATH.read_text()
    file = tmp_path / "config.toml"
    file.write_text("# another comment\n" + text)
    assert load_config(file).digest() == load_config().digest()
    file.write_text(text.replace("focal_gamma = 2.0", "focal_gamma = 3.0"))
    assert load_config(file).digest() != load_config().digest()
    for broken, message in (
        (text.replace("focal_gamma", "gamma"), "focal_gamma is missing|gamma is unknown"),
        (text.replace("[loss]", "[lost]"), r"\[loss\] is missing"),
        (text.replace('peaks = "both"', 'peaks = "all"'), "peaks must be one of"),
        (text + "=", "not valid TOML"),
    ):
        file.write_text(broken)
        with pytest.raises(UserError, match=message):
            load_config(file)
    with pytest.raises(UserError, match="no such file"):
        load_config(tmp_path / "none.toml")


# ---- loop


def test_one_seed_gives_one_result(config: TrainingConfig) -> None:
    runs = [new_run(config), new_run(config), new_run(config, seed=4)]
    for i, run in enumerate(runs):
        torch.manual_seed(config.optimiser.epochs_max + i) if i == 2 else torch.manual_seed(3)
        run.run_epoch()
        run.run_epoch()
    assert state(runs[0]) == state(runs[1]) != state(runs[2])
    assert runs[0].history == runs[1].history


def test_resumed_equals_uninterrupted(config: TrainingConfig, tmp_path: Path) -> None:
    whole = new_run(config)
    for _ in range(4):
        whole.run_epoch()
    first = new_run(config)
    first.run_epoch()
    first.run_epoch()
    first.save(tmp_path / "state.pt", "mark")
    second = new_run(config)
    torch.rand(5)  # whatever was drawn before must not matter
    second.load(tmp_path / "state.pt", "mark")
    second.run_epoch()
    second.run_epoch()
    assert state(second) == state(whole)
    assert second.history == whole.history
    assert np.array_equal(second.logits[-1], whole.logits[-1])


def test_foreign_and_damaged_states_are_refused(config: TrainingConfig, tmp_path: Path) -> None:
    run = new_run(config)
    path = tmp_path / "state.pt"
    run.save(path, "mark")
    with pytest.raises(UserError, match="other settings"):
        new_run(config).load(path, "another")
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(UserError, match="damaged"):
        new_run(config).load(path, "mark")


def test_it_learns(config: TrainingConfig) -> None:
    optimiser = dataclasses.replace(config.optimiser, beats_per_epoch=4096, learning_rate=5e-3)
    run = new_run(dataclasses.replace(config, optimiser=optimiser))
    for _ in range(6):
        figures = run.run_epoch()
    assert figures["macro_f1_nsv"] > 0.7
    assert figures["loss"] < run.history[0]["loss"]


def test_records_are_drawn_by_the_root_of_their_length() -> None:
    stacked = stack_beats([made_up("1", 400, 1), made_up("2", 100, 2)])
    share = stacked.draw_share.numpy()
    assert share[:400].sum() / share[400:].sum() == pytest.approx(2)


def test_stopping() -> None:
    assert not should_stop([], 1, 2)
    assert not should_stop([1, 3, 2], 1, 2)
    assert should_stop([1, 3, 2, 2], 1, 2)
    assert not should_stop([1, 3, 2, 4], 1, 2)
    # Means over three epochs: 0 2 3 2 3 3; the best stands at the third.
    assert not should_stop([0, 4, 5, -3], 3, 2)
    assert should_stop([0, 4, 5, -3, 7, 5], 3, 2)


# ---- checkpoint


def test_checkpoint_round_trip(tmp_path: Path) -> None:
    config = load_config().model
    torch.manual_seed(0)
    net = HybridNet(config)
    path = tmp_path / "a.safetensors"
    save_checkpoint(net, path, {"records": ["101"]})
    loaded = load_checkpoint(path, config)
    beats = made_up("1", 20, 1)
    assert np.array_equal(
        predict(net, beats.beat, beats.rhythm), predict(loaded.net, beats.beat, beats.rhythm)
    )
    assert loaded.info["records"] == ["101"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.json", "a.safetensors"]


def test_other_architectures_are_refused(tmp_path: Path) -> None:
    config = load_config().model
    path = tmp_path / "a.safetensors"
    save_checkpoint(HybridNet(config), path, {})
    info = json.loads(path.with_suffix(".json").read_text())
    wider = dataclasses.replace(config, conv_channels=(8, 12, 20))
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


# ---- figures


def test_summary_by_hand() -> None:
    label = np.array([0, 0, 0, 1, 1, 2, 3, 4])
    predicted = np.array([0, 0, 1, 1, 0, 2, 2, 0])
    figures = summary(confusion_matrix(label, predicted))
    assert figures["beats"] == 7  # Q is not scored
    assert figures["accuracy"] == pytest.approx(4 / 7)
    assert figures["classes"]["N"] == {
        "precision": pytest.approx(2 / 3),
        "recall": pytest.approx(2 / 3),
        "f1": pytest.approx(2 / 3),
        "beats": 3,
    }
    assert figures["classes"]["F"]["f1"] == 0
    assert figures["macro_f1_nsv"] == pytest.approx((2 / 3 + 1 / 2 + 2 / 3) / 3)


def test_temperature_is_found_again() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (20000, 4))
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    label = (p.cumsum(1) > rng.random((20000, 1))).argmax(1)
    assert fit_temperature(logits * 3, label) == pytest.approx(3, rel=0.05)
    found = fit_temperature(logits * 3, label)
    best = negative_log_likelihood(logits * 3, label, found)
    assert all(negative_log_likelihood(logits * 3, label, t) >= best for t in np.linspace(0.5, 9, 40))


def test_temperature_goes_into_the_head() -> None:
    torch.manual_seed(0)
    net = HybridNet(load_config().model)
    beats = made_up("1", 30, 3)
    before = predict(net, beats.beat, beats.rhythm)
    calibrate_head(net, 0.5)
    assert predict(net, beats.beat, beats.rhythm) == pytest.approx(2 * before, rel=1e-5, abs=1e-6)


def test_calibration_error_by_hand() -> None:
    confidence = np.array([0.95, 0.95, 0.55, 0.55])
    right = np.array([True, True, True, False])
    mean, share, count, error = reliability(confidence, right)
    assert list(count) == [0, 0, 0, 0, 0, 2, 0, 0, 0, 2]
    assert share[9] == 1
    assert mean[5] == pytest.approx(0.55)
    assert error == pytest.approx((2 * 0.05 + 2 * 0.05) / 4)
