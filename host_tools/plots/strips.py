"""Strips of ECG paper around the events of a recording, below an overview of its RR intervals."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from host_tools.beats import CLASS_NAMES, FLAG_NOISY
from host_tools.reference.params import ADU_PER_MV
from host_tools.summary import ReferenceBeats, clock, gapless, judge, spans
from host_tools.summary.quality import Quality

from .events import Strip, StripEvent, choose_strips, find_events
from .paper import (
    CLASS_COLOURS,
    FAINT_INK,
    INK,
    MM_PER_MV,
    MM_PER_S,
    new_figure,
    rule_paper,
    save,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

STRIP_S = 10.0

#: Below this confidence a beat's letter is drawn faint.
LOW_CONFIDENCE_Q8 = 140

#: A strip shows at least and at most this much.
_LEAST_MV, _MOST_MV = 3.0, 6.0
#: Nearer to a strip's ends beats get no letter: it would be cut in half.
_EDGE_S = 0.06
_MARGIN_MM = 8.0
_CAPTION_MM = 6.0
_OVERVIEW_MM = 34.0
_HEADER_MM = 14.0
_FOOTER_MM = 9.0
_AXIS_MM = 9.0

_GREY, _ORANGE, _YELLOW = "#8e8e93", "#ff9500", "#ffd60a"


class _Recording:
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


def plot_strips(
    samples_adu: NDArray[np.int16],
    fs_hz: float,
    beats: NDArray[np.void],
    path: Path | str,
    *,
    adu_per_mv: float = ADU_PER_MV,
    title: str = "",
    events: list[StripEvent] | None = None,
    reference: ReferenceBeats | None = None,
    max_strips: int = 8,
) -> Path:
    """Draw an overview of the RR intervals and strips of ECG paper around the events.

    Parameters
    ----------
    samples_adu : int16 (n,)
        The signal; -32768 = no sample.
    fs_hz : float
        Its rate, > 0.
    beats : BEAT_DTYPE (m,)
        ``r_sample`` counted in these samples, without the filter delay.
    path : Path or str
        PNG or SVG file to write; its folder is made.
    adu_per_mv : float
        Units per millivolt.
    title : str
        Headline.
    events : list of StripEvent, optional
        What to show; by default what :func:`find_events` finds.
    reference : ReferenceBeats, optional
        Reference annotations, drawn below the signal; those that differ are framed.
    max_strips : int
        At most this many strips, >= 1.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ~host_tools.errors.UserError
        If the file cannot be written.
    """
    recording = _Recording(samples_adu, fs_hz, beats, adu_per_mv, reference)
    if events is None:
        events = find_events(beats, fs_hz, samples_adu)
    strips = choose_strips(events, recording.duration_s, STRIP_S, max_strips)
    ranges = [_range_mv(recording, strip) for strip in strips]
    heights_mm = [(high - low) * MM_PER_MV for low, high in ranges]
    width_mm = STRIP_S * MM_PER_S + 2 * _MARGIN_MM
    total_mm = _HEADER_MM + _OVERVIEW_MM + _AXIS_MM + _FOOTER_MM + sum(h + _CAPTION_MM for h in heights_mm)
    figure = new_figure(width_mm, total_mm)
    page = _Page(figure, width_mm, total_mm)
    _draw_header(page, title, recording)
    _draw_overview(page.axes(_HEADER_MM, _OVERVIEW_MM), recording, strips)
    top_mm = _HEADER_MM + _OVERVIEW_MM + _AXIS_MM
    for strip, (low, high), height_mm in zip(strips, ranges, heights_mm, strict=True):
        _draw_strip(page, recording, strip, low, high, top_mm)
        top_mm += height_mm + _CAPTION_MM
    page.text(
        _MARGIN_MM,
        total_mm - 4.0,
        "25 mm/s, 10 mm/mV.  Faint letter: low confidence."
        + ("  Below: reference; framed where it differs." if reference is not None else ""),
        size=6.5,
        color=FAINT_INK,
    )
    return save(figure, path)


class _Page:
    """Places things by millimetres from the top left corner."""

    def __init__(self, figure: Figure, width_mm: float, height_mm: float) -> None:
        self.figure, self.width_mm, self.height_mm = figure, width_mm, height_mm

    def axes(self, top_mm: float, height_mm: float) -> Axes:
        left = _MARGIN_MM / self.width_mm
        bottom = 1.0 - (top_mm + height_mm) / self.height_mm
        return self.figure.add_axes((left, bottom, 1.0 - 2 * left, height_mm / self.height_mm))

    def text(self, x_mm: float, y_mm: float, text: str, **style: object) -> None:
        self.figure.text(x_mm / self.width_mm, 1.0 - y_mm / self.height_mm, text, **style)  # type: ignore[arg-type]


def _draw_header(page: _Page, title: str, recording: _Recording) -> None:
    page.text(_MARGIN_MM, 7.5, title or "BitBeat", size=11.5, weight="bold", color=INK)
    page.text(_MARGIN_MM, 12.0, "RR interval, s", size=7, color=FAINT_INK)
    x_mm = page.width_mm - _MARGIN_MM
    for letter in reversed(CLASS_NAMES):
        count = recording.letters.count(letter)
        text = f"{letter} {count}"
        x_mm -= 3.0 + 1.9 * len(text)
        page.text(x_mm, 7.5, text, size=9, weight="bold", color=CLASS_COLOURS[letter])


def _draw_overview(axes: Axes, recording: _Recording, strips: list[Strip]) -> None:
    """RR interval before each beat over time, by class, with the strips' places."""
    rr_s = np.diff(recording.at_s, prepend=np.nan)
    rr_s[~recording.joined] = np.nan
    scale = 60.0 if recording.duration_s > 90 else 1.0
    known = rr_s[np.isfinite(rr_s)]
    # The odd long interval lies on the upper edge rather than flattening all others.
    usual = float(np.percentile(known, 99.5)) if known.size else 1.0
    high = float(np.clip(1.25 * usual, 1.2, 3.0))
    size = float(np.clip(1800 / max(len(rr_s), 1), 1.5, 9.0))
    letters = np.array(recording.letters)
    for order, letter in enumerate(CLASS_NAMES):
        mask = letters == letter
        axes.scatter(
            recording.at_s[mask] / scale,
            np.minimum(rr_s[mask], high),
            s=size if letter == "N" else 1.6 * size,
            color=CLASS_COLOURS[letter],
            alpha=0.55 if letter == "N" else 0.95,
            linewidths=0,
            zorder=3 + order,
        )
    for mask, colour in ((recording.quality.lead_off, _GREY), (recording.quality.saturated, _ORANGE)):
        for first, stop in spans(mask):
            edges = (first / recording.fs_hz / scale, stop / recording.fs_hz / scale)
            axes.axvspan(*edges, color=colour, alpha=0.35, lw=0)
    middle, level = -1e9, 0
    for k, strip in enumerate(strips):
        edges = (strip.start_s / scale, (strip.start_s + STRIP_S) / scale)
        # Names that would touch go one line down.
        near = 0.5 * (edges[0] + edges[1]) - middle < 0.016 * recording.duration_s / scale
        level = level + 1 if near else 0
        axes.axvspan(*edges, color="#f2b8ae", alpha=0.32, lw=0, zorder=1)
        middle = 0.5 * (edges[0] + edges[1])
        axes.text(
            middle, 0.975 * high, _name(k), ha="center", va="top", size=7, weight="bold", color=FAINT_INK
        )
    axes.set_xlim(0, max(recording.duration_s, 1.0) / scale)
    axes.set_ylim(0, high)
    axes.set_xlabel("minutes" if scale == 60 else "seconds", size=7, color=FAINT_INK, labelpad=1)
    axes.tick_params(labelsize=7, colors=FAINT_INK, length=2, pad=2, width=0.6)
    axes.grid(axis="y", color="#e5e5ea", lw=0.6, zorder=0)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color("#c7c7cc")


def _name(k: int) -> str:
    return chr(ord("A") + k) if k < 26 else str(k + 1)


def _range_mv(recording: _Recording, strip: Strip) -> tuple[float, float]:
    """Range of a strip in whole 5 mm squares, with room for the letters; outliers are cut off."""
    first, stop = (round(s * recording.fs_hz) for s in (strip.start_s, strip.start_s + STRIP_S))
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


def _draw_strip(
    page: _Page, recording: _Recording, strip: Strip, low: float, high: float, top_mm: float
) -> None:
    k = len(page.figure.axes) - 1
    until = clock(min(strip.start_s + STRIP_S, recording.duration_s))
    page.text(_MARGIN_MM, top_mm + 4.3, _name(k), size=8.5, weight="bold", color=INK)
    page.text(_MARGIN_MM + 5, top_mm + 4.3, strip.caption, size=8.5, color=INK)
    page.figure.text(
        1.0 - _MARGIN_MM / page.width_mm,
        1.0 - (top_mm + 4.3) / page.height_mm,
        f"{clock(strip.start_s)} – {until}",
        size=8,
        color=FAINT_INK,
        ha="right",
    )
    axes = page.axes(top_mm + _CAPTION_MM, (high - low) * MM_PER_MV)
    rule_paper(axes, STRIP_S, low, high, strip.start_s)
    first = max(round(strip.start_s * recording.fs_hz), 0)
    stop = min(round((strip.start_s + STRIP_S) * recording.fs_hz) + 1, recording.mv.size)
    _shade(axes, recording, first, stop, low, high)
    time_s = np.arange(first, stop) / recording.fs_hz
    axes.plot(time_s, recording.mv[first:stop], color=INK, lw=0.85, solid_joinstyle="round", zorder=4)
    _draw_beats(axes, recording, first, stop, high)
    if recording.reference is not None:
        _draw_reference(axes, recording, first, stop, low)


def _shade(axes: Axes, recording: _Recording, first: int, stop: int, low: float, high: float) -> None:
    """Shade lead off, saturation, and the surroundings of noisy beats."""
    fs_hz = recording.fs_hz
    for mask, colour, name in (
        (recording.quality.lead_off, _GREY, "lead off"),
        (recording.quality.saturated, _ORANGE, "saturated"),
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
    for at in recording.at[(recording.beats["flags"] & FLAG_NOISY) != 0]:
        noisy[max(at - half - first, 0) : max(at + half - first, 0)] = True
    for a, b in spans(~noisy):
        if b - a < fs_hz:  # the gap between two noisy beats
            noisy[a:b] = bool(a > 0 and b < noisy.size)
    for a, b in spans(noisy):
        axes.axvspan((first + a) / fs_hz, (first + b) / fs_hz, color=_YELLOW, alpha=0.16, lw=0, zorder=2)


def _draw_beats(axes: Axes, recording: _Recording, first: int, stop: int, high: float) -> None:
    """Letters above, a mark at each R peak, and ectopic beats in their colour."""
    fs_hz = recording.fs_hz
    edge = round(_EDGE_S * fs_hz)
    shown = np.flatnonzero((recording.at >= first + edge) & (recording.at < stop - edge))
    for i in shown:
        at, letter = int(recording.at[i]), recording.letters[i]
        faint = int(recording.beats["confidence_q8"][i]) < LOW_CONFIDENCE_Q8
        colour = CLASS_COLOURS[letter]
        if letter != "N":
            before, after = _extent(recording, int(i))
            a, b = max(at - before, first), min(at + after, stop)
            axes.plot(np.arange(a, b) / fs_hz, recording.mv[a:b], color=colour, lw=1.35, zorder=5)
        x = at / fs_hz
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


def _extent(recording: _Recording, i: int) -> tuple[int, int]:
    """Return how many samples before and after the R peak are drawn in the beat's colour."""
    at, fs_hz = recording.at, recording.fs_hz
    wide = recording.letters[i] in "VF"
    before, after = (0.13, 0.42) if wide else (0.20, 0.34)
    if i > 0:
        before = min(before, 0.5 * (at[i] - at[i - 1]) / fs_hz)
    if i + 1 < at.size:
        after = min(after, 0.62 * (at[i + 1] - at[i]) / fs_hz)
    return round(before * fs_hz), round(after * fs_hz)


def _draw_reference(axes: Axes, recording: _Recording, first: int, stop: int, low: float) -> None:
    """Write reference letters along the lower edge, framed where BitBeat says something else."""
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
            low + 0.08,
            label,
            ha="center",
            va="bottom",
            size=6.5,
            color=FAINT_INK if agrees else CLASS_COLOURS["V"],
            bbox=None if agrees else frame,
            zorder=6,
            clip_on=True,
        )
