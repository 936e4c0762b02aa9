"""A stretch of a recording on ECG paper, with its beats, its reference and its bad signal marked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from host_tools.beats import CLASS_NAMES, FLAG_NOISY, FLAG_UNDECIDED
from host_tools.summary import ReferenceBeats, gapless, judge, spans
from host_tools.summary.quality import Quality

from .paper import CLASS_COLOURS, FAINT_INK, INK, rule_paper

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Below this confidence a beat's letter is drawn faint, as is that of an undecided beat.
LOW_CONFIDENCE_Q8 = 140

#: A strip shows at least and at most this much.
_LEAST_MV, _MOST_MV = 3.0, 6.0
#: Nearer to a strip's ends beats get no letter: it would be cut in half.
_EDGE_S = 0.06

GREY, ORANGE, YELLOW = "#8e8e93", "#ff9500", "#ffd60a"


class Recording:
    """Everything the drawing functions look up."""

    def __init__(
        self,
        samples_adu: NDArray[np.int16],
        fs_hz: float,
        beats: NDArray[np.void],
        adu_per_mv: float,
        reference: ReferenceBeats | None,
    ) -> None:
        self.fs_hz = fs_hz
        self.beats = beats
        self.at = np.clip(beats["r_sample"].astype(np.int64), 0, max(samples_adu.size - 1, 0))
        self.at_s = self.at / fs_hz
        self.letters = [CLASS_NAMES[c] for c in beats["aami_class"]]
        self.joined = gapless(beats, fs_hz, samples_adu)
        self.quality: Quality = judge(samples_adu, fs_hz)
        self.mv = np.where(samples_adu == -32768, np.nan, samples_adu / adu_per_mv)
        self.duration_s = samples_adu.size / fs_hz
        self.reference = reference


def range_mv(recording: Recording, start_s: float, width_s: float) -> tuple[float, float]:
    """Range of a strip in whole 5 mm squares, with room for the letters; outliers are cut off."""
    first, stop = (round(s * recording.fs_hz) for s in (start_s, start_s + width_s))
    mv = recording.mv[first:stop]
    good = mv[np.isfinite(mv) & ~recording.quality.saturated[first:stop]]
    if good.size == 0:
        return -1.5, 1.5
    low, high = (float(v) for v in np.percentile(good, (0.15, 99.85)))
    low, high = low - 0.35, high + 0.65
    middle = float(np.median(good))
    low, high = max(low, middle - _MOST_MV / 2), min(high, middle + _MOST_MV / 2)
    short = max(0.0, _LEAST_MV - (high - low))
    return float(np.floor(2 * (low - short / 2)) / 2), float(np.ceil(2 * (high + short / 2)) / 2)


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
    _draw_beats(axes, recording, first, stop, high_mv, marks=not compact)
    if recording.reference is not None:
        level_mv = low_mv + (0.05 * (high_mv - low_mv) if compact else 0.08)
        _draw_reference(axes, recording, first, stop, level_mv)


def _shade(axes: Axes, recording: Recording, first: int, stop: int, low: float, high: float) -> None:
    """Shade lead off, saturation, and the surroundings of noisy and undecided beats."""
    fs_hz = recording.fs_hz
    for mask, colour, name in (
        (recording.quality.lead_off, GREY, "lead off"),
        (recording.quality.saturated, ORANGE, "saturated"),
    ):
        for a, b in spans(mask[first:stop]):
            left, right = (first + a) / fs_hz, (first + b) / fs_hz
            axes.axvspan(left, right, color=colour, alpha=0.22, lw=0, zorder=2)
            if right - left > 0.9:
                axes.text(
                    0.5 * (left + right),
                    0.5 * (low + high),
                    name,
                    ha="center",
                    va="center",
                    size=8,
                    color=FAINT_INK,
                    zorder=6,
                )
    noisy = np.zeros(stop - first, dtype=bool)
    half = round(0.4 * fs_hz)
    for at in recording.at[(recording.beats["flags"] & (FLAG_NOISY | FLAG_UNDECIDED)) != 0]:
        noisy[max(at - half - first, 0) : max(at + half - first, 0)] = True
    for a, b in spans(~noisy):
        if b - a < fs_hz:  # the gap between two noisy beats
            noisy[a:b] = bool(a > 0 and b < noisy.size)
    for a, b in spans(noisy):
        axes.axvspan((first + a) / fs_hz, (first + b) / fs_hz, color=YELLOW, alpha=0.16, lw=0, zorder=2)


def _draw_beats(axes: Axes, recording: Recording, first: int, stop: int, high: float, marks: bool) -> None:
    """Letters above, a mark at each R peak, and ectopic beats in their colour."""
    fs_hz = recording.fs_hz
    edge = round(_EDGE_S * fs_hz)
    shown = np.flatnonzero((recording.at >= first + edge) & (recording.at < stop - edge))
    for i in shown:
        at, letter = int(recording.at[i]), recording.letters[i]
        beat = recording.beats[i]
        faint = beat["confidence_q8"] < LOW_CONFIDENCE_Q8 or beat["flags"] & FLAG_UNDECIDED
        colour = CLASS_COLOURS[letter]
        if letter != "N":
            before, after = _extent(recording, int(i))
            a, b = max(at - before, first), min(at + after, stop)
            axes.plot(np.arange(a, b) / fs_hz, recording.mv[a:b], color=colour, lw=1.35, zorder=5)
        x = at / fs_hz
        if marks:
            axes.plot([x, x], [high - 0.43, high - 0.36], color=colour, lw=1.0, zorder=5)
        axes.text(
            x,
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
        y = recording.mv[at]
        if np.isfinite(y):
            axes.plot([x], [y], "o", ms=2.6, color=colour, mec="white", mew=0.4, zorder=7)


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


def _draw_reference(axes: Axes, recording: Recording, first: int, stop: int, level_mv: float) -> None:
    """Write reference letters at this level, framed where BitBeat says something else."""
    assert recording.reference is not None
    samples = np.asarray(recording.reference.samples)
    window = round(0.15 * recording.fs_hz)
    edge = round(_EDGE_S * recording.fs_hz)
    for k in np.flatnonzero((samples >= first + edge) & (samples < stop - edge)):
        label = str(recording.reference.labels[k])
        if label in "[]":
            continue
        near = np.flatnonzero(np.abs(recording.at - samples[k]) <= window)
        agrees = any(recording.letters[i] == label for i in near)
        frame = {"boxstyle": "round,pad=0.18", "fc": "none", "ec": CLASS_COLOURS["V"], "lw": 0.7}
        axes.text(
            samples[k] / recording.fs_hz,
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
