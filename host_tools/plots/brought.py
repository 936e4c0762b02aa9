"""How the pictures show what a part of the inputs brought to an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from host_tools.explain.occlusion import Brought

from .paper import FAINT_INK

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

#: Teal and orange: told apart with any colour vision, and unlike the colours of the classes.
FOR, AGAINST, NEITHER = "#00786b", "#d9730d", "#b4b4ba"
#: The full colour stands for at least this many steps of the logits: less decides little.
_FULL_COLOUR_STEPS = 12


def scale_of(*found: Brought) -> float:
    """Steps that get the full colour and the full length."""
    return float(max(_FULL_COLOUR_STEPS, *(np.abs(b.lead).max(initial=0) for b in found)))


def colour_of(steps: float, scale: float) -> tuple[float, float, float]:
    """From grey to the colour of the sign."""
    from matplotlib.colors import to_rgb

    share = min(abs(steps) / scale, 1.0)
    grey, full = np.array(to_rgb(NEITHER)), np.array(to_rgb(FOR if steps > 0 else AGAINST))
    red, green, blue = (1 - share) * grey + share * full
    return float(red), float(green), float(blue)


def sign_colours(steps: Brought) -> list[str]:
    """The colour of each sign."""
    return [FOR if v > 0 else AGAINST for v in steps.lead]


def whole_steps(axis: Axis, intervals: int) -> None:
    """Put the ticks of an axis of steps at whole numbers: there are no others."""
    from matplotlib.ticker import MaxNLocator

    axis.set_major_locator(MaxNLocator(nbins=intervals, integer=True, steps=[1, 2, 5, 10]))


def plain_axes(axes: Axes) -> None:
    """Two thin spines and small ticks."""
    axes.tick_params(labelsize=6.5, colors=FAINT_INK, length=2, pad=2, width=0.6)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color("#c7c7cc")
