"""What ``bitbeat replay`` says of a record beside its beats, through the emulated device.

Oracle: records laid out by hand, whose rhythm is known.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from host_tools.reference.params import FS_HZ
from host_tools.simulator import Step, simulate
from tests.replay.conftest import Outcome, write_record

Bitbeat = Callable[..., Outcome]


def sinus(seconds: int) -> np.ndarray:
    return simulate((Step("sinus", 60),), seconds, seed=4).samples.astype(np.int16)


def quiet(seconds: float) -> np.ndarray:
    """A line with fine noise, 12 uV."""
    noise = np.random.default_rng(1).standard_normal(round(seconds * FS_HZ))
    return np.rint(2.4 * noise).astype(np.int16)


def summary(bitbeat: Bitbeat, tmp_path: Path, samples: np.ndarray) -> tuple[dict[str, Any], str]:
    write_record(tmp_path, "r", samples)
    done = bitbeat("replay", tmp_path / "r", "--emulator", "--out", tmp_path / "out")
    assert done.code == 0, done.error
    found = json.loads((tmp_path / "out" / "r.json").read_text())
    return found["summary"], done.output


def test_an_arrest_at_the_end_is_the_longest_pause(bitbeat: Bitbeat, tmp_path: Path) -> None:
    found, shown = summary(bitbeat, tmp_path, np.concatenate([sinus(12), quiet(18)]))
    pause = found["longest_pause"]
    assert 18 <= pause["duration_s"] < 19.2
    assert not pause["complete"]
    assert "at least 18." in shown


def test_a_record_that_begins_without_a_heart_beat(bitbeat: Bitbeat, tmp_path: Path) -> None:
    found, _ = summary(bitbeat, tmp_path, np.concatenate([quiet(15), sinus(20)]))
    assert found["longest_pause"]["start_s"] == 0
    assert 14.5 <= found["longest_pause"]["duration_s"] < 16.5


def test_a_record_without_any_beat_is_one_pause(bitbeat: Bitbeat, tmp_path: Path) -> None:
    found, shown = summary(bitbeat, tmp_path, quiet(30))
    assert (found["beats"], found["longest_pause"]["duration_s"]) == (0, 30)
    assert "no beats were found" in " ".join(shown.split())


@pytest.mark.parametrize(("gain", "words"), [(0.04, "gain or unit"), (0.001, "does not move")])
def test_an_ecg_in_which_nothing_is_found_is_said_with_its_cause(
    gain: float, words: str, bitbeat: Bitbeat, tmp_path: Path
) -> None:
    """R waves of 0.05 mV by a wrong gain; volts taken for millivolts."""
    samples = np.rint(gain * sinus(30)).astype(np.int16)
    found, shown = summary(bitbeat, tmp_path, samples)
    assert found["beats"] == 0
    assert words in found["notice"]
    assert "no beats were found" in " ".join(shown.replace("│", " ").split())
