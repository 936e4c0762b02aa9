"""Messages: what Python packs, C decodes and encodes again to the same bytes, and Python unpacks.

Oracle: the other side's layout. The sizes are those that link_msg.h documents.
"""

from __future__ import annotations

import ctypes

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_tools.beats import BEAT_DTYPE, CONDITION_DTYPE
from host_tools.link import messages as m

u8, u16, u32 = st.integers(0, 255), st.integers(0, 0xFFFF), st.integers(0, 0xFFFFFFFF)
engine = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=8)
SIZES = {
    m.MSG_HELLO: 24,
    m.MSG_BEAT: 18,
    m.MSG_STATUS: 26,
    m.MSG_ERROR: 5,
    m.MSG_CONFIG: 6,
    m.MSG_ACK: 4,
    m.MSG_LIVE: 20,
    m.MSG_CONDITION: 7,
}
messages = st.one_of(
    st.tuples(st.just(m.MSG_HELLO), st.builds(m.Hello, u8, u8, u16, u32, u32, u16, u16, engine)),
    st.tuples(
        st.just(m.MSG_STATUS),
        st.builds(m.Status, u32, u32, u32, u16, u16, u8, u8, u16, u16, u16, u16),
    ),
    st.tuples(st.just(m.MSG_ERROR), st.builds(m.Error, u8, u32)),
    st.tuples(st.just(m.MSG_CONFIG), st.builds(m.Config, u8, u8, u32)),
    st.tuples(st.just(m.MSG_ACK), st.builds(m.Ack, u16, u8, u8)),
    st.tuples(st.just(m.MSG_LIVE), st.builds(m.LiveStatus, u32, u32, u16, u16, u16, u16, u8, u8, u8, u8)),
)


def through_c(library: ctypes.CDLL, type_: int, payload: bytes) -> bytes:
    out = ctypes.create_string_buffer(300)
    n = library.api_again(type_, payload, ctypes.c_size_t(len(payload)), out)
    return out.raw[:n]


@given(message=messages)
def test_both_sides_agree_on_every_byte(library: ctypes.CDLL, message: tuple[int, m.Hello]) -> None:
    type_, value = message
    payload = value.pack()
    assert len(payload) == SIZES[type_]
    assert through_c(library, type_, payload) == payload
    assert type(value).unpack(payload) == value


@given(content=st.binary(min_size=16, max_size=16), event=u16)
def test_beats_agree_on_every_byte(library: ctypes.CDLL, content: bytes, event: int) -> None:
    beat = np.frombuffer(content, BEAT_DTYPE)[0]
    payload = m.pack_beat(event, beat)
    assert len(payload) == SIZES[m.MSG_BEAT]
    assert through_c(library, m.MSG_BEAT, payload) == payload
    assert m.unpack_event(payload) == (event, content)
    unpacked = m.unpack_beat(content)
    assert unpacked is not None
    assert unpacked.tobytes() == content


@given(content=st.binary(min_size=5, max_size=5), event=u16)
def test_conditions_agree_on_every_byte(library: ctypes.CDLL, content: bytes, event: int) -> None:
    change = np.frombuffer(content, CONDITION_DTYPE)[0]
    payload = m.pack_condition(event, change)
    assert len(payload) == SIZES[m.MSG_CONDITION]
    assert through_c(library, m.MSG_CONDITION, payload) == payload
    assert m.unpack_event(payload) == (event, content)
    unpacked = m.unpack_condition(content)
    assert unpacked is not None
    assert unpacked.tobytes() == content


@pytest.mark.parametrize("type_", sorted(SIZES))
@pytest.mark.parametrize("off", [-1, 1])
def test_another_length_is_refused(library: ctypes.CDLL, type_: int, off: int) -> None:
    payload = bytes(SIZES[type_] + off)
    assert through_c(library, type_, payload) == b""
    classes = {m.MSG_HELLO: m.Hello, m.MSG_STATUS: m.Status, m.MSG_ERROR: m.Error, m.MSG_LIVE: m.LiveStatus}
    if type_ in classes:
        assert classes[type_].unpack(payload) is None


@given(st.lists(st.integers(-32768, 32767), min_size=1, max_size=m.BLOCK_SAMPLES), u32, u16)
def test_sample_blocks_come_back(values: list[int], first: int, expected: int) -> None:
    payload = m.pack_samples(first, expected, np.array(values, "<i2").tobytes())
    got = m.unpack_samples(payload)
    assert got is not None
    assert (got[0], got[1], got[2].tolist()) == (first, expected, values)


@pytest.mark.parametrize("size", [0, 6, 7, 9, 6 + 2 * 121])
def test_sample_blocks_of_another_length_are_refused(size: int) -> None:
    assert m.unpack_samples(bytes(size)) is None


@given(st.binary(max_size=249))
def test_any_trace_payload_is_items_or_refused(payload: bytes) -> None:
    items = m.unpack_trace(payload)
    if items is not None:
        assert sum(len(i.values) for i in items) > 0


def test_link_buffers_stay_below_3_kb(library: ctypes.CDLL) -> None:
    assert library.api_link_bytes() <= 3072


@pytest.mark.parametrize(
    ("rx_bytes", "window"),
    [(66, 1), (128, 32), (263, 99), (264, 120), (1024, 360), (1320, 512), (65536, 512)],
)
def test_window_fits_the_receive_buffer(library: ctypes.CDLL, rx_bytes: int, window: int) -> None:
    assert library.api_window(rx_bytes) == window
    blocks = -(-window // m.BLOCK_SAMPLES)
    wire = blocks * (3 + 6 + 2 + 2) + 2 * window
    assert wire <= rx_bytes - min(blocks * 10, 49)  # acknowledgements fit, too
