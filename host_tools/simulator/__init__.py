"""A seeded ECG simulator: rhythms by script, beats from sums of Gaussians, and the truth with them."""

from .rhythm import Beat, Span, Step
from .simulate import (
    AAMI,
    ADU_PER_MV,
    LEAD_OFF_ADU,
    RAIL_ADU,
    Event,
    Simulation,
    simulate,
)

__all__ = [
    "AAMI",
    "ADU_PER_MV",
    "LEAD_OFF_ADU",
    "RAIL_ADU",
    "Beat",
    "Event",
    "Simulation",
    "Span",
    "Step",
    "simulate",
]
