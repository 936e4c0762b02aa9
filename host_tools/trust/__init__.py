"""How far an answer can be trusted: calibration, undecided beats, noise sweeps, the signal-quality index."""

from .calibration import calibration
from .judged import JudgedBeats, join, judge, judge_beats
from .sweep import LEVELS_DB, score_noise
from .undecided import marked_figures, undecided_curves

__all__ = [
    "LEVELS_DB",
    "JudgedBeats",
    "calibration",
    "join",
    "judge",
    "judge_beats",
    "marked_figures",
    "score_noise",
    "undecided_curves",
]
