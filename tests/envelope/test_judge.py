"""Oracle: findings made by hand beside a record whose truth is known; each changes one thing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from host_tools.beats import (
    CONDITION_FIBRILLATION,
    CONDITION_LEAD_OFF,
    CONDITION_PAUSE,
    CONDITION_SATURATED,
    CONDITION_UNREADABLE,
    FLAG_FIBRILLATION,
    FLAG_LEARNING,
    FLAG_NOISY,
    FLAG_PACED,
    FLAG_SATURATED,
    FLAG_UNDECIDED,
)
from host_tools.envelope.judge import Expectation, Found, judge
from host_tools.simulator import Episode, Fault, Scenario, Simulation, simulate_scenario

AS_USUAL = Expectation()


def made(*steps: Episode, faults: tuple[Fault, ...] = ()) -> Simulation:
    return simulate_scenario(Scenario(steps, faults=faults), 11)


def perfect(truth: Simulation) -> Found:
    at_s = truth.r_samples / truth.fs_hz
    classes = np.array([label if label == "V" else "N" for label in truth.labels], dtype="U1")
    return Found(at_s, np.diff(at_s, prepend=0.0), classes, np.zeros(at_s.size, np.int64), ((0.0, 0),))


def without(found: Found, k: int) -> Found:
    at_s, classes, flags = (np.delete(x, k) for x in (found.at_s, found.classes, found.flags))
    return replace(found, at_s=at_s, rr_s=np.diff(at_s, prepend=0.0), classes=classes, flags=flags)


def with_extra(found: Found, at_s: float, flags: int = 0) -> Found:
    k = int(np.searchsorted(found.at_s, at_s))
    at = np.insert(found.at_s, k, at_s)
    rr = np.insert(found.rr_s, k, found.rr_s[k])  # the rate stays as it was
    return replace(
        found,
        at_s=at,
        rr_s=rr,
        classes=np.insert(found.classes, k, "N"),
        flags=np.insert(found.flags, k, flags),
    )


def flagged(found: Found, places: list[int], flag: int) -> Found:
    flags = found.flags.copy()
    flags[places] |= flag
    return replace(found, flags=flags)


def said(found: Found, *changes: tuple[float, int]) -> Found:
    return replace(found, conditions=((0.0, 0), *changes))


def outcome(truth: Simulation, found: Found, expectation: Expectation = AS_USUAL) -> str:
    return judge(truth, found, expectation).outcome


@pytest.fixture(scope="module")
def sinus() -> Simulation:
    return made(Episode("sinus", 40.0, 70))


def test_what_is_all_right_is_right(sinus):
    verdict = judge(sinus, perfect(sinus), AS_USUAL)
    assert (verdict.outcome, verdict.errors) == ("right", ())
    assert verdict.beats == ((sinus.r_samples > 5 * 360) & (sinus.r_samples < 39 * 360)).sum()


def test_a_missed_beat_is_wrong_in_silence_unless_it_is_flagged_where_it_is(sinus):
    k = 20
    at_s = sinus.r_samples[k] / 360
    missing = without(perfect(sinus), k)
    verdict = judge(sinus, missing, AS_USUAL)
    assert verdict.outcome == "silent_wrong"
    assert verdict.silent == {"missed": 1, "rate": 1} or verdict.silent == {"missed": 1}
    fixed = replace(missing, rr_s=np.full(missing.at_s.size, np.diff(sinus.r_samples).mean() / 360))
    assert outcome(sinus, flagged(fixed, [k - 1, k], FLAG_NOISY)) == "flagged"
    assert outcome(sinus, flagged(fixed, [k - 1], FLAG_NOISY)) == "silent_wrong"
    assert outcome(sinus, flagged(fixed, [k - 1, k], FLAG_LEARNING | FLAG_PACED)) == "silent_wrong"
    assert outcome(sinus, flagged(fixed, [5, 6, 30, 31], FLAG_NOISY)) == "silent_wrong"
    for condition in (CONDITION_UNREADABLE, CONDITION_LEAD_OFF, CONDITION_SATURATED, CONDITION_FIBRILLATION):
        assert outcome(sinus, said(fixed, (at_s + 3.5, condition), (at_s + 3.6, 0))) == "flagged"
        assert outcome(sinus, said(fixed, (at_s + 4.6, condition), (at_s + 4.7, 0))) == "silent_wrong"
        assert outcome(sinus, said(fixed, (at_s - 2.0, condition), (at_s - 1.9, 0))) == "silent_wrong"


def test_a_false_beat_is_wrong_in_silence_unless_it_is_flagged_itself(sinus):
    between_s = sinus.r_samples[20] / 360 + 0.4
    assert outcome(sinus, with_extra(perfect(sinus), between_s)) == "silent_wrong"
    for flag in (FLAG_NOISY, FLAG_UNDECIDED, FLAG_SATURATED, FLAG_FIBRILLATION):
        assert outcome(sinus, with_extra(perfect(sinus), between_s, flag)) == "flagged"
    elsewhere = flagged(with_extra(perfect(sinus), between_s), [30], FLAG_NOISY)
    assert outcome(sinus, elsewhere) == "silent_wrong"


def test_the_first_seconds_are_not_judged_but_where_false_beats_there_are_counted(sinus):
    early = with_extra(perfect(sinus), 2.43)
    twice = with_extra(early, 3.27)
    assert outcome(sinus, twice) == "right"
    strict = Expectation(first_false=1)
    assert outcome(sinus, early, strict) == "right"
    assert outcome(sinus, twice, strict) == "silent_wrong"


def test_the_rate_is_the_devices_own(sinus):
    off = perfect(sinus)
    assert outcome(sinus, replace(off, rr_s=off.rr_s * 1.015)) == "right"
    assert outcome(sinus, replace(off, rr_s=off.rr_s * 1.03)) == "silent_wrong"
    assert outcome(sinus, replace(off, rr_s=off.rr_s / 2)) == "silent_wrong"
    # One interval that is far off carries the mean away; it is flagged, or it is not.
    rr_s = off.rr_s.copy()
    rr_s[20] += 2.0
    assert outcome(sinus, replace(off, rr_s=rr_s)) == "silent_wrong"
    assert outcome(sinus, flagged(replace(off, rr_s=rr_s), [20], FLAG_NOISY)) == "flagged"
    assert outcome(sinus, flagged(replace(off, rr_s=rr_s), [25], FLAG_NOISY)) == "silent_wrong"


def test_classes_are_judged_where_they_are_defined():
    truth = made(Episode("sinus", 15.0, 70), Episode("vt", 40.0, 150))
    called = perfect(truth)
    assert outcome(truth, called) == "right"
    normal = replace(called, classes=np.full(called.at_s.size, "N"))
    assert outcome(truth, normal) == "silent_wrong"
    assert outcome(truth, normal, Expectation(classes=False)) == "right"
    everywhere = list(range(called.at_s.size))
    assert outcome(truth, flagged(normal, everywhere, FLAG_UNDECIDED)) == "flagged"
    assert outcome(truth, replace(called, classes=np.full(called.at_s.size, "V"))) == "silent_wrong"


def test_a_pause_is_said_while_it_lasts_and_nowhere_else(sinus):
    truth = made(Episode("sinus", 20.0, 70), Episode("asystole", 32.0), Episode("sinus", 50.0, 70))
    last_s = truth.r_samples[truth.r_samples < 20 * 360][-1] / 360
    next_s = truth.r_samples[truth.r_samples > 32 * 360][0] / 360
    found = perfect(truth)
    assert outcome(truth, found) == "silent_wrong"
    pause = ((last_s + 3.0, CONDITION_PAUSE), (next_s + 0.6, 0))
    assert outcome(truth, said(found, *pause)) == "right"
    assert outcome(truth, said(found, (last_s + 6.0, CONDITION_PAUSE), (next_s, 0))) == "silent_wrong"
    assert outcome(truth, said(found, (last_s + 3.0, CONDITION_PAUSE), (next_s - 3.0, 0))) == "silent_wrong"
    assert outcome(truth, said(found, (last_s + 3.0, CONDITION_UNREADABLE), (next_s, 0))) == "flagged"
    assert outcome(truth, said(found, *pause, (44.0, CONDITION_PAUSE), (46.0, 0))) == "silent_wrong"
    assert outcome(sinus, said(perfect(sinus), (20.0, CONDITION_PAUSE), (22.0, 0))) == "silent_wrong"
    end = made(Episode("sinus", 20.0, 70), Episode("asystole", 40.0))
    assert outcome(end, perfect(end)) == "silent_wrong"
    assert outcome(end, said(perfect(end), (22.8, CONDITION_PAUSE))) == "right"
    never = made(Episode("asystole", 20.0))
    assert outcome(never, perfect(never)) == "silent_wrong"
    # Learning may take two seconds of it: the first five of a record are not judged.
    assert outcome(never, said(perfect(never), (5.0, CONDITION_PAUSE))) == "right"
    assert outcome(never, said(perfect(never), (5.3, CONDITION_PAUSE))) == "silent_wrong"


@pytest.mark.parametrize("rhythm", ["ventricular_flutter", "ventricular_fibrillation"])
def test_flutter_and_fibrillation_are_marked_or_found_as_ventricular_waves(rhythm):
    truth = made(Episode("sinus", 15.0, 70), Episode(rhythm, 40.0, 240))
    found = perfect(truth)
    assert outcome(truth, found) == "silent_wrong"
    assert outcome(truth, said(found, (18.0, CONDITION_FIBRILLATION))) == "right"
    assert outcome(truth, said(found, (24.9, CONDITION_FIBRILLATION))) == "right"
    assert outcome(truth, said(found, (26.5, CONDITION_FIBRILLATION))) == "flagged"
    assert outcome(truth, said(found, (32.0, CONDITION_FIBRILLATION))) == "silent_wrong"
    assert outcome(truth, said(found, (18.0, CONDITION_FIBRILLATION), (28.0, 0))) == "silent_wrong"
    assert outcome(truth, said(found, (18.0, CONDITION_UNREADABLE))) == "flagged"
    # A pause said in fibrillation is wrong whatever else is said.
    early = said(found, (21.0, CONDITION_PAUSE), (23.0, CONDITION_FIBRILLATION))
    assert outcome(truth, early) == "silent_wrong"
    both = CONDITION_PAUSE | CONDITION_UNREADABLE | CONDITION_FIBRILLATION
    assert outcome(truth, said(found, (18.0, both))) == "silent_wrong"
    waves_s = np.arange(15.2, 40.0, 0.25)
    at_s = np.concatenate([found.at_s, waves_s])
    for called, wanted in (("V", "right"), ("N", "silent_wrong")):
        row = Found(
            at_s,
            np.diff(at_s, prepend=0.0),
            np.concatenate([found.classes, np.full(waves_s.size, called)]),
            np.zeros(at_s.size, np.int64),
            ((0.0, 0),),
        )
        assert outcome(truth, row) == wanted


@pytest.mark.parametrize("kind", ["rail", "lead_off", "flat"])
def test_a_lost_signal_has_to_be_said_and_beats_of_its_edges_flagged(kind):
    truth = made(Episode("sinus", 50.0, 70), faults=(Fault(kind, 20.0, 26.0),))
    found = perfect(truth)
    told = said(found, (22.0, CONDITION_SATURATED), (26.2, 0))
    assert outcome(truth, found) == "silent_wrong"
    assert outcome(truth, told) == "right"
    assert outcome(truth, said(found, (24.0, CONDITION_SATURATED), (26.2, 0))) == "silent_wrong"
    assert outcome(truth, said(found, (22.0, CONDITION_PAUSE), (26.2, 0))) == "silent_wrong"
    edge_s = truth.r_samples[truth.r_samples > 26.3 * 360][0] / 360 + 0.4
    assert outcome(truth, with_extra(told, edge_s)) == "silent_wrong"
    assert outcome(truth, with_extra(told, edge_s, FLAG_SATURATED)) == "flagged"


def test_good_signal_called_unreadable_is_not_right(sinus):
    assert outcome(sinus, said(perfect(sinus), (20.0, CONDITION_UNREADABLE), (20.4, 0))) == "right"
    assert outcome(sinus, said(perfect(sinus), (20.0, CONDITION_UNREADABLE), (23.0, 0))) == "flagged"


def test_a_record_without_any_beat_found_is_wrong_in_silence(sinus):
    nothing = Found(np.zeros(0), np.zeros(0), np.zeros(0, "U1"), np.zeros(0, np.int64), ((0.0, 0),))
    assert outcome(sinus, nothing) == "silent_wrong"
    assert outcome(sinus, said(nothing, (3.0, CONDITION_UNREADABLE))) == "flagged"
