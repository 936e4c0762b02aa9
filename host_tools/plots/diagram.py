"""The picture of the chain for the README."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from host_tools.reference.params import BEAT_CHANNELS, CONTEXT_BEATS, FS_HZ, RHYTHM_FEATURES, WINDOW_SAMPLES
from host_tools.writing import claim_project

from .paper import new_figure, save

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WIDTH_MM, _HEIGHT_MM = 214.0, 104.0
_BOX_MM = (43.0, 19.0)
_COLUMN_X_MM = (27.0, 80.0, 133.0, 186.0)
_ROW_Y_MM = (84.0, 53.0, 21.5)

_CARD, _EDGE, _INK, _SOFT_INK = "#ffffff", "#d0d7de", "#1f2328", "#59636e"
_PYTHON, _C, _OUTSIDE = "#3572a5", "#1a7f5a", "#8c959f"
_ARROW = "#57606a"


@dataclass(frozen=True)
class _Box:
    """A box: column, row, headline, what it does, and whether it exists in Python and C."""

    column: int
    row: int
    title: str
    detail: str
    twice: bool = True


_BOXES = {
    "source": _Box(0, 0, "record or ADC", f"WFDB, CSV, sensor\nint16 at {FS_HZ} Hz", twice=False),
    "bandpass": _Box(1, 0, "band-pass", "0.5–50 Hz, IIR,\ninteger coefficients"),
    "rpeak": _Box(2, 0, "R-peak detector", "candidates scored,\nsearch-back"),
    "rr": _Box(3, 0, "RR memories", "medians of 8 and 32,\nslow and high means"),
    "window": _Box(1, 1, "beat window", "and six templates of\nthis patient's beats"),
    "features": _Box(
        3,
        1,
        "int8 features",
        f"beat {WINDOW_SAMPLES} × {BEAT_CHANNELS}, and {RHYTHM_FEATURES}\nof each of {CONTEXT_BEATS} beats",
    ),
    "network": _Box(3, 2, "int8 network", "on beat and context,\nTFLite Micro's arithmetic"),
    "beat": _Box(2, 2, "beat record", "R peak, class N S V F,\nconfidence, flags"),
    "frame": _Box(1, 2, "frames", "COBS, CRC-16, credits,\nnothing lost unseen"),
    "host": _Box(0, 2, "host", "annotations, CSV,\nJSON, report, plots", twice=False),
}

#: From, to, and the sides they leave and enter by.
_ARROWS = (
    ("source", "bandpass", "right", "left"),
    ("bandpass", "rpeak", "right", "left"),
    ("rpeak", "rr", "right", "left"),
    ("bandpass", "window", "bottom", "top"),
    ("window", "features", "right", "left"),
    ("rr", "features", "bottom", "top"),
    ("features", "network", "bottom", "top"),
    ("network", "beat", "left", "right"),
    ("beat", "frame", "left", "right"),
    ("frame", "host", "left", "right"),
)


def plot_chain_diagram(path: Path | str) -> Path:
    """Draw the signal chain, from the record to the host: a light card, legible on any background.

    Parameters
    ----------
    path : Path or str
        PNG or SVG file to write. Equal calls write equal files.

    Raises
    ------
    ~host_tools.errors.UserError
        If the file cannot be written.
    """
    figure = new_figure(_WIDTH_MM, _HEIGHT_MM, background="none")
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_xlim(0, _WIDTH_MM)
    axes.set_ylim(0, _HEIGHT_MM)
    axes.axis("off")
    _rounded(axes, 0.7, 0.7, _WIDTH_MM - 1.4, _HEIGHT_MM - 1.4, 4.0, face="#f6f8fa", edge=_EDGE)
    for origin, target, leave, enter in _ARROWS:
        _arrow(axes, _port(_BOXES[origin], leave), _port(_BOXES[target], enter))
    _detector_to_window(axes)
    for box in _BOXES.values():
        _draw_box(axes, box)
    _legend(axes)
    claim_project(Path(path))
    return save(figure, path)


def _rounded(
    axes: Axes,
    x: float,
    y: float,
    width: float,
    height: float,
    radius: float,
    face: str,
    edge: str,
    lw: float = 1.0,
) -> None:
    from matplotlib.patches import FancyBboxPatch

    style = f"round,pad=0,rounding_size={radius}"
    axes.add_patch(FancyBboxPatch((x, y), width, height, boxstyle=style, fc=face, ec=edge, lw=lw))


def _centre(box: _Box) -> tuple[float, float]:
    return _COLUMN_X_MM[box.column], _ROW_Y_MM[box.row]


def _port(box: _Box, side: str) -> tuple[float, float]:
    x, y = _centre(box)
    half_x, half_y = _BOX_MM[0] / 2, _BOX_MM[1] / 2
    step = {"left": (-half_x, 0.0), "right": (half_x, 0.0), "top": (0.0, half_y), "bottom": (0.0, -half_y)}
    return x + step[side][0], y + step[side][1]


def _arrow(axes: Axes, start: tuple[float, float], stop: tuple[float, float]) -> None:
    style = {"arrowstyle": "-|>,head_width=0.22,head_length=0.45", "color": _ARROW, "lw": 1.5}
    axes.annotate("", xy=stop, xytext=start, arrowprops={**style, "shrinkA": 0, "shrinkB": 0})


def _detector_to_window(axes: Axes) -> None:
    """Draw the R peak's way from the detector to the window, which is cut around it."""
    x, y = _port(_BOXES["rpeak"], "bottom")
    to_x, to_y = _port(_BOXES["window"], "top")
    to_x += 10.0
    turn_y = (y + to_y) / 2
    way = ([x, x, to_x, to_x], [y, turn_y, turn_y, to_y + 2.0])
    axes.plot(*way, color=_ARROW, lw=1.2, ls=(0, (3, 2)))
    _arrow(axes, (to_x, to_y + 2.2), (to_x, to_y))
    axes.text(
        (x + to_x) / 2, turn_y - 2.6, "at each R peak", size=8, color=_SOFT_INK, ha="center", va="center"
    )


def _draw_box(axes: Axes, box: _Box) -> None:
    x, y = _centre(box)
    width, height = _BOX_MM
    left, low = x - width / 2, y - height / 2
    if box.twice:
        # The second copy looks out behind the first.
        _rounded(axes, left + 1.3, low - 1.3, width, height, 2.2, face="#dcebf7", edge=_PYTHON, lw=1.1)
        _rounded(axes, left, low, width, height, 2.2, face=_CARD, edge=_C, lw=1.5)
    else:
        _rounded(axes, left, low, width, height, 2.2, face="#eaeef2", edge=_OUTSIDE, lw=1.2)
    axes.text(x, y + 4.6, box.title, ha="center", va="center", size=11.5, weight="bold", color=_INK)
    axes.text(x, y - 3.0, box.detail, ha="center", va="center", size=8.6, color=_SOFT_INK, linespacing=1.25)


def _legend(axes: Axes) -> None:
    x, y = _COLUMN_X_MM[0], _ROW_Y_MM[1]
    left = x - _BOX_MM[0] / 2
    axes.text(left, y + 6.6, "Every box exists twice", size=9.6, weight="bold", color=_INK, va="center")
    for dy, face, edge, text in (
        (1.0, _CARD, _C, "C core, integers only"),
        (-4.6, "#dcebf7", _PYTHON, "Python reference"),
    ):
        _rounded(axes, left, y + dy - 1.6, 5.2, 3.2, 0.8, face=face, edge=edge, lw=1.3)
        axes.text(left + 7.2, y + dy, text, size=8.8, color=_INK, va="center")
    axes.text(left, y - 10.4, "equal to the last bit", size=8.8, color=_SOFT_INK, va="center", style="italic")
