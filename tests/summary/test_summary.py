"""Oracle: figures worked out by hand on beats laid out by hand, regular expressions for the patterns,
and brute force for heart rate and signal quality."""

from __future__ import annotations

import dataclasses
import io
import json
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from host_tools.beats import BEAT_DTYPE, CLASS_NAMES, FLAG_LEAD_OFF, FLAG_NOISY, FLAG_UNDECIDED
from host_tools.records import Reference
from host_tools.reference.params import FLAT_SAMPLES
from host_tools.summary import (
    alternations,
    clock,
    heart_rate,
    judge,
    print_summary,
    runs_of,
    spans,
    summarise,
)

FS = 360


def make_beats(letters: str, rr_s: float | list[float] = 1.0, start_s: float = 1.0) -> np.ndarray:
    steps = np.full(len(letters), rr_s) if isinstance(rr_s, float) else np.array([*rr_s, 0])
    beats = np.zeros(len(letters), BEAT_DTYPE)
    at = start_s + np.concatenate([[0], np.cumsum(steps[:-1])])[: len(letters)]
    beats["r_sample"] = np.rint(at * FS)
    beats["aami_class"] = [CLASS_NAMES.index(x) for x in letters]
    beats["confidence_q8"] = 255
    return beats


def good_signal(seconds: float) -> np.ndarray:
    n = round(seconds * FS)
    return (100 * np.sin(np.arange(n) / 7)).astype(np.int16)


def test_figures_of_a_recording_laid_out_by_hand():
    letters = "N" * 9 + "VV" + "N" * 3 + "VVVV" + "NNN" + "S" + "NN" + "F"
    rr_s = [1.0] * 8 + [0.5, 0.5] + [1.0] * 3 + [0.5] * 4 + [1.0, 1.0, 2.5, 1.0, 1.0, 1.0, 1.0]
    beats = make_beats(letters, rr_s)
    samples = good_signal(40)
    summary = summarise(beats, FS, samples.size, samples=samples)
    assert summary.duration_s == 40
    assert summary.beats == len(letters)
    assert summary.counts == {"N": 17, "S": 1, "V": 6, "F": 1}
    assert summary.ectopic_share == pytest.approx(8 / 25)
    assert (summary.couplets, summary.runs) == ({"V": 1, "S": 0}, {"V": 1, "S": 0})
    assert summary.longest_run == {"V": 4, "S": 0}
    (couplet, run) = summary.episodes
    assert (couplet.kind, couplet.start_s, couplet.rate_bpm) == ("couplet", 9.5 + 0.0, 120)
    assert (run.kind, run.ectopic_beats, run.rate_bpm) == ("run", 4, 120)
    assert summary.longest_pause.duration_s == 2.5
    assert summary.heart_rate.mean_bpm == pytest.approx(60 * 24 / sum(rr_s[:24]))
    assert summary.quality.usable_time == 1
    assert summary.agreement is None


def test_bigeminy_and_trigeminy():
    summary = summarise(make_beats("NN" + "NV" * 4 + "NNN" + "NNV" * 3 + "NNN"), FS, 40 * FS)
    assert (summary.bigeminy_episodes, summary.trigeminy_episodes) == (1, 1)
    assert [(e.kind, e.ectopic_beats) for e in summary.episodes] == [("bigeminy", 4), ("trigeminy", 3)]
    assert summarise(make_beats("NVNVNN"), FS, 10 * FS).bigeminy_episodes == 0


def test_a_gap_in_the_signal_is_no_pause_and_parts_a_run():
    beats = make_beats("NNNVV", [1.0, 1.0, 1.0, 6.0])
    samples = good_signal(12)
    assert summarise(beats, FS, samples.size, samples=samples).longest_pause.duration_s == 6
    samples[5 * FS : 9 * FS] = -32768
    summary = summarise(beats, FS, samples.size, samples=samples)
    assert summary.longest_pause.duration_s == 1
    assert summary.couplets["V"] == 0
    assert summary.quality.lead_off_s == 4
    assert summary.quality.usable_time == pytest.approx(8 / 12)


def test_without_the_samples_flags_tell_gaps():
    beats = make_beats("NNNN", [1.0, 5.0, 1.0])
    assert summarise(beats, FS, 10 * FS).longest_pause.duration_s == 5
    beats["flags"][2] = FLAG_LEAD_OFF
    assert summarise(beats, FS, 10 * FS).longest_pause.duration_s == 1
    beats["flags"][0] = FLAG_NOISY
    quality = summarise(beats, FS, 10 * FS).quality
    assert (quality.usable_beats, quality.noisy_beats, quality.undecided_beats) == (0.5, 1, 0)
    beats["flags"][1] = FLAG_UNDECIDED
    quality = summarise(beats, FS, 10 * FS).quality
    assert (quality.usable_beats, quality.undecided_beats) == (0.25, 1)


@pytest.mark.parametrize("n", [0, 1, 2, 8])
def test_few_beats_give_no_least_and_greatest_rate(n):
    summary = summarise(make_beats("N" * n), FS, 20 * FS)
    assert summary.beats == n
    assert (summary.heart_rate.mean_bpm is None) == (n < 2)
    assert summary.heart_rate.min_bpm is None
    assert (summary.longest_pause is None) == (n < 2)
    print_summary(summary, Console(file=io.StringIO()))


letters = st.text("NSVF", max_size=60)


@given(letters, st.sampled_from("VS"), st.data())
def test_runs_are_what_a_regular_expression_finds(text, letter, data):
    joined = np.array(data.draw(st.lists(st.booleans(), min_size=len(text), max_size=len(text))), bool)
    # A gap is written as a dash before the beat.
    dashed = "".join(
        x if ok or i == 0 else "-" + x for i, (x, ok) in enumerate(zip(text, joined, strict=True))
    )
    expected = [len(m[0]) for m in re.finditer(f"{letter}{{2,}}", dashed)]
    found = runs_of(text, letter, joined)
    assert [p.ectopic_beats for p in found] == expected
    for p in found:
        assert text[p.first : p.last + 1] == letter * p.ectopic_beats
        assert p.kind == ("couplet" if p.ectopic_beats == 2 else "run")


@given(letters, st.sampled_from([1, 2]))
def test_alternations_are_what_a_regular_expression_finds(text, normal_beats):
    expected = [m.span() for m in re.finditer(f"(?:[NS]{{{normal_beats}}}V){{3,}}", text)]
    found = alternations(text, np.ones(len(text), bool), normal_beats)
    assert [(p.first, p.last + 1) for p in found] == expected


@given(
    st.lists(st.integers(60, 900), min_size=1, max_size=40),
    st.sets(st.integers(1, 40), max_size=4),
)
def test_heart_rate_by_brute_force(rr, gaps):
    at = np.cumsum([0, *rr])
    joined = np.array([i not in gaps and i > 0 for i in range(len(at))])
    known = [r for i, r in enumerate(rr, 1) if joined[i]]
    means = [sum(rr[i : i + 8]) / 8 for i in range(len(rr) - 7) if joined[i + 1 : i + 9].all()]
    rate = heart_rate(at, joined, FS)
    assert rate.mean_bpm == (pytest.approx(60 * FS * len(known) / sum(known)) if known else None)
    assert rate.min_bpm == (pytest.approx(60 * FS / max(means)) if means else None)
    assert rate.max_bpm == (pytest.approx(60 * FS / min(means)) if means else None)


RAILS = (-3000, 6400)

pieces = st.lists(
    st.tuples(
        st.sampled_from([0, 1, 7, -32768, RAILS[1], RAILS[0] - 5, RAILS[1] - 99]),
        st.sampled_from([1, 3, FLAT_SAMPLES - 1, FLAT_SAMPLES, FLAT_SAMPLES + 1, 2 * FLAT_SAMPLES]),
    ),
    max_size=6,
)


@given(pieces)
def test_quality_by_walking_through_the_samples(parts):
    samples = np.concatenate([np.zeros(0), *(np.full(n, v) for v, n in parts)]).astype(np.int16)
    quality = judge(samples, FS, RAILS)
    beyond = (samples >= RAILS[1]) | (samples <= RAILS[0])
    assert np.array_equal(quality.saturated, (samples != -32768) & beyond)
    assert np.all(quality.lead_off[samples == -32768])
    others = quality.lead_off & (samples != -32768)
    for first, stop in spans(others):
        assert stop - first > FLAT_SAMPLES
    # Any window of one value, longer than the bound and not at the rails, is flat.
    begin = 0
    for value, n in parts:
        if n > FLAT_SAMPLES and value not in (-32768, RAILS[1], RAILS[0] - 5):
            assert np.all(quality.lead_off[begin : begin + n])
        begin += n


def test_agreement_counts_missed_and_false_beats():
    beats = make_beats("NNVNS")
    reference = Reference(
        np.concatenate([beats["r_sample"][[0, 1, 2]].astype(np.int64) + 10, [6 * FS]]), np.array(list("NVVN"))
    )
    agreement = summarise(beats, FS, 10 * FS, reference).agreement
    assert (agreement.reference_beats, agreement.matched) == (4, 3)
    assert (agreement.missed, agreement.false_beats) == (1, 2)
    assert agreement.qrs.sensitivity == pytest.approx(3 / 4)
    assert agreement.qrs.positive_predictivity == pytest.approx(3 / 5)
    assert (agreement.veb.tp, agreement.veb.fn, agreement.veb.fp) == (1, 1, 0)
    assert agreement.sveb.sensitivity is None


def test_escape_beats_count_as_normal_as_in_training():
    beats = make_beats("NN")
    reference = Reference(beats["r_sample"].astype(np.int64), np.array(["j", "e"]))
    assert summarise(beats, FS, 5 * FS, reference).agreement.matrix[0][0] == 2


def test_a_summary_is_plain_enough_for_json():
    beats = make_beats("NNNVVVNNNSN" * 2)
    reference = Reference(beats["r_sample"].astype(np.int64), np.array(["N"] * len(beats)))
    summary = summarise(beats, FS, 60 * FS, reference, samples=good_signal(60))
    again = json.loads(json.dumps(dataclasses.asdict(summary), allow_nan=False))
    assert again["counts"]["V"] == 6
    assert again["episodes"][0]["kind"] == "run"


@pytest.mark.parametrize("width", [80, 100])
def test_tables_fit_and_say_what_matters(width):
    beats = make_beats("NNNNVVVVNNNSNNNNNNNVVNNN", 0.8)
    reference = Reference(beats["r_sample"].astype(np.int64), np.array(["N"] * len(beats)))
    summary = summarise(beats, FS, 30 * FS, reference, samples=good_signal(30))
    text = io.StringIO()
    print_summary(summary, Console(file=text, width=width))
    shown = text.getvalue()
    assert max(len(line) for line in shown.splitlines()) <= width
    for words in (
        "N 17",
        "V 6",
        "1 couplet, 1 run",
        "4 beats at 75/min",
        "not a medical device",
        "24 reference",
    ):
        assert words in shown


def test_arguments_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="positive"):
        summarise(make_beats("N"), 0, 10)
    with pytest.raises(ValueError, match="5 samples given, 10 said"):
        summarise(make_beats("N"), FS, 10, samples=np.zeros(5, np.int16))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0:00.0"), (59.96, "1:00.0"), (61.23, "1:01.2"), (3600, "1:00:00"), (4000, "1:06:40")],
)
def test_clock(seconds, text):
    assert clock(seconds) == text
