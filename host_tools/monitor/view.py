"""The live view, laid out for the terminal it is in."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np

from host_tools.beats import CLASS_NAMES, FLAG_FIBRILLATION, FLAG_UNDECIDED
from host_tools.reference.params import DELAY_SAMPLES

from .picture import VIEW_S, Picture, beat_line, rate_text, status_line
from .wave import braille_wave, letter_row, scale_labels, scale_mv

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

#: Colours of the classes in the terminal.
CLASS_STYLES = {"N": "", "S": "yellow", "V": "bold red", "F": "magenta"}

#: Rows of the wave: at most, and as long as the list of beats is not full.
_MOST_WAVE_ROWS = 20
_PREFERRED_WAVE_ROWS = 10
_LISTED_BEATS = 8
#: Columns of the scale.
_SCALE_COLUMNS = 8


def beat_style(beat: np.void) -> str:
    """Colour of a beat's class; faint where the class is not to be trusted."""
    if int(beat["flags"]) & (FLAG_UNDECIDED | FLAG_FIBRILLATION):
        return "dim"
    return CLASS_STYLES[CLASS_NAMES[beat["aami_class"]]]


def rows_for(height: int, status_rows: int) -> tuple[int, int]:
    """How many rows the wave and the list of beats get in a terminal of this height.

    The panel's two borders, the row of letters, the counters and the cursor's own row take the rest.
    """
    free = max(height - 4 - status_rows, 1)
    wave = min(max(free - _LISTED_BEATS, min(free, _PREFERRED_WAVE_ROWS)), _MOST_WAVE_ROWS)
    return wave, min(max(free - wave, 0), _LISTED_BEATS)


def render(picture: Picture, width: int, height: int) -> RenderableType:
    """Lay out the picture for a terminal of ``width`` columns and ``height`` rows."""
    from rich.console import Group
    from rich.panel import Panel
    from rich.text import Text

    status = textwrap.wrap(status_line(picture), max(width, 1))
    wave_rows, listed = rows_for(height, len(status))
    columns = max(width - 4 - _SCALE_COLUMNS, 4)
    style = "red" if picture.alarming else "green"
    title = Text(
        f"{rate_text(picture)} bpm   {picture.quality}", style="bold red" if picture.alarming else ""
    )
    parts: list[RenderableType] = [
        Panel(
            _wave(picture, columns, wave_rows, style),
            title=title,
            subtitle=f"{VIEW_S:g} s, mV",
            border_style=style,
        )
    ]
    for beat, joined in list(picture.beats)[-listed:] if listed else []:
        parts.append(Text(beat_line(beat, joined), style=beat_style(beat), no_wrap=True, overflow="crop"))
    parts += [Text(line, style="dim", no_wrap=True) for line in status]
    return Group(*parts)


def _wave(picture: Picture, columns: int, rows: int, style: str) -> Text:
    """Letters, then the wave behind its scale."""
    from rich.text import Text

    size = len(picture.window)
    beats = [(int(beat["r_sample"]) - DELAY_SAMPLES, beat) for beat, _ in picture.beats]
    text = Text(" " * _SCALE_COLUMNS, no_wrap=True, overflow="crop")
    column = 0
    for place, beat in letter_row(beats, picture.next_sample - size, size, columns):
        text.append(" " * (place - column))
        text.append(CLASS_NAMES[beat["aami_class"]], style=beat_style(beat))
        column = place + 1
    limits = scale_mv(picture.window)
    for label, line in zip(
        scale_labels(rows, limits), braille_wave(picture.window, columns, rows, limits), strict=True
    ):
        text.append("\n")
        text.append(label, style="dim")
        text.append(line, style=style)
    return text
