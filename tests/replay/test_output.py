"""What a replay writes, and the whole way from a file through the emulator and back to files.

Oracles: wfdb.rdann, which reads what was written; the simulator's truth; the reference in Python.
"""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import wfdb

from host_tools.beats import BEAT_DTYPE
from host_tools.build import ROOT
from host_tools.emulator import Emulator
from host_tools.link.device import Device
from host_tools.link.session import LinkReport
from host_tools.records import EcgRecord
from host_tools.reference.run import run_record
from host_tools.replay import Replay, write_results
from host_tools.simulator import Simulation, Step, simulate

from .conftest import Outcome, ramp, write_record

SCRIPT = (
    Step("sinus", until_s=12),
    Step("pvc"),
    Step("sinus", until_s=20),
    Step("pvc"),
    Step("sinus", until_s=40),
)


def replay_of(fs_hz: float, file_samples: np.ndarray, start: int = 0) -> Replay:
    """A finished replay whose beats lie at these samples of a file."""
    device = np.rint((file_samples - start) * 360 / fs_hz).astype(np.int64)
    beats = np.zeros(len(file_samples), BEAT_DTYPE)
    beats["r_sample"] = device + 2
    beats["aami_class"] = np.arange(len(beats)) % 4
    beats["confidence_q8"] = np.arange(len(beats)) % 256
    beats["flags"] = np.arange(len(beats)) % 256
    length = int(file_samples[-1]) + 100 if len(file_samples) else 100
    samples = np.zeros(int((length - start) * 360 / fs_hz), np.int16)
    record = EcgRecord("r", Path("r"), "V5", 1, samples, 360, fs_hz, start, length)
    return Replay(
        record, beats, device, LinkReport(), 1.0, {"spec_hash": 1, "model_hash": 2, "engine": "aot"}
    )


@pytest.mark.parametrize("fs_hz", [128, 250, 360, 500.5, 1000])
@pytest.mark.parametrize("start", [0, 1234])
def test_annotations_come_back_through_wfdb(tmp_path: Path, fs_hz: float, start: int) -> None:
    at = start + np.cumsum(np.random.default_rng(1).integers(int(0.3 * fs_hz), int(2 * fs_hz), 300))
    files = write_results(replay_of(fs_hz, at, start), tmp_path)
    assert [f.name for f in files] == ["r.bbt", "r.csv", "r.json"]
    found = wfdb.rdann(str(tmp_path / "r"), "bbt")
    assert found.fs == fs_hz
    tolerance = max(0, fs_hz / 360 / 2)  # a device sample is this coarse
    assert np.max(np.abs(found.sample - at)) <= (0 if fs_hz <= 360 else tolerance + 0.5)
    assert found.symbol == ["NSVF"[i % 4] for i in range(300)]
    assert found.num.tolist() == [(i % 256) >> 1 for i in range(300)]
    assert [s & 255 for s in found.subtype.tolist()] == [i % 256 for i in range(300)]
    assert set(found.chan.tolist()) == {1}
    assert found.aux_note[0].strip("\0") == ""
    assert found.aux_note[5].strip("\0") == "learning,lead off"


def test_no_beats_at_all(tmp_path: Path) -> None:
    write_results(replay_of(360, np.zeros(0, np.int64)), tmp_path)
    assert len(wfdb.rdann(str(tmp_path / "r"), "bbt").sample) == 0
    assert json.loads((tmp_path / "r.json").read_text())["beats"] == []


def test_csv_and_json_say_the_same(tmp_path: Path) -> None:
    write_results(replay_of(250, np.array([100, 300, 555])), tmp_path)
    with (tmp_path / "r.csv").open() as file:
        rows = list(csv.DictReader(file))
    beats = json.loads((tmp_path / "r.json").read_text())["beats"]
    assert [int(r["sample"]) for r in rows] == [b["sample"] for b in beats] == [100, 300, 555]
    assert [r["class"] for r in rows] == [b["class"] for b in beats] == ["N", "S", "V"]
    assert [float(r["time_s"]) for r in rows] == [0.4, 1.2, 2.22]


def test_nothing_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = replay_of(360, np.array([500, 900]))
    write_results(done, tmp_path)
    before = {f.name: f.read_bytes() for f in tmp_path.iterdir()}

    def fail(*_: object, **__: object) -> str:
        raise RuntimeError("disk gone")

    monkeypatch.setattr("host_tools.replay.json.dumps", fail)
    with pytest.raises(RuntimeError):
        write_results(replay_of(360, np.array([600])), tmp_path)
    assert {f.name: f.read_bytes() for f in tmp_path.iterdir()} == before


def test_beats_before_the_delay_stay_in_the_record(tmp_path: Path) -> None:
    done = replay_of(360, np.array([500, 900]))
    done.r_samples[0] = -1
    write_results(done, tmp_path)
    assert wfdb.rdann(str(tmp_path / "r"), "bbt").sample.tolist() == [0, 900]
    assert done.input_beats()["r_sample"].tolist() == [0, 900]


@pytest.mark.parametrize("fs_hz", [128, 250, 360])
def test_simulated_record_through_the_emulator(
    bitbeat: Callable[..., Outcome], tmp_path: Path, fs_hz: int
) -> None:
    """Every beat from 5 s on is found within 40 ms of where the simulator put it."""
    truth: Simulation = simulate(SCRIPT, 40.0, 7, float(fs_hz))
    path = write_record(tmp_path, "sim", truth.samples, fs_hz=fs_hz)
    wfdb.wrann("sim", "atr", truth.r_samples, symbol=list(truth.symbols), fs=fs_hz, write_dir=str(tmp_path))
    outcome = bitbeat("replay", path, "--emulator", "--out", tmp_path / "out", "--plot")
    assert outcome.code == 0
    assert ("resampled" in outcome.output) == (fs_hz != 360)
    found = wfdb.rdann(str(tmp_path / "out" / "sim"), "bbt")
    assert found.fs == fs_hz
    late = truth.r_samples[(truth.r_samples > 5 * fs_hz) & (truth.r_samples < 39 * fs_hz)]
    assert len(late) > 30
    nearest = np.min(np.abs(found.sample[:, None] - late[None, :]), axis=0)
    assert np.max(nearest) <= 0.04 * fs_hz
    assert (tmp_path / "out" / "sim.png").stat().st_size > 10_000
    content = json.loads((tmp_path / "out" / "sim.json").read_text())
    assert content["summary"]["agreement"]["reference_beats"] == len(truth.r_samples)


def test_csv_and_wfdb_give_the_same_beats(bitbeat: Callable[..., Outcome], tmp_path: Path) -> None:
    truth = simulate(SCRIPT, 30.0, 3, 360.0)
    path = write_record(tmp_path, "sim", truth.samples)
    file = tmp_path / "simcsv.csv"
    file.write_text("ecg\n" + "".join(f"{v}\n" for v in truth.samples.tolist()))
    out = tmp_path / "out"
    assert bitbeat("replay", path, "--emulator", "--out", out).code == 0
    assert (
        bitbeat("replay", file, "--emulator", "--out", out, "--fs", 360, "--unit", "adu", "--gain", 200).code
        == 0
    )
    one, two = (json.loads((out / f"{n}.json").read_text())["beats"] for n in ("sim", "simcsv"))
    assert one == two
    assert len(one) > 20


def test_two_emulators_at_once_equal_the_reference() -> None:
    records = [simulate(SCRIPT, 40.0, seed, 360.0).samples for seed in (1, 2)]

    def run(url: str, samples: np.ndarray) -> bytes:
        with Device(url) as device:
            return device.stream(samples).tobytes()

    with Emulator() as one, Emulator() as two, ThreadPoolExecutor(2) as pool:
        got = list(pool.map(run, (one.url, two.url), records))
    assert got == [run_record(r).beats.tobytes() for r in records]
    assert got[0] != got[1]


def test_counter_near_its_wrap_equals_the_reference() -> None:
    samples = simulate(SCRIPT, 40.0, 5, 360.0).samples
    first = 0x100000000 - 5000
    with Emulator() as emulator, Device(emulator.url) as device:
        result = device.replay(samples, first_sample=first)
    assert result.beats.tobytes() == run_record(samples, first_sample=first).beats.tobytes()
    assert result.beats["r_sample"].min() < 5000


def test_replay_over_the_command_line_is_fast_enough(tmp_path: Path) -> None:
    """Half an hour of ECG at more than 300 times real time, the promise for one core, with room to spare."""
    samples = np.tile(simulate(SCRIPT, 40.0, 5, 360.0).samples, 45)
    with Emulator() as emulator, Device(emulator.url) as device:
        result = device.replay(samples)
    assert len(samples) / 360 / result.elapsed_s > 300


def test_ports_command(bitbeat: Callable[..., Outcome]) -> None:
    assert bitbeat("ports").code == 0


def test_port_listing_names_the_emulator_where_there_is_none(
    bitbeat: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serial.tools.list_ports.comports", lambda: [])
    assert "bitbeat emulator" in bitbeat("ports").output


def test_real_time_speed_is_kept(bitbeat: Callable[..., Outcome], tmp_path: Path) -> None:
    path = write_record(tmp_path, "r", ramp(3600))
    assert bitbeat("replay", path, "--emulator", "--speed", "20", "--out", tmp_path / "out").code == 0
    elapsed_s = json.loads((tmp_path / "out" / "r.json").read_text())["elapsed_s"]
    assert 0.45 <= elapsed_s <= 2.0


def test_emulator_command_prints_its_port_and_serves() -> None:
    code = "import typer; from host_tools.cli import replay; app = typer.Typer(); replay.register(app); app()"
    process = subprocess.Popen(
        [sys.executable, "-c", code, "emulator", "--once"], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        samples = simulate(SCRIPT, 20.0, 1, 360.0).samples
        with Device(url) as device:
            assert device.stream(samples).tobytes() == run_record(samples).beats.tobytes()
        assert process.wait(5) == 0
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()
