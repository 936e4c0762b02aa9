"""Framing, one suite on both backends: the host's Python and the firmware's C.

Oracles: the other backend byte for byte, the published check value of CRC-16/CCITT-FALSE, and the frames
that were put in.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable

import pytest
from cobs import cobs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from host_tools.link import frames
from host_tools.link.frames import Frame, FrameReader

from .conftest import CFraming, PythonFraming

Make = Callable[[], "PythonFraming | CFraming"]
same_backend = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
byte = st.integers(0, 255)
a_frame = st.builds(Frame, byte, byte, byte, st.binary(max_size=frames.PAYLOAD_MAX))


def test_crc_has_its_published_check_value(framing: Make) -> None:
    assert framing().crc(b"123456789") == 0x29B1
    assert framing().crc(b"") == 0xFFFF


@same_backend
@given(st.lists(a_frame, max_size=8), st.randoms(use_true_random=False))
def test_frames_come_back_however_the_bytes_are_cut(framing: Make, sent: list[Frame], random: object) -> None:
    backend = framing()
    wire = b"".join(backend.encode(*frame) for frame in sent)
    got = []
    while wire:
        cut = random.randint(1, 300)  # type: ignore[attr-defined]
        got += backend.feed(wire[:cut])
        wire = wire[cut:]
    assert got == sent
    assert backend.counters()[0] == 0


@same_backend
@given(a_frame)
def test_encodings_are_equal_and_without_zero(library: ctypes.CDLL, frame: Frame) -> None:
    wire = frames.encode_frame(*frame)
    assert CFraming(library).encode(*frame) == wire
    assert wire.count(0) == 1
    assert wire[-1] == 0
    assert len(wire) == frames.HEADER_BYTES + len(frame.payload) + frames.CRC_BYTES + 2


@same_backend
@given(st.binary(max_size=400), a_frame)
def test_resynchronises_at_the_next_frame_after_garbage(framing: Make, garbage: bytes, frame: Frame) -> None:
    backend = framing()
    backend.feed(garbage)
    got = backend.feed(b"\0" + backend.encode(*frame))
    assert got[-1] == frame


@same_backend
@given(st.binary(max_size=2000))
def test_both_backends_make_the_same_of_any_bytes(library: ctypes.CDLL, data: bytes) -> None:
    c, python = CFraming(library), PythonFraming()
    assert c.feed(data) == python.feed(data)
    assert c.counters() == python.counters()


@same_backend
@given(st.lists(a_frame, min_size=1, max_size=5), st.data())
def test_both_backends_make_the_same_of_damaged_frames(
    library: ctypes.CDLL, sent: list[Frame], data: st.DataObject
) -> None:
    wire = bytearray(b"".join(frames.encode_frame(*frame) for frame in sent))
    for _ in range(data.draw(st.integers(1, 4))):
        wire[data.draw(st.integers(0, len(wire) - 1))] ^= data.draw(st.integers(1, 255))
    c, python = CFraming(library), PythonFraming()
    assert c.feed(bytes(wire)) == python.feed(bytes(wire))
    assert c.counters() == python.counters()


def test_every_single_bit_flip_is_detected(framing: Make) -> None:
    good = framing().encode(7, 1, 2, bytes(range(40)))
    for bit in range(8 * (len(good) - 1)):
        damaged = bytearray(good)
        damaged[bit // 8] ^= 1 << bit % 8
        backend = framing()
        assert backend.feed(bytes(damaged)) == []
        assert backend.counters()[0] >= 1


@pytest.mark.parametrize("size", [0, 1, 2, 253, 254, 255, 600])
def test_too_short_and_too_long_bodies_are_damage(framing: Make, size: int) -> None:
    backend = framing()
    bad = cobs.encode(b"\7" * size) + b"\0"
    assert backend.feed(bad) == []
    assert backend.counters()[0] == 1
    assert backend.feed(backend.encode(1, 2, 3, b"ok")) == [Frame(1, 2, 3, b"ok")]


def test_empty_frames_are_ignored(framing: Make) -> None:
    backend = framing()
    assert backend.feed(b"\0\0\0") == []
    assert backend.counters() == (0, 0, 0)


def test_sequence_numbers_tell_lost_and_repeated_frames(framing: Make) -> None:
    backend = framing()
    for seq in (254, 255, 0, 0, 3):  # 0 came twice, 1 and 2 never
        backend.feed(backend.encode(1, 1, seq, b""))
    assert backend.counters() == (0, 2, 1)


def test_payload_too_long_is_refused(framing: Make) -> None:
    with pytest.raises(ValueError):
        framing().encode(1, 1, 1, bytes(frames.PAYLOAD_MAX + 1))


def test_endless_garbage_takes_no_memory() -> None:
    reader = FrameReader()
    for _ in range(100):
        reader.feed(b"\1" * 10_000)
    assert len(reader._pending) <= frames.BODY_MAX + 2
    assert reader.feed(b"\0" + frames.encode_frame(1, 2, 3, b"x")) == [Frame(1, 2, 3, b"x")]
