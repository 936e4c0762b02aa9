"""The main loop and host port as a process on TCP, around the double of the signal chain; ports that fail.

Oracle: double.py.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import socket
import subprocess
import threading
import tty
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from host_tools.build import BUILD_DIR, FIRMWARE, SANITIZE_FLAGS, compile_c
from host_tools.emulator import Emulator
from host_tools.errors import DeviceError, UserError
from host_tools.link.device import Device
from host_tools.link.transport import SerialTransport

from .conftest import DOUBLE_IDENTITY, HERE, LINK_SOURCES, Faults, LoopTransport, noise
from .double import expected_beats, expected_trace

Build = Callable[..., Path]


def run(url: str, samples: np.ndarray, **options: float) -> bytes:
    with Device(url, expected=DOUBLE_IDENTITY, **options) as device:
        return device.replay(samples).beats.tobytes()


def test_replay_over_tcp_and_clean_end(double_emulator: Build) -> None:
    samples = noise(100_000)
    with Emulator(double_emulator()) as emulator:
        assert run(emulator.url, samples) == expected_beats(samples).tobytes()
        assert emulator.wait(5) == 0  # it ends with its client


def test_pyserials_own_socket_works_too(double_emulator: Build) -> None:
    samples = noise(2_000)
    with Emulator(double_emulator()) as emulator:
        transport = SerialTransport(emulator.url, 115200)
        with Device(transport, expected=DOUBLE_IDENTITY) as device:
            assert device.stream(samples).tobytes() == expected_beats(samples).tobytes()


def test_a_terminal_as_port(library: ctypes.CDLL) -> None:
    """A pseudo terminal stands for a real serial port; behind it the C device in this process."""
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    board = LoopTransport(library)
    done = threading.Event()

    def serve() -> None:
        while not done.is_set():
            if select.select([ours], [], [], 0.05)[0]:
                board.write(os.read(ours, 4096))
                os.write(ours, board.read(0))

    thread = threading.Thread(target=serve)
    thread.start()
    samples = noise(2_000)
    try:
        with Device(os.ttyname(theirs), expected=DOUBLE_IDENTITY) as device:
            assert device.stream(samples).tobytes() == expected_beats(samples).tobytes()
    finally:
        done.set()
        thread.join()
        os.close(ours)
        os.close(theirs)


def test_two_emulators_at_once(double_emulator: Build) -> None:
    records = [noise(50_000, seed) for seed in (1, 2)]
    with (
        Emulator(double_emulator()) as one,
        Emulator(double_emulator()) as two,
        ThreadPoolExecutor(2) as pool,
    ):
        assert one.url != two.url
        got = list(pool.map(run, (one.url, two.url), records))
    assert got == [expected_beats(r).tobytes() for r in records]


def test_kept_emulator_takes_client_after_client(double_emulator: Build) -> None:
    with Emulator(double_emulator(), keep=True) as emulator:
        for seed in (1, 2):
            samples = noise(3_000, seed)
            assert run(emulator.url, samples) == expected_beats(samples).tobytes()
        assert emulator.running
        assert emulator.stop() == 0


def test_sigterm_ends_it_cleanly(double_emulator: Build) -> None:
    emulator = Emulator(double_emulator(), keep=True)
    emulator._process.send_signal(signal.SIGTERM)
    assert emulator.wait(5) == 0
    assert emulator.stop() == 0


def test_every_trace_value_arrives(double_emulator: Build) -> None:
    samples = noise(4_000)
    sums, ramps = expected_trace(samples)
    with (
        Emulator(double_emulator(trace=True)) as emulator,
        Device(emulator.url, expected=DOUBLE_IDENTITY) as device,
    ):
        result = device.replay(samples, trace=True)
    assert result.beats.tobytes() == expected_beats(samples).tobytes()
    by_stage = {s: [i for i in result.trace if i.stage == s] for s in (2, 5)}
    assert [i.sample for i in by_stage[2]] == list(range(len(samples)))
    np.testing.assert_array_equal(np.concatenate([i.values for i in by_stage[2]]), sums.ravel())
    np.testing.assert_array_equal(np.concatenate([i.values for i in by_stage[5]]), ramps.ravel())
    assert [i.offset for i in by_stage[5][:6]] == [0, 59, 118, 177, 236, 295]


class Proxy:
    """A TCP proxy that damages both directions, and may hang up once in the middle."""

    def __init__(self, target: str, to_device: Faults, to_host: Faults, hang_up_after: int = 0) -> None:
        self._target = ("127.0.0.1", int(target.rsplit(":", 1)[1]))
        self._faults = (to_device, to_host)
        self._left = hang_up_after
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"socket://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                host, _ = self._listener.accept()
            except OSError:
                return
            with host, socket.create_connection(self._target) as device:
                back = threading.Thread(target=self._pump, args=(device, host, self._faults[1], False))
                back.start()
                self._pump(host, device, self._faults[0], True)
                back.join()

    def _pump(self, source: socket.socket, sink: socket.socket, faults: Faults, may_hang_up: bool) -> None:
        try:
            while data := source.recv(4096):
                sink.sendall(faults(data))
                if may_hang_up and self._left > 0:
                    self._left -= len(data)
                    if self._left <= 0:
                        break
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def close(self) -> None:
        self._listener.close()


def test_faults_over_tcp(double_emulator: Build) -> None:
    samples = noise(20_000)
    to_device, to_host = Faults(1, 0.02), Faults(2, 0.02)
    with Emulator(double_emulator()) as emulator:
        proxy = Proxy(emulator.url, to_device, to_host)
        assert run(proxy.url, samples) == expected_beats(samples).tobytes()
        proxy.close()
    assert to_device.injected > 0
    assert to_host.injected > 0


def test_a_line_that_hangs_up_is_opened_again(double_emulator: Build) -> None:
    samples = noise(60_000)
    with Emulator(double_emulator(), keep=True) as emulator:
        proxy = Proxy(emulator.url, Faults(1, 0.0), Faults(2, 0.0), hang_up_after=60_000)
        with Device(proxy.url, expected=DOUBLE_IDENTITY) as device:
            result = device.replay(samples)
        proxy.close()
    assert result.report.reconnects == 1
    assert result.report.restarts == 0
    assert result.beats.tobytes() == expected_beats(samples).tobytes()


def test_emulator_that_dies_in_the_middle(double_emulator: Build) -> None:
    with Emulator(double_emulator()) as emulator:
        device = Device(emulator.url, expected=DOUBLE_IDENTITY, silence_s=1)
        stop = [emulator.stop]

        def progress(done: int, total: int, beats: int) -> None:
            while done > 1_000 and stop:
                stop.pop()()

        with device, pytest.raises(DeviceError, match="did not come back within 1 s"):
            device.replay(noise(200_000), on_progress=progress)


def test_silent_port() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        pytest.raises(DeviceError, match=r"no answer within 0\.5 s \(nothing came\)"),
    ):
        Device(
            f"socket://127.0.0.1:{listener.getsockname()[1]}", expected=DOUBLE_IDENTITY, hello_timeout_s=0.5
        )


def test_port_that_only_echoes() -> None:
    with pytest.raises(DeviceError, match="bytes came, but no hello"):
        Device("loop://", expected=DOUBLE_IDENTITY, hello_timeout_s=0.5)


@pytest.mark.parametrize("url", ["/dev/ttyNOSUCH7", "socket://127.0.0.1:1"])
def test_port_that_does_not_exist(url: str) -> None:
    with pytest.raises(DeviceError, match="cannot be opened") as caught:
        Device(url, expected=DOUBLE_IDENTITY)
    assert caught.value.exit_code == 3


@pytest.mark.parametrize("url", ["socket://nowhere", "nosuchscheme://x", "socket://127.0.0.1:99999"])
def test_url_that_is_none(url: str) -> None:
    with pytest.raises(UserError, match="port"):
        Device(url, expected=DOUBLE_IDENTITY)


def test_port_taken(double_emulator: Build) -> None:
    with (
        Emulator(double_emulator(), keep=True) as first,
        pytest.raises(UserError, match=r"cannot listen on 127\.0\.0\.1"),
    ):
        Emulator(double_emulator(), port=int(first.url.rsplit(":", 1)[1]))


@pytest.mark.parametrize("arguments", [["--port", "x"], ["--port", "70000"], ["--nonsense"], ["--port"]])
def test_emulator_refuses_other_arguments(double_emulator: Build, arguments: list[str]) -> None:
    done = subprocess.run(
        [double_emulator(), *arguments], capture_output=True, text=True, timeout=5, check=False
    )
    assert done.returncode == 2
    assert done.stderr.startswith("usage:")


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_random_bytes_find_nothing_under_the_sanitizers(seed: int) -> None:
    program = compile_c(
        [*LINK_SOURCES, HERE / "fuzz_c" / "fuzz_link.c"],
        [FIRMWARE / "lib" / "link", FIRMWARE / "lib" / "ecg"],
        SANITIZE_FLAGS,
        BUILD_DIR / "tests" / "fuzz-link",
    )
    done = subprocess.run(
        [program, str(seed), "30000"], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 100  # good frames got through: the state machine was reached
