"""A board that acquires from power-on, without a host: the LED shows the beats; a host may take over.

Oracle: the C core run directly on the samples of the simulated ADC.
"""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from host_tools.build import BUILD_DIR, CORE_INCLUDE_DIRS, FIRMWARE, OPTIMISE_FLAGS, compile_c, core_sources
from host_tools.emulator import Emulator, live_options
from host_tools.link.device import Device
from host_tools.link.live import LiveSession
from host_tools.native import run_core
from host_tools.simulator import Step, simulate


@pytest.fixture(scope="module")
def program() -> Path:
    """The emulator as a real board is built: acquiring at boot."""
    folders = [FIRMWARE / "src", FIRMWARE / "ports" / "host"]
    sources = [*core_sources(), *(path for folder in folders for path in folder.glob("*.c"))]
    flags = [*OPTIMISE_FLAGS, "-DBOARD_LIVE_AT_BOOT=1"]
    output = BUILD_DIR / "tests" / "emulator-live-at-boot"
    return compile_c(sources, [*CORE_INCLUDE_DIRS, *folders], flags, output)


@pytest.fixture(scope="module")
def ecg() -> npt.NDArray[np.int16]:
    script = (Step("sinus", 15), Step("bigeminy", count=4))
    return simulate(script, 40, seed=3).samples.astype(np.int16)


def test_led_flashes_for_every_beat_and_thrice_for_ventricular_ones(
    program: Path, ecg: npt.NDArray[np.int16]
) -> None:
    """The last beats wait for their next RR: nobody ends this acquisition."""
    result = run_core(ecg)
    classes = result.beats["aami_class"][result.released < len(ecg)]
    assert (classes == 2).sum() >= 3
    expected = int(len(classes) + 2 * (classes == 2).sum())
    process = subprocess.Popen(
        [str(program), "--keep", "--led", *live_options(ecg, speed=0)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    time.sleep(3)  # 40 s of signal take far less
    process.terminate()
    _, errors = process.communicate(timeout=10)
    assert abs(errors.count("led on") - expected) <= 2  # the file may end in the middle of a flash


def test_a_host_takes_over_and_gives_back(program: Path, ecg: npt.NDArray[np.int16]) -> None:
    with Emulator(program, live=ecg, speed=50, loop=True) as emulator, Device(emulator.url) as device:
        first = device.replay(ecg).beats
        session = LiveSession(device)
        update = session.poll(0.2)
        session.end()
        second = device.replay(ecg).beats
    assert update.blocks[0][0] == 0
    expected = run_core(ecg).beats
    assert np.array_equal(first, expected)
    assert np.array_equal(second, expected)
