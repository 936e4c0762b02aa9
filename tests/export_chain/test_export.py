"""Torch to ONNX to int8 TFLite. Oracles: torch itself, onnxruntime, and the ``tflite-micro`` interpreter."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from export import onnx_export, tflite_check, tflite_export
from export.calibration import calibration_arrays
from export.graph import Graph
from export.network_report import TFLITE_BYTES_MAX
from export.onnx_export import MAX_ERROR, export_onnx
from export.quant_report import MicroNetwork, layer_errors, layer_tensors, quantisation_report, spread_choice
from export.tflite_check import check_full_int8, inputs_by_name
from export.tflite_export import convert_onnx, export_checkpoint
from export.tflite_reader import read_tflite
from host_tools.errors import CheckFailed, UserError
from host_tools.reference.params import CONTEXT_BEATS, FEATURE_NAMES
from tests.training.made_up import made_up
from training.checkpoint import save_checkpoint
from training.config import load_config
from training.datasets import RecordBeats
from training.loop import predict
from training.model import ContextNet, rhythm_shape


def made_up_beats(record: str, seed: int, n: int = 60) -> RecordBeats:
    """Smooth random beats and features, over most of the int8 range."""
    rng = np.random.default_rng(seed)
    beat = np.clip(np.cumsum(rng.normal(0, 12, (n, 96, 2)), 1), -100, 100).astype(np.int8)
    rows = np.clip(rng.normal(0, 25, (n, len(FEATURE_NAMES))), -90, 90).astype(np.int8)
    label = rng.integers(0, 4, n).astype(np.uint8)
    return dataclasses.replace(made_up(record, n, seed), beat=beat, rows=rows, label=label)


def random_net(seed: int) -> ContextNet:
    """Random weights, with batch-norm statistics of real-looking inputs."""
    torch.manual_seed(seed)
    net = ContextNet(load_config().model)
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.normal_(module.bias, 0, 0.3)
    net.train()
    with torch.no_grad():
        for _ in range(30):
            net(torch.randn(64, 2, 1, 96).cumsum(-1) * 0.3, torch.randn(64, *rhythm_shape(net.config)))
    return net.eval()


@dataclasses.dataclass(frozen=True)
class Exported:
    net: ContextNet
    beats: list[RecordBeats]
    onnx: Path
    tflite: Path
    graph: Graph


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    folder = tmp_path_factory.mktemp("export")
    net = random_net(0)
    beats = [made_up_beats("1", 1), made_up_beats("2", 2)]
    onnx = folder / "bitbeat.onnx"
    export_onnx(net, onnx)
    tflite, used = convert_onnx(onnx, beats, folder)
    assert used == sum(min(12, int((r.label == c).sum())) for r in beats for c in range(4))
    return Exported(net, beats, onnx, tflite, read_tflite(tflite))


# ---- ONNX


def test_onnx_equals_torch(tmp_path: Path) -> None:
    error = export_onnx(random_net(3), tmp_path / "a.onnx")
    assert 0 < error <= MAX_ERROR
    assert [p.name for p in tmp_path.iterdir()] == ["a.onnx"]


def test_a_difference_stops_the_export(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_export, "_max_error", lambda *_: float("nan"))
    with pytest.raises(CheckFailed, match="differs from torch"):
        export_onnx(random_net(3), tmp_path / "a.onnx")
    assert not (tmp_path / "a.onnx").exists()


# ---- calibration


def test_calibration_spans_the_grid_and_stays_on_it() -> None:
    beats = [made_up_beats("1", 1), made_up_beats("2", 2)]
    beat, rhythm = calibration_arrays(beats)
    assert beat.shape[1:] == (1, 96, 2)
    assert rhythm.shape == (len(beat), 1, CONTEXT_BEATS, len(FEATURE_NAMES))
    for array in (beat, rhythm):
        assert array.min() == -8.0
        assert array.max() == 127 / 16
        assert np.array_equal(array * 16, np.rint(array * 16))
        assert ((array == -8.0) | (array == 127 / 16)).sum() == 2  # nothing else was changed
    again = calibration_arrays(beats)
    assert np.array_equal(again[0], beat)


@pytest.mark.parametrize("record", ["109", "100"])
def test_only_training_records_calibrate(tmp_path: Path, record: str) -> None:
    checkpoint = tmp_path / "a.safetensors"
    save_checkpoint(random_net(1), checkpoint, {"records": ["101", "208"]})
    with pytest.raises(UserError, match=f"record {record} was not trained on"):
        export_checkpoint(checkpoint, tmp_path / "out", [record])


# ---- TFLite


def test_full_int8_with_exact_input_scales(exported: Exported) -> None:
    check_full_int8(exported.graph)
    kinds = [op.kind for op in exported.graph.operators]
    layers = exported.net.config
    convolutions = len(layers.beat_channels) + 1 + 2 + len(layers.context_channels)
    assert kinds.count("CONV_2D") == convolutions
    assert kinds.count("PAD") == len(layers.beat_channels)
    assert kinds[-3:] == ["CONCATENATION", "FULLY_CONNECTED", "FULLY_CONNECTED"]
    assert set(kinds) == {"AVERAGE_POOL_2D", "CONV_2D", "PAD", "CONCATENATION", "FULLY_CONNECTED"}
    for tensor in inputs_by_name(exported.graph).values():
        assert (tensor.scales, tensor.zero_points) == ((0.0625,), (0,))
    assert exported.tflite.stat().st_size <= TFLITE_BYTES_MAX


def test_the_converter_gives_the_same_bytes_again(exported: Exported, tmp_path: Path) -> None:
    tflite, _ = convert_onnx(exported.onnx, exported.beats, tmp_path)
    assert tflite.read_bytes() == exported.tflite.read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bitbeat.tflite", "onnx2tf.log"]


def test_int8_follows_float(exported: Exported) -> None:
    micro = MicroNetwork(exported.tflite, exported.graph)
    beats = exported.beats[0]
    contexts = beats.contexts(beats.judged)
    real = predict(exported.net, beats.beat, contexts)
    output = exported.graph.tensors[exported.graph.outputs[0]]
    got = np.stack([micro(b, r) for b, r in zip(beats.beat, contexts, strict=True)])
    have = (got.astype(np.float64) - output.zero_point) * output.scale
    assert np.corrcoef(have.ravel(), real.ravel())[0, 1] > 0.99
    # Bound by name: with the two inputs exchanged nothing would fit.
    flipped = dataclasses.replace(exported.graph, inputs=exported.graph.inputs[::-1])
    assert inputs_by_name(flipped)["beat"].shape == (1, 1, 96, 2)


def test_layers_are_compared_with_their_own_counterpart(exported: Exported) -> None:
    micro = MicroNetwork(exported.tflite, exported.graph)
    rows = layer_errors(exported.net, micro, *spread_choice(exported.beats, 60))
    assert [row["layer"] for row in rows] == [name for name, _ in layer_tensors(exported.graph)]
    assert len(rows) == sum(op.kind not in ("PAD", "AVERAGE_POOL_2D") for op in exported.graph.operators)
    for row in rows:
        assert 0 < row["rms_error_lsb"] < 6, row
        assert row["sqnr_db"] > 10, row
    # A layer's error cannot be small by accident: against another network's layers it is not.
    strangers = layer_errors(random_net(9), micro, *spread_choice(exported.beats, 60))
    assert all(s["rms_error_lsb"] > 2 * r["rms_error_lsb"] for s, r in zip(strangers, rows, strict=True))


def test_report_counts_by_hand(exported: Exported) -> None:
    report = quantisation_report(exported.net, exported.tflite, exported.graph, exported.beats)
    label = np.concatenate([r.label for r in exported.beats])
    real = np.concatenate(
        [predict(exported.net, r.beat, r.contexts(r.judged)) for r in exported.beats]
    ).argmax(1)
    assert report["beats"] == len(label)
    assert report["float"]["accuracy"] == pytest.approx((real == label).mean())
    assert report["same_class_share"] > 0.9
    f1 = report["int8_minus_float"]["f1"]
    assert report["worst_class"]["f1_points"] == min(f1[name] for name in "NSV")
    json.dumps(report, allow_nan=False)


# ---- refusals


def changed(graph: Graph, index: int, **values: object) -> Graph:
    tensors = list(graph.tensors)
    tensors[index] = dataclasses.replace(tensors[index], **values)  # type: ignore[arg-type]
    return dataclasses.replace(graph, tensors=tuple(tensors))


def test_other_models_are_refused(exported: Exported) -> None:
    graph = exported.graph
    beat = inputs_by_name(graph)["beat"].index
    weights = next(op for op in graph.operators if op.kind == "CONV_2D").inputs[1]
    for index, values, message in (
        (beat, {"scales": (0.0626,)}, "not exactly"),
        (beat, {"zero_points": (1,)}, "not exactly"),
        (beat, {"shape": (1, 1, 95, 2)}, "has shape"),
        (beat, {"name": "serving_default_ecg:0"}, "expected beat and rhythm"),
        (graph.outputs[0], {"shape": (1, 5)}, "output has shape"),
        (weights, {"scales": (0.1,), "zero_points": (0,)}, "per tensor"),
    ):
        with pytest.raises(UserError, match=message):
            check_full_int8(changed(graph, index, **values))


def test_a_converted_model_is_checked_before_it_counts(
    exported: Exported, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def converter(job: Path, log: Path, cwd: Path) -> None:
        (cwd / "out").mkdir()
        shutil.copy(exported.tflite, cwd / "out" / "x_full_integer_quant.tflite")

    monkeypatch.setattr(tflite_export, "_run_converter", converter)
    monkeypatch.setattr(tflite_check, "INPUT_SCALE", 1 / 32)
    with pytest.raises(CheckFailed, match="calibration must span"):
        convert_onnx(exported.onnx, exported.beats, tmp_path)
    monkeypatch.setattr(tflite_check, "INPUT_SCALE", 1 / 16)
    monkeypatch.setattr(tflite_export, "TFLITE_BYTES_MAX", 1000)
    with pytest.raises(CheckFailed, match="at most 1000"):
        convert_onnx(exported.onnx, exported.beats, tmp_path)
    assert not (tmp_path / "bitbeat.tflite").exists()


def test_a_failed_conversion_names_its_log(exported: Exported, tmp_path: Path) -> None:
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(exported.onnx.read_bytes()[:500])
    with pytest.raises(CheckFailed, match=r"onnx2tf\.log"):
        convert_onnx(broken, exported.beats, tmp_path)
    assert (tmp_path / "onnx2tf.log").stat().st_size > 0
