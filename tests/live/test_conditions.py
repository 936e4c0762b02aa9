"""Conditions and rails through a device: what holds beside the beats, in a replay and in live mode.

Oracle: the C core run directly on the same samples with the same rails (itself equal to the reference, see
tests/chain); and what was put into the signal.
"""

from __future__ import annotations

import json

import numpy as np
import numpy.typing as npt
import pytest

from host_tools.adc import AdcProfile
from host_tools.beats import (
    CONDITION_LEAD_OFF,
    CONDITION_PAUSE,
    CONDITION_SATURATED,
    FLAG_SATURATED,
)
from host_tools.emulator import Emulator
from host_tools.link.device import Device
from host_tools.link.live import LiveSession
from host_tools.link.messages import LiveStatus
from host_tools.native import run_core
from host_tools.records import EcgRecord
from host_tools.reference.params import ADU_PER_MV, FS_HZ
from host_tools.replay import replay, write_results
from tests.chain.signals import pulse_train

MISSING = -32768
#: The emulator's converter, see firmware/src/board_profile.h.
RAILS = AdcProfile(bits=14, ref_uv=3_300_000, mid_uv=1_650_000, gain=100).rails(ADU_PER_MV)


def troubled(high: int) -> npt.NDArray[np.int16]:
    """A minute and a half: electrodes off for 5 s, at the upper rail for 3 s, no beat for 8 s, noise."""
    samples = pulse_train(90, rr_ms=800)[0].astype(np.int32)
    quiet = int(np.median(samples))
    samples[20 * FS_HZ : 25 * FS_HZ] = MISSING
    samples[40 * FS_HZ : 43 * FS_HZ] = high
    draw = np.random.default_rng(3)
    samples[55 * FS_HZ : 63 * FS_HZ] = quiet + draw.normal(0, 3, 8 * FS_HZ).astype(np.int32)
    samples[75 * FS_HZ : 83 * FS_HZ] += draw.normal(0, 150, 8 * FS_HZ).astype(np.int32)
    return np.clip(samples, MISSING, high).astype(np.int16)


def seen(changes: npt.NDArray[np.void], start_s: float, end_s: float) -> int:
    """Conditions that became true in this stretch, as bits."""
    inside = (changes["sample"] >= start_s * FS_HZ) & (changes["sample"] < end_s * FS_HZ)
    return int(np.bitwise_or.reduce(changes["conditions"][inside], initial=0))


@pytest.mark.parametrize("rails", [None, (-1000, 1000), RAILS])
def test_a_replay_gives_the_cores_conditions(rails: tuple[int, int] | None) -> None:
    samples = troubled(RAILS[1] if rails is None else rails[1])
    expected = run_core(samples, rails=rails)
    with Emulator() as emulator, Device(emulator.url) as device:
        result = device.replay(samples, rails=rails)
    assert result.beats.tobytes() == expected.beats.tobytes()
    assert result.conditions.tolist() == expected.conditions.tolist()
    assert seen(result.conditions, 20, 26) & CONDITION_LEAD_OFF
    assert seen(result.conditions, 57, 63) & CONDITION_PAUSE
    if rails is not None:
        assert seen(result.conditions, 40, 43) & CONDITION_SATURATED


def test_a_record_brings_its_rails(tmp_path) -> None:  # type: ignore[no-untyped-def]
    samples = troubled(1000)
    record = EcgRecord("r", tmp_path, "MLII", 0, samples, FS_HZ, FS_HZ, 0, len(samples), rails=(-1000, 1000))
    with Emulator() as emulator, Device(emulator.url) as device:
        done = replay(record, device)
    assert done.conditions.tolist() == run_core(samples, rails=(-1000, 1000)).conditions.tolist()
    write_results(done, tmp_path / "out")
    rows = json.loads((tmp_path / "out" / "r.json").read_text())["conditions"]
    assert [row["sample"] for row in rows] == done.conditions["sample"].tolist()
    assert any("saturated" in row["conditions"] for row in rows)


def live(samples: npt.NDArray[np.int16]) -> tuple[npt.NDArray[np.void], npt.NDArray[np.void], LiveStatus]:
    """Beats, conditions and the last state of a live session that saw all samples."""
    beats, conditions, status = [], [], None
    with Emulator(live=samples, speed=0) as emulator, Device(emulator.url) as device:
        session = LiveSession(device)
        while status is None or status.taken < len(samples) // FS_HZ * FS_HZ:
            update = session.poll(0.1)
            beats, conditions = beats + update.beats, conditions + update.conditions
            status = update.status or status
        rest = session.end()
    assert rest.status is not None
    assert rest.status.lost == rest.beats_lost == 0
    return np.concatenate(beats + rest.beats), np.concatenate(conditions + rest.conditions), rest.status


def test_live_mode_gives_the_cores_conditions_with_the_boards_rails() -> None:
    samples = troubled(RAILS[1])
    beats, conditions, status = live(samples)
    expected = run_core(samples, rails=RAILS)
    assert beats.tobytes() == expected.beats.tobytes()
    assert conditions.tolist() == expected.conditions.tolist()
    assert status.conditions == conditions["conditions"][-1]


@pytest.mark.parametrize("end", [0, 1])
@pytest.mark.parametrize("beyond", [0, 5_000])
def test_input_at_the_converters_rail_is_saturated(end: int, beyond: int) -> None:
    """A front end that is overdriven gives the converter's end, 16.5 mV here, whatever the voltage."""
    samples = pulse_train(60, rr_ms=800)[0].astype(np.int32)
    at = RAILS[end] + (beyond if end else -beyond)
    samples[20 * FS_HZ : 20 * FS_HZ + 540] = at
    samples[40 * FS_HZ : 41 * FS_HZ] = at
    beats, conditions, _ = live(samples.astype(np.int16))
    for start_s in (20, 40):
        assert seen(conditions, start_s, start_s + 1.6) & CONDITION_SATURATED
        near = np.abs(beats["r_sample"].astype(np.int64) / FS_HZ - start_s - 0.7) < 1.5
        assert (beats["flags"][near] & FLAG_SATURATED).all()
        inside = (beats["r_sample"] > start_s * FS_HZ) & (beats["r_sample"] < (start_s + 1) * FS_HZ)
        assert not (inside & (beats["flags"] & FLAG_SATURATED == 0)).any()
    calm = beats[(beats["r_sample"] > 30 * FS_HZ) & (beats["r_sample"] < 38 * FS_HZ)]
    assert len(calm) >= 8
    assert not (calm["flags"] & FLAG_SATURATED).any()


def strange(kind: str) -> npt.NDArray[np.int16]:
    """A minute that no front end should give, but may."""
    draw = np.random.default_rng(5)
    n = 60 * FS_HZ
    at = np.arange(n)
    signals = {
        "noise": draw.integers(-32768, 32768, n),
        "small noise": draw.normal(0, 30, n),
        "square": (at // 150 % 2) * 6_000 - 3_000,
        "walk": np.cumsum(draw.normal(0, 40, n)),
        "lost": np.where(draw.random(n) < 0.01, MISSING, pulse_train(60)[0][:n]),
        "glitches": np.where(draw.random(n) < 0.005, 20_000, 0),
    }
    return np.clip(signals[kind], MISSING, 32767).astype(np.int16)


@pytest.mark.parametrize("kind", ["noise", "small noise", "square", "walk", "lost", "glitches"])
@pytest.mark.parametrize(("first", "rails"), [(0, None), (2**32 - 1_000, (-2_000, 2_000))])
def test_whatever_comes_in_an_honest_device_is_believed(
    kind: str, first: int, rails: tuple[int, int] | None
) -> None:
    """What the host refuses of a device, the firmware never says: events in order, within what was sent."""
    samples = strange(kind)
    with Emulator() as emulator, Device(emulator.url) as device:
        result = device.replay(samples, first_sample=first, rails=rails)
    expected = run_core(samples, first_sample=first, rails=rails)
    assert result.beats.tobytes() == expected.beats.tobytes()
    assert result.conditions.tolist() == expected.conditions.tolist()
    assert result.report.repairs == []
