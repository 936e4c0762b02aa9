"""``bitbeat explain``. Oracles: the beats of the reference chain on the embedded example, and the shell."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from host_tools.build import ROOT
from host_tools.errors import UserError
from host_tools.example import example_record
from host_tools.explain.case import Case, explain_beat
from host_tools.explain.facts import case_json, headline, verdict
from host_tools.explain.features import Feature, feature_list
from host_tools.explain.occlusion import Inputs, blank, occlude, usual
from host_tools.plots.explanation import STRIP_S, plot_explanation
from host_tools.plots.paper import DPI, MARGIN_MM, MM_PER_INCH, MM_PER_S
from host_tools.plots.rhythm_panel import features_height_mm
from host_tools.records import EcgRecord, read_record
from host_tools.reference import params
from host_tools.reference.run import run_record


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
        explain_beat(_silent_in_the_middle(record), 1800)


def _silent_in_the_middle(record: EcgRecord) -> EcgRecord:
    samples = record.samples[:3600].copy()
    samples[1440:2160] = 0
    return replace(record, samples=samples, stop=3600)


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
    assert sorted(p.name for p in tmp_path.iterdir()) == ["beat.json", "beat.png"]


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


def test_a_beat_that_is_not_there_is_one_line(record: EcgRecord, tmp_path: Path) -> None:
    done = bitbeat("explain", record.path, "--beat", 177 * 360, "--out", tmp_path / "x.png")
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "no beat within 150 ms" in line
    assert not list(tmp_path.iterdir())
