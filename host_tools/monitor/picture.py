"""The running state of an acquisition: newest samples and beats, rate, what holds now, counters."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from host_tools.beats import (
    BEAT_DTYPE,
    CLASS_NAMES,
    CONDITION_DTYPE,
    CONDITION_FIBRILLATION,
    CONDITION_LEAD_OFF,
    CONDITION_NAMES,
    CONDITION_PAUSE,
    CONDITION_SATURATED,
    CONDITION_UNREADABLE,
    FLAG_LEAD_OFF,
    FLAG_LEARNING,
    FLAG_NOISY,
    FLAG_SATURATED,
    FLAG_UNDECIDED,
)
from host_tools.link.live import LiveUpdate
from host_tools.link.messages import LIVE_LEAD_OFF, LIVE_NO_SIGNAL, LiveStatus
from host_tools.reference.input import MISSING
from host_tools.reference.params import DELAY_SAMPLES, FS_HZ, PAUSE_SAMPLES
from host_tools.replay import flag_text
from host_tools.summary import RATE_WINDOW_BEATS, heart_rate, neighbours, said_gaps

#: Seconds of signal in the picture.
VIEW_S = 6.0
#: Beats kept: all that a picture can hold, and at least those behind the rate.
_KEPT_BEATS = 64
#: Changes of the conditions kept; older ones lie before the beats kept.
_KEPT_CHANGES = 256
#: No rate is older than this: a device that says nothing any more does not keep one alive.
_STALE_S = 8.0


@dataclass
class Picture:
    """What a person is shown.

    Attributes
    ----------
    window : int16 [VIEW_S * FS_HZ]
        The newest samples, adu, -32768 where there is none.
    beats : deque of (BEAT_DTYPE, bool)
        The newest beats, and whether the interval before each is one between real neighbours.
    changes : deque of CONDITION_DTYPE
        The newest changes of the conditions.
    counts : list of int
        Beats of each class since the start.
    status : LiveStatus or None
        The newest one.
    next_sample : int
        Number behind the newest sample.
    gaps : int
        Samples that did not reach this host (lost frames), as far as known.
    connected : bool
        Whether the device's port is open.
    origin : int
        First sample of the present connection.
    """

    window: npt.NDArray[np.int16] = field(
        default_factory=lambda: np.full(int(VIEW_S * FS_HZ), MISSING, np.int16)
    )
    beats: deque[tuple[np.void, bool]] = field(default_factory=lambda: deque(maxlen=_KEPT_BEATS))
    changes: deque[np.void] = field(default_factory=lambda: deque(maxlen=_KEPT_CHANGES))
    counts: list[int] = field(default_factory=lambda: [0] * len(CLASS_NAMES))
    status: LiveStatus | None = None
    next_sample: int = 0
    gaps: int = 0
    beats_lost: int = 0
    connected: bool = True
    origin: int = 0

    def take(self, update: LiveUpdate) -> list[str]:
        """Take what came; return a line for each beat and each change of the conditions, in order."""
        for first, step, values in update.blocks:
            self._take_samples(first, step, values)
        lines = []
        for change in update.conditions:
            self.changes.append(change[0])
            lines.append((int(change["sample"][0]), condition_line(change[0])))
        for beat in update.beats:
            joined = self._follows(beat[0])
            self.beats.append((beat[0], joined))
            self.counts[int(beat["aami_class"][0])] += 1
            lines.append((int(beat["r_sample"][0]) - DELAY_SAMPLES, beat_line(beat[0], joined)))
        if update.beats_lost:  # what stood between two beats is not known any more, nor what held
            self._forget_beats()
            self.changes.clear()
        self.status = update.status or self.status
        self.beats_lost += update.beats_lost
        return [line for _, line in sorted(lines, key=lambda at: at[0])]

    def _follows(self, beat: np.void) -> bool:
        """Whether the interval before this beat is one between real neighbours."""
        if not self.beats:
            return False
        pair = np.array([self.beats[-1][0], beat], BEAT_DTYPE)
        pair["r_sample"] = np.maximum(pair["r_sample"].astype(np.int64) - DELAY_SAMPLES, 0)
        changes = np.array(list(self.changes), CONDITION_DTYPE)
        return bool(neighbours(pair, said_gaps(changes, pair, self.next_sample).gaps)[1])

    def _forget_beats(self) -> None:
        """Let the next interval be the first one."""
        self.beats = deque([(beat, False) for beat, _ in list(self.beats)[-1:]], maxlen=_KEPT_BEATS)

    def restart(self) -> None:
        """Begin anew behind a lost connection: no beat before it is a neighbour of one after it."""
        self.beats.clear()
        self.changes.clear()
        self.status = None
        self.connected = True
        self.origin = self.next_sample

    def _take_samples(self, first: int, step: int, values: npt.NDArray[np.int16]) -> None:
        skipped = max(first - self.next_sample, 0)
        self.gaps += skipped
        size = len(self.window)
        shown = np.repeat(values[-size:], max(step, 1))[-size:]
        gap = np.full(min(skipped, size), MISSING, np.int16)  # however far ahead the block is
        self.window = np.concatenate([self.window, gap, shown])[-size:]
        self.next_sample = first + step * len(values)

    @property
    def conditions(self) -> int:
        """``CONDITION_*`` that hold now."""
        if self.changes:
            return int(self.changes[-1]["conditions"])
        return 0 if self.status is None else self.status.conditions

    @property
    def heart_rate_bpm(self) -> float:
        """Mean rate over the newest RR intervals; NaN while there are none, or no beats to count on."""
        silent = CONDITION_PAUSE | CONDITION_FIBRILLATION | CONDITION_UNREADABLE
        if not self.connected or self.lead_off or self.conditions & silent or self.since_beat_s > _STALE_S:
            return math.nan
        # Only what is joined to the newest beat: the rate before a gap says nothing about now.
        newest = list(self.beats)[-RATE_WINDOW_BEATS - 1 :]
        first = max((k for k, (_, joined) in enumerate(newest) if not joined), default=0)
        at = np.array([int(beat["r_sample"]) for beat, _ in newest[first:]], np.int64)
        mean = heart_rate(at, np.arange(at.size) > 0, FS_HZ).mean_bpm
        return math.nan if mean is None else mean

    @property
    def since_beat_s(self) -> float:
        """Seconds since the newest beat, or since the signal came."""
        since = [self.origin, *(int(beat["r_sample"]) - DELAY_SAMPLES for beat, _ in list(self.beats)[-1:])]
        bad = CONDITION_LEAD_OFF | CONDITION_SATURATED
        for before, after in pairwise(self.changes):
            if before["conditions"] & bad and not after["conditions"] & bad:
                since.append(int(after["sample"]))
        if self.conditions & CONDITION_PAUSE and self.changes:
            # The last beat may not have been handed out yet: the device waits for the next one.
            since.append(int(self.changes[-1]["sample"]) - PAUSE_SAMPLES)
        return max(self.next_sample - max(since), 0) / FS_HZ

    @property
    def lead_off(self) -> bool:
        """True while an electrode is off: by its pins, or because the input is missing, flat or saturated."""
        by_status = self.status is not None and bool(self.status.flags & (LIVE_LEAD_OFF | LIVE_NO_SIGNAL))
        return by_status or bool(self.conditions & (CONDITION_LEAD_OFF | CONDITION_SATURATED))

    @property
    def sqi(self) -> int:
        """The newest beat's signal-quality index, 0 while the lead is off."""
        return int(self.beats[-1][0]["sqi"]) if self.beats and not self.lead_off else 0

    @property
    def alarming(self) -> bool:
        """Whether something holds that a person should look at now."""
        return not self.connected or self.lead_off or self.conditions != 0

    @property
    def quality(self) -> str:
        """Say in a few words what holds now, or else how good the signal is."""
        if not self.connected:
            return "port lost, opening it again"
        held = self.conditions
        if held & CONDITION_SATURATED:
            return "saturated"
        if self.lead_off:
            return "lead off"
        if held & CONDITION_FIBRILLATION:
            return "FLUTTER OR FIBRILLATION SUSPECTED"
        if held & CONDITION_PAUSE:
            return f"PAUSE {self.since_beat_s:.0f} s"
        if held & CONDITION_UNREADABLE:
            return "unreadable: no beats can be told"
        return self._beats_quality()

    def _beats_quality(self) -> str:
        """One word, from the newest beats' flags."""
        flags = 0
        for beat, _ in list(self.beats)[-3:]:
            flags |= int(beat["flags"])
        for bit, word in (
            (FLAG_SATURATED, "recovering"),
            (FLAG_NOISY, "noisy"),
            (FLAG_LEAD_OFF, "recovering"),
            (FLAG_UNDECIDED, "bad"),
            (FLAG_LEARNING, "learning"),
        ):
            if flags & bit:
                return word
        return "good" if self.beats else "no beats yet"


def rate_text(picture: Picture) -> str:
    """Return the rate in digits, or ``--``."""
    rate = picture.heart_rate_bpm
    return "--" if math.isnan(rate) else f"{rate:.0f}"


def beat_line(beat: np.void, joined: bool = True) -> str:
    """One line about a beat: time of its R peak, class, confidence, heart rate (if joined), flags."""
    at_s = (int(beat["r_sample"]) - DELAY_SAMPLES) / FS_HZ
    rr = int(beat["rr_prev_samples"])
    rate = f"{60.0 * FS_HZ / rr:5.1f} bpm" if rr and joined else "   -- bpm"
    flags = flag_text(int(beat["flags"]))
    sure = int(beat["confidence_q8"]) / 255
    return f"{at_s:9.3f} s  {CLASS_NAMES[beat['aami_class']]}  {sure:4.2f}  {rate}" + (
        f"  {flags}" if flags else ""
    )


def condition_line(change: np.void) -> str:
    """One line about a change of what holds beside the beats."""
    at_s = int(change["sample"]) / FS_HZ
    held = [name for bit, name in CONDITION_NAMES.items() if int(change["conditions"]) & bit]
    return f"{at_s:9.3f} s  {', '.join(held) or 'beats are told again'}"


def status_line(picture: Picture) -> str:
    """One line of counters: never silent about what was lost."""
    status = picture.status
    if status is None:
        return "waiting for the device"
    counts = "  ".join(f"{name} {n}" for name, n in zip(CLASS_NAMES, picture.counts, strict=True))
    return (
        f"{picture.next_sample / FS_HZ:.0f} s  {rate_text(picture)} bpm  {picture.quality}  "
        f"SQI {picture.sqi}  {counts}  overruns {status.lost}  not received {picture.gaps}  "
        f"beats lost {picture.beats_lost}  late {status.late_max_us} us  "
        f"ring {status.ring_max}/{status.ring_size}"
    )
