"""The figures of a recording, from its beats."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from host_tools.beats import CLASS_NAMES, FLAG_LEAD_OFF, FLAG_NOISY, FLAG_SATURATED, FLAG_UNDECIDED
from host_tools.ec57 import CLASSES, Score, pair_beats, qrs_score, sveb_score, veb_score

from .patterns import Pattern, alternations, runs_of
from .quality import judge

#: Least and greatest heart rate are means over this many RR intervals in a row.
RATE_WINDOW_BEATS = 8

#: Without the samples themselves, a longer interval counts as a gap in the signal.
LONGEST_RR_S = 8.0


class ReferenceBeats(Protocol):
    """Reference annotations: sample numbers as the beats' (int64, ascending) and their symbols or classes."""

    @property
    def samples(self) -> NDArray[np.int64]:
        """Sample numbers."""
        ...

    @property
    def labels(self) -> NDArray[np.str_]:
        """WFDB symbols or AAMI letters."""
        ...


@dataclass(frozen=True)
class HeartRate:
    """Beats per minute, over intervals without a gap in the signal.

    ``mean_bpm``: 60 over the mean interval. ``min_bpm``, ``max_bpm``: the least and greatest mean over
    eight intervals in a row, so that one early or missed beat does not decide. None = too few beats.
    """

    min_bpm: float | None
    mean_bpm: float | None
    max_bpm: float | None


@dataclass(frozen=True)
class Episode:
    """A pattern in time: kind, class of its ectopic beats, their number, start, duration, rate."""

    kind: str
    aami_class: str
    ectopic_beats: int
    start_s: float
    duration_s: float
    rate_bpm: float


@dataclass(frozen=True)
class Pause:
    """The longest interval between two beats with signal all the way: its length and where it begins."""

    duration_s: float
    start_s: float


@dataclass(frozen=True)
class SignalQuality:
    """Shares of 0 to 1.

    ``usable_time``: samples that are neither missing, nor flat for longer than two seconds, nor
    saturated. ``usable_beats``: beats without the flags lead off, saturated, noisy and
    undecided. ``undecided_beats``: those whose class the device says not to trust.
    """

    usable_time: float
    usable_beats: float
    lead_off_s: float
    saturated_s: float
    noisy_beats: int
    undecided_beats: int


@dataclass(frozen=True)
class Rates:
    """Counts against the reference; sensitivity and positive predictivity 0 to 1, None = undefined."""

    tp: int
    fn: int
    fp: int
    sensitivity: float | None
    positive_predictivity: float | None


@dataclass(frozen=True)
class Agreement:
    """Beat-by-beat agreement with reference annotations (EC57 pairing, 150 ms, all beats scored).

    ``matrix``: rows reference, columns test, both in the order of ``classes``; ``O`` = no beat.
    """

    reference_beats: int
    matched: int
    missed: int
    false_beats: int
    qrs: Rates
    veb: Rates
    sveb: Rates
    classes: tuple[str, ...]
    matrix: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Summary:
    """All figures of a recording; plain values only, ready for JSON."""

    duration_s: float
    beats: int
    heart_rate: HeartRate
    counts: dict[str, int]
    ectopic_share: float
    couplets: dict[str, int]
    runs: dict[str, int]
    longest_run: dict[str, int]
    bigeminy_episodes: int
    trigeminy_episodes: int
    longest_pause: Pause | None
    quality: SignalQuality
    agreement: Agreement | None
    episodes: list[Episode] = field(default_factory=list)


def summarise(
    beats: NDArray[np.void],
    fs_hz: float,
    n_samples: int,
    reference: ReferenceBeats | None = None,
    *,
    samples: NDArray[np.int16] | None = None,
) -> Summary:
    """Sum up a recording.

    Parameters
    ----------
    beats : BEAT_DTYPE (n,)
        In time order; ``r_sample`` counted from the first sample, without the filter delay.
    fs_hz : float
        Rate of these sample numbers, > 0.
    n_samples : int
        Length of the recording.
    reference : ReferenceBeats, optional
        Annotations to compare with, counted in the same samples; ``[`` and ``]`` among them bound
        ventricular flutter.
    samples : int16 (n_samples,), optional
        The signal as sent to the device. With it the signal's quality over time is known, and gaps are
        told from pauses exactly; without it the beats' flags have to do.

    Returns
    -------
    Summary

    Raises
    ------
    ValueError
        If the rate is not positive or the samples do not fit.
    """
    if not fs_hz > 0:
        raise ValueError(f"sampling rate must be positive, not {fs_hz}")
    if samples is not None and samples.size != n_samples:
        raise ValueError(f"{samples.size} samples given, {n_samples} said")
    at = beats["r_sample"].astype(np.int64)
    letters = "".join(CLASS_NAMES[c] for c in beats["aami_class"])
    joined = gapless(beats, fs_hz, samples)
    counts = {name: letters.count(name) for name in CLASS_NAMES}
    patterns = {name: runs_of(letters, name, joined) for name in ("V", "S")}
    bigeminy, trigeminy = (alternations(letters, joined, k) for k in (1, 2))
    found = [*patterns["V"], *bigeminy, *trigeminy]
    episodes = [_episode(p, "V", at, fs_hz) for p in found]
    episodes += [_episode(p, "S", at, fs_hz) for p in patterns["S"]]
    return Summary(
        duration_s=n_samples / fs_hz,
        beats=len(beats),
        heart_rate=heart_rate(at, joined, fs_hz),
        counts=counts,
        ectopic_share=(len(beats) - counts["N"]) / len(beats) if len(beats) else 0.0,
        couplets={name: sum(p.kind == "couplet" for p in ps) for name, ps in patterns.items()},
        runs={name: sum(p.kind == "run" for p in ps) for name, ps in patterns.items()},
        longest_run={
            name: max((p.ectopic_beats for p in ps if p.kind == "run"), default=0)
            for name, ps in patterns.items()
        },
        bigeminy_episodes=len(bigeminy),
        trigeminy_episodes=len(trigeminy),
        longest_pause=_longest_pause(at, joined, fs_hz),
        quality=_quality(beats, fs_hz, n_samples, samples),
        agreement=None if reference is None else agree(at, letters, fs_hz, reference),
        episodes=sorted(episodes, key=lambda e: e.start_s),
    )


def gapless(beats: NDArray[np.void], fs_hz: float, samples: NDArray[np.int16] | None) -> NDArray[np.bool_]:
    """Whether the interval before each beat is known: signal all the way from the beat before, bool (n,).

    With ``samples``: neither missing, saturated nor flat in between. Without: not longer than
    :data:`LONGEST_RR_S`, and neither end flagged saturated or lead off. False for the first beat.
    """
    at = beats["r_sample"].astype(np.int64)
    joined = np.zeros(len(beats), dtype=bool)
    if samples is not None:
        bad = np.concatenate([[0], np.cumsum(judge(samples, fs_hz).bad)])
        inside = np.clip(at, 0, samples.size)
        joined[1:] = bad[inside[1:]] == bad[inside[:-1]]
    else:
        clean = (beats["flags"] & (FLAG_LEAD_OFF | FLAG_SATURATED)) == 0
        joined[1:] = clean[1:] & clean[:-1] & (np.diff(at) <= LONGEST_RR_S * fs_hz)
    return joined


def heart_rate(at: NDArray[np.int64], joined: NDArray[np.bool_], fs_hz: float) -> HeartRate:
    """Heart rate from R peaks (int64, samples) and :func:`gapless`; see :class:`HeartRate`."""
    rr = np.diff(at)
    known = joined[1:] & (rr > 0)
    if not known.any():
        return HeartRate(None, None, None)
    mean = 60.0 * fs_hz / float(rr[known].mean())
    k = RATE_WINDOW_BEATS
    if rr.size < k:
        return HeartRate(None, mean, None)
    whole = np.convolve(known.astype(np.int64), np.ones(k, dtype=np.int64), "valid") == k
    if not whole.any():
        return HeartRate(None, mean, None)
    total = np.convolve(rr, np.ones(k, dtype=np.int64), "valid")[whole]
    return HeartRate(60.0 * fs_hz * k / int(total.max()), mean, 60.0 * fs_hz * k / int(total.min()))


def agree(at: NDArray[np.int64], letters: str, fs_hz: float, reference: ReferenceBeats) -> Agreement:
    """Compare beats (samples, class letters) with reference annotations, the whole recording scored."""
    result = pair_beats(
        reference.samples,
        [str(label) for label in reference.labels],
        at,
        list(letters),
        fs_hz,
        start_s=0.0,
        mapping="dechazal",
    )
    return Agreement(
        reference_beats=len(result.pairs) + len(result.missed),
        matched=len(result.pairs),
        missed=len(result.missed),
        false_beats=len(result.false_beats),
        qrs=_rates(qrs_score(result.matrix)),
        veb=_rates(veb_score(result.matrix)),
        sveb=_rates(sveb_score(result.matrix)),
        classes=CLASSES,
        matrix=tuple(tuple(int(v) for v in row) for row in result.matrix),
    )


def _rates(score: Score) -> Rates:
    shares = (score.sensitivity, score.positive_predictivity)
    sensitivity, predictivity = (None if np.isnan(s) else float(s) for s in shares)
    return Rates(score.tp, score.fn, score.fp, sensitivity, predictivity)


def _episode(pattern: Pattern, letter: str, at: NDArray[np.int64], fs_hz: float) -> Episode:
    first, last = int(at[pattern.first]), int(at[pattern.last])
    duration_s = (last - first) / fs_hz
    rate = 60.0 * (pattern.last - pattern.first) / duration_s if duration_s > 0 else 0.0
    return Episode(pattern.kind, letter, pattern.ectopic_beats, first / fs_hz, duration_s, rate)


def _longest_pause(at: NDArray[np.int64], joined: NDArray[np.bool_], fs_hz: float) -> Pause | None:
    rr = np.where(joined[1:], np.diff(at), 0)
    if rr.size == 0 or rr.max() <= 0:
        return None
    k = int(np.argmax(rr))
    return Pause(int(rr[k]) / fs_hz, int(at[k]) / fs_hz)


def _quality(
    beats: NDArray[np.void], fs_hz: float, n_samples: int, samples: NDArray[np.int16] | None
) -> SignalQuality:
    flagged = (beats["flags"] & (FLAG_LEAD_OFF | FLAG_SATURATED | FLAG_NOISY | FLAG_UNDECIDED)) != 0
    lead_off = saturated = 0
    if samples is not None:
        judged = judge(samples, fs_hz)
        lead_off, saturated = int(judged.lead_off.sum()), int(judged.saturated.sum())
    return SignalQuality(
        usable_time=1.0 - (lead_off + saturated) / n_samples if n_samples else 0.0,
        usable_beats=1.0 - float(flagged.mean()) if len(beats) else 0.0,
        lead_off_s=lead_off / fs_hz,
        saturated_s=saturated / fs_hz,
        noisy_beats=int(((beats["flags"] & FLAG_NOISY) != 0).sum()),
        undecided_beats=int(((beats["flags"] & FLAG_UNDECIDED) != 0).sum()),
    )
