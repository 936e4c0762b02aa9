"""A recording on disk while it runs: readable after a kill, and nothing of anybody else's replaced.

Oracles: the samples that were sent; wfdb reads the record.
"""

from __future__ import annotations

import csv
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import wfdb

from host_tools.build import ROOT
from host_tools.emulator import Emulator
from host_tools.errors import UserError
from host_tools.link.live import LiveUpdate
from host_tools.monitor import MISSING, Recording
from host_tools.records import read_record
from host_tools.reference.params import FS_HZ
from host_tools.simulator import Step, simulate

from .updates import beats, block, condition, status

HELLO = {"spec_hash": 1, "model_hash": 2}
BITBEAT = [sys.executable, "-m", "host_tools.cli.main"]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "100"}


def names(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir() if not p.name.startswith("."))


def readable(folder: Path, name: str = "r") -> np.ndarray:
    """The samples, as wfdb and this project read them."""
    record = wfdb.rdrecord(str(folder / name), physical=False)
    samples = record.d_signal[:, 0].astype(np.int16)
    if np.any(samples != MISSING):
        ours = read_record(folder / name, reference="none")
        assert np.array_equal(ours.samples[:5], samples[:5])
        assert not any("damaged" in note for note in ours.notes)
    return samples


def test_what_was_taken_is_on_disk_at_once(tmp_path: Path) -> None:
    """The very state after each update, as a kill would leave it."""
    recording = Recording(tmp_path, "r")
    values = (100 * np.sin(np.arange(4 * FS_HZ) / 9)).astype(np.int16)
    for k in range(4):
        part = slice(k * FS_HZ, (k + 1) * FS_HZ)
        recording.take(block(k * FS_HZ, values[part]))
        recording.take(beats(k + 0.5))
        assert np.array_equal(readable(tmp_path), values[: (k + 1) * FS_HZ])
        with (tmp_path / "r.csv").open() as file:
            rows = list(csv.DictReader(file))
        assert [round(float(row["time_s"]), 2) for row in rows] == [i + 0.5 for i in range(k + 1)]
    files, summary = recording.close(HELLO)
    assert [p.suffix for p in files] == [".dat", ".hea", ".bbt", ".csv", ".json"]
    assert names(tmp_path) == sorted(p.name for p in files)
    assert summary is not None
    assert (summary.beats, summary.duration_s) == (4, 4)
    header = wfdb.rdrecord(str(tmp_path / "r"), physical=False)
    assert header.sig_len == 4 * FS_HZ
    assert (header.checksum[0] - header.calc_checksum()[0]) % 65536 == 0


def test_samples_that_did_not_arrive_are_missing_in_their_place(tmp_path: Path) -> None:
    recording = Recording(tmp_path, "gap")
    for update in (block(0, [1, 2, 3]), block(7, [8, 9]), status(9, 31)):
        recording.take(update)
    recording.close(HELLO)
    record = wfdb.rdrecord(str(tmp_path / "gap"), physical=False)
    assert record.d_signal[:, 0].tolist() == [1, 2, 3, *[MISSING] * 4, 8, 9]
    assert record.comments == [
        "4 of 9 samples missing: lead off, overrun, lost",
        "31 samples lost to overruns on the device",
    ]
    assert np.isnan(wfdb.rdrecord(str(tmp_path / "gap")).p_signal[3:7]).all()


def test_conditions_are_in_the_summary(tmp_path: Path) -> None:
    recording = Recording(tmp_path, "r")
    recording.take(block(0, (100 * np.sin(np.arange(20 * FS_HZ) / 9)).astype(np.int16)))
    recording.take(beats(1, 2, 3))
    recording.take(condition(9.0, 8))
    _, summary = recording.close(HELLO)
    assert summary is not None
    assert [(s.start_s, s.duration_s) for s in summary.fibrillation] == [(5, 15)]


def test_a_session_without_samples_leaves_nothing(tmp_path: Path) -> None:
    recording = Recording(tmp_path, "r")
    recording.take(LiveUpdate())
    assert recording.close(HELLO) == ([], None)
    assert names(tmp_path) == []


@pytest.mark.parametrize("suffix", ["dat", "hea", "csv", "bbt", "json"])
def test_nothing_that_is_there_is_replaced(suffix: str, tmp_path: Path) -> None:
    (tmp_path / f"r.{suffix}").write_text("mine")
    with pytest.raises(UserError, match=rf"r\.{suffix}.*--force"):
        Recording(tmp_path, "r")
    assert (tmp_path / f"r.{suffix}").read_text() == "mine"
    assert names(tmp_path) == [f"r.{suffix}"]
    recording = Recording(tmp_path, "r", force=True)
    recording.take(block(0, [1, 2, 3]))
    recording.close(HELLO)
    assert readable(tmp_path).tolist() == [1, 2, 3]


def test_not_even_an_own_recording_is_replaced(tmp_path: Path) -> None:
    recording = Recording(tmp_path, "r")
    recording.take(block(0, [1, 2, 3]))
    recording.close(HELLO)
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    with pytest.raises(UserError, match="--force"):
        Recording(tmp_path, "r")
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before


def test_the_target_is_refused_before_a_device_is_opened(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = subprocess.run(
        [*BITBEAT, "monitor", "--port", "socket://127.0.0.1:1", "--record", str(tmp_path / "file" / "x")],
        capture_output=True,
        text=True,
        env=ENVIRONMENT,
        check=False,
    )
    assert done.returncode == 2  # not 3: the port was not asked
    assert len(done.stderr.splitlines()) == 1
    assert "cannot be written to" in done.stderr


def test_a_full_disk_is_one_line_and_keeps_what_is_there(tmp_path: Path) -> None:
    recording = Recording(tmp_path, "r")
    recording.take(block(0, [1, 2, 3]))
    with open("/dev/full", "wb", buffering=0) as full:
        os.dup2(full.fileno(), recording._data.fileno())
    with pytest.raises(UserError, match="what was recorded before"):
        recording.take(block(3, [4, 5]))
    files, summary = recording.close(HELLO)
    assert ([p.suffix for p in files], summary) == ([".dat", ".hea", ".csv"], None)
    assert readable(tmp_path).tolist() == [1, 2, 3]


@pytest.mark.parametrize("lines", [3, 12])
def test_a_kill_leaves_a_record_up_to_the_last_second(lines: int, tmp_path: Path) -> None:
    ecg = simulate((Step("sinus", 15),), 15, seed=3).samples.astype(np.int16)
    with Emulator(live=ecg, speed=0, loop=True) as emulator:
        process = subprocess.Popen(
            [*BITBEAT, "monitor", "--port", emulator.url, "--record", str(tmp_path), "--name", "r"],
            stdout=subprocess.PIPE,
            text=True,
            env=ENVIRONMENT,
        )
        assert process.stdout is not None
        shown = [process.stdout.readline() for _ in range(lines + 1)]
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    samples = readable(tmp_path)
    (last_s,) = re.findall(r"^ *(\d+\.\d+) s", shown[-1])
    # A beat is shown when it has been classified, seconds after its R peak: its samples are long on disk.
    assert len(samples) > (float(last_s) + 0.3) * FS_HZ
    assert np.array_equal(samples, np.resize(ecg, len(samples)))
    with (tmp_path / "r.csv").open() as file:
        assert len(list(csv.DictReader(file))) >= lines - 1


def test_ctrl_c_for_the_whole_terminal_ends_cleanly(tmp_path: Path) -> None:
    """The terminal sends its signal to all processes in front: the emulator is not among them."""
    process = subprocess.Popen(
        [*BITBEAT, "monitor", "--emulator", "--speed", "4", "--record", str(tmp_path), "--name", "r"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
        start_new_session=True,
    )
    assert process.stdout is not None
    for _ in range(5):
        process.stdout.readline()
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (0, "")
    assert len(readable(tmp_path)) > FS_HZ


def test_a_device_that_came_back_is_in_the_same_record(tmp_path: Path) -> None:
    ecg = simulate((Step("sinus", 15),), 15, seed=3).samples.astype(np.int16)
    with Emulator(live=ecg, speed=0, loop=True) as first:
        port = first.url.rsplit(":", 1)[1]
        process = subprocess.Popen(
            [*BITBEAT, "monitor", "--port", first.url, "--record", str(tmp_path), "--name", "r"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=ENVIRONMENT,
        )
        assert process.stdout is not None
        for _ in range(5):
            process.stdout.readline()
    until_s = time.monotonic() + 20
    while True:
        line = process.stdout.readline()
        assert time.monotonic() < until_s
        if "port lost" in line:
            break
    with Emulator(live=ecg, speed=0, loop=True, port=int(port)):
        while "open again" not in line:
            line = process.stdout.readline()
            assert time.monotonic() < until_s
        for _ in range(4):
            process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (0, "")
    samples = readable(tmp_path)
    missing = np.flatnonzero(samples == MISSING)
    assert np.array_equal(missing, np.arange(missing[0], missing[-1] + 1))  # one gap
    assert np.array_equal(samples[: missing[0]], np.resize(ecg, missing[0]))
    rest = samples[missing[-1] + 1 :]
    assert np.array_equal(rest, np.resize(ecg, len(rest)))
