"""Plots of the training report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib
import numpy as np
from numpy.typing import NDArray

from host_tools.beats import CLASS_NAMES
from host_tools.writing import replacing

if TYPE_CHECKING:
    from training.report import Judged

matplotlib.use("Agg")
from matplotlib import pyplot as plt

#: One colour per class in all plots: N grey-blue, S orange, V red, F purple.
CLASS_COLOURS = {"N": "#4c72b0", "S": "#dd8452", "V": "#c44e52", "F": "#8172b3"}

_GRID_MS = (np.arange(96) - 36) * 1000 / 120

#: Mean confidence, share right and count of each bin, and the calibration error.
Reliability = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64], float]

_STYLE: Any = {
    "figure.dpi": 110,
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "legend.frameon": False,
}


def _save(figure: Any, path: Path) -> None:
    # Without the software's version the same figures give the same bytes.
    with replacing(path) as aside:
        figure.savefig(aside, format="png", metadata={"Software": None}, bbox_inches="tight")
    plt.close(figure)


def confusion(path: Path, matrix: NDArray[np.int64], where: str) -> None:
    """Confusion matrix of the records named by ``where``, coloured by the share within each row."""
    share = matrix / np.maximum(1, matrix.sum(1, keepdims=True))
    with plt.rc_context(_STYLE | {"axes.grid": False}):
        figure, axis = plt.subplots(figsize=(4.6, 4.0))
        image = axis.imshow(share, cmap="Blues", vmin=0, vmax=1)
        for a in range(4):
            for b in range(4):
                axis.text(
                    b,
                    a,
                    f"{matrix[a, b]:,}\n{100 * share[a, b]:.1f} %",
                    ha="center",
                    va="center",
                    color="white" if share[a, b] > 0.5 else "black",
                )
        axis.set_xticks(range(4), CLASS_NAMES)
        axis.set_yticks(range(4), CLASS_NAMES)
        axis.set(xlabel="predicted", ylabel="reference", title=f"Cross-validation inside {where}, all folds")
        figure.colorbar(image, ax=axis, fraction=0.046, label="share of the reference class")
        _save(figure, path)


def per_class(path: Path, classes: dict[str, dict[str, float]], where: str) -> None:
    """Precision, recall and F1 of each class as bars, over the records named by ``where``."""
    with plt.rc_context(_STYLE):
        figure, axis = plt.subplots(figsize=(6, 3.2))
        place = np.arange(len(classes))
        for k, (name, colour) in enumerate(
            (("precision", "#8da0cb"), ("recall", "#66c2a5"), ("f1", "#444444"))
        ):
            values = [100 * c[name] for c in classes.values()]
            bars = axis.bar(
                place + 0.27 * (k - 1), values, 0.25, label=name if name != "f1" else "F1", color=colour
            )
            axis.bar_label(bars, fmt="%.0f", fontsize=7)
        axis.set_xticks(place, [f"{name}\n{c['beats']:,} beats" for name, c in classes.items()])
        axis.set(ylim=(0, 112), ylabel="%", title=f"Cross-validation inside {where}, per class")
        axis.grid(axis="x", visible=False)
        axis.legend(ncols=3, loc="upper right", fontsize=8)
        _save(figure, path)


def reliability_diagram(path: Path, calibrated: Reliability, before: Reliability) -> None:
    """Share of right beats against the confidence stated, with the number of beats beneath."""
    with plt.rc_context(_STYLE):
        figure, (top, low) = plt.subplots(
            2, 1, figsize=(4.6, 5), sharex=True, gridspec_kw={"height_ratios": [3, 1]}
        )
        top.plot([0, 1], [0, 1], color="grey", ls="--", lw=1, label="perfect")
        for (mean, share, count, error), style, colour, what in (
            (before, "s:", "#bbbbbb", "as trained"),
            (calibrated, "o-", "#4c72b0", "with temperature"),
        ):
            filled = count > 0
            label = f"{what}: calibration error {error:.3f}"
            top.plot(mean[filled], share[filled], style, color=colour, ms=4, label=label)
        top.set(ylabel="share of right beats", title="Reliability on held-out beats", ylim=(0, 1.05))
        top.legend(loc="lower right", fontsize=8)
        count = calibrated[2]
        edges = np.linspace(0, 1, len(count) + 1)
        width = 1 / len(count)
        low.bar(edges[:-1], np.maximum(count, 0.5), width, align="edge", color="#4c72b0", edgecolor="white")
        low.set(yscale="log", xlabel="confidence", ylabel="beats", xlim=(0.2, 1))
        figure.tight_layout()
        _save(figure, path)


def confidence_histogram(path: Path, confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> None:
    """How confidence is distributed over right and wrong beats."""
    with plt.rc_context(_STYLE):
        figure, axis = plt.subplots(figsize=(6, 3.2))
        bins = np.linspace(0.25, 1, 31).tolist()
        axis.hist(confidence[right], bins, color="#55a868", alpha=0.75, label=f"right ({right.sum():,})")
        axis.hist(confidence[~right], bins, color="#c44e52", alpha=0.75, label=f"wrong ({(~right).sum():,})")
        axis.set(yscale="log", xlabel="confidence", ylabel="beats", title="Confidence of held-out beats")
        axis.legend(loc="upper left")
        _save(figure, path)


def contact_sheet(path: Path, judged: Judged, chosen: NDArray[np.int64]) -> None:
    """Draw beats as the network sees them: the beat, the patient's template, the four probabilities."""
    columns = 6
    rows = -(-len(chosen) // columns)
    with plt.rc_context(_STYLE | {"font.size": 7, "axes.titlesize": 7.5}):
        figure, axes = plt.subplots(
            rows, columns, figsize=(2.1 * columns, 1.75 * rows), sharex=True, squeeze=False
        )
        for axis, i in zip(axes.flat, chosen, strict=False):
            own = judged.beat[i, :, 0] / 16
            template = own - judged.beat[i, :, 1] / 16
            axis.plot(_GRID_MS, template, color="#bbbbbb", lw=1.2)
            axis.plot(_GRID_MS, own, color=CLASS_COLOURS[CLASS_NAMES[judged.label[i]]], lw=1.3)
            p = " ".join(
                f"{c} {100 * v:.0f}" for c, v in zip(CLASS_NAMES, judged.probability[i], strict=True)
            )
            truth, guess = CLASS_NAMES[judged.label[i]], CLASS_NAMES[judged.predicted[i]]
            axis.set_title(f"{judged.record[i]} @ {judged.sample[i] / 360:.1f} s: {truth} as {guess}\n{p} %")
            axis.set_yticks([])
        for axis in axes.flat[len(chosen) :]:
            axis.axis("off")
        for axis in axes[-1]:
            axis.set_xlabel("ms from R peak")
        figure.suptitle(
            "Least certain held-out beats (colour: true class; grey: the patient's template)", fontsize=9
        )
        figure.tight_layout()
        _save(figure, path)
