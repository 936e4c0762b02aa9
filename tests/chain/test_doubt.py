"""Where the chain is not sure it says so. Oracle: the simulator's truth.

One representative of each kind, both backends; ``bitbeat envelope`` walks the whole range.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from host_tools.beats import CONDITION_PAUSE, CONDITION_UNREADABLE, FLAG_UNDECIDED
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
