"""A small hostile device: it talks this protocol, and lies. Its clock moves only while the host waits."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from host_tools.beats import BEAT_DTYPE, CONDITION_DTYPE
from host_tools.link import messages as m
from host_tools.link.frames import Frame, FrameReader, encode_frame
from host_tools.link.transport import TransportLost

from .conftest import DOUBLE_IDENTITY

WINDOW = 240
#: A host that is still there after so many turns would be there for ever.
TURNS_MAX = 50_000


class Hostile:
    """A device that is honest and finds no beat, but for what ``evil`` does in each of the host's turns.

    Parameters
    ----------
    evil : callable
        Called as ``evil(device)`` whenever the host listens; says things with :meth:`say` and the like.
    hello : Hello fields
        Other than an honest device's.
    """

    url = "test://hostile"

    def __init__(self, evil: Callable[[Hostile], object], **hello: object) -> None:
        self.evil = evil
        self.reader = FrameReader()
        self.out = b""
        self.clock_s = 0.0
        self.turns = self.said_bytes = self.opened = 0
        self.session = self.seq = self.poll = self.events = 0
        self.first = self.received = self.processed = 0
        self.step = 0
        self.live = self.flushed = self.mute = self.lied = False
        self.heard: list[Frame] = []  # while it is mute
        spec = DOUBLE_IDENTITY
        fields = (m.PROTOCOL_VERSION, m.FEATURE_TRACE | m.FEATURE_LIVE, 360, spec.spec_hash, spec.model_hash)
        self.hello = m.Hello(*fields, m.BLOCK_SAMPLES, WINDOW, "evil")._replace(**hello)  # type: ignore[arg-type]

    # ---- what it says

    def say(self, type_: int, payload: bytes, session: int | None = None) -> None:
        frame = encode_frame(type_, self.session if session is None else session, self.seq, payload)
        self.seq = (self.seq + 1) & 0xFF
        self.out += frame

    def status(self, **other: int) -> None:
        flags = m.STATUS_RAILS | (m.STATUS_FLUSHED if self.flushed else 0)
        flags |= m.STATUS_LIVE if self.live else 0
        accept = self.processed + WINDOW
        counts = (self.received, self.processed, accept, self.events & 0xFFFF, self.events & 0xFFFF)
        self.say(m.MSG_STATUS, m.Status(*counts, flags, self.poll, 0, 0, 0, 0)._replace(**other).pack())

    def error(self, code: int, detail: int = 0) -> None:
        self.say(m.MSG_ERROR, m.Error(code, detail).pack())

    def event(self, type_: int, content: bytes) -> None:
        self.say(type_, (self.events & 0xFFFF).to_bytes(2, "little") + content)
        self.events += 1

    def beat(self, r_sample: int, *, aami_class: int = 0, flags: int = 0, sqi: int = 90) -> None:
        row = (r_sample & 0xFFFFFFFF, 300, 300, (1, 2, 3, 4), aami_class, 200, flags, sqi)
        self.event(m.MSG_BEAT, np.array([row], BEAT_DTYPE).tobytes())

    def condition(self, sample: int, conditions: int) -> None:
        self.event(m.MSG_CONDITION, np.array([(sample, conditions)], CONDITION_DTYPE).tobytes())

    def trace(self, sample: int, values: int = 59) -> None:
        item = bytes((2, 4, values, 0, 0)) + bytes(4 * values)
        self.event(m.MSG_TRACE, sample.to_bytes(4, "little") + item)

    def block(self, first: int, samples: int = 36, step: int | None = None) -> None:
        step = self.step if step is None else step
        self.say(m.MSG_SAMPLES, m.pack_samples(first & 0xFFFFFFFF, step, bytes(2 * samples)))

    def state(self, **other: int) -> None:
        state = m.LiveStatus(self.processed, 0, 0, 0, 10, 3, 0, 128, 90, 0)
        self.say(m.MSG_LIVE, state._replace(**other).pack())

    # ---- what it hears

    def take(self, frame: Frame) -> None:
        config = m.Config.unpack(frame.payload) if frame.type == m.MSG_CONFIG else None
        if config is not None and config.op == m.OP_HELLO:
            self.say(m.MSG_HELLO, self.hello.pack())
            return
        if self.mute:
            self.heard.append(frame)
            return
        if config is not None and config.op in (m.OP_START, m.OP_LIVE):
            self.session, self.live, self.step = frame.session, config.op == m.OP_LIVE, config.value
            self.received = self.processed = self.events = 0
            self.flushed = False
        elif config is not None and config.op == m.OP_FLUSH:
            self.flushed = True
        elif frame.type == m.MSG_SAMPLES:
            block = m.unpack_samples(frame.payload)
            assert block is not None
            self.received = self.processed = block[0] + len(block[2])
        elif frame.type == m.MSG_ACK:
            ack = m.Ack.unpack(frame.payload)
            assert ack is not None
            self.poll = ack.poll
            if not ack.flags & m.ACK_POLL:
                return
        self.status()
        if self.live:
            self.state()

    # ---- a transport, see host_tools/link/transport.py

    def write(self, data: bytes) -> None:
        for frame in self.reader.feed(data):
            self.take(frame)

    def read(self, timeout_s: float) -> bytes:
        self.turns += 1
        assert self.turns < TURNS_MAX, "the host is held for ever"
        if self.session:
            self.evil(self)
        data, self.out = self.out, b""
        self.said_bytes += len(data)
        self.clock_s += 0.002 + 2e-6 * len(data) if data else timeout_s + 0.002
        return data

    def reopen(self) -> None:
        self.opened += 1
        self.clock_s += 0.001

    def close(self) -> None:
        pass

    def now_s(self) -> float:
        return self.clock_s

    def pause(self, seconds: float) -> None:
        self.clock_s += seconds


def hang_up(device: Hostile) -> None:
    raise TransportLost("the other end closed the connection")
