"""Pacing spikes, single wrong samples, steps and hum. Oracle: the same signal without them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_tools.beats import FLAG_PACED
from host_tools.reference import params
from host_tools.reference.spike import (
    SPIKE_OUT,
    SPIKE_STEP,
    spike_look_for_hum,
    spike_output,
    spike_prime,
    spike_step,
)
from host_tools.reference.state import SPIKE_DTYPE, new_record
from tests.chain.signals import pulse_train

FS = params.FS_HZ


#: How often the pipeline looks for hum, samples.
LOOK_SAMPLES = params.CONDITION_LOOK_STEPS * params.RPEAK_DECIMATION


def through(x: np.ndarray, code: int = SPIKE_OUT) -> tuple[np.ndarray, list[int]]:
    """What comes out, in time with what went in, and where spikes were taken out (or ``code`` was told)."""
    state = new_record(SPIKE_DTYPE)
    spike_prime(state, int(x[0]))
    out, told = [], []
    for i, value in enumerate([*x, *([x[-1]] * params.SPIKE_DELAY_SAMPLES)]):
        if spike_step(state, int(value)) == code:
            told.append(i - params.SPIKE_FAR_SAMPLES)
        out.append(spike_output(state))
        if i % LOOK_SAMPLES == 0:
            spike_look_for_hum(state)
    return np.array(out[params.SPIKE_DELAY_SAMPLES :]), told


@given(
    st.integers(51, 20000), st.sampled_from([1, -1]), st.integers(1, 3), st.integers(30, 300),
    st.integers(-500, 500),
)  # fmt: skip
def test_a_spike_leaves_no_trace(height: int, sign: int, width: int, at: int, level: int) -> None:
    x = np.full(400, level)
    with_spike = x.copy()
    with_spike[at : at + width] += sign * height
    out, spikes = through(with_spike)
    assert len(spikes) >= 1
    assert abs(spikes[0] - at) <= 3
    assert np.array_equal(out, x)


@given(st.integers(-20000, 20000), st.floats(5.0, 60.0), st.floats(0.0, 1.0))
def test_no_wave_of_a_heart_is_touched(height: int, sd_ms: float, where: float) -> None:
    # A QRS complex of 40 ms has waves of at least about 5 ms standard deviation.
    t_ms = (np.arange(800) - 400 + where) * 1000 / FS
    x = np.rint(height * np.exp(-0.5 * (t_ms / sd_ms) ** 2)).astype(int)
    out, spikes = through(x)
    assert spikes == []
    assert through(x, SPIKE_STEP)[1] == []
    assert np.array_equal(out, x)


@given(st.integers(60, 20000), st.sampled_from([1, -1]), st.integers(30, 300), st.integers(0, 9))
def test_a_step_is_told_once_where_it_is_and_stays(height: int, sign: int, at: int, noise: int) -> None:
    x = np.random.default_rng(noise).integers(-min(noise, height // 12), min(noise, height // 12) + 1, 400)
    x[at:] += sign * height
    out, steps = through(x, SPIKE_STEP)
    assert steps
    assert all(abs(step - at) <= params.SPIKE_NEAR_SAMPLES for step in steps)
    assert np.array_equal(out, x)


@given(st.sampled_from([50.0, 60.0]), st.floats(0.2, 5.0), st.floats(0.0, 6.28), st.floats(-0.3, 0.3))
def test_hum_is_taken_out_and_nothing_else(hum_hz: float, mv: float, phase: float, off_hz: float) -> None:
    t_s = np.arange(3 * FS) / FS
    wave = 150 * np.exp(-0.5 * ((t_s - 2.0) / 0.012) ** 2)  # an R wave of 0.75 mV
    hum = mv * params.ADU_PER_MV * np.sin(2 * np.pi * (hum_hz + off_hz) * t_s + phase)
    out = through(np.rint(wave + hum).astype(int))[0]
    late = t_s > 1.2
    assert np.abs(out - wave)[late & (np.abs(t_s - 2.0) > 0.1)].max() < 0.07 * mv * params.ADU_PER_MV + 3
    assert out[np.abs(t_s - 2.0) < 0.02].max() > 0.7 * 150


def test_without_hum_nothing_is_taken_for_it(backend) -> None:
    x, _ = pulse_train(40)
    clean = backend.trace(x)["sample"].reshape(-1, 3)
    state = new_record(SPIKE_DTYPE)
    spike_prime(state, int(x[0]))
    for i, value in enumerate(x):
        spike_step(state, int(value))
        if i % LOOK_SAMPLES == 0:
            spike_look_for_hum(state)
        assert state.hum == 0
    assert np.array_equal(clean[:, 0], x)


@pytest.mark.parametrize("height_adu", [120, 600, 4000, -2000])
def test_paced_beats_are_single_and_say_so(backend, height_adu: int) -> None:
    x, at = pulse_train(40)
    y = x.copy()
    for r in at:
        y[r - 25] += height_adu
    plain, paced = backend.beats(x), backend.beats(y)
    assert len(plain) == len(paced)
    assert np.all(np.abs(plain["r_sample"].astype(int) - paced["r_sample"].astype(int)) <= 1)
    assert np.all(paced["flags"] & FLAG_PACED)
    assert not np.any(plain["flags"] & FLAG_PACED)


def test_spikes_without_beats_are_none(backend) -> None:
    x = np.random.default_rng(3).normal(0, 3, 40 * FS).round().astype(np.int16)
    x[np.arange(200, len(x), 300)] += 800
    assert len(backend.beats(x)) == 0
