"""One stream out of connections that may be lost, and its end.

Oracle: samples, beats and conditions whose numbers are worked out by hand; a device of this test's own.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_tools.errors import DeviceError
from host_tools.link.live import LiveLost, LiveUpdate
from host_tools.monitor import Feed, Picture, Timeline, render, run_monitor, status_line
from host_tools.reference.params import DELAY_SAMPLES, FS_HZ

from .updates import beats, block, condition, status


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds


class Script:
    """A device whose every connection is a list of what its polls give; an exception is raised."""

    hello = None

    def __init__(self, clock: Clock, *connections: Any) -> None:
        self.clock, self.connections = clock, list(connections)
        self.opened = self.closed = 0

    def open_device(self, url: str, **_: Any) -> Script:
        self.clock.now_s += 0.1
        connection = self.connections.pop(0) if self.connections else DeviceError("no such port")
        if isinstance(connection, Exception):
            raise connection
        self.opened += 1
        self.polls = list(connection)
        return self

    def open_session(self, device: Script, *, step: int) -> Script:
        assert step == 1
        return self

    def poll(self, timeout_s: float) -> LiveUpdate:
        self.clock.now_s += timeout_s
        update = self.polls.pop(0) if self.polls else LiveUpdate()
        if isinstance(update, Exception):
            raise update
        return update

    def end(self) -> LiveUpdate:
        return self.poll(0.0)

    def close(self) -> None:
        self.closed += 1

    def feed(self, **options: Any) -> Feed:
        return Feed(
            "port",
            open_device=self.open_device,
            open_session=self.open_session,
            clock=self.clock,
            sleep=self.clock.sleep,
            **options,
        )


LOST = LiveLost("port: the port was lost")


def test_a_port_that_comes_back_goes_on_with_the_gap_in_its_place() -> None:
    said: list[str] = []
    script = Script(
        Clock(),
        [block(0, [1, 2, 3]), beats(1.0), LOST],
        DeviceError("no such port"),
        [block(0, [4, 5]), beats(1.0), condition(1.0, 4)],
    )
    feed = script.feed(
        reconnect_s=30, on_lost=lambda: said.append("lost"), on_back=lambda: said.append("back")
    )
    updates = [feed.poll(0.1) for _ in range(20)]
    blocks = [b for u in updates for b in u.blocks]
    assert [b[2].tolist() for b in blocks] == [[1, 2, 3], [4, 5]]
    base = blocks[1][0]
    # from the last sample: two polls, half a second, an attempt in vain, half a second, another
    assert (base - 3) / FS_HZ == pytest.approx(0.2 + 0.5 + 0.1 + 0.5 + 0.1, abs=0.11)
    found = [int(b["r_sample"][0]) for u in updates for b in u.beats]
    assert found == [FS_HZ + DELAY_SAMPLES, base + FS_HZ + DELAY_SAMPLES]
    assert [int(c["sample"][0]) for u in updates for c in u.conditions] == [base + FS_HZ]
    assert said == ["lost", "back"]
    assert feed.losses == 1
    feed.close()
    assert script.closed == 2


def test_a_port_that_stays_away_ends_the_session_in_time() -> None:
    script = Script(Clock(), [block(0, [1]), LOST])
    feed = script.feed(reconnect_s=10)

    def follow() -> None:
        for _ in range(1000):
            feed.poll(0.1)

    with pytest.raises(DeviceError, match="did not come back within 10 s"):
        follow()
    assert 10 < script.clock.now_s < 12


def test_a_port_that_only_ever_opens_is_given_up() -> None:
    script = Script(Clock(), *[[LOST] for _ in range(100)])
    feed = script.feed(reconnect_s=1000)

    def follow() -> None:
        for _ in range(10_000):
            feed.poll(0.1)

    with pytest.raises(LiveLost):
        follow()
    assert script.opened < 10


def test_without_leave_to_reconnect_a_lost_port_is_the_end() -> None:
    feed = Script(Clock(), [LOST]).feed()
    with pytest.raises(LiveLost):
        feed.poll(0.1)


def test_what_is_no_lost_port_is_no_reason_to_reconnect() -> None:
    feed = Script(Clock(), [DeviceError("the signal chain failed")], [block(0, [1])]).feed(reconnect_s=9)
    with pytest.raises(DeviceError, match="chain failed"):
        feed.poll(0.1)


def test_a_session_that_is_lost_can_be_ended() -> None:
    feed = Script(Clock(), [LOST]).feed(reconnect_s=9)
    feed.poll(0.1)
    assert feed.end().blocks == []


@given(st.integers(1, 500), st.lists(st.integers(1, 200), min_size=1, max_size=12))
def test_the_limit_is_kept_to_the_sample(limit: int, sizes: list[int]) -> None:
    numbers = np.arange(sum(sizes))
    polls = [
        block(int(part[0]), part) for part in np.split(numbers, np.cumsum(sizes)[:-1])
    ]  # fmt: skip
    feed = Script(Clock(), polls).feed(limit=limit)
    got: list[int] = []
    turns = 0

    def stop() -> bool:
        nonlocal turns
        turns += 1
        return turns > len(sizes)

    run_monitor(
        feed, on_update=lambda u: got.extend(v for _, _, x in u.blocks for v in x.tolist()), stop=stop
    )
    assert got == list(range(min(limit, sum(sizes))))


def test_events_behind_the_limit_are_left_out() -> None:
    timeline = Timeline(10 * FS_HZ)
    update = beats(9.9, 10.1)
    update.conditions = condition(9.9, 4).conditions + condition(10.1, 0).conditions
    update.status = status(11 * FS_HZ, 7, 1).status
    taken = timeline.take(update)
    assert [int(b["r_sample"][0]) - DELAY_SAMPLES for b in taken.beats] == [round(9.9 * FS_HZ)]
    assert [int(c["conditions"][0]) for c in taken.conditions] == [4]
    assert taken.status is not None
    assert (taken.status.lost, taken.status.flags) == (7, 0)


def test_what_was_sent_twice_is_taken_once() -> None:
    timeline = Timeline()
    parts = [block(0, [0, 1, 2, 3]), block(2, [2, 3, 4]), block(0, [0, 1]), block(9, [9])]
    blocks = [b for part in parts for b in timeline.take(part).blocks]
    assert [(first, x.tolist()) for first, _, x in blocks] == [(0, [0, 1, 2, 3]), (4, [4]), (9, [9])]


def test_a_block_far_ahead_is_an_error_in_one_line() -> None:
    timeline = Timeline()
    timeline.take(block(0, [1, 2]))
    with pytest.raises(DeviceError, match="ahead"):
        timeline.take(block(4_000_000_000, [3]))
    assert timeline.end == 2


@st.composite
def anything(draw: st.DrawFn) -> LiveUpdate:
    """What passes the link's checks, in no sensible order."""
    update = LiveUpdate(beats_lost=draw(st.integers(0, 3)))
    for _ in range(draw(st.integers(0, 3))):
        first, size = draw(st.integers(0, 400_000)), draw(st.integers(1, 120))
        update.blocks.append(
            (first, draw(st.integers(1, 65_535)), np.full(size, draw(st.integers(-32768, 32767))))
        )
    for at in draw(st.lists(st.integers(0, 400_000), max_size=3)):
        update.beats += beats(
            at / FS_HZ, flags=draw(st.integers(0, 127)), aami_class=draw(st.integers(0, 3))
        ).beats
    for at in draw(st.lists(st.integers(0, 400_000), max_size=3)):
        update.conditions += condition(at / FS_HZ, draw(st.integers(0, 31))).conditions
    if draw(st.booleans()):
        update.status = status(draw(st.integers(0, 400_000)), flags=draw(st.integers(0, 3))).status
    return update


@given(st.lists(anything(), max_size=12), st.one_of(st.none(), st.integers(0, 400_000)))
def test_whatever_a_device_says_can_be_shown(updates: list[LiveUpdate], limit: int | None) -> None:
    """Blocks in order or far ahead, beats at any time: one line at the most, never more memory."""
    timeline, picture = Timeline(limit), Picture()
    for update in updates:
        end = timeline.end
        try:
            taken = timeline.take(update)
        except DeviceError:
            return
        lines = picture.take(taken)
        assert len(lines) == len(taken.beats) + len(taken.conditions)
        render(picture, 80, 24)
        status_line(picture)
        assert timeline.end >= end
        assert picture.window.shape == (6 * FS_HZ,)
        rate = picture.heart_rate_bpm
        assert math.isnan(rate) or rate > 0
