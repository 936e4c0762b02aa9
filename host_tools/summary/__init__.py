"""What a recording's beats come to: the figures, and the tables that show them."""

from .figures import (
    Agreement,
    Episode,
    HeartRate,
    Pause,
    Rates,
    ReferenceBeats,
    SignalQuality,
    Summary,
    gapless,
    heart_rate,
    summarise,
)
from .patterns import Pattern, alternations, runs_of
from .quality import Quality, judge, spans
from .table import DISCLAIMER, clock, print_summary

__all__ = [
    "DISCLAIMER",
    "Agreement",
    "Episode",
    "HeartRate",
    "Pattern",
    "Pause",
    "Quality",
    "Rates",
    "ReferenceBeats",
    "SignalQuality",
    "Summary",
    "alternations",
    "clock",
    "gapless",
    "heart_rate",
    "judge",
    "print_summary",
    "runs_of",
    "spans",
    "summarise",
]
