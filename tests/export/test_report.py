"""The report's figures and the files for TensorFlow Lite Micro.

Oracles: counting by hand, the .tflite's bytes.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import numpy as np

from export.c_network import generate_network, network_report
from host_tools.build import ROOT
from tests.export.tflite_builder import ModelBuilder

TFLITE = ROOT / "firmware" / "lib" / "model" / "bitbeat.tflite"


def test_figures_of_a_small_network(tmp_path: Path) -> None:
    """Pad 1 + 1, convolution of 3 taps with stride 2 from 2 to 4 channels, dense to 3: counted by hand."""
    b = ModelBuilder()
    x = b.tensor((1, 1, 9, 2), 0.1)
    padded = b.tensor((1, 1, 11, 2), 0.1)
    b.op("PAD", [x, b.constant(np.array([[0, 0], [0, 0], [1, 1], [0, 0]], np.int32))], [padded])
    y = b.tensor((1, 1, 5, 4), 0.1)
    weights = b.constant(np.ones((4, 1, 3, 2), np.int8), [0.1, 0.2, 0.3, 0.4])
    b.op(
        "CONV_2D",
        [padded, weights],
        [y],
        StrideH=1,
        StrideW=2,
        DilationHFactor=1,
        DilationWFactor=1,
        Padding="VALID",
    )
    flat, z = b.tensor((1, 20), 0.1), b.tensor((1, 3), 0.1)
    b.op("RESHAPE", [y, b.constant(np.array([1, 20], np.int32))], [flat])
    b.op("FULLY_CONNECTED", [flat, b.constant(np.full((3, 20), 2, np.int8), 0.1)], [z])
    path = tmp_path / "small.tflite"
    path.write_bytes(b.finish([x], [z]))
    report = network_report(path)
    assert report.macs == 5 * 4 * 3 * 2 + 20 * 3
    assert report.weight_bytes == 4 * 3 * 2 + 3 * 20
    # The input lies inside the padded tensor; that and the convolution's output are live at once.
    assert report.arena_bytes == 24 + 20
    assert report.arena_bytes_without_reuse == 18 + 22 + 20 + 20 + 3
    assert [op["kind"] for op in report.operators] == ["PAD", "CONV_2D", "RESHAPE", "FULLY_CONNECTED"]
    assert [op["calls"] for op in report.operators] == [["fill"], ["conv"], [], ["fully_connected"]]
    assert report.tflite_bytes == path.stat().st_size
    assert json.loads(report.to_json())["macs"] == report.macs
    assert "180 of at most 50,000" in report.to_text()


def test_tflite_array_is_the_file(tmp_path: Path) -> None:
    generate_network(TFLITE, tmp_path, tmp_path, "0" * 64)
    source = (tmp_path / "ecg_model_tflite.c").read_text()
    body = source[source.index("= {") :]
    assert bytes(int(v, 16) for v in re.findall(r"0x([0-9a-f]{2})", body)) == TFLITE.read_bytes()
    assert "_Alignas(16) const" in source
    assert (
        f"#define ECG_MODEL_TFLITE_BYTES {TFLITE.stat().st_size}\n"
        in (tmp_path / "ecg_model_tflite.h").read_text()
    )


def test_model_hash_is_of_the_file(tmp_path: Path) -> None:
    generate_network(TFLITE, tmp_path, tmp_path, "0" * 64)
    digest = hashlib.sha256(TFLITE.read_bytes()).hexdigest()
    assert f"UINT32_C(0x{digest[:8]})" in (tmp_path / "ecg_model.h").read_text()
    assert f"MODEL_HASH = 0x{digest[:8].upper()}" in (tmp_path / "network.py").read_text()
    assert f"MODEL_DIGEST = '{digest}'" in (tmp_path / "network.py").read_text()
