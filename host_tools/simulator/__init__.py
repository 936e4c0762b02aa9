"""A seeded ECG simulator: rhythms by script, beats from sums of Gaussians, and the truth with them."""

from .compose import simulate_scenario
from .rhythm import Beat, Span, Step
from .scenario import Episode, Fault, FrontEnd, Heart, Scenario, Spikes
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
    "Episode",
    "Event",
    "Fault",
    "FrontEnd",
    "Heart",
    "Scenario",
    "Simulation",
    "Span",
    "Spikes",
    "Step",
    "simulate",
    "simulate_scenario",
]
