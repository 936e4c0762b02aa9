"""Judges what was found in a synthetic record: right, flagged by the device itself, or silently wrong.

Nothing is judged in the first five seconds of a record, nor in the five after a change (a rhythm that
begins or ends, a fault that does). An error is flagged where a beat flag or a condition of the device
covers its very time; one elsewhere in the record does not excuse it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from host_tools.beats import (
    CLASS_NAMES,
    CONDITION_FIBRILLATION,
    CONDITION_LEAD_OFF,
    CONDITION_PAUSE,
    CONDITION_SATURATED,
    CONDITION_UNREADABLE,
    FLAG_FIBRILLATION,
    FLAG_LEAD_OFF,
    FLAG_NOISY,
    FLAG_SATURATED,
    FLAG_UNDECIDED,
)
from host_tools.ec57 import pair_beats
from host_tools.native import CoreResult
from host_tools.simulator import Simulation
from host_tools.simulator.scenario import WAVES

#: Not judged at a record's start and after each change.
GRACE_S = 5.0
#: Flutter and fibrillation are to be marked this long after their onset: monitors alarm within ten seconds.
WAVES_GRACE_S = 10.0
#: Nor at its end, where a beat's neighbours to come are cut off.
END_S = 1.0
#: Sensitivity and positive predictivity that a right cell has at least, %; its rate's largest error, %.
LEAST_PERCENT = 99.0
RATE_PERCENT = 2.0
#: Beats with the right class where it is defined, %: V among those that are V, no V among those that are not.
CLASS_PERCENT = 95.0
#: A condition covers what went wrong this long before it was said.
SAID_WITHIN_S = 4.0
#: A pause is one without a beat for this long; it is said this much later at the latest, and ends as late.
PAUSE_S = 3.0
PAUSE_LATE_S = 1.5
SAID_S = 0.5
#: Share of the judged time over which a device may call good signal unreadable and still be right.
CAUTIOUS_SHARE = 0.02

_COVERING = CONDITION_LEAD_OFF | CONDITION_SATURATED | CONDITION_FIBRILLATION | CONDITION_UNREADABLE
_BEAT_COVERING = FLAG_SATURATED | FLAG_LEAD_OFF | FLAG_NOISY | FLAG_UNDECIDED | FLAG_FIBRILLATION
_TICK_S = 0.05
#: A rate is judged from so many RR intervals on.
_LEAST_INTERVALS = 3

#: Faults during which there is no signal, and how soon this has to be said.
_NO_SIGNAL = ("rail", "lead_off", "flat")
SIGNAL_LOST_S = 2.5


@dataclass(frozen=True)
class Found:
    """What a detector gave for a record: times in s, classes, flags, conditions.

    ``conditions`` are (time in s, mask): from then on the mask holds; None where a detector knows none.
    """

    at_s: NDArray[np.float64]
    rr_s: NDArray[np.float64]
    classes: NDArray[np.str_]
    flags: NDArray[np.int64]
    conditions: tuple[tuple[float, int], ...] | None = ()


@dataclass(frozen=True)
class Expectation:
    """What is judged beyond the beats.

    Attributes
    ----------
    classes : bool
        Whether V or not V is defined for the beats.
    first_false : int or None
        False beats allowed in the first five seconds; None: not judged.
    pauses : bool
        Whether a pause has to be said.
    least_percent : float
        Sensitivity and positive predictivity that a right cell has at least, %.
    """

    classes: bool = True
    first_false: int | None = None
    pauses: bool = True
    least_percent: float = LEAST_PERCENT


@dataclass(frozen=True)
class Error:
    """One thing that is wrong: its kind, from when to when (s), and whether the device flagged it."""

    kind: str
    start_s: float
    stop_s: float
    flagged: bool


@dataclass(frozen=True)
class Verdict:
    """Outcome of a cell: ``right``, ``flagged`` or ``silent_wrong``, and the errors behind it.

    ``beats`` are those of the truth that were judged.
    """

    outcome: str
    errors: tuple[Error, ...]
    beats: int

    @property
    def silent(self) -> dict[str, int]:
        """Errors that the device did not flag, counted by kind."""
        counts: dict[str, int] = {}
        for error in self.errors:
            if not error.flagged:
                counts[error.kind] = counts.get(error.kind, 0) + 1
        return counts


class _Judge:
    def __init__(self, truth: Simulation, found: Found, expectation: Expectation) -> None:
        self.truth, self.found, self.expectation = truth, found, expectation
        self.fs_hz = truth.fs_hz
        self.end_s = truth.samples.size / truth.fs_hz
        self.truth_s = truth.r_samples / truth.fs_hz
        self.errors: list[Error] = []
        self.tick_s = np.arange(0.0, self.end_s, _TICK_S)
        self.mask = self._mask()
        self.judged = self._judged()
        self.waves = self._waves()

    def _mask(self) -> NDArray[np.int64]:
        mask = np.zeros(self.tick_s.size, np.int64)
        for at_s, value in self.found.conditions or ():
            mask[np.searchsorted(self.tick_s, at_s) :] = value
        return mask

    def _judged(self) -> NDArray[np.bool_]:
        """Ticks that count: not just after a change, not where there is no signal."""
        judged = self.tick_s >= GRACE_S
        for event in self.truth.events:
            for edge in (event.start_sample / self.fs_hz, event.stop_sample / self.fs_hz):
                judged &= ~((self.tick_s >= edge - 0.3) & (self.tick_s < edge + GRACE_S))
            if event.kind in _NO_SIGNAL:
                inside = (self.tick_s >= event.start_sample / self.fs_hz) & (
                    self.tick_s < event.stop_sample / self.fs_hz
                )
                judged &= ~inside
        return judged & (self.tick_s < self.end_s - END_S)

    def _waves(self) -> NDArray[np.bool_]:
        waves = np.zeros(self.tick_s.size, np.bool_)
        for event in self.truth.events:
            if event.kind in WAVES:
                first, stop = event.start_sample / self.fs_hz, event.stop_sample / self.fs_hz
                waves |= (self.tick_s >= first) & (self.tick_s < stop)
        return waves

    def _tick(self, at_s: float) -> int:
        return min(max(int(at_s / _TICK_S), 0), self.tick_s.size - 1)

    def _said(self, at_s: float) -> bool:
        """Whether a condition covers this time."""
        first = self._tick(at_s)
        stop = self._tick(at_s + SAID_WITHIN_S) + 1
        return bool((self.mask[first:stop] & _COVERING).any())

    def _between_flagged(self, at_s: float) -> bool:
        """Whether the found beats on both sides are flagged, no farther apart than a pause takes to be said.

        After the last beat the record's end takes the place of the next one.
        """
        k = int(np.searchsorted(self.found.at_s, at_s))
        if k == 0:
            return False
        next_s = self.found.at_s[k] if k < self.found.at_s.size else self.end_s
        near = next_s - self.found.at_s[k - 1] < PAUSE_S + SAID_S
        return bool(near and (self.found.flags[k - 1 : k + 1] & _BEAT_COVERING).all())

    def _error(self, kind: str, at_s: float, flagged: bool) -> None:
        """Note an error; one that goes on where the last one of its kind ended makes it longer."""
        at_s = round(float(at_s), 2)
        last = self.errors[-1] if self.errors else None
        if last and (last.kind, last.flagged) == (kind, flagged) and 0 <= at_s - last.stop_s < 2 * _TICK_S:
            self.errors[-1] = replace(last, stop_s=at_s)
        else:
            self.errors.append(Error(kind, at_s, at_s, flagged))

    def beats(self) -> int:
        """Missed and false beats, the rate, classes; returns how many reference beats were judged."""
        at = np.rint(self.found.at_s * self.fs_hz).astype(np.int64)
        pairing = pair_beats(
            self.truth.r_samples, ["N"] * self.truth_s.size, at, ["N"] * at.size, self.fs_hz, start_s=0.0
        )
        counts = self.judged & ~self.waves
        missed = [i for i in pairing.missed.tolist() if counts[self._tick(self.truth_s[i])]]
        false = [j for j in pairing.false_beats.tolist() if counts[self._tick(self.found.at_s[j])]]
        pairs = [(i, j) for i, j in pairing.pairs.tolist() if counts[self._tick(self.truth_s[i])]]
        n, least = len(pairs) + len(missed), self.expectation.least_percent
        if n and 100 * len(pairs) < least * n:
            for i in missed:
                at_s = float(self.truth_s[i])
                self._error("missed", at_s, self._said(at_s) or self._between_flagged(at_s))
        if false and 100 * len(pairs) < least * (len(pairs) + len(false)):
            for j in false:
                self._false(j)
        if self.expectation.first_false is not None:
            early = [j for j in pairing.false_beats.tolist() if self.found.at_s[j] < GRACE_S]
            for j in early[self.expectation.first_false :]:
                self._false(j)
        self._rate(pairs)
        if self.expectation.classes:
            self._classes(pairs)
        return n

    def _false(self, j: int) -> None:
        self._error("false", float(self.found.at_s[j]), self._suspect(j))

    def _rate(self, pairs: list[tuple[int, int]]) -> None:
        """Mean rate from the RR intervals that the device itself gave, where both ends were judged.

        A wrong rate is flagged where that of the beats which carry no flag is right.
        """
        pairs = [
            (i, j) for i, j in pairs if i and self.found.rr_s[j] > 0 and self._counts(self.truth_s[i - 1])
        ]
        if len(pairs) < _LEAST_INTERVALS or self._rate_right(pairs):
            return
        clean = [(i, j) for i, j in pairs if not self._suspect(j)]
        covered = len(clean) < _LEAST_INTERVALS or self._rate_right(clean)
        self._error("rate", float(self.truth_s[pairs[0][0]]), covered)

    def _rate_right(self, pairs: list[tuple[int, int]]) -> bool:
        true_rr = float(np.mean([self.truth_s[i] - self.truth_s[i - 1] for i, _ in pairs]))
        given_rr = float(np.mean([self.found.rr_s[j] for _, j in pairs]))
        return 100 * abs(true_rr / given_rr - 1.0) <= RATE_PERCENT

    def _counts(self, at_s: float) -> bool:
        return bool(self.judged[self._tick(at_s)])

    def _suspect(self, j: int) -> bool:
        """Whether a found beat is flagged, or lies where a condition is."""
        return bool(self.found.flags[j] & _BEAT_COVERING) or self._said(float(self.found.at_s[j]))

    def _classes(self, pairs: list[tuple[int, int]]) -> None:
        for wanted in (True, False):
            group = [(i, j) for i, j in pairs if (self.truth.labels[i] == "V") is wanted]
            group = [(i, j) for i, j in group if self.truth.symbols[i] != "/"]
            wrong = [j for i, j in group if (self.found.classes[j] == "V") is not wanted]
            if group and 100 * len(wrong) > (100 - CLASS_PERCENT) * len(group):
                for j in wrong:
                    self._error("class", float(self.found.at_s[j]), self._suspect(j))

    def pauses(self) -> None:
        """PAUSE is said in pauses, and nowhere else."""
        if self.found.conditions is None:
            return
        last_s = np.full(self.tick_s.size, 0.0)
        for at_s in self.truth_s:
            last_s[np.searchsorted(self.tick_s, at_s) :] = at_s
        since_s = self.tick_s - last_s
        begun = np.zeros(self.tick_s.size)
        for event in self.truth.events:
            if event.kind in (*_NO_SIGNAL, *WAVES):
                stop_s = event.stop_sample / self.fs_hz
                begun[np.searchsorted(self.tick_s, stop_s) :] = stop_s
        since_s = np.minimum(since_s, self.tick_s - begun)
        said = (self.mask & CONDITION_PAUSE) != 0
        other = (self.mask & _COVERING) != 0
        # Sure: due and not just ended. A pause may be said from a little before three seconds on.
        due = (since_s > PAUSE_S + PAUSE_LATE_S) & ~self.waves & (self.tick_s > GRACE_S + _TICK_S)
        blocked = np.zeros_like(due)
        for event in self.truth.events:
            if event.kind in _NO_SIGNAL:
                first, stop = event.start_sample / self.fs_hz, event.stop_sample / self.fs_hz + GRACE_S
                blocked |= (self.tick_s >= first) & (self.tick_s < stop)
        if self.expectation.pauses:
            for k in np.flatnonzero(due & ~said & ~blocked):
                self._error("pause", float(self.tick_s[k]), bool(other[k]))
        may = since_s > PAUSE_S - 0.4
        late = round(PAUSE_LATE_S / _TICK_S)
        recent = np.convolve(may, np.ones(late + 1))[: may.size] > 0
        wrong = said & ~recent & self.judged
        for k in np.flatnonzero(wrong):
            self._error("false pause", float(self.tick_s[k]), bool(other[k]))

    def disturbed(self) -> None:
        """A signal at its rail, or none: said while it lasts, and beats made of its edges are flagged."""
        if self.found.conditions is None:
            return
        for event in self.truth.events:
            if event.kind not in _NO_SIGNAL:
                continue
            first_s, stop_s = event.start_sample / self.fs_hz, event.stop_sample / self.fs_hz
            inside = (self.tick_s > first_s + SIGNAL_LOST_S) & (self.tick_s < stop_s)
            for k in np.flatnonzero(inside & ((self.mask & _COVERING) == 0)):
                self._error("not said", float(self.tick_s[k]), False)
            near = (self.found.at_s > first_s - 0.1) & (self.found.at_s < stop_s + GRACE_S)
            for j in np.flatnonzero(near):
                away_s = np.abs(self.truth_s - self.found.at_s[j])
                if not away_s.size or away_s.min() > 0.15:
                    self._false(int(j))

    def wave_stretches(self) -> None:
        """Flutter and fibrillation: said, or found as ventricular waves one after the other."""
        counted = self.judged & self.waves
        for event in self.truth.events:
            if event.kind in WAVES:
                onset_s = event.start_sample / self.fs_hz
                counted &= ~((self.tick_s >= onset_s) & (self.tick_s < onset_s + WAVES_GRACE_S))
        said_pause = self.judged & self.waves & ((self.mask & CONDITION_PAUSE) != 0)
        for k in np.flatnonzero(said_pause):
            self._error("false pause", float(self.tick_s[k]), False)
        if not counted.any():
            return
        good = (self.mask & CONDITION_FIBRILLATION) != 0
        marked = (self.found.classes == "V") | ((self.found.flags & FLAG_FIBRILLATION) != 0)
        for j in range(1, self.found.at_s.size):
            if marked[j - 1] and marked[j] and self.found.at_s[j] - self.found.at_s[j - 1] < 0.6:
                good[self._tick(self.found.at_s[j - 1]) : self._tick(self.found.at_s[j]) + 1] = True
        bad = np.flatnonzero(counted & ~good)
        if 100 * bad.size <= (100 - CLASS_PERCENT) * counted.sum():
            return
        for k in bad:
            at_s = float(self.tick_s[k])
            self._error("waves", at_s, self._said(at_s) or self._between_flagged(at_s))

    def cautious(self) -> None:
        """Conditions over good signal: nothing is wrong in silence, but the device withholds itself."""
        counted = self.judged & ~self.waves
        withheld = counted & ((self.mask & _COVERING) != 0)
        if withheld.sum() > CAUTIOUS_SHARE * max(int(counted.sum()), 1):
            self._error("cautious", float(self.tick_s[int(np.argmax(withheld))]), True)


def judge(truth: Simulation, found: Found, expectation: Expectation) -> Verdict:
    """Compare what was found in a record with its truth.

    Parameters
    ----------
    truth : Simulation
        The record.
    found : Found
        Beats and conditions, filter delay taken out.
    expectation : Expectation
        What is judged beyond the beats.
    """
    work = _Judge(truth, found, expectation)
    beats = work.beats()
    work.pauses()
    work.disturbed()
    work.wave_stretches()
    work.cautious()
    outcome = "right" if not work.errors else "flagged"
    if any(not error.flagged for error in work.errors):
        outcome = "silent_wrong"
    return Verdict(outcome, tuple(sorted(work.errors, key=lambda error: error.start_s)), beats)


def core_found(result: CoreResult, delay_samples: int, fs_hz: float) -> Found:
    """Bring a result of the C core into the judge's terms."""
    beats = result.beats
    at_s = (beats["r_sample"].astype(np.int64) - delay_samples) / fs_hz
    conditions = tuple((int(c["sample"]) / fs_hz, int(c["conditions"])) for c in result.conditions)
    classes = np.array([CLASS_NAMES[c] for c in beats["aami_class"]], dtype="U1")
    flags = beats["flags"].astype(np.int64)
    return Found(at_s, beats["rr_prev_samples"].astype(np.float64) / fs_hz, classes, flags, conditions)
