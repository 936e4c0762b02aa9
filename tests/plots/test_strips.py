"""Oracle: the pictures' own pixels (paper, size, colours of the classes), beats laid out by hand for the
choice of strips, and equality of two runs."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.image import imread

from host_tools.beats import BEAT_DTYPE, CLASS_NAMES, FLAG_NOISY
from host_tools.errors import UserError
from host_tools.example import example_record
from host_tools.plots import StripEvent, choose_strips, find_events, plot_strips
from host_tools.plots.events import PRIORITY
from host_tools.plots.paper import CLASS_COLOURS, DPI, MM_PER_INCH, MM_PER_S
from host_tools.records import Reference
from host_tools.simulator.simulate import RAIL_ADU


@pytest.fixture(scope="module")
def example():
    simulation = example_record()
    beats = np.zeros(len(simulation.r_samples), BEAT_DTYPE)
    beats["r_sample"] = simulation.r_samples
    beats["aami_class"] = [CLASS_NAMES.index(x) for x in simulation.labels]
    beats["confidence_q8"] = 255
    noisy = (simulation.r_samples > 208 * 360) & (simulation.r_samples < 216 * 360)
    beats["flags"][noisy] = FLAG_NOISY
    return simulation, beats


def _share(picture: np.ndarray, colour: str) -> float:
    """Share of the pixels that have just this colour."""
    rgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)])
    return float(np.mean(np.all(np.rint(picture[..., :3] * 255).astype(int) == rgb, axis=-1)))


def test_every_episode_of_the_example_is_an_event(example):
    simulation, beats = example
    found = find_events(beats, 360, simulation.samples, rails=(-RAIL_ADU, RAIL_ADU))
    kinds = {e.kind for e in found}
    assert kinds >= {
        *("run of V", "couplet", "bigeminy", "PVC", "PAC", "fusion", "lead off", "saturated", "noise"),
    }
    assert kinds <= set(PRIORITY)
    (run,) = (e for e in found if e.kind == "run of V")
    (truth,) = (e for e in simulation.events if e.kind == "run")
    assert truth.start_sample / 360 < run.start_s < run.stop_s < truth.stop_sample / 360
    assert "6 V beats" in run.caption
    (off,) = (e for e in found if e.kind == "lead off")
    assert (off.start_s, off.stop_s) == (174, 181)


events = st.lists(
    st.builds(
        lambda kind, start, length: StripEvent(kind, kind, start, start + length),
        st.sampled_from(PRIORITY),
        st.floats(0, 290),
        st.floats(0, 9),
    ),
    max_size=30,
)


@given(events, st.integers(1, 8))
def test_strips_are_inside_in_order_and_apart(found, most):
    strips = choose_strips(sorted(found, key=lambda e: e.start_s), 300, 10, most)
    starts = [s.start_s for s in strips]
    assert 1 <= len(strips) <= most
    assert starts == sorted(starts)
    assert all(0 <= s <= 290 for s in starts)
    assert all(b - a >= 6 for a, b in pairwise(starts))
    if found:
        best = min(PRIORITY.index(e.kind) for e in found)
        assert any(
            e.start_s <= s + 10 and e.stop_s >= s for e in found if e.kind == PRIORITY[best] for s in starts
        )


def test_one_of_each_kind_before_the_second_of_any():
    found = [StripEvent("PVC", "V beat", t, t) for t in range(20, 200, 20)]
    found.append(StripEvent("saturated", "saturated for 2.0 s", 250, 252))
    captions = [s.caption for s in choose_strips(found, 300, 10, 3)]
    assert captions == ["V beat", "V beat", "saturated for 2.0 s"]


def test_captions_name_what_the_strip_shows():
    found = [
        StripEvent("PVC", "V beat", 50.0, 50.0),
        StripEvent("PVC", "V beat", 52.0, 52.0),
        StripEvent("pause", "pause of 2.00 s", 48.0, 50.0),
        StripEvent("pause", "pause of 2.50 s", 52.0, 54.5),
    ]
    (strip,) = choose_strips(found, 100, 10, 1)
    assert strip.caption == "2 V beats, pause of 2.50 s"
    (plain,) = choose_strips([], 100, 10, 4)
    assert (plain.start_s, plain.caption) == (45, "no event")


def test_picture_of_the_example(example, tmp_path):
    simulation, beats = example
    reference = Reference(simulation.r_samples, np.array(simulation.labels))
    first, second = tmp_path / "new" / "a.png", tmp_path / "b.png"
    path = plot_strips(simulation.samples, 360, beats, first, title="x", reference=reference)
    picture = imread(path)
    # To scale: ten seconds at 25 mm/s and two margins of 8 mm.
    assert picture.shape[1] == pytest.approx((10 * MM_PER_S + 16) / MM_PER_INCH * DPI, abs=1)
    for letter in "SVF":
        assert _share(picture, CLASS_COLOURS[letter]) > 1e-5
    again = plot_strips(simulation.samples, 360, beats, second, title="x", reference=reference)
    assert path.read_bytes() == again.read_bytes()
    shown = sorted(p.name for p in tmp_path.iterdir() if not p.name.startswith("."))
    assert shown == ["b.png", "new"]


def test_classes_that_do_not_occur_have_no_colour_on_the_strips(example, tmp_path):
    simulation, beats = example
    normal = beats.copy()
    normal["aami_class"] = 0
    path = plot_strips(simulation.samples, 360, normal, tmp_path / "n.png", max_strips=1)
    lower = imread(path)[350:]
    assert _share(lower, CLASS_COLOURS["V"]) == 0


@settings(max_examples=8)
@given(st.integers(0, 5000), st.integers(0, 6), st.sampled_from([128, 360, 1000]))
def test_any_recording_can_be_drawn(tmp_path_factory, n_samples, n_beats, fs_hz):
    rng = np.random.default_rng(n_samples)
    samples = rng.integers(-32768, 32768, n_samples).astype(np.int16)
    beats = np.zeros(min(n_beats, n_samples), BEAT_DTYPE)
    beats["r_sample"] = np.sort(rng.choice(max(n_samples, 1), len(beats), replace=False))
    beats["aami_class"] = rng.integers(0, 4, len(beats))
    path = plot_strips(samples, fs_hz, beats, tmp_path_factory.mktemp("any") / "p.png", max_strips=2)
    assert imread(path).shape[0] > 100


def test_a_folder_that_cannot_be_made_is_one_line(example, tmp_path):
    simulation, beats = example
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be written"):
        plot_strips(simulation.samples[:4000], 360, beats[:3], tmp_path / "file" / "p.png")
    with pytest.raises(UserError, match=r"\.png or \.svg"):
        plot_strips(simulation.samples[:4000], 360, beats[:3], tmp_path / "p.bmp")
