"""What the live view says: rate, pauses, what holds, in a terminal of any size.

Oracles: rates and pauses worked out by hand on beats laid out by hand; the summary's own heart rate.
"""

from __future__ import annotations

import io
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from host_tools.beats import (
    CONDITION_FIBRILLATION,
    CONDITION_LEAD_OFF,
    CONDITION_PAUSE,
    CONDITION_SATURATED,
    CONDITION_UNREADABLE,
    FLAG_LEAD_OFF,
    FLAG_LEARNING,
    FLAG_NOISY,
)
from host_tools.link.live import LiveUpdate
from host_tools.link.messages import LIVE_LEAD_OFF
from host_tools.monitor import MISSING, Picture, letter_row, render, scale_mv, status_line
from host_tools.monitor.view import rows_for
from host_tools.reference.params import FS_HZ
from host_tools.summary import heart_rate

from .updates import beats, block, condition, signal, status


def filled(*updates: LiveUpdate) -> Picture:
    picture = Picture()
    for update in updates:
        picture.take(update)
    return picture


def test_the_rate_is_that_of_the_newest_rr_intervals() -> None:
    picture = filled(signal(9), beats(1, 2, 3))
    assert picture.heart_rate_bpm == pytest.approx(60)
    assert math.isnan(filled(signal(3), beats(1)).heart_rate_bpm)
    times = [*np.arange(1, 10, 1.0), *np.arange(9.5, 14, 0.5)]  # nine intervals of half a second
    assert filled(signal(14), beats(*times)).heart_rate_bpm == pytest.approx(120)


def test_three_seconds_after_the_last_beat_there_is_no_rate_but_a_pause() -> None:
    picture = filled(signal(22), beats(*range(1, 20)), status(22 * FS_HZ))
    assert picture.heart_rate_bpm == pytest.approx(60)
    picture.take(condition(22.1, CONDITION_PAUSE))
    picture.take(signal(23, 22))
    assert math.isnan(picture.heart_rate_bpm)
    assert picture.quality == "PAUSE 4 s"
    assert "-- bpm  PAUSE 4 s" in status_line(picture)
    picture.take(signal(50, 23))
    assert picture.quality == "PAUSE 31 s"
    picture.take(condition(50, 0))
    assert math.isnan(picture.heart_rate_bpm)  # the beat that ended it has no neighbour yet
    picture.take(beats(49.5))
    assert picture.heart_rate_bpm == pytest.approx(60 * 19 / 48.5, rel=1)


def test_a_pause_does_not_count_from_the_last_beat_but_one() -> None:
    """The last beat is known to the device seconds before it is handed out."""
    picture = filled(signal(23), beats(*range(1, 19)), condition(22.2, CONDITION_PAUSE))
    assert picture.quality == "PAUSE 4 s"
    picture.take(beats(19))
    assert picture.quality == "PAUSE 4 s"


def test_a_device_that_says_nothing_any_more_keeps_no_rate_alive() -> None:
    assert math.isnan(filled(signal(30), beats(*range(1, 20))).heart_rate_bpm)


@pytest.mark.parametrize(
    ("bits", "words"),
    [
        (CONDITION_LEAD_OFF, "lead off"),
        (CONDITION_SATURATED, "saturated"),
        (CONDITION_FIBRILLATION, "FLUTTER OR FIBRILLATION SUSPECTED"),
        (CONDITION_UNREADABLE, "unreadable"),
    ],
)
def test_no_rate_while_beats_cannot_be_counted_on_and_none_across(bits: int, words: str) -> None:
    """Case: a gap of twenty seconds was an interval, and the rate 35 for eight seconds."""
    picture = filled(signal(21), beats(*range(1, 20)), condition(20, bits))
    assert math.isnan(picture.heart_rate_bpm)
    assert words in picture.quality
    assert picture.alarming
    for update in (signal(42, 21), condition(40.5, 0), beats(41)):
        picture.take(update)
    assert math.isnan(picture.heart_rate_bpm)
    picture.take(beats(41.5))
    assert picture.heart_rate_bpm == pytest.approx(120)  # nothing of the rate before
    assert not picture.alarming


def test_no_rate_while_the_pins_say_lead_off() -> None:
    picture = filled(signal(20), beats(*range(1, 20)), status(20 * FS_HZ, 31, LIVE_LEAD_OFF))
    assert math.isnan(picture.heart_rate_bpm)
    assert picture.quality == "lead off"
    assert "overruns 31" in status_line(picture)
    assert "late 12 us" in status_line(picture)


def test_lines_are_one_for_each_beat_and_change_in_order() -> None:
    picture = filled(signal(21), beats(*range(1, 20)))
    update = condition(20, CONDITION_LEAD_OFF)
    update.conditions += condition(40.5, 0).conditions
    update.beats = beats(41, 42).beats
    lines = picture.take(update)
    assert [line.split()[2] for line in lines] == ["lead", "beats", "N", "N"]
    assert "-- bpm" in lines[2]  # twenty seconds are no interval
    assert "60.0 bpm" in lines[3]
    many = Picture().take(beats(*np.arange(1, 100, 0.5)))
    assert len(many) == 198


def test_beats_lost_on_the_way_part_the_others() -> None:
    update = beats(5, 6)
    update.beats_lost = 2
    picture = filled(signal(7), beats(1, 2), update)
    assert math.isnan(picture.heart_rate_bpm)
    picture.take(beats(6.5))
    assert picture.heart_rate_bpm == pytest.approx(120)


def test_after_a_lost_connection_everything_begins_anew() -> None:
    picture = filled(signal(21), beats(*range(1, 20)))
    picture.connected = False
    assert math.isnan(picture.heart_rate_bpm)
    assert picture.quality == "port lost, opening it again"
    picture.restart()
    for update in (signal(45, 40), beats(41, 41.5)):
        picture.take(update)
    assert picture.heart_rate_bpm == pytest.approx(120)
    assert picture.counts[0] == 21


def test_the_index_is_the_newest_beats() -> None:
    update = beats(1, 2)
    update.beats[1]["sqi"] = 83
    assert filled(signal(3), update).sqi == 83
    assert filled(signal(3), update, condition(2.5, CONDITION_LEAD_OFF)).sqi == 0
    assert Picture().sqi == 0


def test_quality_from_the_beats() -> None:
    assert Picture().quality == "no beats yet"
    assert filled(signal(3), beats(1, flags=FLAG_LEARNING)).quality == "learning"
    assert filled(signal(3), beats(1, flags=FLAG_LEAD_OFF)).quality == "recovering"
    assert filled(signal(3), beats(1, flags=FLAG_NOISY), beats(1.5)).quality == "noisy"
    assert filled(signal(9), beats(1, flags=FLAG_NOISY), beats(2, 3, 4)).quality == "good"


@given(st.lists(st.integers(60, 900), min_size=1, max_size=30))
def test_the_rate_is_the_summarys(rr: list[int]) -> None:
    """The same function, over the newest eight intervals."""
    at_s = np.cumsum([400, *rr]) / FS_HZ
    picture = filled(signal(float(at_s[-1]) + 0.5), beats(*at_s))
    newest = np.array([int(b["r_sample"]) for b, _ in picture.beats], np.int64)[-9:]
    expected = heart_rate(newest, np.arange(len(newest)) > 0, FS_HZ).mean_bpm
    assert picture.heart_rate_bpm == pytest.approx(expected)


def test_samples_that_did_not_arrive_are_missing_in_their_place() -> None:
    picture = filled(block(0, [1, 2, 3]), block(7, [8, 9]))
    assert picture.gaps == 4
    assert picture.window[-9:].tolist() == [1, 2, 3, *[MISSING] * 4, 8, 9]


def test_a_block_far_ahead_takes_no_memory() -> None:
    picture = filled(block(0, [1, 2, 3]), block(4_000_000_000, [8, 9], step=60_000))
    assert len(picture.window) == 6 * FS_HZ
    assert picture.window[0] == 9


def shown(picture: Picture, width: int, height: int) -> list[str]:
    console = Console(file=io.StringIO(), width=width, height=height, force_terminal=False)
    console.print(render(picture, width, height))
    file = console.file
    assert isinstance(file, io.StringIO)
    return file.getvalue().rstrip("\n").split("\n")


@given(st.integers(30, 200), st.integers(14, 80), st.integers(0, 40))
def test_the_view_fits_the_terminal(width: int, height: int, n_beats: int) -> None:
    times = np.arange(n_beats) * 0.5 + 0.3
    picture = filled(signal(21), beats(*times, flags=31), status(21 * FS_HZ))
    lines = shown(picture, width, height)
    assert len(lines) < height  # the cursor stands below
    assert max(map(len, lines)) <= width


@given(st.integers(1, 100), st.integers(1, 6))
def test_rows_are_shared(height: int, status_rows: int) -> None:
    wave, listed = rows_for(height, status_rows)
    assert wave >= 1
    assert 0 <= listed <= 8
    if height >= 6 + status_rows:
        assert wave + listed + 4 + status_rows <= height
    if height >= 24 + status_rows:
        assert listed == 8


def test_the_view_has_a_scale_in_mv_and_the_beats_letters_over_their_waves() -> None:
    values = np.zeros(6 * FS_HZ, np.int16)
    values[2 * FS_HZ : 2 * FS_HZ + 20] = 300  # 1.5 mV, two seconds after the beginning
    values[4 * FS_HZ : 4 * FS_HZ + 20] = -100
    picture = filled(block(0, values), beats(2 + 10 / FS_HZ), beats(4 + 10 / FS_HZ, aami_class=2))
    lines = shown(picture, 100, 30)
    assert any("+1.5 ┤" in line for line in lines)
    assert any("-0.5 ┤" in line for line in lines)
    assert any("mV" in line for line in lines)
    (letters,) = (
        line for line in lines if "N" in line and "V" in line and "┤" not in line and "bpm" not in line
    )
    top = next(line for line in lines if "+1.5 ┤" in line)
    up = [i for i, c in enumerate(top) if 0x2800 < ord(c) <= 0x28FF]
    assert up[0] <= letters.index("N") <= up[-1] + 1
    bottom = next(line for line in lines if "-0.5 ┤" in line)
    down = [i for i, c in enumerate(bottom) if 0x2800 < ord(c) <= 0x28FF]
    assert down[0] <= letters.index("V") <= down[-1] + 1


@given(st.lists(st.one_of(st.just(MISSING), st.integers(-32767, 32767)), min_size=1, max_size=50))
def test_the_scale_holds_the_signal(values: list[int]) -> None:
    low, high = scale_mv(np.array(values, np.int16))
    assert low < high
    assert all(low <= v / 200 <= high for v in values if v != MISSING)
    assert (2 * low).is_integer()
    assert (2 * high).is_integer()


def test_letters_stand_in_their_columns() -> None:
    assert letter_row([(100, "N"), (199, "V"), (99, "S"), (200, "S")], 100, 100, 10) == [(0, "N"), (9, "V")]


def test_an_empty_picture_can_be_drawn() -> None:
    assert shown(Picture(), 80, 24)
