"""The messages inside the frames, byte for byte as in ``link_msg.h``, which is the manual.

Names are the C names without their prefix. Every message packs to and unpacks from the payload of a
frame; a payload of another length gives None.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from host_tools.beats import BEAT_DTYPE, CONDITION_DTYPE
from host_tools.text import printable

PROTOCOL_VERSION = 3

MSG_HELLO = 1
MSG_BEAT = 2
MSG_TRACE = 3
MSG_STATUS = 4
MSG_ERROR = 5
MSG_CONFIG = 6
MSG_SAMPLES = 7
MSG_ACK = 8
MSG_LIVE = 9
MSG_CONDITION = 10

FEATURE_TRACE = 1
FEATURE_LIVE = 2

STATUS_FLUSHED = 1
STATUS_LEAD_OFF = 2
STATUS_TRACE = 4
STATUS_LIVE = 8
STATUS_RAILS = 16

LIVE_LEAD_OFF = 1
LIVE_NO_SIGNAL = 2

ERROR_GAP = 1
ERROR_BAD_FRAME = 2
ERROR_OVERRUN = 3
ERROR_NO_SESSION = 4
ERROR_BAD_CONFIG = 5
ERROR_UNSUPPORTED = 6
ERROR_PIPELINE = 7
ERROR_NAMES = {
    ERROR_GAP: "a sample block is missing",
    ERROR_BAD_FRAME: "a damaged frame came",
    ERROR_OVERRUN: "samples came beyond the credits",
    ERROR_NO_SESSION: "no such session is running",
    ERROR_BAD_CONFIG: "a message was not understood",
    ERROR_UNSUPPORTED: "this build cannot do that",
    ERROR_PIPELINE: "the signal chain failed",
}

OP_HELLO = 1
OP_START = 2
OP_FLUSH = 3
OP_RESET = 4
OP_LIVE = 5
OP_RAILS = 6
START_TRACE = 1

BLOCK_SAMPLES = 120
ACK_RESEND = 1
ACK_POLL = 2
TRACE_ITEM_VALUES = 59

_HELLO = struct.Struct("<BBHIIHH8s")
_STATUS = struct.Struct("<IIIHHBBHHHH")
_ERROR = struct.Struct("<BI")
_CONFIG = struct.Struct("<BBI")
_SAMPLES = struct.Struct("<IH")
_ACK = struct.Struct("<HBB")
_LIVE = struct.Struct("<IIHHHHBBBB")
_TRACE = struct.Struct("<HI")
_TRACE_ITEM = struct.Struct("<BBBH")
_EVENT = struct.Struct("<H")
_WIDTH_DTYPES = {1: "<i1", 2: "<i2", 4: "<i4"}


class Hello(NamedTuple):
    """Who the device is (``link_hello_t``): hashes of 32 bits, rate in Hz, sizes in samples."""

    protocol: int
    features: int
    fs_hz: int
    spec_hash: int
    model_hash: int
    block_samples: int
    window_samples: int
    engine: str

    def pack(self) -> bytes:
        """Return the payload."""
        return _HELLO.pack(
            self.protocol,
            self.features,
            self.fs_hz,
            self.spec_hash,
            self.model_hash,
            self.block_samples,
            self.window_samples,
            self.engine.encode("ascii"),
        )

    @classmethod
    def unpack(cls, payload: bytes) -> Hello | None:
        """Return the message, or None."""
        if len(payload) != _HELLO.size:
            return None
        protocol, features, fs_hz, spec, model, block, window, engine = _HELLO.unpack(payload)
        name = printable(bytes(c & 0x7F for c in engine).rstrip(b"\0").decode("ascii"))
        return cls(protocol, features, fs_hz, spec, model, block, window, name)


class Status(NamedTuple):
    """Counters and credits (``link_status_t``); sample numbers modulo 2^32, event numbers modulo 2^16."""

    received: int
    processed: int
    accept_until: int
    events_next: int
    events_sent: int
    flags: int
    poll: int
    bad_frames: int
    lost_frames: int
    repeated_blocks: int
    refused_blocks: int

    def pack(self) -> bytes:
        """Return the payload."""
        return _STATUS.pack(*self)

    @classmethod
    def unpack(cls, payload: bytes) -> Status | None:
        """Return the message, or None."""
        return cls(*_STATUS.unpack(payload)) if len(payload) == _STATUS.size else None


class Error(NamedTuple):
    """Something is wrong or missing (``link_error_t``)."""

    code: int
    detail: int

    def pack(self) -> bytes:
        """Return the payload."""
        return _ERROR.pack(*self)

    @classmethod
    def unpack(cls, payload: bytes) -> Error | None:
        """Return the message, or None."""
        return cls(*_ERROR.unpack(payload)) if len(payload) == _ERROR.size else None


class Config(NamedTuple):
    """A command (``link_config_t``)."""

    op: int
    flags: int = 0
    value: int = 0

    def pack(self) -> bytes:
        """Return the payload."""
        return _CONFIG.pack(*self)

    @classmethod
    def unpack(cls, payload: bytes) -> Config | None:
        """Return the message, or None."""
        return cls(*_CONFIG.unpack(payload)) if len(payload) == _CONFIG.size else None


class Ack(NamedTuple):
    """Confirms events, asks for a status (``link_ack_t``)."""

    events_expected: int
    flags: int = 0
    poll: int = 0

    def pack(self) -> bytes:
        """Return the payload."""
        return _ACK.pack(*self)

    @classmethod
    def unpack(cls, payload: bytes) -> Ack | None:
        """Return the message, or None."""
        return cls(*_ACK.unpack(payload)) if len(payload) == _ACK.size else None


class LiveStatus(NamedTuple):
    """State of the acquisition (``link_live_t``); sample numbers modulo 2^32, event numbers modulo 2^16."""

    taken: int
    lost: int
    events_first: int
    events_lost: int
    late_max_us: int
    ring_max: int
    flags: int
    ring_size: int
    sqi: int
    conditions: int = 0

    def pack(self) -> bytes:
        """Return the payload."""
        return _LIVE.pack(*self)

    @classmethod
    def unpack(cls, payload: bytes) -> LiveStatus | None:
        """Return the message, or None."""
        return cls(*_LIVE.unpack(payload)) if len(payload) == _LIVE.size else None


class TraceItem(NamedTuple):
    """Values of one stage while one sample was pushed; ``offset`` is the index of the first in its array."""

    sample: int
    stage: int
    offset: int
    values: npt.NDArray[np.int32]


def pack_samples(first: int, events_expected: int, samples: bytes) -> bytes:
    """Return the payload of a sample block; ``samples`` are int16 little-endian, 1..BLOCK_SAMPLES of them."""
    return _SAMPLES.pack(first, events_expected) + samples


def unpack_samples(payload: bytes) -> tuple[int, int, npt.NDArray[np.int16]] | None:
    """Return first sample number, events expected and samples of a block, or None.

    In live mode, from the device, the second value is the step from one sample's number to the next.
    """
    size = len(payload) - _SAMPLES.size
    if size < 2 or size % 2 or size // 2 > BLOCK_SAMPLES:
        return None
    first, events_expected = _SAMPLES.unpack_from(payload)
    return first, events_expected, np.frombuffer(payload, "<i2", offset=_SAMPLES.size).astype(np.int16)


def pack_beat(event: int, beat: np.void) -> bytes:
    """Return the payload of a beat, one element of ``BEAT_DTYPE``."""
    return _EVENT.pack(event) + beat.tobytes()


def unpack_event(payload: bytes) -> tuple[int, bytes] | None:
    """Return number and content of an event (beat or trace), or None."""
    if len(payload) <= _EVENT.size:
        return None
    return _EVENT.unpack_from(payload)[0], payload[_EVENT.size :]


def event_sample(content: bytes) -> int | None:
    """Return the sample's number with which a beat's and a condition's content begins, or None."""
    return int.from_bytes(content[:4], "little") if len(content) >= 4 else None


def unpack_beat(content: bytes) -> npt.NDArray[np.void] | None:
    """Return a beat's content as an array [1] of ``BEAT_DTYPE``, or None."""
    return np.frombuffer(content, BEAT_DTYPE) if len(content) == BEAT_DTYPE.itemsize else None


def pack_condition(event: int, change: np.void) -> bytes:
    """Return the payload of a change of the conditions, one element of ``CONDITION_DTYPE``."""
    return _EVENT.pack(event) + change.tobytes()


def unpack_condition(content: bytes) -> npt.NDArray[np.void] | None:
    """Return a condition event's content as an array [1] of ``CONDITION_DTYPE``, or None."""
    return np.frombuffer(content, CONDITION_DTYPE) if len(content) == CONDITION_DTYPE.itemsize else None


def pack_rails(low: int, high: int) -> int:
    """Return the value of ``OP_RAILS``: both rails, adu, int16, as one number of 32 bits."""
    return (low & 0xFFFF) | (high & 0xFFFF) << 16


def unpack_trace(payload: bytes) -> list[TraceItem] | None:
    """Return the items of a trace event (the whole payload), or None if they do not fill it exactly."""
    if len(payload) <= _TRACE.size:
        return None
    _, sample = _TRACE.unpack_from(payload)
    at = _TRACE.size
    items = []
    while at < len(payload):
        if at + _TRACE_ITEM.size > len(payload):
            return None
        stage, width, count, offset = _TRACE_ITEM.unpack_from(payload, at)
        at += _TRACE_ITEM.size
        dtype = _WIDTH_DTYPES.get(width)
        if dtype is None or count == 0 or at + width * count > len(payload):
            return None
        values = np.frombuffer(payload, dtype, count, at).astype(np.int32)
        items.append(TraceItem(sample, stage, offset, values))
        at += width * count
    return items
