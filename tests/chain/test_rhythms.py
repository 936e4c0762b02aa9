"""What the records that everybody tunes for do not hold. Oracle: the simulator's truth.

One representative of each kind, both backends; ``bitbeat envelope`` walks the whole range.
"""

from __future__ import annotations

import numpy as np
import pytest

from host_tools.beats import (
    CLASS_NAMES,
    CONDITION_FIBRILLATION,
    CONDITION_PAUSE,
    CONDITION_UNREADABLE,
    FLAG_BROAD_RUN,
    FLAG_FIBRILLATION,
    FLAG_PACED,
)
from host_tools.native import CoreResult, run_core
from host_tools.reference import params
from host_tools.reference.run import RecordResult, run_record
from host_tools.simulator import Episode, FrontEnd, Heart, Scenario, Simulation, Spikes, simulate_scenario

FS = params.FS_HZ
#: What EC57 allows between an R peak and a beat found.
WINDOW_S = 0.15


@pytest.fixture(params=["reference", "core"])
def run(request: pytest.FixtureRequest):
    return run_record if request.param == "reference" else run_core


def record(*episodes: Episode, seed: int = 7, **parts: object) -> Simulation:
    heart = parts.pop("heart", Heart())
    assert isinstance(heart, Heart)
    return simulate_scenario(Scenario(tuple(episodes), heart, **parts), seed)  # type: ignore[arg-type]


def seconds(result: RecordResult | CoreResult) -> np.ndarray:
    return (result.beats["r_sample"].astype(np.int64) - params.DELAY_SAMPLES) / FS


def missed_and_false(
    simulation: Simulation, result: RecordResult | CoreResult, *stretches: tuple[float, float]
) -> tuple[int, int, int]:
    """Beats of the truth in the stretches, how many of them were missed, and how many found are none."""
    truth, found = np.asarray(simulation.r_samples) / simulation.fs_hz, seconds(result)

    def inside(at: np.ndarray) -> np.ndarray:
        return np.any([(at >= first) & (at < last) for first, last in stretches], axis=0)

    def lonely(these: np.ndarray, those: np.ndarray) -> int:
        return sum(len(those) == 0 or float(np.abs(those - t).min()) > WINDOW_S for t in these)

    return int(inside(truth).sum()), lonely(truth[inside(truth)], found), lonely(found[inside(found)], truth)


def holds(result: RecordResult | CoreResult, bit: int, length_s: float) -> np.ndarray:
    """Whether a condition holds, for each sample."""
    mask = np.zeros(round(length_s * FS), bool)
    changes = result.conditions
    ends = [*changes["sample"][1:].astype(int), len(mask)]
    for change, end in zip(changes, ends, strict=True) if len(changes) else ():
        mask[int(change["sample"]) : end] = (int(change["conditions"]) & bit) != 0
    return mask


@pytest.mark.parametrize("rate_bpm", [20, 40, 120, 190, 220, 240, 250])
def test_narrow_beats_at_any_rate_from_the_first_sample_on(run, rate_bpm: int) -> None:
    simulation = record(Episode("sinus" if rate_bpm < 150 else "svt", 40, rate_bpm))
    beats, missed, false = missed_and_false(simulation, run(simulation.samples), (5, 39))
    assert beats > 10
    assert (missed, false) == (0, 0)


@pytest.mark.parametrize(("before_bpm", "rate_bpm"), [(35, 200), (40, 210), (75, 230), (100, 250)])
def test_a_narrow_tachycardia_is_found_whatever_came_before(run, before_bpm: int, rate_bpm: int) -> None:
    simulation = record(
        Episode("sinus", 18, before_bpm), Episode("svt", 36, rate_bpm), Episode("sinus", 54, before_bpm)
    )
    result = run(simulation.samples)
    beats, missed, false = missed_and_false(simulation, result, (5, 16), (23, 35.5), (41.5, 53))
    assert beats > 40
    assert (missed, false) == (0, 0)
    assert not holds(result, CONDITION_PAUSE | CONDITION_FIBRILLATION, 54).any()


@pytest.mark.parametrize(("before_bpm", "rate_bpm"), [(35, 180), (70, 220), (60, 240)])
def test_a_broad_tachycardia_is_found_and_ventricular(run, before_bpm: int, rate_bpm: int) -> None:
    simulation = record(
        Episode("sinus", 22, before_bpm), Episode("vt", 40, rate_bpm), Episode("sinus", 58, before_bpm)
    )
    result = run(simulation.samples)
    beats, missed, false = missed_and_false(simulation, result, (5, 20), (27, 39.5), (46, 57))
    assert beats > 40
    assert (missed, false) == (0, 0)
    at, letters = seconds(result), np.array(CLASS_NAMES)[result.beats["aami_class"]]
    assert np.mean(letters[(at > 27) & (at < 39)] == "V") > 0.95
    assert not np.any(letters[(at > 5) & (at < 21)] == "V")
    by_rule = (result.beats["flags"] & FLAG_BROAD_RUN) != 0
    assert np.all(letters[by_rule] == "V")


@pytest.mark.parametrize(
    ("rhythm", "rate_bpm"),
    [("ventricular_flutter", 210), ("ventricular_flutter", 270), ("ventricular_fibrillation", 300)],
)
def test_flutter_and_fibrillation_are_no_pause(run, rhythm: str, rate_bpm: int) -> None:
    simulation = record(Episode("sinus", 15, 75), Episode(rhythm, 40, rate_bpm), Episode("sinus", 60, 75))
    result = run(simulation.samples)
    assert not holds(result, CONDITION_PAUSE, 60).any()
    marked = holds(result, CONDITION_FIBRILLATION | CONDITION_UNREADABLE, 60)
    at, letters = seconds(result), np.array(CLASS_NAMES)[result.beats["aami_class"]]
    ventricular = np.mean(letters[(at > 25) & (at < 39)] == "V") if np.any((at > 25) & (at < 39)) else 0.0
    assert marked[25 * FS : 40 * FS].mean() > 0.9 or ventricular > 0.9
    assert not marked[: 15 * FS].any()
    assert not marked[47 * FS :].any()
    flagged = (result.beats["flags"] & FLAG_FIBRILLATION) != 0
    assert not np.any(flagged & ((at < 15) | (at > 47)))


@pytest.mark.parametrize("where", ["start", "middle", "end"])
def test_a_heart_that_has_stopped_is_said_after_three_seconds(run, where: str) -> None:
    beats, silence = Episode("sinus", 20, 70), Episode("asystole", 35)
    steps = {
        "start": (Episode("asystole", 15), Episode("sinus", 35, 70)),
        "middle": (beats, silence, Episode("sinus", 55, 70)),
        "end": (beats, silence),
    }[where]
    first, last = {"start": (0, 15), "middle": (20, 35), "end": (20, 35)}[where]
    simulation = record(*steps)
    result = run(simulation.samples)
    paused = holds(result, CONDITION_PAUSE, steps[-1].until_s)
    # From a record's first sample on the detector learns for two seconds before it waits for beats.
    assert paused[(first + (6 if where == "start" else 4)) * FS : last * FS].all()
    assert not paused[: (first + 2) * FS].any()
    assert not paused[(last + 2) * FS :].any()


@pytest.mark.parametrize("pr_ms", [100, 250, 320, 400, 450])
@pytest.mark.parametrize(("p_mv", "r_mv"), [(0.3, 1.0), (0.2, 0.6), (0.3, -1.0)])
def test_p_waves_are_no_beats(run, pr_ms: int, p_mv: float, r_mv: float) -> None:
    heart = Heart(pr_ms=pr_ms, p_mv=p_mv, r_mv=r_mv)
    simulation = record(Episode("sinus", 31, 60), heart=heart)
    result = run(simulation.samples)
    assert missed_and_false(simulation, result, (5, 30))[1:] == (0, 0)
    assert missed_and_false(simulation, result, (0, 5))[2] <= 1


@pytest.mark.parametrize("spike_mv", [3.0, 50.0, -700.0])
@pytest.mark.parametrize("mode", ["V", "D"])
def test_paced_beats_are_single_and_flagged(run, spike_mv: float, mode: str) -> None:
    simulation = record(Episode("paced", 40, 70, mode=mode), spikes=Spikes(mv=spike_mv, ms=0.5))
    result = run(simulation.samples, rails=simulation.rails)
    assert missed_and_false(simulation, result, (5, 39))[1:] == (0, 0)
    later = seconds(result) > 5
    assert np.mean((result.beats["flags"][later] & FLAG_PACED) != 0) > 0.9


@pytest.mark.parametrize("escape_bpm", [0, 38])
def test_loss_of_capture_leaves_the_escape_rhythm_or_a_pause(run, escape_bpm: int) -> None:
    simulation = record(
        Episode("paced", 20, 70, mode="V"),
        Episode("paced", 45, 70, mode="V", capture=False, escape_bpm=escape_bpm),
        spikes=Spikes(mv=3.0, ms=0.5),
    )
    result = run(simulation.samples, rails=simulation.rails)
    assert missed_and_false(simulation, result, (5, 20), (25, 44))[1:] == (0, 0)
    assert holds(result, CONDITION_PAUSE, 45)[26 * FS :].all() == (escape_bpm == 0)


@pytest.mark.parametrize(
    ("low_r_mv", "f_mv", "noise_mv"), [(0.15, 0.019, 0.01), (0.25, 0.03, 0.01), (0.2, 0.0, 0.025)]
)
def test_low_r_waves_over_fibrillatory_waves_or_noise(
    run, low_r_mv: float, f_mv: float, noise_mv: float
) -> None:
    heart = Heart(r_mv=low_r_mv, f_mv=f_mv, t_mv=0.15 * low_r_mv)
    simulation = record(
        Episode("atrial_fibrillation", 50, 85),
        heart=heart,
        front_end=FrontEnd(noise_mv=noise_mv, wander_mv=0.03),
    )
    beats, missed, false = missed_and_false(simulation, run(simulation.samples), (5, 49))
    assert missed <= 0.02 * beats
    assert false <= 0.02 * beats


def test_a_signal_that_becomes_ten_times_smaller_is_found_again(run) -> None:
    simulation = record(Episode("sinus", 45, 75), heart=Heart(r_mv=1.5))
    samples = simulation.samples.copy()
    samples[20 * FS :] = np.rint(samples[20 * FS :] / 10)
    result = run(samples)
    assert missed_and_false(simulation, result, (5, 19.5), (25.5, 44))[1:] == (0, 0)
