"""``bitbeat explain``. Oracles: the beats of the reference chain on the embedded example, annotations that
the tests add or move, the drawn page's own texts and axes, and the shell."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.image import imread

from host_tools.beats import CLASS_NAMES, FLAG_BROAD_RUN
from host_tools.build import ROOT
from host_tools.errors import UserError
from host_tools.example import example_record
from host_tools.explain.case import Case, explain_beat
from host_tools.explain.facts import case_json, firmware_lines, headline, lead_line, verdict
from host_tools.explain.features import Feature, feature_list
from host_tools.explain.network import kernels_compiled
from host_tools.explain.occlusion import Brought, Inputs, blank, occlude, usual
from host_tools.plots import explanation
from host_tools.plots.explanation import STRIP_S, plot_explanation
from host_tools.plots.paper import DPI, MARGIN_MM, MM_PER_INCH, MM_PER_S
from host_tools.plots.rhythm_panel import features_height_mm
from host_tools.records import EcgRecord, Reference, read_record
from host_tools.reference import params
from host_tools.reference.run import run_record
from host_tools.written import LIST_NAME


@pytest.fixture(scope="module")
def record(tmp_path_factory) -> EcgRecord:
    folder = tmp_path_factory.mktemp("example")
    return read_record(example_record().write_wfdb(folder, "example"))


@pytest.fixture(scope="module")
def case(record) -> Case:
    """The couplet's first V beat or whichever V beat comes first after it."""
    reference = record.reference
    wanted = reference.samples[(reference.labels == "V") & (reference.samples > 90 * 360)][0]
    return explain_beat(record, int(wanted))


def test_the_case_is_the_reference_s_beat(record, case):
    result = run_record(record.samples, trace=True)
    beat = result.beats[case.index]
    assert case.sample == int(beat["r_sample"]) - params.DELAY_SAMPLES
    assert case.logits.tolist() == beat["logits"].tolist()
    assert (case.answer, case.reference) == ("V", "V")
    window = result.trace["window"][case.index] / (params.ADU_PER_MV << params.FILTERED_FRAC_BITS)
    assert np.allclose(case.window_mv, window - window.mean(), atol=0.002)
    # One step of the input is a sixteenth of the template's standard deviation.
    in_mv = case.inputs.beat[:, 0] * case.sd_mv / (1 << params.INPUT_FRAC_BITS)
    inside = np.abs(case.inputs.beat[:, 0].astype(int)) < 127
    assert np.abs(in_mv - case.window_mv)[inside].max() < 0.8 * case.sd_mv / (1 << params.INPUT_FRAC_BITS)


def test_context_are_the_neighbours_in_order(case):
    offsets = [beat.offset for beat in case.context]
    assert offsets == list(range(offsets[0], offsets[-1] + 1))
    (own,) = (beat for beat in case.context if beat.row == case.own_row)
    assert (own.offset, own.sample) == (0, case.sample)
    before = next(beat for beat in case.context if beat.offset == -1)
    assert own.rr_ms == pytest.approx((own.sample - before.sample) * 1000 / 360)


def test_json_says_everything(case):
    value = json.loads(json.dumps(case_json(case), allow_nan=False))
    assert value["class"] == "V"
    assert sum(value["softmax"].values()) == pytest.approx(1, abs=1e-4)
    assert value["lead_steps"] == max(value["logits"].values()) - value["logits"][value["second"]]
    rows, features = case.inputs.rhythm.shape
    for how in ("blank", "usual"):
        found = value["occlusion"][how]
        sizes = [len(found[part]["steps"]) for part in ("stretches", "features", "rows")]
        assert sizes == [params.WINDOW_SAMPLES, features, rows]
        assert set(found["streams"]) == {"shape", "rhythm", "both"}
    assert len(value["rhythm"]["features"]) == features == params.RHYTHM_FEATURES
    assert "0x" not in value["model_hash"]


def test_every_feature_has_a_name_and_a_meaning():
    found = feature_list(params.RHYTHM_FEATURES)
    assert len({feature.name for feature in found}) == params.RHYTHM_FEATURES
    assert all(feature.meaning for feature in found), [f.name for f in found if not f.meaning]


def test_picture(case, tmp_path):
    first, second = (plot_explanation(case, tmp_path / name) for name in ("a/x.png", "y.png"))
    width_mm = STRIP_S * MM_PER_S + 2 * MARGIN_MM
    assert imread(first).shape[1] == pytest.approx(width_mm / MM_PER_INCH * DPI, abs=1)
    assert first.read_bytes() == second.read_bytes()
    assert "sample" in headline(case)
    assert "annotators: V" in verdict(case)


@pytest.mark.parametrize("features", [17, 80])
def test_any_number_of_rows_and_features(case, tmp_path, features):
    """A page for a network with context over beats: longer by its features, its rows under their beats."""
    rows, after = 9, 2
    rng = np.random.default_rng(5)
    inputs = Inputs(case.inputs.beat, rng.integers(-50, 50, (rows, features)).astype(np.int8))
    weights = rng.normal(0, 0.1, (rows * features, 4))

    def network(beat, rhythm):
        flat = rhythm.reshape(len(rhythm), -1)
        return np.clip(np.rint(flat @ weights), -128, 127).astype(np.int8)

    wide = replace(
        case,
        inputs=inputs,
        own_row=after,
        features=tuple(Feature(f"f{k}", "a meaning", str) for k in range(features)),
        context=tuple(
            replace(b, row=after - b.offset if -(rows - 1 - after) <= b.offset <= after else None)
            for b in case.context
        ),
        blank=occlude(network, inputs, blank(inputs)),
        usual=occlude(network, inputs, usual(inputs, inputs.rhythm[-1])),
    )
    more_mm = features_height_mm(wide) - features_height_mm(case)
    assert abs(more_mm) > 5
    shapes = [imread(plot_explanation(c, tmp_path / "p.png")).shape for c in (case, wide)]
    assert shapes[1][0] - shapes[0][0] == pytest.approx(more_mm / MM_PER_INCH * DPI, abs=2)
    assert len(case_json(wide)["occlusion"]["blank"]["rows"]["steps"]) == rows


def test_the_nearest_beat_is_taken_within_the_match_window(record, case):
    assert explain_beat(record, case.sample + 54).index == case.index
    with pytest.raises(UserError, match=r"no beat within 150 ms of sample 1800; the nearest: \d+ and \d+$"):
        explain_beat(replace(_silent_in_the_middle(record), reference=None), 1800)


@pytest.mark.parametrize("fs_hz", [128.0, 360.0])
def test_a_missed_beat_is_named_as_such(tmp_path, fs_hz):
    """An annotation in a silent stretch, given by its sample in the file: no answer, but whose beat it is."""
    silent = _silent_in_the_middle(read_record(example_record(fs_hz).write_wfdb(tmp_path, "r")))
    silent = replace(silent, reference=Reference(np.array([1000, 1800]), np.array(["N", "V"])))
    sample = round(1800 * fs_hz / 360)
    line = rf"the annotators have a beat \(V\) at sample {sample}, which BitBeat missed: .*: \d+ and \d+$"
    for wanted in (sample, sample + round(0.1 * fs_hz)):
        with pytest.raises(UserError, match=line):
            explain_beat(silent, wanted)
    with pytest.raises(UserError, match="no beat within 150 ms"):
        explain_beat(replace(silent, reference=Reference(np.array([1000]), np.array(["N"]))), sample)


def test_a_beat_that_was_found_is_not_called_missed(record):
    """The device's beat, its annotation 100 ms later, and 100 ms after that what is asked for."""
    silent = _silent_in_the_middle(record)
    found = int(run_record(silent.samples).beats["r_sample"][-1]) - params.DELAY_SAMPLES
    silent = replace(silent, reference=Reference(np.array([found + 36]), np.array(["N"])))
    with pytest.raises(UserError, match="no beat within 150 ms"):
        explain_beat(silent, found + 72)


def test_times_are_named_as_they_were_given(record):
    with pytest.raises(UserError, match=r"--beat 99:00 is outside samples 0 to \d+ \(the last at 4:00.0\)$"):
        explain_beat(record, 99 * 60 * 360, "99:00")
    with pytest.raises(UserError, match=r"150 ms of 0:05 \(sample 1800\); the nearest"):
        explain_beat(replace(_silent_in_the_middle(record), reference=None), 1800, "0:05")


def _silent_in_the_middle(record: EcgRecord) -> EcgRecord:
    samples = record.samples[:3600].copy()
    samples[1440:2160] = 0
    return replace(record, samples=samples, stop=round(3600 * record.fs_hz / 360))


def drawn(case: Case, monkeypatch: pytest.MonkeyPatch) -> Figure:
    """The page as a figure."""
    pages: list[Figure] = []

    def keep(figure: Figure, path: Path) -> Path:
        pages.append(figure)
        return path

    with monkeypatch.context() as patch:
        patch.setattr(explanation, "save", keep)
        plot_explanation(case, "x.png")
    pages[0].canvas.draw()
    return pages[0]


def every_part_changes_the_answer(case: Case) -> Case:
    """The case, with a letter wherever there may be one."""
    other = (int(case.beat["aami_class"]) + 1) % 4
    parts = {
        name: Brought(found.lead, np.full_like(found.answer, other))
        for name, found in vars(case.blank).items()
    }
    return replace(case, blank=replace(case.blank, **parts))


def test_nothing_is_written_over_the_page_s_edge(case, monkeypatch):
    worst = every_part_changes_the_answer(case)
    beats = case.beats.copy()
    beats["flags"][case.index] = 0x1F
    worst = replace(worst, beats=beats, record=replace(case.record, name="a_long_name_" * 8), reference="S")
    figure = drawn(worst, monkeypatch)
    margin = MARGIN_MM / MM_PER_INCH * DPI - 2
    for text in figure.texts:
        box = text.get_window_extent()
        assert margin <= box.x0, text.get_text()
        assert box.x1 <= figure.bbox.x1 - margin, text.get_text()


def test_texts_and_panels_keep_apart(case, monkeypatch):
    """No text of the page lies over another or inside of axes: the columns are full."""
    figure = drawn(case, monkeypatch)
    boxes = [
        (text.get_text(), text.get_window_extent().padded(-1)) for text in figure.texts if text.get_text()
    ]
    for i, (name, box) in enumerate(boxes):
        assert not [other for other, taken in boxes[:i] if box.overlaps(taken)], name
        assert not [axes for axes in figure.axes if axes.bbox.padded(-1).overlaps(box)], name


def test_the_strip_says_its_scale_and_time(case, monkeypatch):
    """The printed scale is that of the drawn axes, in millimetres of the page."""
    figure = drawn(case, monkeypatch)
    strip = figure.axes[0]
    (line,) = (t.get_text() for t in figure.texts if "mm/mV" in t.get_text())
    minute, second, mm_per_s, mm_per_mv = map(
        float, re.match(r"(\d+):(\d\d\.\d) – .* (\d+) mm/s, (\d+) mm/mV$", line).groups()
    )
    width_s, height_mv = (np.ptp(limits) for limits in (strip.get_xlim(), strip.get_ylim()))
    assert strip.bbox.width / DPI * MM_PER_INCH / width_s == pytest.approx(mm_per_s, rel=1e-3)
    assert strip.bbox.height / DPI * MM_PER_INCH / height_mv == pytest.approx(mm_per_mv, rel=1e-3)
    assert 60 * minute + second == pytest.approx(strip.get_xlim()[0], abs=0.051)
    assert 60 * minute + second == pytest.approx(case.sample / 360 - STRIP_S / 2, abs=0.06)


def test_the_beat_is_on_the_strip_in_bad_signal(record, case, monkeypatch):
    """All around the beat's window the signal lies 12 mV higher; before that the lead is off."""
    samples = record.samples + np.int16(12 * params.ADU_PER_MV)
    own = slice(case.sample - 110, case.sample + 180)
    samples[own] = record.samples[own]
    samples[case.sample - 1300 : case.sample - 400] = 0
    strip = drawn(replace(case, record=replace(record, samples=samples)), monkeypatch).axes[0]
    low, high = strip.get_ylim()
    mv = record.samples[own] / params.ADU_PER_MV
    assert low < mv.min() < mv.max() < high


def test_steps_are_whole_numbers(case, monkeypatch):
    """Also of few steps: ticks at whole ones, and as these written."""
    few = {name: Brought(np.sign(found.lead), found.answer) for name, found in vars(case.blank).items()}
    for one in (case, replace(case, blank=replace(case.blank, **few))):
        figure = drawn(one, monkeypatch)
        axes = [a.yaxis for a in figure.axes if a.get_ylabel() == "steps"]
        axes += [a.xaxis for a in figure.axes if a.get_xlabel() == "steps"]
        assert len(axes) == 3
        for axis in axes:
            assert len(axis.get_majorticklocs()) > 1
            assert all(tick == int(tick) for tick in axis.get_majorticklocs())
            assert not [label for label in axis.get_majorticklabels() if "." in label.get_text()]


def test_bars_of_the_streams_are_not_said_to_add_up(case, monkeypatch):
    texts = [text.get_text() for text in drawn(case, monkeypatch).texts]
    assert lead_line(case) in texts
    assert any("shrinks without that stream" in text for text in texts)
    assert not any("brought by" in text for text in texts)


def test_a_class_given_by_rule_is_said(case, monkeypatch):
    """In a run of broad beats the device says V whatever the network says: its lead is another class's."""
    beats = case.beats.copy()
    beats["logits"][case.index] = (20, -90, 5, -60)
    beats["aami_class"][case.index] = CLASS_NAMES.index("V")
    beats["flags"][case.index] = FLAG_BROAD_RUN
    ruled = replace(case, beats=beats)
    line = "V by rule; the network gave N, by 15 steps"
    assert lead_line(ruled) == line
    assert verdict(ruled).endswith("flags: run of broad beats")
    figure = drawn(ruled, monkeypatch)
    (text,) = (t for t in figure.texts if t.get_text() == line)
    assert text.get_window_extent().x1 <= figure.bbox.x1 - MARGIN_MM / MM_PER_INCH * DPI + 2


def test_first_and_last_beat_have_one_neighbour(record, case, monkeypatch):
    """What the chain puts in place of an interval that does not exist is not shown as measured."""
    first, last = (explain_beat(record, int(case.beats["r_sample"][k])) for k in (0, -1))
    for one, before, after in ((first, False, True), (case, True, True), (last, True, False)):
        facts = dict(firmware_lines(one))
        assert facts["RR before"].startswith("none; the chain takes") != before
        assert facts["RR after"].startswith("none; the chain takes") != after
        value = case_json(one)
        assert (value["rr_prev_measured"], value["rr_next_measured"]) == (before, after)
    taken = int(first.beat["rr_prev_samples"])
    assert dict(firmware_lines(first))["RR before"] == f"none; the chain takes {taken} samples at 360 Hz"
    assert first.context[0].rr_ms is None
    assert all(beat.rr_ms for beat in [*first.context[1:], *case.context, *last.context])
    tachogram = next(a for a in drawn(first, monkeypatch).axes if a.get_ylabel() == "RR before, ms")
    assert 0.0 not in [line.get_xdata()[0] for line in tachogram.lines if line.get_marker() == "o"]
    assert "N\nno RR" in [text.get_text() for text in tachogram.texts]


def test_a_record_of_one_beat(record, case, tmp_path):
    alone = replace(case, beats=case.beats[case.index : case.index + 1], index=0)
    alone = replace(alone, context=(replace(case.context[0], offset=0, row=case.own_row, rr_ms=None),))
    assert plot_explanation(alone, tmp_path / "x.png").is_file()


def test_intervals_at_the_chain_s_limits_are_at_least_that_long(record, case):
    beats = case.beats.copy()
    beats["rr_next_samples"][case.index] = params.RR_BOUND_SAMPLES
    facts = dict(firmware_lines(replace(case, beats=beats)))
    assert facts["RR after"] == f"at least {params.RR_BOUND_SAMPLES} samples at 360 Hz"
    assert "at least" not in facts["RR before"]


def test_letters_of_the_last_beat_are_in_its_frame(record, case, monkeypatch):
    """The record cut just behind an R peak: BitBeat's letter and the annotators' are both there."""
    at = int(case.beats["r_sample"][60])
    stop = at + params.DELAY_SAMPLES + 10
    reference = record.reference
    kept = Reference(reference.samples[reference.samples < stop], reference.labels[reference.samples < stop])
    cut = replace(record, samples=record.samples[:stop], stop=stop, reference=kept)
    last = explain_beat(cut, at)
    assert last.index == len(last.beats) - 1
    strip = drawn(last, monkeypatch).axes[0]
    frame = strip.patches[-1].get_bbox()
    assert frame.x1 < strip.get_xlim()[1]
    found = [t.get_text() for t in strip.texts if frame.x0 <= t.get_position()[0] <= frame.x1]
    assert found == [last.answer, last.reference]


def test_flutter_is_called_flutter(record, case, monkeypatch):
    """The annotators bracket ventricular flutter around the beat and annotate no beats inside."""
    at = case.sample
    around = Reference(np.array([at - 900, at + 900]), np.array(["[", "]"]))
    found = explain_beat(replace(record, reference=around), at)
    assert "annotators: ventricular flutter" in verdict(found)
    assert case_json(found)["reference_flutter"]
    strip = drawn(found, monkeypatch).axes[0]
    assert "ventricular flutter" in [text.get_text() for text in strip.texts]
    behind = Reference(np.array([at + 900, at + 1800]), np.array(["[", "]"]))
    assert "annotators: no beat here" in verdict(explain_beat(replace(record, reference=behind), at))
    assert "annotators: V" in verdict(case)


@pytest.mark.parametrize("compiled", [False, True])
def test_compiling_is_announced(record, case, tmp_path, monkeypatch, compiled):
    """One line where numba's cache does not hold both entries; its files are named after the functions."""
    import host_tools.explain.network as module

    monkeypatch.setattr(module, "PLAIN", False)
    assert kernels_compiled() or module.CACHE_DIR == ""
    monkeypatch.setattr(module, "CACHE_DIR", str(tmp_path))
    if compiled:
        for name in ("reference_1/run._run_detected-1.py3.nbi", "explain_2/network._run-2.py3.nbi"):
            (tmp_path / name).parent.mkdir()
            (tmp_path / name).touch()
    said: list[str] = []
    explain_beat(record, case.sample, say=said.append)
    assert len(said) == (not compiled)
    with pytest.raises(UserError):
        explain_beat(record, 10**9, say=said.append)
    assert len(said) == (not compiled)


def bitbeat(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "host_tools.cli.main", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_command(record, case, tmp_path):
    out = tmp_path / "beat.png"
    done = bitbeat("explain", record.path, "--beat", case.sample, "--out", out, "--json")
    assert done.returncode == 0, done.stderr
    assert f"sample {case.sample}" in done.stdout
    assert json.loads(out.with_suffix(".json").read_text())["sample"] == case.sample
    assert sorted(p.name for p in tmp_path.iterdir()) == [LIST_NAME, "beat.json", "beat.png"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--beat", "99999999"), "outside samples 0 to"),
        (("--beat", "x"), "a time is seconds"),
        ((), "give the beat"),
        (("--beat", "900", "--out", "x.pdf"), ".png or .svg"),
    ],
)
def test_bad_usage_is_one_line(record: EcgRecord, arguments: tuple[str, ...], words: str) -> None:
    done = bitbeat("explain", record.path, *arguments)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("bitbeat: ")
    assert words in line


@pytest.mark.usefixtures("case")  # which compiles what would be announced
def test_a_beat_that_is_not_there_is_one_line(record: EcgRecord, tmp_path: Path) -> None:
    done = bitbeat("explain", record.path, "--beat", 177 * 360, "--out", tmp_path / "x.png")
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "no beat within 150 ms" in line or "BitBeat missed" in line
    assert not list(tmp_path.iterdir())
