"""Made-up rhythms: labels and RR intervals, of atrial ectopy and of what is easily mistaken for it.

Databases hold few patients whose atrial beats come in runs between irregular pauses, and few with atrial
fibrillation. The modes here were designed after looking at the errors on DS2 (record 232 above all;
episodes of fibrillation and flutter after 202, blocked atrial beats and a junctional pacemaker after 219
and 222).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: Beats of one made-up rhythm.
BEATS = 320

#: Shortest and longest interval, s.
INTERVAL_MIN_S, INTERVAL_MAX_S = 0.26, 6.0

N, S, V = 0, 1, 2

#: How early V come, and how long the pause after them is, as shares of the interval.
V_EARLIEST, V_LATEST, V_PAUSE_MIN, V_PAUSE_MAX = 0.55, 0.85, 1.0, 1.45

#: What the atria do before a beat: a P wave, nothing that is seen, f waves, flutter waves.
SINUS, SILENT, FIBRILLATING, FLUTTERING = range(4)


@dataclass(frozen=True)
class Rhythm:
    """Beats of a made-up rhythm.

    Attributes
    ----------
    label : ndarray
        int64 [BEATS]: N, S or V.
    interval_s : ndarray
        float64 [BEATS], the RR interval before each beat, s.
    atria : ndarray
        int64 [BEATS], SINUS, SILENT, FIBRILLATING or FLUTTERING in this interval.
    blocked_s : ndarray
        float64 [BEATS]: how long after the R peak before it an early atrial beat would have come that was
        not conducted, so that its P wave alone lies in the interval, s; 0 without one.
    """

    label: NDArray[np.int64]
    interval_s: NDArray[np.float64]
    atria: NDArray[np.int64]
    blocked_s: NDArray[np.float64]


def _rhythm(
    label: NDArray[np.int64],
    interval_s: NDArray[np.float64],
    atria: NDArray[np.int64] | int = SINUS,
    blocked_s: NDArray[np.float64] | float = 0.0,
) -> Rhythm:
    limited = np.clip(interval_s[:BEATS], INTERVAL_MIN_S, INTERVAL_MAX_S)
    waves, lone_p = np.atleast_1d(atria)[:BEATS], np.atleast_1d(blocked_s)[:BEATS]
    return Rhythm(
        label[:BEATS], limited, np.broadcast_to(waves, BEATS).copy(), np.broadcast_to(lone_p, BEATS).copy()
    )


def _all_normal(interval_s: NDArray[np.float64], atria: NDArray[np.int64] | int = SINUS) -> Rhythm:
    return _rhythm(np.zeros(BEATS, np.int64), interval_s, atria)


def with_ventricular(rhythm: Rhythm, share: float, rng: np.random.Generator) -> Rhythm:
    """Let a share of the beats be V, early and with a pause, both of one length in the whole rhythm."""
    label, interval_s = rhythm.label.copy(), rhythm.interval_s.copy()
    at = np.flatnonzero(rng.random(BEATS - 1) < share)
    label[at] = V
    interval_s[at] *= rng.uniform(V_EARLIEST, V_LATEST)
    interval_s[at + 1] *= rng.uniform(V_PAUSE_MIN, V_PAUSE_MAX)
    return _rhythm(label, interval_s, rhythm.atria, rhythm.blocked_s)


class _Builder:
    """Appends beats until there are enough."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.beats: list[tuple[int, float, int, float]] = []

    def add(
        self, label: int, interval_s: float, spread: float, atria: int = SINUS, blocked_s: float = 0.0
    ) -> None:
        """Append a beat whose interval varies by a factor of about ``1 + spread``."""
        varied_s = interval_s * float(np.exp(spread * self.rng.standard_normal()))
        self.beats.append((label, varied_s, atria, blocked_s))

    @property
    def short(self) -> bool:
        """Whether beats are missing."""
        return len(self.beats) < BEATS

    def rhythm(self) -> Rhythm:
        """Return what there is, cut to length."""
        label, interval_s, atria, blocked_s = zip(*self.beats, strict=True)
        return _rhythm(np.array(label), np.array(interval_s), np.array(atria), np.array(blocked_s))


def pauses(usual_s: float, rng: np.random.Generator) -> Rhythm:
    """One or two N after an irregular pause, then a run of S: the sick sinus with atrial escape runs."""
    b = _Builder(rng)
    pause_s = usual_s * rng.uniform(1.0, 2.2)
    short_s = max(0.35, pause_s * rng.uniform(0.38, 0.75))
    spread, jitter, run = rng.uniform(0.05, 0.4), rng.uniform(0.01, 0.06), rng.uniform(1.5, 8)
    while b.short:
        for _ in range(1 + (rng.random() < 0.3)):
            b.add(N, pause_s, spread)
        for _ in range(1 + rng.poisson(run - 1)):
            b.add(S, short_s, jitter)
    return b.rhythm()


def runs(usual_s: float, rng: np.random.Generator) -> Rhythm:
    """Stretches of steady N and runs of S."""
    b = _Builder(rng)
    short_s = max(0.3, usual_s * rng.uniform(0.45, 0.8))
    jitter, run, between = rng.uniform(0.01, 0.06), rng.uniform(3, 40), rng.uniform(8, 50)
    while b.short:
        for i in range(1 + rng.poisson(between)):
            b.add(N, usual_s * (rng.uniform(1, 1.5) if i == 0 and b.beats else 1), jitter)
        for _ in range(1 + rng.poisson(run)):
            b.add(S, short_s, jitter)
    return b.rhythm()


def patterns(usual_s: float, rng: np.random.Generator) -> Rhythm:
    """Single S and couplets among few N: bigeminy, trigeminy and the like."""
    b = _Builder(rng)
    jitter, between, group = rng.uniform(0.01, 0.06), rng.integers(1, 4), rng.integers(1, 4)
    while b.short:
        for i in range(between if rng.random() < 0.8 else rng.integers(1, 8)):
            b.add(N, usual_s * (rng.uniform(1, 1.35) if i == 0 and b.beats else 1), jitter)
        for _ in range(group if rng.random() < 0.3 else 1):
            b.add(S, max(0.3, usual_s * rng.uniform(0.5, 0.85)), 0.0)
    return b.rhythm()


def mixed(usual_s: float, rng: np.random.Generator) -> Rhythm:
    """S alone and in couplets in a sinus rhythm, N in the fibrillation or flutter that they herald."""
    b = _Builder(rng)
    sinus_s, jitter = usual_s * rng.uniform(0.9, 1.4), rng.uniform(0.01, 0.06)
    early, after, scatter = rng.uniform(0.36, 0.75), rng.uniform(0.95, 1.3), rng.uniform(0.01, 0.08)
    atria = int(rng.choice((FIBRILLATING, FLUTTERING)))
    while b.short:
        share, couplets = rng.choice((0.05, 0.2, 0.5, 0.9)), rng.uniform(0, 0.6)
        first = True
        for _ in range(int(rng.integers(8, 60))):
            b.add(N, sinus_s * (1 if first else after), jitter)
            first = rng.random() > share
            if not first:
                for _ in range(1 + (rng.random() < couplets)):
                    b.add(S, max(0.3, sinus_s * early), scatter)
        if rng.random() < 0.7:
            _episode(b, sinus_s, atria, int(rng.integers(4, 80)))
    return b.rhythm()


def _episode(b: _Builder, sinus_s: float, atria: int, beats: int) -> None:
    """Append N in fibrillation, without order, or in flutter: two to four waves a beat."""
    rng = b.rng
    if atria == FIBRILLATING:
        fast_s, spread = max(sinus_s * rng.uniform(0.38, 0.8), 0.36), rng.uniform(0.1, 0.35)
        for _ in range(beats):
            b.add(N, fast_s, spread, atria)
        return
    wave_s, jitter = rng.uniform(0.18, 0.26), rng.uniform(0.01, 0.05)
    change = rng.uniform(0.2, 0.8) if rng.random() < 0.7 else 0.0
    waves = int(rng.integers(2, 5))
    for _ in range(beats):
        if rng.random() < change:
            waves = int(rng.integers(2, 5))
        b.add(N, wave_s * waves, jitter, atria)


def fibrillation(usual_s: float, rng: np.random.Generator) -> Rhythm:
    """N at intervals without any order."""
    mean_s, spread = usual_s * rng.uniform(0.6, 1.1), rng.uniform(0.1, 0.35)
    return _all_normal(np.maximum(mean_s * np.exp(spread * rng.standard_normal(BEATS)), 0.33), FIBRILLATING)


def paroxysms(usual_s: float, rng: np.random.Generator) -> Rhythm:
    """N in episodes of fibrillation or flutter, most of them faster than the sinus rhythm between."""
    b = _Builder(rng)
    sinus_s, atria = usual_s * rng.uniform(0.9, 1.4), int(rng.choice((FIBRILLATING, FLUTTERING)))
    while b.short:
        jitter = rng.uniform(0.01, 0.06)
        for _ in range(int(rng.integers(15, 100))):
            b.add(N, sinus_s, jitter)
        _episode(b, sinus_s, atria, int(rng.integers(10, 120)))
    return b.rhythm()


def junctional(usual_s: float, rng: np.random.Generator) -> Rhythm:
    """N of a sinus rhythm and, at another rate, of the AV junction, whose P wave is not seen."""
    b = _Builder(rng)
    interval_s = (usual_s * rng.uniform(0.8, 1.2), usual_s * rng.uniform(0.85, 1.5))
    jitter, longest = rng.uniform(0.01, 0.07), rng.integers(5, 80)
    while b.short:
        for atria in (SINUS, SILENT):
            for _ in range(int(rng.integers(2, longest))):
                b.add(N, interval_s[atria], jitter, atria)
    return b.rhythm()


def blocked(usual_s: float, rng: np.random.Generator) -> Rhythm:
    """N with the pauses that early atrial beats leave which are not conducted."""
    b = _Builder(rng)
    sinus_s, jitter = usual_s * rng.uniform(0.75, 1.1), rng.uniform(0.01, 0.06)
    pause, early = rng.uniform(1.35, 2.0), rng.uniform(0.35, 0.65)
    few = (0, 0, 1, 1, 1, 2, 3)
    while b.short:
        fixed, between = rng.random() < 0.5, int(rng.choice(few))
        for _ in range(int(rng.integers(2, 20))):
            for _ in range(between if fixed else int(rng.choice(few))):
                b.add(N, sinus_s, jitter)
            b.add(N, sinus_s * pause, 0.03, blocked_s=sinus_s * early * float(rng.uniform(0.9, 1.1)))
        for _ in range(int(rng.integers(1, 30))):
            b.add(N, sinus_s, jitter)
    return b.rhythm()


def breathing(usual_s: float, rng: np.random.Generator) -> Rhythm:
    """N of a sinus rhythm that follows the breath."""
    depth, period_beats = rng.uniform(0.05, 0.22), rng.uniform(3, 9)
    phase = np.cumsum(2 * np.pi / (period_beats * np.exp(0.15 * rng.standard_normal(BEATS))))
    wave = np.sin(phase) + rng.uniform(0, 0.5) * np.sin(2 * phase)
    jitter = rng.uniform(0.005, 0.03) * rng.standard_normal(BEATS)
    return _all_normal(usual_s * np.exp(depth * wave + jitter))


def block(usual_s: float, rng: np.random.Generator) -> Rhythm:
    """N with dropped beats: single ones, two to one, and groups of Wenckebach's kind."""
    sinus_s, jitter = min(usual_s, 0.9), rng.uniform(0.005, 0.03)
    intervals: list[float] = []
    while len(intervals) < BEATS:
        repeats = 1 + int(rng.poisson(rng.uniform(2, 25)))
        kind = rng.integers(3)
        if kind < 2:
            intervals += [sinus_s * (1 + kind)] * repeats
            continue
        for _ in range(repeats):
            conducted = [sinus_s * rng.uniform(0.95, 1.1)] * int(rng.integers(1, 6))
            intervals += [*conducted, sinus_s * rng.uniform(1.7, 2.0)]
    return _all_normal(np.array(intervals[:BEATS]) * np.exp(jitter * rng.standard_normal(BEATS)))


def drift(usual_s: float, rng: np.random.Generator) -> Rhythm:
    """N whose rate wanders, at times within few beats."""
    steps = 0.02 * rng.standard_normal(BEATS)
    steps += 0.25 * rng.standard_normal(BEATS) * (rng.random(BEATS) < 0.02)
    level = np.zeros(BEATS)
    for i in range(1, BEATS):
        level[i] = np.clip(0.97 * level[i - 1] + steps[i], -0.6, 0.6)
    smooth = np.convolve(np.pad(level, 3, mode="edge"), np.ones(7) / 7, "valid")
    return _all_normal(usual_s * np.exp(smooth + rng.uniform(0.005, 0.04) * rng.standard_normal(BEATS)))


#: Modes with S beats: for patients who have some.
ATRIAL: dict[str, Callable[[float, np.random.Generator], Rhythm]] = {
    "pauses": pauses,
    "runs": runs,
    "patterns": patterns,
    "mixed": mixed,
}
#: Modes of N alone, whose early beats are no S: for every patient.
NORMAL: dict[str, Callable[[float, np.random.Generator], Rhythm]] = {
    "fibrillation": fibrillation,
    "paroxysms": paroxysms,
    "junctional": junctional,
    "blocked": blocked,
    "breathing": breathing,
    "block": block,
    "drift": drift,
}
