"""Replays of real and drawn signals through a bad cable: to the emulator, and to an emulated board's UART.

Oracles: the beats of the core without any link (``run_core``), which every replay must give, once and in
order, whatever the cable does; where it can't, the error must name what is missing, and be right.
"""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_tools import boards
from host_tools.boards import QemuBoard
from host_tools.build import build_emulator
from host_tools.emulator import Emulator
from host_tools.errors import DeviceError, UserError
from host_tools.fault_proxy import FaultProxy, FaultRates, FrameFaults
from host_tools.link.device import Device
from host_tools.link.run import ReplayResult
from host_tools.native import run_core
from host_tools.pio import build_firmware
from tests.chain.signals import pulse_train

#: Six minutes: blocks by the hundred, beats enough for every kind of loss.
SAMPLES = pulse_train(360, rr_ms=700)[0]
#: An emulated board takes its time: a third of them, still frames by the hundred.
BOARD_SAMPLES = SAMPLES[: len(SAMPLES) // 3]
#: Every kind of fault alone, strongly, and all together.
RATES = {
    "drop": FaultRates(drop=0.05),
    "duplicate": FaultRates(duplicate=0.2),
    "flip": FaultRates(flip=0.05),
    "garbage": FaultRates(garbage=0.05),
    "split": FaultRates(split=0.1),
    "delay": FaultRates(delay=0.02, delay_s=0.1),
    "all": FaultRates(0.02, 0.02, 0.02, 0.02, 0.02, 0.02, 0.05),
}


@pytest.fixture(scope="module")
def clean() -> np.ndarray:
    return run_core(SAMPLES).beats


def check(result: ReplayResult, delivered: list[bytes], clean: np.ndarray) -> None:
    assert result.beats.tobytes() == clean.tobytes()
    assert b"".join(delivered) == clean.tobytes()  # each once, in order, as they came


def replay(url: str, clean: np.ndarray, samples: np.ndarray = SAMPLES) -> ReplayResult:
    delivered: list[bytes] = []
    with Device(url) as device:
        result = device.replay(samples, on_beat=lambda beat: delivered.append(beat.tobytes()))
    check(result, delivered, clean)
    return result


@pytest.mark.parametrize("kind", RATES)
def test_every_beat_arrives_once_and_in_order(kind: str, clean: np.ndarray) -> None:
    with Emulator() as emulator, FaultProxy(emulator.url, RATES[kind], seed=1) as proxy:
        result = replay(proxy.url, clean)
        kinds = ("drop", "duplicate", "flip", "garbage", "split", "delay") if kind == "all" else (kind,)
        for faults in (proxy.to_device, proxy.to_host):
            assert all(faults.counts[k] > 0 for k in kinds), proxy.report()
    assert result.report.restarts == 0
    if kind in ("duplicate", "split"):  # nothing is lost by these
        assert result.report.bad_frames == 0


def test_a_pulled_plug(clean: np.ndarray) -> None:
    """Five seconds without a port, twice, on a line that also loses frames; ten once, with a board below."""
    with (
        Emulator() as emulator,
        FaultProxy(
            emulator.url, FaultRates(drop=0.01), seed=2, disconnect_after=(100, 500), disconnect_s=5
        ) as proxy,
    ):
        result = replay(proxy.url, clean)
        assert proxy.disconnects == 2
    # Each pulled plug is noticed; a greeting lost on the bad line may take one more connection.
    assert result.report.reconnects >= 2
    assert result.report.restarts == 0
    assert result.elapsed_s > 10


def test_trace_through_a_bad_cable() -> None:
    samples = SAMPLES[:2_000]
    expected = run_core(samples, trace=True).trace["sample"]
    with (
        Emulator(build_emulator(trace=True)) as emulator,
        FaultProxy(emulator.url, FaultRates(drop=0.01, flip=0.01, duplicate=0.01), seed=3) as proxy,
        Device(proxy.url) as device,
    ):
        result = device.replay(samples, trace=True)
        assert proxy.to_host.counts["drop"] > 0
    got = np.concatenate([item.values for item in result.trace if item.stage == 2])
    np.testing.assert_array_equal(got, expected)


class Cut:
    """Ends the emulator in the middle of a replay, and starts another at its port if told to."""

    def __init__(self, emulator: Emulator, after: int, again: bool) -> None:
        self.running = emulator
        self._port = int(emulator.url.rsplit(":", 1)[1])
        self._after = after
        self._again = again
        self.cut = False

    def __call__(self, done: int, total: int, beats: int) -> None:
        if done >= self._after and not self.cut:
            self.cut = True
            self.running.stop()
            if self._again:
                self.running = Emulator(port=self._port, keep=True)


@pytest.mark.parametrize("behind_proxy", [False, True])
def test_a_reset_in_the_middle_is_noticed_and_the_replay_resumes(
    behind_proxy: bool, clean: np.ndarray
) -> None:
    """The process ends and another starts at its port, seen as a new device, or behind a port that stays."""
    emulator = Emulator(keep=True)
    cut = Cut(emulator, len(SAMPLES) // 2, again=True)
    delivered: list[bytes] = []
    try:
        with FaultProxy(emulator.url, FaultRates()) as proxy:
            url = proxy.url if behind_proxy else emulator.url
            if not behind_proxy:
                proxy.close()  # the emulator takes one client
            with Device(url) as device:
                result = device.replay(
                    SAMPLES, on_progress=cut, on_beat=lambda beat: delivered.append(beat.tobytes())
                )
    finally:
        cut.running.stop()
    assert cut.cut
    assert result.report.restarts == 1
    assert "device reset" in result.report.repairs[-1].what
    assert result.report.repairs[-1].sample >= len(SAMPLES) // 4
    check(result, delivered, clean)


def missing_named(error: str) -> tuple[int, int, int]:
    """Samples confirmed, beats that came, R peak of the last of them, from the error's text."""
    found = re.search(
        r"confirmed the first (\d+) of (\d+) samples, and (\d+) beats have come, "
        r"those after sample (\d+) are missing",
        error,
    )
    assert found, error
    assert int(found[2]) == len(SAMPLES)
    return int(found[1]), int(found[3]), int(found[4])


@pytest.mark.parametrize("drop", [0.0, 0.05])
def test_a_device_that_stays_away_the_error_names_what_is_missing(drop: float, clean: np.ndarray) -> None:
    emulator = Emulator(keep=True)
    cut = Cut(emulator, 30_000, again=False)
    delivered: list[bytes] = []
    with (
        FaultProxy(emulator.url, FaultRates(drop=drop), seed=4) as proxy,
        Device(proxy.url, silence_s=2) as device,
        pytest.raises(DeviceError) as caught,
    ):
        device.replay(SAMPLES, on_progress=cut, on_beat=lambda beat: delivered.append(beat.tobytes()))
    confirmed, count, last = missing_named(str(caught.value))
    assert "\n" not in str(caught.value)
    assert confirmed >= 30_000
    assert b"".join(delivered) == clean[:count].tobytes()
    assert last == clean["r_sample"][count - 1]
    assert count == (clean["r_sample"] <= last).sum()  # none before it is missing


def test_a_line_that_passes_nothing_is_given_up() -> None:
    with (
        Emulator() as emulator,
        FaultProxy(emulator.url, FaultRates(drop=1.0)) as proxy,
        pytest.raises(DeviceError, match=r"no answer within 1 s \(nothing came\)"),
    ):
        Device(proxy.url, hello_timeout_s=1)


# ---- an emulated board behind the cable


@pytest.fixture(scope="module")
def board_clean() -> np.ndarray:
    return run_core(BOARD_SAMPLES).beats


@pytest.fixture(scope="module")
def image() -> Path:
    return build_firmware("qemu_m4").path


@pytest.mark.needs_toolchain
@pytest.mark.parametrize("kind", ["all", "drop"])
def test_a_board_behind_a_bad_cable(kind: str, image: Path, board_clean: np.ndarray) -> None:
    with QemuBoard("qemu_m4", image) as board, FaultProxy(board.url, RATES[kind], seed=5) as proxy:
        replay(proxy.url, board_clean, BOARD_SAMPLES)
        assert proxy.to_device.counts["drop"] > 0


@pytest.mark.needs_toolchain
def test_a_board_whose_plug_is_pulled(image: Path, board_clean: np.ndarray) -> None:
    with (
        QemuBoard("qemu_m4", image) as board,
        FaultProxy(board.url, FaultRates(), disconnect_after=(200,), disconnect_s=10) as proxy,
    ):
        result = replay(proxy.url, board_clean, BOARD_SAMPLES)
    assert (result.report.reconnects, result.report.restarts) == (1, 0)


class Monitor:
    """QEMU's machine protocol at a socket: presses the board's reset button."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(path))
        self._file = self._socket.makefile("rw")
        assert "QMP" in json.loads(self._file.readline())
        self.command("qmp_capabilities")

    def command(self, name: str) -> None:
        self._file.write(json.dumps({"execute": name}) + "\n")
        self._file.flush()
        while "return" not in json.loads(self._file.readline()):
            continue

    def close(self) -> None:
        self._file.close()
        self._socket.close()


@pytest.fixture
def resettable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, image: Path) -> Iterator[tuple[str, Monitor]]:
    """A board's port, and its reset button."""
    plain = boards.load_board
    path = tmp_path / "qmp"
    more = ("-qmp", f"unix:{path},server=on,wait=off")
    monkeypatch.setattr(
        boards, "load_board", lambda n: replace(plain(n), arguments=(*plain(n).arguments, *more))
    )
    with QemuBoard("qemu_m4", image) as board, Device(board.url):
        pass  # it has booted
    with QemuBoard("qemu_m4", image) as board:
        with Device(board.url):
            monitor = Monitor(path)
        yield board.url, monitor
        monitor.close()


@pytest.mark.needs_toolchain
@pytest.mark.parametrize("drop", [0.0, 0.02])
def test_a_board_that_is_reset_in_the_middle(
    resettable: tuple[str, Monitor], drop: float, board_clean: np.ndarray
) -> None:
    url, monitor = resettable
    pressed: list[int] = []
    delivered: list[bytes] = []

    def press(done: int, total: int, beats: int) -> None:
        if done > len(BOARD_SAMPLES) // 2 and not pressed:
            pressed.append(done)
            monitor.command("system_reset")

    with FaultProxy(url, FaultRates(drop=drop), seed=6) as proxy, Device(proxy.url) as device:
        result = device.replay(
            BOARD_SAMPLES, on_progress=press, on_beat=lambda beat: delivered.append(beat.tobytes())
        )
    assert result.report.restarts == 1
    check(result, delivered, board_clean)


# ---- the proxy itself


@given(
    frames=st.lists(st.binary(max_size=300).map(lambda b: b.replace(b"\0", b"\1") + b"\0"), max_size=30),
    chunk=st.integers(1, 700),
    rate=st.sampled_from([0.0, 0.1, 0.5]),
)
def test_faults_repeat_with_the_seed_at_any_chunking(frames: list[bytes], chunk: int, rate: float) -> None:
    """Oracle: the same bytes in one piece; without faults, the bytes themselves."""
    data = b"".join(frames)
    rates = FaultRates(rate, rate, rate, rate, rate, rate, 0.0)
    at_once = FrameFaults(rates, "seed").feed(data)
    parts = FrameFaults(rates, "seed")
    assert [p for i in range(0, len(data), chunk) for p in parts.feed(data[i : i + chunk])] == at_once
    assert parts.frames == len(frames)
    if rate == 0:
        assert b"".join(piece.data for piece in at_once) == data


def test_another_seed_gives_other_faults() -> None:
    rates = FaultRates(drop=0.5)
    data = b"\x01\0" * 100
    assert FrameFaults(rates, "1").feed(data) != FrameFaults(rates, "2").feed(data)


def test_each_fault_does_what_it_says() -> None:
    frame = b"\x05abcd\0"
    make = {kind: FrameFaults(FaultRates(**{kind: 1.0}), "1") for kind in RATES if kind != "all"}
    out = {kind: faults.feed(frame) for kind, faults in make.items()}
    joined = {kind: b"".join(piece.data for piece in pieces) for kind, pieces in out.items()}
    assert joined["drop"] == b""
    assert joined["duplicate"] == 2 * frame
    assert sum((a ^ b).bit_count() for a, b in zip(joined["flip"], frame, strict=True)) == 1
    assert joined["garbage"].endswith(frame)
    assert 1 <= len(joined["garbage"]) - len(frame) <= 64
    assert joined["split"] == frame
    assert len(out["split"]) == 2
    assert [(p.pause_s, p.data) for p in out["delay"]] == [(0.3, frame)]


def test_bytes_without_a_delimiter_pass() -> None:
    faults = FrameFaults(FaultRates(drop=1.0), "1")
    assert faults.feed(b"boot message\r\n") == []
    assert [p.data for p in faults.flush()] == [b"boot message\r\n"]
    assert faults.flush() == []
    assert sum(len(p.data) for p in faults.feed(b"x" * 700)) == 700


@pytest.mark.parametrize("rates", [{"drop": 1.1}, {"flip": -0.1}, {"delay_s": 61}, {"drop": float("nan")}])
def test_rates_that_are_none(rates: dict[str, float]) -> None:
    with pytest.raises(UserError, match=r"0 to (1|60)"):
        FaultRates(**rates)


def test_a_port_that_is_taken() -> None:
    with (
        Emulator(keep=True) as emulator,
        FaultProxy(emulator.url, FaultRates()) as proxy,
        pytest.raises(UserError, match="cannot be had"),
    ):
        FaultProxy(emulator.url, FaultRates(), port=int(proxy.url.rsplit(":", 1)[1]))


def test_no_device_behind_it() -> None:
    with pytest.raises(DeviceError, match="cannot be opened"):
        FaultProxy("socket://127.0.0.1:1", FaultRates())


def test_the_command(clean: np.ndarray) -> None:
    """``bitbeat faults`` prints its port, damages what passes, and says at its end what it did."""
    command = [
        Path(sys.executable).with_name("bitbeat"),
        "faults",
        "--emulator",
        "--drop",
        "0.02",
        "--seed",
        "3",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            replay(process.stdout.readline().strip(), clean)
        finally:  # else a replay that fails is waited for without end
            process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=10)
    assert (process.returncode, err) == (0, "")
    assert re.fullmatch(
        r"\d+ frames to the device \(\d+ drop\); \d+ frames to the host \(\d+ drop\); .*\n", out
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--emulator", "--drop", "2"], "a rate of 2 for drop: rates are 0 to 1"),
        ([], "give either --port URL or --emulator"),
        (["--port", "socket://127.0.0.1:1"], "cannot be opened"),
    ],
)
def test_the_command_refuses(arguments: list[str], message: str) -> None:
    command = [Path(sys.executable).with_name("bitbeat"), "faults", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode in (2, 3)
    assert done.stderr.count("\n") == 1
    assert message in done.stderr
