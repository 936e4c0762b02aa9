"""Starting, finding and stopping boards; comparing and resuming runs. Oracles: the process table, the integer
reference, and hand-made results. No toolchain but the machine's own compiler."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from host_tools import boards, hil
from host_tools.beats import CONDITION_DTYPE
from host_tools.boards import EMULATED, RunningBoard, load_board
from host_tools.build import build_emulator
from host_tools.errors import DeviceError, UserError
from host_tools.isa import Outcome, Run, compare_run, plan, trace_rows
from host_tools.link.device import Device
from host_tools.link.messages import TraceItem
from host_tools.native import STAGES
from host_tools.pio import FirmwareImage, environments
from host_tools.reference.run import RecordResult


def test_there_are_eight_boards_and_all_are_environments() -> None:
    assert len(EMULATED) == 8
    assert set(EMULATED) < set(environments())
    assert len({load_board(name).port for name in boards.board_names()}) == 9, "every board its own port"
    with pytest.raises(UserError, match="no emulated board; there are qemu_m0"):
        load_board("arduino_uno")


def test_started_board_outlives_its_clients_until_it_is_stopped(
    own_boards: Path, signal: np.ndarray, expected: RecordResult
) -> None:
    running = boards.start_board("host", build_emulator())
    assert boards.running_boards() == [running]
    assert boards.running_url("host") == running.url
    for _ in range(2):
        with Device(running.url) as device:
            np.testing.assert_array_equal(device.stream(signal), expected.beats)
    assert boards.stop_boards() == [running]
    assert boards.running_boards() == []
    assert list(own_boards.glob("host.[ij]*")) == []


def test_starting_again_takes_the_place_of_the_one_before(own_boards: Path) -> None:
    first = boards.start_board("host", build_emulator())
    second = boards.start_board("host", build_emulator())
    assert boards.running_boards() == [second]
    assert first.pid != second.pid


def test_taken_port_is_avoided(own_boards: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen(1)
        taken = other.getsockname()[1]
        described = load_board("host")
        monkeypatch.setattr(
            boards, "load_board", lambda _: type(described)(**{**vars(described), "port": taken})
        )
        running = boards.start_board("host", build_emulator())
        assert running.url != f"socket://127.0.0.1:{taken}"
        with Device(running.url) as device:
            assert device.hello.engine == "aot"


def test_process_that_got_the_number_of_a_dead_board_is_left_alone(own_boards: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        own_boards.mkdir()
        stale = {
            "board": "host",
            "pid": other.pid,
            "url": "socket://127.0.0.1:1",
            "image": "/nowhere/firmware",
        }
        (own_boards / "host.json").write_text(json.dumps(stale))
        assert boards.running_boards() == []
        assert boards.stop_boards() == []
        assert other.poll() is None
        other.kill()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"board": "host"}', '{"pid": 1, "extra": 2}'])
def test_damaged_state_is_no_board(own_boards: Path, text: str) -> None:
    own_boards.mkdir()
    (own_boards / "host.json").write_text(text)
    assert boards.running_boards() == []
    assert boards.stop_boards() == []


def test_image_that_ends_at_once_is_an_error_with_its_message(own_boards: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\necho no such machine >&2\nexit 1\n")
    broken.chmod(0o755)
    with pytest.raises(DeviceError, match="host did not start: no such machine"):
        boards.start_board("host", broken)
    with pytest.raises(UserError, match="make firmware BOARD=host"):
        boards.start_board("host", tmp_path / "missing")
    assert boards.running_boards() == []


def _items(trace: dict[str, np.ndarray]) -> list[TraceItem]:
    """A trace as a board sends it, in pieces of at most 59 values."""
    return [
        TraceItem(0, index, at, trace[stage].reshape(-1)[at : at + 59].astype(np.int32))
        for index, stage in enumerate(STAGES)
        for at in range(0, trace[stage].size, 59)
    ]


def test_comparison_counts_every_value_and_finds_each_wrong_one(expected: RecordResult) -> None:
    from host_tools.parity import record_rows

    run = Run("qemu_m4", "signal", None, trace=True)
    whole = {**expected.trace, "record": record_rows(expected.beats)}
    clean = trace_rows(_items(whole))
    total = sum(values.size for values in whole.values()) + whole["record"].size
    assert compare_run(run, expected, expected.beats, clean) == (total, 0, None)
    for stage in STAGES:
        wrong = {name: values.copy() for name, values in clean.items()}
        wrong[stage][len(wrong[stage]) // 2] ^= 1
        count, mismatches, first = compare_run(run, expected, expected.beats, wrong)
        assert (count, mismatches) == (total, 1)
        assert first is not None
        assert first.stage == stage
        assert abs(first.reference - first.other) == 1
    beats = expected.beats.copy()
    beats["confidence_q8"][3] ^= 1
    assert compare_run(run, expected, beats, clean)[1] == 1
    assert compare_run(run, expected, beats[:-1], clean)[1] >= 10, "a missing beat counts with all its values"
    changes = np.array([(700, 4), (900, 0)], CONDITION_DTYPE)
    held = replace(expected, conditions=changes)
    assert compare_run(run, held, expected.beats, clean, changes) == (total + 4, 0, None)
    late = np.array([(700, 4), (901, 0)], CONDITION_DTYPE)
    _, wrong_changes, first = compare_run(run, held, expected.beats, clean, late)
    assert (wrong_changes, first is not None and (first.stage, first.sample)) == (1, ("conditions", 900))


def test_a_stage_that_no_chain_has_is_refused() -> None:
    with pytest.raises(DeviceError, match="the board traced a stage 200"):
        trace_rows([TraceItem(0, 200, 0, np.zeros(1, np.int32))])


def test_plan_has_everything_that_is_to_be_proven() -> None:
    runs = plan(EMULATED)
    assert Run("qemu_m4", "208", None) in runs
    for name in EMULATED:
        mine = [run for run in runs if run.board == name]
        assert {r.record for r in mine if not r.trace and r.samples == 5 * 60 * 360} == {"100", "208", "233"}
        assert [r.samples for r in mine if r.trace] == [30 * 360]


class FakeBoards:
    """Stands in for the boards: keeps a list of what was run."""

    def __init__(self, mismatches: int = 0) -> None:
        self.ran: list[str] = []
        self.mismatches = mismatches

    def __call__(self, runs, images, data, at_once):
        for run in runs:
            self.ran.append(run.record)
            yield Outcome(run, 1000, 10, 100, self.mismatches, None, 1.5, 0)


@pytest.fixture
def image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An image, records and tools that hil takes for real."""
    path = tmp_path / "firmware.elf"
    path.write_bytes(b"first image")
    built = FirmwareImage("qemu_m4", path, 1, 1, 2, 2)
    monkeypatch.setattr(hil, "build_firmware", lambda _: built)
    monkeypatch.setattr(hil, "check_tool", lambda *_: None)
    monkeypatch.setattr("host_tools.mitdb.record_names", lambda _, wanted: wanted or ["100", "101", "102"])
    return path


def test_hil_does_only_what_is_not_done_for_this_image(
    image: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "hil"

    def ran(records: list[str] | None, mismatches: int = 0) -> list[str]:
        fake = FakeBoards(mismatches)
        monkeypatch.setattr(hil, "replay_runs", fake)
        total = hil.replay_all("qemu_m4", tmp_path, records, out, 2)
        assert total["beats"] == 10 * total["records"]
        return fake.ran

    assert ran(["101"]) == ["101"]
    assert ran(None) == ["100", "102"], "101 is there"
    assert ran(None) == []
    (out / "102.json").write_text('{"record": "102"')  # by another hand: hil leaves no half files
    monkeypatch.setattr(hil, "replay_runs", lambda *_: pytest.fail("boards ran for what cannot be kept"))
    with pytest.raises(UserError, match=r"102\.json: has been changed since"):
        hil.replay_all("qemu_m4", tmp_path, None, out, 2)
    (out / "102.json").unlink()
    assert ran(None) == ["102"]
    image.write_bytes(b"second image")
    assert ran(None, mismatches=7) == ["100", "101", "102"], "another firmware"
    assert ran(None) == ["100", "101", "102"], "what differed is run again"
    total = json.loads((tmp_path / "hil.json").read_text())
    assert (total["records"], total["mismatches"], total["different"]) == (3, 0, [])


def test_interrupted_hil_keeps_what_was_done(
    image: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(runs, images, data, at_once):
        yield from FakeBoards()(runs[:1], images, data, at_once)
        raise KeyboardInterrupt

    monkeypatch.setattr(hil, "replay_runs", interrupted)
    with pytest.raises(KeyboardInterrupt):
        hil.replay_all("qemu_m4", tmp_path, None, tmp_path / "hil", 2)
    fake = FakeBoards()
    monkeypatch.setattr(hil, "replay_runs", fake)
    hil.replay_all("qemu_m4", tmp_path, None, tmp_path / "hil", 2)
    assert fake.ran == ["101", "102"]


def test_state_folder_can_be_chosen() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from host_tools.boards import STATE_DIR; print(STATE_DIR)"],
        env={**os.environ, "BITBEAT_BOARDS_DIR": "/elsewhere"},
        cwd=boards.ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "/elsewhere\n"
    assert RunningBoard("host", 1, "u", "i").board == "host"
