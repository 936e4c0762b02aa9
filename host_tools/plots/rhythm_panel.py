"""The intervals around a beat, and what rows and features of the rhythm input brought to the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from host_tools.beats import CLASS_NAMES
from host_tools.explain.case import Case

from .brought import FOR, plain_axes, scale_of, sign_colours, whole_steps
from .paper import CLASS_COLOURS, FAINT_INK, INK, Page

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Features that get a bar; the weaker ones of more are given in small print.
_MOST_BARS = 24
_COLUMNS = 3
_ROW_MM, _SMALL_ROW_MM, _AXIS_MM = 4.4, 3.4, 9.0


def draw_tachogram(axes: Axes, case: Case) -> None:
    """RR interval before each beat, with its class; what the network sees is on white."""
    offsets = [beat.offset for beat in case.context]
    rr_ms = np.array([np.nan if beat.rr_ms is None else beat.rr_ms for beat in case.context])
    axes.plot(offsets, rr_ms, color="#c7c7cc", lw=1.0, zorder=2)
    known = rr_ms[np.isfinite(rr_ms)] if np.isfinite(rr_ms).any() else np.array([1000.0])
    high, low = 1.22 * known.max(), 0.75 * known.min()
    for beat in case.context:
        colour = CLASS_COLOURS[beat.letter]
        if beat.rr_ms is None:
            axes.text(
                beat.offset, 0.5 * (low + high), f"{beat.letter}\nno RR", ha="center", va="center", size=6.5,
                color=colour, zorder=5,
            )  # fmt: skip
            continue
        axes.plot([beat.offset], [beat.rr_ms], "o", ms=4.2, color=colour, mec="white", mew=0.5, zorder=4)
        axes.text(
            beat.offset, beat.rr_ms + 0.05 * (high - low), beat.letter, ha="center", va="bottom", size=7,
            weight="normal" if beat.letter == "N" else "bold", color=colour, zorder=5,
        )  # fmt: skip
    axes.set_ylim(low, high)
    axes.set_ylabel("RR before, ms", size=7, color=FAINT_INK, labelpad=2)
    axes.grid(axis="y", color="#e5e5ea", lw=0.6, zorder=0)
    axes.set_axisbelow(True)
    _beat_axis(axes, case)
    axes.tick_params(labelbottom=False)


def draw_rows(axes: Axes, case: Case) -> None:
    """Below the intervals: steps brought by the row of each beat."""
    seen = [beat for beat in case.context if beat.row is not None]
    rows = [beat.row for beat in seen if beat.row is not None]
    offsets = [beat.offset for beat in seen]
    found, usual = case.blank.rows, case.usual.rows
    colours = sign_colours(found)
    axes.bar(offsets, found.lead[rows], width=0.62, color=[colours[r] for r in rows], lw=0, zorder=2)
    axes.plot(offsets, usual.lead[rows], "D", ms=3.2, color=INK, mec="white", mew=0.4, zorder=3)
    axes.axhline(0, color=FAINT_INK, lw=0.6, zorder=3)
    top = scale_of(found, usual)
    axes.set_ylim(min(0.0, 1.2 * float(min(found.lead.min(), usual.lead.min()))) - 0.06 * top, 1.15 * top)
    whole_steps(axes.yaxis, 4)
    axes.set_xlabel("beats from this one", size=7, color=FAINT_INK, labelpad=1)
    axes.set_ylabel("steps", size=7, color=FAINT_INK, labelpad=2)
    _beat_axis(axes, case)


def _beat_axis(axes: Axes, case: Case) -> None:
    from matplotlib.ticker import MaxNLocator

    first, last = case.context[0].offset, case.context[-1].offset
    rows = len(case.inputs.rhythm)
    axes.set_xlim(first - 0.6, last + 0.6)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=20, integer=True))
    axes.axvspan(case.own_row + 0.5 - rows, case.own_row + 0.5, color="#e9f4f2", lw=0, zorder=0)
    axes.axvspan(-0.5, 0.5, fc="none", ec=FOR, lw=0.9, zorder=1)
    plain_axes(axes)


def features_height_mm(case: Case) -> float:
    """Height of what :func:`draw_features` draws."""
    shown, rest = _by_strength(case)
    others_mm = _SMALL_ROW_MM * (1 + _lines(rest)) if rest else 0.0
    return _ROW_MM * len(shown) + _AXIS_MM + others_mm


def _by_strength(case: Case) -> tuple[list[int], list[int]]:
    """Features with bars, the strongest first, and the others."""
    order = np.argsort(-np.abs(case.blank.features.lead), kind="stable").tolist()
    return order[:_MOST_BARS], sorted(order[_MOST_BARS:])


def _lines(rest: list[int]) -> int:
    return -(-len(rest) // _COLUMNS)


def draw_features(page: Page, case: Case, left_mm: float, top_mm: float) -> None:
    """One line for each feature: name, value, bar, meaning; the weakest of many in small print."""
    shown, rest = _by_strength(case)
    bars_left_mm, bars_mm = left_mm + 62.0, 58.0
    axes = page.axes(bars_left_mm, top_mm, bars_mm, _ROW_MM * len(shown))
    _draw_bars(axes, case, shown)
    found = case.blank.features
    for line, k in enumerate(shown):
        feature, value = case.features[k], int(case.inputs.rhythm[case.own_row, k])
        y_mm = top_mm + (line + 0.5) * _ROW_MM
        style = {"size": 7.5, "va": "center"}
        page.text(left_mm, y_mm, feature.name, color=INK, family="monospace", **style)
        page.text(left_mm + 44.0, y_mm, f"{value}", color=FAINT_INK, family="monospace", ha="right", **style)
        page.text(left_mm + 60.0, y_mm, feature.read(value), color=INK, ha="right", **style)
        without = CLASS_NAMES[int(found.answer[k])]
        if without != case.answer:
            x_mm = bars_left_mm + bars_mm + 2.0
            page.text(x_mm, y_mm, without, color=CLASS_COLOURS[without], weight="bold", **style)
        page.text(bars_left_mm + bars_mm + 7.0, y_mm, feature.meaning, color=FAINT_INK, **style)
    if rest:
        _draw_rest(page, case, rest, left_mm, top_mm + _ROW_MM * len(shown) + _AXIS_MM)


def _draw_bars(axes: Axes, case: Case, shown: list[int]) -> None:
    found, usual = case.blank.features, case.usual.features
    lead, at = found.lead[shown], np.arange(len(shown))
    colours = sign_colours(found)
    axes.barh(at, lead, height=0.62, color=[colours[k] for k in shown], lw=0, zorder=2)
    axes.plot(usual.lead[shown], at, "D", ms=3.2, color=INK, mec="white", mew=0.4, zorder=3)
    axes.axvline(0, color=FAINT_INK, lw=0.6, zorder=3)
    reach = scale_of(found, usual)
    least = min(float(found.lead.min()), float(usual.lead.min()))
    axes.set_xlim(min(1.15 * least, -0.15 * reach), 1.15 * reach)
    axes.set_ylim(len(shown) - 0.5, -0.5)
    axes.set_yticks([])
    whole_steps(axes.xaxis, 9)
    axes.set_xlabel("steps", size=7, color=FAINT_INK, labelpad=1)
    axes.grid(axis="x", color="#e5e5ea", lw=0.6, zorder=0)
    axes.set_axisbelow(True)
    plain_axes(axes)


def _draw_rest(page: Page, case: Case, rest: list[int], left_mm: float, top_mm: float) -> None:
    style = {"size": 6.5, "va": "center", "color": FAINT_INK}
    page.text(left_mm, top_mm + 0.5 * _SMALL_ROW_MM, "the others: int8, what it means, steps", **style)
    column_mm = (page.width_mm - 2 * left_mm) / _COLUMNS
    for i, k in enumerate(rest):
        x_mm = left_mm + column_mm * (i // _lines(rest))
        y_mm = top_mm + _SMALL_ROW_MM * (1.5 + i % _lines(rest))
        feature, value = case.features[k], int(case.inputs.rhythm[case.own_row, k])
        numbers = (f"{value}", feature.read(value), f"{int(case.blank.features.lead[k]):+d}")
        page.text(x_mm, y_mm, feature.name, family="monospace", **style)
        for right_mm, text in zip((34.0, 48.0, 56.0), numbers, strict=True):
            page.text(x_mm + right_mm, y_mm, text, ha="right", **style)
