"""Pictures of ``bitbeat score-noise``: noise sweep, reliability, undecided beats, signal-quality index."""

from __future__ import annotations

from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from host_tools.trust.undecided import MOST_UNDECIDED_PERCENT, enough_decided

from .paper import CLASS_COLOURS, FAINT_INK, INK, new_figure, save

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_NAMES = {"bw": "baseline wander (bw)", "em": "electrode motion (em)", "ma": "muscle (ma)"}
_BLUE, _ORANGE, _GREY = "#0b5fd3", "#d9730d", "#b4b4ba"


def _tidy(axes: Axes) -> None:
    axes.grid(True, color="#e5e5ea", lw=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=7, colors=FAINT_INK, length=2)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color("#c7c7cc")


def draw_noise(figures: dict[str, Any], path: Path) -> Path:
    """Draw the sweep: a column for each noise, QRS, V and S below each other, sensitivity and +P."""
    figure = new_figure(190, 150)
    levels = figures["levels_db"]
    places = list(range(len(levels) + 1))
    grid = figure.subplots(3, len(figures["sweep"]), sharex=True, sharey=True, squeeze=False)
    for column, (name, by_level) in enumerate(figures["sweep"].items()):
        rows = [figures["clean"], *(by_level[str(level)] for level in levels)]
        for row, what in enumerate(("qrs", "V", "S")):
            axes = grid[row][column]
            _tidy(axes)
            for key, colour, label in (("se", _BLUE, "Se"), ("ppv", _ORANGE, "+P")):
                axes.plot(places, [r[what][key] for r in rows], "o-", color=colour, ms=3, lw=1.4, label=label)
                if what != "qrs":
                    decided = [r["decided"][what][key] for r in takewhile(enough_decided, rows)]
                    told = f"{label}, decided"
                    axes.plot(places[: len(decided)], decided, ".--", color=colour, lw=0.9, ms=3, label=told)
            if what == "qrs":
                axes.set_title(_NAMES.get(name, name), fontsize=9, color=INK)
                share = [r["undecided"] for r in rows]
                axes.plot(places, share, ":", color=FAINT_INK, lw=1.1, label="beats undecided")
            if column == 0:
                axes.set_ylabel(f"{'QRS' if what == 'qrs' else what}, %", fontsize=8, color=INK)
    grid[0][0].set_ylim(0, 102)
    grid[0][0].set_xticks(places, ["none", *(f"{level}".replace("-", "−") for level in levels)])
    for axes in grid[-1]:
        axes.set_xlabel("signal-to-noise ratio, dB", fontsize=8, color=INK)
    grid[0][0].legend(fontsize=6.5, frameon=False, loc="center left")
    grid[1][-1].legend(fontsize=6.5, frameon=False, loc="lower left")
    figure.suptitle(
        "DS2 with noise from 5:00 on, C core, all beats scored from there "
        f"(decided beats: as long as they are at least {100 - MOST_UNDECIDED_PERCENT:.0f} %)",
        fontsize=9,
        color=INK,
    )
    figure.tight_layout()
    return save(figure, path)


def draw_reliability(figures: dict[str, Any], path: Path) -> Path:
    """Draw share right against confidence, with the number of beats below."""
    figure = new_figure(95, 105)
    top, low = figure.subplots(2, 1, sharex=True, gridspec_kw={"height_ratios": [3, 1]})
    calibration = figures["calibration"]
    bins = calibration["bins"]
    confidence = [b["confidence"] for b in bins]
    for axes in (top, low):
        _tidy(axes)
    top.plot([0, 1], [0, 1], "--", color=_GREY, lw=1, label="perfect")
    label = f"calibration error {calibration['ece']:.3f}"
    top.plot(confidence, [b["right"] for b in bins], "o-", color=_BLUE, ms=4, lw=1.4, label=label)
    top.set_ylim(0, 1.02)
    top.set_ylabel("share of right beats", fontsize=8, color=INK)
    top.legend(fontsize=7, frameon=False, loc="upper left")
    top.set_title("DS2, confidence as the device gives it", fontsize=9, color=INK)
    low.bar(confidence, [b["beats"] for b in bins], 0.04, color=_BLUE)
    low.set_yscale("log")
    low.set_ylim(1, None)
    low.set_xlim(0.2, 1.02)
    low.set_xlabel("confidence", fontsize=8, color=INK)
    low.set_ylabel("beats", fontsize=8, color=INK)
    figure.tight_layout()
    return save(figure, path)


def draw_undecided(figures: dict[str, Any], path: Path) -> Path:
    """Draw S and V figures of the decided beats against the share left undecided."""
    figure = new_figure(170, 75)
    curves = figures["undecided"]
    titles = {"by_confidence": "by confidence", "by_sqi": "by signal quality"}
    grid = figure.subplots(1, 2, sharey=True)
    for axes, (key, title) in zip(grid, titles.items(), strict=True):
        _tidy(axes)
        points = curves[key]
        share = [p["undecided"] for p in points]
        for name in ("V", "S"):
            for rate, style in (("f1", "-"), ("se", "--"), ("ppv", ":")):
                label = f"{name} {'F1' if rate == 'f1' else 'Se' if rate == 'se' else '+P'}"
                values = [p[name][rate] for p in points]
                axes.plot(share, values, style, color=CLASS_COLOURS[name], lw=1.3, label=label)
            if key == "by_sqi":
                flag = curves["flag"]
                axes.plot(
                    [flag["undecided"]], [flag[name]["f1"]], "D", color=CLASS_COLOURS[name], ms=4, mec="white"
                )
        axes.set_title(f"beats left undecided {title}", fontsize=9, color=INK)
        axes.set_xlabel("undecided, % of beats", fontsize=8, color=INK)
    grid[0].set_ylabel("of the decided beats, %", fontsize=8, color=INK)
    grid[0].legend(fontsize=6.5, frameon=False, ncols=2)
    grid[1].sharex(grid[0])
    grid[1].annotate(
        "diamond: the device's flag", (0.98, 0.03), xycoords="axes fraction", ha="right", fontsize=6.5
    )
    figure.tight_layout()
    return save(figure, path)


def draw_signal_quality(figures: dict[str, Any], path: Path) -> Path:
    """Draw the index's ROC for wrong answers, and the share of wrong answers by its value."""
    figure = new_figure(170, 75)
    left, right = figure.subplots(1, 2)
    for axes in (left, right):
        _tidy(axes)
    limit = figures["undecided_below_sqi"]
    for name, colour in (("ds1", _GREY), ("ds2", _BLUE)):
        sqi = figures["sqi"][name]
        curve = sqi["curve"]
        label = f"{name.upper()}: area {sqi['auc_wrong']:.3f}"
        left.plot(
            [p["false_alarms"] for p in curve],
            [p["caught"] for p in curve],
            color=colour,
            lw=1.4,
            label=label,
        )
        at = next(p for p in curve if p["limit"] == limit)
        left.plot([at["false_alarms"]], [at["caught"]], "D", color=colour, ms=4.5, mec="white")
        middle = [(b["from"] + min(b["below"], 100)) / 2 for b in sqi["bins"] if b["beats"]]
        right.plot(
            middle,
            [b["wrong"] for b in sqi["bins"] if b["beats"]],
            "o-",
            color=colour,
            ms=3.5,
            label=name.upper(),
        )
    left.plot([0, 100], [0, 100], "--", color=_GREY, lw=0.8)
    left.set_xlabel("right beats marked, %", fontsize=8, color=INK)
    left.set_ylabel("wrong and false beats marked, %", fontsize=8, color=INK)
    left.set_title("index as a warning of wrong beats", fontsize=9, color=INK)
    right.axvline(limit, color=FAINT_INK, lw=0.8, ls=":", label="the device's limit")
    left.plot([], [], "D", color=FAINT_INK, ms=4.5, mec="white", label="at the device's limit")
    right.set_xlabel("signal-quality index", fontsize=8, color=INK)
    right.set_ylabel("wrong and false beats, %", fontsize=8, color=INK)
    right.set_title("clean and with all noises and levels", fontsize=9, color=INK)
    for axes in (left, right):
        axes.legend(fontsize=7, frameon=False)
    figure.tight_layout()
    return save(figure, path)


#: Names of the four pictures.
PLOTS = ("noise.png", "reliability.png", "undecided.png", "signal_quality.png")


def draw_all(figures: dict[str, Any], folder: Path) -> list[Path]:
    """Draw the four pictures into ``folder``."""
    draw = (draw_noise, draw_reliability, draw_undecided, draw_signal_quality)
    return [one(figures, folder / name) for one, name in zip(draw, PLOTS, strict=True)]
