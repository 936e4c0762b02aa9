"""What is committed belongs together. Oracle: SHA-256 of the committed files and of today's inputs."""

from __future__ import annotations

import json

import pytest

from export.c_network import network_report
from export.network_report import C_NETWORK_BYTES_MAX, MACS_MAX, TFLITE_BYTES_MAX
from export.tflite_check import check_full_int8
from export.tflite_reader import read_tflite
from host_tools.reference.params import SPEC_DIGEST
from training.checkpoint import CHECKPOINT_PATH, load_checkpoint
from training.config import load_config
from training.data import file_sha256, load_manifest
from training.datasets import DS1
from training.evaluate import TFLITE_PATH, read_metrics
from training.model_card import CARD_PATH, EXPORT_REPORT_PATH, card_text


@pytest.fixture(scope="module")
def export_report() -> dict:
    return json.loads(EXPORT_REPORT_PATH.read_text())


def test_checkpoint_is_of_todays_settings() -> None:
    info = load_checkpoint(CHECKPOINT_PATH, load_config().model).info
    assert info["config_hash"] == load_config().digest(), "config.toml has changed: `make train export`"
    assert info["spec_hash"] == SPEC_DIGEST, "spec.toml has changed: `make train export`"
    assert tuple(info["records"]) == DS1
    assert info["databases"]["mitdb"] == load_manifest()["mitdb"].digest()
    assert read_metrics()["config_hash"] == info["config_hash"]


def test_tflite_comes_from_the_checkpoint(export_report: dict) -> None:
    assert export_report["checkpoint"]["sha256"] == file_sha256(CHECKPOINT_PATH)
    assert export_report["model"]["model_sha256"] == file_sha256(TFLITE_PATH)


def test_model_is_within_its_limits(export_report: dict) -> None:
    check_full_int8(read_tflite(TFLITE_PATH))
    costs = network_report(TFLITE_PATH)
    assert costs.c_network_bytes <= C_NETWORK_BYTES_MAX == 16 * 1024
    assert costs.tflite_bytes <= TFLITE_BYTES_MAX == 24 * 1024
    assert costs.macs <= MACS_MAX == 50_000
    assert export_report["model"]["macs"] == costs.macs


def test_model_card_is_that_of_the_committed_files() -> None:
    assert CARD_PATH.read_text() == card_text()
