"""Oracles: networks whose sight is known by construction; the real one, on inputs changed by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from host_tools.explain.network import run_network, softmax_shares
from host_tools.explain.occlusion import STRETCH_GRID, Inputs, blank, lead_of, occlude, usual
from host_tools.reference.beat import beat_confidence_q8
from host_tools.reference.params import BEAT_CHANNELS, WINDOW_SAMPLES
from host_tools.reference.run import RecordResult, run_record

shapes = st.tuples(st.integers(1, 6), st.integers(1, 9))


def some_inputs(seed: int, rows: int, features: int) -> Inputs:
    rng = np.random.default_rng(seed)
    beat = rng.integers(-64, 64, (WINDOW_SAMPLES, BEAT_CHANNELS))
    return Inputs(beat.astype(np.int8), rng.integers(-128, 128, (rows, features)).astype(np.int8))


@given(st.integers(0, 1000), shapes, st.integers(0, WINDOW_SAMPLES - 1), st.data())
def test_what_the_network_cannot_see_brings_nothing(seed, shape, seen, data):
    """The network: its lead is one sample of the window plus one cell of the rhythm input."""
    inputs = some_inputs(seed, *shape)
    row, feature = data.draw(st.integers(0, shape[0] - 1)), data.draw(st.integers(0, shape[1] - 1))

    def network(beat, rhythm):
        logits = np.zeros((len(beat), 4), np.int8)
        logits[:, 2] = np.clip(beat[:, seen, 0] // 2 + rhythm[:, row, feature] // 4, -128, 127)
        logits[:, [0, 1, 3]] = -128
        return logits

    found = occlude(network, inputs, blank(inputs))
    sees = np.abs(np.arange(WINDOW_SAMPLES) - seen) <= STRETCH_GRID // 2
    assert np.array_equal(found.stretches.lead, np.where(sees, inputs.beat[seen, 0] // 2, 0))
    cell = inputs.rhythm[row, feature] // 4
    assert np.array_equal(found.features.lead, np.where(np.arange(shape[1]) == feature, cell, 0))
    assert np.array_equal(found.rows.lead, np.where(np.arange(shape[0]) == row, cell, 0))
    assert found.streams.lead.tolist() == [inputs.beat[seen, 0] // 2, cell, inputs.beat[seen, 0] // 2 + cell]


@pytest.fixture(scope="module")
def example() -> tuple[RecordResult, np.ndarray]:
    from host_tools.example import example_record
    from host_tools.explain.case import rhythm_rows

    result = run_record(example_record().samples)
    return result, rhythm_rows(result)


def test_the_network_is_the_chain_s_own(example):
    """On the inputs that the chain gave it, the logits are those of the beats; so is the confidence."""
    result, rhythm = example
    logits = run_network(result.beat_input, rhythm)
    assert np.array_equal(logits, result.beats["logits"])
    for beat in result.beats:
        winner = int(beat["aami_class"])
        share = softmax_shares(beat["logits"])[winner]
        best = int(np.argmax(beat["logits"]))
        assert abs(255 * share - beat_confidence_q8(beat["logits"], best, winner)) <= 0.5
        assert beat["confidence_q8"] == beat_confidence_q8(beat["logits"], best, winner)


@settings(max_examples=25)
@given(st.data())
def test_parts_of_the_real_network(example, data):
    """Each figure is the lead with everything minus the lead on inputs changed by hand."""
    result, rhythm = example
    i = data.draw(st.integers(0, len(result.beats) - 1))
    inputs = Inputs(result.beat_input[i], rhythm[i])
    median_row = rhythm[data.draw(st.integers(0, len(rhythm) - 1)), -1]
    neutral = data.draw(st.sampled_from([blank(inputs), usual(inputs, median_row)]))
    found = occlude(run_network, inputs, neutral)
    winner = int(result.beats["aami_class"][i])
    whole = lead_of(result.beats["logits"][i : i + 1], winner)[0]

    def lead(beat, rows):
        logits = run_network(beat[np.newaxis], rows[np.newaxis])
        return lead_of(logits, winner)[0], int(np.argmax(logits[0]))

    k = data.draw(st.integers(0, WINDOW_SAMPLES - 1))
    beat = inputs.beat.copy()
    beat[max(k - 3, 0) : k + 4] = neutral.beat[max(k - 3, 0) : k + 4]
    left, answer = lead(beat, inputs.rhythm)
    assert (found.stretches.lead[k], found.stretches.answer[k]) == (whole - left, answer)
    f = data.draw(st.integers(0, rhythm.shape[2] - 1))
    rows = inputs.rhythm.copy()
    rows[:, f] = neutral.rhythm[:, f]
    assert found.features.lead[f] == whole - lead(inputs.beat, rows)[0]
    assert found.streams.lead[2] == whole - lead(neutral.beat, neutral.rhythm)[0]


def test_occluding_everything_is_the_network_on_neutral_inputs(example):
    result, rhythm = example
    inputs = Inputs(result.beat_input[40], rhythm[40])
    winner = int(result.beats["aami_class"][40])
    zeros = np.zeros_like(inputs.beat), np.zeros_like(inputs.rhythm)
    expected = lead_of(run_network(zeros[0][np.newaxis], zeros[1][np.newaxis]), winner)[0]
    whole = lead_of(result.beats["logits"][40:41], winner)[0]
    assert occlude(run_network, inputs, blank(inputs)).streams.lead[2] == whole - expected


def test_the_usual_beat_is_the_template(example):
    """Window minus difference is the template on the network's scale, and no difference is left."""
    result, rhythm = example
    inputs = Inputs(result.beat_input[40], rhythm[40])
    neutral = usual(inputs, rhythm[40, -1])
    assert not neutral.beat[:, 1].any()
    again = Inputs(neutral.beat, neutral.rhythm)
    assert np.array_equal(usual(again, rhythm[40, -1]).beat, neutral.beat)
    # A beat that has become its template brings nothing against it.
    assert not occlude(run_network, again, usual(again, rhythm[40, -1])).stretches.lead.any()


def test_lead_is_over_the_best_of_the_others():
    logits = np.array([[5, 1, 9, 7], [127, -128, -128, 0]], np.int8)
    assert lead_of(logits, 2).tolist() == [2, -255]
