"""An int8 network that is much worse than its float twin. Oracles: the float network's own answers as labels,
and the layer that was spoilt.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from export import pipeline
from export.onnx_export import export_onnx
from export.quant_report import loss_text, quantisation_report
from export.tflite_export import convert_onnx
from export.tflite_reader import read_tflite
from host_tools.errors import CheckFailed
from tests.export_chain.test_export import made_up_beats, random_net
from training.loop import predict
from training.model import ContextNet


def plain(net: ContextNet) -> None:
    """Leave the network as it is."""


def outlier_in_hidden(net: ContextNet) -> None:
    """One hidden unit times 1000, its weight in the last layer by 1000: the same function in float."""
    with torch.no_grad():
        net.hidden.weight[0] *= 1000
        net.hidden.bias[0] = 1000  # it answers to every beat
        net.head.weight[:, 0] /= 1000


def outlier_in_rhythm(net: ContextNet) -> None:
    """The same between two convolutions of the rhythm stream."""
    with torch.no_grad():
        net.embed.weight[0] *= 1000
        net.embed.bias[0] = 1000
        net.context[0].weight[:, 0] /= 1000


def report_of(spoil: Callable[[ContextNet], None], folder: Path) -> dict[str, Any]:
    net = random_net(0)
    spoil(net)
    beats = []
    for record in (made_up_beats("1", 1), made_up_beats("2", 2)):
        label = predict(net, record.beat, record.contexts(np.arange(len(record.label)))).argmax(1)
        beats.append(dataclasses.replace(record, label=label.astype(np.uint8)))
    onnx = folder / "bitbeat.onnx"
    export_onnx(net, onnx)
    tflite, _ = convert_onnx(onnx, beats, folder)
    return quantisation_report(net, tflite, read_tflite(tflite), beats)


@pytest.mark.parametrize(
    ("spoil", "layer"), [(plain, None), (outlier_in_hidden, "hidden"), (outlier_in_rhythm, "rhythm 2")]
)
def test_the_layer_at_fault_is_named(tmp_path: Path, spoil: Callable[[ContextNet], None], layer: str) -> None:
    report = report_of(spoil, tmp_path)
    assert report["float"]["accuracy"] == 1
    if layer is None:
        assert loss_text(report) == ""
        assert all(row["lost_share"] < 0.1 for row in report["layers"])
        return
    (row,) = (row for row in report["layers"] if row["layer"] == layer)
    assert row["added_share"] > 0.5
    # Whether beats get other classes by it depends on what the network makes of that stream.
    text = loss_text(report | {"int8_minus_float": made_report(macro=-9)["int8_minus_float"]})
    assert f"the layer at fault: {layer}," in text
    assert "\n" not in text
    if spoil is outlier_in_hidden:
        assert "macro-F1 -" in loss_text(report)


def made_report(**less: float) -> dict[str, Any]:
    f1 = {name: less.get(name, 0.0) for name in "NSVF"}
    rows = [{"layer": "hidden", "added_share": 0.1, "lost_share": 0.1}]
    return {"int8_minus_float": {"macro_f1_nsv": less.get("macro", 0.0), "f1": f1}, "layers": rows}


@pytest.mark.parametrize("less", [{}, {"macro": -1.0}, {"S": -2.0}, {"F": -2.0}, {"N": 9.0, "macro": 3.0}])
def test_what_may_be_lost(less: dict[str, float]) -> None:
    assert loss_text(made_report(**less)) == ""


@pytest.mark.parametrize(
    "less", [{"macro": -1.01}, {"S": -2.01}, {"V": -50}, {"F": -3}, {"N": -2.5}, {"macro": float("nan")}]
)
def test_what_is_too_much(less: dict[str, float]) -> None:
    assert "the layer at fault: hidden" in loss_text(made_report(**less))


def test_nothing_is_replaced_unless_the_loss_is_accepted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The firmware's model was replaced (S 88.9 to 0), and the exit code was 0."""
    loaded = SimpleNamespace(net=None, info={"records": ["101"]})
    result = SimpleNamespace(
        tflite=tmp_path / "m.tflite", graph=None, onnx_max_error=0.0, calibration_beats=1, onnx=None
    )
    checkpoint = tmp_path / "a.safetensors"
    checkpoint.write_bytes(b"x")
    replaced: list[str] = []
    shown: list[dict[str, Any]] = []
    report = made_report(macro=-52.9, S=-88.9)
    monkeypatch.setattr(pipeline, "load_checkpoint", lambda *_: loaded)
    monkeypatch.setattr(pipeline, "export_checkpoint", lambda *_, **__: result)
    monkeypatch.setattr(pipeline, "network_report", lambda *_: None)
    monkeypatch.setattr(pipeline, "asdict", lambda *_: {})
    monkeypatch.setattr(pipeline, "check_limits", lambda *_: None)
    monkeypatch.setattr(pipeline, "load_records", lambda *_: [])
    monkeypatch.setattr(pipeline, "quantisation_report", lambda *_: report)
    monkeypatch.setattr(pipeline, "_replace_model", lambda *_: replaced.append("model"))
    monkeypatch.setattr(pipeline, "_write_out", lambda *_: replaced.append("out"))
    monkeypatch.setattr(pipeline, "write_json", lambda *_: replaced.append("report"))
    for out in (None, tmp_path / "out"):
        with pytest.raises(CheckFailed, match=r"the layer at fault: hidden.*--accept-loss"):
            pipeline.export_all(checkpoint, out=out, show=shown.append)
    assert replaced == []
    assert len(shown) == 2, "the tables are told all the same"
    pipeline.export_all(checkpoint, accept_loss=True)
    pipeline.export_all(checkpoint, accept_loss=True, out=tmp_path / "out")
    assert replaced == ["model", "report", "out"]
