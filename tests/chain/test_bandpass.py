"""Band-pass filter. Oracle: SciPy's Butterworth design and ``sosfilt`` in double precision."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import signal

from export.filter_design import butterworth_sos, design_bandpass
from export.spec import load_spec
from host_tools.errors import UserError
from host_tools.reference import params
from host_tools.reference.run import run_record

SCALE = 2**params.FILTERED_FRAC_BITS
#: Output LSB (1.25 microvolts): rounding of the output is 0.5 of it, the rest is rounding inside.
MAX_ERROR_LSB = 1.0


def filtered(x: np.ndarray, backend) -> np.ndarray:
    return backend.trace(np.asarray(x, np.int16))["sample"].reshape(-1, 3)[:, 2]


def scipy_filtered(x: np.ndarray) -> np.ndarray:
    sos = butterworth_sos(params.FS_HZ, 2, 0.5, 50.0)
    # The search for spikes hands each sample on a little later.
    delay = params.SPIKE_DELAY_SAMPLES
    x = np.concatenate([np.full(delay, x[0]), x[:-delay]]).astype(np.float64)
    return signal.sosfilt(sos, x, zi=signal.sosfilt_zi(sos) * x[0])[0] * SCALE


@pytest.mark.parametrize("fs_hz", [250, 360, 500])
def test_magnitude_response_equals_butterworth(fs_hz: int) -> None:
    quantised = design_bandpass(fs_hz, 2, 0.5, 50.0, 30).sos()
    frequencies = np.concatenate([np.geomspace(0.05, 5, 200), np.linspace(5, fs_hz / 2 * 0.99, 300)])
    ours = np.abs(signal.sosfreqz(quantised, frequencies, fs=fs_hz)[1])
    ideal = np.abs(signal.sosfreqz(butterworth_sos(fs_hz, 2, 0.5, 50.0), frequencies, fs=fs_hz)[1])
    assert np.max(np.abs(ours - ideal)) < 1e-5
    corners = np.abs(signal.sosfreqz(quantised, [0.5, 50.0], fs=fs_hz)[1])
    assert corners == pytest.approx([2**-0.5, 2**-0.5], abs=1e-4)


@pytest.mark.parametrize("step_adu", [1, 100, 5000, -6399])
def test_step_response(backend, step_adu: int) -> None:
    x = np.zeros(20 * params.FS_HZ, np.int64)
    x[: params.FS_HZ] = np.arange(params.FS_HZ) % 5  # not flat, so that the chain runs
    x[params.FS_HZ :] = step_adu
    error = filtered(x, backend)[: 3 * params.FS_HZ] - scipy_filtered(x)[: 3 * params.FS_HZ]
    assert np.max(np.abs(error)) < MAX_ERROR_LSB


def test_random_walk_response(backend) -> None:
    rng = np.random.default_rng(5)
    x = np.clip(np.cumsum(rng.normal(0, 5, 60 * params.FS_HZ)), -3000, 3000).astype(np.int16)
    error = filtered(x, backend) - scipy_filtered(x)
    assert np.max(np.abs(error)) < MAX_ERROR_LSB


@pytest.mark.parametrize("level_adu", [0, 3, -6000])
def test_constant_input_settles_to_zero(level_adu: int) -> None:
    from host_tools.reference.bandpass import bandpass_prime, bandpass_step
    from host_tools.reference.state import BANDPASS_DTYPE, new_record

    state = new_record(BANDPASS_DTYPE)
    bandpass_prime(state, 0)
    rng = np.random.default_rng(6)
    for x in rng.integers(-6400, 6400, 2000):
        bandpass_step(state, int(x))
    tail = [bandpass_step(state, level_adu) for _ in range(20 * params.FS_HZ)]
    assert np.max(np.abs(tail[-5 * params.FS_HZ :])) <= 1


def test_first_sample_makes_no_transient(backend) -> None:
    x = np.full(params.FS_HZ, 4000, np.int16)
    assert np.all(filtered(x, backend) == 0)


def test_output_saturates(backend) -> None:
    x = np.tile(np.repeat(np.array([6399, -6399], np.int16), params.FS_HZ // 20), 40)
    y = filtered(x, backend)
    assert y.max() <= 32767
    assert y.min() >= -32768
    assert y.max() > 20000  # the square wave gets through


def test_bad_corners_are_refused() -> None:
    with pytest.raises(UserError, match="corners"):
        design_bandpass(90, 2, 0.5, 50.0, 30)
    with pytest.raises(UserError, match="two second-order sections"):
        design_bandpass(360, 3, 0.5, 50.0, 30)


def test_run_record_uses_the_committed_constants() -> None:
    spec = load_spec()
    assert spec.digest == params.SPEC_DIGEST
    assert {name: getattr(params, name) for name in spec.constants} == spec.constants
    assert len(run_record(np.zeros(10, np.int16)).beats) == 0
