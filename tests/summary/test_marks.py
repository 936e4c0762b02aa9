"""What a summary says beside the beats: pauses that run, fast and slow rhythms, flutter, unreadable signal.

Oracle: figures worked out by hand on beats, signals and conditions laid out by hand; brute force for
neighbours and episodes.
"""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from host_tools.beats import (
    BEAT_DTYPE,
    CLASS_NAMES,
    CONDITION_DTYPE,
    CONDITION_FIBRILLATION,
    CONDITION_LEAD_OFF,
    CONDITION_PAUSE,
    CONDITION_UNREADABLE,
    FLAG_FIBRILLATION,
    FLAG_PACED,
)
from host_tools.summary import (
    Summary,
    heart_rate,
    held,
    merged,
    neighbours,
    print_summary,
    rate_episodes,
    regular_waves,
    summarise,
)

FS = 360


def beats_at(times_s: list[float] | np.ndarray, letters: str | None = None) -> np.ndarray:
    beats = np.zeros(len(times_s), BEAT_DTYPE)
    beats["r_sample"] = np.rint(np.asarray(times_s, float) * FS)
    beats["aami_class"] = [CLASS_NAMES.index(x) for x in letters or "N" * len(times_s)]
    beats["confidence_q8"] = 255
    return beats


def said(*changes: tuple[float, int]) -> np.ndarray:
    """Changes of the conditions: seconds and what holds from there on."""
    out = np.zeros(len(changes), CONDITION_DTYPE)
    out["sample"] = [round(at_s * FS) for at_s, _ in changes]
    out["conditions"] = [bits for _, bits in changes]
    return out


def ecg(seconds: float, size_mv: float = 1.0) -> np.ndarray:
    """A signal of this size, peak to peak: a wave every half second, as broad as a QRS complex."""
    n = np.arange(round(seconds * FS))
    return np.rint(200 * size_mv * np.exp(-(((n % 180 - 90) / 12.0) ** 2))).astype(np.int16)


def shown(summary: Summary, width: int = 100) -> str:
    text = io.StringIO()
    print_summary(summary, Console(file=text, width=width))
    return " ".join(text.getvalue().replace("│", " ").split())


def sum_up(beats, seconds, conditions=None, samples=None):
    samples = ecg(seconds) if samples is None else samples
    return summarise(
        beats, FS, len(samples), samples=samples, conditions=said() if conditions is None else conditions
    )


def test_a_pause_that_runs_at_the_end_is_one():
    beats = beats_at(np.arange(0.5, 12.1, 0.8))  # the last beat at 11.7 s
    summary = sum_up(beats, 30, said((14.9, CONDITION_PAUSE)))
    pause = summary.longest_pause
    assert (pause.duration_s, pause.start_s) == (pytest.approx(18.3), pytest.approx(11.7))
    assert not pause.complete
    assert summary.pauses == [pause]
    assert "at least 18.30 s at 0:11.7" in shown(summary)


def test_a_pause_that_runs_at_the_start_is_one():
    beats = beats_at(np.arange(8.0, 20, 0.8))
    summary = sum_up(beats, 20, said((3.1, CONDITION_PAUSE), (8.1, 0)))
    assert (summary.longest_pause.duration_s, summary.longest_pause.start_s) == (8, 0)


def test_a_record_without_beats_is_one_pause_and_says_why():
    summary = sum_up(beats_at([]), 30, said((3.1, CONDITION_PAUSE)), ecg(30, 0.02))
    assert (summary.longest_pause.duration_s, summary.longest_pause.start_s) == (30, 0)
    assert summary.heart_rate.mean_bpm is None
    assert "asystole" in summary.notice
    assert "no beats were found" in shown(summary)


def test_a_beat_that_is_late_by_a_little_at_an_end_is_no_pause():
    assert sum_up(beats_at(np.arange(2.0, 18, 0.8)), 20).pauses == []


def test_what_the_device_does_not_call_a_pause_is_none_at_an_end():
    """Fibrillation is suspected some seconds after it begins: until then beats just do not come."""
    beats = beats_at(np.arange(0.5, 10, 0.8))
    summary = sum_up(beats, 30, said((14.0, CONDITION_FIBRILLATION)))
    assert summary.pauses == []
    assert summary.longest_pause.duration_s == pytest.approx(0.8)
    # The four seconds that it was told from are part of it.
    assert [(s.start_s, s.duration_s) for s in summary.fibrillation] == [(10, 20)]
    assert summary.quality.fibrillation_s == 20
    assert summary.quality.usable_time == pytest.approx(10 / 30)
    assert "ventricular, suspected: 20.0 s at 0:10.0" in shown(summary)


@pytest.mark.parametrize("condition", [CONDITION_FIBRILLATION, CONDITION_UNREADABLE, CONDITION_LEAD_OFF])
def test_no_pause_and_no_rate_across_a_gap(condition):
    """Beats at 1 Hz, twenty seconds of anything, beats at 1 Hz."""
    beats = beats_at([*range(1, 10), *range(30, 40)])
    summary = summarise(beats, FS, 40 * FS, conditions=said((12.5, condition), (29.5, 0)))
    assert summary.pauses == []
    assert summary.longest_pause.duration_s == 1
    assert (summary.heart_rate.mean_bpm, summary.heart_rate.min_bpm) == (60, 60)


def test_a_pause_between_lead_off_and_flutter_counts_where_it_was_said():
    beats = beats_at([*range(1, 8), *range(50, 58)])
    conditions = said(
        (20.0, CONDITION_LEAD_OFF),
        (25.0, 0),
        (28.1, CONDITION_PAUSE),
        (35.0, CONDITION_FIBRILLATION),
        (49.0, 0),
    )
    summary = summarise(beats, FS, 60 * FS, conditions=conditions)
    assert [(p.start_s, p.duration_s, p.complete) for p in summary.pauses] == [(25, 6, False)]


def test_an_unreadable_stretch_begins_behind_the_last_beat():
    beats = beats_at([1, 2, 3, 20, 21])
    summary = sum_up(beats, 22, said((6.1, CONDITION_UNREADABLE), (20.4, 0)))
    assert [(s.start_s, s.duration_s) for s in summary.unreadable] == [(3, 17)]  # and ends with the next
    assert summary.pauses == []
    assert summary.quality.unreadable_s == 17
    assert "no beats in the unreadable stretches" in summary.notice
    assert "unreadable 17.0 s at 0:03.0" in shown(summary)


def test_regular_waves_in_suspected_flutter_are_a_tachycardia_with_its_rate():
    """A broad tachycardia of 220/min looks like flutter; fibrillation has no such waves."""
    for spread_s, found in ((0.01, 1), (0.15, 0)):
        rng = np.random.default_rng(3)
        waves = 10 + np.cumsum(60 / 220 + rng.uniform(-spread_s, spread_s, 44))
        beats = beats_at([*np.arange(1, 10), *waves, *np.arange(24, 30)])
        beats["flags"][9:53] = FLAG_FIBRILLATION
        summary = sum_up(beats, 30, said((14, CONDITION_FIBRILLATION), (23, 0)))
        episodes = [e for e in summary.episodes if e.kind == "tachycardia"]
        assert len(episodes) == found
        assert summary.heart_rate.max_bpm < 70
        if found:
            assert (episodes[0].aami_class, episodes[0].rate_bpm) == ("V", pytest.approx(220, rel=0.02))
            assert episodes[0].duration_s == pytest.approx(43 * 60 / 220, rel=0.02)


def test_a_disturbance_in_a_pause_does_not_make_it_two():
    beats = beats_at([1, 2, 3, 12, 13, 14])
    conditions = said((6.1, CONDITION_PAUSE), (7, CONDITION_UNREADABLE), (8.5, CONDITION_PAUSE), (12.4, 0))
    summary = sum_up(beats, 15, conditions)
    assert [(p.start_s, p.duration_s, p.complete) for p in summary.pauses] == [(3, 9, True)]
    assert summary.unreadable == []


@given(st.lists(st.integers(50, 400), max_size=40), st.integers(0, 3000), st.integers(0, 9000))
def test_regular_waves_by_looking_at_the_intervals(rr, first, length):
    at = np.cumsum([100, *rr])
    found = regular_waves(at, first, first + length, FS)
    if found is not None:
        inside = np.diff(at[found.first : found.last + 1])
        assert len(inside) >= 8
        assert inside.max() <= 1.1 / 0.9 * inside.min()
        assert first <= at[found.first] < at[found.last] < first + length
        assert 60 * FS / inside.max() > 80


def test_what_could_not_be_told_before_fibrillation_was_suspected_is_part_of_it():
    beats = beats_at([1, 2, 3, 30, 31])
    conditions = said((6.1, CONDITION_UNREADABLE), (9, CONDITION_FIBRILLATION), (30.4, 0))
    summary = sum_up(beats, 32, conditions)
    assert [(s.start_s, round(s.duration_s, 2)) for s in summary.fibrillation] == [(3, 27.4)]
    assert (summary.unreadable, summary.pauses) == ([], [])


@pytest.mark.parametrize("before", [CONDITION_PAUSE, 0])
def test_a_beat_on_its_way_makes_nothing_unreadable(before):
    """The QRS that ends a pause is no quiet line any more, and is found as a beat a little later."""
    beats = beats_at([1, 2, 3, 12, 13, 14])
    summary = sum_up(beats, 15, said((6.1, before), (12.1, CONDITION_UNREADABLE), (12.4, 0)))
    assert summary.unreadable == []
    assert [(p.start_s, p.duration_s, p.complete) for p in summary.pauses] == [(3, 9, True)]
    assert summary.heart_rate.mean_bpm == pytest.approx(60 * 5 / 13)


def test_beats_flagged_in_flutter_count_with_it_and_give_no_rate():
    beats = beats_at([1, 2, 3, 7.5, 8.4, 9.3, 10.2, 14, 15])
    beats["flags"][3:7] = FLAG_FIBRILLATION
    summary = sum_up(beats, 16, said((12, CONDITION_FIBRILLATION), (13, 0)))
    assert [(s.start_s, s.duration_s) for s in summary.fibrillation] == [(7.5, 5.5)]
    assert summary.heart_rate.mean_bpm == 60
    assert summary.quality.usable_beats == pytest.approx(5 / 9)


def test_a_missing_sample_hides_no_beat_but_a_gap_of_a_qrs_does():
    beats = beats_at([1, 2, 3, 4])
    samples = ecg(5)
    samples[2 * FS + 100] = -32768
    assert sum_up(beats, 5, samples=samples).heart_rate.mean_bpm == 60
    samples[2 * FS + 100 : 2 * FS + 120] = -32768
    beats["r_sample"][3] += FS
    assert sum_up(beats, 5, samples=samples).heart_rate.mean_bpm == pytest.approx(60 * 2 / 3)
    samples[int(3.2 * FS) : int(3.3 * FS)] = -32768
    assert sum_up(beats, 5, samples=samples).heart_rate.mean_bpm == 60


def test_a_peak_that_is_cut_off_is_no_gap():
    """R waves beyond the converter's range are found, and so is the rate."""
    samples = ecg(20)
    beats = beats_at(np.arange(1, 19) * 0.5 + 90 / FS - 0.5)  # at the peaks
    cut = np.minimum(samples, 60)  # for 70 ms
    summary = summarise(beats, FS, cut.size, samples=cut, conditions=said(), rails=(-3000, 60))
    assert summary.quality.saturated_s > 1
    assert summary.heart_rate.mean_bpm == pytest.approx(120)
    missed = np.delete(beats, 5)
    summary = summarise(missed, FS, cut.size, samples=cut, conditions=said(), rails=(-3000, 60))
    assert summary.longest_pause.duration_s == pytest.approx(0.5)  # it may lie in its gap


def test_rails_are_those_of_the_converter():
    clipped = np.clip(ecg(20, 4), -300, 300)
    beats = beats_at(range(1, 20))
    as_told = summarise(beats, FS, clipped.size, samples=clipped, conditions=said(), rails=(-300, 300))
    assert as_told.quality.saturated_s > 2
    assert summarise(beats, FS, clipped.size, samples=clipped, conditions=said()).quality.saturated_s == 0


@pytest.mark.parametrize(
    ("letter", "word"), [("V", "ventricular, 200/min"), ("S", "supraventricular, 200/min"), ("N", "200/min")]
)
def test_tachycardia_is_an_episode_with_its_rate(letter, word):
    slow = np.arange(0.5, 10, 0.9)
    fast = slow[-1] + 0.3 * np.arange(1, 41)
    times = [*slow, *fast, *(fast[-1] + 0.9 * np.arange(1, 10))]
    summary = sum_up(beats_at(times, "N" * len(slow) + letter * 40 + "N" * 9), 40)
    (episode,) = (e for e in summary.episodes if e.kind == "tachycardia")
    assert episode.aami_class == letter
    assert episode.rate_bpm == pytest.approx(200, abs=0.5)
    assert episode.beats == 41  # the first fast interval begins with a slow beat
    assert episode.start_s == pytest.approx(slow[-1], abs=0.01)
    assert episode.duration_s == pytest.approx(12, abs=0.02)
    assert f"tachycardia {word} for 12.0 s at 0:09.5" in shown(summary)
    assert summary.runs.get(letter, 0) == (letter != "N")


def test_a_missed_beat_does_not_change_the_rate_of_a_regular_tachycardia():
    times = [*np.arange(0.5, 10, 0.9), *(10 + 60 / 220 * np.arange(44))]
    summary = sum_up(beats_at(np.delete(times, [13, 20, 33])), 24)
    (episode,) = summary.episodes
    assert episode.rate_bpm == pytest.approx(220, rel=0.01)


def test_bradycardia_is_one_and_a_pause_in_a_normal_rhythm_is_none():
    assert [e.kind for e in sum_up(beats_at(np.arange(0.5, 30, 1.5)), 30).episodes] == ["bradycardia"]
    times = [*np.arange(0.5, 10, 0.8), *np.arange(16, 26, 0.8)]
    summary = sum_up(beats_at(times), 27)
    assert summary.episodes == []
    assert summary.longest_pause.duration_s == pytest.approx(16 - 9.3)


def test_a_rate_that_wavers_about_the_bound_is_one_episode():
    rr = [0.57] * 20 + [0.615] * 10 + [0.57] * 20 + [0.615] * 10 + [0.57] * 20
    summary = sum_up(beats_at(1 + np.cumsum([0, *rr])), 50)
    (episode,) = summary.episodes
    assert (episode.kind, episode.beats) == ("tachycardia", 81)
    mostly_slow = [0.57] * 9 + [0.62] * 40  # 105, then 97/min
    (episode,) = sum_up(beats_at(1 + np.cumsum([0, *mostly_slow])), 40).episodes
    assert episode.rate_bpm > 100
    assert episode.beats < 15
    slow = [0.62] * 40  # 97/min, never above the bound
    assert sum_up(beats_at(1 + np.cumsum([0, *slow])), 30).episodes == []


def test_a_short_burst_is_a_run_and_no_tachycardia():
    times = [1, 2, 3, 3.4, 3.8, 4.2, 4.6, 5.6, 6.6, 7.6, 8.6, 9.6]
    summary = sum_up(beats_at(times, "NNNVVVVNNNNN"), 11)
    assert [e.kind for e in summary.episodes] == ["run"]


def test_without_the_devices_word_a_quiet_line_is_a_pause_and_flutter_is_none():
    beats = beats_at(np.arange(0.5, 12.1, 0.8))
    for size_mv, found in ((0.02, 1), (1.5, 0)):
        samples = np.concatenate([ecg(12, 1.0), ecg(18, size_mv)])
        summary = summarise(beats, FS, samples.size, samples=samples)
        assert len(summary.pauses) == found
        assert len(summarise(beats[:0], FS, 18 * FS, samples=samples[12 * FS :]).pauses) == found


def test_paced_beats_are_counted():
    beats = beats_at(range(1, 9))
    beats["flags"][2:5] = FLAG_PACED
    summary = sum_up(beats, 10)
    assert summary.paced_beats == 3
    assert summary.quality.usable_beats == 1
    assert "paced 3 beats" in shown(summary)


@pytest.mark.parametrize(
    ("samples", "conditions", "words"),
    [
        (ecg(30, 0.1), said((3.1, CONDITION_UNREADABLE)), ("small", 0.1, "gain and unit", "lead")),
        (ecg(30, 0.1), said((3.1, CONDITION_PAUSE)), ("small", 0.1)),
        (np.zeros(30 * FS, np.int16), said((2.0, CONDITION_LEAD_OFF)), ("does not move", "volts")),
        (np.full(30 * FS, -32768, np.int16), said((0.2, CONDITION_LEAD_OFF)), ("missing", "lead is off")),
        (np.full(30 * FS, 32767, np.int16), said((0.2, CONDITION_LEAD_OFF)), ("range", "counts", "offset")),
        (ecg(30, 150), said((3.1, CONDITION_UNREADABLE)), ("larger than any ECG", 150)),
        (ecg(30, 2), said((3.1, CONDITION_UNREADABLE)), (2.0, "noise")),
    ],
)
def test_nothing_found_is_said_with_the_likely_cause(samples, conditions, words):
    summary = sum_up(beats_at([]), 30, conditions, samples)
    for word in ("no beats were found", *words):
        if isinstance(word, float | int):
            (size,) = re.findall(r"about ([0-9.]+) mV", summary.notice)
            assert float(size) == pytest.approx(word, rel=0.15)
        else:
            assert word in summary.notice
    assert "no beats were found" in shown(summary)
    for width in (80, 100):
        text = io.StringIO()
        print_summary(summary, Console(file=text, width=width))
        assert max(len(line) for line in text.getvalue().splitlines()) <= width


def test_a_pause_with_noise_and_wander_is_quiet():
    """Nothing is said of a small signal where there is none: fine noise, and a baseline that moves."""
    n = np.arange(18 * FS)
    line = 0.012 * np.random.default_rng(1).standard_normal(n.size) + 0.5 * np.sin(2 * np.pi * 0.2 * n / FS)
    samples = np.concatenate([ecg(12), np.rint(200 * line).astype(np.int16)])
    beats = beats_at(np.arange(0.25, 12, 0.5))
    assert sum_up(beats, 30, said((14.9, CONDITION_PAUSE)), samples).notice is None
    for k in range(12):  # R waves of 0.15 mV
        samples[12 * FS : -12][k::300] += 30
    assert "small" in sum_up(beats, 30, said((14.9, CONDITION_PAUSE)), samples).notice


def test_nothing_is_said_where_beats_are_found_or_too_little_was_seen():
    assert sum_up(beats_at(np.arange(0.75, 30)), 30).notice is None


def test_a_record_too_short_for_any_beat_says_so():
    notice = sum_up(beats_at([]), 1, samples=ecg(1)).notice
    assert notice.startswith("no beats were found: the record is too short")
    assert sum_up(beats_at([0.25, 0.75]), 1, samples=ecg(1)).notice is None


def test_small_waves_in_a_pause_are_not_blamed_on_gain_and_unit():
    """Where beats were found before, they are right: P waves or spikes go on without QRS complexes."""
    samples = np.concatenate([ecg(12), ecg(18, 0.13)])
    beats = beats_at(np.arange(0.25, 12, 0.5))
    notice = sum_up(beats, 30, said((14.9, CONDITION_PAUSE)), samples).notice
    (size_mv,) = re.findall(r"no beats in the pauses: small waves go on \(about ([0-9.]+) mV", notice)
    assert float(size_mv) == pytest.approx(0.13, rel=0.15)
    assert "P waves" in notice
    assert "gain" not in notice


@pytest.mark.parametrize(("share", "small"), [(0.1, True), (0.28, True), (0.4, False), (3.0, False)])
def test_beats_that_become_far_smaller_are_said(share, small):
    """P waves that are taken for beats when the ventricles have stopped: counted, but never in silence."""
    samples = np.concatenate([ecg(20), ecg(20, share)])
    summary = sum_up(beats_at(np.arange(0.25, 40, 0.5)), 40, samples=samples)
    found = [(s.start_s, s.duration_s) for s in summary.small_beats]
    assert found == ([(20.25, 19.5)] if small else [])
    assert ("small beats 19.5 s at 0:20.2, far smaller" in shown(summary)) is small


@pytest.mark.parametrize(("size_mv", "tiny"), [(0.02, True), (0.15, True), (0.3, False), (1.0, False)])
def test_beats_no_larger_than_p_waves_from_the_start_are_said(size_mv, tiny):
    summary = sum_up(beats_at(np.arange(0.25, 40, 0.5)), 40, samples=ecg(40, size_mv))
    assert ("the beats found are very small" in (summary.notice or "")) is tiny
    assert summary.small_beats == []


@pytest.mark.parametrize(("share", "dwarfed"), [(0.1, 50), (0.25, 50), (0.45, 0)])
def test_p_waves_between_beats_of_a_complete_block_are_said(share, dwarfed):
    """An escape beat every 2 s, and P waves between them that were counted."""
    samples = ecg(100)
    samples[(np.arange(samples.size) // 180) % 4 != 0] = 0
    samples += np.roll(np.rint(share * samples).astype(np.int16), FS)
    summary = sum_up(beats_at(np.arange(0.25, 100, 1.0)), 100, samples=samples)
    assert (summary.dwarfed_beats, summary.small_beats) == (dwarfed, [])
    assert ("small beats 50 beats, far smaller than others" in shown(summary)) is (dwarfed > 0)
    few = [*range(0, 100, 2), 1, 3, 5, 7]
    assert sum_up(beats_at(0.25 + np.sort(few)), 100, samples=samples).dwarfed_beats == 0


def test_a_few_small_beats_or_none_to_compare_with_are_nothing():
    beats = beats_at(np.arange(0.25, 40, 0.5))
    few = np.concatenate([ecg(20), ecg(2, 0.2), ecg(18)])
    late = np.concatenate([ecg(1), ecg(39, 0.2)])
    for samples in (few, late):
        assert sum_up(beats, 40, samples=samples).small_beats == []
    gap = np.concatenate([ecg(20), np.full(10 * FS, -32768, np.int16), ecg(10)])
    assert sum_up(beats, 40, samples=gap).small_beats == []


@pytest.mark.parametrize(("size_mv", "doubtful"), [(0.02, False), (0.3, False), (0.8, True), (2.0, True)])
@pytest.mark.parametrize("stop_s", [24, 40])
def test_a_pause_as_loud_as_beats_are_is_doubted(size_mv, doubtful, stop_s):
    """P waves are smaller; at the end of the record as between two beats."""
    samples = np.concatenate([ecg(20), ecg(4, size_mv), ecg(16)])
    times = np.arange(0.25, 40, 0.5)
    beats = beats_at(times[(times < 20) | (times > stop_s)])
    if stop_s == 40:
        samples = np.concatenate([samples[: 20 * FS], ecg(20, size_mv)])
    (pause,) = sum_up(beats, 40, said((23.1, CONDITION_PAUSE), (24.3, 0)), samples).pauses
    assert pause.start_s == 19.75
    assert pause.complete is (stop_s == 24)
    assert pause.doubtful is doubtful
    (told,) = [sum_up(beats, 40, said((23.1, CONDITION_PAUSE), (24.3, 0)), samples)]
    assert ("doubtful: the signal goes on" in shown(told)) is doubtful


def test_a_pause_among_small_beats_is_none_the_less_a_pause():
    """A few waves of 0.1 mV that were taken for beats do not make 0.1 mV the size of a beat."""
    samples = np.concatenate([ecg(20), ecg(20, 0.1)])
    beats = beats_at([*np.arange(0.25, 20, 0.5), *np.arange(20.25, 27, 0.5), 36.25, 36.75])
    (pause,) = sum_up(beats, 40, samples=samples).pauses
    assert (pause.duration_s, pause.doubtful) == (9.5, False)
    most = beats_at([*np.arange(0.25, 10, 0.5), *np.arange(20.25, 27, 0.5), *np.arange(36.25, 50, 0.5)])
    samples = np.concatenate([ecg(10), ecg(40, 0.1)])
    assert [p.doubtful for p in sum_up(most, 50, samples=samples).pauses] == [False, False]


changes = st.lists(st.tuples(st.integers(0, 120), st.integers(0, 31)), max_size=12)


@given(changes, st.integers(1, 31), st.integers(1, 100))
def test_held_by_walking_through_the_samples(events, bits, n):
    events = sorted(events, key=lambda e: e[0])
    rows = np.array(events, CONDITION_DTYPE)
    now, expected = 0, []
    for i in range(n):
        for at, mask in events:
            now = mask if at == i else now
        expected.append(bool(now & bits))
    found = np.zeros(n, bool)
    for first, stop in held(rows, bits, n):
        assert 0 <= first < stop <= n
        assert not found[first:stop].any()
        found[first:stop] = True
    assert found.tolist() == expected


@given(
    st.lists(st.integers(0, 200), unique=True, max_size=20),
    st.lists(st.tuples(st.integers(0, 200), st.integers(1, 30)), max_size=5),
)
def test_neighbours_by_brute_force(at, parts):
    beats = np.zeros(len(at), BEAT_DTYPE)
    beats["r_sample"] = sorted(at)
    gaps = merged([(a, a + n) for a, n in parts])
    bad = np.zeros(300, bool)
    for a, b in gaps:
        bad[a:b] = True
    r = beats["r_sample"].astype(int)
    expected = [i > 0 and not bad[r[i - 1] + 1 : r[i]].any() and not bad[r[i - 1]] for i in range(len(r))]
    assert neighbours(beats, gaps).tolist() == expected


@given(st.lists(st.sampled_from([100, 190, 215, 217, 300, 430, 434, 500]), min_size=1, max_size=40))
def test_rate_episodes_hold_what_they_say(rr):
    at = np.cumsum([0, *rr])
    joined = np.arange(len(at)) > 0
    fast = {
        i
        for k in range(len(rr) - 7)
        if sum(rr[k : k + 8]) < 8 * 216 * 1.05
        for i in range(k, k + 8)
    }  # fmt: skip
    found = rate_episodes(at, joined, FS)
    for p in found:
        inside = rr[p.first : p.last]
        assert len(inside) >= 8
        if p.kind == "tachycardia":
            assert set(range(p.first, p.last)) <= fast
            assert inside[0] < 216 > inside[-1]
        else:
            assert inside[0] > 432 < inside[-1]
    kinds = {p.kind for p in found}
    rate = heart_rate(at, joined, FS)
    if all(r < 216 for r in rr):
        assert kinds == ({"tachycardia"} if len(rr) >= 8 else set())
    if rate.max_bpm is None or rate.max_bpm <= 100:
        assert "tachycardia" not in kinds
