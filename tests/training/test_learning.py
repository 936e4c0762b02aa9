"""Network, loss, augmentation, crops, training. Oracles: formulas worked out by hand in NumPy, the network on
single beats with stacked rows, and the program's own repetition.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from export.network_report import MACS_MAX
from host_tools.errors import UserError
from host_tools.reference.params import CONTEXT_BEATS, FEATURE_NAMES, LOOKAHEAD_BEATS
from tests.training.made_up import made_up
from training.augment import Augmenter, no_noise, to_real, warp
from training.config import CONFIG_PATH, AugmentConfig, TrainingConfig, changed, context_widths, load_config
from training.crops import (
    CropSampler,
    class_loss_weights,
    draw_shares,
    record_sequence,
    row_scaling,
)
from training.loop import batch_loss, predict, predict_record, train_network
from training.model import (
    ContextNet,
    check_context,
    count_macs,
    fold_row_scaling,
    new_net,
    rhythm_shape,
)
from training.rhythms import ATRIAL, NORMAL
from training.scores import break_even_offset, by_database, record_matrix, with_nested_offsets
from training.splicing import NOISE

QUIET = AugmentConfig(
    gain_log2_sd=0.0,
    shift_max_samples=0,
    scale_max=0.0,
    jitter_max_samples=0,
    wander_max=0.0,
    noise_max=0.0,
    noise_share=0.0,
    invert_share=0.0,
    row_sd=0.0,
    row_offset_sd=0.0,
    row_drop_share=0.0,
)
NOTHING_MADE_UP = dict.fromkeys((*ATRIAL, *NORMAL, NOISE), 0.0)
#: A network that looks at eleven beats, two of them ahead.
WIDE = {
    "context_beats": 11,
    "lookahead_beats": 2,
    "context_channels": [5, 7, 6],
    "context_kernels": [3, 2],
    "context_strides": [2, 1],
}


@pytest.fixture
def config() -> TrainingConfig:
    changes = {"optimiser": {"steps": 40, "crops": 4, "crop_beats": 30}, "made_up": NOTHING_MADE_UP}
    return changed(load_config(), {**changes, "model": WIDE}, "test")


def state(net: torch.nn.Module) -> bytes:
    return b"".join(t.numpy().tobytes() for t in net.state_dict().values())


# ---- network


def test_network_size_and_output() -> None:
    model = load_config().model
    net = ContextNet(model).eval()
    example = torch.zeros(3, 2, 1, 96), torch.zeros(3, *rhythm_shape(model))
    assert net(*example).shape == (3, 4)
    macs = 0

    def count(module: torch.nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        nonlocal macs
        macs += output[0].numel() * module.weight[0].numel()  # type: ignore[operator,index,union-attr]

    for module in net.modules():
        if isinstance(module, torch.nn.Conv2d | torch.nn.Linear):
            module.register_forward_hook(count)
    net(*(x[:1] for x in example))
    assert count_macs(model) == macs <= MACS_MAX


@given(st.integers(0, 1000), st.integers(1, 40))
@settings(max_examples=20)
def test_a_stretch_at_once_is_every_beat_with_its_stacked_rows(seed: int, beats: int) -> None:
    """The dilated convolutions over a record give what the device computes from each beat's own input."""
    model = dataclasses.replace(load_config().model, **{k: _tuple(v) for k, v in WIDE.items()})
    torch.manual_seed(seed)
    net = ContextNet(model).eval()
    record = made_up("1", beats, seed)
    at_once = predict_record(net, record)
    stacked = predict(net, record.beat, record.contexts(np.arange(beats), 11, 2))
    assert at_once == pytest.approx(stacked, abs=2e-5)


def _tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def test_scaling_goes_into_the_first_layer() -> None:
    torch.manual_seed(1)
    net = ContextNet(load_config().model).eval()
    beat = torch.randn(6, 2, 1, 96)
    rows = torch.randn(6, *rhythm_shape(net.config)) * 3
    features = rows.shape[1]
    mean, scale = torch.randn(features), torch.rand(features) + 0.2
    scale[0] = 0  # a feature that is left out
    scaled = (rows - mean[None, :, None, None]) * scale[None, :, None, None]
    with torch.no_grad():
        before = net(beat, scaled)
        fold_row_scaling(net, mean, scale)
        assert torch.allclose(net(beat, rows), before, atol=1e-4)


def test_context_must_be_the_chains() -> None:
    model = dataclasses.replace(
        load_config().model, context_beats=CONTEXT_BEATS, lookahead_beats=LOOKAHEAD_BEATS
    )
    check_context(model, "here")
    with pytest.raises(UserError, match="the chain gives"):
        check_context(dataclasses.replace(model, context_beats=model.context_beats + 2), "here")


# ---- loss


def test_loss_is_weighted_cross_entropy_by_hand(config: TrainingConfig) -> None:
    config = changed(config, {"optimiser": {"label_smoothing": 0.0}}, "test")
    logits = torch.tensor([[[2.0, 0.0, -1.0, 0.5], [0.0, 1.0, 0.0, 0.0], [-3.0, 2.0, 2.5, 0.0]]])
    batch = {"label": torch.tensor([[0, -1, 2]]), "weight": torch.tensor([[0.5, 1.0, 1.0]])}
    classes = torch.tensor([1.0, 4.0, 2.0, 8.0])
    p = logits[0].double().softmax(1).numpy()
    own = np.array([0.5 * 1, 1 * 2])
    want = (own * -np.log(p[[0, 2], [0, 2]])).sum() / own.sum()
    assert batch_loss(logits, batch, classes, config).item() == pytest.approx(want, rel=1e-5)
    teacher = torch.tensor([[[0.7, 0.1, 0.1, 0.1], [0.25] * 4, [0.0, 0.5, 0.5, 0.0]]])
    soft = -(teacher[0].numpy() * np.log(p)).sum(1)[[0, 2]]
    soft = (soft * [0.5, 1.0]).sum() / 1.5
    hard = config.distillation.hard_weight
    got = batch_loss(logits, batch | {"teacher": teacher}, classes, config).item()
    assert got == pytest.approx(hard * want + 2 * (1 - hard) * soft, rel=1e-5)


# ---- augmentation

int8_beats = st.integers(0, 2**31 - 1).map(
    lambda seed: np.random.default_rng(seed).integers(-128, 128, (6, 96, 2)).astype(np.int8)
)


def crops_of(beat: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(beat).transpose(1, 2).float().view(2, 3, 2, 96) / 16


def test_inputs_become_real_and_back() -> None:
    rng = np.random.default_rng(0)
    beat, rhythm = rng.integers(-128, 128, (7, 96, 2)), rng.integers(-128, 128, (7, 5, 9))
    x, r = to_real(beat.astype(np.int8), rhythm.astype(np.int8))
    assert x.shape == (7, 2, 1, 96)
    assert r.shape == (7, 9, 1, 5)
    assert np.array_equal(x.numpy()[:, :, 0].transpose(0, 2, 1) * 16, beat)
    assert np.array_equal(r.numpy()[:, :, 0].transpose(0, 2, 1) * 16, rhythm)


@given(int8_beats)
@settings(max_examples=20)
def test_no_augmentation_changes_only_the_mean(beat: np.ndarray) -> None:
    x = crops_of(beat)
    augment = Augmenter(QUIET, no_noise(), torch.Generator())
    assert torch.allclose(augment.beats(x), x - x.mean(3, keepdim=True), atol=1e-5)
    rows = torch.randn(2, 5, 7)
    assert torch.equal(augment.rows(rows), rows)


def test_noise_acts_on_the_beat_and_gain_on_the_whole_crop() -> None:
    x = crops_of(made_up("1", 6, 4).beat)
    x = x - x.mean(3, keepdim=True)
    noisy = Augmenter(
        dataclasses.replace(QUIET, wander_max=1.0), no_noise(), torch.Generator().manual_seed(2)
    )
    y = noisy.beats(x)
    template = x[:, :, 0] - x[:, :, 1]
    assert torch.allclose(y[:, :, 0] - y[:, :, 1], template, atol=1e-5)
    assert (y - x).abs().max() > 0.3
    louder = Augmenter(
        dataclasses.replace(QUIET, gain_log2_sd=1.0, invert_share=0.5),
        no_noise(),
        torch.Generator().manual_seed(2),
    )
    z = louder.beats(x)
    for crop in range(2):
        factor = (z[crop] * x[crop]).sum() / (x[crop] ** 2).sum()
        assert abs(float(factor) - 1) > 0.01
        assert torch.allclose(z[crop], factor * x[crop], atol=1e-4)


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


# ---- crops


def test_crops_hold_the_rows_that_their_beats_need(config: TrainingConfig) -> None:
    records = [made_up("101", 120, 1), made_up("106", 90, 2)]
    scaling = (torch.zeros(len(FEATURE_NAMES)), torch.ones(len(FEATURE_NAMES)))
    sequences = [record_sequence(r, config, scaling) for r in records]
    sampler = CropSampler(records, sequences, {}, config, 5)
    batch = sampler.batch()
    again = CropSampler(records, sequences, {}, config, 5).batch()
    assert all(torch.equal(batch[k], again[k]) for k in batch)
    assert batch["beat"].shape == (4, 30, 2, 96)
    assert batch["rows"].shape == (4, 30 + 10, len(FEATURE_NAMES))
    whole = records[0]
    rows = sequences[0].rows[7 : 7 + 40].numpy() * 16
    assert np.array_equal(rows[8:38], whole.rows[7:37])  # ten before and after, eight of them before


def test_labels_weights_and_shares(config: TrainingConfig) -> None:
    record = made_up("101", 60, 1)
    label = record.label.copy()
    label[:3] = (4, 5, 2)
    record = dataclasses.replace(record, label=label)
    scaling = row_scaling([record])
    blind = changed(config, {"optimiser": {"false_beat_weight": 0.0, "class_weight_power": 0.25}}, "test")
    assert record_sequence(record, blind, scaling).label[:3].tolist() == [-1, -1, 2]
    heavy = changed(blind, {"optimiser": {"false_beat_weight": 0.5}}, "test")
    sequence = record_sequence(record, heavy, scaling)
    assert sequence.label[:3].tolist() == [-1, 0, 2]
    assert sequence.weight[:3].tolist() == [1.0, 0.5, 1.0]
    many, few = made_up("101", 400, 1), made_up("106", 100, 1)
    share = draw_shares([many, few], config)
    assert share[0] / share[1] == pytest.approx(
        np.sqrt((many.label < 4).sum() / (few.label < 4).sum()), rel=1e-6
    )
    weights = class_loss_weights([many], blind)
    counts = np.bincount(many.label, minlength=4)
    assert weights[1] == pytest.approx((counts[0] / counts[1]) ** 0.25)
    assert weights[3] == pytest.approx(float(weights[2]) * config.optimiser.fusion_weight)


def test_made_up_records_are_drawn_by_their_shares(config: TrainingConfig) -> None:
    config = changed(config, {"made_up": {"pauses": 0.3, "block": 0.1, "weight": 0.5}}, "test")
    scaling = (torch.zeros(len(FEATURE_NAMES)), torch.ones(len(FEATURE_NAMES)))
    records = [made_up("101", 120, 1)]
    invented = {
        mode: [record_sequence(made_up(f"101~{mode}", 60, k), config, scaling)]
        for k, mode in enumerate(("pauses", "block"))
    }
    sampler = CropSampler(records, [record_sequence(records[0], config, scaling)], invented, config, 5)
    drawn = [s for _ in range(1000) for s, _ in sampler.draw()]
    for mode, share in (("pauses", 0.3), ("block", 0.1)):
        assert np.mean([s is invented[mode][0] for s in drawn]) == pytest.approx(share, abs=0.03)
    s = invented["pauses"][0]
    assert set(s.weight.tolist()) == {0.5}


# ---- training


def test_one_seed_gives_one_network(config: TrainingConfig) -> None:
    records = [made_up("101", 300, 1), made_up("106", 200, 2)]
    nets = [train_network(config, records, no_noise(), seed) for seed in (3, 3, 4)]
    assert state(nets[0]) == state(nets[1]) != state(nets[2])


def test_it_learns_and_a_student_follows_its_teacher(config: TrainingConfig) -> None:
    long = changed(config, {"optimiser": {"steps": 200}, "model": {"dropout": 0.0, "beat_dropout": 0.0}}, "t")
    records = [made_up("101", 400, 1), made_up("106", 300, 2)]
    held = made_up("108", 300, 5)
    net = train_network(long, records, no_noise(), 1)
    right = predict_record(net, held).argmax(1) == held.label
    assert right.mean() > 0.85
    # A teacher that calls everything V is believed more than the labels.
    teacher = [np.tile(np.array([0, 0, 1, 0], np.float32), (len(r.label), 1)) for r in records]
    student = train_network(long, records, no_noise(), 1, teacher)
    assert (predict_record(student, held).argmax(1) == 2).mean() > 0.8


def test_left_out_features_do_not_matter(config: TrainingConfig) -> None:
    config = changed(config, {"data": {"without_features": FEATURE_NAMES[:3]}}, "test")
    net = train_network(config, [made_up("101", 100, 1)], no_noise(), 1)
    held = made_up("1", 40, 2)
    other = held.rows.copy()
    other[:, :3] = 99
    changed_rows = predict_record(net, dataclasses.replace(held, rows=other))
    assert predict_record(net, held) == pytest.approx(changed_rows, abs=1e-5)


def test_the_difference_can_be_left_out(config: TrainingConfig) -> None:
    config = changed(config, {"data": {"without_features": ("difference",)}}, "test")
    net = train_network(config, [made_up("101", 100, 1)], no_noise(), 1)
    held = made_up("1", 40, 2)
    other = held.beat.copy()
    other[:, :, 1] = 99
    blind = predict_record(net, dataclasses.replace(held, beat=other))
    assert predict_record(net, held) == pytest.approx(blind, abs=1e-5)
    other[:, ::2, 0] = 99
    assert predict_record(net, held) != pytest.approx(
        predict_record(net, dataclasses.replace(held, beat=other)), abs=1e-2
    )


def test_recurrent_network_trains_and_predicts(config: TrainingConfig) -> None:
    config = changed(config, {"model": {"recurrent_units": 6}, "optimiser": {"steps": 5}}, "test")
    net = train_network(config, [made_up("101", 100, 1)], no_noise(), 1)
    assert predict_record(net, made_up("1", 40, 2)).shape == (40, 4)
    assert sum(p.numel() for p in new_net(config.model).parameters()) > 0


# ---- scores and configuration


def test_matrix_by_hand() -> None:
    record = dataclasses.replace(
        made_up("1", 5, 1),
        label=np.array([0, 1, 5, 4, 2], np.uint8),
        sample=np.array([100, 200, 300, 400, 500], np.int64) + 360 * 300,
        missed_sample=np.array([50, 360 * 300 + 450], np.int64),
        missed_label=np.array([0, 2], np.uint8),
    )
    matrix = record_matrix(record, np.array([0, 0, 2, 1, 2]))
    want = np.zeros((6, 6), np.int64)
    for row, column in ((0, 0), (1, 0), (5, 2), (4, 1), (2, 2), (2, 5)):
        want[row, column] += 1
    assert np.array_equal(matrix, want)


def test_at_break_even_as_many_beats_are_called_s_as_there_are() -> None:
    """Oracle: counts over the moved logits; and the choice of two folds by hand."""
    rng = np.random.default_rng(2)
    records = [made_up(name, 300, k) for k, name in enumerate(("101", "106", "800", "802"))]
    records = [dataclasses.replace(r, sample=r.sample + 360 * 300) for r in records]
    logits = {
        r.record: (2.0 * np.eye(4)[r.label] + rng.normal(0, 1.2, (300, 4)) - [0, 0.9, 0, 0]).astype(
            np.float32
        )
        for r in records
    }
    for group in (records[:2], records[2:]):
        offset = break_even_offset([group], logits)
        called = sum(int(((logits[r.record] + [0, offset, 0, 0]).argmax(1) == 1).sum()) for r in group)
        assert called == pytest.approx(sum(int((r.label == 1).sum()) for r in group), abs=1)
        assert offset > 0.2
    both = [break_even_offset([group], logits) for group in (records[:2], records[2:])]
    assert break_even_offset(by_database(records), logits) == pytest.approx(np.mean(both))
    without = [dataclasses.replace(r, label=np.zeros(300, np.uint8)) for r in records[:2]]
    assert break_even_offset([without], logits) == 0
    folds = {"101": 0, "106": 1, "800": 0, "802": 1}
    moved = with_nested_offsets(records[:3], folds, logits, records[3:])
    alone = break_even_offset([[records[1]]], logits)  # 106 is the only one outside 101's fold
    assert moved["101"] == pytest.approx(logits["101"] + np.array([0, alone, 0, 0]), abs=1e-5)
    assert set(moved) == set(logits)


def test_config_is_checked(tmp_path: Path) -> None:
    text = CONFIG_PATH.read_text()
    file = tmp_path / "config.toml"
    file.write_text("# another comment\n" + text)
    assert load_config(file).digest() == load_config().digest()
    file.write_text(text.replace("label_smoothing = 0.03", "label_smoothing = 0.04"))
    assert load_config(file).digest() != load_config().digest()
    for broken, message in (
        (text.replace("label_smoothing", "smoothing"), "label_smoothing is missing|smoothing is unknown"),
        (text.replace("[augment]", "[lost]"), r"\[(augment|lost)\] is (missing|unknown)"),
        (text.replace('peaks = "detected"', 'peaks = "all"'), "peaks must be one of"),
        (text.replace("folds = 5", "folds = 1"), "at least 2"),
        (text + "=", "not valid TOML"),
    ):
        file.write_text(broken)
        with pytest.raises(UserError, match=message):
            load_config(file)
    with pytest.raises(UserError, match="no such file"):
        load_config(tmp_path / "none.toml")
    with pytest.raises(UserError, match="section"):
        changed(load_config(), {"lost": {}}, "test")


def test_every_row_must_be_used() -> None:
    model = dataclasses.replace(load_config().model, **{k: _tuple(v) for k, v in WIDE.items()})
    assert context_widths(model) == (11, 5, 4)
    with pytest.raises(UserError, match="leaves some of 10 rows out"):
        context_widths(dataclasses.replace(model, context_beats=10))
    with pytest.raises(UserError, match="kernel and a stride"):
        context_widths(dataclasses.replace(model, context_kernels=(3,)))
