"""Oracle: what the envelope promises to cover, and its own figures counted again."""

from __future__ import annotations

import json

import numpy as np
import pytest

from host_tools.cli import envelope as command
from host_tools.envelope import report
from host_tools.envelope import run as runner
from host_tools.envelope.detectors import DETECTORS, OURS, detectors_markdown
from host_tools.envelope.grid import cells, sample, scenario
from host_tools.envelope.heat_map import plot_heat_map
from host_tools.envelope.judge import Error, Verdict
from host_tools.envelope.kinds import KINDS
from host_tools.envelope.kinds_found import FOUND
from host_tools.envelope.promise import PROMISED, is_inside
from host_tools.envelope.requirements import REQUIREMENTS
from host_tools.errors import CheckFailed, UserError
from host_tools.simulator import simulate_scenario

RIGHT = Verdict("right", (), 30)
FLAGGED = Verdict("flagged", (Error("missed", 7.0, 7.0, True),), 30)
WRONG = Verdict("silent_wrong", (Error("false", 6.5, 6.5, False),), 30)


@pytest.fixture(scope="module")
def grid():
    return list(cells())


def test_the_grid_is_large_and_its_cells_are_their_own(grid):
    assert len(grid) >= 2000
    assert [c.number for c in grid] == list(range(len(grid)))
    assert len({c.seed for c in grid}) == len(grid)
    for name in KINDS:
        assert any(c.inside for c in grid if c.kind == name), name


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("narrow_bpm", 20, 250),
        ("broad_bpm", 20, 240),
        ("r_mv", 0.2, 5),
        ("low_r_mv", 0.15, 0.3),
        ("pr_ms", 100, 450),
        ("p_mv", 0.1, 0.3),
        ("qrs_ms", 40, 200),
        ("offset_mv", 0, 300),
        ("drift_mv", 0, 40),
        ("hum_mv", 0.05, 3),
        ("gain_step", 2, 10),
        ("spike_mv", 2, 700),
        ("spike_ms", 0.1, 2),
    ],
)
def test_what_is_promised_holds_at_least_this_and_is_tried_up_to_its_ends(grid, name, low, high):
    assert PROMISED[name].low <= low
    assert PROMISED[name].high >= high
    tried = [abs(float(c.parameters[name])) for c in grid if name in c.parameters and c.inside]
    assert min(tried) <= low
    assert max(tried) >= high


def test_a_cell_is_inside_where_all_of_its_parameters_are():
    assert is_inside({"narrow_bpm": 250, "r_mv": -0.2, "when": "at the end"})
    assert not is_inside({"narrow_bpm": 251, "r_mv": 1})
    assert not is_inside({"narrow_bpm": 70, "r_mv": 0.19})


def test_a_sample_of_the_grid_passes_over_no_kind_and_no_value_that_is_often_there(grid):
    for one_in in (7, 3):
        some = sample(grid, one_in)
        assert len(some) == pytest.approx(len(grid) / one_in, rel=0.15)
        for name, kind in KINDS.items():
            mine = [c for c in some if c.kind == name]
            assert mine, (name, one_in)
            for axis, values in kind.axes.items():
                if sum(c.kind == name for c in grid) / len(values) / one_in > 6:
                    assert {c.parameters[axis] for c in mine} == set(values), (name, axis)


def test_a_cell_makes_the_same_record_again(grid):
    for cell in grid[:: len(grid) // 12]:
        one, other = (simulate_scenario(scenario(cell), cell.seed) for _ in range(2))
        assert (one.samples == other.samples).all()


def test_figures_count_every_cell_once(grid):
    verdicts = [(c, (RIGHT, FLAGGED, WRONG)[c.number % 3]) for c in grid]
    figures = report.summarise(verdicts)
    for side in report.SIDES:
        counts = figures[side]
        assert counts["cells"] == counts["right"] + counts["flagged"] + counts["silent_wrong"]
        for key in ("cells", "right", "flagged", "silent_wrong"):
            assert counts[key] == sum(kind[side][key] for kind in figures["kinds"].values())
    assert sum(figures[side]["cells"] for side in report.SIDES) == len(grid)
    assert figures["found"]["cells"] == sum(c.kind in FOUND and not c.inside for c in grid) > 100
    assert len(figures["wrong"]) == sum(c.number % 3 == 2 for c in grid)
    first = figures["wrong"][0]
    again = grid[first["cell"]]
    assert (first["seed"], first["parameters"]) == (again.seed, dict(again.parameters))
    json.dumps(figures, allow_nan=False)


def test_what_is_silently_wrong_is_listed_by_kind_with_cells_to_look_at(grid):
    hum = [c for c in grid if c.kind == "hum" and c.inside]
    text = report.wrong_markdown(report.summarise([(c, WRONG) for c in hum] + [(grid[0], RIGHT)]))
    line = next(line for line in text.splitlines() if line.startswith("| hum"))
    assert f"| inside | {len(hum)} | false in {len(hum)} | {hum[0].number}, {hum[1].number}, " in line
    assert "narrow, steady" not in text
    assert report.wrong_markdown(report.summarise([(grid[0], RIGHT)])) == "None.\n"


def test_targets(grid):
    inside = [c for c in grid if c.inside]
    outside = [c for c in grid if c.side == "outside"]
    assert all(report.summarise([(c, RIGHT) for c in grid])["reached"].values())
    one_wrong = [(c, RIGHT) for c in grid if c != inside[0]] + [(inside[0], WRONG)]
    assert not report.summarise(one_wrong)["reached"]["inside_silent_wrong"]
    few = {c.number for c in outside[: len(outside) // 100]}
    reached = report.summarise([(c, WRONG if c.number in few else RIGHT) for c in grid])["reached"]
    assert all(reached.values())
    few.add(outside[-1].number)
    reached = report.summarise([(c, WRONG if c.number in few else RIGHT) for c in grid])["reached"]
    assert reached == {"inside_silent_wrong": True, "outside_silent_wrong": False, "inside_right": True}
    many = {c.number for c in inside[: len(inside) // 20]}
    reached = report.summarise([(c, FLAGGED if c.number in many else RIGHT) for c in grid])["reached"]
    assert not reached["inside_right"]


def test_the_core_is_run_as_the_cell_says(grid):
    """Ordinary rhythms through the real core, on one process and on two: the same verdicts, all right."""
    chosen = [c for c in grid if c.kind == "second-degree AV block"]
    alone = list(runner.run_cells(chosen, 1))
    assert [v.outcome for _, v in alone] == ["right"] * len(chosen)
    assert list(runner.run_cells(chosen, 2)) == alone


def test_a_files_rate_and_unit_are_brought_to_the_chains(grid):
    cell = next(c for c in grid if c.kind == "sampling rate" and c.parameters["fs_hz"] == 500)
    simulation = simulate_scenario(scenario(cell), cell.seed)
    samples, _ = runner.device_input(simulation)
    assert samples.size == pytest.approx(simulation.samples.size * 360 / 500, abs=1)
    at = np.rint(simulation.r_samples * 360 / 500).astype(int)
    wanted = simulation.samples[simulation.r_samples].astype(float)
    assert np.abs(samples[at] - wanted).mean() < 0.1 * np.abs(wanted).mean()


def _command(monkeypatch, tmp_path, verdict, **options):
    monkeypatch.chdir(tmp_path)
    document = tmp_path / "docs" / "envelope.md"
    document.parent.mkdir(exist_ok=True)
    document.write_text(report.DOCUMENT.read_text())
    monkeypatch.setattr(report, "DOCUMENT", document)
    monkeypatch.setattr(runner, "run_cells", lambda chosen, processes: ((c, verdict) for c in chosen))
    command.envelope(**options)
    return document


def test_quick_fails_where_something_is_silently_wrong_inside(monkeypatch, tmp_path, capsys):
    _command(monkeypatch, tmp_path, RIGHT, quick=True)
    with pytest.raises(CheckFailed, match="silently wrong"):
        _command(monkeypatch, tmp_path, WRONG, quick=True)
    figures = json.loads((tmp_path / "build" / "envelope-some.json").read_text())
    assert figures["inside"]["silent_wrong"] == figures["inside"]["cells"] > 200
    assert not (tmp_path / "build" / "envelope.json").exists()
    assert not (tmp_path / "docs" / "envelope.png").exists()
    capsys.readouterr()


def test_the_whole_grid_writes_the_document_and_a_part_of_it_does_not(monkeypatch, tmp_path, capsys):
    before = report.DOCUMENT.read_text()
    document = _command(monkeypatch, tmp_path, RIGHT, kind="hum")
    assert document.read_text() == before
    document = _command(monkeypatch, tmp_path, RIGHT)
    text = document.read_text()
    figures = json.loads((tmp_path / "build" / "envelope.json").read_text())
    assert f"| inside | {figures['inside']['cells']:,} |" in text
    for name in KINDS:
        assert f"| {name} |" in text
    for need in REQUIREMENTS:
        assert need.where in text
    assert (tmp_path / "docs" / "envelope.png").stat().st_size > 20_000
    capsys.readouterr()


def test_a_flagged_record_fails_only_the_whole_grid(monkeypatch, tmp_path, capsys):
    _command(monkeypatch, tmp_path, FLAGGED, quick=True)
    with pytest.raises(CheckFailed, match="inside_right"):
        _command(monkeypatch, tmp_path, FLAGGED)
    capsys.readouterr()


def test_one_cell_is_written_and_described(grid, monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    cell = grid[-1]
    monkeypatch.setattr(runner, "run_cell", lambda _: WRONG)
    command.envelope(cell=cell.number)
    printed = capsys.readouterr().out
    assert f"seed {cell.seed}" in printed
    assert "6.50 s: false, silent" in printed
    assert (tmp_path / "build" / "envelope" / f"cell{cell.number}.hea").is_file()
    with pytest.raises(UserError, match=f"0 to {len(grid) - 1}"):
        command.envelope(cell=len(grid))
    with pytest.raises(UserError, match="no such kind"):
        command.envelope(kind="tango")


def test_the_heat_map_pools_what_it_does_not_show(grid, tmp_path):
    few = [(c, RIGHT) for c in grid if c.kind in ("hum", "second-degree AV block")]
    plot_heat_map(few, tmp_path / "map.png")
    assert (tmp_path / "map.png").read_bytes().startswith(b"\x89PNG")


def test_requirements_name_kinds_that_there_are_and_say_where_they_are_known_from():
    for need in REQUIREMENTS:
        assert set(need.kinds) <= set(KINDS)
        assert bool(need.kinds) != bool(need.instead)
        assert need.source
        assert need.claimed


def test_the_table_of_detectors_marks_the_best_of_each_row():
    names = (OURS, *DETECTORS)
    row = dict(zip(names, (9, 10, 3, 0, 10), strict=True))
    text = detectors_markdown({"hum": {"cells": 10, **row}}, {"wfdb": "4"})
    line = next(line for line in text.splitlines() if line.startswith("| hum"))
    assert [x.strip() for x in line.strip("|").split("|")] == [
        "hum",
        "10",
        "90.0",
        "**100.0**",
        "30.0",
        "0.0",
        "**100.0**",
    ]
    nothing = dict.fromkeys(names, 0)
    assert "**0.0**" not in detectors_markdown({"hum": {"cells": 10, **nothing}}, {}).splitlines()[2]
