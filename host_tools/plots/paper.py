"""ECG paper: 25 mm/s, 10 mm/mV, lines every millimetre, heavier ones every fifth."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from host_tools.errors import UserError
from host_tools.writing import replacing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MM_PER_S = 25.0
MM_PER_MV = 10.0
MM_PER_INCH = 25.4
DPI = 144
MARGIN_MM = 8.0

PAPER = "#fffaf8"
LINE_1_MM = "#f9dfdb"
LINE_5_MM = "#eeb4ab"
INK = "#1c1c1e"
FAINT_INK = "#6e6e73"
CLASS_COLOURS = {"N": "#3a3a3c", "S": "#0b5fd3", "V": "#cf1322", "F": "#8a2be2", "Q": "#8a6d00"}

#: Written into no file: software names and dates would make equal pictures different files.
_NO_METADATA: dict[str, dict[str, None]] = {
    ".png": {"Software": None},
    ".svg": {"Date": None, "Creator": None},
}


def rule_paper(
    axes: Axes, width_s: float, low_mv: float, high_mv: float, start_s: float, fine: bool = True
) -> None:
    """Draw the grid over the whole axes and set its limits, ``width_s`` seconds from ``start_s`` on.

    Without ``fine`` the lines of every millimetre are left out.
    """
    for step_mm, colour, width in ((1.0, LINE_1_MM, 0.35), (5.0, LINE_5_MM, 0.7))[0 if fine else 1 :]:
        x = np.arange(0, width_s * MM_PER_S + 0.01, step_mm) / MM_PER_S + start_s
        low, high = round(low_mv * MM_PER_MV / step_mm), round(high_mv * MM_PER_MV / step_mm)
        y = np.arange(low, high + 1) * step_mm / MM_PER_MV
        axes.vlines(x, low_mv, high_mv, color=colour, lw=width, zorder=0)
        axes.hlines(y, start_s, start_s + width_s, color=colour, lw=width, zorder=0)
    axes.set_xlim(start_s, start_s + width_s)
    axes.set_ylim(low_mv, high_mv)
    axes.set_facecolor(PAPER)
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_color(LINE_5_MM)
        spine.set_linewidth(0.9)


def new_figure(width_mm: float, height_mm: float, background: str = "white") -> Figure:
    """Make a figure of this size on paper, without any state shared between figures."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width_mm / MM_PER_INCH, height_mm / MM_PER_INCH), dpi=DPI, facecolor=background)


def text_width_mm(text: str, size_pt: float, weight: str = "normal") -> float:
    """Width of a line of text."""
    import matplotlib
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextPath

    with matplotlib.rc_context({"text.parse_math": False}):
        path = TextPath((0, 0), text, size=size_pt, prop=FontProperties(weight=weight))
    return float(path.get_extents().width) * MM_PER_INCH / 72


class Page:
    """Places things by millimetres from the top left corner."""

    def __init__(self, figure: Figure, width_mm: float, height_mm: float) -> None:
        self.figure, self.width_mm, self.height_mm = figure, width_mm, height_mm

    def axes(self, left_mm: float, top_mm: float, width_mm: float, height_mm: float) -> Axes:
        """Make axes with this top left corner and this size."""
        bottom = 1.0 - (top_mm + height_mm) / self.height_mm
        return self.figure.add_axes(
            (left_mm / self.width_mm, bottom, width_mm / self.width_mm, height_mm / self.height_mm)
        )

    def text(self, x_mm: float, y_mm: float, text: str, **style: object) -> None:
        """Write a text."""
        self.figure.text(x_mm / self.width_mm, 1.0 - y_mm / self.height_mm, text, **style)  # type: ignore[arg-type]


def save(figure: Figure, path: Path | str, **options: object) -> Path:
    """Write the figure, PNG or SVG by its suffix, aside and then renamed; equal figures give equal files.

    Raises
    ------
    UserError
        If the file cannot be written, or its suffix is another one.
    """
    import matplotlib
    from matplotlib.text import Text

    for text in figure.findobj(Text):
        text.set_parse_math(False)  # a record's name with two $ is a name, no formula
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in _NO_METADATA:
        raise UserError(f"{path}: plots are written as .png or .svg")
    write: Callable[..., None] = figure.savefig
    with (
        replacing(path) as aside,
        matplotlib.rc_context({"svg.hashsalt": "bitbeat", "svg.fonttype": "path"}),
    ):
        write(aside, format=suffix[1:], metadata=_NO_METADATA[suffix], **options)
    return path
