"""What the features of the rhythm input are called and mean, and their values in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from host_tools.reference import params

#: Names where the parameters do not give them.
_NAMES = (
    *("rr_prev_local", "rr_next_local", "rr_prev_slow", "rr_next_slow", "rr_next_prev", "rr_prev_before"),
    *("local_slow", "rr_prev_default", "irregularity", "correlation", "loudness", "residual"),
)


def _ratio(q: int) -> str:
    return f"× {2 ** (q / (1 << params.LOG_RATIO_FRAC_BITS)):.2f}"


def _sevenths(q: int) -> str:
    return f"{q / 128:.2f}"


def _percent_of_64(q: int) -> str:
    return f"{100 * q / 64:.0f} %"


def _percent_of_256(q: int) -> str:
    return f"{100 * q / 256:.0f} %"


@dataclass(frozen=True)
class Feature:
    """A feature: its name, what it means, and how its int8 value reads."""

    name: str
    meaning: str
    read: Callable[[int], str]


_MEANINGS: dict[str, tuple[str, Callable[[int], str]]] = {
    "rr_prev_local": ("RR before the beat / mean of the last 8", _ratio),
    "rr_next_local": ("RR after the beat / mean of the last 8", _ratio),
    "rr_prev_slow": ("RR before the beat / slow mean", _ratio),
    "rr_next_slow": ("RR after the beat / slow mean", _ratio),
    "rr_next_prev": ("RR after / RR before the beat", _ratio),
    "rr_prev_before": ("RR before the beat / the RR before that", _ratio),
    "local_slow": ("mean of the last 8 RRs / slow mean", _ratio),
    "rr_prev_default": ("RR before the beat / 0.8 s", _ratio),
    "irregularity": ("mean change from RR to RR / their mean", _percent_of_256),
    "correlation": ("likeness of the QRS to the template's", _sevenths),
    "loudness": ("QRS amplitude / the template's", _ratio),
    "residual": ("area between QRS and template / template's", _percent_of_64),
}


def feature_list(count: int) -> tuple[Feature, ...]:
    """Return the ``count`` features of a row of the rhythm input, in order."""
    names = getattr(params, "FEATURE_NAMES", _NAMES)
    found = []
    for k in range(count):
        name = names[k] if k < len(names) else f"feature_{k}"
        meaning, read = _MEANINGS.get(name, ("", str))
        found.append(Feature(name, meaning, read))
    return tuple(found)
