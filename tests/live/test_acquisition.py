"""The ring between timer and main loop, and the LED.

Oracle: a list model of the ring in this file: every sample that was due comes out once, in its place, a lost
one as "no sample".
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_tools.reference.params import ADU_PER_MV, FS_HZ

from .conftest import Acquisition

MISSING = -32768
GAP_MAX = 0x4000

steps = st.lists(
    st.one_of(
        st.tuples(st.just("timer"), st.integers(1, 200)),
        st.tuples(st.just("off"), st.integers(1, 20)),
        st.tuples(st.just("skip"), st.integers(1, 40000)),
        st.tuples(st.just("take"), st.integers(1, 300)),
    ),
    max_size=30,
)


@given(steps=steps, index=st.sampled_from([0, 2**32 - 1, 2**32 - 70]))
def test_time_never_slips(
    steps: list[tuple[str, int]], index: int, acquisition: Callable[..., Acquisition]
) -> None:
    firmware = acquisition()
    firmware.c.h_wrap(index)
    profile = firmware.profile
    size = firmware.c.h_entries()
    ring: list[int] = []  # the entries, as the number of samples that each stands for
    expected: list[int] = []  # all that was due and has been published, in order
    pending = number = rest = 0
    got: list[int] = []
    waiting: list[int] = []  # expected, not taken yet

    def publish(value: int) -> None:
        nonlocal pending
        needed = 1 + -(-pending // GAP_MAX)
        if size - len(ring) < needed:
            pending += 1
            return
        for left in range(pending, 0, -GAP_MAX):
            ring.append(min(left, GAP_MAX))
            waiting.extend([MISSING] * min(left, GAP_MAX))
        pending = 0
        ring.append(1)
        waiting.append(value)

    for what, n in steps:
        if what == "skip":
            firmware.c.h_skip(n)
            pending += n
        elif what == "take":
            got += firmware.take(n)
            for value in waiting[:n]:
                # an entry leaves the ring when its first sample is handed out
                rest = rest - 1 if rest > 0 else ring.pop(0) - 1
                expected.append(value)
            del waiting[:n]
        else:
            for _ in range(n):
                number += 1
                counts = number * 37 % (1 << profile.bits)
                firmware.c.h_timer(-1 if what == "off" else counts)
                publish(MISSING if what == "off" else profile.scale(counts, ADU_PER_MV))
    got += firmware.take()
    expected += waiting
    assert got == expected


def test_an_overrun_is_counted_and_keeps_its_place(acquisition: Callable[..., Acquisition]) -> None:
    firmware = acquisition()
    size = firmware.c.h_entries()
    for _ in range(size + 50):  # 50 too many while the main loop is held up
        firmware.c.h_timer(firmware.profile.mid)
    assert firmware.take(10) == [0] * 10
    assert firmware.c.h_lost() == 0  # not yet told
    firmware.c.h_timer(firmware.profile.mid)
    assert firmware.take() == [0] * (size - 10) + [MISSING] * 50 + [0]
    assert firmware.c.h_lost() == 50
    assert firmware.c.h_ring_max() == size


def test_lead_off_is_no_sample(acquisition: Callable[..., Acquisition]) -> None:
    firmware = acquisition()
    for counts in (firmware.profile.mid, -1, -1, firmware.profile.mid):
        firmware.c.h_timer(counts)
    assert firmware.take() == [0, MISSING, MISSING, 0]
    assert firmware.c.h_lost() == 0


def test_lateness_is_the_largest(acquisition: Callable[..., Acquisition]) -> None:
    firmware = acquisition()
    for late_us in (3, 900, 17):
        firmware.c.h_late(late_us)
    assert firmware.c.h_late_max() == 900
    firmware.c.h_late(1 << 20)
    assert firmware.c.h_late_max() == 0xFFFF


@pytest.mark.parametrize(("aami_class", "flashes"), [(0, 1), (1, 1), (2, 3), (3, 1)])
def test_led_flashes(aami_class: int, flashes: int, acquisition: Callable[..., Acquisition]) -> None:
    bit = FS_HZ // 20
    changes = acquisition().led(100, aami_class, 2 * FS_HZ)
    assert changes == [100 + i * bit for i in range(2 * flashes)]
