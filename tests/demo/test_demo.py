"""Oracle: the simulator's truth. End to end as a user starts it: simulate, emulator over TCP, summary,
plot; and the comparison with the truth on beats whose errors are known."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import wfdb

from host_tools.beats import BEAT_DTYPE, CLASS_NAMES
from host_tools.demo import Finding, compare_with_truth
from host_tools.example import example_record
from host_tools.written import LIST_NAME

ROOT = Path(__file__).resolve().parents[2]


def bitbeat(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "host_tools.cli.main", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=300, check=False)


@pytest.fixture(scope="module")
def simulation():
    return example_record()


def _beats(simulation) -> np.ndarray:
    beats = np.zeros(len(simulation.r_samples), BEAT_DTYPE)
    beats["r_sample"] = simulation.r_samples
    beats["aami_class"] = [CLASS_NAMES.index(x) for x in simulation.labels]
    return beats


def _findings(simulation, beats) -> dict[str, Finding]:
    return {f.kind: f for f in compare_with_truth(simulation, beats, simulation.samples, simulation.fs_hz)}


def test_perfect_beats_are_found_completely(simulation):
    findings = _findings(simulation, _beats(simulation))
    assert all(f.complete for f in findings.values())
    assert findings["pvc"].found == "5 of 5 called V"
    assert findings["bigeminy"].found == "9 of 9 V beats, named bigeminy"
    assert {e.kind for e in simulation.events} == set(findings)


def test_known_errors_are_counted(simulation):
    beats = _beats(simulation)
    run = next(e for e in simulation.events if e.kind == "run")
    inside = np.flatnonzero((beats["r_sample"] >= run.start_sample) & (beats["r_sample"] < run.stop_sample))
    beats["aami_class"][inside[2:4]] = 0
    pac = simulation.labels.index("S")
    beats = np.delete(beats, pac)
    findings = _findings(simulation, beats)
    assert findings["run"] == Finding("run", "1:39 – 1:42", "4 of 6 V beats, not named run", False)
    assert findings["pac"].found == "2 of 3 called S, 1 missed"
    assert findings["couplet"].complete


def test_late_and_impossible_beats_around_a_gap_are_noticed(simulation):
    beats = _beats(simulation)
    off = next(e for e in simulation.events if e.kind == "lead_off")
    late = (beats["r_sample"] >= off.stop_sample) & (beats["r_sample"] < off.stop_sample + 6 * 360)
    findings = _findings(simulation, beats[~late])
    assert not findings["lead_off"].complete
    assert findings["saturation"].complete
    beats["r_sample"][np.flatnonzero(late)[0]] = off.start_sample + 720
    assert _findings(simulation, beats)["lead_off"].found.startswith("1 beats inside")


def test_demo_end_to_end(tmp_path):
    done = bitbeat("demo", "--out", str(tmp_path))
    assert done.returncode == 0, done.stderr
    for words in ("device: socket://", "times real time", "What the example holds", "not a medical device"):
        assert words in done.stdout
    assert "lead off" in done.stdout
    assert {p.name for p in tmp_path.iterdir()} == {
        *("example.hea", "example.dat", "example.atr"),
        *(LIST_NAME, "example.bbt", "example.csv", "example.json", "example.png"),
    }
    beats = wfdb.rdann(str(tmp_path / "example"), "bbt")
    summary = json.loads((tmp_path / "example.json").read_text())["summary"]
    assert summary["beats"] == len(beats.sample)
    agreement = summary["agreement"]
    # Whatever the model of the day: what the demo shows must be worth showing.
    assert agreement["qrs"]["sensitivity"] > 0.96
    assert agreement["qrs"]["positive_predictivity"] > 0.95
    assert agreement["veb"]["sensitivity"] > 0.8
    assert summary["quality"]["lead_off_s"] == 7


def test_readme_shows_what_the_demo_prints(tmp_path):
    """Oracle: the demo of the committed model; all but the speed is the same in every run."""
    command = [sys.executable, "-m", "host_tools.cli.main", "demo", "--out", str(tmp_path)]
    narrow = {**os.environ, "COLUMNS": "82"}
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=narrow, check=False)
    assert done.returncode == 0, done.stderr
    printed = {line.rstrip() for line in done.stdout.splitlines()}
    shown = (ROOT / "README.md").read_text().split("```\nBitBeat demo:", 1)[1].split("```", 1)[0]
    lines = [line for line in shown.splitlines() if "│" in line]
    assert len(lines) > 20
    assert [line for line in lines if line not in printed] == [], "README's demo is of another model"


def test_demo_on_a_record_of_ones_own(tmp_path):
    assert (
        bitbeat("simulate", "--out", str(tmp_path), "--seed", "4", "--fs", "250", "--name", "mine").returncode
        == 0
    )
    done = bitbeat("demo", str(tmp_path / "mine"), "--out", str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    assert "record mine" in done.stdout
    assert "What the example holds" not in done.stdout
    assert (tmp_path / "out" / "mine.png").is_file()


def test_a_record_that_is_not_there_is_one_line_and_code_2(tmp_path):
    done = bitbeat("demo", str(tmp_path / "nothing"), "--out", str(tmp_path / "out"))
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()
