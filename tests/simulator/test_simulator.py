"""Oracle: the script itself (what was asked for must be there), textbook electrophysiology in numbers
(coupling, compensatory pause, QRS width), wfdb as the reader of the files, and one committed checksum."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
import wfdb
from hypothesis import example as once
from hypothesis import given, settings
from hypothesis import strategies as st

from host_tools.errors import UserError
from host_tools.example import EXAMPLE_DURATION_S, example_record
from host_tools.simulator import LEAD_OFF_ADU, RAIL_ADU, Simulation, Span, Step, simulate
from host_tools.simulator.draw import Draw
from host_tools.written import LIST_NAME

#: SHA-256 of the example's samples (int16, little endian) at 360 Hz: the same on every machine.
EXAMPLE_SHA256 = "3c04da676f9368058ec187daf92f6d86f8dfd68dd7c022331bcd38d3734d12d4"


@pytest.fixture(scope="module")
def example() -> Simulation:
    return example_record()


def _of_kind(simulation: Simulation, kind: str):
    return [e for e in simulation.events if e.kind == kind]


def _beats_in(simulation: Simulation, event) -> list[int]:
    return [i for i, r in enumerate(simulation.r_samples) if event.start_sample <= r < event.stop_sample]


def test_example_is_the_same_everywhere(example):
    assert hashlib.sha256(example.samples.astype("<i2").tobytes()).hexdigest() == EXAMPLE_SHA256


def test_example_holds_what_the_demo_promises(example):
    kinds = {e.kind for e in example.events}
    assert kinds >= {
        *("pvc", "pac", "couplet", "run", "bigeminy", "fusion", "fibrillation"),
        *("noise", "lead_off", "saturation"),
    }
    assert example.samples.size == EXAMPLE_DURATION_S * 360
    assert {label: example.labels.count(label) for label in "SVF"} == {"S": 3, "V": 22, "F": 1}


def test_premature_beats_are_early_and_pauses_compensate(example):
    rr = np.diff(example.r_samples) / 360
    for event in _of_kind(example, "pvc"):
        (i,) = (i for i in _beats_in(example, event) if example.labels[i] == "V")
        usual = np.median(rr[i - 6 : i - 1])
        assert rr[i - 1] < 0.75 * usual
        assert rr[i - 1] + rr[i] == pytest.approx(2 * usual, rel=0.12)
    for event in _of_kind(example, "pac"):
        (i,) = (i for i in _beats_in(example, event) if example.labels[i] == "S")
        usual = np.median(rr[i - 6 : i - 1])
        assert rr[i - 1] < 0.8 * usual
        assert rr[i - 1] + rr[i] < 1.9 * usual


def test_patterns_have_their_beats(example):
    (couplet,), (run,), (bigeminy,) = (_of_kind(example, k) for k in ("couplet", "run", "bigeminy"))
    assert [example.labels[i] for i in _beats_in(example, couplet)] == ["V"] * 2
    assert [example.labels[i] for i in _beats_in(example, run)] == ["V"] * 6
    assert "".join(example.labels[i] for i in _beats_in(example, bigeminy)) == "NV" * 9
    inside = example.r_samples[_beats_in(example, run)]
    assert 60 * 360 / np.mean(np.diff(inside)) > 120


def test_fibrillation_is_irregular_and_sinus_rhythm_is_not(example):
    (event,) = _of_kind(example, "fibrillation")
    rr = np.diff(example.r_samples[_beats_in(example, event)])
    sinus = np.diff(example.r_samples[example.r_samples < 26 * 360])
    assert np.std(rr) / np.mean(rr) > 0.15 > 0.06 > np.std(sinus) / np.mean(sinus) > 0.01


def test_ventricular_beats_are_wide():
    clean = simulate((Step("sinus", until_s=10), Step("pvc")), 20, seed=3)
    slopes = np.abs(np.diff(clean.samples.astype(int)))

    def half_width_ms(i: int) -> float:
        at = clean.r_samples[i]
        around = clean.samples[at - 60 : at + 60].astype(int)
        base = np.median(clean.samples)
        return np.sum(around - base > 0.5 * (clean.samples[at] - base)) / 0.36

    v = clean.labels.index("V")
    assert half_width_ms(v) > 2.2 * half_width_ms(v - 2)
    assert slopes[clean.r_samples[v] - 30 : clean.r_samples[v] + 30].max() < slopes.max()


def test_lead_off_and_saturation_are_where_the_script_puts_them(example):
    (off,), (rail,) = (_of_kind(example, k) for k in ("lead_off", "saturation"))
    missing = np.flatnonzero(example.samples == LEAD_OFF_ADU)
    assert (missing[0], missing[-1] + 1, missing.size) == (174 * 360, 181 * 360, 7 * 360)
    assert np.all(example.samples[rail.start_sample : rail.stop_sample] == RAIL_ADU)
    for event in (off, rail):
        assert not _beats_in(example, event)


def test_noise_burst_is_noisy(example):
    (burst,) = _of_kind(example, "noise")
    steps = np.abs(np.diff(example.samples.astype(int)))
    middle = slice(burst.start_sample + 720, burst.stop_sample - 720)
    quiet = slice(190 * 360, 200 * 360)
    assert np.median(steps[middle]) > 5 * np.median(steps[quiet])


def test_truth_is_on_the_peaks():
    clean = simulate(
        (Step("sinus", until_s=8), Step("pvc"), Step("sinus", until_s=14), Step("pvc", focus="B")), 25, 1
    )
    for r in clean.r_samples:
        around = np.abs(clean.samples[r - 18 : r + 19].astype(int) - int(np.median(clean.samples)))
        assert abs(int(np.argmax(around)) - 18) <= 2


@settings(max_examples=12)
@given(
    fs_hz=st.sampled_from([100.0, 128.0, 250.0, 500.0, 1000.0]),
    seed=st.integers(0, 2**32),
    off_s=st.floats(3, 8),
    pulled_s=st.floats(9, 15),
)
@once(fs_hz=250.0, seed=2071006882, off_s=3.0, pulled_s=9.0)  # a beat 62.4 ms before the end
@once(fs_hz=250.0, seed=1, off_s=4.0775, pulled_s=9.0)  # ... and one as close to a lead off
def test_another_rate_gives_the_same_heart(fs_hz, seed, off_s, pulled_s):
    script = (Step("sinus", until_s=6), Step("pvc"), Step("fibrillation", until_s=14))
    spans = (Span("lead_off", off_s, off_s + 1), Span("saturation", pulled_s, pulled_s + 0.7))
    a, b = (simulate(script, 18, seed, fs, spans) for fs in (360.0, fs_hz))
    assert a.symbols == b.symbols
    assert np.max(np.abs(a.r_samples / 360 - b.r_samples / fs_hz)) < 0.02
    assert np.array_equal(b.samples, simulate(script, 18, seed, fs_hz, spans).samples)


def test_seeds_differ():
    assert not np.array_equal(simulate((), 10, 1).samples, simulate((), 10, 2).samples)


@given(seed=st.integers(0, 2**63), count=st.integers(1, 400))
def test_draws_stay_in_range(seed, count):
    uniform = Draw(seed, "test").uniform(count)
    assert uniform.size == count
    assert np.all((uniform >= 0) & (uniform < 1))
    normal = Draw(seed, "test").normal(count)
    assert np.all(np.abs(normal) <= 6)


def test_draws_have_the_moments_of_their_distributions():
    uniform, normal = Draw(7, "u").uniform(100_000), Draw(7, "n").normal(100_000)
    assert (uniform.mean(), uniform.var()) == pytest.approx((1 / 2, 1 / 12), abs=0.004)
    assert (normal.mean(), normal.var()) == pytest.approx((0, 1), abs=0.02)


def test_wfdb_reads_what_was_written(tmp_path):
    simulation = example_record(250.0, seed=9)
    path = simulation.write_wfdb(tmp_path / "new", "demo-1")
    assert sorted(p.name for p in path.parent.iterdir()) == [
        LIST_NAME,
        "demo-1.atr",
        "demo-1.dat",
        "demo-1.hea",
    ]
    record = wfdb.rdrecord(str(path), physical=False)
    assert (record.fs, record.adc_gain, record.baseline) == (250, [200.0], [0])
    assert np.array_equal(record.d_signal[:, 0], simulation.samples)
    truth = wfdb.rdann(str(path), "atr")
    beats = [(s, x) for s, x in zip(truth.sample, truth.symbol, strict=True) if x != "+"]
    assert beats == list(zip(simulation.r_samples, simulation.symbols, strict=True))
    rhythms = [note.strip("\0") for note, x in zip(truth.aux_note, truth.symbol, strict=True) if x == "+"]
    assert rhythms == ["(N", "(B", "(N", "(VT", "(N", "(AFIB", "(N"]


def test_bad_parameters_are_refused(tmp_path):
    for script, duration_s, seed, fs_hz, spans in (
        ((), 0, 1, 360.0, ()),
        ((), 10, 1, 50.0, ()),
        ((), 10, -1, 360.0, ()),
        ((Step("waltz"),), 10, 1, 360.0, ()),
        ((), 10, 1, 360.0, (Span("flood", 1, 2),)),
    ):
        with pytest.raises(ValueError):
            simulate(script, duration_s, seed, fs_hz, spans)
    with pytest.raises(UserError, match="record name"):
        simulate((), 5, 1).write_wfdb(tmp_path, "../x")
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be written"):
        simulate((), 5, 1).write_wfdb(tmp_path / "file", "x")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file"]
