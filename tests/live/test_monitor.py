"""``bitbeat monitor``: what it records and shows.

Oracles: the samples that the simulated ADC was given and the C core's beats for them; wfdb reads the record.
"""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import wfdb
from hypothesis import given
from hypothesis import strategies as st

from host_tools.beats import CLASS_NAMES
from host_tools.build import ROOT
from host_tools.emulator import Emulator
from host_tools.monitor import MISSING, braille_wave
from host_tools.native import run_core
from host_tools.reference.params import DELAY_SAMPLES, FS_HZ
from host_tools.simulator import Step, simulate

BITBEAT = [sys.executable, "-m", "host_tools.cli.main"]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "100", "LINES": "40"}


@pytest.fixture(scope="module")
def ecg() -> npt.NDArray[np.int16]:
    samples = simulate((Step("sinus", 15), Step("bigeminy", count=5)), 40, seed=3).samples.astype(np.int16)
    samples[30 * FS_HZ : 31 * FS_HZ] = MISSING
    return samples


def recorded(folder: Path) -> list[str]:
    return ["--record", str(folder), "--name", "r"]


def check_record(folder: Path, name: str, ecg: npt.NDArray[np.int16], whole: bool = True) -> int:
    """Samples and beats of a recording are those of the ADC's file; return the number of beats.

    Where the recording was cut (not ``whole``), the device knew more of its last beats than is in it.
    """
    record = wfdb.rdrecord(str(folder / name), physical=False)
    got = record.d_signal[:, 0]
    assert (record.fs, record.units, record.adc_gain, record.baseline) == (FS_HZ, ["mV"], [200.0], [0])
    assert (record.checksum[0] - record.calc_checksum()[0]) % 65536 == 0  # as 16 bits, signed or not
    assert record.init_value == [got[0]]
    seen = np.resize(ecg, len(got))  # the ADC begins its file anew
    assert np.array_equal(got, seen)
    beats = run_core(seen.astype(np.int16)).beats
    notes = wfdb.rdann(str(folder / name), "bbt")
    expected = beats["r_sample"].astype(np.int64) - DELAY_SAMPLES
    same = slice(None) if whole else slice(0, -4)
    assert notes.sample[same].tolist() == expected[same].tolist()
    assert notes.symbol[same] == [CLASS_NAMES[c] for c in beats["aami_class"]][same]
    assert len(notes.sample) == len(beats)
    return len(beats)


def test_recording_is_what_the_adc_saw(ecg: npt.NDArray[np.int16], tmp_path: Path) -> None:
    """Without a terminal: one line for each beat, and the record."""
    with Emulator(live=ecg, speed=0, loop=True) as emulator:
        done = subprocess.run(
            [*BITBEAT, "monitor", "--port", emulator.url, "--seconds", "36", *recorded(tmp_path)],
            capture_output=True,
            text=True,
            timeout=60,
            env=ENVIRONMENT,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    n = check_record(tmp_path, "r", ecg, whole=False)
    assert wfdb.rdheader(str(tmp_path / "r")).sig_len == 36 * FS_HZ
    lines = re.findall(r"^ *\d+\.\d{3} s  [NSVF]  [01]\.\d\d", done.stdout, re.MULTILINE)
    assert len(lines) == n > 30
    assert "overruns 0  not received 0  beats lost 0" in done.stdout
    files = sorted(p.name for p in tmp_path.iterdir() if not p.name.startswith("."))
    assert files == ["r.bbt", "r.csv", "r.dat", "r.hea", "r.json"]
    assert json.loads((tmp_path / "r.json").read_text())["summary"]["beats"] == n


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_interrupt_ends_cleanly_and_keeps_the_record(
    number: signal.Signals, ecg: npt.NDArray[np.int16], tmp_path: Path
) -> None:
    with Emulator(live=ecg, speed=0, loop=True) as emulator:
        process = subprocess.Popen(
            [*BITBEAT, "monitor", "--port", emulator.url, *recorded(tmp_path)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=ENVIRONMENT,
        )
        assert process.stdout is not None
        for _ in range(6):  # it runs: some beats have come
            process.stdout.readline()
        process.send_signal(number)
        _, errors = process.communicate(timeout=20)
    assert process.returncode == 0
    assert errors == ""
    assert check_record(tmp_path, "r", ecg) > 5


def test_terminal_shows_wave_rate_and_beats(ecg: npt.NDArray[np.int16]) -> None:
    ours, theirs = pty.openpty()
    with Emulator(live=ecg, speed=10, loop=True) as emulator:
        process = subprocess.Popen(
            [*BITBEAT, "monitor", "--port", emulator.url, "--seconds", "20"],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={**ENVIRONMENT, "TERM": "xterm-256color"},
        )
        os.close(theirs)
        shown = b""
        until_s = time.monotonic() + 30
        while time.monotonic() < until_s:
            ready, _, _ = select.select([ours], [], [], 0.5)
            try:
                shown += os.read(ours, 1 << 16) if ready else b""
            except OSError:  # the other end is closed
                break
        assert process.wait(10) == 0
    os.close(ours)
    text = shown.decode(errors="replace")
    assert any(0x2800 < ord(c) <= 0x28FF for c in text)
    assert "\N{REPLACEMENT CHARACTER}[" not in text  # the picture's own escape sequences are none to the user
    assert re.search(r"\d+ bpm   good", text)
    assert re.search(r"\d\.\d{3} s  N", text)
    assert "Traceback" not in text


def test_a_lost_device_is_one_line_and_the_record_is_kept(ecg: npt.NDArray[np.int16], tmp_path: Path) -> None:
    with Emulator(live=ecg, speed=0, loop=True) as emulator:
        process = subprocess.Popen(
            [*BITBEAT, "monitor", "--port", emulator.url, "--reconnect", "0", *recorded(tmp_path)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=ENVIRONMENT,
        )
        assert process.stdout is not None
        for _ in range(6):
            process.stdout.readline()
        emulator.stop()
        _, errors = process.communicate(timeout=20)
    assert process.returncode == 3
    assert len(errors.splitlines()) == 1
    assert "port was lost" in errors
    signal_ = wfdb.rdrecord(str(tmp_path / "r"), physical=False).d_signal[:, 0]
    assert np.array_equal(signal_, np.resize(ecg, len(signal_)))


@pytest.mark.parametrize(
    "options",
    [
        ["--port", "socket://127.0.0.1:1", "--emulator"],
        [],
        ["--emulator", "--record", "r", "--name", "a b"],
        ["--emulator", "--name", "a"],
        ["--emulator", "--force"],
        ["--emulator", "--reconnect", "3"],
        ["--port", "socket://127.0.0.1:1", "--source", "100"],
        ["--port", "socket://127.0.0.1:1", "--speed", "max"],
    ],
)
def test_wrong_use_is_one_line(options: list[str]) -> None:
    done = subprocess.run(
        [*BITBEAT, "monitor", *options], capture_output=True, text=True, env=ENVIRONMENT, check=False
    )
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1


@given(
    samples=st.lists(st.one_of(st.just(MISSING), st.integers(-3000, 3000)), min_size=1, max_size=400),
    columns=st.integers(1, 40),
    rows=st.integers(1, 10),
)
def test_the_wave_has_dots_where_there_are_samples(samples: list[int], columns: int, rows: int) -> None:
    x = np.array(samples, np.int16)
    lines = braille_wave(x, columns, rows)
    assert [len(line) for line in lines] == [columns] * rows
    edges = np.linspace(0, len(x), 2 * columns + 1).astype(int)
    for column in range(columns):
        part = x[edges[2 * column] : edges[2 * column + 2]]
        drawn = any(ord(line[column]) > 0x2800 for line in lines)
        assert drawn == bool((part != MISSING).any())


def test_the_wave_rises_to_the_right() -> None:
    lines = braille_wave(np.arange(0, 400, dtype=np.int16), 4, 4)
    filled = [(x, y) for y in range(4) for x in range(4) if ord(lines[y][x]) > 0x2800]
    assert {(x, 3 - x) for x in range(4)} <= set(filled)
    assert all(abs(x - (3 - y)) <= 1 for x, y in filled)  # neighbours are joined


def shown_by_monitor(samples: npt.NDArray[np.int16], seconds: int) -> str:
    with Emulator(live=samples, speed=0, loop=True) as emulator:
        done = subprocess.run(
            [*BITBEAT, "monitor", "--port", emulator.url, "--seconds", str(seconds)],
            capture_output=True,
            text=True,
            timeout=60,
            env=ENVIRONMENT,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_heart_that_stops_shows_a_pause_and_no_rate() -> None:
    """Twenty seconds of sinus rhythm, then a line with fine noise."""
    samples = simulate((Step("sinus", 60),), 60, seed=4).samples.astype(np.int16)
    samples[20 * FS_HZ :] = np.rint(2.4 * np.random.default_rng(1).standard_normal(40 * FS_HZ))
    shown = shown_by_monitor(samples, 58)
    last_beat_s = max(float(t) for t in re.findall(r"^ *(\d+\.\d+) s  [NSVF] ", shown, re.MULTILINE))
    (pause_s,) = (float(t) for t in re.findall(r"^ *(\d+\.\d+) s  pause", shown, re.MULTILINE))
    assert last_beat_s < 20
    assert 3 <= pause_s - last_beat_s < 4
    assert shown.splitlines()[-1].startswith("58 s  -- bpm  PAUSE 3")


def test_after_lead_off_the_rate_is_that_of_the_new_beats() -> None:
    samples = simulate((Step("sinus", 60),), 60, seed=4).samples.astype(np.int16)
    samples[20 * FS_HZ : 40 * FS_HZ] = MISSING
    shown = shown_by_monitor(samples, 58)
    rates = [float(r) for r in re.findall(r"[NSVF]  \d\.\d\d +(\d+\.\d) bpm", shown)]
    assert min(rates) > 50
    lines = shown.splitlines()
    off = next(i for i, line in enumerate(lines) if line.endswith("lead off"))
    first = next(
        line for line in lines[off + 1 :] if re.search(r" s  [NSVF] ", line) and float(line.split()[0]) > 40
    )
    assert "-- bpm" in first
