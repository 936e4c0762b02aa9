"""Signal-quality index and lead-off flag of the chain."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from host_tools.beats import BEAT_DTYPE, FLAG_LEAD_OFF, FLAG_SATURATED, FLAG_UNDECIDED
from host_tools.native import run_core
from host_tools.parity import compare_record
from host_tools.reference import params
from host_tools.reference.input import MISSING, RAIL_HIGH, RAIL_LOW, input_set_rails, input_step
from host_tools.reference.quality import SQI_MAX, distance_q8, quality_contact, quality_mark, quality_measure
from host_tools.reference.state import INPUT_DTYPE, QUALITY_DTYPE, new_record
from tests.chain.signals import pulse_train

FS = params.FS_HZ
BAD_INPUT = FLAG_LEAD_OFF | FLAG_SATURATED
windows = st.lists(st.integers(-32768, 32767), min_size=96, max_size=96).map(lambda v: np.array(v, np.int16))


def judged(window: np.ndarray, dominant: np.ndarray, sd: int, rough: int, flags: int, unrest: int = 0):
    state = new_record(QUALITY_DTYPE)
    state.unrest_q12 = unrest
    beat = np.zeros(1, BEAT_DTYPE).view(np.recarray)
    beat["flags"] = flags
    beat["sqi"] = quality_measure(state, window, dominant, True, sd, rough)
    quality_mark(state, beat[0])
    assert state.sqi == beat["sqi"][0]
    return int(beat["flags"][0]), state


@settings(max_examples=60)
@given(
    window=windows,
    dominant=windows,
    sd=st.integers(params.MINIMUM_SD, 60000),
    rough=st.integers(0, 256),
    flags=st.integers(0, 15),
    unrest=st.integers(0, 16 * 320),
)
def test_index_and_flag_keep_their_meaning(
    window: np.ndarray, dominant: np.ndarray, sd: int, rough: int, flags: int, unrest: int
) -> None:
    """For any window: 0..100, bad input is 0, undecided exactly below the limit, other flags untouched."""
    result, state = judged(window, dominant, sd, rough, flags, unrest)
    assert 0 <= state.sqi <= SQI_MAX
    assert 0 <= state.unrest_q12 <= 16 * 320
    assert result & 15 == flags
    assert bool(result & FLAG_UNDECIDED) == (state.sqi < params.QUALITY_UNDECIDED_SQI)
    if flags & BAD_INPUT:
        assert state.sqi == 0


@settings(max_examples=40)
@given(window=windows, dominant=windows, sd=st.integers(8, 32767))
def test_distance_is_the_clipped_mean(window: np.ndarray, dominant: np.ndarray, sd: int) -> None:
    """Oracle: the definition in floating point."""
    difference = window.astype(np.int64) - dominant
    expected = np.minimum(np.abs(difference[:24] - 7), sd).mean() / sd
    assert distance_q8(window, dominant, 7, sd, 0, 24) == int(np.floor(256 * expected + 1e-9))


def test_one_odd_beat_does_not_decide_and_noise_does() -> None:
    """Unlike the dominant beat on one side of the QRS costs nothing (an ectopic beat); on both it counts."""
    dominant = np.zeros(96, np.int16)
    dominant[34:38] = 2000
    sd = 400
    ectopic = dominant.copy()
    ectopic[60:90] = -600
    state = new_record(QUALITY_DTYPE)
    for _ in range(5):
        sqi = quality_measure(state, dominant, dominant, True, sd, 10)
    assert sqi > 95
    assert quality_measure(state, ectopic, dominant, True, sd, 10) > 80
    rng = np.random.default_rng(1)
    for _ in range(8):
        noisy = (dominant + rng.normal(0, 600, 96)).astype(np.int16)
        sqi = quality_measure(state, noisy, dominant, True, sd, 200)
    assert sqi < 40


def test_index_falls_with_noise() -> None:
    """The same record with growing noise: the mean index goes down at every step, 4 levels."""
    x, _ = pulse_train(60)
    rng = np.random.default_rng(2)
    noise = rng.normal(0, 1, len(x))
    means = []
    for level in (0, 60, 150, 400):
        beats = run_core((x + level * noise).round().astype(np.int16)).beats
        means.append(float(beats["sqi"][5:].mean()))
    assert means == sorted(means, reverse=True)
    assert means[0] > 85
    assert means[-1] < params.QUALITY_UNDECIDED_SQI


def contact(good: list[bool]) -> list[int]:
    """Follow the lead over samples; returns lead_off after each."""
    source, state = new_record(INPUT_DTYPE), new_record(QUALITY_DTYPE)
    input_set_rails(source, RAIL_LOW, RAIL_HIGH)
    off = []
    for i, ok in enumerate(good):
        input_step(source, (i * 37) % 200 if ok else MISSING)
        if source.recover_count > 0:
            quality_contact(state, source)
        off.append(int(state.lead_off))
    return off


def test_lead_off_on_and_off() -> None:
    """On with the last of BAD_RESET_SAMPLES bad samples in a row, off after LEAD_BACK_SAMPLES good ones."""
    on, back = params.BAD_RESET_SAMPLES, params.LEAD_BACK_SAMPLES
    off = contact([True] * 50 + [False] * on + [True] * (back + 5))
    assert off.index(1) == 50 + on - 1
    assert sum(off) == 1 + back - 1
    assert not any(contact([True] * 50 + [False] * (on - 1) + [True] * 50))
    chattering = [True] * 50 + [False] * on + ([True] * (back - 1) + [False]) * 4 + [True] * back
    off = contact(chattering)
    assert all(off[50 + on - 1 : -1])
    assert off[-1] == 0


@settings(max_examples=25)
@given(
    begin=st.integers(6 * FS, 9 * FS),
    length=st.integers(1, 6 * FS),
    kind=st.sampled_from(["missing", "rail", "flat"]),
    level=st.integers(-6000, 6000),
    rr_ms=st.integers(450, 1300),
)
def test_no_beat_in_lead_off_is_clean(begin: int, length: int, kind: str, level: int, rr_ms: int) -> None:
    """Wherever the lead goes off, for however long: the last beat before, which waits then, is undecided.

    So are, where the chain starts anew after it, each beat whose R peak lies inside and the first one after.
    A shorter stretch marks what is found within a second, and search-back may find later what lies in it.
    Beats whose answer was out long before, and those long after, are not marked.
    """
    x, _ = pulse_train(24, rr_ms=rr_ms)
    length = max(length, 2 * FS + FS // 2) if kind == "flat" else length
    end = begin + length
    x[begin:end] = {"missing": MISSING, "rail": 32767, "flat": level}[kind]
    beats = run_core(x).beats
    at = beats["r_sample"].astype(np.int64) - params.DELAY_SAMPLES
    last, first = np.flatnonzero(at < begin)[-1], np.flatnonzero(at >= end)[0]
    assert begin - at[last] < 3 * rr_ms * FS / 1000
    marked = np.arange(len(at)) == last
    if length >= params.BAD_RESET_SAMPLES:
        assert at[first] - end < params.RESTART_SAMPLES
        marked |= (at >= begin) & (at <= at[first])
    assert np.all(beats["flags"][marked] & FLAG_UNDECIDED)
    assert np.all(beats["flags"][marked] & BAD_INPUT)
    assert np.all(beats["sqi"][marked] == 0)
    assert not np.any(beats["flags"][at < begin - 5 * FS] & BAD_INPUT)
    assert not np.any(beats["flags"][at >= end + params.RESTART_SAMPLES] & BAD_INPUT)


@pytest.mark.parametrize("after_ms", [300, 600])
@pytest.mark.parametrize("length", [10, 30 * FS])
def test_beats_that_wait_when_the_lead_goes_off_are_marked(length: int, after_ms: int) -> None:
    """The lead goes off so long after an R peak: that beat, found while all was well, is marked too.

    Oracle: the same signal without a gap tells which beats wait then. A beat is found from 250 ms on.
    """
    x, peaks = pulse_train(30)
    r = int(peaks[20])
    gap = r + after_ms * FS // 1000
    whole = run_core(x)
    x[gap : gap + length] = MISSING
    beats = run_core(x).beats
    at = beats["r_sample"].astype(np.int64) - params.DELAY_SAMPLES
    cut = np.flatnonzero(np.abs(at - r) < FS // 20)
    assert len(cut) == 1
    told = beats[: cut[0] + 1]
    waiting = whole.released[: len(told)] >= gap
    assert waiting[-1]
    assert np.array_equal((told["flags"] & FLAG_UNDECIDED) != 0, waiting)
    assert np.array_equal((told["flags"] & FLAG_LEAD_OFF) != 0, waiting)
    assert np.array_equal(told["sqi"] == 0, waiting)


@pytest.mark.parametrize("kind", ["missing", "rail", "flat", "noise"])
def test_parity_through_bad_signal(kind: str) -> None:
    """Oracle: the reference. Every intermediate value of a record that goes bad and comes back."""
    x, _ = pulse_train(40)
    rng = np.random.default_rng(3)
    part = slice(12 * FS, 18 * FS)
    x[part] = {
        "missing": MISSING,
        "rail": 32767,
        "flat": 50,
        "noise": rng.normal(0, 400, 6 * FS).round().astype(np.int16),
    }[kind]
    result = compare_record(kind, x)
    assert result.first is None, result.first.text()
