"""Devices that lie, talk without end or do not end: each is given up, in one line, in bounded time and room.

Oracle: an honest device of the same kind, which passes; every lie is one that it alone is refused for.
"""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from host_tools.errors import DeviceError
from host_tools.link import messages as m
from host_tools.link.device import Device
from host_tools.link.live import LiveLost, LiveSession
from host_tools.link.run import SILENCE_S

from .conftest import DOUBLE_IDENTITY, noise
from .hostile import Hostile, hang_up

N = 6_000
#: No device is listened to for longer, s of its clock: connecting, silence, and the way there.
PATIENCE_S = 3 * SILENCE_S
#: Nor is more than this kept of what it says.
MEMORY_BYTES_MAX = 24 << 20

Evil = Callable[[Hostile], object]


def once(evil: Evil, after: int = 1_000) -> Evil:
    """Honest at first, then evil once."""

    def turn(d: Hostile) -> None:
        if d.received >= after:
            evil(d)
            d.evil = honest

    return turn


def always(evil: Evil, after: int = 1_000) -> Evil:
    """Honest at first, then evil at every turn, and nothing else."""

    def turn(d: Hostile) -> None:
        if d.received >= after:
            d.mute = True
            evil(d)

    return turn


def honest(d: Hostile) -> None:
    pass


def many_beats(d: Hostile) -> None:
    for _ in range(100):
        d.beat(d.events)


def many_traces(d: Hostile) -> None:
    for _ in range(100):
        d.trace(999)


def trickle(d: Hostile) -> None:
    """Grants one more sample each time, and takes it."""
    d.pause(15)
    blocks = [m.unpack_samples(f.payload) for f in d.heard if f.type == m.MSG_SAMPLES]
    d.received = d.processed = max(d.received, *(b[0] + len(b[2]) for b in blocks if b), 0)
    d.status(accept_until=d.processed + 1)


def no_credit(d: Hostile) -> None:
    d.mute = True
    d.status(accept_until=d.processed)


def early_end(d: Hostile) -> None:
    d.flushed = True
    d.status()


def reset(d: Hostile) -> None:
    d.say(m.MSG_HELLO, d.hello.pack(), session=0)


#: What it does, and what is said about it.
LIES: dict[str, tuple[Evil, str]] = {
    "status without credit": (no_credit, "nothing new for 20 s"),
    "status that goes back": (
        once(lambda d: d.status(received=120, processed=120)),
        "confirms 120 samples after",
    ),
    "status beyond what was sent": (once(lambda d: d.status(received=N)), "confirms 6000 samples after"),
    "processed goes back": (once(lambda d: d.status(processed=0)), "0 samples worked off after"),
    "processed beyond received": (once(lambda d: d.status(processed=5_000)), "5000 samples worked off"),
    "credits beyond the window": (once(lambda d: d.status(accept_until=1 << 30)), "grants .* is its window"),
    "credits that go back": (once(lambda d: d.status(accept_until=5)), "grants -"),
    "a status of one byte": (once(lambda d: d.say(m.MSG_STATUS, b"x")), "a status of 1 bytes"),
    "gap errors without end": (always(lambda d: d.error(m.ERROR_GAP, 1_000)), "nothing new|sent again"),
    "gap errors by the hundred": (
        always(lambda d: [d.error(m.ERROR_GAP, d.received) for _ in range(50)]),
        "nothing new|sent again",
    ),
    "overruns without end": (always(lambda d: d.error(m.ERROR_OVERRUN)), "nothing new|sent again"),
    "a lost session without end": (always(lambda d: d.error(m.ERROR_NO_SESSION)), "nothing new"),
    "an error without a name": (once(lambda d: d.error(77)), "error that has no name"),
    "an error of two bytes": (once(lambda d: d.say(m.MSG_ERROR, b"ab")), "error that has no name"),
    "beats without end": (always(many_beats), "beats in"),
    "traces without end": (always(many_traces), "a trace that nobody asked for"),
    "the same event without end": (
        always(lambda d: d.say(m.MSG_BEAT, bytes(18))),
        "nothing new|out of order",
    ),
    "events that are announced": (once(lambda d: d.status(events_next=9)), "nothing new"),
    "events far ahead": (always(lambda d: d.say(m.MSG_BEAT, b"\xff\x00" + bytes(16))), "nothing new"),
    "events that go back": (once(lambda d: d.status(events_next=0xFFF0)), "65520 events after 0"),
    "a beat of another length": (once(lambda d: d.event(m.MSG_BEAT, bytes(15))), "a beat of 15 bytes"),
    "an event without content": (once(lambda d: d.say(m.MSG_BEAT, b"")), r"\(beat\) of 0 bytes"),
    "class 200": (once(lambda d: d.beat(100, aami_class=200)), "a beat of class 200"),
    "class 4": (once(lambda d: d.beat(100, aami_class=4)), "a beat of class 4"),
    "a quality of 101": (once(lambda d: d.beat(100, sqi=101)), "signal-quality index of 101"),
    "beats out of order": (once(lambda d: (d.beat(500), d.beat(300))), "sample 300 after 500"),
    "the same beat twice": (once(lambda d: (d.beat(500), d.beat(500))), "sample 500 after 500"),
    "a beat of the future": (once(lambda d: d.beat(N - 1)), "a beat at sample 5999"),
    "a beat before the first sample": (once(lambda d: d.beat(-5)), "a beat at sample 4294967291"),
    "conditions without a name": (once(lambda d: d.condition(100, 0x40)), "unknown conditions, 0x40"),
    "conditions out of order": (
        once(lambda d: (d.condition(500, 1), d.condition(499, 0))),
        "sample 499 after 500",
    ),
    "conditions of the future": (once(lambda d: d.condition(N, 1)), "conditions at sample 6000"),
    "conditions of four bytes": (once(lambda d: d.event(m.MSG_CONDITION, bytes(4))), "conditions of 4 bytes"),
    "an end before the end": (once(early_end), r"an end after \d+ of 6000 samples"),
    "an end at once": (once(early_end, 0), "an end after 0 of 6000 samples"),
    "a sample every fifteen seconds": (always(trickle), "next to nothing new"),
    "live state in a replay": (once(lambda d: d.state()), r"type 9 \(live\) in a replay"),
    "an echo": (once(lambda d: d.say(m.MSG_ACK, m.Ack(0).pack())), r"type 8 \(ack\) in a replay"),
    "a frame of type 99": (once(lambda d: d.say(99, b"")), "type 99 in a replay"),
    "greetings without end": (always(lambda d: d.say(m.MSG_HELLO, d.hello.pack())), "nothing new"),
    "resets without end": (reset, "reset 4 times"),
    "garbage without end": (always(lambda d: setattr(d, "out", b"\x55\xaa" * 30_000)), "nothing new"),
    "delimiters without end": (always(lambda d: setattr(d, "out", bytes(60_000))), "nothing new"),
    "damaged frames without end": (always(lambda d: setattr(d, "out", b"\x05abcd\0" * 9_000)), "nothing new"),
    "silence": (always(honest), "nothing new"),
    "a port that closes": (hang_up, r"opened again \d+ times"),
    "a port that closes later": (always(hang_up), r"opened again \d+ times"),
}


@pytest.fixture(autouse=True)
def bounded_memory() -> Iterator[None]:
    tracemalloc.start()
    yield
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < MEMORY_BYTES_MAX


def check(caught: pytest.ExceptionInfo[DeviceError], device: Hostile) -> None:
    text = str(caught.value)
    assert "\n" not in text
    assert text.startswith(device.url)
    assert caught.value.exit_code == 3
    assert device.clock_s < PATIENCE_S


def test_an_honest_device_of_this_kind_passes() -> None:
    d = Hostile(honest)
    with Device(d, expected=DOUBLE_IDENTITY) as device:
        result = device.replay(noise(N), rails=(-5, 5))
        assert (len(result.beats), len(result.conditions), result.report.repairs) == (0, 0, [])

        def finds(d: Hostile) -> None:
            if d.received > 1_000 and d.events == 0:
                d.beat(0)
                d.beat(700, aami_class=3, flags=127, sqi=100)
                d.condition(999, 31)

        d.evil = finds
        result = device.replay(noise(N))
    assert result.beats["r_sample"].tolist() == [0, 700]
    assert result.conditions.tolist() == [(999, 31)]


@pytest.mark.parametrize("lie", LIES)
def test_a_replay_ends(lie: str) -> None:
    evil, message = LIES[lie]
    d = Hostile(evil)
    with Device(d, expected=DOUBLE_IDENTITY) as device, pytest.raises(DeviceError, match=message) as caught:
        device.replay(noise(N))
    check(caught, d)


def test_a_trace_without_end() -> None:
    d = Hostile(always(many_traces))
    with (
        Device(d, expected=DOUBLE_IDENTITY) as device,
        pytest.raises(DeviceError, match="bytes of trace for") as caught,
    ):
        device.replay(noise(N), trace=True)
    check(caught, d)


@pytest.mark.parametrize(
    "payload", [b"\0\0\0\0", bytes(6), bytes(6) + b"\2\3\1\0\0\0\0\0", bytes(6) + b"\2\4\xff\0\0"]
)
def test_a_trace_that_cannot_be_read(payload: bytes) -> None:
    d = Hostile(once(lambda d: d.say(m.MSG_TRACE, payload)))
    with (
        Device(d, expected=DOUBLE_IDENTITY) as device,
        pytest.raises(DeviceError, match=r"trace that cannot be read|of 2 bytes") as caught,
    ):
        device.replay(noise(N), trace=True)
    check(caught, d)


def test_an_event_after_the_end() -> None:
    """In the same breath as the end, so that the host takes both."""

    def late(d: Hostile) -> None:
        if d.flushed:
            d.beat(10)

    d = Hostile(late)
    with (
        Device(d, expected=DOUBLE_IDENTITY) as device,
        pytest.raises(DeviceError, match="an event after the end") as caught,
    ):
        device.replay(noise(N))
    check(caught, d)


def test_a_port_that_accepts_and_closes_is_opened_ever_less_often() -> None:
    d = Hostile(hang_up)
    with Device(d, expected=DOUBLE_IDENTITY) as device, pytest.raises(DeviceError, match="opened again"):
        device.replay(noise(N))
    assert 3 <= d.opened <= 12


def test_a_port_that_never_takes_a_byte() -> None:
    d = Hostile(honest)
    with Device(d, expected=DOUBLE_IDENTITY) as device:
        d.write = hang_up  # type: ignore[method-assign, assignment]
        with pytest.raises(DeviceError, match="the port was lost") as caught:
            device.replay(noise(N))
    check(caught, d)


@pytest.mark.parametrize(
    "hello",
    [
        {"block_samples": 0},
        {"block_samples": 121},
        {"window_samples": 0},
        {"block_samples": 100, "window_samples": 99},
    ],
)
def test_a_hello_with_sizes_that_cannot_be(hello: dict[str, int]) -> None:
    d = Hostile(honest, **hello)
    with pytest.raises(DeviceError, match="its hello names blocks of") as caught:
        Device(d, expected=DOUBLE_IDENTITY)
    check(caught, d)


def test_what_an_engine_calls_itself_is_text() -> None:
    with Device(Hostile(honest, engine="\x1b[2J\n[/]"), expected=DOUBLE_IDENTITY) as device:
        assert device.hello.engine == "�[2J�[/]"


# ---- live mode


def acquire(d: Hostile, samples: int = 36) -> None:
    """Take samples and show them, as an honest device does."""
    d.block(d.processed, samples)
    d.processed += samples
    d.pause(samples / 360)
    if d.processed % 360 == 0:
        d.state()


def acquiring(evil: Evil, after: int = 1_080) -> Evil:
    """Honest at first, then evil once; the acquisition goes on."""

    def turn(d: Hostile) -> None:
        if d.processed >= after and not d.lied:
            d.lied = True
            evil(d)
        if not d.flushed:
            acquire(d)

    return turn


def instead(evil: Evil, after: int = 1_080) -> Evil:
    """Honest at first, then only evil."""

    def turn(d: Hostile) -> None:
        if d.processed >= after:
            evil(d)
        else:
            acquire(d)

    return turn


LIVE_LIES: dict[str, tuple[Evil, str]] = {
    "a block far ahead": (acquiring(lambda d: d.block(1 << 30)), "sample 1073741824 after"),
    "blocks that leap": (
        instead(lambda d: (setattr(d, "processed", d.processed + 1_000), d.block(d.processed))),
        "sample .* after",
    ),
    "a beat far ahead": (acquiring(lambda d: d.beat(1 << 30)), "sample 1073741825 after"),
    "a condition far ahead": (acquiring(lambda d: d.condition(1 << 30, 1)), "sample 1073741825 after"),
    "a state far ahead": (acquiring(lambda d: d.state(taken=1 << 30)), "sample 1073741824 after"),
    "a state that goes back": (acquiring(lambda d: d.state(taken=3)), "a state that cannot be"),
    "more lost than taken": (acquiring(lambda d: d.state(lost=99_999)), "a state that cannot be"),
    "a fuller ring than there is": (acquiring(lambda d: d.state(ring_max=129)), "a state that cannot be"),
    "a live flag without a name": (acquiring(lambda d: d.state(flags=64)), "a state that cannot be"),
    "a quality of 101": (acquiring(lambda d: d.state(sqi=101)), "a state that cannot be"),
    "conditions without a name": (acquiring(lambda d: d.state(conditions=128)), "unknown conditions, 0x80"),
    "a state of 19 bytes": (acquiring(lambda d: d.say(m.MSG_LIVE, bytes(19))), "of 19 bytes"),
    "another step": (acquiring(lambda d: d.block(d.processed, step=7)), "in steps of 7, asked for 1"),
    "step 0": (acquiring(lambda d: d.block(d.processed, step=0)), "in steps of 0, asked for 1"),
    "an empty block": (acquiring(lambda d: d.say(m.MSG_SAMPLES, bytes(6))), r"\(samples\) of 6 bytes"),
    "class 200": (acquiring(lambda d: d.beat(100, aami_class=200)), "a beat of class 200"),
    "beats out of order": (acquiring(lambda d: (d.beat(500), d.beat(300))), "sample 300 after 500"),
    "beats without end": (instead(lambda d: [d.beat(i) for i in range(500)]), "beats in|events in"),
    "events that were dropped": (acquiring(lambda d: d.state(events_first=30_000)), "events in"),
    "a status of one byte": (acquiring(lambda d: d.say(m.MSG_STATUS, b"x")), "of 1 bytes"),
    "an error without a name": (acquiring(lambda d: d.error(77)), "error that has no name"),
    "a trace": (acquiring(lambda d: d.trace(5)), r"type 3 \(trace\) in live mode"),
    "states without samples": (instead(lambda d: d.state()), "gives no samples"),
    "the same block for ever": (instead(lambda d: d.block(0)), "gives no samples"),
    "greetings without end": (instead(lambda d: d.say(m.MSG_HELLO, d.hello.pack())), "gives no samples"),
    "garbage without end": (instead(lambda d: setattr(d, "out", b"\x55\xaa" * 9_000)), "fell silent"),
    "a reset": (acquiring(reset), "the device was reset"),
    "a port that closes": (instead(hang_up), "the port was lost"),
}


def listen(session: LiveSession) -> None:
    while True:
        update = session.poll(0.1)
        assert sum(len(values) for _, _, values in update.blocks) < 10_000


@pytest.mark.parametrize("lie", LIVE_LIES)
def test_a_live_session_ends(lie: str) -> None:
    evil, message = LIVE_LIES[lie]
    d = Hostile(evil)
    with Device(d, expected=DOUBLE_IDENTITY) as device, pytest.raises(DeviceError, match=message) as caught:
        listen(LiveSession(device))
    check(caught, d)
    lost = (
        lie.endswith(("samples", "for ever", "without end", "a reset", "that closes")) and "beats" not in lie
    )
    assert isinstance(caught.value, LiveLost) == lost


def test_an_honest_live_session_passes() -> None:
    d = Hostile(acquiring(lambda d: (d.beat(500), d.condition(600, 4))))
    with Device(d, expected=DOUBLE_IDENTITY) as device:
        session = LiveSession(device)
        seen, beats, conditions = [], [], []
        for _ in range(200):
            update = session.poll(0.1)
            seen += [first + i for first, _, values in update.blocks for i in range(len(values))]
            beats += update.beats
            conditions += update.conditions
        session.end()
    assert seen == list(range(len(seen)))
    assert len(seen) > 2_000
    assert np.concatenate(beats)["r_sample"].tolist() == [500]
    assert np.concatenate(conditions).tolist() == [(600, 4)]


def test_a_gap_that_the_line_made_passes() -> None:
    """Ten seconds without a byte, in which the device went on: its samples are where they belong."""

    def away(d: Hostile) -> None:
        d.pause(9)
        d.processed += 9 * 360

    d = Hostile(acquiring(away))
    with Device(d, expected=DOUBLE_IDENTITY) as device:
        session = LiveSession(device)
        firsts = [first for _ in range(100) for first, _, _ in session.poll(0.1).blocks]
    assert max(np.diff(firsts)) == 9 * 360 + 36


def test_the_end_comes_while_samples_still_flow() -> None:
    """A device that confirms the end and goes on: what it says after a while is left."""
    d = Hostile(acquire)
    with Device(d, expected=DOUBLE_IDENTITY) as device:
        session = LiveSession(device)
        session.poll(0.1)
        before_s = d.clock_s
        session.end()
    assert d.clock_s - before_s < 5


def test_a_device_that_does_not_end() -> None:
    d = Hostile(acquire)
    with Device(d, expected=DOUBLE_IDENTITY) as device:
        session = LiveSession(device)
        session.poll(0.1)
        d.mute = True
        with pytest.raises(DeviceError, match="did not confirm the end") as caught:
            session.end()
    check(caught, d)
