"""Noise mixed into records at a signal-to-noise ratio, and its split between training and test."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import wfdb
from hypothesis import given, settings
from hypothesis import strategies as st

from host_tools.errors import UserError
from host_tools.noise import (
    NOISE_RECORDS,
    mix,
    noise_gain,
    noise_rms_adu,
    noise_stretch,
    qrs_amplitude_adu,
    read_noise,
    snr_db,
)
from tests.chain.signals import pulse_train

FS_HZ = 360


@given(length=st.integers(2, 10**7))
def test_training_and_test_share_no_sample(length: int) -> None:
    """For a record of any length: the stretches do not overlap, and together are the record."""
    numbers = range(length)
    training, test = numbers[noise_stretch(length, "training")], numbers[noise_stretch(length, "test")]
    assert training.stop <= test.start
    assert len(training) + len(test) == length
    assert abs(len(training) - len(test)) <= 1


@pytest.mark.needs_data("nstdb")
@pytest.mark.parametrize("name", NOISE_RECORDS)
def test_training_hears_none_of_the_test_noise(nstdb: Path, name: str, monkeypatch) -> None:
    """Oracle: the record itself, its second half replaced. Training's tracks must not change at all."""
    from training.augment import load_noise

    whole = load_noise(nstdb).tracks.numpy()
    read = wfdb.rdrecord

    def spoiled(path: str, **options: object) -> wfdb.Record:
        record = read(path, **options)
        record.d_signal[noise_stretch(record.sig_len, "test")] = 12345
        return record

    monkeypatch.setattr(wfdb, "rdrecord", spoiled)
    assert np.array_equal(load_noise(nstdb).tracks.numpy(), whole)
    assert np.all(read_noise(nstdb, name, "test") == 12345)
    assert not np.any(read_noise(nstdb, name, "training") == 12345)


def test_a_missing_noise_record_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="noise record not found"):
        read_noise(tmp_path, "bw", "test")


def beats_of(height: float, seconds: int = 60) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Half-wave QRS complexes, +height then -height: peak to peak 2 * height."""
    x = np.zeros(seconds * FS_HZ)
    at = np.arange(FS_HZ, len(x) - FS_HZ, FS_HZ)
    shape = height * np.sin(2 * np.pi * np.arange(-10, 11) / 21)
    for r in at:
        x[r - 10 : r + 11] += shape
    return np.rint(x).astype(np.int16), at, ["N"] * len(at)


def test_qrs_amplitude_leaves_out_extremes_and_what_is_no_beat() -> None:
    x, at, labels = beats_of(200)
    expected = float(np.ptp(x))
    assert qrs_amplitude_adu(x, at, labels, FS_HZ) == pytest.approx(expected)
    x[at[3]] = 30000  # one artefact of 58 beats: within the 5 % left out
    labels[5] = "+"
    x[at[5]] = -30000  # marked as no beat
    assert qrs_amplitude_adu(x, at, labels, FS_HZ) == pytest.approx(expected)


def test_rms_is_that_of_pieces_about_their_own_means() -> None:
    """A slow ramp adds little within a second; white noise of deviation 50 is measured as 50."""
    rng = np.random.default_rng(0)
    noise = 50 * rng.standard_normal(600 * FS_HZ) + np.linspace(0, 20000, 600 * FS_HZ)
    assert noise_rms_adu(noise, FS_HZ) == pytest.approx(np.hypot(50, 20000 / 600 / np.sqrt(12)), rel=0.01)
    with pytest.raises(ValueError, match="shorter"):
        noise_rms_adu(noise[:100], FS_HZ)


@settings(max_examples=20)
@given(wanted_db=st.sampled_from([24, 18, 12, 6, 0, -6]), height=st.integers(80, 400), seed=st.integers(0, 9))
def test_the_mixture_has_the_ratio_asked_for(wanted_db: int, height: int, seed: int) -> None:
    """Oracle: what was added, mixture minus record, measured again against the QRS amplitude."""
    x, at, labels = beats_of(height)
    rng = np.random.default_rng(seed)
    noise = np.convolve(rng.standard_normal(200 * FS_HZ), np.ones(9) / 9, "same") * 40 + 300
    qrs, rms = qrs_amplitude_adu(x, at, labels, FS_HZ), noise_rms_adu(noise, FS_HZ)
    mixed = mix(x, noise, noise_gain(qrs, rms, wanted_db), FS_HZ, first=1234, clean_s=10)
    added = mixed.astype(np.float64) - x
    assert not added[: 10 * FS_HZ].any()
    assert snr_db(qrs, noise_rms_adu(added[10 * FS_HZ :], FS_HZ)) == pytest.approx(wanted_db, abs=0.5)


@pytest.mark.needs_data("mitdb", "nstdb")
@pytest.mark.parametrize(("suffix", "level_db"), [("24", 24), ("12", 12), ("00", 0), ("_6", -6)])
@pytest.mark.parametrize("name", ["118", "119"])
def test_the_gain_is_that_of_nst(mitdb: Path, nstdb: Path, name: str, suffix: str, level_db: int) -> None:
    """Oracle: nstdb itself. ``nst`` measured both over the first five minutes, and added em from there on."""
    five_minutes = 300 * FS_HZ

    def first_signal(path: Path) -> np.ndarray:
        return wfdb.rdrecord(str(path), physical=False).d_signal[:, 0].astype(np.int64)

    clean, em = first_signal(mitdb / name), first_signal(nstdb / "em")
    noisy = slice(five_minutes, five_minutes + 120 * FS_HZ)
    added = (first_signal(nstdb / f"{name}e{suffix}") - clean)[noisy]
    gain = np.polyfit(em[noisy], added, 1)[0]
    annotations = wfdb.rdann(str(mitdb / name), "atr")
    qrs = qrs_amplitude_adu(
        clean[:five_minutes].astype(np.int16), annotations.sample, annotations.symbol, FS_HZ
    )
    expected = noise_gain(qrs, noise_rms_adu(em[:five_minutes].astype(np.float64), FS_HZ), level_db)
    assert 20 * np.log10(expected / gain) == pytest.approx(0, abs=0.3)


def test_noise_is_taken_round_and_gaps_stay(monkeypatch) -> None:
    """Noise shorter than the record begins anew; missing samples stay missing; the range is int16's."""
    x, _ = pulse_train(20)
    x[5000:5010] = -32768
    x[7000] = 32767
    noise = np.arange(100.0) * 50
    mixed = mix(x, noise, 2.0, FS_HZ, first=30, clean_s=0)
    assert np.all(mixed[5000:5010] == -32768)
    assert mixed.min() == -32768
    assert np.sum(mixed == -32768) == 10
    added = mixed.astype(np.int64) - x
    assert np.array_equal(added[:1000], np.rint(2 * (noise - noise.mean())[(30 + np.arange(1000)) % 100]))
