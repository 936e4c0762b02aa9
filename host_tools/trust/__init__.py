"""How far an answer can be trusted: calibration, undecided beats, noise sweeps, the signal-quality index."""

from .calibration import calibration
from .judged import JudgedBeats, join, judge
from .sweep import LEVELS_DB, score_noise
from .undecided import undecided_curves

__all__ = ["LEVELS_DB", "JudgedBeats", "calibration", "join", "judge", "score_noise", "undecided_curves"]
