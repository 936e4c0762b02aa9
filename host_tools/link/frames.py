"""Frames on the wire: COBS, CRC-16 and sequence numbers. Twin of ``link_frame.h``, which is the manual."""

from __future__ import annotations

import binascii
from dataclasses import dataclass, field
from typing import NamedTuple

from cobs import cobs

#: Longest body: header, payload and CRC; COBS then adds exactly one byte.
BODY_MAX = 254
HEADER_BYTES = 3
CRC_BYTES = 2
PAYLOAD_MAX = BODY_MAX - HEADER_BYTES - CRC_BYTES
CRC_START = 0xFFFF
DELIMITER = b"\0"
#: Garbage without a delimiter beyond this is forgotten at once.
_PENDING_MAX = BODY_MAX + 1


class Frame(NamedTuple):
    """A received frame: header and payload."""

    type: int
    session: int
    seq: int
    payload: bytes


def crc16(data: bytes) -> int:
    """Return the CRC-16/CCITT-FALSE of ``data`` (0..65535)."""
    return binascii.crc_hqx(data, CRC_START)


def encode_frame(type_: int, session: int, seq: int, payload: bytes) -> bytes:
    """Return a frame as sent, its closing delimiter included.

    Parameters
    ----------
    type_, session, seq : int
        Header bytes, 0..255.
    payload : bytes
        At most ``PAYLOAD_MAX`` bytes.

    Raises
    ------
    ValueError
        The payload is too long.
    """
    if len(payload) > PAYLOAD_MAX:
        raise ValueError(f"payload of {len(payload)} bytes, at most {PAYLOAD_MAX} fit")
    body = bytes((type_, session, seq)) + payload
    encoded: bytes = cobs.encode(body + crc16(body).to_bytes(CRC_BYTES, "little"))
    return encoded + DELIMITER


def decode_frame(chunk: bytes) -> Frame | None:
    """Return the frame between two delimiters, or None if it is damaged."""
    if len(chunk) > BODY_MAX + 1:
        return None
    try:
        body: bytes = cobs.decode(chunk)
    except cobs.DecodeError:
        return None
    if len(body) < HEADER_BYTES + CRC_BYTES:
        return None
    if crc16(body[:-CRC_BYTES]) != int.from_bytes(body[-CRC_BYTES:], "little"):
        return None
    return Frame(body[0], body[1], body[2], body[HEADER_BYTES:-CRC_BYTES])


@dataclass
class FrameReader:
    """Finds frames in a stream of bytes, whatever garbage surrounds them.

    Attributes
    ----------
    bad_frames : int
        Frames with wrong COBS, length or CRC.
    lost_frames : int
        Frames missing by their sequence number.
    repeated_frames : int
        Frames with the sequence number of the one before.
    """

    bad_frames: int = 0
    lost_frames: int = 0
    repeated_frames: int = 0
    _pending: bytes = b""
    _last_seq: int | None = field(default=None)

    def feed(self, data: bytes) -> list[Frame]:
        """Take received bytes; return the good frames that they complete, in order."""
        chunks = (self._pending + data).split(DELIMITER)
        self._pending = chunks.pop()
        if len(self._pending) > _PENDING_MAX:  # too long to be a frame; keep it too long, but bounded
            self._pending = self._pending[: _PENDING_MAX + 1]
        frames = []
        for chunk in chunks:
            if not chunk:
                continue
            frame = decode_frame(chunk)
            if frame is None:
                self.bad_frames += 1
                continue
            self._count_seq(frame.seq)
            frames.append(frame)
        return frames

    def _count_seq(self, seq: int) -> None:
        if self._last_seq is not None:
            step = (seq - self._last_seq) & 0xFF
            if step == 0:
                self.repeated_frames += 1
            else:
                self.lost_frames += step - 1
        self._last_seq = seq
