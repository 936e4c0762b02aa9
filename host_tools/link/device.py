"""A device at a port: who it is, and one replay after another through it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from host_tools.beats import BEAT_DTYPE
from host_tools.errors import DeviceError

from . import messages as m
from .frames import FrameReader, encode_frame
from .identity import Identity, check_identity, expected_identity
from .session import LinkReport, Repair, Session, SessionLost
from .transport import Transport, TransportLost, open_transport

#: A board that resets when its port opens needs up to 3 s to its hello (boot ROM, then the firmware).
HELLO_TIMEOUT_S = 6.0
HELLO_INTERVAL_S = 0.3
#: First wait for an answer before asking again; doubles up to the longest.
POLL_FIRST_S = 0.25
POLL_LONGEST_S = 2.0
#: No frame at all for so long, or no port: the replay is given up.
SILENCE_S = 20.0
REOPEN_INTERVAL_S = 0.25
#: A device may lose its state (reset) so often during one replay.
RESTARTS_MAX = 3
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
    trace : list of TraceItem
        Intermediate values in order; empty unless asked for.
    report : LinkReport
        What had to be repaired.
    elapsed_s : float
        Duration of the replay, seconds.
    """

    beats: npt.NDArray[np.void]
    trace: list[m.TraceItem]
    report: LinkReport
    elapsed_s: float


class Device:
    """A device that has said hello and is the one this host was made for.

    Parameters
    ----------
    port : str or Transport
        Any pyserial URL, or an open transport.
    baud : int
        Bits per second of a real port.
    expected : Identity, optional
        Hashes to insist on; those of this checkout by default.
    hello_timeout_s, silence_s : float
        How long to wait for the first hello, and for any sign of life later.

    Raises
    ------
    UserError
        ``port`` is no port URL.
    DeviceError
        No such port, no answer, or the wrong device (one line says which).
    """

    def __init__(
        self,
        port: str | Transport,
        *,
        baud: int = 115200,
        expected: Identity | None = None,
        hello_timeout_s: float = HELLO_TIMEOUT_S,
        silence_s: float = SILENCE_S,
    ) -> None:
        self._transport = open_transport(port, baud) if isinstance(port, str) else port
        self.url = self._transport.url
        self._baud = baud
        self._expected = expected_identity() if expected is None else expected
        self._hello_timeout_s = hello_timeout_s
        self._silence_s = silence_s
        self._reader = FrameReader()
        self._session_number = 0
        try:
            self.hello = self._handshake()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Device:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the port."""
        self._transport.close()

    def lend(self) -> tuple[Transport, FrameReader, int]:
        """Hand out port, frame reader and a fresh session number to a session of another kind (live mode)."""
        self._session_number = self._session_number % 255 + 1
        return self._transport, self._reader, self._session_number

    def replay(
        self,
        samples: npt.NDArray[np.int16],
        *,
        first_sample: int = 0,
        trace: bool = False,
        pace_hz: float = math.inf,
        on_progress: Progress | None = None,
        on_beat: Callable[[npt.NDArray[np.void]], None] | None = None,
    ) -> ReplayResult:
        """Run samples through the device.

        Parameters
        ----------
        samples : int16 [n]
            At the spec's rate and in its unit, adu around the baseline; -32768 = no sample.
        first_sample : int
            Number of the first sample on the device, modulo 2^32.
        trace : bool
            Also fetch every intermediate value (a device built with the trace hook).
        pace_hz : float
            Samples per second at the most; as fast as the device takes them by default.
        on_progress : callable, optional
            Called as ``on_progress(samples_done, samples_in_all, beats)`` after each batch of answers.
        on_beat : callable, optional
            Called with each beat, an array [1] of BEAT_DTYPE, as soon as it has come.

        Returns
        -------
        ReplayResult
            Every beat once, in order.

        Raises
        ------
        DeviceError
            The device fell silent, or lost its state too often; the message says at which sample.
        """
        if trace and not self.hello.features & m.FEATURE_TRACE:
            raise DeviceError(f"{self.url}: the device was built without the trace hook")
        run = _Run(self._transport, self._reader, samples, pace_hz, self._silence_s, on_progress, on_beat)
        while True:
            self._session_number = self._session_number % 255 + 1
            run.begin(self.hello, self._session_number, first_sample, trace)
            try:
                return run.loop()
            except SessionLost:
                if run.report.restarts == RESTARTS_MAX:
                    raise DeviceError(
                        f"{self.url}: the device was reset {RESTARTS_MAX + 1} times, last near sample "
                        f"{run.session.processed}: check its power supply"
                    ) from None
                run.report.restarts += 1
                run.report.repairs.append(Repair("device reset, replay begun again", run.session.processed))
                self.hello = self._handshake()

    def stream(self, samples: npt.NDArray[np.int16]) -> npt.NDArray[np.void]:
        """Run samples through the device as fast as it takes them; see :meth:`replay`. Returns its beats."""
        return self.replay(samples).beats

    def _handshake(self) -> m.Hello:
        """Ask for a hello until one comes, whatever comes before it; check it."""
        request = b"\0" + encode_frame(m.MSG_CONFIG, 0, 0, m.Config(m.OP_HELLO).pack())
        clock = self._transport.now_s
        deadline_s = clock() + self._hello_timeout_s
        ask_at_s = clock()
        heard = 0
        while clock() < deadline_s:
            try:
                if clock() >= ask_at_s:
                    self._transport.write(request)
                    ask_at_s = clock() + HELLO_INTERVAL_S
                data = self._transport.read(max(min(ask_at_s, deadline_s) - clock(), 0.0))
            except TransportLost as lost:
                raise DeviceError(
                    f"{self.url}: the port closed before the device said hello ({lost})"
                ) from lost
            heard += len(data)
            for frame in self._reader.feed(data):
                hello = m.Hello.unpack(frame.payload) if frame.type == m.MSG_HELLO else None
                if hello is not None:
                    check_identity(self.url, hello, self._expected)
                    self._session_number = max(self._session_number, frame.session)
                    return hello
        what = f"{heard} bytes came, but no hello" if heard else "nothing came"
        raise DeviceError(
            f"{self.url}: no answer within {self._hello_timeout_s:g} s ({what}): is BitBeat's firmware on "
            f"the device, is {self._baud} baud right, does another program use the port?"
        )


class _Run:
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
        self._beats: list[bytes] = []
        self._beats_again = 0  # beats of the present session
        self._trace: list[bytes] = []
        self._begin_s = transport.now_s()
        self._bad_before = reader.bad_frames
        self._lost_before = reader.lost_frames
        self.report = LinkReport()
        self.session: Session

    def begin(self, hello: m.Hello, number: int, first_sample: int, trace: bool) -> None:
        """Prepare a session; after a restart its first beats must repeat those that were delivered."""
        self._beats_again = 0
        self._trace = []
        self.session = Session(
            self._samples,
            hello,
            number,
            first_sample=first_sample,
            trace=trace,
            on_event=self._take_event,
            report=self.report,
        )

    def loop(self) -> ReplayResult:
        """Run the session to its end."""
        clock = self._transport.now_s
        session = self.session
        pace_from_s = clock()
        self._heard_s = self._moved_s = clock()
        self._progress = session.progress
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
            self._on_progress(session.processed, session.total, len(self._beats))
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
        """Give up a device from which nothing new has come for too long."""
        session = self.session
        now_s = self._transport.now_s()
        if session.progress != self._progress or not session.waiting:
            self._progress = session.progress
            self._moved_s = now_s
        elif now_s - self._moved_s > self._silence_s:
            raise DeviceError(
                f"{self._transport.url}: the device fell silent: nothing new for {self._silence_s:g} s; "
                f"{self._state()}"
            )

    def _state(self) -> str:
        """Say what is there and what is missing. Beats come in order: there is no gap before the last one."""
        session = self.session
        missing = "all of them are missing"
        if self._beats:
            last = int(np.frombuffer(self._beats[-1], BEAT_DTYPE)["r_sample"][0])
            missing = f"those after sample {last} are missing"
        return (
            f"it has confirmed the first {session.received} of {session.total} samples, "
            f"and {len(self._beats)} beats have come, {missing}"
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
        """Open the port again; what was on its way is lost, which a poll finds out."""
        clock = self._transport.now_s
        deadline_s = clock() + self._silence_s
        while clock() < deadline_s:
            pause_until_s = clock() + REOPEN_INTERVAL_S
            try:
                self._transport.reopen()
                self._transport.write(self.session.after_silence())
            except TransportLost:
                _sleep_until(self._transport, pause_until_s)
                continue
            self.report.reconnects += 1
            self.report.repairs.append(Repair("port opened again", self.session.processed))
            self._heard_s = self._moved_s = clock()
            return
        raise DeviceError(
            f"{self._transport.url}: the port was lost and did not come back within {self._silence_s:g} s "
            f"({lost}); {self._state()}"
        )

    def _take_event(self, type_: int, content: bytes) -> None:
        if type_ == m.MSG_TRACE:
            self._trace.append(content)
            return
        index = self._beats_again
        self._beats_again += 1
        if index < len(self._beats):
            if self._beats[index] != content:
                raise DeviceError(
                    f"{self._transport.url}: after its reset the device gave another answer than before "
                    f"(beat {index}, near sample {self.session.processed})"
                )
            return
        self._beats.append(content)
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
        beats = np.frombuffer(b"".join(self._beats), BEAT_DTYPE).copy()
        return ReplayResult(beats, trace, self.report, elapsed_s)


def _sleep_until(transport: Transport, until_s: float) -> None:
    import time

    pause_s = until_s - transport.now_s()
    if pause_s > 0:
        time.sleep(pause_s)
