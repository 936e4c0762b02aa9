"""Picks the moments of a recording that are worth a strip of paper."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from host_tools.beats import CLASS_NAMES, FLAG_NOISY
from host_tools.summary import (
    PAUSE_S,
    Stretches,
    alternations,
    clock,
    find_pauses,
    find_stretches,
    neighbours,
    rate_episodes,
    runs_of,
    spans,
)
from host_tools.summary.quality import Quality

#: An interval is worth a strip from this length on, and from this multiple of the median.
LONG_RR_S = 1.8
LONG_RR_SHARE = 1.6

#: Noise is worth a strip from this many flagged beats in a row.
NOISY_BEATS = 5

#: What is shown first when there is not room for everything.
PRIORITY = (
    *("flutter or fibrillation", "run of V", "tachycardia", "bigeminy", "couplet", "pause", "PVC"),
    *("run of S", "PAC", "trigeminy", "bradycardia", "unreadable", "lead off"),
    *("noise", "fusion", "saturated", "couplet of S"),
)


#: Of these the longest is shown first, as of runs.
_BY_LENGTH = ("pause", "flutter or fibrillation", "tachycardia", "bradycardia", "unreadable")


@dataclass(frozen=True)
class StripEvent:
    """A moment: its kind, a caption, and where it is (seconds)."""

    kind: str
    caption: str
    start_s: float
    stop_s: float


def find_events(
    beats: NDArray[np.void],
    fs_hz: float,
    samples: NDArray[np.int16],
    conditions: NDArray[np.void] | None = None,
    rails: tuple[int, int] | None = None,
) -> list[StripEvent]:
    """Find all moments of the kinds in :data:`PRIORITY`, in time order.

    Parameters
    ----------
    beats : BEAT_DTYPE (n,)
        ``r_sample`` counted from the first sample, without the filter delay.
    fs_hz : float
        Rate of ``samples`` and of these sample numbers.
    samples : int16 (m,)
        The signal, -32768 = no sample.
    conditions, rails : optional
        As for :func:`host_tools.summary.summarise`.
    """
    at_s = beats["r_sample"].astype(np.float64) / fs_hz
    letters = "".join(CLASS_NAMES[c] for c in beats["aami_class"])
    stretches, quality = find_stretches(beats, fs_hz, samples.size, samples, conditions, rails)
    assert quality is not None  # there are samples
    joined = neighbours(beats, stretches.gaps)
    found = [
        *_patterns(letters, joined, at_s),
        *_rates(beats, joined, fs_hz),
        *_single_beats(letters, joined, at_s),
        *_pauses(joined, at_s),
        *_open_pauses(beats, joined, stretches, samples.size, fs_hz),
        *_signal(beats, at_s, fs_hz, quality),
        *_said(stretches, fs_hz),
    ]
    return sorted(found, key=lambda e: e.start_s)


def _patterns(letters: str, joined: NDArray[np.bool_], at_s: NDArray[np.float64]) -> list[StripEvent]:
    found = []
    for letter in "VS":
        for p in runs_of(letters, letter, joined):
            start_s, stop_s = float(at_s[p.first]), float(at_s[p.last])
            rate = 60 * (p.ectopic_beats - 1) / max(stop_s - start_s, 1e-3)
            if p.kind == "run":
                caption = f"run of {p.ectopic_beats} {letter} beats at {rate:.0f}/min"
                found.append(StripEvent(f"run of {letter}", caption, start_s, stop_s))
            else:
                kind = "couplet" if letter == "V" else "couplet of S"
                found.append(StripEvent(kind, f"{letter} couplet", start_s, stop_s))
    for normal_beats in (1, 2):
        for p in alternations(letters, joined, normal_beats):
            caption = f"{p.kind}, {p.ectopic_beats} V beats"
            found.append(StripEvent(p.kind, caption, float(at_s[p.first]), float(at_s[p.last])))
    return found


def _single_beats(letters: str, joined: NDArray[np.bool_], at_s: NDArray[np.float64]) -> list[StripEvent]:
    names = {"V": ("PVC", "V beat"), "S": ("PAC", "S beat"), "F": ("fusion", "fusion beat")}
    found = []
    for i, letter in enumerate(letters):
        if letter not in names or not joined[i]:
            continue
        alone = letters[i - 1] != letter and (i + 1 == len(letters) or letters[i + 1] != letter)
        if alone:
            kind, caption = names[letter]
            found.append(StripEvent(kind, caption, float(at_s[i]), float(at_s[i])))
    return found


def _rates(beats: NDArray[np.void], joined: NDArray[np.bool_], fs_hz: float) -> list[StripEvent]:
    at = beats["r_sample"].astype(np.int64)
    found = []
    for p in rate_episodes(at, joined, fs_hz):
        start_s, stop_s = int(at[p.first]) / fs_hz, int(at[p.last]) / fs_hz
        caption = f"{p.kind} at {60 * (p.last - p.first) / (stop_s - start_s):.0f}/min"
        found.append(StripEvent(p.kind, caption, start_s, stop_s))
    return found


def _pauses(joined: NDArray[np.bool_], at_s: NDArray[np.float64]) -> list[StripEvent]:
    rr_s = np.where(joined[1:], np.diff(at_s), 0.0)
    if not (rr_s > 0).any():
        return []
    # In a slow rhythm an interval is a pause where it stands out, and from the length that all agree on.
    least_s = min(max(LONG_RR_S, LONG_RR_SHARE * float(np.median(rr_s[rr_s > 0]))), PAUSE_S)
    longest_first = sorted(np.flatnonzero(rr_s >= least_s), key=lambda k: -rr_s[k])
    return [
        StripEvent("pause", f"pause of {rr_s[k]:.2f} s", float(at_s[k]), float(at_s[k + 1]))
        for k in longest_first
    ]


def _open_pauses(
    beats: NDArray[np.void], joined: NDArray[np.bool_], stretches: Stretches, n_samples: int, fs_hz: float
) -> list[StripEvent]:
    """Pauses that the recording, or its readable part, begins or ends with."""
    at = beats["r_sample"].astype(np.int64)
    return [
        StripEvent("pause", f"pause of at least {p.duration_s:.1f} s", p.start_s, p.start_s + p.duration_s)
        for p in find_pauses(at, joined, stretches, n_samples, fs_hz)
        if not p.complete
    ]


def _said(stretches: Stretches, fs_hz: float) -> list[StripEvent]:
    return [
        StripEvent(kind, f"{caption}, {(stop - first) / fs_hz:.1f} s", first / fs_hz, stop / fs_hz)
        for kind, caption, found in (
            ("flutter or fibrillation", "flutter or fibrillation suspected", stretches.fibrillation),
            ("unreadable", "unreadable", stretches.unreadable),
        )
        for first, stop in found
    ]


def _signal(
    beats: NDArray[np.void], at_s: NDArray[np.float64], fs_hz: float, quality: Quality
) -> list[StripEvent]:
    found = []
    for kind, mask in (("lead off", quality.lead_off), ("saturated", quality.saturated)):
        for first, stop in spans(mask):
            if stop - first >= 0.2 * fs_hz:
                caption = f"{kind} for {(stop - first) / fs_hz:.1f} s"
                found.append(StripEvent(kind, caption, first / fs_hz, stop / fs_hz))
    for first, stop in spans((beats["flags"] & FLAG_NOISY) != 0):
        if stop - first >= NOISY_BEATS:
            start_s, stop_s = float(at_s[first]), float(at_s[stop - 1])
            found.append(StripEvent("noise", f"noisy until {clock(stop_s)}", start_s, stop_s))
    return found


@dataclass(frozen=True)
class Strip:
    """A strip of paper: where it begins, and what it shows."""

    start_s: float
    caption: str


def choose_strips(
    events: list[StripEvent], duration_s: float, strip_s: float, max_strips: int
) -> list[Strip]:
    """Choose at most ``max_strips`` strips of ``strip_s`` seconds, in time order.

    One of each kind first, in order of :data:`PRIORITY`, then the second of each, and so on; moments
    that fall on a strip already chosen join its caption.
    """
    rounds: list[tuple[int, int, float, StripEvent]] = []
    for kind in {event.kind for event in events}:
        rank = PRIORITY.index(kind) if kind in PRIORITY else len(PRIORITY)
        same = _worth([event for event in events if event.kind == kind])
        rounds += [(k, rank, event.start_s, event) for k, event in enumerate(same)]
    rounds.sort(key=lambda r: r[:3])
    starts: list[float] = []
    for *_, event in rounds:
        if any(_shows(start_s, event, strip_s) for start_s in starts):
            continue
        start_s = _place(event, duration_s, strip_s)
        if len(starts) < max_strips and all(abs(start_s - other) >= 0.6 * strip_s for other in starts):
            starts.append(start_s)
    if not starts:
        starts = [max(0.0, 0.5 * (duration_s - strip_s))]
    return [Strip(s, _caption(s, events, strip_s)) for s in sorted(starts)]


def _worth(same: list[StripEvent]) -> list[StripEvent]:
    """Order events of one kind: runs, pauses and the like by length; others from all over the recording."""
    if same[0].kind in _BY_LENGTH or same[0].kind.startswith("run"):
        return sorted(same, key=lambda e: e.start_s - e.stop_s)
    # The first, the middle one, those at a quarter and three quarters, ...
    n = len(same)
    width = n.bit_length()
    order = sorted(range(1 << width), key=lambda k: int(f"{k:0{width}b}"[::-1], 2)) if n > 1 else [0]
    return [same[k] for k in order if k < n]


def _place(event: StripEvent, duration_s: float, strip_s: float) -> float:
    """Begin so that the event is in the middle; one that does not fit shows its beginning or its end."""
    if event.stop_s - event.start_s <= 0.7 * strip_s:
        start_s = 0.5 * (event.start_s + event.stop_s - strip_s)
    elif event.kind in ("lead off", "saturated"):
        start_s = event.stop_s - 0.4 * strip_s
    else:
        start_s = event.start_s - 0.2 * strip_s
    return float(np.clip(start_s, 0.0, max(duration_s - strip_s, 0.0)))


def _shows(start_s: float, event: StripEvent, strip_s: float) -> bool:
    """Whether a strip shows enough of an event: all of a short one, two seconds of a long one."""
    shown_s = min(event.stop_s, start_s + strip_s) - max(event.start_s, start_s)
    return shown_s >= min(event.stop_s - event.start_s, 2.0) and shown_s >= 0


def _caption(start_s: float, events: list[StripEvent], strip_s: float) -> str:
    shown = [event for event in events if _shows(start_s, event, strip_s)]
    pauses = [event for event in shown if event.kind == "pause"]
    if pauses:
        longest = max(pauses, key=lambda e: e.stop_s - e.start_s)
        shown = [event for event in shown if event.kind != "pause" or event is longest]
    if any(event.kind in ("bigeminy", "trigeminy") for event in shown):
        # Its single beats are not news.
        shown = [event for event in shown if event.kind != "PVC"]
    captions: dict[str, int] = {}
    for event in shown:
        captions[event.caption] = captions.get(event.caption, 0) + 1
    text = ", ".join(c if k == 1 else f"{k} {c}s" for c, k in captions.items())
    return text or "no event"
