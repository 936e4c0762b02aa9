"""The heat map: each kind on two of its axes, coloured by what became of its cells."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from .kinds import KINDS, Kind
from .promise import PROMISED
from .report import Judged

#: Right, flagged, silently wrong: told apart by everyone, and in grey.
_COLOURS = np.array([(0.85, 0.90, 0.96), (0.96, 0.75, 0.30), (0.55, 0.05, 0.15)])
_OUTCOMES = ("right", "flagged", "silent_wrong")
_COLUMNS = 5
_UNITS = {"bpm": "/min", "mv": "mV", "ms": "ms", "s": "s", "hz": "Hz"}
#: Names of axes where the parameter's own would not do.
_STEMS = {
    "narrow": "rate",
    "broad": "rate",
    "before": "rate before",
    "escape": "escape rhythm",
    "paced": "pacing",
    "flutter": "waves",
    "fibrillation": "waves",
    "r": "R",
    "low_r": "R",
    "f": "f waves",
    "fs": "sampling rate",
    "qrs": "QRS",
    "pr": "PR",
    "p": "P",
    "for": "lasting",
    "muscle": "noise",
    "tail": "overshoot",
}


def _grid(kind: Kind, mine: Judged) -> np.ndarray:
    """Share of each outcome at each point, [up, across, outcome]."""
    across, up = list(_values(kind, kind.across)), list(_values(kind, kind.up))
    counts = np.zeros((len(up), len(across), 3))
    for cell, verdict in mine:
        place = up.index(cell.parameters[kind.up]), across.index(cell.parameters[kind.across])
        counts[(*place, _OUTCOMES.index(verdict.outcome))] += 1
    return counts / np.maximum(counts.sum(axis=2, keepdims=True), 1)


def _promised(name: str, values: tuple[float | str, ...]) -> list[bool]:
    limits = PROMISED.get(name)
    return [limits is None or limits.low <= abs(float(v)) <= limits.high for v in values]


def _labels(values: tuple[float | str, ...]) -> list[str]:
    return [v.replace("_", " ") if isinstance(v, str) else f"{v:g}" for v in values]


def _values(kind: Kind, name: str) -> tuple[float | str, ...]:
    """Values of an axis in order, numbers from low to high."""
    values = kind.axes[name]
    numbers = [value for value in values if not isinstance(value, str)]
    return values if len(numbers) < len(values) else tuple(sorted(numbers))


def _axis_name(name: str) -> str:
    stem, _, unit = name.rpartition("_")
    if unit not in _UNITS:
        return name.replace("_", " ")
    return f"{_STEMS.get(stem, stem.replace('_', ' '))}, {_UNITS[unit]}"


def plot_heat_map(verdicts: Judged, path: Path) -> None:
    """Draw all kinds into one picture.

    Parameters
    ----------
    verdicts : sequence of (Cell, Verdict)
        Of the whole grid.
    path : Path
        A .png file.
    """
    import matplotlib.pyplot as plt
    from matplotlib.patches import Patch

    from host_tools.writing import replacing

    names = [name for name in KINDS if any(c.kind == name for c, _ in verdicts)]
    rows = -(-len(names) // _COLUMNS)
    figure, panels = plt.subplots(rows, _COLUMNS, figsize=(16, 2.75 * rows), squeeze=False)
    for axes in panels.flat[len(names) :]:
        axes.set_visible(False)
    for axes, name in zip(panels.flat, names, strict=False):
        _panel(axes, name, [(c, v) for c, v in verdicts if c.kind == name])
    labels = ("right", "flagged by the device", "silently wrong")
    handles = [
        Patch(facecolor=tuple(c), edgecolor="0.5", label=t) for c, t in zip(_COLOURS, labels, strict=True)
    ]
    handles.append(
        Patch(facecolor="white", edgecolor="0.4", hatch="////", label="outside the promised range")
    )
    figure.legend(handles=handles, loc="upper center", ncols=4, frameon=False, fontsize=11)
    figure.tight_layout(rect=(0, 0, 1, 0.975))
    with replacing(path) as aside:
        figure.savefig(aside, dpi=90, format="png", metadata={"Software": None})
    plt.close(figure)


def _panel(axes: Any, name: str, mine: Judged) -> None:
    kind = KINDS[name]
    shares = _grid(kind, mine)
    axes.imshow(shares @ _COLOURS, origin="lower", aspect="auto", interpolation="nearest")
    across, up = _values(kind, kind.across), _values(kind, kind.up)
    outside = ~np.outer(_promised(kind.up, up), _promised(kind.across, across))
    for y, x in zip(*np.nonzero(outside), strict=True):
        axes.add_patch(_hatched(x, y))
    for y, x in zip(*np.nonzero(shares[:, :, 2]), strict=True) if len(across) < 10 else ():
        axes.text(x, y, f"{100 * shares[y, x, 2]:.0f}", ha="center", va="center", color="white", fontsize=7)
    turned = 60 if len(across) > 7 else 0
    axes.set_xticks(range(len(across)), _labels(across), fontsize=8, rotation=turned)
    axes.set_yticks(range(len(up)), _labels(up), fontsize=8)
    axes.set_xlabel(_axis_name(kind.across), fontsize=9)
    axes.set_ylabel(_axis_name(kind.up), fontsize=9)
    axes.set_title(name, fontsize=8.5)


def _hatched(x: int, y: int) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle((x - 0.5, y - 0.5), 1, 1, fill=False, hatch="////", edgecolor="0.4", linewidth=0)
