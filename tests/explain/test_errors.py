"""``bitbeat errors``. Oracles: :func:`pair_beats`' own matrix, records whose errors or annotations the tests
made, lines written by hand, and the drawn sheet's own texts."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import typer
import wfdb
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.image import imread
from typer.testing import CliRunner, Result

from host_tools.cli import explain as cli
from host_tools.ec57 import CLASSES
from host_tools.errors import UserError
from host_tools.example import example_record
from host_tools.explain.mistakes import (
    CELLS,
    NONE,
    Mistake,
    cell_counts,
    cell_name,
    counted,
    find_mistakes,
    mistakes_json,
    resolve_records,
    typical,
)
from host_tools.plots.contact_sheet import _caption, plot_contact_sheet
from host_tools.plots.paper import DPI, MM_PER_INCH, Page, new_figure
from host_tools.records import read_record
from training.datasets import DS1, DS2

app = typer.Typer(pretty_exceptions_enable=False)
cli.register(app)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Two records of different seeds."""
    path = tmp_path_factory.mktemp("records")
    for seed in (1, 2):
        example_record(360.0, seed).write_wfdb(path, f"r{seed}")
    return path


def assert_list_is_the_matrix(found) -> None:
    counts = cell_counts([found])
    for reference, answer in CELLS:
        cell = found.matrix[CLASSES.index(reference), CLASSES.index(answer)]
        assert counts[reference, answer] == cell, (reference, answer)
    assert sum(counts.values()) == len(found.mistakes)


def test_list_equals_the_matrix(folder):
    for name in resolve_records(str(folder)):
        found = find_mistakes(name, "0")
        assert len(found.mistakes) > 5
        assert_list_is_the_matrix(found)


@pytest.mark.needs_data("mitdb")
def test_list_equals_the_matrix_of_real_records():
    """207 has ventricular flutter, 203 missed beats of every class."""
    for name in ("203", "207"):
        found = find_mistakes(name)
        assert found.matrix[-1].sum() > 0
        assert_list_is_the_matrix(found)
        assert min(m.time_s for m in found.mistakes) > 299.8


def test_each_is_where_it_says(folder):
    """The sample is the annotation's where the beat was missed, the device's beat's otherwise."""
    found = find_mistakes(str(folder / "r1"), "0")
    reference = read_record(folder / "r1").reference
    for mistake in found.mistakes:
        if mistake.answer == "O":
            assert mistake.sample in reference.samples[reference.labels == mistake.reference]
        else:
            assert found.beats["r_sample"][mistake.index] == mistake.sample
            assert found.beats["confidence_q8"][mistake.index] == mistake.confidence_q8
        if mistake.reference != "O":
            near = np.abs(reference.samples - mistake.sample) <= 54
            assert mistake.reference in reference.labels[near]


mistakes = st.lists(
    st.builds(
        lambda record, sample, confidence: Mistake(record, sample, 0.0, "N", "S", confidence, 0, 100, 0),
        st.sampled_from("abcd"),
        st.integers(0, 10**6),
        st.integers(0, 255),
    ),
    max_size=40,
    unique_by=lambda m: (m.record, m.sample),
)


@given(mistakes, st.integers(1, 8), st.randoms())
def test_typical_ones_are_spread_and_always_the_same(found, count, random):
    chosen = typical(found, count)
    assert len(chosen) == min(count, len(found)) == len(set(chosen))
    shuffled = list(found)
    random.shuffle(shuffled)
    assert typical(shuffled, count) == chosen
    # No record has two before every record has one.
    per_record = Counter(m.record for m in chosen)
    if len({m.record for m in found}) >= count:
        assert set(per_record.values()) <= {1}
    if chosen:
        sizes = Counter(m.record for m in found)
        assert sizes[chosen[0].record] == max(sizes.values())
        middle = sorted((m.confidence_q8, m.sample) for m in found if m.record == chosen[0].record)
        assert (chosen[0].confidence_q8, chosen[0].sample) == middle[len(middle) // 2]


def test_sheet(folder, tmp_path):
    found = [find_mistakes(name, "0") for name in resolve_records(str(folder))]
    first, second = (plot_contact_sheet(found, tmp_path / name, per_cell=2) for name in ("a.png", "b.png"))
    assert first.read_bytes() == second.read_bytes()
    cells = sum(count > 0 for count in cell_counts(found).values())
    assert imread(first).shape[0] > 150 * cells
    nothing = plot_contact_sheet([], tmp_path / "none.png")
    assert imread(nothing).shape[0] > 100


def test_command_writes_what_it_prints(folder, tmp_path):
    done = CliRunner().invoke(
        app, ["errors", "--records", str(folder), "--out", str(tmp_path), "--start", "0"]
    )
    assert done.exit_code == 0, done.output
    value = json.loads((tmp_path / "errors.json").read_text())
    rows = list(csv.DictReader((tmp_path / "errors.csv").open()))
    assert len(rows) == len(value["errors"]) == sum(value["cells"].values())
    assert f"{len(rows)} errors" in done.output
    assert [int(row["sample"]) for row in rows] == [error["sample"] for error in value["errors"]]
    assert sum(r["errors"] for r in value["records"]) == len(rows)
    assert np.sum([r["matrix"] for r in value["records"]], axis=0).tolist() == value["matrix"]
    assert "test set" not in done.output


def test_records_by_name():
    assert resolve_records("DS1") == list(DS1)
    assert resolve_records("DS2") == list(DS2)
    assert resolve_records("100, 101") == ["100", "101"]
    with pytest.raises(UserError, match="DS1, DS2, a folder, or names"):
        resolve_records(",")


def test_what_cannot_be_compared_is_one_line(folder, tmp_path):
    with pytest.raises(UserError, match="no WFDB records"):
        resolve_records(str(tmp_path))
    simulation = example_record(360.0, 3)
    simulation.write_wfdb(tmp_path, "bare")
    (tmp_path / "bare.atr").unlink()
    with pytest.raises(UserError, match="no annotations"):
        find_mistakes(str(tmp_path / "bare"))


def test_a_damaged_record_stops_no_other(folder, tmp_path):
    """The rest is compared and written as if it were not there; the line and the exit code tell."""
    for seed in (1, 2):
        example_record(360.0, seed).write_wfdb(tmp_path / "records", f"r{seed}")
    example_record(360.0, 3).write_wfdb(tmp_path / "records", "r0")
    damaged = tmp_path / "records" / "r0.atr"
    damaged.write_bytes(damaged.read_bytes()[:-3])
    alone, beside = tmp_path / "alone", tmp_path / "beside"
    assert run("--records", folder, "--out", alone, "--start", "0").exit_code == 0
    done = run("--records", tmp_path / "records", "--out", beside, "--start", "0")
    assert isinstance(done.exception, UserError)
    assert str(done.exception).startswith(f"1 of 3 records left out: {damaged}: not a whole WFDB annotation")
    wanted, value = (json.loads((path / "errors.json").read_text()) for path in (alone, beside))
    assert value["matrix"] == wanted["matrix"]
    assert [entry["record"] for entry in value["left_out"]] == [str(tmp_path / "records" / "r0")]
    assert wanted["left_out"] == []
    assert (beside / "errors.png").is_file()


def test_nothing_to_compare_is_the_first_reason(tmp_path):
    done = run("--records", "nosuch1,nosuch2", "--out", tmp_path, "--start", "0")
    assert isinstance(done.exception, UserError)
    assert str(done.exception).startswith("nosuch1: no such record")
    assert not list(tmp_path.iterdir())


def test_the_test_set_is_named_as_such(monkeypatch, tmp_path):
    """Asking for DS2 prints one line about it before anything is read."""
    import host_tools.explain.mistakes as module

    def refuse(name: str, start: str) -> None:
        raise UserError("stop here")

    monkeypatch.setattr(module, "find_mistakes", refuse)
    done = CliRunner().invoke(app, ["errors", "--records", "DS2", "--out", str(tmp_path)])
    assert "DS2 is the test set" in done.output
    assert isinstance(done.exception, UserError)


def test_names_of_kinds():
    names = [cell_name(cell) for cell in CELLS]
    assert len(set(names)) == len(CELLS) == 12 + 5 + 4
    assert {"N→S", "V missed", "false S"} <= set(names)
    assert mistakes_json([], "0")["errors"] == []


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["errors", *map(str, arguments)])


@pytest.mark.parametrize("start", ["nan", "inf", "-5", "1e2", "soon", "", "5:"])
def test_a_start_that_is_no_time_is_one_line(tmp_path, start):
    """Refused before any record is looked for."""
    done = run("--records", "nosuch", "--out", tmp_path, "--start", start)
    assert isinstance(done.exception, UserError)
    assert str(done.exception).startswith(f"--start {start}: a time is seconds, mm:ss, hh:mm:ss, or s1234")
    assert not list(tmp_path.iterdir())


def test_a_start_behind_everything_is_one_line(folder, tmp_path):
    """The example lasts four minutes; its annotations are cut off after the first."""
    name = str(folder / "r1")
    with pytest.raises(UserError, match=r"r1: --start 99999 is not before the end \(240\.0 s\); --start 0"):
        find_mistakes(name, "99999")
    example_record(360.0, 4).write_wfdb(tmp_path, "r4")
    found = wfdb.rdann(str(tmp_path / "r4"), "atr")
    early = found.sample < 60 * 360
    symbols = [s for s, keep in zip(found.symbol, early, strict=True) if keep]
    wfdb.wrann("r4", "atr", found.sample[early], symbol=symbols, fs=360, write_dir=str(tmp_path))
    assert find_mistakes(str(tmp_path / "r4"), "0:30").count
    with pytest.raises(UserError, match="r4: no annotated beat to compare from 2:00 on; --start 0 compares"):
        find_mistakes(str(tmp_path / "r4"), "2:00")


def test_the_start_is_taken_as_score_takes_it(folder, tmp_path):
    """Seconds, mm:ss, and a sample of the file, whose rate is its own."""
    example_record(128.0, 5).write_wfdb(tmp_path, "slow")
    for name, rate in ((str(folder / "r1"), 360), (str(tmp_path / "slow"), 128)):
        found = [find_mistakes(name, start) for start in ("90", "1:30", "0:01:30.0", f"s{90 * rate}")]
        assert {one.start_s for one in found} == {90.0}
        assert len({one.mistakes for one in found}) == 1
        assert 0 < found[0].count < find_mistakes(name, "0").count
        assert min(m.time_s for m in found[0].mistakes) > 89.8


def test_each_record_counts_once():
    assert resolve_records("100,101, 100 ,101,103") == ["100", "101", "103"]


@pytest.mark.parametrize("nothing", ["", " ", ","])
def test_no_name_is_no_folder(tmp_path, monkeypatch, nothing):
    """In a folder with records, too."""
    example_record(360.0, 3).write_wfdb(tmp_path, "r")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="--records: give DS1, DS2, a folder, or names"):
        resolve_records(nothing)


def test_one_is_not_plural(folder, tmp_path):
    done = run("--records", f"{folder / 'r1'},{folder / 'r1'}", "--out", tmp_path, "--start", "3:59")
    assert done.exit_code == 0, done.output
    assert not re.search(r"\b1 (errors|beats|records)\b", done.output)
    assert re.search(r"[01] records? without any", done.output)
    assert [counted(n, "error") for n in (0, 1, 2)] == ["0 errors", "1 error", "2 errors"]


def test_an_annotation_at_the_very_end_is_no_reason_to_refuse(tmp_path):
    """As of svdb's record 860, whose last beat lies one sample behind the last one."""
    path = example_record(360.0, 3).write_wfdb(tmp_path, "r")
    whole = find_mistakes(str(path), "0")
    found = wfdb.rdann(str(path), "atr")
    stop = wfdb.rdheader(str(path)).sig_len
    samples = np.append(found.sample, [stop, stop + 360])
    wfdb.wrann("r", "atr", samples, symbol=[*found.symbol, "N", "V"], fs=360, write_dir=str(tmp_path))
    assert find_mistakes(str(path), "0").mistakes == whole.mistakes
    samples[-1] += 1
    wfdb.wrann("r", "atr", samples, symbol=[*found.symbol, "N", "V"], fs=360, write_dir=str(tmp_path))
    with pytest.raises(UserError, match="does not fit the record of 86400 samples"):
        find_mistakes(str(path), "0")


def a_mistake(name: str, missed: bool = False, flags: int = 0) -> Mistake:
    confidence, index = (-1, -1) if missed else (120, 7)
    return Mistake(f"x/{name}", 34772, 96.6, "N", NONE if missed else "S", confidence, flags, 90, index)


@pytest.mark.parametrize("missed", [False, True])
@pytest.mark.parametrize("flags", [0, 0x18, 0x1F])
@pytest.mark.parametrize("name", ["1", "208", "holter_of_the_third_ward_patient_0042_lead_two", "0" * 200])
def test_captions_stay_in_their_tile(name, flags, missed):
    """Measured as drawn: name, gap, details, and nothing behind the tile."""
    name, details, beside_mm = _caption(a_mistake(name, missed, flags))
    page = Page(new_figure(250, 20), 250, 20)
    page.text(0.0, 5.0, name, size=7.5, weight="bold")
    page.text(beside_mm, 5.0, details, size=7.5)
    first, second = (text.get_window_extent() for text in page.figure.texts)
    mm = DPI / MM_PER_INCH
    assert first.x1 < second.x0 - 0.5 * mm
    assert second.x1 < (62.5 + 20.0 + 2.5) * mm


def test_captions_say_what_can_be_explained():
    assert _caption(a_mistake("208"))[0] == "208:34772"
    assert _caption(a_mistake("holter_of_the_third_ward_patient_0042_lead_two"))[0].endswith("lead_two:34772")
    name, details, _ = _caption(a_mistake("208", missed=True))
    assert (name, details) == ("208", "annotation at 34772, 1:36.6")
