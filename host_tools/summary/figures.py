"""The figures of a recording, from its beats."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from host_tools.beats import (
    CLASS_NAMES,
    FLAG_FIBRILLATION,
    FLAG_LEAD_OFF,
    FLAG_NOISY,
    FLAG_PACED,
    FLAG_SATURATED,
    FLAG_UNDECIDED,
)
from host_tools.ec57 import CLASSES, Score, pair_beats, qrs_score, sveb_score, veb_score
from host_tools.reference.params import ADU_PER_MV

from .cause import LEAST_S, likely_cause, signal_size_mv
from .doubt import TINY_MV, beat_sizes_mv, doubted, dwarfed_beats, small_beats
from .patterns import Pattern, alternations, runs_of
from .pauses import Pause, find_pauses, longest_pause
from .quality import Quality
from .rate import HeartRate, heart_rate, rate_episodes, regular_waves, usual_rate
from .stretches import QUIET_MV, Span, Stretches, find_stretches, merged, neighbours

#: Without samples and conditions, a longer interval counts as a gap in the signal.
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
class Episode:
    """A pattern in time: kind, class and number of its ectopic beats, start, duration, rate, all its beats.

    The class of ``tachycardia`` and ``bradycardia`` is that of most of the beats, N where there is no such,
    and V where ventricular flutter is suspected.
    """

    kind: str
    aami_class: str
    ectopic_beats: int
    start_s: float
    duration_s: float
    rate_bpm: float
    beats: int = 0


@dataclass(frozen=True)
class Stretch:
    """A part of the recording: where it begins, and its length."""

    start_s: float
    duration_s: float


@dataclass(frozen=True)
class SignalQuality:
    """Shares of 0 to 1.

    ``usable_time``: samples that are neither missing, nor flat for longer than two seconds, nor
    saturated, nor where flutter or fibrillation is suspected or no beats can be told. ``usable_beats``:
    beats without the flags lead off, saturated, noisy, undecided and fibrillation. ``undecided_beats``:
    those whose class the device says not to trust.
    """

    usable_time: float
    usable_beats: float
    lead_off_s: float
    saturated_s: float
    noisy_beats: int
    undecided_beats: int
    fibrillation_s: float = 0.0
    unreadable_s: float = 0.0


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
    """All figures of a recording; plain values only, ready for JSON.

    ``pauses``: all of three seconds and longer. ``fibrillation``: where ventricular flutter or fibrillation
    is suspected. ``unreadable``: where there is a signal in which no beats can be told. ``small_beats``:
    where beats are far smaller than those before; ``dwarfed_beats``: how many are beside larger ones.
    ``notice``: why no beats were found, where there is a part without any.
    """

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
    pauses: list[Pause] = field(default_factory=list)
    fibrillation: list[Stretch] = field(default_factory=list)
    unreadable: list[Stretch] = field(default_factory=list)
    dwarfed_beats: int = 0
    small_beats: list[Stretch] = field(default_factory=list)
    paced_beats: int = 0
    notice: str | None = None


def summarise(
    beats: NDArray[np.void],
    fs_hz: float,
    n_samples: int,
    reference: ReferenceBeats | None = None,
    *,
    samples: NDArray[np.int16] | None = None,
    conditions: NDArray[np.void] | None = None,
    rails: tuple[int, int] | None = None,
    adu_per_mv: float = ADU_PER_MV,
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
    conditions : CONDITION_DTYPE (m,), optional
        What the device said beside the beats; without it flutter, fibrillation and unreadable stretches are
        not known.
    rails : tuple of int, optional
        Ends of the converter's range, in the samples' unit.
    adu_per_mv : float
        Units of the samples per millivolt.

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
    stretches, quality = find_stretches(beats, fs_hz, n_samples, samples, conditions, rails)
    known = samples is not None or conditions is not None
    joined = neighbours(beats, stretches.gaps) if known else _joined_by_flags(beats, fs_hz)
    counts = {name: letters.count(name) for name in CLASS_NAMES}
    patterns = {name: runs_of(letters, name, joined) for name in ("V", "S")}
    bigeminy, trigeminy = (alternations(letters, joined, k) for k in (1, 2))
    found = [*patterns["V"], *bigeminy, *trigeminy]
    episodes = [_episode(p, "V", at, fs_hz) for p in found]
    episodes += [_episode(p, "S", at, fs_hz) for p in patterns["S"]]
    episodes += [_rate_episode(p, letters, at, fs_hz) for p in rate_episodes(at, joined, fs_hz)]
    waves = [regular_waves(at, first, stop, fs_hz) for first, stop in stretches.fibrillation]
    episodes += [_episode(p, "V", at, fs_hz) for p in waves if p is not None]
    pauses = find_pauses(at, joined, stretches, n_samples, fs_hz)
    small: list[Span] = []
    size_mv, dwarfed = None, 0
    if samples is not None and quality is not None:
        sizes_mv = beat_sizes_mv(samples, quality, at, fs_hz, adu_per_mv)
        small, dwarfed = small_beats(sizes_mv, at, fs_hz), dwarfed_beats(sizes_mv)
        size_mv = float(np.nanmedian(sizes_mv)) if not np.isnan(sizes_mv).all() else None
        pauses = doubted(pauses, sizes_mv, at, samples, quality, fs_hz, adu_per_mv)
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
        longest_pause=longest_pause(at, joined, pauses, fs_hz),
        quality=_quality(beats, fs_hz, n_samples, stretches, quality),
        agreement=None if reference is None else agree(at, letters, fs_hz, reference),
        episodes=sorted(episodes, key=lambda e: e.start_s),
        pauses=pauses,
        fibrillation=_stretches(stretches.fibrillation, fs_hz),
        unreadable=_stretches(stretches.unreadable, fs_hz),
        dwarfed_beats=dwarfed,
        small_beats=_stretches(small, fs_hz),
        paced_beats=int(((beats["flags"] & FLAG_PACED) != 0).sum()),
        notice=_notice(samples, quality, stretches, pauses, len(beats), fs_hz, adu_per_mv) or _tiny(size_mv),
    )


def _joined_by_flags(beats: NDArray[np.void], fs_hz: float) -> NDArray[np.bool_]:
    """As :func:`.neighbours` where beats alone are known: short intervals between beats of good contact."""
    joined = neighbours(beats, [])
    clean = (beats["flags"] & (FLAG_LEAD_OFF | FLAG_SATURATED)) == 0
    rr = np.diff(beats["r_sample"].astype(np.int64))
    joined[1:] &= clean[1:] & clean[:-1] & (rr <= LONGEST_RR_S * fs_hz)
    return joined


def _inner_parts(pauses: list[Pause], fs_hz: float) -> list[Span]:
    """Long pauses without the T wave at their beginning and the next beat's P wave at their end."""
    found = []
    for pause in pauses:
        stop_s = pause.start_s + pause.duration_s - (0.3 if pause.complete else 0.0)
        if stop_s - pause.start_s - 0.6 >= LEAST_S:
            found.append((round((pause.start_s + 0.6) * fs_hz), round(stop_s * fs_hz)))
    return found


def _stretches(found: list[Span], fs_hz: float) -> list[Stretch]:
    return [Stretch(first / fs_hz, (stop - first) / fs_hz) for first, stop in found]


def _notice(
    samples: NDArray[np.int16] | None,
    quality: Quality | None,
    stretches: Stretches,
    pauses: list[Pause],
    n_beats: int,
    fs_hz: float,
    adu_per_mv: float,
) -> str | None:
    """Say why beats are missing: everywhere, or where the device could not tell any."""
    if samples is None or quality is None:
        return None

    def cause(where: str, silent: list[Span]) -> str | None:
        text = likely_cause(samples, quality, silent, fs_hz, adu_per_mv, n_beats > 0)
        return None if text is None else f"{where}: {text}"

    if n_beats == 0 and samples.size < LEAST_S * fs_hz:
        return "no beats were found: the record is too short, the thresholds have yet to be learnt"
    if n_beats == 0 and not stretches.fibrillation:
        return cause("no beats were found", [(0, samples.size)])
    pause = _inner_parts(pauses, fs_hz)
    if signal_size_mv(samples, quality, pause, fs_hz, adu_per_mv) > QUIET_MV:
        return cause("no beats in the pauses", pause)
    return cause("no beats in the unreadable stretches", stretches.unreadable)


def _tiny(size_mv: float | None) -> str | None:
    """Say that beats are smaller than QRS complexes are, where no larger ones came to compare them with."""
    if size_mv is None or size_mv >= TINY_MV:
        return None
    return (
        f"the beats found are very small (about {size_mv:.2f} mV peak to peak): P waves without QRS "
        "complexes? Are gain and unit right, would another lead do?"
    )


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
    beats = pattern.last - pattern.first + 1
    rate = 60.0 * (beats - 1) / duration_s if duration_s > 0 else 0.0
    return Episode(pattern.kind, letter, pattern.ectopic_beats, first / fs_hz, duration_s, rate, beats)


def _rate_episode(pattern: Pattern, letters: str, at: NDArray[np.int64], fs_hz: float) -> Episode:
    inside = letters[pattern.first : pattern.last + 1]
    letter = next((x for x in "VS" if 2 * inside.count(x) > len(inside)), "N")
    ectopic = len(inside) - inside.count("N")
    episode = _episode(Pattern(pattern.kind, pattern.first, pattern.last, ectopic), letter, at, fs_hz)
    rate = usual_rate(np.diff(at[pattern.first : pattern.last + 1]), fs_hz)
    return episode if rate is None else dataclasses.replace(episode, rate_bpm=rate)


def _quality(
    beats: NDArray[np.void], fs_hz: float, n_samples: int, stretches: Stretches, quality: Quality | None
) -> SignalQuality:
    unusable = FLAG_LEAD_OFF | FLAG_SATURATED | FLAG_NOISY | FLAG_UNDECIDED | FLAG_FIBRILLATION
    flagged = (beats["flags"] & unusable) != 0
    lead_off, saturated = _length(stretches.lead_off), _length(stretches.saturated)
    unusable_time = _length(stretches.gaps)
    if quality is not None:  # to the sample, gaps too short to hide a beat included
        lead_off, saturated = int(quality.lead_off.sum()), int(quality.saturated.sum())
        bad = quality.bad
        for first, stop in merged([*stretches.fibrillation, *stretches.unreadable]):
            bad[first:stop] = True
        unusable_time = int(bad.sum())
    return SignalQuality(
        usable_time=1.0 - unusable_time / n_samples if n_samples else 0.0,
        usable_beats=1.0 - float(flagged.mean()) if len(beats) else 0.0,
        lead_off_s=lead_off / fs_hz,
        saturated_s=saturated / fs_hz,
        noisy_beats=int(((beats["flags"] & FLAG_NOISY) != 0).sum()),
        undecided_beats=int(((beats["flags"] & FLAG_UNDECIDED) != 0).sum()),
        fibrillation_s=_length(stretches.fibrillation) / fs_hz,
        unreadable_s=_length(stretches.unreadable) / fs_hz,
    )


def _length(found: list[Span]) -> int:
    return sum(stop - first for first, stop in found)
