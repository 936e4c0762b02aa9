"""A contact sheet: typical errors of each kind, each a small strip with the beat in the middle."""

from __future__ import annotations

import textwrap
from bisect import bisect_right
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from host_tools.beats import FLAG_NAMES
from host_tools.explain.mistakes import (
    CELLS,
    NONE,
    Mistake,
    RecordMistakes,
    cell_counts,
    cell_name,
    counted,
    typical,
)
from host_tools.native import run_core
from host_tools.reference.params import ADU_PER_MV, WINDOW_SAMPLES
from host_tools.summary import clock

from .brought import FOR
from .paper import CLASS_COLOURS, FAINT_INK, INK, MARGIN_MM, Page, new_figure, save, text_width_mm
from .signal import Recording, draw_signal, range_mv

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Typical errors shown of each kind.
PER_CELL = 3
_STRIP_S = 5.0

_STRIP_MM, _SHAPE_MM, _TILE_GAP_MM, _TILE_MM = 62.5, 20.0, 5.0, 22.0
_TITLE_MM, _CAPTION_MM, _ROW_GAP_MM, _HEADER_MM, _FOOTER_MM = 6.0, 4.6, 4.0, 17.0, 4.0
_ROW_MM = _TITLE_MM + _CAPTION_MM + _TILE_MM + _ROW_GAP_MM
#: Line distance and mean width of a letter of the notes.
_NOTE_MM, _LETTER_MM = 3.6, 1.25
#: Size of the captions' letters, points; where the details begin beside a short name, and the least gap.
_CAPTION_PT, _DETAILS_MM, _NAME_GAP_MM = 7.5, 24.0, 2.0
#: Letters that are left of a long name at least.
_LEAST_NAME = 5

_NOTES = (
    f"Strips of {_STRIP_S:.0f} s, lines every 0.2 s and 0.5 mV. Above: BitBeat, below: annotators, framed "
    "where they differ, a bracket: ventricular flutter; beside: the beat over this patient's usual one "
    "(dashed). "
    "Yellow: noisy or undecided beats; a faint letter: low confidence or undecided. "
    "Captions: RECORD:SAMPLE of BitBeat's beat, time, confidence, flags; bitbeat explain RECORD "
    "--beat SAMPLE says why. Missed beats: RECORD and the annotation's sample; there is no answer to explain."
)


class _Shown:
    """A record on the sheet: its signal, and the windows and templates of its beats."""

    def __init__(self, found: RecordMistakes) -> None:
        source = found.source
        self.fs_hz = source.spec_fs_hz
        self.spec_per_file = source.spec_fs_hz / source.fs_hz
        self.start = source.start
        core = run_core(source.samples, trace=True, rails=source.rails)
        self.recording = Recording(
            source.samples,
            self.fs_hz,
            found.beats,
            ADU_PER_MV,
            source.reference,
            core.conditions,
            source.rails,
        )
        trace = core.trace
        self.windows, self.templates = (
            trace[stage].reshape(-1, WINDOW_SAMPLES).astype(np.float64) for stage in ("window", "template")
        )

    def centre_s(self, mistake: Mistake) -> float:
        """Where the beat is on the signal."""
        return (mistake.sample - self.start) * self.spec_per_file / self.fs_hz


def plot_contact_sheet(
    records: list[RecordMistakes], path: Path | str, *, title: str = "", per_cell: int = PER_CELL
) -> Path:
    """Draw the sheet; equal errors give equal files.

    Parameters
    ----------
    records : list of RecordMistakes
        What was found.
    path : Path or str
        PNG or SVG file to write; its folder is made.
    title : str
        Headline.
    per_cell : int
        Errors of each kind at most, >= 1.

    Raises
    ------
    ~host_tools.errors.UserError
        If the file cannot be written.
    """
    counts = cell_counts(records)
    cells = [cell for cell in CELLS if counts[cell]]
    width_mm = 2 * MARGIN_MM + per_cell * (_STRIP_MM + _SHAPE_MM + _TILE_GAP_MM) - _TILE_GAP_MM
    notes = textwrap.wrap(_NOTES, int((width_mm - 2 * MARGIN_MM) / _LETTER_MM))
    height_mm = _HEADER_MM + max(len(cells), 1) * _ROW_MM + _FOOTER_MM + _NOTE_MM * len(notes)
    page = Page(new_figure(width_mm, height_mm), width_mm, height_mm)
    page.text(MARGIN_MM, 7.5, title or "Typical errors", size=12, weight="bold", color=INK)
    total = (
        f"{counted(sum(counts.values()), 'error')} in {counted(sum(r.count for r in records), 'beat')} "
        f"of {counted(len(records), 'record')}"
    )
    page.text(MARGIN_MM, 13.0, total, size=9, color=FAINT_INK)
    chosen = {
        cell: typical((m for r in records for m in r.mistakes if m.cell == cell), per_cell) for cell in cells
    }
    wanted = {mistake.record for found in chosen.values() for mistake in found}
    shown = {r.record: _Shown(r) for r in records if r.record in wanted}
    for row, cell in enumerate(cells):
        top_mm = _HEADER_MM + row * _ROW_MM
        _draw_title(page, cell, records, counts[cell], top_mm)
        for column, mistake in enumerate(chosen[cell]):
            left_mm = MARGIN_MM + column * (_STRIP_MM + _SHAPE_MM + _TILE_GAP_MM)
            _draw_tile(page, shown[mistake.record], mistake, left_mm, top_mm + _TITLE_MM)
    for k, line in enumerate(notes):
        y_mm = height_mm - 4.0 - _NOTE_MM * (len(notes) - 1 - k)
        page.text(MARGIN_MM, y_mm, line, size=6.5, color=FAINT_INK)
    return save(page.figure, path)


def _draw_title(
    page: Page, cell: tuple[str, str], records: list[RecordMistakes], count: int, top_mm: float
) -> None:
    letter = cell[0] if cell[1] == NONE else cell[1]
    where = sum(any(m.cell == cell for m in r.mistakes) for r in records)
    page.text(MARGIN_MM, top_mm + 4.0, cell_name(cell), size=10.5, weight="bold", color=CLASS_COLOURS[letter])
    page.text(
        MARGIN_MM + 24.0,
        top_mm + 4.0,
        f"{count} in {counted(where, 'record')}",
        size=8.5,
        color=FAINT_INK,
    )


def _draw_tile(page: Page, shown: _Shown, mistake: Mistake, left_mm: float, top_mm: float) -> None:
    centre_s = shown.centre_s(mistake)
    name, details, beside_mm = _caption(mistake)
    page.text(left_mm, top_mm + 3.2, name, size=_CAPTION_PT, weight="bold", color=INK)
    page.text(left_mm + beside_mm, top_mm + 3.2, details, size=_CAPTION_PT, color=FAINT_INK)
    last_s = max(shown.recording.duration_s - _STRIP_S, 0)
    start_s = float(np.clip(centre_s - _STRIP_S / 2, 0, last_s))
    low, high = range_mv(shown.recording, start_s, _STRIP_S, beat_s=centre_s)
    # Letters are larger against such a strip.
    low, high = low - 0.12 * (high - low), high + 0.12 * (high - low)
    axes = page.axes(left_mm, top_mm + _CAPTION_MM, _STRIP_MM, _TILE_MM)
    draw_signal(axes, shown.recording, start_s, _STRIP_S, low, high, compact=True)
    axes.axvspan(centre_s - 0.2, centre_s + 0.2, color=FOR, alpha=0.13, lw=0, zorder=1)
    _draw_shape(page.axes(left_mm + _STRIP_MM, top_mm + _CAPTION_MM, _SHAPE_MM, _TILE_MM), shown, mistake)


def _caption(mistake: Mistake) -> tuple[str, str, float]:
    """A tile's caption, no wider than it: name, details, and where these begin, mm from its left.

    Of more flags than fit the last are left out. A name that is too long loses its middle: records of one
    series differ at the end.
    """
    name, sample = Path(mistake.record).name, f":{mistake.sample}"
    flags: list[str] = []
    details = [clock(mistake.time_s)]
    if mistake.confidence_q8 >= 0:
        details.append(f"{100 * mistake.confidence_q8 / 255:.0f} %")
        flags = [flag for bit, flag in FLAG_NAMES.items() if mistake.flags & bit]
    else:
        # Of a beat that the device does not have there is nothing to give to bitbeat explain.
        sample = ""
        details.insert(0, f"annotation at {mistake.sample}")
    text, room_mm = ", ".join([*details, *flags]), _STRIP_MM + _SHAPE_MM - _NAME_GAP_MM

    def named_mm(length: int) -> float:
        return text_width_mm(_shortened(name, length) + sample, _CAPTION_PT, "bold")

    least_mm = named_mm(_LEAST_NAME)
    while flags and text_width_mm(text, _CAPTION_PT) > room_mm - least_mm:
        flags.pop()
        text = ", ".join([*details, *flags, "…"])
    room_mm -= text_width_mm(text, _CAPTION_PT)
    longer = range(_LEAST_NAME + 1, max(len(name), _LEAST_NAME) + 1)
    length = _LEAST_NAME + bisect_right(longer, room_mm, key=named_mm)
    # Beside short names the details begin in one line over all tiles, where they have room for that.
    beside_mm = max(named_mm(length) + _NAME_GAP_MM, min(_DETAILS_MM, room_mm + _NAME_GAP_MM))
    return _shortened(name, length) + sample, text, beside_mm


def _shortened(name: str, length: int) -> str:
    """A name of at most this length, its middle left out."""
    if len(name) <= length:
        return name
    return f"{name[: (length - 1) // 2]}…{name[-(length // 2) :]}"


def _draw_shape(axes: Axes, shown: _Shown, mistake: Mistake) -> None:
    """The beat over the template; of a missed beat the template at that time alone."""
    index = mistake.index
    if index < 0:
        before = np.searchsorted(shown.recording.at_s, shown.centre_s(mistake)) - 1
        index = int(np.clip(before, 0, len(shown.templates) - 1))
    lines = [_centred(shown.templates[index])] if len(shown.templates) else []
    if mistake.index >= 0:
        lines.append(_centred(shown.windows[index]))
    for line, colour, style in zip(
        lines, (INK, CLASS_COLOURS.get(mistake.answer, INK)), ("--", "-"), strict=False
    ):
        axes.plot(line, color=colour, lw=1.0 if style == "--" else 1.4, ls=style)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_xlim(0, WINDOW_SAMPLES - 1)
    for spine in axes.spines.values():
        spine.set_color("#d1d1d6")
        spine.set_linewidth(0.7)


def _centred(window: NDArray[np.float64]) -> NDArray[np.float64]:
    return window - window.mean()
