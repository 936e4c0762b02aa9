"""Strips of ECG paper around the events of a recording, below an overview of its RR intervals."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from host_tools.beats import CLASS_NAMES, FLAG_PACED
from host_tools.reference.params import ADU_PER_MV
from host_tools.summary import ReferenceBeats, clock

from .events import Strip, StripEvent, choose_strips, find_events
from .paper import (
    CLASS_COLOURS,
    FAINT_INK,
    INK,
    MARGIN_MM,
    MM_PER_MV,
    MM_PER_S,
    Page,
    new_figure,
    save,
)
from .signal import Recording, draw_signal, marked, range_mv

if TYPE_CHECKING:
    from matplotlib.axes import Axes

STRIP_S = 10.0

_CAPTION_MM = 6.0
_OVERVIEW_MM = 34.0
_HEADER_MM = 14.0
_FOOTER_MM = 9.0
_AXIS_MM = 9.0


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
    conditions: NDArray[np.void] | None = None,
    rails: tuple[int, int] | None = None,
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
    conditions, rails : optional
        As for :func:`host_tools.summary.summarise`.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ~host_tools.errors.UserError
        If the file cannot be written.
    """
    recording = Recording(samples_adu, fs_hz, beats, adu_per_mv, reference, conditions, rails)
    if events is None:
        events = find_events(beats, fs_hz, samples_adu, conditions, rails)
    strips = choose_strips(events, recording.duration_s, STRIP_S, max_strips)
    ranges = [range_mv(recording, strip.start_s, STRIP_S) for strip in strips]
    heights_mm = [(high - low) * MM_PER_MV for low, high in ranges]
    width_mm = STRIP_S * MM_PER_S + 2 * MARGIN_MM
    total_mm = _HEADER_MM + _OVERVIEW_MM + _AXIS_MM + _FOOTER_MM + sum(h + _CAPTION_MM for h in heights_mm)
    figure = new_figure(width_mm, total_mm)
    page = Page(figure, width_mm, total_mm)
    _draw_header(page, title, recording)
    _draw_overview(page.axes(MARGIN_MM, _HEADER_MM, STRIP_S * MM_PER_S, _OVERVIEW_MM), recording, strips)
    top_mm = _HEADER_MM + _OVERVIEW_MM + _AXIS_MM
    for strip, (low, high), height_mm in zip(strips, ranges, heights_mm, strict=True):
        _draw_strip(page, recording, strip, low, high, top_mm)
        top_mm += height_mm + _CAPTION_MM
    page.text(MARGIN_MM, total_mm - 4.0, _legend(recording), size=6.5, color=FAINT_INK)
    return save(figure, path)


def _legend(recording: Recording) -> str:
    """What the marks mean, as far as there are any."""
    flags = recording.beats["flags"]
    parts = [
        "25 mm/s, 10 mm/mV.  Faint letter: low confidence or undecided.  Yellow: noisy or undecided beats.",
        "Red: flutter or fibrillation suspected." if recording.stretches.fibrillation else "",
        "Brown: unreadable." if recording.stretches.unreadable else "",
        "Bar below a letter: paced." if (flags & FLAG_PACED).any() else "",
        "Below: reference; framed where it differs." if recording.reference is not None else "",
    ]
    return "  ".join(part for part in parts if part)


def _draw_header(page: Page, title: str, recording: Recording) -> None:
    page.text(MARGIN_MM, 7.5, title or "BitBeat", size=11.5, weight="bold", color=INK)
    page.text(MARGIN_MM, 12.0, "RR interval, s", size=7, color=FAINT_INK)
    x_mm = page.width_mm - MARGIN_MM
    for letter in reversed(CLASS_NAMES):
        count = recording.letters.count(letter)
        text = f"{letter} {count}"
        x_mm -= 3.0 + 1.9 * len(text)
        page.text(x_mm, 7.5, text, size=9, weight="bold", color=CLASS_COLOURS[letter])


def _draw_overview(axes: Axes, recording: Recording, strips: list[Strip]) -> None:
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
    for found, colour, _ in marked(recording):
        for first, stop in found:
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


def _draw_strip(
    page: Page, recording: Recording, strip: Strip, low: float, high: float, top_mm: float
) -> None:
    k = len(page.figure.axes) - 1
    until = clock(min(strip.start_s + STRIP_S, recording.duration_s))
    page.text(MARGIN_MM, top_mm + 4.3, _name(k), size=8.5, weight="bold", color=INK)
    page.text(MARGIN_MM + 5, top_mm + 4.3, strip.caption, size=8.5, color=INK)
    page.figure.text(
        1.0 - MARGIN_MM / page.width_mm,
        1.0 - (top_mm + 4.3) / page.height_mm,
        f"{clock(strip.start_s)} – {until}",
        size=8,
        color=FAINT_INK,
        ha="right",
    )
    axes = page.axes(MARGIN_MM, top_mm + _CAPTION_MM, STRIP_S * MM_PER_S, (high - low) * MM_PER_MV)
    draw_signal(axes, recording, strip.start_s, STRIP_S, low, high)
