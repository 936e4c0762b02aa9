"""What is committed belongs together. Oracle: SHA-256 of the committed files and of today's inputs."""

from __future__ import annotations

import json

import pytest

from export.c_network import network_report
from export.network_report import C_NETWORK_BYTES_MAX, MACS_MAX, TFLITE_BYTES_MAX
from export.tflite_check import check_full_int8
from export.tflite_reader import read_tflite
from host_tools.readme import size_markdown
from host_tools.reference.params import SPEC_DIGEST
from training.checkpoint import CHECKPOINT_PATH, load_checkpoint
from training.config import load_config
from training.data import REPO_ROOT, file_sha256, load_manifest
from training.evaluate import TFLITE_PATH, read_metrics
from training.model_card import CARD_PATH, EXPORT_REPORT_PATH, card_text, report_dir
from training.splits import PROTOCOLS, SHIPPED
from training.train import committed_outputs


@pytest.fixture(scope="module")
def export_report() -> dict:
    return json.loads(EXPORT_REPORT_PATH.read_text())


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_checkpoint_is_of_todays_settings(protocol: str) -> None:
    info = load_checkpoint(committed_outputs(protocol).checkpoint, load_config().model).info
    assert info["config_hash"] == load_config().digest(), "config.toml has changed: `make train export`"
    assert info["spec_hash"] == SPEC_DIGEST, "spec.toml has changed: `make train export`"
    assert info["protocol"] == protocol
    assert tuple(info["records"]) == PROTOCOLS[protocol]
    for name in ("mitdb", "nstdb", "svdb"):
        assert info["databases"][name] == load_manifest()[name].digest()
    assert read_metrics(report_dir(protocol))["config_hash"] == info["config_hash"]


def test_tflite_comes_from_the_checkpoint(export_report: dict) -> None:
    assert export_report["checkpoint"]["sha256"] == file_sha256(CHECKPOINT_PATH)
    assert export_report["model"]["model_sha256"] == file_sha256(TFLITE_PATH)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_models_are_within_their_limits(protocol: str, export_report: dict) -> None:
    path = (
        TFLITE_PATH if protocol == SHIPPED else committed_outputs(protocol).checkpoint.with_suffix(".tflite")
    )
    check_full_int8(read_tflite(path))
    costs = network_report(path)
    assert costs.c_network_bytes <= C_NETWORK_BYTES_MAX == 16 * 1024
    assert costs.tflite_bytes <= TFLITE_BYTES_MAX == 24 * 1024
    assert costs.macs <= MACS_MAX == 50_000
    assert export_report["model"]["macs"] == costs.macs


def test_model_card_is_that_of_the_committed_files() -> None:
    assert CARD_PATH.read_text() == card_text()


def test_readme_tells_the_committed_networks_size(export_report: dict) -> None:
    assert size_markdown(export_report) in (REPO_ROOT / "README.md").read_text()
