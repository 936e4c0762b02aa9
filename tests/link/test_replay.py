"""Replays through the C device in this process, over clean and over faulty lines.

Oracle: double.py, whose every beat depends on all samples before it, so nothing that is lost, repeated or
changed on the way can pass. Faults are seeded; the clock is virtual: every run repeats exactly.
"""

from __future__ import annotations

import ctypes
import random
from collections.abc import Callable

import numpy as np
import pytest

from host_tools.errors import DeviceError
from host_tools.link import messages as m
from host_tools.link.device import Device
from host_tools.link.frames import FrameReader, encode_frame
from host_tools.link.identity import Identity

from .conftest import DOUBLE_IDENTITY, Faults, LoopTransport, noise
from .double import expected_beats, expected_conditions

Loop = Callable[..., LoopTransport]


def assert_same(beats: np.ndarray, expected: np.ndarray) -> None:
    assert len(beats) == len(expected)
    assert beats.tobytes() == expected.tobytes()


@pytest.mark.parametrize("n", [0, 1, 49, 50, 119, 120, 121, 512, 513, 20_000])
def test_clean_line(loop: Loop, n: int) -> None:
    samples = noise(n)
    with Device(loop(), expected=DOUBLE_IDENTITY) as device:
        result = device.replay(samples)
    assert_same(result.beats, expected_beats(samples))
    assert_same(result.conditions, expected_conditions(samples))
    assert result.report.repairs == []
    assert (result.report.bad_frames, result.report.lost_frames) == (0, 0)


@pytest.mark.parametrize("buffer_bytes", [66, 128, 264, 1024, 65536])
def test_small_receive_buffers(loop: Loop, buffer_bytes: int) -> None:
    samples = noise(3_000)
    with Device(loop(buffer_bytes=buffer_bytes), expected=DOUBLE_IDENTITY) as device:
        result = device.replay(samples)
    assert_same(result.beats, expected_beats(samples))
    assert result.report.repairs == []


def test_one_replay_after_the_other_starts_anew(loop: Loop) -> None:
    with Device(loop(), expected=DOUBLE_IDENTITY) as device:
        for seed in range(3):
            samples = noise(1_000, seed)
            assert_same(device.replay(samples).beats, expected_beats(samples))


@pytest.mark.parametrize("first", [0xFFFFFFFF, 0xFFFFFF00, 0x7FFFFFF0])
def test_sample_counter_wraps(loop: Loop, first: int) -> None:
    samples = noise(2_000)
    with Device(loop(), expected=DOUBLE_IDENTITY) as device:
        result = device.replay(samples, first_sample=first)
    assert_same(result.beats, expected_beats(samples, first))
    assert_same(result.conditions, expected_conditions(samples, first))


RAILS = (-3300, 3299)


@pytest.mark.parametrize("n", [0, 1, 3_000])
@pytest.mark.parametrize("buffer_bytes", [66, 65536])
def test_rails_are_told_before_the_first_sample(loop: Loop, n: int, buffer_bytes: int) -> None:
    """The double adds the rails to every sample: one that went before them would show in all beats."""
    samples = noise(n)
    with Device(loop(buffer_bytes=buffer_bytes), expected=DOUBLE_IDENTITY) as device:
        result = device.replay(samples, rails=RAILS)
        assert_same(result.beats, expected_beats(samples, rails=RAILS))
        assert_same(result.conditions, expected_conditions(samples, rails=RAILS))
        assert_same(device.replay(samples).beats, expected_beats(samples))  # the next replay has none
    assert result.report.repairs == []


@pytest.mark.parametrize("k", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("type_", [m.MSG_CONFIG, m.MSG_STATUS])
def test_rails_survive_any_lost_frame(loop: Loop, k: int, type_: int) -> None:
    samples = noise(500)
    drop = {"to_device" if type_ == m.MSG_CONFIG else "to_host": DropOnce(type_, k)}
    with Device(loop(**drop), expected=DOUBLE_IDENTITY) as device:
        result = device.replay(samples, rails=RAILS)
    assert_same(result.beats, expected_beats(samples, rails=RAILS))


@pytest.mark.parametrize("seed", range(5))
def test_rails_and_conditions_survive_faults(loop: Loop, seed: int) -> None:
    transport = loop(to_device=Faults(seed, 0.2), to_host=Faults(seed + 100, 0.2))
    samples = noise(5_000, seed)
    with Device(transport, expected=DOUBLE_IDENTITY, silence_s=120) as device:
        result = device.replay(samples, rails=RAILS)
    assert_same(result.beats, expected_beats(samples, rails=RAILS))
    assert_same(result.conditions, expected_conditions(samples, rails=RAILS))


@pytest.mark.parametrize("began", [False, True])
def test_rails_at_the_wrong_time_are_refused(loop: Loop, began: bool) -> None:
    """Without a session, and once it has a sample: the device says so, and its chain is not touched."""
    transport = loop()
    send = [(m.MSG_CONFIG, m.Config(m.OP_RAILS, 0, m.pack_rails(*RAILS)).pack())]
    if began:
        send.insert(0, (m.MSG_SAMPLES, m.pack_samples(0, 0, bytes(20))))
        send.insert(0, (m.MSG_CONFIG, m.Config(m.OP_START).pack()))
    transport.write(b"".join(encode_frame(t, 9, i, p) for i, (t, p) in enumerate(send)))
    frames = FrameReader().feed(transport.read(0))
    codes = [f.payload[0] for f in frames if f.type == m.MSG_ERROR]
    assert codes == [m.ERROR_BAD_CONFIG if began else m.ERROR_NO_SESSION]
    flags = [s.flags for f in frames if f.type == m.MSG_STATUS and (s := m.Status.unpack(f.payload))]
    assert not any(f & m.STATUS_RAILS for f in flags)


def test_event_numbers_wrap(loop: Loop) -> None:
    samples = noise(50 * 66_000)  # more than 65,536 beats
    with Device(loop(), expected=DOUBLE_IDENTITY) as device:
        result = device.replay(samples)
    assert_same(result.beats, expected_beats(samples))


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("rate", [0.02, 0.3])
def test_faults_both_ways_are_repaired(loop: Loop, seed: int, rate: float) -> None:
    to_device, to_host = Faults(seed, rate), Faults(seed + 1000, rate)
    transport = loop(to_device=to_device, to_host=to_host)
    samples = noise(20_000, seed)
    with Device(transport, expected=DOUBLE_IDENTITY, silence_s=120) as device:
        result = device.replay(samples)
    assert to_device.injected + to_host.injected > 0
    assert_same(result.beats, expected_beats(samples))


def test_faults_and_small_window_and_wrap_together(loop: Loop) -> None:
    transport = loop(buffer_bytes=128, to_device=Faults(5, 0.05), to_host=Faults(6, 0.05))
    samples = noise(6_000)
    with Device(transport, expected=DOUBLE_IDENTITY, silence_s=120) as device:
        result = device.replay(samples, first_sample=0xFFFFF000)
    assert_same(result.beats, expected_beats(samples, 0xFFFFF000))


class DropOnce:
    """Loses one frame of a type, the k-th."""

    def __init__(self, type_: int, k: int) -> None:
        self._type, self._k, self._seen = type_, k, 0

    def __call__(self, data: bytes) -> bytes:
        out = b""
        for piece in data.split(b"\0")[:-1]:
            wire = piece + b"\0"
            found = FrameReader().feed(wire)
            if found and found[0].type == self._type:
                self._seen += 1
                if self._seen == self._k:
                    continue
            out += wire
        return out


def test_lost_block_is_named_by_its_sample(loop: Loop) -> None:
    samples = noise(5_000)
    with Device(loop(to_device=DropOnce(m.MSG_SAMPLES, 4)), expected=DOUBLE_IDENTITY) as device:
        result = device.replay(samples)
    assert_same(result.beats, expected_beats(samples))
    assert [(r.what, r.sample) for r in result.report.repairs] == [("samples", 360)]
    assert result.report.lost_frames == 1


@pytest.mark.parametrize("type_", [m.MSG_BEAT, m.MSG_STATUS])
@pytest.mark.parametrize("k", [1, 2, 9, 100])
def test_any_single_frame_of_the_device_may_be_lost(loop: Loop, type_: int, k: int) -> None:
    samples = noise(5_000)
    with Device(loop(to_host=DropOnce(type_, k)), expected=DOUBLE_IDENTITY) as device:
        result = device.replay(samples)
    assert_same(result.beats, expected_beats(samples))


@pytest.mark.parametrize("k", [1, 2, 3])
def test_lost_commands_are_repeated(loop: Loop, k: int) -> None:
    samples = noise(500)
    with Device(loop(to_device=DropOnce(m.MSG_CONFIG, k)), expected=DOUBLE_IDENTITY) as device:
        result = device.replay(samples)
    assert_same(result.beats, expected_beats(samples))


def test_the_last_beat_may_be_lost(loop: Loop) -> None:
    samples = noise(500)
    last = len(expected_beats(samples))
    with Device(loop(to_host=DropOnce(m.MSG_BEAT, last)), expected=DOUBLE_IDENTITY) as device:
        result = device.replay(samples)
    assert_same(result.beats, expected_beats(samples))


@pytest.mark.parametrize("rate", [0.0, 0.1])
@pytest.mark.parametrize("buffer_bytes", [128, 1024, 65536])
def test_credits_are_never_exceeded(loop: Loop, rate: float, buffer_bytes: int) -> None:
    """Oracle: the logged bytes. No block reaches beyond the largest accept_until that the device sent."""
    transport = loop(buffer_bytes=buffer_bytes, to_device=Faults(1, rate), to_host=Faults(2, rate))
    with Device(transport, expected=DOUBLE_IDENTITY, silence_s=120) as device:
        device.replay(noise(8_000))
    granted, replies, device_reader, host_reader = 0, list(transport.device_log), FrameReader(), FrameReader()
    blocks = 0
    for i, data in enumerate(transport.host_log):
        while replies and replies[0][0] <= i:
            for frame in device_reader.feed(replies.pop(0)[1]):
                if frame.type == m.MSG_STATUS:
                    status = m.Status.unpack(frame.payload)
                    assert status is not None
                    granted = max(granted, status.accept_until)
                if frame.type == m.MSG_ERROR:
                    error = m.Error.unpack(frame.payload)
                    assert error is not None
                    assert error.code != m.ERROR_OVERRUN
        for frame in host_reader.feed(data):
            if frame.type == m.MSG_SAMPLES:
                block = m.unpack_samples(frame.payload)
                assert block is not None
                assert block[0] + len(block[2]) <= granted
                blocks += 1
    assert blocks >= 8_000 // 120


def test_device_refuses_samples_beyond_its_credits(loop: Loop) -> None:
    transport = loop(buffer_bytes=264)  # window: 120 samples
    transport.write(encode_frame(m.MSG_CONFIG, 9, 0, m.Config(m.OP_START).pack()))
    transport.read(0)
    blocks = [m.pack_samples(first, 0, bytes(240)) for first in (0, 120)]
    transport.write(b"".join(encode_frame(m.MSG_SAMPLES, 9, i + 1, b) for i, b in enumerate(blocks)))
    codes = [f.payload[0] for f in FrameReader().feed(transport.read(0)) if f.type == m.MSG_ERROR]
    assert codes == [m.ERROR_OVERRUN]


def test_boot_garbage_before_the_hello(loop: Loop) -> None:
    greeting = (
        random.Random(3).randbytes(500) + b"\r\nets Jun  8 2016 00:22:57\r\nrst:0x1 (POWERON_RESET)\r\n"
    )
    samples = noise(700)

    class Booting:
        def __init__(self) -> None:
            self.left = 4

        def __call__(self, data: bytes) -> bytes:
            self.left -= 1
            return greeting[: 150 * max(self.left, 0)] + data

    with Device(loop(to_host=Booting()), expected=DOUBLE_IDENTITY) as device:
        result = device.replay(samples)
    assert_same(result.beats, expected_beats(samples))


def test_reset_in_the_middle_begins_again(loop: Loop) -> None:
    """A board that loses power: the replay starts over, and no beat is delivered twice."""
    transport = loop()
    samples = noise(6_000)
    delivered: list[bytes] = []
    resets = []

    def progress(done: int, total: int, beats: int) -> None:
        if done > 3_000 and not resets:
            resets.append(done)
            transport.boot()

    with Device(transport, expected=DOUBLE_IDENTITY) as device:
        result = device.replay(samples, on_progress=progress, on_beat=lambda b: delivered.append(b.tobytes()))
    assert result.report.restarts == 1
    assert_same(result.beats, expected_beats(samples))
    assert b"".join(delivered) == result.beats.tobytes()


def test_a_device_that_is_always_reset_is_given_up(loop: Loop) -> None:
    transport = loop()

    def progress(done: int, total: int, beats: int) -> None:
        if done > 1_000:
            transport.boot()

    with (
        Device(transport, expected=DOUBLE_IDENTITY) as device,
        pytest.raises(DeviceError, match="reset 4 times"),
    ):
        device.replay(noise(6_000), on_progress=progress)


def test_silence_in_the_middle_names_the_samples(loop: Loop) -> None:
    transport = loop()
    dead = []

    def to_host(data: bytes) -> bytes:
        return b"" if dead else data

    transport._to_host = to_host

    def progress(done: int, total: int, beats: int) -> None:
        if done > 2_000:
            dead.append(done)

    with (
        Device(transport, expected=DOUBLE_IDENTITY) as device,
        pytest.raises(DeviceError, match=r"fell silent.*confirmed the first \d+ of 6000 samples"),
    ):
        device.replay(noise(6_000), on_progress=progress)


@pytest.mark.parametrize("noisy", [b"\x55\xaa" * 20, b"\x07\x07\0" * 20])
def test_endless_garbage_is_given_up(library: ctypes.CDLL, noisy: bytes) -> None:
    class Babbling(LoopTransport):
        babbles = False

        def read(self, timeout_s: float) -> bytes:
            real = super().read(timeout_s)
            return noisy if self.babbles else real

    transport = Babbling(library)
    with Device(transport, expected=DOUBLE_IDENTITY) as device:
        transport.babbles = True
        with pytest.raises(DeviceError, match=r"nothing new for 20 s"):
            device.replay(noise(6_000))


def test_a_device_that_answers_without_ever_moving_is_given_up(loop: Loop) -> None:
    """Every beat is lost on the way, always: the polls are answered, but nothing new comes."""

    def no_beats(data: bytes) -> bytes:
        pieces = [p + b"\0" for p in data.split(b"\0")[:-1]]
        return b"".join(p for p in pieces if not any(f.type == m.MSG_BEAT for f in FrameReader().feed(p)))

    with (
        Device(loop(to_host=no_beats), expected=DOUBLE_IDENTITY) as device,
        pytest.raises(DeviceError, match=r"nothing new for 20 s.*0 beats have come"),
    ):
        device.replay(noise(6_000))


def test_a_line_that_is_dead_for_ten_seconds_is_survived(loop: Loop) -> None:
    transport = loop()
    cut_s: list[float] = []

    def gate(data: bytes) -> bytes:
        return b"" if cut_s and transport.now_s() < cut_s[0] + 10 else data

    transport._to_host = transport._to_device = gate

    def progress(done: int, total: int, beats: int) -> None:
        if done > 2_000 and not cut_s:
            cut_s.append(transport.now_s())

    samples = noise(6_000)
    with Device(transport, expected=DOUBLE_IDENTITY) as device:
        result = device.replay(samples, on_progress=progress)
    assert cut_s
    assert_same(result.beats, expected_beats(samples))


def test_real_time_pace(loop: Loop) -> None:
    """20 times real time: 3600 samples (10 s) take half a second of the virtual clock."""
    transport = loop()
    samples = noise(3_600)
    with Device(transport, expected=DOUBLE_IDENTITY) as device:
        result = device.replay(samples, pace_hz=20 * 360)
    assert_same(result.beats, expected_beats(samples))
    assert 0.5 <= result.elapsed_s <= 0.8


@pytest.mark.parametrize(
    ("identity", "history", "message"),
    [
        (Identity(0x11111111, 0x0A0B0C0D), "", "specification 01020304.*one of the two is old"),
        (
            Identity(0x11111111, 0x0A0B0C0D),
            "spec 01020304\nspec 11111111\n",
            "specification 01020304.*device is old",
        ),
        (Identity(0x11111111, 0x0A0B0C0D), "spec 11111111\n", "specification 01020304.*host is old"),
        (
            Identity(0x01020304, 0x22222222),
            "model 0a0b0c0d\nmodel 22222222\n",
            "model 0a0b0c0d.*device is old",
        ),
        (Identity(0x01020304, 0x22222222), "model 22222222\n", "model 0a0b0c0d.*host is old"),
    ],
)
def test_another_spec_or_model_is_refused(
    loop: Loop, identity: Identity, history: str, message: str, tmp_path, monkeypatch
) -> None:
    file = tmp_path / "history.txt"
    file.write_text(history)
    monkeypatch.setattr("host_tools.link.identity.HISTORY_FILE", file)
    with pytest.raises(DeviceError, match=message) as caught:
        Device(loop(), expected=identity)
    assert caught.value.exit_code == 3
    assert "\n" not in str(caught.value)


def test_trace_from_a_build_without_it_is_refused(loop: Loop) -> None:
    with (
        Device(loop(), expected=DOUBLE_IDENTITY) as device,
        pytest.raises(DeviceError, match="without the trace hook"),
    ):
        device.replay(noise(100), trace=True)


def test_lead_off_shows_in_the_status(loop: Loop) -> None:
    transport = loop()
    samples = np.full(240, 5, np.int16)
    samples[100:200] = -32768
    with Device(transport, expected=DOUBLE_IDENTITY) as device:
        device.replay(samples)
    reader, flags = FrameReader(), []
    for _, data in transport.device_log:
        for frame in reader.feed(data):
            status = m.Status.unpack(frame.payload) if frame.type == m.MSG_STATUS else None
            if status is not None:
                flags.append(bool(status.flags & m.STATUS_LEAD_OFF))
    assert flags[0] is False
    assert any(flags)
    assert flags[-1] is False
