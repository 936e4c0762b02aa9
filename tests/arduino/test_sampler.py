"""The port's sampler of boards without a timer, run on this machine behind a stand-in for the Arduino core.

Oracle: exact fractions of the sampling period. This shows the port's own arithmetic; no core and no board is
run here.
"""

from __future__ import annotations

import ctypes
import subprocess
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_tools.build import CORE_INCLUDE_DIRS, FIRMWARE, STRICT_FLAGS, c_compiler
from host_tools.reference.params import FS_HZ

from .test_port import API, BOARDS, CXX_FLAGS, PORT, defines

HERE = Path(__file__).parent
PERIOD_US = Fraction(1_000_000, FS_HZ)
MISSING = -32768


class Board:
    """An nRF52840 with the test as its clock."""

    def __init__(self, library: ctypes.CDLL, start_us: int) -> None:
        self.c = library
        self.at("us").value = start_us
        self.at("counts").value = 2000
        self.c.port_init(0, None)
        self.c.t_start()
        self.start_us = start_us

    def at(self, name: str) -> ctypes.c_uint32:
        return ctypes.c_uint32.in_dll(self.c, f"fake_{name}")

    def poll(self, elapsed_us: int) -> list[int]:
        """Let the main loop come by at this time; return the samples that are there then."""
        self.at("us").value = (self.start_us + elapsed_us) & 0xFFFFFFFF
        self.c.port_adc_poll()
        out = (ctypes.c_int16 * 4096)()
        return list(out[: self.c.t_take(out, 4096)])


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    folder = tmp_path_factory.mktemp("sampler")
    includes = [f"-I{d}" for d in (API, *CORE_INCLUDE_DIRS, FIRMWARE / "src")]
    options = ["-fPIC", *defines(*BOARDS["nrf52840_dk"]), *includes, "-c"]
    src = FIRMWARE / "src"
    objects = []
    for source in (PORT, HERE / "stand_in.cpp", src / "live.c", src / "adc_ring.c", HERE / "taker.c"):
        compiler = (
            ["g++", *CXX_FLAGS] if source.suffix == ".cpp" else [*c_compiler().split(), *STRICT_FLAGS, "-O2"]
        )
        objects.append(str(folder / f"{source.stem}.o"))
        subprocess.run([*compiler, *options, str(source), "-o", objects[-1]], check=True)
    subprocess.run(["g++", "-shared", *objects, "-o", str(folder / "sampler.so")], check=True)
    return ctypes.CDLL(str(folder / "sampler.so"))


start_times = st.sampled_from([0, 2**32 - 1, 2**32 - 500_000, 2**31 - 100])


@given(start_us=start_times, steps=st.lists(st.integers(1, 2000), min_size=400, max_size=800))
def test_a_prompt_loop_gets_every_sample_at_its_time(
    start_us: int, steps: list[int], library: ctypes.CDLL
) -> None:
    board = Board(library, start_us)
    now_us = taken = 0
    for step in steps:
        now_us += step
        samples = board.poll(now_us)
        taken += len(samples)
        assert samples in ([], [board.c.t_scale(2000)])
        due = int(now_us / PERIOD_US)
        assert abs(taken - due) <= 1  # whole microseconds: at the very edge one turn late
    assert board.c.t_lost() == 0
    assert board.c.t_late() < 2001


@given(start_us=start_times, steps=st.lists(st.integers(1, 60_000), min_size=1, max_size=100))
def test_a_slow_loop_loses_samples_but_not_time(
    start_us: int, steps: list[int], library: ctypes.CDLL
) -> None:
    board = Board(library, start_us)
    now_us = 0
    samples: list[int] = []
    for step in steps:
        now_us += step
        samples += board.poll(now_us)
        assert abs(len(samples) - int(now_us / PERIOD_US)) <= 1
    assert samples.count(MISSING) == board.c.t_lost()
    assert board.c.t_late() <= PERIOD_US + 1


def test_an_hour_does_not_drift(library: ctypes.CDLL) -> None:
    """3600 s in steps of a period and a bit: 1,296,000 samples, to one."""
    board = Board(library, 12345)
    count, now_us = 0, 0
    while now_us < 3_600_000_000:
        now_us = min(now_us + 250_000, 3_600_000_000)
        count += len(board.poll(now_us))
    assert abs(count - 3600 * FS_HZ) <= 1


def test_lead_off_and_stop(library: ctypes.CDLL) -> None:
    board = Board(library, 0)
    assert board.poll(2778) == [board.c.t_scale(2000)]
    board.at("lead_off_pin").value = 1
    assert board.poll(2 * 2778) == [MISSING]
    board.at("lead_off_pin").value = 0
    board.c.port_adc_stop()
    assert board.poll(9 * 2778) == []


def test_led_levels_and_silent_port(library: ctypes.CDLL) -> None:
    """The kit's LED is lit by a low level; without a listener over USB, bytes are dropped, not waited for."""
    board = Board(library, 0)
    assert board.at("led").value == 1
    board.c.port_led(ctypes.c_bool(True))
    assert board.at("led").value == 0
    assert board.at("resolution").value == 12
    board.at("written").value = 0
    board.at("listening").value = 0
    board.c.port_write(b"abc", ctypes.c_size_t(3))
    assert board.at("written").value == 0
    board.at("listening").value = 1
    board.c.port_write(b"abc", ctypes.c_size_t(3))
    assert board.at("written").value == 3
