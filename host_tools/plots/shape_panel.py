"""The beat over the patient's usual beat, coloured by what each stretch of it brought to the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from host_tools.beats import CLASS_NAMES
from host_tools.explain.case import Case
from host_tools.reference.params import GRID_HZ, WINDOW_BEFORE_GRID
from host_tools.summary.quality import spans

from .brought import colour_of, plain_axes, scale_of, sign_colours, whole_steps
from .paper import CLASS_COLOURS, FAINT_INK, INK, LINE_1_MM, LINE_5_MM, PAPER

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_GRID_MS = 1000.0 / GRID_HZ
#: Grid samples that a letter is wide.
_LETTER_GRID = 3


def times_ms(samples: int) -> NDArray[np.float64]:
    """Times of the window's grid samples from the R peak, ms."""
    return (np.arange(samples) - WINDOW_BEFORE_GRID) * _GRID_MS


def draw_shape(axes: Axes, case: Case) -> None:
    """Draw beat and template; the beat's line is coloured and thickened by what its stretches brought."""
    from matplotlib.collections import LineCollection

    ms = times_ms(len(case.window_mv))
    rule_beat_paper(axes, ms, np.concatenate([case.window_mv, case.template_mv]))
    axes.plot(ms, case.template_mv, color=INK, lw=1.1, ls=(0, (4, 2)), zorder=3)
    steps = case.blank.stretches.lead
    scale = scale_of(case.blank.stretches)
    points = np.stack([ms, case.window_mv], axis=1)
    middle = 0.5 * (steps[:-1] + steps[1:])
    lines = LineCollection(
        list(np.stack([points[:-1], points[1:]], axis=1)),
        colors=[colour_of(v, scale) for v in middle],
        linewidths=1.6 + 2.8 * np.minimum(np.abs(middle) / scale, 1),
        capstyle="round",
        zorder=4,
    )
    axes.add_collection(lines)
    axes.set_ylabel("mV about the mean", size=7, color=FAINT_INK, labelpad=2)
    axes.tick_params(labelbottom=False)


def rule_beat_paper(axes: Axes, ms: NDArray[np.float64], mv: NDArray[np.float64]) -> None:
    """ECG paper stretched to the axes: lines every 40 ms and 0.1 mV (0.5 mV for large beats)."""
    low, high = float(mv.min()), float(mv.max())
    pad = max(0.06 * (high - low), 0.05)
    low, high = low - pad, high + pad
    step_mv = 0.1 if high - low < 4 else 0.5
    for every, colour, width in ((1, LINE_1_MM, 0.35), (5, LINE_5_MM, 0.7)):
        for step, lines, first, last, other in (
            (step_mv * every, axes.hlines, low, high, (ms[0], ms[-1])),
            (40.0 * every, axes.vlines, ms[0], ms[-1], (low, high)),
        ):
            at = np.arange(np.ceil(first / step), np.floor(last / step) + 1) * step
            lines(at, *other, color=colour, lw=width, zorder=0)
    axes.set_xlim(ms[0], ms[-1])
    axes.set_ylim(low, high)
    axes.set_facecolor(PAPER)
    plain_axes(axes)


def draw_stretches(axes: Axes, case: Case) -> None:
    """Below the beat: steps brought by the stretch around each sample, and the answers without it."""
    ms = times_ms(len(case.window_mv))
    found, usual = case.blank.stretches, case.usual.stretches
    axes.bar(ms, found.lead, width=_GRID_MS, color=sign_colours(found), lw=0, zorder=2)
    axes.step(ms, usual.lead, where="mid", color=INK, lw=0.9, zorder=3)
    axes.axhline(0, color=FAINT_INK, lw=0.6, zorder=3)
    top = scale_of(found, usual)
    bottom = min(0.0, float(found.lead.min()), float(usual.lead.min()))
    bottom = min(1.15 * bottom, -0.12 * top)
    for first, stop in _changes(found.answer, int(case.beat["aami_class"])):
        letter = CLASS_NAMES[int(found.answer[first])]
        colour = CLASS_COLOURS[letter]
        left, right = ms[first] - _GRID_MS / 2, ms[stop - 1] + _GRID_MS / 2
        axes.axvspan(left, right, color=colour, alpha=0.13, lw=0, zorder=1)
        if stop - first >= _LETTER_GRID:
            axes.text(
                0.5 * (left + right), 1.1 * top, letter, ha="center", va="center", size=7.5, weight="bold",
                color=colour,
            )  # fmt: skip
    axes.set_xlim(ms[0], ms[-1])
    axes.set_ylim(bottom, 1.22 * top)
    whole_steps(axes.yaxis, 4)
    axes.set_xlabel("ms from the R peak", size=7, color=FAINT_INK, labelpad=1)
    axes.set_ylabel("steps", size=7, color=FAINT_INK, labelpad=2)
    plain_axes(axes)


def _changes(answer: NDArray[np.int64], winner: int) -> list[tuple[int, int]]:
    """Stretches without which one and the same other class wins."""
    found = []
    for k in range(len(CLASS_NAMES)):
        if k != winner:
            found += spans(answer == k)
    return sorted(found)
