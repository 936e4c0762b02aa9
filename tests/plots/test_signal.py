"""Strips of signal. Oracles: recordings laid out by hand, whose samples say what must be visible, and the
drawn figure's own texts, lines and limits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.axes import Axes

from host_tools.beats import BEAT_DTYPE
from host_tools.plots.paper import MM_PER_MV, MM_PER_S, Page, new_figure
from host_tools.plots.signal import WINDOW_S, Recording, draw_signal, range_mv
from host_tools.records import Reference

FS = 360
ADU_PER_MV = 200


def recording(
    mv: np.ndarray,
    beats_s: tuple[float, ...] = (),
    reference: Reference | None = None,
    rails: tuple[int, int] | None = None,
) -> Recording:
    beats = np.zeros(len(beats_s), BEAT_DTYPE)
    beats["r_sample"] = np.rint(np.array(beats_s) * FS)
    beats["confidence_q8"] = 255
    samples = np.clip(np.rint(mv * ADU_PER_MV), -32768, 32767).astype(np.int16)
    return Recording(samples, FS, beats, ADU_PER_MV, reference, rails=rails)


def alternating(seconds: float, mv: float) -> np.ndarray:
    """A signal that is not flat, around ``mv``."""
    return mv + 0.1 * np.where(np.arange(round(seconds * FS)) % 2, 1.0, -1.0)


@settings(max_examples=40)
@given(st.lists(st.floats(-20, 20), min_size=16, max_size=16), st.floats(0.5, 7.5), st.floats(0.1, 5))
def test_the_beat_is_inside_whatever_the_rest_does(levels, beat_s, height):
    """Half seconds at any levels, the beat's own window around another one."""
    mv = np.concatenate([alternating(0.5, v) for v in levels])
    first, stop = (max(round((beat_s + s) * FS), 0) for s in (-WINDOW_S[0], WINDOW_S[1]))
    window = levels[0] + height * np.sin(np.arange(stop - first) / 9.0)
    mv[first:stop] = window[: len(mv[first:stop])]
    low, high = range_mv(recording(mv), 0.0, 8.0, beat_s=beat_s)
    shown = mv[first:stop]
    assert low <= shown.min() - 0.3
    assert high >= shown.max() + 0.6
    assert high - low <= max(6.0, np.ptp(shown) + 1.0) + 1.0
    assert (2 * low, 2 * high) == (round(2 * low), round(2 * high))


def test_of_a_beat_that_is_too_tall_the_r_peak_is_inside():
    mv = alternating(8, 0.0)
    mv[4 * FS - 40 : 4 * FS + 40] = np.linspace(-15, 15, 80)
    for beat_s in (3.9, 4.0, 4.1):
        low, high = range_mv(recording(mv), 0.0, 8.0, beat_s=beat_s)
        assert low < mv[round(beat_s * FS)] < high
        assert high - low <= 13


def test_most_of_the_rest_is_shown_beside_the_beat():
    """More of the strip lies above the beat than below: the range goes up, and not to the few below."""
    mv = np.concatenate([alternating(1, 0.0), alternating(2, -5.0), alternating(5, 4.0)])
    low, high = range_mv(recording(mv), 0.0, 8.0, beat_s=0.4)
    assert low <= -0.4
    assert high >= 4.1
    assert low > -3


def test_stretches_without_signal_do_not_count():
    """A flat line of five seconds at 8 mV, lead off, and a saturated one do not move the range."""
    mv = np.concatenate([np.full(5 * FS, 8.0), alternating(2, 0.0), np.full(FS, 40.0)])
    for beat_s in (None, 6.0):
        low, high = range_mv(recording(mv, rails=(-8000, 8000)), 0.0, 8.0, beat_s=beat_s)
        assert -2 <= low <= -0.4
        assert 0.7 <= high <= 2


def test_a_strip_without_any_signal_shows_its_line():
    low, high = range_mv(recording(np.full(8 * FS, 8.0)), 0.0, 8.0)
    assert low < 8 < high
    low, high = range_mv(recording(np.full(8 * FS, -32768 / ADU_PER_MV)), 0.0, 8.0)
    assert (low, high) == (-1.5, 1.5)


def strip(found: Recording, start_s: float, seconds: float = 8.0) -> Axes:
    page = Page(new_figure(seconds * MM_PER_S, 40.0), seconds * MM_PER_S, 40.0)
    axes = page.axes(0.0, 0.0, seconds * MM_PER_S, 4.0 * MM_PER_MV)
    draw_signal(axes, found, start_s, seconds, -2.0, 2.0)
    return axes


@pytest.mark.parametrize("at_s", [0.0, 0.01, 7.99])
def test_letters_of_beats_at_the_ends_are_whole(at_s):
    """BitBeat's and the annotators' letter of a beat at the very end of the recording."""
    at = round(at_s * FS)
    reference = Reference(np.array([at]), np.array(["V"]))
    axes = strip(recording(alternating(8, 0.0), (at_s,), reference), 0.0)
    found = {text.get_text(): text for text in axes.texts}
    assert set(found) == {"N", "V"}
    axes.figure.canvas.draw()
    for text in found.values():
        box = text.get_window_extent()
        assert axes.bbox.x0 <= box.x0
        assert box.x1 <= axes.bbox.x1
        assert abs(text.get_position()[0] - at_s) * MM_PER_S <= 2.1


def _flutter(begin_s: float, end_s: float) -> Reference:
    return Reference(np.rint(np.array([begin_s, end_s]) * FS).astype(np.int64), np.array(["[", "]"]))


@pytest.mark.parametrize(
    ("begin_s", "end_s", "ends", "words"),
    [
        (2.0, 6.0, (2.0, 6.0), ["ventricular flutter"]),
        (-3.0, 20.0, (0.0, 8.0), ["ventricular flutter"]),
        (7.4, 20.0, (7.4, 8.0), ["flutter"]),
        (7.8, 20.0, (7.8, 8.0), []),
        (9.0, 12.0, None, []),
    ],
)
def test_flutter_is_bracketed_where_the_strip_has_it(begin_s, end_s, ends, words):
    found = recording(alternating(40, 0.0), (), _flutter(10 + begin_s, 10 + end_s))
    axes = strip(found, 10.0)
    assert [text.get_text() for text in axes.texts] == words
    level = [line.get_xdata() for line in axes.lines if len(line.get_xdata()) == 2]
    lines = [x for x in level if x[0] != x[1]]
    assert len(lines) == (ends is not None)
    if ends is not None:
        assert lines[0] == pytest.approx([10 + t for t in ends], abs=2 / FS)
        inside = sum(0 <= t < 8 for t in (begin_s, end_s))
        assert sum(x[0] == x[1] for x in level) == inside


def test_flutter_that_is_not_closed_lasts_to_the_end():
    reference = Reference(np.array([2 * FS]), np.array(["["]))
    axes = strip(recording(alternating(8, 0.0), (), reference), 0.0)
    assert [text.get_text() for text in axes.texts] == ["ventricular flutter"]
