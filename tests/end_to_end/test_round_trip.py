"""A small real round trip: train, export, compile, run.

Oracles: the integer reference generated for the new network, and TensorFlow Lite Micro's interpreter
on the new .tflite.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from export.generate import MODEL_DIR, REFERENCE_DIR, TFLITE, generate, load_reference
from export.tflite_export import export_checkpoint
from host_tools.build import ROOT
from host_tools.mitdb import record_samples
from host_tools.native import run_core
from host_tools.parity import Interpreter, compare_record
from tests.data_access import database_dir, mitdb_dir
from training.train import fit

RECORDS = ("106", "119", "208", "223")


@pytest.mark.needs_data("mitdb", "nstdb")
def test_train_export_compile_run(tmp_path: Path) -> None:
    data = database_dir("mitdb").parent
    checkpoint = fit(records=RECORDS, steps=60, out_dir=tmp_path / "training", data_dir=data, seed=3)
    exported = export_checkpoint(checkpoint, tmp_path / "export", calibration_records=RECORDS, data_dir=data)
    assert exported.onnx_max_error < 1e-4
    generate(tmp_path, exported.tflite)
    reference = load_reference(tmp_path / REFERENCE_DIR, "reference_round_trip")
    model_dir = tmp_path / MODEL_DIR
    samples = record_samples(mitdb_dir(), "208")
    oracle = Interpreter(exported.tflite)
    result = compare_record(
        "208", samples, run_reference=reference.run_record, model_dir=model_dir, oracle=oracle
    )
    assert result.first is None, result.first.text()
    assert result.compared["tflite_micro"] > 4 * 2800
    # It is the new network that ran, and sixty steps taught it something.
    assert exported.tflite.read_bytes() != (ROOT / TFLITE).read_bytes()
    beats = run_core(samples, model_dir=model_dir).beats
    assert not np.array_equal(beats["logits"], run_core(samples).beats["logits"])
    assert (beats["aami_class"] == 2).sum() > 300
