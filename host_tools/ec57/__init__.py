"""Beat-by-beat scoring after ANSI/AAMI EC57, count for count what WFDB's ``bxb`` prints."""

from .labels import CLASSES, MAPPINGS, NOT_A_BEAT, class_codes
from .pairing import LEARNING_PERIOD_S, MATCH_WINDOW_MS, BeatComparison, flutter_segments, pair_beats
from .scores import Score, bxb_columns, qrs_score, sveb_score, veb_score

__all__ = [
    "CLASSES",
    "LEARNING_PERIOD_S",
    "MAPPINGS",
    "MATCH_WINDOW_MS",
    "NOT_A_BEAT",
    "BeatComparison",
    "Score",
    "bxb_columns",
    "class_codes",
    "flutter_segments",
    "pair_beats",
    "qrs_score",
    "sveb_score",
    "veb_score",
]
