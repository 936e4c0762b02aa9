"""A replay's waiting side: reads, writes, timers, reconnects; what is sent, the session decides."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from host_tools.beats import BEAT_DTYPE, CONDITION_DTYPE
from host_tools.errors import DeviceError

from . import messages as m
from .checks import LinkFault
from .frames import FrameReader
from .session import LinkReport, Repair, Session
from .transport import Transport, TransportLost

#: First wait for an answer before asking again; doubles up to the longest.
POLL_FIRST_S = 0.25
POLL_LONGEST_S = 2.0
#: Nothing new for so long, or no port: the replay is given up.
SILENCE_S = 20.0
#: Less than this much new in that time (samples confirmed, events) is nothing: a hundredth of real time.
PROGRESS_MIN = 64
#: First wait before a port is opened again; doubles, up to the longest, while the device gives nothing new.
REOPEN_FIRST_S = 0.25
REOPEN_LONGEST_S = 4.0
#: Blocks are sent no smaller than this when a replay is paced, seconds of signal.
PACE_STEP_S = 0.05

#: Samples worked off, samples in all, beats so far.
Progress = Callable[[int, int, int], None]


@dataclass
class ReplayResult:
    """What the device answered.

    Attributes
    ----------
    beats : ndarray of BEAT_DTYPE, [n]
        Every beat once, in order, as the device sent it.
    conditions : ndarray of CONDITION_DTYPE, [n]
        Every change of the conditions, likewise.
    trace : list of TraceItem
        Intermediate values in order; empty unless asked for.
    report : LinkReport
        What had to be repaired.
    elapsed_s : float
        Duration of the replay, seconds.
    """

    beats: npt.NDArray[np.void]
    conditions: npt.NDArray[np.void]
    trace: list[m.TraceItem]
    report: LinkReport
    elapsed_s: float


class Run:
    """The waiting side of a replay: reads, writes, timers, reconnects. What is sent, the session decides."""

    def __init__(
        self,
        transport: Transport,
        reader: FrameReader,
        samples: npt.NDArray[np.int16],
        pace_hz: float,
        silence_s: float,
        on_progress: Progress | None,
        on_beat: Callable[[npt.NDArray[np.void]], None] | None,
    ) -> None:
        self._transport = transport
        self._reader = reader
        self._samples = samples
        self._pace_hz = pace_hz
        self._silence_s = silence_s
        self._on_progress = on_progress
        self._on_beat = on_beat
        self._events: list[tuple[int, bytes]] = []  # beats and conditions, type and content
        self._events_again = 0  # of the present session
        self._beats = 0
        self._last_beat = b""
        self._trace: list[bytes] = []
        self._reopen_s = REOPEN_FIRST_S
        self._reconnects = 0  # when the last new thing came
        self._reopened_at = -1  # progress when the port was last opened again
        self._begin_s = transport.now_s()
        self._bad_before = reader.bad_frames
        self._lost_before = reader.lost_frames
        self.report = LinkReport()
        self.session: Session

    def begin(
        self,
        hello: m.Hello,
        number: int,
        first_sample: int,
        rails: tuple[int, int] | None,
        trace: bool,
    ) -> None:
        """Prepare a session; after a restart its first events must repeat those that were delivered."""
        self._events_again = 0
        self._trace = []
        self.session = Session(
            self._samples,
            hello,
            number,
            first_sample=first_sample,
            rails=rails,
            trace=trace,
            on_event=self._take_event,
            report=self.report,
        )

    def loop(self) -> ReplayResult:
        """Run the session to its end.

        Raises
        ------
        DeviceError
            See :meth:`Device.replay`.
        SessionLost
            The device was reset.
        """
        try:
            return self._loop()
        except LinkFault as wrong:
            raise DeviceError(f"{self._transport.url}: {wrong}; {self._state()}") from None

    def _loop(self) -> ReplayResult:
        clock = self._transport.now_s
        session = self.session
        pace_from_s = clock()
        self._heard_s = self._moved_s = clock()
        self._progress, self._stage = session.progress, session.stage
        self._wait_s = POLL_FIRST_S
        self._send(session.after_silence())
        while not session.finished:
            allowed = self._allowed(clock() - pace_from_s)
            self._send(session.outgoing(allowed))
            timeout_s = self._wait_s if allowed >= session.total else PACE_STEP_S
            data = self._receive(timeout_s)
            if not self._take(data):  # nothing, or garbage
                self._after_silence()
            self._watch()
        self._send(session.outgoing(0))  # confirms the last events
        return self._result()

    def _allowed(self, elapsed_s: float) -> int:
        if math.isinf(self._pace_hz):
            return self.session.total
        due = int(elapsed_s * self._pace_hz)
        step = max(int(self._pace_hz * PACE_STEP_S), 1)
        return self.session.total if due >= self.session.total else due // step * step

    def _take(self, data: bytes) -> bool:
        """Take received bytes; return whether there was a frame among them."""
        session = self.session
        frames = self._reader.feed(data)
        if not frames:
            return False
        self._heard_s = self._transport.now_s()
        self._wait_s = POLL_FIRST_S
        reply = b"".join([session.take(frame) for frame in frames])
        if reply:
            self._send(reply)
        if self._on_progress is not None:
            self._on_progress(session.processed, session.total, self._beats)
        return True

    def _after_silence(self) -> None:
        """Ask, ever less often, when nothing has come that should have."""
        now_s = self._transport.now_s()
        if not self.session.waiting:
            self._heard_s = now_s
        elif now_s - self._heard_s >= self._wait_s:
            self._wait_s = min(2 * self._wait_s, POLL_LONGEST_S)
            self._heard_s = now_s
            self._send(self.session.after_silence())

    def _watch(self) -> None:
        """Give up a device from which nothing new, or next to nothing, has come for too long.

        New is what brings the replay nearer to its end: samples confirmed within those that were sent, and
        the events that these can bring. Talking is not enough.
        """
        session = self.session
        now_s = self._transport.now_s()
        moved = session.progress - self._progress
        if moved >= PROGRESS_MIN or session.stage != self._stage or not session.waiting:
            self._progress, self._stage = session.progress, session.stage
            self._moved_s = now_s
            self._reopen_s = REOPEN_FIRST_S
            self._reconnects = self.report.reconnects
        elif now_s - self._moved_s > self._silence_s:
            raise DeviceError(
                f"{self._transport.url}: the device fell silent: "
                f"{'next to nothing' if moved else 'nothing'} new for {self._silence_s:g} s{self._opened()}; "
                f"{self._state()}"
            )

    def _opened(self) -> str:
        again = self.report.reconnects - self._reconnects
        return f", its port opened again {again} times" if again else ""

    def _state(self) -> str:
        """Say what is there and what is missing. Beats come in order: there is no gap before the last one."""
        session = self.session
        missing = "all of them are missing"
        if self._beats:
            last = int(np.frombuffer(self._last_beat, BEAT_DTYPE)["r_sample"][0])
            missing = f"those after sample {last} are missing"
        return (
            f"it has confirmed the first {session.received} of {session.total} samples, "
            f"and {self._beats} beats have come, {missing}"
        )

    def _send(self, data: bytes) -> None:
        if not data:
            return
        try:
            self._transport.write(data)
        except TransportLost as lost:
            self._reconnect(lost)

    def _receive(self, timeout_s: float) -> bytes:
        try:
            return self._transport.read(timeout_s)
        except TransportLost as lost:
            self._reconnect(lost)
            return b""

    def _reconnect(self, lost: TransportLost) -> None:
        """Open the port again; what was on its way is lost, which a poll finds out.

        A port that opens and closes again, with nothing new in between, is opened ever less often, and is
        given up like one that does not open.
        """
        clock = self._transport.now_s
        if self._reopened_at < 0 or self.session.progress - self._reopened_at >= PROGRESS_MIN:
            self._moved_s = clock()
            self._reopened_at = self.session.progress
        while clock() - self._moved_s <= self._silence_s:
            self._transport.pause(self._reopen_s)
            self._reopen_s = min(2 * self._reopen_s, REOPEN_LONGEST_S)
            try:
                self._transport.reopen()
                self._transport.write(self.session.after_silence())
            except TransportLost:
                continue
            self.report.reconnects += 1
            self.report.repairs.append(Repair("port opened again", self.session.processed))
            self._heard_s = clock()
            return
        raise DeviceError(
            f"{self._transport.url}: the port was lost and did not come back within {self._silence_s:g} s "
            f"({lost}); {self._state()}"
        )

    def _take_event(self, type_: int, content: bytes) -> None:
        if type_ == m.MSG_TRACE:
            self._trace.append(content)
            return
        index = self._events_again
        self._events_again += 1
        if index < len(self._events):
            if self._events[index] != (type_, content):
                raise DeviceError(
                    f"{self._transport.url}: after its reset the device gave another answer than before "
                    f"(event {index}, near sample {self.session.processed})"
                )
            return
        self._events.append((type_, content))
        if type_ != m.MSG_BEAT:
            return
        self._beats += 1
        self._last_beat = content
        beat = m.unpack_beat(content) if self._on_beat is not None else None
        if beat is not None and self._on_beat is not None:
            self._on_beat(beat)

    def _result(self) -> ReplayResult:
        trace: list[m.TraceItem] = []
        for payload in self._trace:
            trace += m.unpack_trace(payload) or []
        session = self.session
        self.report.bad_frames = self._reader.bad_frames - self._bad_before + session.device_bad_frames
        self.report.lost_frames = self._reader.lost_frames - self._lost_before + session.device_lost_frames
        elapsed_s = self._transport.now_s() - self._begin_s
        return ReplayResult(
            beats=self._joined(m.MSG_BEAT, BEAT_DTYPE),
            conditions=self._joined(m.MSG_CONDITION, CONDITION_DTYPE),
            trace=trace,
            report=self.report,
            elapsed_s=elapsed_s,
        )

    def _joined(self, type_: int, dtype: np.dtype[np.void]) -> npt.NDArray[np.void]:
        return np.frombuffer(b"".join(c for t, c in self._events if t == type_), dtype).copy()
