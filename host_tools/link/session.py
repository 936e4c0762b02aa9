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

from . import messages as m
from .checks import EventChecks, LinkFault, fault, frame_name, unwrapped
from .frames import Frame, encode_frame

#: (type, event content or whole trace payload) of each event, in order, once.
EventSink = Callable[[int, bytes], None]

#: A device may have so much sent again, in all and per block: more repairs than a line that works needs.
_REPAIRS_MORE = 1000
_REPAIRS_PER_BLOCK = 4
#: Events may stand so far ahead of those that have come: their numbers are modulo 2^16.
_EVENTS_AHEAD = 0x8000


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
    rails : tuple of int, optional
        Where the converter of these samples ends, adu.
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
        rails: tuple[int, int] | None = None,
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
        self._rails = rails
        self._rails_set = rails is None
        self._block = hello.block_samples
        self._window = hello.window_samples
        self._checks = EventChecks(first_sample, hello.fs_hz)
        self._repairs_max = len(report.repairs) + _REPAIRS_MORE
        self._repairs_max += _REPAIRS_PER_BLOCK * (self.total // self._block + 1)
        self._tx_seq = 0
        self.started = False
        self.flushed = False
        self.next_sample = 0  # of the next block
        self._allowed = 0  # samples that the pace lets out by now
        self._sent = 0  # samples that were sent at least once
        self._flush_sent = False
        self._flush_known = False  # it was sent at least once
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
    def progress(self) -> int:
        """Samples that the device has confirmed and events that it has given, as one number.

        It never goes back, and grows no further than the samples that were sent allow.
        """
        return self.processed + self.events_expected

    @property
    def stage(self) -> tuple[bool, ...]:
        """What a session passes through once: begun, rails set, everything worked off, flushed."""
        return self.started, self._rails_set, self.processed == self.total, self.flushed

    @property
    def waiting(self) -> bool:
        """True when the device owes something: a status, a beat, credits. Else the pace holds us up."""
        if not (self.started and self._rails_set) or self.flushed:
            return True
        return not self.processed == self.next_sample == self._allowed < self.total

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
        if not self._rails_set:
            return b""  # no sample goes out before: the rails are those of the first one, too
        self._allowed = min(allowed_until, self.total)
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
            self._sent = max(self._sent, end)
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
        return b"\0" + self._rails_frame() + self.frame(m.MSG_ACK, ack.pack())

    def take(self, frame: Frame) -> bytes:
        """Take a received frame; return what must be sent at once (often nothing).

        Raises
        ------
        SessionLost
            The device was reset.
        LinkFault
            The device cannot do what the session needs, or says what no device says.
        """
        if frame.session != self.number:
            if self.started and frame.type in (m.MSG_HELLO, m.MSG_STATUS, m.MSG_ERROR):
                raise SessionLost
            return self._take_refusal(frame)
        if frame.type in (m.MSG_BEAT, m.MSG_CONDITION, m.MSG_TRACE):
            return self._take_event(frame)
        if frame.type == m.MSG_STATUS:
            status = m.Status.unpack(frame.payload)
            if status is None:
                raise fault(f"a status of {len(frame.payload)} bytes")
            return self._take_status(status)
        if frame.type == m.MSG_ERROR:
            error = m.Error.unpack(frame.payload)
            if error is None or error.code not in m.ERROR_NAMES:
                raise fault(f"an error that has no name ({frame.payload.hex()[:20]})")
            return self._take_error(error)
        if frame.type != m.MSG_HELLO:  # which answers a question asked twice
            raise fault(f"{frame_name(frame.type)} in a replay")
        return b""

    def _take_refusal(self, frame: Frame) -> bytes:
        """Judge a frame of another session before this one has begun: old, or a refusal of the start."""
        error = m.Error.unpack(frame.payload) if frame.type == m.MSG_ERROR else None
        if error is not None and error.code == m.ERROR_UNSUPPORTED:
            raise LinkFault("the device's build cannot do that: trace needs a build with the trace hook")
        return b""

    def _rails_frame(self) -> bytes:
        """Return the command that tells the rails, until the device has said that it knows them."""
        if self._rails is None or self._rails_set:
            return b""
        return self.frame(m.MSG_CONFIG, m.Config(m.OP_RAILS, 0, m.pack_rails(*self._rails)).pack())

    def _flush_frame(self) -> bytes:
        self._flush_sent = self._flush_known = True
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
        return unwrapped(wire - self.first_sample, near)

    def _take_event(self, frame: Frame) -> bytes:
        event = m.unpack_event(frame.payload)
        if event is None:
            raise fault(f"{frame_name(frame.type)} of {len(frame.payload)} bytes")
        if not self.started:
            return b""
        ahead = (event[0] - self.events_expected) & 0xFFFF
        if ahead >= _EVENTS_AHEAD:
            return b""  # had it already
        if ahead > 0:
            return self._ask_events_again()
        self._check_event(frame, event[1])
        self.events_expected += 1
        self.events_known = max(self.events_known, self.events_expected)
        self._on_event(frame.type, frame.payload if frame.type == m.MSG_TRACE else event[1])
        return b""

    def _check_event(self, frame: Frame, content: bytes) -> None:
        """Refuse an event that no device gives for the samples that it has."""
        if self.flushed and self.events_expected == self.events_known:
            raise fault("an event after the end")
        if frame.type == m.MSG_BEAT:
            self._checks.beat(content, self._sent)
        elif frame.type == m.MSG_CONDITION:
            self._checks.condition(content, self._sent)
        elif not self.trace:
            raise fault("a trace that nobody asked for")
        else:
            self._checks.trace(frame.payload, self._sent)

    def _ask_events_again(self) -> bytes:
        if self._resend_asked == self.events_expected:
            return b""  # asked already; a poll repeats it if the answer does not come
        self._resend_asked = self.events_expected
        self._confirmed = self.events_expected
        self._repair(f"event {self.events_expected}", self.processed)
        return self.frame(m.MSG_ACK, m.Ack(self.events_expected & 0xFFFF, m.ACK_RESEND).pack())

    def _take_status(self, status: m.Status) -> bytes:
        begins = not self.started
        self.started = True
        self._take_counts(status)
        self.next_sample = max(self.next_sample, self.received)  # a request to go back came twice
        if self._counters is None:
            self._counters = (status.bad_frames, status.lost_frames)
        self.device_bad_frames = (status.bad_frames - self._counters[0]) & 0xFFFF
        self.device_lost_frames = (status.lost_frames - self._counters[1]) & 0xFFFF
        if status.flags & m.STATUS_FLUSHED:
            self._take_end()
        self._rails_set = self._rails_set or bool(status.flags & m.STATUS_RAILS)
        rails = self._rails_frame() if begins else b""
        if self._poll_sent is None or status.poll != self._poll:
            return rails
        return rails + self._take_poll_answer(status)

    def _take_counts(self, status: m.Status) -> None:
        """Take how far the device is: never back, never beyond what was sent or what it has given."""
        received = self._host_sample(status.received, self.received)
        processed = self._host_sample(status.processed, self.processed)
        accept_until = self._host_sample(status.accept_until, processed)
        known = self.events_expected + ((status.events_next - self.events_expected) & 0xFFFF)
        if not self.received <= received <= self._sent:
            raise fault(
                f"a status that confirms {received} samples after {self.received}; {self._sent} were sent"
            )
        if not self.processed <= processed <= received:
            raise fault(
                f"a status with {processed} samples worked off after {self.processed}; {received} are there"
            )
        if not processed <= accept_until <= processed + self._window:
            raise fault(
                f"a status that grants {accept_until - processed} samples; {self._window} is its window"
            )
        if known - self.events_expected >= _EVENTS_AHEAD or (self.flushed and known > self.events_known):
            raise fault(f"a status with {status.events_next} events after {self.events_expected & 0xFFFF}")
        self.received, self.processed, self.accept_until = received, processed, accept_until
        self.events_known = max(self.events_known, known)

    def _take_end(self) -> None:
        """Take the end of the record: it is one only when it covers the record."""
        if not self._flush_known or not self.processed == self.received == self.total:
            raise fault(f"an end after {self.processed} of {self.total} samples")
        self.flushed = True

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
        if error.code == m.ERROR_PIPELINE:
            code = error.detail - (1 << 32) if error.detail & 0x80000000 else error.detail
            raise LinkFault(
                f"the device's signal chain failed with error {code} near sample {self.processed}"
            )
        if error.code in (m.ERROR_GAP, m.ERROR_BAD_FRAME):
            sample = self._host_sample(error.detail, self.received)
            if self.received <= sample < self.next_sample:
                self._go_back(sample)
            elif error.code == m.ERROR_GAP and sample == self.next_sample == self.total and not self.flushed:
                return self._flush_frame()
        elif error.code == m.ERROR_OVERRUN:
            self._repair("credits", self.processed)
            return self.after_silence()
        return b""

    def _repair(self, what: str, sample: int) -> None:
        """Write down that something is sent again; a line that needs it for ever is given up."""
        if len(self.report.repairs) >= self._repairs_max:
            raise LinkFault(
                f"the device has had {self._repairs_max} things sent again, last {what} near sample {sample}"
            )
        self.report.repairs.append(Repair(what, sample))

    def _go_back(self, sample: int) -> None:
        self._repair("samples", sample)
        self.next_sample = sample
        self._flush_sent = False
