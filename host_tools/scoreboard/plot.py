"""The per-record results as one picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from host_tools.ec57 import class_scores
from host_tools.plots.paper import CLASS_COLOURS, FAINT_INK, INK, LINE_1_MM, LINE_5_MM, new_figure, save

_WIDTH_MM, _HEIGHT_MM = 250.0, 165.0
#: Records with fewer beats of a class than this are drawn faint: their rates say little.
_FEW_BEATS = 10
_BAR = 0.38


def _frame(axes: Any, title: str, names: list[str]) -> None:
    axes.set_title(title, loc="left", fontsize=9, color=INK)
    axes.set_xlim(-0.6, len(names) - 0.4)
    axes.set_xticks(range(len(names)), names, rotation=90, fontsize=6.5, color=FAINT_INK)
    axes.tick_params(axis="y", labelsize=7, colors=FAINT_INK, length=0)
    axes.tick_params(axis="x", length=0, pad=2)
    axes.set_ylabel("%", fontsize=7, color=FAINT_INK)
    axes.grid(axis="y", color=LINE_1_MM, lw=0.8)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_color(LINE_5_MM)


def _detector(axes: Any, content: dict[str, Any]) -> None:
    records = content["qrs_per_record"]
    names = list(records)
    missed = [100 - (r["se"] if r["se"] is not None else 100) for r in records.values()]
    false = [100 - (r["ppv"] if r["ppv"] is not None else 100) for r in records.values()]
    x = np.arange(len(names))
    axes.bar(x - _BAR / 2, missed, _BAR, color=INK, label="missed (100 − Se)")
    axes.bar(x + _BAR / 2, false, _BAR, color=LINE_5_MM, label="false (100 − +P)")
    qrs = content["qrs"]
    gross = f"Se {qrs['se']:.2f}, +P {qrs['ppv']:.2f} gross"
    _frame(axes, f"QRS detection, 48 records from 5:00, errors: {gross}", names)
    axes.legend(fontsize=7, frameon=False, ncols=2, loc="upper right", labelcolor=INK)


def _classes(axes: Any, content: dict[str, Any], letter: str, what: str) -> None:
    records = content["ds2"]["per_record"]
    names = list(records)
    row = "NSVFQO".index(letter)
    for k, record in enumerate(records.values()):
        beats = sum(record["matrix"][row])
        rates = record["dechazal"][letter]
        alpha = 1.0 if beats >= _FEW_BEATS else 0.3
        for offset, key, face in ((-_BAR / 2, "se", CLASS_COLOURS[letter]), (_BAR / 2, "ppv", "white")):
            if rates[key] is not None:
                axes.bar(
                    k + offset,
                    rates[key],
                    _BAR,
                    color=face,
                    edgecolor=CLASS_COLOURS[letter],
                    lw=0.8,
                    alpha=alpha,
                )
        false = class_scores(np.array(record["matrix"]))[letter].fp
        told = f"{beats}" + (f"\n+{false}" if false else "\n")
        axes.text(k, 103, told, ha="center", va="bottom", fontsize=6, color=FAINT_INK, linespacing=1.1)
    gross = content["ds2"]["dechazal"][letter]
    text = ", ".join(
        f"{name} {gross[key]:.2f}" for name, key in (("Se", "se"), ("+P", "ppv")) if gross[key] is not None
    )
    legend = f"filled: Se, open: +P; above: reference beats, + false ones; faint: fewer than {_FEW_BEATS}"
    _frame(axes, f"{what}, DS2 from 5:00: {text} gross ({legend})", names)
    axes.set_ylim(0, 132)
    axes.set_yticks((0, 50, 100))


def plot_records(path: Path, content: dict[str, Any]) -> Path:
    """Draw the detector's errors on all records, and V and S on DS2's.

    Parameters
    ----------
    path : Path
        ``.png`` or ``.svg``.
    content : dict
        What ``build/score.json`` holds.
    """
    figure = new_figure(_WIDTH_MM, _HEIGHT_MM)
    axes = figure.subplots(3, 1)
    _detector(axes[0], content)
    _classes(axes[1], content, "V", "Ventricular beats")
    _classes(axes[2], content, "S", "Supraventricular beats")
    figure.subplots_adjust(left=0.05, right=0.99, top=0.95, bottom=0.07, hspace=0.55)
    return save(figure, path)
