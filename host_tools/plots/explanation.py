"""One page on one beat: its surroundings, its shape, its rhythm, and what each brought to the answer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from host_tools.beats import CLASS_NAMES
from host_tools.explain.case import Case
from host_tools.explain.facts import firmware_lines, headline, lead_line, verdict
from host_tools.explain.occlusion import STRETCH_GRID
from host_tools.reference.params import ADU_PER_MV, GRID_HZ
from host_tools.summary import clock

from .brought import FOR, plain_axes, scale_of, sign_colours, whole_steps
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
    text_width_mm,
)
from .rhythm_panel import draw_features, draw_rows, draw_tachogram, features_height_mm
from .shape_panel import draw_shape, draw_stretches
from .signal import WINDOW_S, Recording, draw_signal, range_mv

if TYPE_CHECKING:
    from matplotlib.axes import Axes

STRIP_S = 8.0

_HEADER_MM, _CAPTION_MM, _AXIS_MM, _GAP_MM, _FOOTER_MM = 22.0, 8.0, 9.0, 2.0, 17.0
_SHAPE_MM, _STRETCHES_MM, _TACHOGRAM_MM, _ROWS_MM = 58.0, 20.0, 30.0, 16.0
_WIDTH_MM = STRIP_S * MM_PER_S + 2 * MARGIN_MM
_LEFT_MM, _LEFT_WIDTH_MM = MARGIN_MM + 10.0, 118.0
_RIGHT_MM = _LEFT_MM + _LEFT_WIDTH_MM + 8.0
_RIGHT_WIDTH_MM = _WIDTH_MM - MARGIN_MM - _RIGHT_MM
#: Room for a letter behind the streams' bars.
_LETTER_MM = 5.0
#: The bars do not add up to the lead: without both streams another class may win.
_STREAMS_TEXT = "each bar: how far this lead shrinks without that stream"


def plot_explanation(case: Case, path: Path | str) -> Path:
    """Draw the page; equal cases give equal files.

    Parameters
    ----------
    case : Case
        The beat.
    path : Path or str
        PNG or SVG file to write; its folder is made.

    Raises
    ------
    ~host_tools.errors.UserError
        If the file cannot be written.
    """
    record = case.record
    recording = Recording(
        record.samples,
        record.spec_fs_hz,
        case.beats,
        ADU_PER_MV,
        record.reference,
        case.conditions,
        record.rails,
    )
    centre_s = int(case.beat["r_sample"]) / case.record.spec_fs_hz
    start_s = float(np.clip(centre_s - STRIP_S / 2, 0, max(recording.duration_s - STRIP_S, 0)))
    low, high = range_mv(recording, start_s, STRIP_S, beat_s=centre_s)
    strip_mm = (high - low) * MM_PER_MV
    shape_mm = _HEADER_MM + strip_mm + _CAPTION_MM
    rhythm_mm = shape_mm + _SHAPE_MM + _GAP_MM + _STRETCHES_MM + _AXIS_MM + _CAPTION_MM
    features_mm = rhythm_mm + _TACHOGRAM_MM + _GAP_MM + _ROWS_MM + _AXIS_MM + _CAPTION_MM
    total_mm = features_mm + features_height_mm(case) + _FOOTER_MM
    page = Page(new_figure(_WIDTH_MM, total_mm), _WIDTH_MM, total_mm)
    _line(page, 7.0, headline(case), 12.0, "bold", INK)
    _line(page, 13.0, verdict(case), 9.5, "normal", CLASS_COLOURS[case.answer])
    _strip_caption(page, recording, start_s)
    strip = page.axes(MARGIN_MM, _HEADER_MM, STRIP_S * MM_PER_S, strip_mm)
    draw_signal(strip, recording, start_s, STRIP_S, low, high)
    _frame_window(strip, centre_s, low, high)
    _shape_and_answer(page, case, shape_mm)
    _rhythm(page, case, rhythm_mm)
    what = "this beat's int8 values, how they read, and what they brought in all rows; the strongest first"
    _caption(page, MARGIN_MM, features_mm, "Features", what)
    draw_features(page, case, MARGIN_MM, features_mm)
    _footer(page)
    return save(page.figure, path)


def _line(page: Page, y_mm: float, text: str, size_pt: float, weight: str, colour: str) -> None:
    """A line over the page, in smaller letters where it is too long: names and flags have no limit."""
    # Small letters are drawn up to a twentieth wider than measured: they are fitted to the pixels.
    share = 0.95 * (page.width_mm - 2 * MARGIN_MM) / text_width_mm(text, size_pt, weight)
    page.text(MARGIN_MM, y_mm, text, size=size_pt * min(1.0, share), weight=weight, color=colour)


def _strip_caption(page: Page, recording: Recording, start_s: float) -> None:
    """What the strip's letters mean, its time and its scale."""
    letters = "above: BitBeat" + (
        "" if recording.reference is None else ", below: annotators, red where they differ"
    )
    _caption(page, MARGIN_MM, _HEADER_MM, "ECG", f"{letters}; teal frame: the beat's window")
    until_s = min(start_s + STRIP_S, recording.duration_s)
    scale = f"{clock(start_s)} – {clock(until_s)}   {MM_PER_S:g} mm/s, {MM_PER_MV:g} mm/mV"
    page.text(page.width_mm - MARGIN_MM, _HEADER_MM - 2.3, scale, size=7.5, color=FAINT_INK, ha="right")


def _frame_window(axes: Axes, centre_s: float, low: float, high: float) -> None:
    """Mark the beat's window on the strip."""
    from matplotlib.patches import Rectangle

    # Of a window that ends behind the strip the rest is framed.
    left, right = axes.get_xlim()
    left, right = max(centre_s - WINDOW_S[0], left + 0.02), min(centre_s + WINDOW_S[1], right - 0.02)
    height = high - low - 0.06
    axes.add_patch(Rectangle((left, low + 0.03), right - left, height, fc="none", ec=FOR, lw=1.2, zorder=8))


def _caption(page: Page, x_mm: float, top_mm: float, title: str, text: str) -> None:
    page.text(x_mm, top_mm - 2.3, title, size=9.5, weight="bold", color=INK)
    beside_mm = x_mm + text_width_mm(title, 9.5, "bold") + 2.5
    page.text(beside_mm, top_mm - 2.3, text, size=7.5, color=FAINT_INK)


def _shape_and_answer(page: Page, case: Case, top_mm: float) -> None:
    _caption(page, MARGIN_MM, top_mm, "Shape", "the beat over this patient's usual beat (dashed)")
    draw_shape(page.axes(_LEFT_MM, top_mm, _LEFT_WIDTH_MM, _SHAPE_MM), case)
    below_mm = top_mm + _SHAPE_MM + _GAP_MM
    draw_stretches(page.axes(_LEFT_MM, below_mm, _LEFT_WIDTH_MM, _STRETCHES_MM), case)
    _caption(page, _RIGHT_MM, top_mm, "Answer", "logits: int8, real; softmax")
    _draw_logits(page, case, top_mm)
    page.text(_RIGHT_MM, top_mm + 31.8, lead_line(case), size=8, color=INK)
    page.text(_RIGHT_MM, top_mm + 35.2, _STREAMS_TEXT, size=6.5, color=FAINT_INK)
    _draw_streams(page, case, top_mm + 36.8)
    firmware_mm = top_mm + 58.5
    _caption(page, _RIGHT_MM, firmware_mm, "Firmware", "")
    for k, (name, value) in enumerate(firmware_lines(case)):
        y_mm = firmware_mm + 0.8 + 3.45 * k
        page.text(_RIGHT_MM, y_mm, name, size=6.6, color=FAINT_INK, va="center")
        page.text(_WIDTH_MM - MARGIN_MM, y_mm, value, size=6.6, color=INK, va="center", ha="right")


def _rhythm(page: Page, case: Case, top_mm: float) -> None:
    seen = "the beats around it; tinted: those whose features the network sees"
    _caption(page, MARGIN_MM, top_mm, "Rhythm", seen)
    width_mm = _WIDTH_MM - MARGIN_MM - _LEFT_MM
    draw_tachogram(page.axes(_LEFT_MM, top_mm, width_mm, _TACHOGRAM_MM), case)
    draw_rows(page.axes(_LEFT_MM, top_mm + _TACHOGRAM_MM + _GAP_MM, width_mm, _ROWS_MM), case)


def _draw_logits(page: Page, case: Case, top_mm: float) -> None:
    axes = page.axes(_RIGHT_MM + 5.0, top_mm, 22.0, 24.0)
    logits = case.logits
    axes.barh(range(len(logits)), logits, height=0.6, color=[CLASS_COLOURS[n] for n in CLASS_NAMES], zorder=2)
    axes.axvline(0, color=FAINT_INK, lw=0.6, zorder=3)
    axes.set_xlim(-128, 127)
    axes.set_ylim(len(logits) - 0.5, -0.5)
    axes.set_xticks([-128, 0, 127])
    axes.set_yticks([])
    plain_axes(axes)
    for k, name in enumerate(CLASS_NAMES):
        y_mm = top_mm + 24.0 * (k + 0.5) / len(logits)
        weight = "bold" if name == case.answer else "normal"
        page.text(_RIGHT_MM, y_mm, name, size=9, weight="bold", color=CLASS_COLOURS[name], va="center")
        numbers = (f"{logits[k]}", f"{case.real_logits[k]:.2f}", f"{100 * case.shares[k]:.1f} %")
        for x_mm, text in zip((35.0, 46.0, _RIGHT_WIDTH_MM), numbers, strict=True):
            page.text(_RIGHT_MM + x_mm, y_mm, text, size=8, color=INK, va="center", ha="right", weight=weight)


def _draw_streams(page: Page, case: Case, top_mm: float) -> None:
    axes = page.axes(_RIGHT_MM + 12.0, top_mm, _RIGHT_WIDTH_MM - 12.0 - _LETTER_MM, 12.0)
    found, usual = case.blank.streams, case.usual.streams
    axes.barh((0, 1), found.lead[:2], height=0.55, color=sign_colours(found)[:2], zorder=2)
    axes.plot(usual.lead[:2], (0, 1), "D", ms=3.2, color=INK, mec="white", mew=0.4, zorder=3)
    axes.axvline(0, color=FAINT_INK, lw=0.6, zorder=3)
    reach = scale_of(found, usual)
    axes.set_xlim(
        min(-0.1 * reach, 1.1 * float(min(found.lead[:2].min(), usual.lead[:2].min()))), 1.1 * reach
    )
    axes.set_ylim(1.5, -0.5)
    whole_steps(axes.xaxis, 5)
    axes.set_yticks([])
    plain_axes(axes)
    for k, name in enumerate(("shape", "rhythm")):
        y_mm = top_mm + 12.0 * (k + 0.5) / 2
        page.text(_RIGHT_MM, y_mm, name, size=8, color=INK, va="center")
        without = CLASS_NAMES[int(found.answer[k])]
        if without != case.answer:
            x_mm = _RIGHT_MM + _RIGHT_WIDTH_MM
            style = {"size": 8, "weight": "bold", "color": CLASS_COLOURS[without]}
            page.text(x_mm, y_mm, without, ha="right", va="center", **style)


def _footer(page: Page) -> None:
    stretch_ms = 1000 * STRETCH_GRID / GRID_HZ
    lines = (
        "Steps: by how many int8 steps of the logits the answer's lead shrinks when a part (of the beat: "
        f"{stretch_ms:.0f} ms around each sample) is set to zero.",
        "Teal: speaks for the answer, orange: against it, a letter: the answer without the part. "
        "Black line, diamonds: set to what this patient usually has there.",
        "Yellow: noisy or undecided beats; faint letter: low confidence or undecided. Not a medical device.",
    )
    for k, line in enumerate(lines):
        page.text(MARGIN_MM, page.height_mm - 11.3 + 3.8 * k, line, size=6.5, color=FAINT_INK)
