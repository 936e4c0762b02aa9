"""What is committed belongs together. Oracle: SHA-256 of the committed files and of today's inputs."""

from __future__ import annotations

import hashlib
import json

import pytest

from export.c_network import network_report
from export.network_report import C_NETWORK_BYTES_MAX, MACS_MAX, TFLITE_BYTES_MAX
from export.spec import load_spec
from export.tflite_check import check_full_int8
from export.tflite_reader import read_tflite
from host_tools.readme import size_markdown
from training.checkpoint import CHECKPOINT_PATH, load_checkpoint
from training.config import load_config
from training.data import REPO_ROOT, file_sha256, load_manifest
from training.evaluate import TFLITE_PATH, read_metrics
from training.model_card import CARD_PATH, EXPORT_REPORT_PATH, card_text, report_dir
from training.splits import PROTOCOLS, SHIPPED
from training.train import committed_outputs

#: The specification that the committed models were trained with. The detector has changed since, what a beat
#: is measured by has not: the digest of all constants but those that only decide which beats are found.
TRAINED_SPEC = "6a9df004ea49edd50bf690c0571bb29b3b7666bffbe726943b6066980f301703"
INPUTS_DIGEST = "3c4ddb8c88d71f0dabf64b45265c34662ab85b734ab5267dabf64335c17523c1"
FINDS_BEATS = (
    *("SPEC_HASH", "RPEAK_", "SPIKE_", "TRAIN_", "CONDITION_", "PAUSE_", "BROAD_RUN_", "FEATURE_"),
    *("HUM_", "STEP_", "DELAY_SAMPLES", "SATURATION_ADU"),
)


@pytest.fixture(scope="module")
def export_report() -> dict:
    return json.loads(EXPORT_REPORT_PATH.read_text())


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_checkpoint_is_of_todays_settings(protocol: str) -> None:
    info = load_checkpoint(committed_outputs(protocol).checkpoint, load_config().model).info
    assert info["config_hash"] == load_config().digest(), "config.toml has changed: `make train export`"
    assert info["spec_hash"] == TRAINED_SPEC, "trained anew: say so here, with the digest of its inputs"
    assert info["protocol"] == protocol
    assert tuple(info["records"]) == PROTOCOLS[protocol]
    for name in ("mitdb", "nstdb", "svdb"):
        assert info["databases"][name] == load_manifest()[name].digest()
    assert read_metrics(report_dir(protocol))["config_hash"] == info["config_hash"]


def test_the_models_inputs_are_measured_as_they_were_in_training() -> None:
    constants = {k: v for k, v in sorted(load_spec().constants.items()) if not k.startswith(FINDS_BEATS)}
    digest = hashlib.sha256(json.dumps(constants).encode()).hexdigest()
    assert digest == INPUTS_DIGEST, "what the network sees has changed: `make train export`"


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
