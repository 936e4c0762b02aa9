"""What the features of the rhythm input are called and mean, and their values in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from host_tools.reference import params

_Read = Callable[[int], str]


@dataclass(frozen=True)
class Feature:
    """A feature: its name, what it means, and how its int8 value reads."""

    name: str
    meaning: str
    read: _Read


def _ratio(q: int) -> str:
    return f"× {2 ** (q / (1 << params.LOG_RATIO_FRAC_BITS)):.2f}"


def _correlation(q: int) -> str:
    return f"{q / 128:.2f}"


def _unlike(q: int) -> str:
    """Read the correlation out of ``11 log2(1 + 1024 (1 - r))``."""
    return f"r {1 - (2 ** (q / 11) - 1) / 1024:.2f}"


def _yes_no(q: int) -> str:
    return "yes" if q else "no"


def _beats(q: int) -> str:
    return f"{2 ** (q / 16) - 1:.0f}"


def _percent(whole: int, sign: str = "") -> _Read:
    """Read a value of which ``whole`` is everything."""
    return lambda q: f"{100 * q / whole:{sign}.0f} %"


def _ms(per_grid_sample: int, sign: str = "") -> _Read:
    """Read a time of which ``per_grid_sample`` steps are one sample of the network's grid."""
    return lambda q: f"{1000 * q / (per_grid_sample * params.GRID_HZ):{sign}.0f} ms"


_RR = "RR before the beat"
_NEXT = "RR after the beat"
_OWN = "beats of its kind"

_MEANINGS: dict[str, tuple[str, _Read]] = {
    "prev_short": (f"{_RR} / median of the last 8", _ratio),
    "next_short": (f"{_NEXT} / median of the last 8", _ratio),
    "prev_long": (f"{_RR} / median of the last 32", _ratio),
    "next_long": (f"{_NEXT} / median of the last 32", _ratio),
    "prev_slow": (f"{_RR} / slow mean", _ratio),
    "next_slow": (f"{_NEXT} / slow mean", _ratio),
    "prev_high": (f"{_RR} / high mean", _ratio),
    "next_high": (f"{_NEXT} / high mean", _ratio),
    "long_high": ("median of the last 32 RRs / high mean", _ratio),
    "next_prev": (f"{_NEXT} / RR before it", _ratio),
    "prev_before": (f"{_RR} / the RR before that", _ratio),
    "prev_absolute": (f"{_RR} / 0.8 s", _ratio),
    "irregular_long": ("median change of the last 32 RRs", _percent(256)),
    "irregular_share": ("share of RRs that change much", _percent(127)),
    "irregular_short": ("median change of the last 8 RRs", _percent(256)),
    "unlikeness": ("QRS: likeness to the usual one", _unlike),
    "t_unlikeness": ("T wave: likeness to the usual one", _unlike),
    "deviation": ("QRS: largest difference / usual height", _percent(64)),
    "t_deviation": ("T wave: largest difference / usual height", _percent(128)),
    "residual": ("QRS: area of the difference / usual area", _percent(64)),
    "size": ("QRS height / usual height", _ratio),
    "area": ("QRS area / usual area", _ratio),
    "polarity": ("QRS: more upright (+) or inverted (−)", lambda q: f"{q / 64:+.2f}"),
    "width": ("QRS width", _ms(2)),
    "spread": ("QRS: spread of the slopes", _ms(8)),
    "area_peak": ("QRS area / its peak", _ms(8)),
    "slope": ("QRS: steepest slope / height", _percent(128)),
    "width_change": ("QRS width against the usual", _ms(2, "+")),
    "spread_change": ("spread of the slopes against the usual", _ms(16, "+")),
    "area_peak_change": ("area / peak against the usual", _ms(8, "+")),
    "slope_change": ("steepest slope against the usual", _percent(128, "+")),
    "own_share": (f"{_OWN} / recent beats", _percent(128)),
    "own_dominant": ("its kind is the patient's usual one", _yes_no),
    "own_from_dominant": ("likeness of its kind to the usual one", _unlike),
    "own_early": (f"{_OWN}: RR before / high mean", _ratio),
    "own_pause": (f"{_OWN}: RR after / median of 32", _ratio),
    "own_count": (f"{_OWN} so far", _beats),
    "own_unlikeness": ("likeness to its own kind", _unlike),
    "dominant_share": ("usual beats / recent beats", _percent(128)),
    "previous_unlikeness": ("QRS: likeness to the beat before", _unlike),
    "p_size": ("P wave height / usual QRS height", _percent(256)),
    "p_residual": ("P wave: difference / usual QRS height", _percent(512)),
    "p_unlikeness": ("P wave: likeness to the usual one", _unlike),
    "p_coherence": ("how steady the usual P wave is", _correlation),
    "late_p_residual": ("P wave: difference from late beats' P", _percent(512)),
    "late_p_unlikeness": ("P wave: likeness to late beats' P", _unlike),
    "late_p_coherence": ("how steady late beats' P wave is", _correlation),
    "noise": ("roughness outside the QRS / sd", _percent(128)),
}


def feature_list(count: int) -> tuple[Feature, ...]:
    """Return the ``count`` features of a row of the rhythm input, in order."""
    found = []
    for name in params.FEATURE_NAMES[:count]:
        meaning, read = _MEANINGS.get(name, ("", str))
        found.append(Feature(name, meaning, read))
    return tuple(found)
