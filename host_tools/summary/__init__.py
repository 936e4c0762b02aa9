"""What a recording's beats come to: the figures, and the tables that show them."""

from .figures import (
    Agreement,
    Episode,
    Rates,
    ReferenceBeats,
    SignalQuality,
    Stretch,
    Summary,
    summarise,
)
from .patterns import Pattern, alternations, runs_of
from .pauses import PAUSE_S, Pause, find_pauses
from .quality import Quality, judge, spans
from .rate import RATE_WINDOW_BEATS, HeartRate, heart_rate, rate_episodes, regular_waves
from .stretches import Span, Stretches, find_stretches, held, merged, neighbours, said_gaps
from .table import DISCLAIMER, clock, print_summary

__all__ = [
    "DISCLAIMER",
    "PAUSE_S",
    "RATE_WINDOW_BEATS",
    "Agreement",
    "Episode",
    "HeartRate",
    "Pattern",
    "Pause",
    "Quality",
    "Rates",
    "ReferenceBeats",
    "SignalQuality",
    "Span",
    "Stretch",
    "Stretches",
    "Summary",
    "alternations",
    "clock",
    "find_pauses",
    "find_stretches",
    "heart_rate",
    "held",
    "judge",
    "merged",
    "neighbours",
    "print_summary",
    "rate_episodes",
    "regular_waves",
    "runs_of",
    "said_gaps",
    "spans",
    "summarise",
]
