"""A bad cable: sits between host and device and damages what passes, repeatably.

Works on frames, the bytes up to a delimiter, so that a rate means the same at any chunking, and a seed
gives the same damage to the same frames. The device's port stays open all the time; a pulled plug is seen
by the host alone, as with a USB adaptor. A device that goes away is opened again when it comes back, and
the host's connection stays, as with a board that is reset.
"""

from __future__ import annotations

import random
import select
import signal
import socket
import threading
import time
from collections import Counter
from dataclasses import dataclass, fields
from typing import NamedTuple

from host_tools.errors import UserError
from host_tools.link.transport import Transport, TransportLost, open_transport

_DELIMITER = b"\0"
#: What has no delimiter is passed on after this silence or length: boot messages, half a frame.
_PARTIAL_WAIT_S = 0.05
_PARTIAL_BYTES = 600
_RECEIVE_BYTES = 65536
_REOPEN_S = 0.1
_SPLIT_PAUSE_S = 0.005
_GARBAGE_BYTES = 64


@dataclass(frozen=True)
class FaultRates:
    """Probability of each fault per frame and direction, 0..1; several can hit one frame.

    Attributes
    ----------
    drop : float
        The frame is lost.
    duplicate : float
        It comes twice.
    flip : float
        One bit is changed.
    garbage : float
        Up to 64 random bytes come before it, delimiters among them.
    split : float
        It comes in two pieces, 5 ms apart.
    delay : float
        It and all after it come ``delay_s`` later.
    delay_s : float
        Seconds.
    """

    drop: float = 0.0
    duplicate: float = 0.0
    flip: float = 0.0
    garbage: float = 0.0
    split: float = 0.0
    delay: float = 0.0
    delay_s: float = 0.3

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name == "delay_s":
                if not 0 <= value <= 60:
                    raise UserError(f"a delay of {value:g} s: 0 to 60 s can be had")
            elif not 0 <= value <= 1:
                raise UserError(f"a rate of {value:g} for {field.name}: rates are 0 to 1, faults per frame")


class Piece(NamedTuple):
    """Bytes to be sent after a pause."""

    pause_s: float
    data: bytes


class FrameFaults:
    """Damages the frames of one direction.

    Parameters
    ----------
    rates : FaultRates
        How often.
    seed : str
        The same frames with the same seed are damaged in the same way.
    """

    def __init__(self, rates: FaultRates, seed: str) -> None:
        self._rates = rates
        self._random = random.Random(seed)
        self._partial = b""
        self.frames = 0
        self.counts: Counter[str] = Counter()

    def feed(self, data: bytes) -> list[Piece]:
        """Take bytes; return what goes on of the frames that they complete."""
        *whole, self._partial = (self._partial + data).split(_DELIMITER)
        pieces = [piece for frame in whole for piece in self._damage(frame + _DELIMITER)]
        if len(self._partial) > _PARTIAL_BYTES:
            pieces += self.flush()
        return pieces

    def flush(self) -> list[Piece]:
        """Return what is left of bytes without a delimiter, undamaged."""
        rest, self._partial = self._partial, b""
        return [Piece(0.0, rest)] if rest else []

    def _hit(self, kind: str) -> bool:
        """Draw for one kind of fault, and count it."""
        hit = self._random.random() < getattr(self._rates, kind)
        self.counts[kind] += hit
        return hit

    def _damage(self, frame: bytes) -> list[Piece]:
        self.frames += 1
        draw = self._random
        pause_s = self._rates.delay_s if self._hit("delay") else 0.0
        before = draw.randbytes(draw.randint(1, _GARBAGE_BYTES)) if self._hit("garbage") else b""
        if self._hit("flip"):
            changed = bytearray(frame)
            changed[draw.randrange(len(frame))] ^= 1 << draw.randrange(8)
            frame = bytes(changed)
        if self._hit("duplicate"):
            frame += frame
        if self._hit("drop"):
            frame = b""
        data = before + frame
        if self._hit("split") and len(data) > 1:
            at = draw.randrange(1, len(data))
            return [Piece(pause_s, data[:at]), Piece(_SPLIT_PAUSE_S, data[at:])]
        return [Piece(pause_s, data)] if data or pause_s else []


class FaultProxy:
    """A TCP port on 127.0.0.1 that leads to a device over a bad cable; a context manager.

    Parameters
    ----------
    device : str
        The device's port, any pyserial URL.
    rates : FaultRates
        How often which fault comes, in both directions.
    seed : int
        Repeats the same faults.
    disconnect_after : sequence of int
        Hang up after so many frames from the host, counted from the beginning.
    disconnect_s : float
        For so long nobody answers at the port then, seconds.
    port : int
        TCP port; 0 = any free one.
    baud : int
        Bits per second of a real port.

    Raises
    ------
    UserError
        The URL is none, or the TCP port is taken.
    DeviceError
        There is no such port.

    Examples
    --------
    >>> with FaultProxy(emulator.url, FaultRates(drop=0.01), seed=1) as proxy:  # doctest: +SKIP
    ...     device = Device(proxy.url)
    """

    def __init__(
        self,
        device: str,
        rates: FaultRates,
        *,
        seed: int = 0,
        disconnect_after: tuple[int, ...] = (),
        disconnect_s: float = 10.0,
        port: int = 0,
        baud: int = 115200,
    ) -> None:
        self._disconnect_after = sorted(disconnect_after)
        self._disconnect_s = disconnect_s
        self.to_device = FrameFaults(rates, f"{seed}/to device")
        self.to_host = FrameFaults(rates, f"{seed}/to host")
        self.disconnects = 0
        self.device_losses = 0
        self._ended = threading.Event()
        self._device_lock = threading.Lock()  # no writing to a port that is being opened again
        self._host: socket.socket | None = None
        self._listener = _bind(port)
        self._port = int(self._listener.getsockname()[1])
        self.url = f"socket://127.0.0.1:{self._port}"
        try:
            self._device: Transport = open_transport(device, baud)
        except BaseException:
            self._listener.close()
            raise
        self._listener.listen(1)
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._serve, self._listen)]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> FaultProxy:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Hang up on both sides; may be called twice."""
        self._ended.set()
        for thread in self._threads:
            thread.join()
        self._listener.close()
        self._device.close()

    def report(self) -> str:
        """Return what was done so far, in one line."""
        parts = []
        for name, faults in (("to the device", self.to_device), ("to the host", self.to_host)):
            hits = ", ".join(f"{count} {kind}" for kind, count in faults.counts.items() if count)
            parts.append(f"{faults.frames} frames {name} ({hits or 'no faults'})")
        return "; ".join(parts) + f"; {self.disconnects} disconnects, {self.device_losses} device losses"

    # ---- host to device, and the connection

    def _serve(self) -> None:
        """Take one host after the other."""
        while not self._ended.is_set():
            if not select.select([self._listener], [], [], _PARTIAL_WAIT_S)[0]:
                continue
            host, _ = self._listener.accept()
            host.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._host = host
            hang_up = self._pump(host)
            self._host = None
            if hang_up:
                self._refuse(host)
            else:
                host.close()

    def _pump(self, host: socket.socket) -> bool:
        """Pass on what the host sends; return True where the plug is to be pulled."""
        while not self._ended.is_set():
            try:
                came = select.select([host], [], [], _PARTIAL_WAIT_S)[0]
                data = host.recv(_RECEIVE_BYTES) if came else b""
            except OSError:
                return False
            if came and not data:
                return False
            for pause_s, part in self.to_device.feed(data) if came else self.to_device.flush():
                self._ended.wait(pause_s)
                self._write_device(part)
            if self._disconnect_after and self.to_device.frames >= self._disconnect_after[0]:
                self._disconnect_after.pop(0)
                return True
        return False

    def _refuse(self, host: socket.socket) -> None:
        """Hang up and let nobody in for a while: a port that is bound but does not listen refuses."""
        self.disconnects += 1
        self._listener.close()  # first: a host that comes back at once must not get into its queue
        host.close()
        self._listener = _bind(self._port)
        self._ended.wait(self._disconnect_s)
        self._listener.listen(1)

    def _write_device(self, data: bytes) -> None:
        try:
            with self._device_lock:
                self._device.write(data)
        except TransportLost:
            return  # lost on the way; the reader opens it again

    # ---- device to host

    def _listen(self) -> None:
        """Pass on what the device sends; without a host it is lost, as on a UART."""
        while not self._ended.is_set():
            try:
                data = self._device.read(_PARTIAL_WAIT_S)
            except TransportLost:
                self._reopen()
                continue
            for pause_s, part in self.to_host.feed(data) if data else self.to_host.flush():
                self._ended.wait(pause_s)
                self._write_host(part)

    def _write_host(self, data: bytes) -> None:
        host = self._host
        try:
            if host is not None:
                host.sendall(data)
        except OSError:
            return  # the host has gone; the other thread notices

    def _reopen(self) -> None:
        """Wait for the device to come back."""
        self.device_losses += 1
        while not self._ended.wait(_REOPEN_S):
            try:
                with self._device_lock:
                    self._device.reopen()
            except TransportLost:
                continue
            return


def _bind(port: int) -> socket.socket:
    """Return a socket bound to a port of 127.0.0.1, which does not listen yet."""
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind(("127.0.0.1", port))
    except OSError as error:
        bound.close()
        raise UserError(
            f"port {port} of 127.0.0.1 cannot be had ({error.strerror}); 0 takes a free one"
        ) from (error)
    return bound


def run_until_interrupted(proxy: FaultProxy) -> None:
    """Sleep until Ctrl-C or SIGTERM, then hang up."""

    def end(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, end)  # a shell's background job ignores it otherwise
    signal.signal(signal.SIGTERM, end)
    try:
        while True:
            time.sleep(1)
    except KeyboardInterrupt:
        return
    finally:
        proxy.close()
