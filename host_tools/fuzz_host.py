"""Fuzz targets of the link's host side: any device, as far as its bytes can tell.

An input is a list of operations, as in ``firmware/fuzz/fuzz_device.c``: raw bytes, frames of any type with a
good CRC around any payload, and frames near what an honest device would say, so that small inputs reach deep
states. What must hold: only a :class:`DeviceError` in one line may end a session; what comes out of it is in
order; the device is not listened to for ever.
"""

from __future__ import annotations

import struct

import numpy as np

from host_tools.beats import BEAT_DTYPE, CLASS_NAMES, CONDITION_DTYPE, CONDITION_NAMES, FLAG_NAMES
from host_tools.errors import DeviceError
from host_tools.link import messages as m
from host_tools.link.checks import SQI_MAX
from host_tools.link.device import Device
from host_tools.link.frames import PAYLOAD_MAX, Frame, FrameReader, encode_frame
from host_tools.link.identity import Identity
from host_tools.link.live import LiveSession, LiveUpdate
from host_tools.link.transport import TransportLost

#: Samples of a replay, and what its device grants at a time.
_SAMPLES = 600
_WINDOW = 240
_FS_HZ = 360
#: A host that still listens after so many turns would listen for ever.
_TURNS_MAX = 5_000
_LIVE_TURNS = 100


class FuzzedDevice:
    """A transport whose other end follows an input; when that has ended, it is silent.

    Parameters
    ----------
    data : bytes
        The input.
    """

    url = "fuzz://device"

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0
        self._reader = FrameReader()
        self._clock_s = 0.0
        self._out = b""
        self._seq = self._session = self._poll = self._events = self._received = 0
        self._live = self._flushed = False
        self._turns = 0
        self._operations = (
            self._raw, self._any_frame, self._status, self._beat, self._condition, self._trace, self._block,
            self._state, self._error, self._answer, self._answer, self._answer, self._hang_up, self._wait,
        )  # fmt: skip

    def _take(self, count: int) -> bytes:
        part = self._data[self._at : self._at + count]
        self._at += count
        return part + bytes(count - len(part))

    def _number(self, layout: str) -> int:
        return int(struct.unpack(f"<{layout}", self._take(struct.calcsize(layout)))[0])

    def _near(self, value: int) -> int:
        """Return the number that is due, or one near it, or any."""
        choice = self._number("B")
        if choice < 128:
            return value
        return value + choice - 192 if choice < 250 else self._number("I")

    def _say(self, type_: int, payload: bytes, session: int | None = None) -> None:
        own = self._session if session is None else session
        self._out += encode_frame(type_, own, self._seq, payload[:PAYLOAD_MAX])
        self._seq = (self._seq + 1) & 0xFF

    @property
    def received(self) -> int:
        """Samples that have come, or that it has said to be there."""
        return self._received

    # ---- operations

    def _raw(self) -> None:
        self._out += self._take(self._number("B"))

    def _any_frame(self) -> None:
        self._say(self._number("B") % 16, self._take(self._number("B")), self._near(self._session) & 0xFF)

    def _status(self) -> None:
        numbers = (self._received, self._received, self._received + _WINDOW)
        received, processed, accept = (self._near(v) & 0xFFFFFFFF for v in numbers)
        events = self._near(self._events) & 0xFFFF
        flags = self._number("B")
        self._say(
            m.MSG_STATUS, m.Status(received, processed, accept, events, events, flags, 0, 0, 0, 0, 0).pack()
        )

    def _event(self, type_: int, content: bytes) -> None:
        self._say(type_, struct.pack("<H", self._near(self._events) & 0xFFFF) + content)
        self._events += 1

    def _beat(self) -> None:
        beat = np.frombuffer(self._take(BEAT_DTYPE.itemsize), BEAT_DTYPE).copy()
        beat["r_sample"] = self._near(30 * self._events) & 0xFFFFFFFF
        for name, count in (("aami_class", len(CLASS_NAMES)), ("flags", 128), ("sqi", 101)):
            beat[name] = beat[name] % count if self._number("B") < 240 else beat[name]
        self._event(m.MSG_BEAT, beat.tobytes())

    def _condition(self) -> None:
        change = np.array([(self._near(30 * self._events) & 0xFFFFFFFF, self._number("B"))], CONDITION_DTYPE)
        self._event(m.MSG_CONDITION, change.tobytes())

    def _trace(self) -> None:
        self._event(m.MSG_TRACE, self._take(self._number("B")))

    def _block(self) -> None:
        samples = self._take(2 * (self._number("B") % (m.BLOCK_SAMPLES + 1)))
        step = 1 if self._number("B") < 200 else self._number("H")
        self._say(m.MSG_SAMPLES, m.pack_samples(self._near(self._received) & 0xFFFFFFFF, step, samples))
        self._received += len(samples) // 2

    def _state(self) -> None:
        taken = self._near(self._received) & 0xFFFFFFFF
        rest = struct.unpack("<IHHHHBBBB", self._take(16))
        state = m.LiveStatus(taken, *rest) if self._number("B") > 200 else m.LiveStatus(taken, *(9 * (0,)))
        self._say(m.MSG_LIVE, state.pack())

    def _error(self) -> None:
        self._say(
            m.MSG_ERROR, m.Error(self._number("B") % 10, self._near(self._received) & 0xFFFFFFFF).pack()
        )

    def _hang_up(self) -> None:
        raise TransportLost("the other end closed the connection")

    def _wait(self) -> None:
        self._clock_s += self._number("B") / 16

    def _answer(self) -> None:
        """Say what an honest device says now."""
        flags = (
            m.STATUS_RAILS | (m.STATUS_LIVE if self._live else 0) | (m.STATUS_FLUSHED if self._flushed else 0)
        )
        counts = (self._received, self._received, self._received + _WINDOW, *(2 * (self._events & 0xFFFF,)))
        self._say(m.MSG_STATUS, m.Status(*counts, flags, self._poll, 0, 0, 0, 0).pack())

    def _hear(self, frame: Frame) -> None:
        config = m.Config.unpack(frame.payload) if frame.type == m.MSG_CONFIG else None
        block = m.unpack_samples(frame.payload) if frame.type == m.MSG_SAMPLES else None
        ack = m.Ack.unpack(frame.payload) if frame.type == m.MSG_ACK else None
        if config is not None and config.op == m.OP_HELLO:
            hello = m.Hello(m.PROTOCOL_VERSION, 3, _FS_HZ, 0, 0, m.BLOCK_SAMPLES, _WINDOW, "fuzz")
            self._say(m.MSG_HELLO, hello.pack())
        elif config is not None and config.op in (m.OP_START, m.OP_LIVE):
            self._session, self._live = frame.session, config.op == m.OP_LIVE
            self._events = self._received = 0
            self._answer()
        elif config is not None and config.op == m.OP_FLUSH:
            self._flushed = True
        elif block is not None:
            self._received = max(self._received, block[0] + len(block[2]))
        elif ack is not None:
            self._poll = ack.poll

    # ---- a transport, see host_tools/link/transport.py

    def write(self, data: bytes) -> None:
        """Hear what the host says."""
        for frame in self._reader.feed(data):
            self._hear(frame)

    def read(self, timeout_s: float) -> bytes:
        """Do the next operation."""
        self._turns += 1
        if self._turns > _TURNS_MAX:
            raise AssertionError("the host listens for ever")
        if self._session and self._at < len(self._data):
            self._operations[self._number("B") % len(self._operations)]()
        data, self._out = self._out, b""
        self._clock_s += 0.01 if data else timeout_s + 0.01
        return data

    def reopen(self) -> None:
        """Nothing is lost but what was on its way."""
        self._out = b""

    def close(self) -> None:
        """Nothing to close."""

    def now_s(self) -> float:
        """Return the device's own clock."""
        return self._clock_s

    def pause(self, seconds: float) -> None:
        """Let the clock go on."""
        self._clock_s += seconds


def _check_end(error: DeviceError) -> None:
    text = str(error)
    if "\n" in text or not text.startswith(FuzzedDevice.url):
        raise AssertionError(f"not one line about the device: {text!r}")


def _ascending(values: np.ndarray, what: str) -> None:
    if (np.diff(values.astype(np.int64)) <= 0).any():
        raise AssertionError(f"{what} out of order: {values}")


def _known(events: np.ndarray) -> None:
    for name, most in (("aami_class", len(CLASS_NAMES) - 1), ("flags", sum(FLAG_NAMES)), ("sqi", SQI_MAX)):
        if name in (events.dtype.names or ()) and (events[name] > most).any():
            raise AssertionError(f"{name} of {events[name].max()}")
    if "conditions" in (events.dtype.names or ()) and (events["conditions"] > sum(CONDITION_NAMES)).any():
        raise AssertionError(f"conditions of {events['conditions'].max()}")


def replay_target(data: bytes) -> None:
    """Replay through the device of this input."""
    samples = np.zeros(_SAMPLES, np.int16)
    trace = bool(data[:1] and data[0] & 1)
    fuzzed = FuzzedDevice(data[1:])
    with Device(fuzzed, expected=Identity(None, None)) as device:
        try:
            result = device.replay(samples, trace=trace, rails=(-1000, 1000))
        except DeviceError as error:
            _check_end(error)
            return
    if fuzzed.received != _SAMPLES:
        raise AssertionError(f"the replay ended after {fuzzed.received} samples")
    _ascending(result.beats["r_sample"], "beats")
    _ascending(result.conditions["sample"], "conditions")
    _known(result.beats)
    _known(result.conditions)
    if (result.beats["r_sample"] >= _SAMPLES).any():
        raise AssertionError("beats that no replay of these samples gives")


def live_target(data: bytes) -> None:
    """Acquire from the device of this input."""
    updates: list[LiveUpdate] = []
    fuzzed = FuzzedDevice(data)
    with Device(fuzzed, expected=Identity(None, None)) as device:
        try:
            session = LiveSession(device)
            for _ in range(_LIVE_TURNS):
                updates.append(session.poll(0.1))
            updates.append(session.end())
        except DeviceError as error:
            _check_end(error)
    blocks = [block for update in updates for block in update.blocks]
    _ascending(np.array([first for first, _, _ in blocks]), "blocks")
    if blocks and blocks[-1][0] > _FS_HZ * (2 * fuzzed.now_s() + 60):
        raise AssertionError(f"sample {blocks[-1][0]} after {fuzzed.now_s():.0f} s")
    for events, name in (
        ([b for u in updates for b in u.beats], "r_sample"),
        ([c for u in updates for c in u.conditions], "sample"),
    ):
        if events:
            _ascending(np.concatenate(events)[name], name)
            _known(np.concatenate(events))
