"""Pictures of recordings and of the chain."""

from .diagram import plot_chain_diagram
from .events import Strip, StripEvent, choose_strips, find_events
from .strips import plot_strips

__all__ = ["Strip", "StripEvent", "choose_strips", "find_events", "plot_chain_diagram", "plot_strips"]
