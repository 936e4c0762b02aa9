"""Byte streams to a device: any pyserial URL, and TCP without the detour.

A transport can wait, read what has come, write, and be opened again after the other end went away.
"""

from __future__ import annotations

import errno
import os
import re
import select
import socket
import time
from typing import Any, Protocol
from urllib.parse import urlsplit

from host_tools.errors import DeviceError, UserError

_READ_BYTES = 65536


class TransportLost(Exception):
    """The other end went away; opening again may help."""


class Transport(Protocol):
    """What :class:`host_tools.link.device.Device` needs; tests give their own, with their own clock."""

    url: str

    def read(self, timeout_s: float) -> bytes:
        """Return what has come, waiting at most ``timeout_s`` for the first byte; b"" if nothing came."""
        ...

    def write(self, data: bytes) -> None:
        """Send all of ``data``."""
        ...

    def reopen(self) -> None:
        """Open again; raises :class:`TransportLost` if that is not possible yet."""
        ...

    def close(self) -> None:
        """Close; may be called twice."""
        ...

    def now_s(self) -> float:
        """Return a clock in seconds that never goes back."""
        ...

    def pause(self, seconds: float) -> None:
        """Let so much of that time pass."""
        ...


class SocketTransport:
    """``socket://host:port`` on a plain TCP socket: in bulk, which pyserial's own handler is not."""

    def __init__(self, url: str) -> None:
        self.url = url
        parts = urlsplit(url)
        try:
            port = parts.port
        except ValueError:
            port = None
        if not parts.hostname or port is None:
            raise UserError(f"{url}: a TCP port looks like socket://127.0.0.1:4000")
        self._address = (parts.hostname, port)
        self._socket: socket.socket | None = None
        self._connect()

    def _connect(self) -> None:
        self._socket = socket.create_connection(self._address, timeout=5)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def read(self, timeout_s: float) -> bytes:
        """Return what has come; see :class:`Transport`."""
        if self._socket is None:
            raise TransportLost("closed")
        try:
            ready, _, _ = select.select([self._socket], [], [], max(timeout_s, 0.0))
            if not ready:
                return b""
            data = self._socket.recv(_READ_BYTES)
        except OSError as error:
            raise TransportLost(str(error)) from error
        if not data:
            raise TransportLost("the other end closed the connection")
        return data

    def write(self, data: bytes) -> None:
        """Send all of ``data``."""
        if self._socket is None:
            raise TransportLost("closed")
        try:
            self._socket.sendall(data)
        except OSError as error:
            raise TransportLost(str(error)) from error

    def reopen(self) -> None:
        """Connect again."""
        self.close()
        try:
            self._connect()
        except OSError as error:
            raise TransportLost(str(error)) from error

    def close(self) -> None:
        """Close the socket."""
        if self._socket is not None:
            self._socket.close()
        self._socket = None

    def now_s(self) -> float:
        """Return the monotonic clock."""
        return time.monotonic()

    def pause(self, seconds: float) -> None:
        """Sleep."""
        time.sleep(seconds)


class SerialTransport:
    """Any other URL that ``serial.serial_for_url`` takes: real ports, ``loop://``, ``rfc2217://``."""

    def __init__(self, url: str, baud: int) -> None:
        self.url = url
        self._baud = baud
        self._serial: Any = None
        self._connect()

    def _connect(self) -> None:
        import serial

        self._serial = serial.serial_for_url(self.url, baudrate=self._baud, timeout=0, write_timeout=10)

    def read(self, timeout_s: float) -> bytes:
        """Return what has come; see :class:`Transport`."""
        if self._serial is None:
            raise TransportLost("closed")
        try:
            if self._serial.timeout != timeout_s:
                self._serial.timeout = timeout_s
            data: bytes = self._serial.read(1)
            waiting = self._serial.in_waiting if data else 0
            return data + self._serial.read(waiting) if waiting else data
        except (
            OSError,
            TypeError,
        ) as error:  # SerialException is an OSError; a port closed under us, TypeError
            raise TransportLost(str(error)) from error

    def write(self, data: bytes) -> None:
        """Send all of ``data``."""
        if self._serial is None:
            raise TransportLost("closed")
        try:
            self._serial.write(data)
        except OSError as error:
            raise TransportLost(str(error)) from error

    def reopen(self) -> None:
        """Open the port again."""
        self.close()
        try:
            self._connect()
        except OSError as error:
            raise TransportLost(str(error)) from error

    def close(self) -> None:
        """Close the port."""
        if self._serial is not None:
            self._serial.close()
        self._serial = None

    def now_s(self) -> float:
        """Return the monotonic clock."""
        return time.monotonic()

    def pause(self, seconds: float) -> None:
        """Sleep."""
        time.sleep(seconds)


def open_transport(url: str, baud: int = 115200) -> Transport:
    """Open a port by its URL.

    Parameters
    ----------
    url : str
        ``/dev/ttyUSB0``, ``COM3``, ``socket://host:port``, ``loop://``, ``rfc2217://host:port``, ...
    baud : int
        Bits per second of a real port.

    Raises
    ------
    UserError
        The URL is not one (exit code 2).
    DeviceError
        There is no such port, or nobody listens there (exit code 3).
    """
    try:
        if url.startswith("socket://"):
            return SocketTransport(url)
        return SerialTransport(url, baud)
    except ValueError as error:
        raise UserError(f"{url}: not a port URL ({error})") from error
    except OSError as error:
        raise DeviceError(
            f"{url}: the port cannot be opened ({_opening_reason(error)}); `bitbeat ports` lists the ports"
        ) from error


def _opening_reason(error: OSError) -> str:
    """Say in the system's words why a port was not opened; pyserial wraps its errors in several ways."""
    told = re.search(r"\[Errno (\d+)\]|\((\d+), '", str(error))
    if told is None:
        return error.strerror or str(error).rsplit(": ", 1)[-1]
    number = int(told[1] or told[2])
    return "it is no serial port" if number == errno.ENOTTY else os.strerror(number)
