"""The whole chain. Oracle: reference and core against each other, the promises of ``ecg_pipeline.h``."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from host_tools.beats import (
    CONDITION_LEAD_OFF,
    CONDITION_PAUSE,
    CONDITION_SATURATED,
    FLAG_LEAD_OFF,
    FLAG_LEARNING,
    FLAG_SATURATED,
    FLAG_UNDECIDED,
)
from host_tools.build import ROOT
from host_tools.mitdb import record_samples
from host_tools.native import build_library, load_library, run_core
from host_tools.parity import compare_record
from host_tools.reference import params
from host_tools.reference.run import run_record
from host_tools.reference.state import PENDING_BEATS
from tests.chain.signals import pulse_train

FS = params.FS_HZ


def assert_equal(x: np.ndarray, **options: int) -> None:
    result = compare_record("test", np.asarray(x, np.int16), **options)
    assert result.first is None, result.first.text()
    assert result.compared["sample"] == 3 * len(x)


@settings(max_examples=60)
@given(st.data())
def test_random_signals_are_equal(data: st.DataObject) -> None:
    seed = data.draw(st.integers(0, 2**32 - 1), label="seed")
    rng = np.random.default_rng(seed)
    x = pulse_train(
        20, rr_ms=data.draw(st.integers(280, 2500)), height_adu=data.draw(st.integers(-3000, 3000))
    )[0]
    x = x.astype(np.int64) + rng.normal(
        0, data.draw(st.sampled_from([0, 5, 60, 2000, 20000])), len(x)
    ).astype(int)
    for _ in range(data.draw(st.integers(0, 4), label="gaps")):
        start = int(rng.integers(0, len(x)))
        x[start : start + int(rng.integers(1, 900))] = rng.choice([-32768, 32767, -32767, 0, 6400])
    assert_equal(np.clip(x, -32768, 32767))


EXTREMES = {
    "lowest": np.full(8 * FS, -32767),
    "highest": np.full(8 * FS, 32767),
    "missing": np.full(8 * FS, -32768),
    "white noise": np.random.default_rng(1).integers(-32768, 32768, 20 * FS),
    "white noise within limits": np.random.default_rng(2).integers(-6399, 6400, 20 * FS),
    "steps": np.tile(np.repeat([-6399, 6399, -32767, 32767], 90), 40),
    "fast steps": np.tile([-6399, 6399], 10 * FS),
    "slow square": np.tile(np.repeat([-6399, 6399], 400), 20),
    "ramp": np.tile(np.arange(-6399, 6400, 13), 6),
    "nothing": np.zeros(0),
    "one sample": np.ones(1),
}


@pytest.mark.parametrize("kind", EXTREMES)
def test_extreme_signals_are_equal(kind: str) -> None:
    assert_equal(EXTREMES[kind])


def test_flat_line_for_an_hour(backend) -> None:
    assert len(backend.beats(np.full(3600 * FS, 7, np.int16))) == 0


@pytest.mark.parametrize("before", [1, 1000, 5 * FS])
def test_sample_counter_wraps(before: int) -> None:
    x, _ = pulse_train(30)
    plain = run_core(x).beats
    wrapped = run_core(x, first_sample=2**32 - before).beats
    assert np.array_equal((wrapped["r_sample"].astype(np.int64) + before) % 2**32, plain["r_sample"])
    for name in ("rr_prev_samples", "rr_next_samples", "logits", "aami_class", "confidence_q8", "flags"):
        assert np.array_equal(wrapped[name], plain[name])
    assert_equal(x, first_sample=2**32 - before)


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1), st.integers(300, 4000))
def test_latency_and_order(seed: int, rr_ms: int) -> None:
    x = pulse_train(40, rr_ms, seed=seed % 1000)[0]
    rng = np.random.default_rng(seed)
    for r in rng.integers(0, len(x) - 40, 12):
        x[r : r + 40] = x[r : r + 40] // 4
    result = run_core(x)
    at = result.beats["r_sample"].astype(np.int64)
    assert np.all(np.diff(at) >= params.MINIMUM_RR_SAMPLES)
    by_push = result.released < len(x)
    latency = result.released[by_push].astype(np.int64) - at[by_push]
    assert np.all(latency <= params.LOOKAHEAD_WAIT_SAMPLES + PENDING_BEATS)
    assert np.all(np.diff(result.released[by_push].astype(np.int64)) >= 1)


def test_no_beat_is_lost_at_the_end(backend) -> None:
    x, peaks = pulse_train(30)
    beats = backend.beats(x[: peaks[-1] + 40])
    assert abs(int(beats["r_sample"][-1]) - params.DELAY_SAMPLES - peaks[-1]) <= 2


def test_pause_counts_as_its_bound(backend) -> None:
    x, peaks = pulse_train(40)
    quiet = np.random.default_rng(4).normal(0, 3, 6 * FS).astype(np.int16)
    at = peaks[25] + FS // 2
    x[at : at + 6 * FS] = quiet
    beats = backend.beats(x)
    before = int(np.abs(beats["r_sample"].astype(np.int64) - peaks[25]).argmin())
    assert beats["rr_next_samples"][before] == params.RR_BOUND_SAMPLES
    assert beats["rr_prev_samples"][before + 1] > params.RR_BOUND_SAMPLES


def test_first_beats_are_defined(backend) -> None:
    x, _ = pulse_train(30)
    beats = backend.beats(x)
    assert beats["rr_prev_samples"][0] == beats["rr_next_samples"][0]
    assert np.all(beats["flags"][:8] & FLAG_LEARNING)
    assert not np.any(beats["flags"][10:] & FLAG_LEARNING)


def test_flags_tell_of_bad_input(backend) -> None:
    x, _ = pulse_train(40)
    x[15 * FS : 15 * FS + 10] = 7000
    x[25 * FS : 28 * FS] = -32768
    beats = backend.beats(x, rails=(-6400, 6400))
    flags, at = beats["flags"], beats["r_sample"]
    assert np.any(flags[(at > 14.5 * FS) & (at < 17 * FS)] & FLAG_SATURATED)
    assert np.all(flags[(at > 14.5 * FS) & (at < 17 * FS)] & (FLAG_SATURATED | FLAG_UNDECIDED))
    assert not np.any(flags[(at > 18 * FS) & (at < 23 * FS)] & (FLAG_SATURATED | FLAG_LEAD_OFF))
    assert np.any(flags[at > 28 * FS] & FLAG_LEARNING) or not np.any((at > 28 * FS) & (at < 30 * FS))


@pytest.mark.parametrize("side", [-2048, 2047])
@pytest.mark.parametrize("rr_ms", [500, 800])
def test_the_last_beat_before_a_rail_is_found_where_it_is(backend, side: int, rr_ms: int) -> None:
    """Oracle: the same signal without the fault."""
    x, peaks = pulse_train(20, rr_ms=rr_ms)
    usual = backend.beats(x)["r_sample"].astype(int)
    last = int(peaks[12]) + params.DELAY_SAMPLES
    for after_ms in range(240, rr_ms, 40):
        y = x.copy()
        y[last + round(after_ms * FS / 1000) :] = side
        found = backend.beats(y, rails=(-2048, 2047))
        at = found["r_sample"].astype(int)
        assert np.array_equal(at[at < last + 20], usual[usual < last + 20]), after_ms
        assert np.all(found["flags"][at > last - 20] & FLAG_SATURATED), after_ms


@pytest.mark.parametrize("rails", [(-300, 300), (-32767, 400), (0, 0), None])
def test_a_sample_at_a_rail_is_saturated_whatever_its_voltage(backend, rails) -> None:
    x, _ = pulse_train(30)
    high = rails[1] if rails and rails[0] < rails[1] else 32767
    x[15 * FS : 15 * FS + 20] = high
    beats = backend.beats(x, rails=rails)
    flags, at = beats["flags"], beats["r_sample"]
    before = (at > 14.5 * FS) & (at < 15 * FS)
    assert before.any()
    assert np.all(flags[before] & FLAG_SATURATED)
    # What is taken for a beat at the fault itself may be found by search-back only, when it is long over.
    at_fault = (at >= 15 * FS) & (at < 15.5 * FS)
    assert np.all(flags[at_fault] & (FLAG_SATURATED | FLAG_UNDECIDED))
    x[15 * FS : 15 * FS + 20] = high - 1
    beats = backend.beats(x, rails=rails)
    assert not np.any(beats["flags"][beats["r_sample"] < 15 * FS] & FLAG_SATURATED)


def test_both_backends_tell_the_same_conditions() -> None:
    x, _ = pulse_train(40)
    x[15 * FS : 16 * FS] = 3000
    x[22 * FS : 24 * FS] = -32768
    x[28 * FS :] = 0
    x[28 * FS :] += np.random.default_rng(4).integers(-3, 4, len(x) - 28 * FS, dtype=np.int16)
    core, reference = (run(x, rails=(-3000, 3000)).conditions for run in (run_core, run_record))
    assert np.array_equal(core, reference)
    assert [int(c) for c in core["conditions"]] == [
        CONDITION_SATURATED, 0, CONDITION_LEAD_OFF, 0, CONDITION_PAUSE
    ]  # fmt: skip
    assert abs(int(core["sample"][-1]) - 31 * FS) < FS


def test_class_and_confidence_follow_the_logits(backend) -> None:
    x, _ = pulse_train(30)
    beats = backend.beats(x)
    assert np.array_equal(beats["aami_class"], beats["logits"].argmax(axis=1))
    assert np.all(beats["confidence_q8"] >= 255 // 4)


def test_state_fits_twelve_kilobytes() -> None:
    assert load_library(build_library()).bitbeat_state_bytes() <= 12288


def test_null_is_refused() -> None:
    library = load_library(build_library())
    state = ctypes.create_string_buffer(library.bitbeat_state_bytes())
    beat = ctypes.create_string_buffer(library.bitbeat_beat_bytes())
    library.ecg_pipeline_init(None)
    library.ecg_pipeline_init(state)
    for function, arguments in (("push", (5,)), ("flush", ())):
        call = getattr(library, "ecg_pipeline_" + function)
        assert call(None, *arguments, beat) == -1
        assert call(state, *arguments, None) == -1


@pytest.mark.needs_data
def test_plain_reference_with_checked_widths(mitdb, tmp_path) -> None:
    """60 s of record 208 as plain Python, every state field checked for its width, equal the compiled run."""
    x = record_samples(mitdb, "208")[: 60 * FS]
    np.save(tmp_path / "x.npy", x)
    code = (
        "import sys, numpy as np; from host_tools.reference.run import run_record, PLAIN; assert PLAIN;"
        "r = run_record(np.load(sys.argv[1]), trace=True);"
        "np.savez(sys.argv[2], beats=r.beats, **r.trace)"
    )
    environment = {**os.environ, "BITBEAT_PLAIN": "1"}
    command = [sys.executable, "-c", code, str(tmp_path / "x.npy"), str(tmp_path / "plain.npz")]
    subprocess.run(command, check=True, env=environment, cwd=ROOT)
    plain = np.load(tmp_path / "plain.npz")
    compiled = run_record(x, trace=True)
    assert len(compiled.beats) > 80
    assert np.array_equal(plain["beats"], compiled.beats)
    for stage, values in compiled.trace.items():
        assert np.array_equal(plain[stage], values), stage


def test_plain_state_refuses_what_does_not_fit() -> None:
    from host_tools.reference.state import RR_DTYPE, CheckedRecord

    state = CheckedRecord(RR_DTYPE)
    state.last = 65535
    with pytest.raises(OverflowError, match="last"):
        state.last = 65536
    with pytest.raises(OverflowError, match="ring"):
        state.intervals.ring[0] = -1
    with pytest.raises(IndexError):
        state.intervals.ring[-1] = 0
