"""The core under address and undefined-behaviour sanitizers, which stop it at a finding.

Oracle: the sanitizers, and the beats of the normal build. The sanitised program is the emulator.
"""

from __future__ import annotations

import numpy as np
import pytest

from host_tools.build import build_emulator
from host_tools.emulator import Emulator
from host_tools.link.device import Device
from host_tools.native import run_core
from tests.chain.signals import pulse_train
from tests.chain.test_pipeline import EXTREMES, FS


def bursts() -> np.ndarray:
    """Beats with every kind of bad stretch between them."""
    x, _ = pulse_train(60, rr_ms=500, height_adu=4000)
    for i, level in enumerate((-32768, 32767, -32767, 6400, 0)):
        x[(5 + 10 * i) * FS : (5 + 10 * i) * FS + 37 * (i + 1)] = level
        x[(8 + 10 * i) * FS : (9 + 10 * i) * FS] = level
    return x


SIGNALS = {**EXTREMES, "bursts": bursts()}


@pytest.mark.parametrize("kind", SIGNALS)
def test_no_finding(kind: str) -> None:
    x = np.asarray(SIGNALS[kind], np.int16)
    with Emulator(build_emulator(sanitize=True)) as emulator, Device(emulator.url) as device:
        beats = device.stream(x)
    assert np.array_equal(beats, run_core(x).beats)
