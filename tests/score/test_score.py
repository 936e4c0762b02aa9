"""``bitbeat score`` on files. Oracles: WFDB's own files of the golden archive; counts known by construction;
the comparison itself (:mod:`host_tools.ec57`, tested on its own) for what the files say of it."""

from __future__ import annotations

import csv
import json
import math
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from host_tools.ec57 import CLASSES, pair_beats
from host_tools.score import Task, find_tasks, read_annotation_file, score_tasks, write_report
from host_tools.score.html import page
from host_tools.written import LIST_NAME
from tests.data_access import database_dir, mitdb_dir

from .conftest import Outcome
from .files import regular, write_annotations, write_header

Score = Callable[..., Outcome]

FS = 360
SUFFIXES = ("bxb", "sd", "bxb.sumstats", "sd.sumstats", "json", "csv", "html")


@pytest.mark.needs_data("mitdb", "ec57_golden")
@pytest.mark.parametrize("start", ["5:00", "0"])
def test_two_folders_give_the_files_of_bxb(score: Score, tmp_path: Path, start: str) -> None:
    """All 48 records; OSEA's annotations lie in a folder with two other annotators'."""
    golden = database_dir("ec57_golden")
    outcome = score(
        *("--ref", mitdb_dir(), "--test", golden / "annotations", "--test-annotator", "osea"),
        *("--start", start, "--out", tmp_path),
    )
    assert outcome.code == 0, outcome.error
    name = "osea" if start == "5:00" else "osea.from0"
    for suffix in ("bxb", "sd", "bxb.sumstats", "sd.sumstats"):
        assert (tmp_path / f"score.{suffix}").read_bytes() == (golden / f"{name}.{suffix}").read_bytes()
    assert "Gross" in outcome.output
    assert "Average" in outcome.output
    content = json.loads((tmp_path / "score.json").read_text())
    assert len(content["records"]) == 48
    sums = (golden / f"{name}.bxb.sumstats").read_text().splitlines()
    (gross,) = (line.split()[1:] for line in sums if line.startswith("Gross"))
    said = [content["gross"][kind][rate] for kind in ("qrs", "veb", "sveb") for rate in ("se", "ppv")]
    assert ["-" if v is None else f"{v:.2f}" for v in said] == gross
    totals = np.sum([r["matrix"] for r in content["records"].values()], axis=0)
    assert totals.tolist() == content["matrix"]["bxb"]
    # Under de Chazal's mapping e and j move from S to N, and nothing else.
    other = np.array(content["matrix"]["dechazal"])
    assert np.array_equal(other[2:5], totals[2:5])
    assert np.array_equal(other[:2].sum(0), totals[:2].sum(0))


def test_counts_known_by_construction(score: Score, tmp_path: Path) -> None:
    """100 beats, of them 10 V and 5 j; 3 missed, 2 extra, one V called N."""
    ref = regular(100, 300, 300)
    ref = [(s, "V" if k % 10 == 5 else "j" if k % 20 == 9 else "N") for k, (s, _) in enumerate(ref)]
    test = [(s + 9, "N" if x == "j" else x) for s, x in ref]
    test[15] = (test[15][0], "N")
    test = sorted([row for k, row in enumerate(test) if k not in (3, 4, 60)] + [(450, "N"), (7000, "V")])
    ref_file = write_annotations(tmp_path / "r.atr", ref)
    write_header(ref_file, FS)
    test_file = write_annotations(tmp_path / "out" / "r.qrs", test)
    out = tmp_path / "score"
    assert score("--ref", ref_file, "--test", test_file, "--start", 0, "--out", out).code == 0
    content = json.loads((out / "score.json").read_text())
    record = content["records"]["r"]
    assert record["qrs"] | {"se": 0, "ppv": 0} == {"tp": 97, "fn": 3, "fp": 2, "se": 0, "ppv": 0}
    assert record["qrs"]["se"] == pytest.approx(97)
    assert record["veb"]["tp"] == 9
    assert record["veb"]["fn"] == 1
    assert record["veb"]["fp"] == 1
    assert record["sveb"]["fn"] == 5
    assert record["sveb"]["ppv"] is None
    assert content["matrix"]["dechazal"][1] == [0] * 6
    again = score(
        *("--ref", ref_file, "--test", test_file, "--start", 0, "--out", out, "--mapping", "dechazal")
    )
    assert again.code == 0
    assert json.loads((out / "score.json").read_text())["records"]["r"]["sveb"]["fn"] == 0


def test_every_file_is_written_and_says_the_same(score: Score, tmp_path: Path) -> None:
    ref = write_annotations(tmp_path / "r.atr", regular(400))
    test = write_annotations(tmp_path / "out" / "r.qrs", regular(400)[:390])
    out = tmp_path / "score"
    assert score("--ref", ref, "--test", test, "--fs", FS, "--start", "0:10", "--out", out).code == 0
    assert {p.name for p in out.iterdir()} == {LIST_NAME, *(f"score.{s}" for s in SUFFIXES)}
    content = json.loads((out / "score.json").read_text())
    with (out / "score.csv").open() as file:
        rows = {row["record"]: row for row in csv.DictReader(file)}
    assert list(rows) == ["r", "Gross", "Average"]
    cells = [f"{a}{b.lower()}" for a in CLASSES for b in CLASSES][:-1]
    matrix = np.array(content["records"]["r"]["matrix"])
    assert [int(rows["r"][name]) for name in cells] == matrix.ravel().tolist()[:-1]
    assert float(rows["Gross"]["qrs_se"]) == pytest.approx(content["gross"]["qrs"]["se"], abs=1e-4)
    assert rows["r"]["veb_se"] == ""
    line = (out / "score.bxb").read_text().splitlines()[1].split()
    assert line[1:20] == [str(n) for n in content["records"]["r"]["columns"].values()]


@pytest.mark.parametrize("said", [("--ref-annotator", "atr"), ()])
def test_a_record_and_its_annotators(score: Score, tmp_path: Path, said: tuple[str, ...]) -> None:
    """The reference's annotator is atr unless another is said."""
    write_header(write_annotations(tmp_path / "r.atr", regular(400)), FS)
    write_annotations(tmp_path / "r.qrs", regular(390))
    record = tmp_path / "r"
    outcome = score(
        *("--ref", record, *said, "--test", record, "--test-annotator", "qrs"),
        *("--start", 0, "--out", tmp_path / "out"),
    )
    assert outcome.code == 0, outcome.error
    assert json.loads((tmp_path / "out" / "score.json").read_text())["sum"]["No'"] == 10


@pytest.mark.parametrize("here", [".", ""])
def test_the_folder_one_is_in(
    score: Score, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, here: str
) -> None:
    write_header(write_annotations(tmp_path / "r.atr", regular(400)), FS)
    monkeypatch.chdir(tmp_path)
    outcome = score("--ref", here, "--test", here, "--start", 0, "--out", "out")
    assert outcome.code == 0, outcome.error
    assert json.loads((tmp_path / "out" / "score.json").read_text())["records"]["r"]["qrs"]["tp"] == 400


#: A list at 128 Hz beside one at 360 Hz, and one that merely ends early.
OTHER_RATE = [(round(at * 128 / FS), label) for at, label in regular(500)]
ENDS_EARLY = regular(200)


@pytest.mark.parametrize(
    ("test", "ref_said", "test_said", "warning"),
    [
        (OTHER_RATE, True, False, "no file says its sampling rate"),
        (OTHER_RATE, False, True, "no file says the reference's sampling rate"),
        (OTHER_RATE, False, False, "no file says its sampling rate"),
        (OTHER_RATE, True, True, ""),
        (ENDS_EARLY, True, False, ""),
        (ENDS_EARLY, False, False, ""),
    ],
)
def test_another_rate_is_suspected(
    score: Score, tmp_path: Path, test: list[tuple[int, str]], ref_said: bool, test_said: bool, warning: str
) -> None:
    """Oracle: by hand; 149,800 samples are 416.1 s at 360 Hz; 128 of each 360 are 147.96 s."""
    for name in ("r", "s"):
        ref_file = write_annotations(tmp_path / "ref" / f"{name}.atr", regular(500))
        test_file = write_annotations(tmp_path / "out" / f"{name}.qrs", test)
        for file, said in ((ref_file, ref_said), (test_file, test_said)):
            if said:
                write_header(file, FS)
    outcome = score(
        *("--ref", ref_file.parent, "--test", test_file.parent, "--start", 0, "--fs", FS),
        *("--out", tmp_path / "score"),
    )
    assert outcome.code == 0, outcome.error
    assert outcome.warning.count("\n") == bool(warning)
    assert warning in outcome.warning
    if warning:
        assert "r.qrs: the last beat lies at 2:27 of the reference's 6:56" in outcome.warning
        assert "taken as 360 Hz" in outcome.warning
        assert outcome.warning.endswith("(and so 1 more)\n")


def test_a_class_that_is_nowhere_has_no_figures(score: Score, tmp_path: Path) -> None:
    """Oracle: by hand. All 390 beats N and right, 10 missed; S, V and F neither in reference nor test."""
    ref = write_annotations(tmp_path / "r.atr", regular(400))
    test = write_annotations(tmp_path / "out" / "r.qrs", regular(400)[:390])
    out = tmp_path / "score"
    outcome = score(
        "--ref", ref, "--test", test, "--fs", FS, "--start", "0", "--end", "s117000", "--out", out
    )
    assert "bxb mapping, from 0 to s117000" in outcome.output
    assert "macro-F1 over N 100.00 %" in " ".join(outcome.output.split())
    content = json.loads((out / "score.json").read_text())
    assert content["classes"]["N"] == {"se": 100.0, "ppv": 100.0, "f1": 100.0}
    assert content["classes"]["S"] == content["classes"]["F"] == {"se": None, "ppv": None, "f1": None}
    assert content["macro_f1"] == 100.0


def test_fusion_called_s_is_explained(score: Score, tmp_path: Path) -> None:
    """Oracle: by hand. 2 S right, 1 F called S: 2 of 3 in the classes, 2 of 2 in the gross line."""
    rows = [(x[0], {5: "S", 6: "S", 7: "F"}.get(k, "N")) for k, x in enumerate(regular(50))]
    ref = write_annotations(tmp_path / "r.atr", rows)
    called = [(at, "S" if label == "F" else label) for at, label in rows]
    test = write_annotations(tmp_path / "out" / "r.qrs", called)
    out = tmp_path / "score"
    outcome = score("--ref", ref, "--test", test, "--fs", FS, "--start", "0", "--out", out)
    content = json.loads((out / "score.json").read_text())
    assert content["gross"]["sveb"]["ppv"] == 100
    assert content["classes"]["S"]["ppv"] == pytest.approx(200 / 3)
    assert "1 F called S" in outcome.output
    assert "1 F called S" in (out / "score.html").read_text(encoding="utf-8")


class _Page(HTMLParser):
    """Checks that tags close, and collects what a page would fetch."""

    _EMPTY = ("meta", "br", "line", "rect", "path", "circle")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.fetched: list[str] = []
        self.seen: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        self.fetched += [v or "" for k, v in attrs if k in ("src", "href", "xlink:href")]
        if tag not in self._EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self._EMPTY:
            assert self.open.pop() == tag


def test_page_is_whole_and_needs_nothing_else(tmp_path: Path) -> None:
    name = "<r&>"
    ref = write_annotations(tmp_path / f"{name}.atr", regular(400))
    result = score_tasks([Task(name, ref, ref)], start="0", fs_hz=FS)
    write_report(result, tmp_path / "out")
    text = (tmp_path / "out" / "score.html").read_text(encoding="utf-8")
    page = _Page()
    page.feed(text)
    assert page.open == []
    assert page.fetched == []
    assert "script" not in page.seen
    assert page.seen.count("svg") == 3
    assert "not a medical device" in text
    assert name not in text


@pytest.mark.parametrize("name", ["r", "100", "0123456789", "x" * 24, "x" * 25, "y" * 200])
def test_labels_of_bars_have_room(tmp_path: Path, name: str) -> None:
    """Oracle: 7 px a character at 11 px; a name longer than 24 is cut with an ellipsis in labels alone."""
    ref = write_annotations(tmp_path / "r.atr", regular(400))
    text = page(score_tasks([Task(name, ref, ref)], start="0", fs_hz=FS))
    heights = [int(n) for n in re.findall(r'<svg viewBox="0 0 1120 (\d+)"', text)]
    labels = re.findall(r"translate\([\d.]+,(\d+)\) rotate\(-90\)\" text-anchor=\"end\">([^<]+)</text>", text)
    assert len(heights) == len(labels) == 3
    for height, (top, label) in zip(heights, labels, strict=True):
        assert int(top) + 7 * len(label) <= height
        assert label == (name if len(name) <= 24 else name[:23] + "…")
    assert f"<tr><td>{name}</td>" in text


def test_gross_row_of_the_page_has_the_beats(tmp_path: Path) -> None:
    """Oracle: by hand; 400 and 1,000 beats, of which 2 and 3 are V and 1 and 0 S."""
    tasks = []
    for name, n, others in (("a", 400, "VVS"), ("b", 1000, "VVV")):
        rows = [(x[0], (others + "N" * n)[k]) for k, x in enumerate(regular(n))]
        path = write_annotations(tmp_path / f"{name}.atr", rows)
        tasks.append(Task(name, path, path))
    text = page(score_tasks(tasks, start="0", fs_hz=FS))
    (gross,) = re.findall(r"<td>Gross</td>(.*?)</tr>", text)
    cells = re.findall(r"<td>(.*?)</td>", gross)
    assert cells == ["1,400", "100.00", "100.00", "5", "100.00", "100.00", "1", "100.00", "100.00", ""]
    (average,) = re.findall(r"<td>Average</td>(.*?)</tr>", text)
    assert re.findall(r"<td>(.*?)</td>", average)[::3] == ["", "", "", ""]


def test_end_window_and_rate(tmp_path: Path) -> None:
    """At 128 Hz; up to 60 s; a window of 40 ms passes 5 samples (39 ms), not 6."""
    ref = write_annotations(tmp_path / "r.atr", regular(200, 100, 100))
    write_header(ref, 128)
    for shift, matched in ((5, True), (6, False)):
        rows = [(s + shift, x) for s, x in regular(200, 100, 100)]
        test = write_annotations(tmp_path / "out" / "r.qrs", rows)
        result = score_tasks([Task("r", ref, test)], start="0", end="60", window_ms=40)
        qrs = result.records[0].scores[0]
        beats = 60 * 128 // 100
        assert (qrs.tp, qrs.fn) == ((beats, 0) if matched else (0, beats))
        assert result.records[0].line.fs_hz == 128


def test_folder_takes_the_only_annotator_and_names_the_untested(score: Score, tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        path = write_annotations(tmp_path / "ref" / f"{name}.atr", regular(500))
        write_annotations(path.with_suffix(".xyz"), regular(500))
        write_header(path, FS)
    for name in ("a", "c"):
        write_annotations(tmp_path / "out" / f"{name}.qrs", regular(500))
        (tmp_path / "out" / f"{name}.json").write_text("{}")
    tasks, untested = find_tasks(tmp_path / "ref", tmp_path / "out")
    assert [(t.record, t.ref.name, t.test.name) for t in tasks] == [
        ("a", "a.atr", "a.qrs"),
        ("c", "c.atr", "c.qrs"),
    ]
    assert untested == ["b"]
    outcome = score("--ref", tmp_path / "ref", "--test", tmp_path / "out", "--out", tmp_path / "s")
    assert "no test annotations: b" in outcome.output
    assert json.loads((tmp_path / "s" / "score.json").read_text())["untested"] == ["b"]
    one = score(
        *("--ref", tmp_path / "ref", "--test", tmp_path / "out", "--record", "c", "--out", tmp_path / "s")
    )
    assert one.code == 0
    assert list(json.loads((tmp_path / "s" / "score.json").read_text())["records"]) == ["c"]


def test_brackets_in_names_are_no_markup(score: Score, tmp_path: Path) -> None:
    """Oracle: the names themselves; rich takes [red] for a style, and refuses the [/b] in a path."""
    for name in ("[red]a", "[red]b"):
        write_annotations(tmp_path / "ref" / f"{name}.atr", regular(400))
    write_annotations(tmp_path / "test" / "[red]b.atr", regular(400))
    out = tmp_path / "o[" / "b]"
    outcome = score(
        "--ref", tmp_path / "ref", "--test", tmp_path / "test", "--fs", FS, "--start", 0, "--out", out
    )
    assert outcome.code == 0, outcome.error
    assert "\n [red]b" in outcome.output
    assert "no test annotations: [red]a" in outcome.output
    assert f"written: {out / 'score.bxb'}" in outcome.output


rows = st.lists(
    st.tuples(st.integers(0, 40_000), st.sampled_from("NLRAaJSVEF/fQej+~|![]")), min_size=1, max_size=40
).map(sorted)


@settings(max_examples=40)
@given(rows, rows, st.lists(st.sampled_from([0, 1, 2, 0x30, 0x31, -1]), min_size=40, max_size=40))
def test_files_are_compared_as_lists_are(tmp_path_factory, ref, test, subtypes) -> None:
    """What is read back is what was written; the comparison takes it, and the page can be composed."""
    folder = tmp_path_factory.mktemp("pair")
    # A last beat behind any flutter, so that there is something to score.
    ref, test = [*ref, (50_000, "]"), (50_001, "N")], [*test, (50_000, "V")]
    marks = [s if x == "~" else 0 for (_, x), s in zip(ref, [*subtypes, 0, 0], strict=False)]
    ref_file = write_annotations(folder / "r.atr", ref, marks)
    test_file = write_annotations(folder / "r.qrs", test)
    read = read_annotation_file(ref_file)
    assert list(zip(read.samples.tolist(), read.labels, strict=True)) == ref
    assert [int(s) & 0x30 for s in read.subtypes] == [s & 0x30 for s in marks]
    result = score_tasks([Task("r", ref_file, test_file)], start="0", fs_hz=FS)
    direct = pair_beats(*zip(*ref, strict=True), *zip(*test, strict=True), FS, 0, ref_subtypes=marks)
    comparison = result.records[0].line.comparison
    assert np.array_equal(comparison.matrix, direct.matrix)
    assert math.isclose(comparison.rr_error_ms, direct.rr_error_ms) or math.isnan(direct.rr_error_ms)
    assert all(path.stat().st_size for path in write_report(result, folder))
