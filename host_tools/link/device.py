"""A device at a port: who it is, and one replay after another through it."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from host_tools.errors import DeviceError

from . import messages as m
from .checks import LinkFault, check_hello
from .frames import FrameReader, encode_frame
from .identity import Identity, check_identity, expected_identity
from .run import SILENCE_S, Progress, ReplayResult, Run
from .session import Repair, SessionLost
from .transport import Transport, TransportLost, open_transport

#: A board that resets when its port opens needs up to 3 s to its hello (boot ROM, then the firmware).
HELLO_TIMEOUT_S = 6.0
HELLO_INTERVAL_S = 0.3
#: A device may lose its state (reset) so often during one replay.
RESTARTS_MAX = 3


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
        rails: tuple[int, int] | None = None,
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
        rails : tuple of int, optional
            Where the converter of these samples ends, adu: a sample at or beyond either is saturated.
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
        run = Run(self._transport, self._reader, samples, pace_hz, self._silence_s, on_progress, on_beat)
        while True:
            self._session_number = self._session_number % 255 + 1
            run.begin(self.hello, self._session_number, first_sample, rails, trace)
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
                    try:
                        check_hello(hello)
                    except LinkFault as wrong:
                        raise DeviceError(f"{self.url}: {wrong}") from None
                    self._session_number = max(self._session_number, frame.session)
                    return hello
        what = f"{heard} bytes came, but no hello" if heard else "nothing came"
        raise DeviceError(
            f"{self.url}: no answer within {self._hello_timeout_s:g} s ({what}): is BitBeat's firmware on "
            f"the device, is {self._baud} baud right, does another program use the port?"
        )
