"""Live mode from the host's side: starts the acquisition, takes samples, beats and counters as they come.

Beats are reliable as in a replay: numbered, confirmed, sent again when lost on the way. The samples are for
display and for recording: a lost frame leaves a gap, which their numbers show.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from host_tools.errors import DeviceError

from . import messages as m
from .checks import SQI_MAX, EventChecks, LinkFault, check_conditions, fault, frame_name, unwrapped
from .device import Device
from .frames import Frame, FrameReader, encode_frame
from .transport import Transport, TransportLost

#: The start is repeated this often until its answer comes, seconds; and given up after.
_START_EVERY_S = 0.3
_START_TIMEOUT_S = 5.0
#: Nothing at all for so long: ask for a sign of life; and give up.
_POLL_AFTER_S = 1.0
_SILENCE_S = 10.0
_END_TIMEOUT_S = 3.0
#: Samples may stand so far ahead of the newest ones known, seconds of signal: what waits on the device while
#: a beat is told already. What lies further ahead was lost on its way, no faster than time passes.
_AHEAD_S = 3
_LOST_MORE_S = 10
#: A device's clock may run so much fast.
_CLOCK = 1.1
_LIVE_FLAGS = m.LIVE_LEAD_OFF | m.LIVE_NO_SIGNAL


class LiveLost(DeviceError):
    """The acquisition ended by itself: port lost, device reset or silent; a new one may be begun."""


@dataclass
class LiveUpdate:
    """What came in one turn.

    Attributes
    ----------
    blocks : list of (int, int, int16 [n])
        Number of the first sample, step of the numbers, samples in adu (-32768 = none).
    beats : list of ndarray of BEAT_DTYPE, [1]
        In order; ``r_sample`` still with the filter delay.
    conditions : list of ndarray of CONDITION_DTYPE, [1]
        Changes of the conditions, in order; their samples are those of the input.
    status : LiveStatus or None
        The newest one, if one came.
    beats_lost : int
        Beats, or changes of the conditions, that the device had to drop before they could be fetched.
    """

    blocks: list[tuple[int, int, npt.NDArray[np.int16]]] = field(default_factory=list)
    beats: list[npt.NDArray[np.void]] = field(default_factory=list)
    conditions: list[npt.NDArray[np.void]] = field(default_factory=list)
    status: m.LiveStatus | None = None
    beats_lost: int = 0


class LiveSession:
    """A running acquisition on a device that has said hello.

    Parameters
    ----------
    device : Device
        With an ADC (``FEATURE_LIVE``).
    step : int
        Samples wanted: 1 = all, n = every n-th, 0 = none.

    Raises
    ------
    DeviceError
        The device has no ADC, or does not answer.
    """

    def __init__(self, device: Device, *, step: int = 1) -> None:
        if not device.hello.features & m.FEATURE_LIVE:
            raise DeviceError(
                f"{device.url}: the device has no ADC; an emulated one: `bitbeat emulator --live RECORD`"
            )
        self.url = device.url
        self.step = step
        self.flushed = False
        transport, reader, number = device.lend()
        self._transport: Transport = transport
        self._reader: FrameReader = reader
        self._number = number
        self._tx_seq = 0
        self._events_expected = 0
        self._events_end: int | None = None  # number behind the last event, once the device has flushed
        self._counted = False  # the counters at the end have come
        self._poll = 0
        self._update = LiveUpdate()
        self._fs_hz = device.hello.fs_hz
        self._checks = EventChecks(0, self._fs_hz)
        self._events = 0  # all so far, dropped ones included
        self._newest = 0  # samples that the device has taken, as far as known
        self._skipped = (
            0  # samples lost on their way here, as far as they are not known to wait on the device
        )
        self._taken = 0  # as the newest status says
        self._displayed = 0  # number behind the newest sample for display
        self._begun_s = self._heard_s = self._asked_s = self._moved_s = transport.now_s()
        self._moved_at = 0
        self._started = False
        self._start()

    @property
    def lost_frames(self) -> int:
        """Frames lost or damaged on their way here."""
        return self._reader.lost_frames + self._reader.bad_frames

    def poll(self, timeout_s: float) -> LiveUpdate:
        """Wait at most ``timeout_s`` for news and return them.

        Raises
        ------
        LiveLost
            The device was reset, fell silent, or talks on without a new sample.
        DeviceError
            It said what no device says.
        """
        data = self._read(timeout_s)
        before = self._events_expected
        now_s = self._transport.now_s()
        for frame in self._reader.feed(data):
            self._heard_s = now_s
            self._take(frame)
        if self._newest != self._moved_at or self.flushed:
            self._moved_at, self._moved_s = self._newest, now_s
        if now_s - self._moved_s > _SILENCE_S and now_s - self._heard_s <= _SILENCE_S:
            raise LiveLost(f"{self.url}: the device gives no samples: nothing new for {_SILENCE_S:g} s")
        if self._events_expected != before:
            self._acknowledge(0)
        elif now_s - self._heard_s > _SILENCE_S:
            raise LiveLost(f"{self.url}: the device fell silent: nothing for {_SILENCE_S:g} s")
        elif now_s - max(self._heard_s, self._asked_s) > _POLL_AFTER_S:
            self._asked_s = now_s
            self._poll = self._poll % 255 + 1
            self._acknowledge(m.ACK_POLL | m.ACK_RESEND)
        update, self._update = self._update, LiveUpdate()
        return update

    def end(self) -> LiveUpdate:
        """End the acquisition; return what was still on its way, the last beats included.

        The device goes back to what it does without a host.
        """
        rest = LiveUpdate()
        deadline_s = self._transport.now_s() + _END_TIMEOUT_S
        ask_s = self._transport.now_s()
        while self._transport.now_s() < deadline_s and not self._complete():
            if self._transport.now_s() >= ask_s:
                ask_s = self._transport.now_s() + _START_EVERY_S
                self._send(m.MSG_CONFIG, m.Config(m.OP_FLUSH).pack())
                if self.flushed:
                    self._acknowledge(m.ACK_RESEND)
            update = self.poll(0.05)
            rest.blocks += update.blocks
            rest.beats += update.beats
            rest.conditions += update.conditions
            rest.status = update.status or rest.status
            rest.beats_lost += update.beats_lost
        if not self._complete():
            raise DeviceError(f"{self.url}: the device did not confirm the end of the acquisition")
        while self._transport.now_s() < deadline_s and (data := self._read(0.05)):  # behind the last beat
            for frame in self._reader.feed(data):
                self._take(frame)
        rest.blocks += self._update.blocks
        rest.status = self._update.status or rest.status
        self._send(m.MSG_CONFIG, m.Config(m.OP_RESET).pack())
        return rest

    def _complete(self) -> bool:
        return self.flushed and self._counted and self._events_end == self._events_expected

    def _start(self) -> None:
        clock = self._transport.now_s
        deadline_s = clock() + _START_TIMEOUT_S
        while not self._started:
            if clock() > deadline_s:
                raise DeviceError(f"{self.url}: the device did not start to acquire")
            self._send(m.MSG_CONFIG, m.Config(m.OP_LIVE, 0, self.step).pack())
            until_s = clock() + _START_EVERY_S
            while not self._started and clock() < until_s:
                for frame in self._reader.feed(self._read(until_s - clock())):
                    self._take(frame)
        self._heard_s = self._asked_s = clock()

    def _take(self, frame: Frame) -> None:
        try:
            if frame.session != self._number:
                self._take_foreign(frame)
            else:
                self._take_own(frame)
        except LinkFault as wrong:
            raise DeviceError(f"{self.url}: {wrong}") from None

    def _take_own(self, frame: Frame) -> None:
        size = f"{frame_name(frame.type)} of {len(frame.payload)} bytes"
        if frame.type in (m.MSG_BEAT, m.MSG_CONDITION):
            event = m.unpack_event(frame.payload)
            if event is None:
                raise fault(size)
            self._take_event(frame.type, *event)
        elif frame.type == m.MSG_SAMPLES:
            block = m.unpack_samples(frame.payload)
            if block is None:
                raise fault(size)
            self._take_block(*block)
        elif frame.type == m.MSG_LIVE:
            live = m.LiveStatus.unpack(frame.payload)
            if live is None:
                raise fault(size)
            self._take_live(live)
        elif frame.type == m.MSG_STATUS:
            status = m.Status.unpack(frame.payload)
            if status is None:
                raise fault(size)
            self._take_status(status)
        elif frame.type == m.MSG_ERROR:
            error = m.Error.unpack(frame.payload)
            if error is None or error.code not in m.ERROR_NAMES:
                raise fault(f"an error that has no name ({frame.payload.hex()[:20]})")
            self._take_error(error)
        elif frame.type != m.MSG_HELLO:  # which answers a question asked twice
            raise fault(f"{frame_name(frame.type)} in live mode")

    def _skip(self, samples: int, at: int) -> None:
        """Count samples that were lost on their way: no more than time has passed.

        Pictures and recordings follow the numbers of samples, so these must not run away.
        """
        self._skipped += samples
        elapsed_s = self._transport.now_s() - self._begun_s
        if self._skipped > (elapsed_s + _LOST_MORE_S) * self._fs_hz * _CLOCK:
            raise fault(f"sample {at} after {self._newest}, {elapsed_s:.0f} s after the start")

    def _reach(self, sample: int) -> int:
        """Take it that the device has all samples below this one, and return it."""
        self._skip(max(sample - self._newest - _AHEAD_S * self._fs_hz, 0), sample)
        self._newest = max(self._newest, sample)
        return sample

    def _take_block(self, first: int, step: int, samples: npt.NDArray[np.int16]) -> None:
        if step != self.step or step == 0:
            raise fault(f"samples in steps of {step}, asked for {self.step}")
        at = unwrapped(first, self._displayed)
        if at < self._displayed:
            return  # came twice
        self._skip(at - self._displayed, at)
        self._displayed = self._reach(at + step * len(samples))
        self._update.blocks.append((at, step, samples))

    def _take_foreign(self, frame: Frame) -> None:
        if self._started and frame.type in (m.MSG_HELLO, m.MSG_STATUS):
            raise LiveLost(f"{self.url}: the device was reset: its acquisition began anew, start again")
        error = m.Error.unpack(frame.payload) if frame.type == m.MSG_ERROR else None
        if error is not None and error.code in (m.ERROR_UNSUPPORTED, m.ERROR_BAD_CONFIG):
            raise DeviceError(f"{self.url}: the device cannot acquire: {m.ERROR_NAMES[error.code]}")

    def _take_error(self, error: m.Error) -> None:
        if error.code == m.ERROR_PIPELINE:
            code = error.detail - (1 << 32) if error.detail & 0x80000000 else error.detail
            raise DeviceError(f"{self.url}: the device's signal chain failed with error {code}")

    def _take_event(self, type_: int, number: int, content: bytes) -> None:
        ahead = (number - self._events_expected) & 0xFFFF
        if 0 < ahead < 0x8000:
            self._acknowledge(m.ACK_RESEND)
        if ahead != 0:
            return
        self._count_events(1)
        # What no device has yet is refused by its distance, as a block is.
        sample = m.event_sample(content)
        if sample is not None:
            self._reach(unwrapped(sample, self._newest) + 1)
        if type_ == m.MSG_BEAT:
            self._update.beats.append(self._checks.beat(content, self._newest))
        else:
            self._update.conditions.append(self._checks.condition(content, self._newest))
        self._events_expected = (self._events_expected + 1) & 0xFFFF

    def _count_events(self, more: int) -> None:
        """Count events, dropped ones too: no more than the samples can bring."""
        self._events += more
        most = 2 * self._checks.events_max(self._newest + _AHEAD_S * self._fs_hz)
        if self._events > most:
            raise fault(f"{self._events} events in {self._newest} samples")

    def _take_live(self, live: m.LiveStatus) -> None:
        taken = unwrapped(live.taken, self._newest)
        known = live.ring_max <= live.ring_size and not live.flags & ~_LIVE_FLAGS and live.sqi <= SQI_MAX
        if not known or taken < max(self._taken, live.lost):
            raise fault(f"a state that cannot be, {live}")
        check_conditions(live.conditions)
        self._taken = self._reach(taken)
        self._update.status = live
        self._counted = self.flushed
        dropped = (live.events_first - self._events_expected) & 0xFFFF
        if 0 < dropped < 0x8000:  # the device no longer has them
            self._count_events(dropped)
            self._events_expected = live.events_first
            self._update.beats_lost += dropped
            self._acknowledge(m.ACK_RESEND)

    def _take_status(self, status: m.Status) -> None:
        self._started = self._started or bool(status.flags & m.STATUS_LIVE)
        if status.flags & m.STATUS_FLUSHED:
            self.flushed = True
            self._events_end = status.events_next

    def _acknowledge(self, flags: int) -> None:
        self._send(m.MSG_ACK, m.Ack(self._events_expected, flags, self._poll).pack())

    def _send(self, type_: int, payload: bytes) -> None:
        try:
            self._transport.write(b"\0" + encode_frame(type_, self._number, self._tx_seq, payload))
        except TransportLost as lost:
            raise LiveLost(f"{self.url}: the port was lost ({lost})") from lost
        self._tx_seq = (self._tx_seq + 1) & 0xFF

    def _read(self, timeout_s: float) -> bytes:
        try:
            return self._transport.read(max(timeout_s, 0.0))
        except TransportLost as lost:
            raise LiveLost(f"{self.url}: the port was lost ({lost})") from lost
