"""Parity of whole records. Oracles: the integer reference, and the TensorFlow Lite Micro interpreter."""

from __future__ import annotations

import numpy as np
import pytest

from host_tools import parity
from host_tools.mitdb import record_samples
from host_tools.native import STAGES, run_core
from host_tools.parity import Interpreter, compare_record, summarise
from tests.chain.signals import pulse_train


@pytest.mark.needs_data
@pytest.mark.parametrize("name", ["100", "114", "207", "208"])
def test_whole_record(mitdb, name: str) -> None:
    result = compare_record(name, record_samples(mitdb, name), oracle=Interpreter())
    assert result.first is None, result.first.text()
    assert set(result.compared) == {*STAGES, "production", "tflite_micro"}
    assert all(count > 0 for count in result.compared.values())


@pytest.mark.parametrize("stage", [*STAGES, "production"])
def test_a_difference_is_found_and_named(monkeypatch: pytest.MonkeyPatch, stage: str) -> None:
    """One wrong value in any stage must be reported with stage, sample and both values."""
    x, _ = pulse_train(20)

    def tampered(samples: np.ndarray, **options: object):
        result = run_core(samples, **options)
        if options.get("trace") and stage != "production":
            result.trace[stage][len(result.trace[stage]) // 2] += 1
        elif stage == "production" and not options.get("trace"):
            result.beats["flags"][len(result.beats) // 2] ^= 8
        return result

    monkeypatch.setattr(parity, "run_core", tampered)
    result = compare_record("tampered", x)
    assert result.first is not None
    assert result.first.stage == stage
    assert result.mismatches[stage] == 1
    assert abs(result.first.other - result.first.reference) in (1, 8)
    assert 0 < result.first.sample < len(x)
    assert len(result.first.before) == parity.CONTEXT_SAMPLES
    assert stage in result.first.text()
    totals = summarise([result])
    assert totals["mismatches"] == 1
    assert totals["values_compared"] == sum(result.compared.values())


def test_a_missing_beat_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    x, _ = pulse_train(20)

    def tampered(samples: np.ndarray, **options: object):
        result = run_core(samples, **options)
        result.beats = result.beats[:-1]
        return result

    monkeypatch.setattr(parity, "run_core", tampered)
    result = compare_record("tampered", x)
    assert result.mismatches["production"] == 11
