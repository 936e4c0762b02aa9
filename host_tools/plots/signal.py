"""A stretch of a recording on ECG paper, with its beats, its reference and its bad signal marked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from host_tools.beats import CLASS_NAMES, FLAG_FIBRILLATION, FLAG_NOISY, FLAG_PACED, FLAG_UNDECIDED
from host_tools.explain.annotated import flutter_stretches
from host_tools.reference.params import GRID_HZ, WINDOW_BEFORE_GRID, WINDOW_SAMPLES
from host_tools.summary import ReferenceBeats, find_pauses, find_stretches, neighbours, spans

from .paper import CLASS_COLOURS, FAINT_INK, INK, MM_PER_INCH, rule_paper, text_width_mm

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Below this confidence a beat's letter is drawn faint, as is that of an undecided beat.
LOW_CONFIDENCE_Q8 = 140

#: A strip shows at least and at most this much; at most this much of a beat that it is about.
_LEAST_MV, _MOST_MV, _MOST_BEAT_MV = 3.0, 6.0, 12.0
#: Room above and below the signal for the letters.
_ABOVE_MV, _BELOW_MV = 0.65, 0.35
#: Letters of beats nearer to a strip's ends stand this far inside: they would be cut in half.
_EDGE_MM = 2.0
#: The network's window around an R peak, seconds before and after.
WINDOW_S = (WINDOW_BEFORE_GRID / GRID_HZ, (WINDOW_SAMPLES - WINDOW_BEFORE_GRID) / GRID_HZ)

#: A beat's class is not to be trusted.
_NO_CLASS = FLAG_UNDECIDED | FLAG_FIBRILLATION

GREY, ORANGE, YELLOW, RED, BROWN = "#8e8e93", "#ff9500", "#ffd60a", "#ff3b30", "#a2845e"


class Recording:
    """Everything the drawing functions look up."""

    def __init__(
        self,
        samples_adu: NDArray[np.int16],
        fs_hz: float,
        beats: NDArray[np.void],
        adu_per_mv: float,
        reference: ReferenceBeats | None,
        conditions: NDArray[np.void] | None = None,
        rails: tuple[int, int] | None = None,
    ) -> None:
        self.fs_hz = fs_hz
        self.beats = beats
        self.at = np.clip(beats["r_sample"].astype(np.int64), 0, max(samples_adu.size - 1, 0))
        self.at_s = self.at / fs_hz
        self.letters = [CLASS_NAMES[c] for c in beats["aami_class"]]
        size = samples_adu.size
        self.stretches, quality = find_stretches(beats, fs_hz, size, samples_adu, conditions, rails)
        assert quality is not None  # there are samples
        self.quality = quality
        self.joined = neighbours(beats, self.stretches.gaps)
        self.pauses = find_pauses(self.at, self.joined, self.stretches, size, fs_hz)
        self.mv = np.where(samples_adu == -32768, np.nan, samples_adu / adu_per_mv)
        self.duration_s = samples_adu.size / fs_hz
        self.reference = reference
        self.flutter = flutter_stretches(reference)


def range_mv(
    recording: Recording, start_s: float, width_s: float, beat_s: float | None = None
) -> tuple[float, float]:
    """Range of a strip in whole 5 mm squares, with room for the letters; outliers are cut off.

    Parameters
    ----------
    recording : Recording
        The recording; where it has no signal or a saturated one, it does not count.
    start_s, width_s : float
        The strip, seconds.
    beat_s : float, optional
        R peak of the beat that the strip is about, seconds: the range holds its window, then as much of the
        rest as fits. Without one it lies around the strip's median.
    """
    good = _good_mv(recording, start_s, start_s + width_s)
    if good.size == 0:
        return -1.5, 1.5
    low, high = (float(v) for v in np.percentile(good, (0.15, 99.85)))
    low, high = low - _BELOW_MV, high + _ABOVE_MV
    if beat_s is None:
        middle = float(np.median(good))
        low, high = max(low, middle - _MOST_MV / 2), min(high, middle + _MOST_MV / 2)
    else:
        low, high = _around_beat(recording, good, beat_s, low, high)
    short = max(0.0, _LEAST_MV - (high - low))
    return float(np.floor(2 * (low - short / 2)) / 2), float(np.ceil(2 * (high + short / 2)) / 2)


def _good_mv(recording: Recording, start_s: float, stop_s: float) -> NDArray[np.float64]:
    """Samples with a signal between two times, mV; where there is none, all that are there."""
    first, stop = (max(round(s * recording.fs_hz), 0) for s in (start_s, stop_s))
    mv = recording.mv[first:stop]
    good = mv[np.isfinite(mv) & ~recording.quality.bad[first:stop]]
    return good if good.size else mv[np.isfinite(mv)]


def _around_beat(
    recording: Recording, good: NDArray[np.float64], beat_s: float, low: float, high: float
) -> tuple[float, float]:
    """Range that holds a beat's window and, as far as it fits, ``low`` to ``high``."""
    beat = _good_mv(recording, beat_s - WINDOW_S[0], beat_s + WINDOW_S[1])
    if beat.size == 0:
        beat = good
    bottom, top = float(beat.min()) - _BELOW_MV, float(beat.max()) + _ABOVE_MV
    if top - bottom > _MOST_BEAT_MV:
        at = min(max(round(beat_s * recording.fs_hz), 0), recording.mv.size - 1)
        r_mv = float(recording.mv[at] if np.isfinite(recording.mv[at]) else np.median(beat))
        bottom = min(max(r_mv - _MOST_BEAT_MV / 2, bottom), top - _MOST_BEAT_MV)
        top = bottom + _MOST_BEAT_MV
    most = max(_MOST_MV, top - bottom)
    if max(high, top) - min(low, bottom) <= most:
        return min(low, bottom), max(high, top)
    # Of all ranges of this height around the beat the one with most of the samples.
    lows = np.linspace(top - most, bottom, 25)
    inside = [np.count_nonzero((good >= v) & (good <= v + most)) for v in lows]
    best = float(lows[int(np.argmax(inside))])
    return best, best + most


def draw_signal(
    axes: Axes,
    recording: Recording,
    start_s: float,
    width_s: float,
    low_mv: float,
    high_mv: float,
    compact: bool = False,
) -> None:
    """Draw ``width_s`` seconds of a recording over the whole axes, on ECG paper of this range.

    ``compact``, for small strips: without the finest lines and without the marks below the letters.
    """
    rule_paper(axes, width_s, low_mv, high_mv, start_s, fine=not compact)
    first = max(round(start_s * recording.fs_hz), 0)
    stop = min(round((start_s + width_s) * recording.fs_hz) + 1, recording.mv.size)
    _shade(axes, recording, first, stop, low_mv, high_mv)
    time_s = np.arange(first, stop) / recording.fs_hz
    axes.plot(time_s, recording.mv[first:stop], color=INK, lw=0.85, solid_joinstyle="round", zorder=4)
    mm_per_s = axes.bbox.width / axes.figure.dpi * MM_PER_INCH / width_s
    edge_s = _EDGE_MM / mm_per_s
    _draw_beats(axes, recording, first, stop, high_mv, edge_s, marks=not compact)
    if recording.reference is not None:
        level_mv = low_mv + (0.05 * (high_mv - low_mv) if compact else 0.08)
        _draw_flutter(axes, recording, first, stop, level_mv, mm_per_s)
        _draw_reference(axes, recording, first, stop, level_mv, edge_s)


def marked(recording: Recording) -> list[tuple[list[tuple[int, int]], str, str]]:
    """What is shaded: stretches in samples, colour, and the word for it."""
    return [
        (spans(recording.quality.lead_off), GREY, "lead off"),
        (spans(recording.quality.saturated), ORANGE, "saturated"),
        (recording.stretches.fibrillation, RED, "flutter or fibrillation suspected"),
        (recording.stretches.unreadable, BROWN, "unreadable"),
    ]


def _shade(axes: Axes, recording: Recording, first: int, stop: int, low: float, high: float) -> None:
    """Shade what is no signal to rely on, and the surroundings of noisy and undecided beats; name pauses."""
    fs_hz = recording.fs_hz
    mm_per_s = axes.bbox.width / axes.figure.dpi * MM_PER_INCH * fs_hz / max(stop - first, 1)
    for found, colour, name in marked(recording):
        for a, b in found:
            left, right = max(a, first) / fs_hz, min(b, stop) / fs_hz
            if left >= right:
                continue
            axes.axvspan(left, right, color=colour, alpha=0.22, lw=0, zorder=2)
            if text_width_mm(name, 8) <= (right - left) * mm_per_s:
                _write(axes, 0.5 * (left + right), low + 0.5 * (high - low), name)
    for pause in recording.pauses:
        left = max(pause.start_s, first / fs_hz)
        right = min(pause.start_s + pause.duration_s, stop / fs_hz)
        text = f"pause{'' if pause.complete else ', at least'} {pause.duration_s:.1f} s"
        if text_width_mm(text, 8) <= (right - left) * mm_per_s:
            _write(axes, 0.5 * (left + right), low + 0.7 * (high - low), text)
    noisy = np.zeros(stop - first, dtype=bool)
    half = round(0.4 * fs_hz)
    for at in recording.at[(recording.beats["flags"] & (FLAG_NOISY | FLAG_UNDECIDED)) != 0]:
        noisy[max(at - half - first, 0) : max(at + half - first, 0)] = True
    for a, b in spans(~noisy):
        if b - a < fs_hz:  # the gap between two noisy beats
            noisy[a:b] = bool(a > 0 and b < noisy.size)
    for a, b in spans(noisy):
        axes.axvspan((first + a) / fs_hz, (first + b) / fs_hz, color=YELLOW, alpha=0.16, lw=0, zorder=2)


def _write(axes: Axes, x_s: float, y_mv: float, text: str) -> None:
    box = {"boxstyle": "round,pad=0.25", "fc": "white", "ec": "none", "alpha": 0.75}
    axes.text(x_s, y_mv, text, ha="center", va="center", size=8, color=FAINT_INK, bbox=box, zorder=6)


def _draw_beats(
    axes: Axes, recording: Recording, first: int, stop: int, high: float, edge_s: float, marks: bool
) -> None:
    """Letters above, a mark at each R peak, and ectopic beats in their colour."""
    fs_hz = recording.fs_hz
    for i in np.flatnonzero((recording.at >= first) & (recording.at < stop)):
        at, letter = int(recording.at[i]), recording.letters[i]
        beat = recording.beats[i]
        faint = beat["confidence_q8"] < LOW_CONFIDENCE_Q8 or beat["flags"] & _NO_CLASS
        colour = CLASS_COLOURS[letter]
        if letter != "N":
            before, after = _extent(recording, int(i))
            a, b = max(at - before, first), min(at + after, stop)
            axes.plot(np.arange(a, b) / fs_hz, recording.mv[a:b], color=colour, lw=1.35, zorder=5)
        x = at / fs_hz
        if marks:
            axes.plot([x, x], [high - 0.43, high - 0.36], color=colour, lw=1.0, zorder=5)
        axes.text(
            _inside(x, axes, edge_s),
            high - 0.06,
            letter,
            ha="center",
            va="top",
            size=9 if letter != "N" else 7.5,
            weight="bold" if letter != "N" else "normal",
            color=colour,
            alpha=0.4 if faint else 1.0,
            zorder=6,
            clip_on=True,
        )
        if beat["flags"] & FLAG_PACED and marks:
            axes.plot([x, x], [high - 0.62, high - 0.5], color=INK, lw=0.9, zorder=5)
        y = recording.mv[at]
        if np.isfinite(y):
            axes.plot([x], [y], "o", ms=2.6, color=colour, mec="white", mew=0.4, zorder=7)


def _inside(x_s: float, axes: Axes, edge_s: float) -> float:
    """Where a letter stands: at its beat, but not over the strip's ends."""
    left, right = axes.get_xlim()
    return min(max(x_s, left + edge_s), right - edge_s)


def _extent(recording: Recording, i: int) -> tuple[int, int]:
    """Return how many samples before and after the R peak are drawn in the beat's colour."""
    at, fs_hz = recording.at, recording.fs_hz
    wide = recording.letters[i] in "VF"
    before, after = (0.13, 0.42) if wide else (0.20, 0.34)
    if i > 0:
        before = min(before, 0.5 * (at[i] - at[i - 1]) / fs_hz)
    if i + 1 < at.size:
        after = min(after, 0.62 * (at[i + 1] - at[i]) / fs_hz)
    return round(before * fs_hz), round(after * fs_hz)


def _draw_flutter(
    axes: Axes, recording: Recording, first: int, stop: int, level_mv: float, mm_per_s: float
) -> None:
    """Bracket ventricular flutter at the level of the reference letters, which it has none of."""
    colour, fs_hz = CLASS_COLOURS["V"], recording.fs_hz
    tip_mv = 0.05 * (axes.get_ylim()[1] - axes.get_ylim()[0])
    for begin, end in recording.flutter:
        left, right = max(begin, first) / fs_hz, min(end + 1, stop) / fs_hz
        if left >= right:
            continue
        axes.plot([left, right], [level_mv, level_mv], color=colour, lw=1.0, zorder=5)
        for at in (begin, end):
            if first <= at < stop:
                axes.plot([at / fs_hz] * 2, [level_mv, level_mv + tip_mv], color=colour, lw=1.0, zorder=5)
        room_mm = (right - left) * mm_per_s
        fits = [w for w in ("ventricular flutter", "flutter") if text_width_mm(w, 6.5) + 2 <= room_mm]
        if fits:
            axes.text(
                0.5 * (left + right), level_mv + 0.3 * tip_mv, fits[0], ha="center", va="bottom", size=6.5,
                color=colour, zorder=6,
            )  # fmt: skip


def _draw_reference(
    axes: Axes, recording: Recording, first: int, stop: int, level_mv: float, edge_s: float
) -> None:
    """Write reference letters at this level, framed where BitBeat says something else."""
    assert recording.reference is not None
    samples = np.asarray(recording.reference.samples)
    window = round(0.15 * recording.fs_hz)
    for k in np.flatnonzero((samples >= first) & (samples < stop)):
        label = str(recording.reference.labels[k])
        if label in "[]":
            continue
        near = np.flatnonzero(np.abs(recording.at - samples[k]) <= window)
        agrees = any(recording.letters[i] == label for i in near)
        frame = {"boxstyle": "round,pad=0.18", "fc": "none", "ec": CLASS_COLOURS["V"], "lw": 0.7}
        axes.text(
            _inside(samples[k] / recording.fs_hz, axes, edge_s),
            level_mv,
            label,
            ha="center",
            va="bottom",
            size=6.5,
            color=FAINT_INK if agrees else CLASS_COLOURS["V"],
            bbox=None if agrees else frame,
            zorder=6,
            clip_on=True,
        )
