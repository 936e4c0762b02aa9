"""Where the chain is not sure it says so. Oracle: the simulator's truth.

One representative of each kind, both backends; ``bitbeat envelope`` walks the whole range.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from host_tools.beats import CONDITION_PAUSE, CONDITION_UNREADABLE, FLAG_LEAD_OFF, FLAG_UNDECIDED
from host_tools.reference import params
from host_tools.simulator import Episode, Fault, FrontEnd, Heart, Spikes
from tests.chain.signals import pulse_train
from tests.chain.test_rhythms import FS, WINDOW_S, holds, missed_and_false, record, run, seconds

__all__ = ["run"]  # the fixture


def unsaid(simulation, result, first_s: float, last_s: float) -> tuple[int, int, int]:
    """Beats of the truth; those missed, and those found that are none, which no flag of a beat tells."""
    truth, found = np.asarray(simulation.r_samples) / simulation.fs_hz, seconds(result)
    flagged = (result.beats["flags"] & FLAG_UNDECIDED) != 0
    missed = 0
    inside = truth[(truth >= first_s) & (truth < last_s)]
    for at in inside:
        if np.abs(found - at).min() > WINDOW_S:
            k = int(np.searchsorted(found, at))
            missed += not flagged[max(k - 1, 0) : k + 1].all()
    false = [
        not flag
        for at, flag in zip(found, flagged, strict=True)
        if first_s <= at < last_s and np.abs(truth - at).min() > WINDOW_S
    ]
    return len(inside), missed, sum(false)


@pytest.mark.parametrize("p_mv", [0.1, 0.2, 0.3])
@pytest.mark.parametrize("rate_bpm", [60, 90])
def test_p_waves_alone_are_no_rhythm(run, p_mv: float, rate_bpm: int) -> None:
    simulation = record(
        Episode("sinus", 20, rate_bpm),
        Episode("complete_block", 40, rate_bpm, escape_bpm=0.0),
        Episode("sinus", 55, rate_bpm),
        heart=Heart(p_mv=p_mv),
    )
    result = run(simulation.samples)
    assert holds(result, CONDITION_PAUSE | CONDITION_UNREADABLE, 55)[round(24.5 * FS) : 40 * FS].all()
    at = seconds(result)
    alone = (at > 20.5) & (at < 39.5)
    assert np.all(result.beats["flags"][alone] & FLAG_UNDECIDED)
    assert not holds(result, CONDITION_PAUSE | CONDITION_UNREADABLE, 55)[45 * FS :].any()
    assert missed_and_false(simulation, result, (5, 20), (46, 54))[1:] == (0, 0)


@pytest.mark.parametrize(("kind", "size"), [("pops", 1.0), ("pops", 3.0), ("steps", 0.5), ("steps", 3.0)])
def test_jumps_of_the_electrodes_make_no_beats_that_are_sure(run, kind: str, size: float) -> None:
    simulation = record(Episode("sinus", 40, 60), faults=(Fault(kind, size=size, every_s=3.0),))
    beats, missed, false = unsaid(simulation, run(simulation.samples), 5, 39)
    assert beats > 30
    assert (missed, false) == (0, 0)


@pytest.mark.parametrize("alternans", [0.5, 0.7])
def test_every_second_beat_low_is_found_or_the_others_are_not_sure(run, alternans: float) -> None:
    simulation = record(Episode("sinus", 40, 120), heart=Heart(alternans=alternans))
    beats, missed, _ = unsaid(simulation, run(simulation.samples), 8, 39)
    assert missed <= 0.02 * beats


def test_what_an_overshoot_leaves_is_no_rhythm(run) -> None:
    simulation = record(
        Episode("paced", 20, 70),
        Episode("paced", 45, 70, capture=False),
        Episode("paced", 60, 70),
        spikes=Spikes(100.0, 0.5, tail_mv=0.5, tail_ms=60.0),
    )
    result = run(simulation.samples, rails=simulation.rails)
    assert holds(result, CONDITION_PAUSE | CONDITION_UNREADABLE, 60)[26 * FS : 44 * FS].all()
    assert unsaid(simulation, result, 21, 44)[2] == 0


@pytest.mark.parametrize("hum_hz", [50.0, 60.0])
def test_three_millivolts_of_hum_hide_no_beat(run, hum_hz: float) -> None:
    simulation = record(Episode("sinus", 40, 75), front_end=FrontEnd(hum_mv=3.0, hum_hz=hum_hz))
    result = run(simulation.samples)
    assert missed_and_false(simulation, result, (5, 39))[1:] == (0, 0)
    assert not holds(result, CONDITION_PAUSE | CONDITION_UNREADABLE, 40).any()


@pytest.mark.parametrize("rhythm", ["sinus", "pvcs", "pacs", "bigeminy", "atrial_fibrillation", "mobitz"])
def test_a_clean_signal_is_hardly_doubted(run, rhythm: str) -> None:
    simulation = record(Episode("sinus", 15, 72), Episode(rhythm, 75, 72))
    flags = run(simulation.samples).beats["flags"]
    assert np.mean((flags & FLAG_UNDECIDED) != 0) < 0.05


def test_after_the_last_sample_the_chain_goes_on_as_if_it_were_held(backend) -> None:
    x, _ = pulse_train(20)
    for cut in (0, 3, 7, 20, 61, 133):
        short = x[: len(x) - cut]
        held = np.r_[short, np.full(params.SPIKE_DELAY_SAMPLES, short[-1])].astype(np.int16)
        one, other = backend.beats(short)["r_sample"], backend.beats(held)["r_sample"]
        assert np.array_equal(one, other[: len(one)])
        assert len(other) - len(one) <= 1
        assert all(later - earlier > 100 for earlier, later in pairwise(one.astype(int)))


@pytest.mark.parametrize("p_mv", [0.1, 0.3])
def test_p_waves_alone_do_not_become_a_rhythm_by_going_on(run, p_mv: float) -> None:
    simulation = record(
        Episode("sinus", 20, 80), Episode("complete_block", 200, 80, escape_bpm=0.0), heart=Heart(p_mv=p_mv)
    )
    result = run(simulation.samples)
    assert holds(result, CONDITION_PAUSE | CONDITION_UNREADABLE, 200)[25 * FS : 199 * FS].all()
    assert unsaid(simulation, result, 21, 199)[2] == 0


def test_a_low_broad_rhythm_is_known_after_a_while(run) -> None:
    heart = Heart(r_mv=1.5, broad_mv=0.7, broad_ms=140)
    simulation = record(Episode("sinus", 20, 72), Episode("vt", 120, 70), heart=heart)
    result = run(simulation.samples)
    assert missed_and_false(simulation, result, (25, 119))[1:] == (0, 0)
    late = seconds(result) > 80
    assert np.mean((result.beats["flags"][late] & FLAG_UNDECIDED) != 0) < 0.05
    assert not holds(result, CONDITION_PAUSE | CONDITION_UNREADABLE, 120)[80 * FS :].any()


@pytest.mark.parametrize("hum_hz", [50.0, 60.0])
@pytest.mark.parametrize("hum_mv", [0.3, 1.0])
@pytest.mark.parametrize("spike_mv", [3.0, 5.0, 20.0])
def test_spikes_without_beats_are_none_in_hum_either(
    run, hum_hz: float, hum_mv: float, spike_mv: float
) -> None:
    simulation = record(
        Episode("paced", 20, 70),
        Episode("paced", 40, 70, capture=False),
        spikes=Spikes(spike_mv, 0.5),
        front_end=FrontEnd(hum_mv=hum_mv, hum_hz=hum_hz),
    )
    result = run(simulation.samples, rails=simulation.rails)
    assert holds(result, CONDITION_PAUSE | CONDITION_UNREADABLE, 40)[26 * FS : 39 * FS].mean() > 0.75
    assert unsaid(simulation, result, 25, 39)[2] == 0


@pytest.mark.parametrize("height_adu", [250, 400, 800])
def test_a_baseline_without_noise_is_no_stuck_converter(backend, height_adu: int) -> None:
    x = np.zeros(60 * FS, np.int16)
    for r in range(FS, len(x) - FS, round(0.8 * FS)):
        x[r - 10 : r + 11] = np.rint(height_adu * (1 - np.abs(np.arange(-10, 11)) / 11))
    beats = backend.beats(x)
    assert len(beats) > 65
    assert not np.any(beats["flags"][5:] & FLAG_UNDECIDED)


@pytest.mark.parametrize("what", ["spike", "step"])
def test_an_artefact_at_sample_number_zero_is_one(backend, what: str) -> None:
    x, peaks = pulse_train(20)
    at = int(peaks[12]) - 30
    if what == "spike":
        x[at] += 600
    else:
        x[at:] += 300
    usual = backend.beats(x)
    for before in range(-20, 21):
        beats = backend.beats(x, first_sample=(-at - before) % 2**32)
        assert np.array_equal(beats["flags"], usual["flags"]), before
        assert np.array_equal(beats["aami_class"], usual["aami_class"]), before


def test_a_record_that_ends_in_silence_or_at_a_rail_gets_no_flag_by_ending(backend) -> None:
    x, _ = pulse_train(20)
    flat = np.r_[x, np.full(params.FLAT_SAMPLES - 4, x[-1])].astype(np.int16)
    assert not np.any(backend.beats(flat)["flags"][5:] & FLAG_LEAD_OFF)
    x[-100:] = 2047
    assert not np.any(backend.beats(x, rails=(-2048, 2047))["flags"] & FLAG_LEAD_OFF)
