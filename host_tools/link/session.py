"""One replay over the link: samples go out within the device's credits, events come back once and in order.

Only state and decisions, no waiting: :class:`Session` takes received frames and says what to send. All
repairs are made here, because the device has no clock. Sample numbers are counted from 0 in Python ints
and wrapped to 32 bits on the wire; event numbers likewise to 16 bits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from host_tools.errors import DeviceError

from . import messages as m
from .frames import Frame, encode_frame

#: (type, event content or whole trace payload) of each event, in order, once.
EventSink = Callable[[int, bytes], None]


@dataclass(frozen=True)
class Repair:
    """Something that went wrong on the wire and was sent again; ``sample`` says where the replay was."""

    what: str
    sample: int


@dataclass
class LinkReport:
    """What the link had to do besides its work.

    Attributes
    ----------
    repairs : list of Repair
        Every resending, in order.
    bad_frames, lost_frames : int
        Frames damaged and missing, both directions together.
    reconnects : int
        How often the port had to be opened again.
    restarts : int
        How often the device had lost its state, so that the replay began again.
    """

    repairs: list[Repair] = field(default_factory=list)
    bad_frames: int = 0
    lost_frames: int = 0
    reconnects: int = 0
    restarts: int = 0


class SessionLost(Exception):
    """The device no longer knows this session: it was reset."""


class Session:
    """The host's state of one replay.

    Parameters
    ----------
    samples : int16 [n]
        What the device is to analyse.
    hello : Hello
        The device's block and window sizes, samples.
    number : int
        Session number, 1..255.
    first_sample : int
        Number of the first sample on the device, modulo 2^32.
    trace : bool
        Ask for every intermediate value.
    on_event : EventSink
        Called for each event.
    report : LinkReport
        Repairs are added to it.
    """

    def __init__(
        self,
        samples: npt.NDArray[np.int16],
        hello: m.Hello,
        number: int,
        *,
        first_sample: int = 0,
        trace: bool = False,
        on_event: EventSink,
        report: LinkReport,
    ) -> None:
        self._bytes = np.ascontiguousarray(samples, "<i2").tobytes()
        self.total = len(samples)
        self.number = number
        self.first_sample = first_sample
        self.trace = trace
        self.report = report
        self._on_event = on_event
        self._block = min(max(hello.block_samples, 1), m.BLOCK_SAMPLES)
        self._tx_seq = 0
        self.started = False
        self.flushed = False
        self.next_sample = 0  # of the next block
        self._flush_sent = False
        self.received = 0  # the device has all samples below
        self.processed = 0  # and has worked off all below
        self.accept_until = 0  # credits
        self.events_expected = 0
        self.events_known = 0  # number that the device's next event will get, as far as known
        self._confirmed = 0  # last events_expected on the wire
        self._resend_asked = -1  # events_expected at the last request to send again
        self._counters: tuple[int, int] | None = None  # the device's bad and lost frames at the start
        self.device_bad_frames = 0
        self.device_lost_frames = 0
        self._poll = 0
        self._poll_sent: int | None = None  # next_sample when the unanswered poll was sent

    @property
    def progress(self) -> tuple[int, int, int, bool]:
        """Changes whenever anything new has come from the device."""
        return self.received, self.processed, self.events_expected, self.flushed

    @property
    def waiting(self) -> bool:
        """True when the device owes something: a status, a beat, credits."""
        return not self.started or self.flushed or not self.processed == self.next_sample < self.total

    @property
    def finished(self) -> bool:
        """True when the device has handled the end and every event has arrived."""
        return self.flushed and self.events_expected == self.events_known

    def frame(self, type_: int, payload: bytes) -> bytes:
        """Return a frame of this session."""
        wire = encode_frame(type_, self.number, self._tx_seq, payload)
        self._tx_seq = (self._tx_seq + 1) & 0xFF
        return wire

    def start_frame(self) -> bytes:
        """Return the command that begins the session; repeated until a status of it comes."""
        flags = m.START_TRACE if self.trace else 0
        return self.frame(m.MSG_CONFIG, m.Config(m.OP_START, flags, self._wire_sample(0)).pack())

    def outgoing(self, allowed_until: int) -> bytes:
        """Return what can be sent now: blocks within the credits, then the flush, else an acknowledgement.

        ``allowed_until`` bounds the samples besides the credits (real-time pace).
        """
        if not self.started or self.flushed:
            return self._acknowledge() if self.started else b""
        until = min(self.accept_until, self.total, allowed_until)
        parts = []
        while self.next_sample < until:
            first = self.next_sample
            end = min(first + self._block, until)
            if end == self.accept_until < self.total and end - first < self._block and first > self.processed:
                break  # more credits are on their way: wait for a whole block's worth
            data = self._bytes[2 * first : 2 * end]
            payload = m.pack_samples(self._wire_sample(first), self.events_expected & 0xFFFF, data)
            parts.append(self.frame(m.MSG_SAMPLES, payload))
            self.next_sample = end
            self._confirmed = self.events_expected
        if self.next_sample == self.total and not self._flush_sent:
            parts.append(self._flush_frame())
        return b"".join(parts) if parts else self._acknowledge()

    def after_silence(self) -> bytes:
        """Return what to send when nothing has come for a while: the start again, or a poll."""
        if not self.started:
            return b"\0" + self.start_frame()
        self._poll = self._poll % 255 + 1
        self._poll_sent = self.next_sample
        self._confirmed = self.events_expected
        ack = m.Ack(self.events_expected & 0xFFFF, m.ACK_POLL, self._poll)
        return b"\0" + self.frame(m.MSG_ACK, ack.pack())

    def take(self, frame: Frame) -> bytes:
        """Take a received frame; return what must be sent at once (often nothing).

        Raises
        ------
        SessionLost
            The device was reset.
        DeviceError
            The device cannot do what the session needs.
        """
        if frame.session != self.number:
            if self.started and frame.type in (m.MSG_HELLO, m.MSG_STATUS, m.MSG_ERROR):
                raise SessionLost
            return self._take_refusal(frame)
        if frame.type in (m.MSG_BEAT, m.MSG_TRACE):
            return self._take_event(frame)
        if frame.type == m.MSG_STATUS:
            status = m.Status.unpack(frame.payload)
            return self._take_status(status) if status else b""
        if frame.type == m.MSG_ERROR:
            error = m.Error.unpack(frame.payload)
            return self._take_error(error) if error else b""
        return b""

    def _take_refusal(self, frame: Frame) -> bytes:
        """Judge a frame of another session before this one has begun: old, or a refusal of the start."""
        error = m.Error.unpack(frame.payload) if frame.type == m.MSG_ERROR else None
        if error is not None and error.code == m.ERROR_UNSUPPORTED:
            raise DeviceError("the device's build cannot do that: trace needs a build with the trace hook")
        return b""

    def _flush_frame(self) -> bytes:
        self._flush_sent = True
        return self.frame(m.MSG_CONFIG, m.Config(m.OP_FLUSH, 0, self._wire_sample(self.total)).pack())

    def _acknowledge(self) -> bytes:
        if self._confirmed == self.events_expected:
            return b""
        self._confirmed = self.events_expected
        return self.frame(m.MSG_ACK, m.Ack(self.events_expected & 0xFFFF).pack())

    def _wire_sample(self, sample: int) -> int:
        return (self.first_sample + sample) & 0xFFFFFFFF

    def _host_sample(self, wire: int, near: int) -> int:
        """Return, of the samples (from 0) whose number wraps to ``wire``, the one nearest to ``near``."""
        off = (wire - self._wire_sample(near)) & 0xFFFFFFFF
        return near + (off - (1 << 32) if off & 0x80000000 else off)

    def _take_event(self, frame: Frame) -> bytes:
        event = m.unpack_event(frame.payload)
        if event is None or not self.started:
            return b""
        ahead = (event[0] - self.events_expected) & 0xFFFF
        if ahead >= 0x8000:
            return b""  # had it already
        if ahead > 0:
            return self._ask_events_again()
        self.events_expected += 1
        self.events_known = max(self.events_known, self.events_expected)
        self._on_event(frame.type, event[1] if frame.type == m.MSG_BEAT else frame.payload)
        return b""

    def _ask_events_again(self) -> bytes:
        if self._resend_asked == self.events_expected:
            return b""  # asked already; a poll repeats it if the answer does not come
        self._resend_asked = self.events_expected
        self._confirmed = self.events_expected
        self.report.repairs.append(Repair(f"event {self.events_expected}", self.processed))
        return self.frame(m.MSG_ACK, m.Ack(self.events_expected & 0xFFFF, m.ACK_RESEND).pack())

    def _take_status(self, status: m.Status) -> bytes:
        self.started = True
        self.received = self._host_sample(status.received, self.received)
        self.next_sample = max(self.next_sample, self.received)  # a request to go back came twice
        self.processed = self._host_sample(status.processed, self.processed)
        self.accept_until = self._host_sample(status.accept_until, self.processed)
        known = self.events_expected + ((status.events_next - self.events_expected) & 0xFFFF)
        self.events_known = max(self.events_known, known)
        if self._counters is None:
            self._counters = (status.bad_frames, status.lost_frames)
        self.device_bad_frames = (status.bad_frames - self._counters[0]) & 0xFFFF
        self.device_lost_frames = (status.lost_frames - self._counters[1]) & 0xFFFF
        if status.flags & m.STATUS_FLUSHED:
            self.flushed = True
        if self._poll_sent is None or status.poll != self._poll:
            return b""
        return self._take_poll_answer(status)

    def _take_poll_answer(self, status: m.Status) -> bytes:
        """Find what was lost: frames keep their order, so all that was sent before a poll came before it."""
        sent = self._poll_sent or 0
        self._poll_sent = None
        out = b""
        if self.received < sent:
            self._go_back(self.received)
        elif self.next_sample == self.total and not self.flushed:
            out += self._flush_frame()
        if 0 < (status.events_sent - self.events_expected) & 0xFFFF < 0x8000:
            self._resend_asked = -1
            out += self._ask_events_again()
        return out

    def _take_error(self, error: m.Error) -> bytes:
        if error.code in (m.ERROR_GAP, m.ERROR_BAD_FRAME):
            sample = self._host_sample(error.detail, self.received)
            if self.received <= sample < self.next_sample:
                self._go_back(sample)
            elif error.code == m.ERROR_GAP and sample == self.next_sample == self.total and not self.flushed:
                return self._flush_frame()
        elif error.code == m.ERROR_OVERRUN:
            self.report.repairs.append(Repair("credits", self.processed))
            return self.after_silence()
        elif error.code == m.ERROR_PIPELINE:
            code = error.detail - (1 << 32) if error.detail & 0x80000000 else error.detail
            raise DeviceError(
                f"the device's signal chain failed with error {code} near sample {self.processed}"
            )
        return b""

    def _go_back(self, sample: int) -> None:
        self.report.repairs.append(Repair("samples", sample))
        self.next_sample = sample
        self._flush_sent = False
