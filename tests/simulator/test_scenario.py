"""Oracle: the scenario itself, measured in the samples (rates, areas, spectra), and wfdb as a reader."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import wfdb
from hypothesis import given, settings
from hypothesis import strategies as st

from host_tools.errors import UserError
from host_tools.simulator import (
    LEAD_OFF_ADU,
    Episode,
    Fault,
    FrontEnd,
    Heart,
    Scenario,
    Simulation,
    Spikes,
    simulate_scenario,
)
from host_tools.simulator.description import describe
from host_tools.simulator.scenario import EPISODES
from host_tools.simulator.shapes import (
    BLOCK_SHAPES,
    NARROW_SHAPES,
    VENTRICULAR_SHAPES,
    qrs_complex,
    sample_waves,
)

#: A front end that adds nothing.
SILENT = FrontEnd(noise_mv=0.0, wander_mv=0.0)


def record(*steps: Episode, seed: int = 5, **parts) -> Simulation:
    return simulate_scenario(Scenario(steps, **{"front_end": SILENT, **parts}), seed)


def millivolts(simulation: Simulation) -> np.ndarray:
    return simulation.samples / simulation.adu_per_mv


def of(simulation: Simulation, symbol: str) -> np.ndarray:
    return np.array([at for at, mark in simulation.marks if mark == symbol])


@given(
    shape=st.sampled_from((*NARROW_SHAPES, *BLOCK_SHAPES, *VENTRICULAR_SHAPES)),
    qrs_ms=st.floats(40, 200),
    r_mv=st.floats(0.1, 5).flatmap(lambda r: st.sampled_from((r, -r))),
)
@settings(max_examples=60, deadline=None)
def test_a_qrs_complex_has_the_duration_and_the_amplitude_that_it_was_given(shape, qrs_ms, r_mv):
    waves = qrs_complex(shape, qrs_ms, r_mv).waves
    time_s = np.arange(-0.6, 0.6, 0.0001)
    curve = sample_waves(waves, time_s)
    top = np.argmax(np.abs(curve))
    assert curve[top] == pytest.approx(r_mv, rel=0.01)
    assert time_s[top] == pytest.approx(0.0, abs=0.001)
    above = np.flatnonzero(np.abs(curve) > 0.04 * abs(r_mv))
    assert 1000 * (time_s[above[-1]] - time_s[above[0]]) == pytest.approx(qrs_ms, rel=0.02)


def test_widths_at_half_height_are_those_of_real_beats():
    """Oracle: medians of MIT-BIH's 119, 200, 208, 213, 221 and 233: 22 to 36 ms of N, 56 to 92 ms of V."""
    time_s = np.arange(-0.4, 0.4, 0.0002)

    def half_ms(shape: str, qrs_ms: float) -> float:
        return 0.2 * np.count_nonzero(
            np.abs(sample_waves(qrs_complex(shape, qrs_ms, 1.0).waves, time_s)) > 0.5
        )

    assert all(22 <= half_ms(shape, 90) <= 36 for shape in NARROW_SHAPES)
    assert all(56 <= half_ms(shape, ms) <= 92 for shape in VENTRICULAR_SHAPES for ms in (140, 180))


@pytest.mark.parametrize(
    ("rhythm", "rate"),
    [("sinus", 20), ("sinus", 70), ("sinus", 150), ("svt", 180), ("svt", 300), ("vt", 120), ("vt", 240)],
)
def test_rates_are_those_of_the_script_and_r_peaks_lie_where_the_truth_has_them(rhythm, rate):
    made = record(Episode(rhythm, 90.0, rate))
    assert 60 * 360 / np.diff(made.r_samples).mean() == pytest.approx(rate, rel=0.02)
    signal = np.abs(millivolts(made))
    for at in made.r_samples[1:-1]:
        near = signal[at - 20 : at + 21]
        assert abs(int(np.argmax(near)) - 20) <= 1


def test_a_tachycardia_begins_and_ends_where_the_script_says():
    made = record(Episode("sinus", 20, 40), Episode("svt", 32, 210), Episode("sinus", 50, 40))
    inside = [s for r, s in zip(made.r_samples, made.symbols, strict=True) if 20 < r / 360 < 31.9]
    assert set(inside) == {"S"}
    assert len(inside) == pytest.approx(42, abs=2)
    event = made.events[1]
    assert (event.kind, event.start_sample) == ("svt", made.events[0].stop_sample)
    first = made.r_samples[made.symbols.index("S")]
    before = made.r_samples[made.symbols.index("S") - 1]
    assert before < event.start_sample < first
    assert abs(event.stop_sample - 32 * 360) < 0.3 * 360
    broad = record(Episode("sinus", 20, 70), Episode("vt", 32, 200))
    assert {s for r, s in zip(broad.r_samples, broad.symbols, strict=True) if r > 20 * 360} == {"V"}


@pytest.mark.parametrize("rhythm", ["ventricular_flutter", "ventricular_fibrillation"])
def test_waves_are_bounded_in_the_truth_hold_no_beats_and_have_their_frequency(rhythm):
    made = record(Episode("sinus", 20, 70), Episode(rhythm, 50, 270), heart=Heart(flutter_mv=0.9))
    assert not (made.r_samples > 20 * 360).any()
    assert of(made, "[").tolist() == [7200]
    assert of(made, "]").size == 1
    part = millivolts(made)[22 * 360 : 48 * 360]
    power = np.abs(np.fft.rfft(part - part.mean())) ** 2
    hz = np.fft.rfftfreq(part.size, 1 / 360)
    middle = (hz * power).sum() / power.sum()
    assert middle == pytest.approx(4.5, abs=0.8)
    width = np.sqrt(((hz - middle) ** 2 * power).sum() / power.sum())
    assert (width < 1.3) if rhythm == "ventricular_flutter" else (width > 0.5)


def test_asystole_is_silent_and_has_no_beat():
    made = record(Episode("sinus", 20, 70), Episode("asystole", 30), Episode("sinus", 50, 70))
    gap = np.diff(made.r_samples).max() / 360
    assert 9.5 < gap < 12
    assert np.abs(millivolts(made)[22 * 360 : 29 * 360]).max() < 0.01


def test_wenckebach_grows_until_a_beat_is_dropped_mobitz_drops_without():
    for rhythm, grows in (("wenckebach", True), ("mobitz", False)):
        made = record(Episode(rhythm, 60, 75, ratio=4))
        p = of(made, "p")
        following = np.searchsorted(made.r_samples, p)
        pr = [
            (made.r_samples[i] - at) / 360
            for at, i in zip(p, following, strict=True)
            if i < made.r_samples.size
        ]
        conducted = [x for x in pr if x < 0.45]
        assert len(pr) / max(len(pr) - len(conducted), 1) == pytest.approx(4, abs=0.6)
        assert bool(max(conducted) - min(conducted) > 0.08) is grows


def test_complete_block_has_two_rates():
    made = record(Episode("complete_block", 60, 80, escape_bpm=30))
    assert 60 * 360 / np.diff(made.r_samples).mean() == pytest.approx(30, rel=0.03)
    assert 60 * 360 / np.diff(of(made, "p")).mean() == pytest.approx(80, rel=0.03)
    assert set(made.symbols) == {"E"}


def test_complete_block_without_escape_is_ventricular_standstill():
    steps = describe(["sinus:10:70", "complete_block:40:80:escape_bpm=0", "sinus:50:70"], [], [], 360.0)
    made = simulate_scenario(steps, 3)
    p = of(made, "p")
    between = p[(p > 11 * 360) & (p < 39 * 360)]
    assert 60 * 360 / np.diff(between).mean() == pytest.approx(80, rel=0.03)
    assert not ((made.r_samples > 10 * 360) & (made.r_samples < 40 * 360)).any()
    assert made.r_samples[-1] > 45 * 360


def test_samples_are_dropped_where_the_fault_says():
    plain, dropped = (
        simulate_scenario(describe(["sinus:30:70"], ["noise_mv=0", "wander_mv=0"], faults, 360.0), 3)
        for faults in ([], ["dropped:10:20:0.5", "dropped:12:13:0.9"])
    )
    first = 10 * 360
    assert np.array_equal(dropped.samples[:first], plain.samples[:first])
    lost = plain.samples.size - dropped.samples.size
    assert lost == pytest.approx(0.5 * 9 * 360 + 0.95 * 360, rel=0.05)
    assert np.array_equal(dropped.samples[-first:], plain.samples[-first:])


def test_atrial_flutter_conducts_every_nth_wave():
    made = record(Episode("atrial_flutter", 40, 300, ratio=4), heart=Heart(f_mv=0.2, r_mv=0.01))
    assert 60 * 360 / np.diff(made.r_samples).mean() == pytest.approx(75, rel=0.02)
    spectrum = np.abs(np.fft.rfft(millivolts(made)))
    assert np.fft.rfftfreq(made.samples.size, 1 / 360)[np.argmax(spectrum)] == pytest.approx(5.0, abs=0.05)


def test_pacing_has_a_spike_before_each_beat_and_loses_capture():
    captured = record(Episode("paced", 30, 60))
    ahead = captured.r_samples[:, None] - of(captured, "^")[None, :]
    assert set(captured.symbols) == {"/"}
    assert (((ahead > 0.02 * 360) & (ahead < 0.15 * 360)).sum(axis=1) == 1).all()
    dual = record(Episode("paced", 30, 60, mode="D"))
    assert of(dual, "^").size == 2 * dual.r_samples.size
    lost = record(Episode("paced", 30, 70, capture=False))
    assert lost.r_samples.size == 0
    assert of(lost, "^").size >= 30
    escape = record(Episode("paced", 60, 70, capture=False, escape_bpm=38))
    assert 60 * 360 / np.diff(escape.r_samples).mean() == pytest.approx(38, rel=0.03)


@given(mv=st.floats(-700, 700), ms=st.floats(0.1, 2.0))
@settings(max_examples=25, deadline=None)
def test_a_spike_keeps_its_area_through_the_front_end(mv, ms):
    """The low-pass has gain 1 at 0 Hz: what the samples integrate to is height times width."""
    front_end = replace(SILENT, fs_hz=2000.0, bandwidth_hz=150.0, rail_mv=1e4, adu_per_mv=20)
    steps = (Episode("paced", 2.0, 60, capture=False),)
    made = simulate_scenario(Scenario(steps, spikes=Spikes(mv, ms), front_end=front_end), 1)
    area = millivolts(made).sum() / 2000 * 1000
    assert area / of(made, "^").size == pytest.approx(mv * ms, rel=0.05, abs=0.6)


def test_an_overshoot_decays_after_the_spike_on_its_other_side():
    front_end = replace(SILENT, fs_hz=1000.0, bandwidth_hz=400.0)
    steps = (Episode("paced", 3.0, 60, capture=False),)
    scenario = Scenario(steps, spikes=Spikes(20.0, 1.0, tail_mv=1.0, tail_ms=50.0), front_end=front_end)
    made = simulate_scenario(scenario, 1)
    after = millivolts(made)[of(made, "^")[0] + 6 :]
    assert after[0] == pytest.approx(-0.9, abs=0.05)
    assert after[50] == pytest.approx(after[0] / np.e, rel=0.05)


def test_hum_offset_drift_and_rails_are_those_of_the_front_end():
    quiet = record(Episode("asystole", 20.0))
    assert not quiet.samples.any()
    hum = record(Episode("asystole", 20.0), front_end=replace(SILENT, hum_mv=3.0, hum_hz=60.0))
    spectrum = 2 * np.abs(np.fft.rfft(millivolts(hum))) / hum.samples.size
    assert spectrum[np.argmin(np.abs(np.fft.rfftfreq(hum.samples.size, 1 / 360) - 60))] == pytest.approx(
        3.0, rel=0.01
    )
    away = replace(SILENT, offset_mv=-300, drift_mv=40, adu_per_mv=100)
    drifting = millivolts(record(Episode("asystole", 20.0), front_end=away))
    assert drifting[0] == pytest.approx(-163, abs=0.1)  # the converter's end
    wide = replace(away, rail_mv=320)
    drifting = millivolts(record(Episode("asystole", 20.0), front_end=wide))
    assert (drifting[0], drifting[-1]) == (pytest.approx(-300, abs=0.1), pytest.approx(-260, abs=0.1))
    railed = record(
        Episode("sinus", 30.0, 60), front_end=replace(SILENT, rail_mv=1.5), faults=(Fault("rail", 10, 12),)
    )
    assert (railed.samples[10 * 360 : 12 * 360] == 300).all()
    assert railed.rails == (-300, 300)
    assert not ((railed.r_samples >= 10 * 360) & (railed.r_samples < 12 * 360)).any()


def test_faults_change_what_they_name_and_nothing_else():
    plain = record(Episode("sinus", 30.0, 70))

    def faulty(*faults: Fault) -> Simulation:
        return record(Episode("sinus", 30.0, 70), faults=faults)

    spiky = faulty(Fault("glitches", size=5.0, every_s=1.0))
    changed = np.flatnonzero(spiky.samples != plain.samples)
    assert changed.tolist() == of(spiky, "|").tolist()
    assert set(np.abs(spiky.samples[changed].astype(int) - plain.samples[changed])) == {1000}
    flipped = faulty(Fault("polarity", 15.0))
    assert np.abs(flipped.samples[15 * 360 :] + plain.samples[15 * 360 :]).max() <= 1
    assert (flipped.samples[: 15 * 360] == plain.samples[: 15 * 360]).all()
    louder = faulty(Fault("gain", 15.0, size=4.0))
    assert np.abs(louder.samples[15 * 360 :] - 4.0 * plain.samples[15 * 360 :]).max() <= 2.5
    off = faulty(Fault("lead_off", 10.0, 12.0))
    assert (off.samples == LEAD_OFF_ADU).sum() == 720
    held = faulty(Fault("flat", 10.0, 12.0))
    assert np.ptp(held.samples[3600:4320]) == 0
    assert (faulty(Fault("missing", size=0.02)).samples == LEAD_OFF_ADU).mean() == pytest.approx(
        0.02, abs=0.004
    )
    dropped = faulty(Fault("dropped", size=0.02))
    assert dropped.samples.size == pytest.approx(0.98 * plain.samples.size, rel=0.005)
    assert dropped.r_samples[-1] < plain.r_samples[-1]
    for noisy in (Fault("motion", size=0.5), Fault("muscle", size=0.1), Fault("jitter", size=0.2)):
        made = faulty(noisy)
        assert made.r_samples.size == plain.r_samples.size
        assert 0 < np.std(made.samples - plain.samples.astype(float)) < 200


def test_a_seed_is_a_record_and_another_one_another():
    steps = (Episode("sinus", 20.0, 70), Episode("atrial_fibrillation", 40.0, 110))
    one, same, other = (simulate_scenario(Scenario(steps), seed) for seed in (3, 3, 4))
    assert (one.samples == same.samples).all()
    assert (one.samples != other.samples).any()


@pytest.mark.parametrize("rhythm", EPISODES)
def test_every_rhythm_is_written_and_read_with_its_marks(rhythm, tmp_path):
    made = record(Episode(rhythm, 30.0, 75, escape_bpm=35))
    made.write_wfdb(tmp_path, "r")
    back = wfdb.rdrecord(str(tmp_path / "r"), physical=False)
    assert (back.d_signal[:, 0] == made.samples).all()
    read = wfdb.rdann(str(tmp_path / "r"), "atr")
    rows = list(zip(read.sample.tolist(), read.symbol, strict=True))
    assert [row for row in rows if row[1] in "NSVAEj/"] == list(
        zip(made.r_samples.tolist(), made.symbols, strict=True)
    )
    assert [row for row in rows if row[1] in "p^|[]"] == sorted(made.marks, key=lambda mark: mark[0])


def test_faults_are_noted_where_they_begin_and_end(tmp_path):
    made = record(
        Episode("sinus", 30.0, 75), faults=(Fault("gain", 10.0, 20.0, 4.0), Fault("flat", 22.0, 24.0))
    )
    made.write_wfdb(tmp_path, "r")
    read = wfdb.rdann(str(tmp_path / "r"), "atr")
    notes = [
        (s, n) for s, mark, n in zip(read.sample, read.symbol, read.aux_note, strict=True) if mark == '"'
    ]
    assert notes == [
        (3600, "gain 4 begins"),
        (7200, "gain ends"),
        (7920, "flat begins"),
        (8640, "flat ends"),
    ]


def test_unknown_kinds_are_refused():
    with pytest.raises(ValueError, match="rhythm"):
        record(Episode("tango", 10.0))
    with pytest.raises(ValueError, match="fault"):
        record(Episode("sinus", 10.0), faults=(Fault("gremlin"),))


def test_the_command_lines_words_become_a_scenario():
    made = describe(
        ["sinus:20:60", "paced:40:70:mode=D:capture=no:escape_bpm=38"],
        ["r_mv=-0.4", "shape=qR", "hum_mv=1", "spike_mv=50"],
        ["rail:10:11", "glitches:size=3:every_s=2"],
        250.0,
    )
    assert made.episodes[1] == Episode("paced", 40.0, 70.0, escape_bpm=38.0, capture=False, mode="D")
    assert (made.heart.r_mv, made.heart.shape, made.spikes.mv) == (-0.4, "qR", 50.0)
    assert (made.front_end.hum_mv, made.front_end.fs_hz) == (1.0, 250.0)
    assert made.faults == (Fault("rail", 10.0, 11.0), Fault("glitches", size=3.0, every_s=2.0))


@pytest.mark.parametrize(
    ("rhythms", "given_settings", "faults", "said"),
    [
        (["tango:20"], [], [], "no rhythm 'tango'"),
        (["sinus"], [], [], "its end in s"),
        (["sinus:20:fast"], [], [], "rate_bpm is a number"),
        (["sinus:20:nan"], [], [], "rate_bpm is a number"),
        (["sinus:20:60:3"], [], [], "more values"),
        (["sinus:20:rate=60"], [], [], "no 'rate'"),
        (["sinus:20:ratio=2.5"], [], [], "a whole number"),
        (["paced:20:capture=maybe"], [], [], "yes or no"),
        (["sinus:20", "svt:10"], [], [], "ends after the one before"),
        (["complete_block:20:75"], [], [], "escape_bpm is missing"),
        (["sinus:20"], ["r_mv"], [], "not name=value"),
        (["sinus:20"], ["colour=3"], [], "no 'colour'"),
        (["sinus:20"], ["shape=Z"], [], "shape is one of"),
        (["sinus:20"], ["r_mv=1e9"], [], "r_mv is a number from"),
        (["sinus:20"], [], ["gremlin:3"], "no fault 'gremlin'"),
        (["sinus:20"], [], ["rail:1:2:3:4:5"], "more values"),
        (["sinus:20"], [], ["dropped"], "a share from 0 to 0.9"),
        (["sinus:20"], [], ["missing:1:2:-0.1"], "a share from 0 to 1"),
    ],
)
def test_a_wrong_word_is_one_line_that_says_what_there_is(rhythms, given_settings, faults, said):
    with pytest.raises(UserError, match=said) as refused:
        describe(rhythms, given_settings, faults, 360.0)
    assert "\n" not in str(refused.value)
