"""Live monitor: what the device's acquisition gives, as a picture in the terminal and as a WFDB record."""

from .feed import Feed, Timeline, run_monitor
from .picture import MISSING, VIEW_S, Picture, beat_line, condition_line, status_line
from .recording import Recording
from .view import render
from .wave import braille_wave, letter_row, scale_mv

__all__ = [
    "MISSING",
    "VIEW_S",
    "Feed",
    "Picture",
    "Recording",
    "Timeline",
    "beat_line",
    "braille_wave",
    "condition_line",
    "letter_row",
    "render",
    "run_monitor",
    "scale_mv",
    "status_line",
]
