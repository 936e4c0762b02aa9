"""Both backends of the framing, and the C device in this process behind a transport that injects faults."""

from __future__ import annotations

import ctypes
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from host_tools.build import BUILD_DIR, FIRMWARE, OPTIMISE_FLAGS, compile_c
from host_tools.link import frames
from host_tools.link.frames import Frame
from host_tools.link.identity import Identity

HERE = Path(__file__).parent
DOUBLE = HERE / "double_c"
INCLUDES = [DOUBLE, FIRMWARE / "lib" / "link", FIRMWARE / "lib" / "ecg", FIRMWARE / "src"]
LINK_SOURCES = sorted((FIRMWARE / "lib" / "link").glob("*.c"))
#: Hashes in the double's headers.
DOUBLE_IDENTITY = Identity(0x01020304, 0x0A0B0C0D)
_OUT_BYTES = 1 << 20


@pytest.fixture(scope="session")
def library() -> ctypes.CDLL:
    """Link, main loop and the double of the signal chain as one shared library."""
    app = [FIRMWARE / "src" / name for name in ("app.c", "live.c", "adc_ring.c")]
    sources = [*LINK_SOURCES, *app, *DOUBLE.glob("*.c")]
    path = compile_c(sources, INCLUDES, OPTIMISE_FLAGS, BUILD_DIR / "tests" / "liblink.so", "shared")
    loaded = ctypes.CDLL(str(path))
    for name in ("api_parse", "api_frame", "api_again", "api_link_bytes", "device_exchange"):
        getattr(loaded, name).restype = ctypes.c_size_t
    loaded.api_window.restype = ctypes.c_uint32
    loaded.device_boot.argtypes = [ctypes.c_size_t]
    loaded.device_exchange.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_void_p]
    return loaded


@pytest.fixture(scope="session")
def double_emulator() -> Callable[[bool], Path]:
    """Builds the emulator around the double: the real main loop and host port, with or without trace."""

    def build(trace: bool = False) -> Path:
        sources = [
            *LINK_SOURCES,
            *(FIRMWARE / "src").glob("*.c"),
            *(FIRMWARE / "ports" / "host").glob("*.c"),
            DOUBLE / "double.c",
        ]
        flags = [*OPTIMISE_FLAGS, *(["-DECG_TRACE=1"] if trace else [])]
        output = BUILD_DIR / "tests" / ("double-emulator-trace" if trace else "double-emulator")
        return compile_c(sources, [*INCLUDES, FIRMWARE / "ports" / "host"], flags, output)

    return build


class PythonFraming:
    """The host's framing behind the API that both backends share."""

    def __init__(self) -> None:
        self.reader = frames.FrameReader()

    def encode(self, type_: int, session: int, seq: int, payload: bytes) -> bytes:
        return frames.encode_frame(type_, session, seq, payload)

    def feed(self, data: bytes) -> list[Frame]:
        return self.reader.feed(data)

    def counters(self) -> tuple[int, int, int]:
        r = self.reader
        return r.bad_frames, r.lost_frames, r.repeated_frames

    def crc(self, data: bytes) -> int:
        return frames.crc16(data)


class CFraming:
    """The firmware's framing behind the same API."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self._c = library
        self._c.api_parser_reset()

    def encode(self, type_: int, session: int, seq: int, payload: bytes) -> bytes:
        out = ctypes.create_string_buffer(300)
        n = self._c.api_frame(type_, session, seq, payload, ctypes.c_size_t(len(payload)), out)
        if n == 0:
            raise ValueError("payload too long")
        return out.raw[:n]

    def feed(self, data: bytes) -> list[Frame]:
        # What came with earlier calls may end with this one's first byte.
        out = ctypes.create_string_buffer(2 * len(data) + 600)
        n = self._c.api_parse(data, ctypes.c_size_t(len(data)), out)
        raw, found, at = out.raw[:n], [], 0
        while at < n:
            size = raw[at + 3]
            found.append(Frame(raw[at], raw[at + 1], raw[at + 2], raw[at + 4 : at + 4 + size]))
            at += 4 + size
        return found

    def counters(self) -> tuple[int, int, int]:
        three = (ctypes.c_uint16 * 3)()
        self._c.api_counters(three)
        return three[0], three[1], three[2]

    def crc(self, data: bytes) -> int:
        self._c.link_crc16.restype = ctypes.c_uint16
        return int(self._c.link_crc16(ctypes.c_uint16(0xFFFF), data, ctypes.c_size_t(len(data))))


@pytest.fixture(params=["python", "c"])
def framing(request: pytest.FixtureRequest, library: ctypes.CDLL) -> Callable[[], PythonFraming | CFraming]:
    """A factory of fresh framings of one backend."""
    return PythonFraming if request.param == "python" else lambda: CFraming(library)


class Faults:
    """Damages a byte stream, seeded: frames are dropped, repeated, cut; bits flip; garbage comes in.

    ``rate`` is the probability of a fault per frame.
    """

    def __init__(self, seed: int, rate: float) -> None:
        self._random = random.Random(seed)
        self._rate = rate
        self.injected = 0

    def __call__(self, data: bytes) -> bytes:
        out = b""
        pieces = data.split(b"\0")
        for i, piece in enumerate(pieces):
            frame = piece + (b"\0" if i < len(pieces) - 1 else b"")
            out += self._damage(frame) if frame and self._random.random() < self._rate else frame
        return out

    def _damage(self, frame: bytes) -> bytes:
        self.injected += 1
        kind = self._random.randrange(5)
        if kind == 0:
            return b""
        if kind == 1:
            return frame + frame
        if kind == 2:
            changed = bytearray(frame)
            changed[self._random.randrange(len(frame))] ^= 1 << self._random.randrange(8)
            return bytes(changed)
        if kind == 3:
            return frame[: self._random.randrange(len(frame))]
        return self._random.randbytes(self._random.randrange(1, 40)) + frame


class LoopTransport:
    """The C device in this process. Its clock moves only while the host waits, so runs repeat exactly."""

    url = "test://loop"

    def __init__(
        self,
        library: ctypes.CDLL,
        *,
        buffer_bytes: int = 65536,
        to_device: Callable[[bytes], bytes] = bytes,
        to_host: Callable[[bytes], bytes] = bytes,
    ) -> None:
        self._c = library
        self._buffer_bytes = buffer_bytes
        self._to_device = to_device
        self._to_host = to_host
        self._out = ctypes.create_string_buffer(_OUT_BYTES)
        self._pending = b""
        self._clock_s = 0.0
        self.host_log: list[bytes] = []
        self.device_log: list[tuple[int, bytes]] = []  # (length of host_log, bytes)
        self.boot()

    def boot(self) -> None:
        """Switch the device off and on: all its state is gone."""
        self._c.device_boot(self._buffer_bytes)
        self._exchange(b"")

    def _exchange(self, data: bytes) -> None:
        n = self._c.device_exchange(data, len(data), self._out)
        sent = self._out.raw[:n]
        self.device_log.append((len(self.host_log), sent))
        self._pending += self._to_host(sent)

    def write(self, data: bytes) -> None:
        self.host_log.append(data)
        self._exchange(self._to_device(data))

    def read(self, timeout_s: float) -> bytes:
        data, self._pending = self._pending, b""
        self._clock_s += 0.001 if data else timeout_s + 0.001
        return data

    def reopen(self) -> None:
        pass

    def close(self) -> None:
        pass

    def now_s(self) -> float:
        return self._clock_s

    def pause(self, seconds: float) -> None:
        self._clock_s += seconds


@pytest.fixture
def loop(library: ctypes.CDLL) -> Iterator[Callable[..., LoopTransport]]:
    """A factory of transports to a freshly booted device."""

    def make(**options: object) -> LoopTransport:
        return LoopTransport(library, **options)  # type: ignore[arg-type]

    return make


def noise(n: int, seed: int = 1) -> np.ndarray:
    """Random samples, int16 [n], the extremes among them."""
    return np.random.default_rng(seed).integers(-32768, 32768, n).astype(np.int16)
