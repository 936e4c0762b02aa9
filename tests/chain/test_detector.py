"""R-peak detector. Oracle: signals whose R peaks are known, and the annotations of MIT-BIH."""

from __future__ import annotations

import numpy as np
import pytest
import wfdb

from host_tools.ec57 import pair_beats, qrs_score
from host_tools.mitdb import record_samples
from host_tools.reference import params
from tests.chain.signals import missed, pulse_train

FS = params.FS_HZ
#: From then on every beat must be found (thresholds are learnt before).
SETTLED_S = 5


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("rr_ms", [350, 600, 800, 1500])
def test_every_beat_of_a_clean_signal(backend, sign: int, rr_ms: int) -> None:
    x, peaks = pulse_train(40, rr_ms)
    beats = backend.beats((sign * x).astype(np.int16))
    assert len(missed(peaks[peaks > SETTLED_S * FS], beats)) == 0
    late = beats["r_sample"] > SETTLED_S * FS
    assert late.sum() == (peaks + params.DELAY_SAMPLES > SETTLED_S * FS).sum()


def test_r_peak_is_exact_on_a_clean_signal(backend) -> None:
    x, peaks = pulse_train(30)
    at = backend.beats(x)["r_sample"].astype(np.int64) - params.DELAY_SAMPLES
    gaps = np.abs(at[:, None] - peaks[None, :]).min(axis=1)
    assert gaps.max() <= 2


@pytest.mark.parametrize("kind", ["saturated", "missing", "flat"])
def test_beats_return_within_five_seconds(backend, kind: str) -> None:
    x, peaks = pulse_train(60)
    first, last = 20 * FS, 27 * FS
    x[first:last] = {"saturated": 32767, "missing": -32768, "flat": 12}[kind]
    beats = backend.beats(x)
    good = peaks[(peaks > SETTLED_S * FS) & (peaks < first - FS // 2) | (peaks > last + SETTLED_S * FS)]
    assert len(missed(good, beats)) == 0
    inside = (beats["r_sample"] > first + FS // 2) & (beats["r_sample"] < last)
    assert inside.sum() == 0


def test_smaller_signal_is_found_again(backend) -> None:
    x, peaks = pulse_train(60)
    x[30 * FS :] = x[30 * FS :] // 4
    beats = backend.beats(x)
    assert len(missed(peaks[peaks > 45 * FS], beats)) == 0


def test_missed_beat_comes_back_by_search_back(backend) -> None:
    x, peaks = pulse_train(30)
    weak = peaks[20]
    x[weak - 20 : weak + 20] = x[weak - 20 : weak + 20] * 3 // 10
    beats = backend.beats(x)
    assert len(missed(peaks[peaks > SETTLED_S * FS], beats)) == 0


def test_noise_alone_gives_no_beats(backend) -> None:
    x = np.random.default_rng(8).normal(0, 3, 60 * FS).astype(np.int16)
    assert len(backend.beats(x)) == 0


@pytest.mark.needs_data
def test_detection_on_ds1(mitdb) -> None:
    from host_tools.native import run_core
    from training.datasets import DS1

    total = np.zeros((6, 6), np.int64)
    for name in DS1:
        at = run_core(record_samples(mitdb, name)).beats["r_sample"].astype(np.int64) - params.DELAY_SAMPLES
        annotations = wfdb.rdann(str(mitdb / name), "atr")
        total += pair_beats(annotations.sample, annotations.symbol, at, ["N"] * len(at), FS).matrix
    score = qrs_score(total)
    # What the thresholds reach on the records that they were tuned on, less a margin.
    assert score.sensitivity > 0.997
    assert score.positive_predictivity > 0.997
