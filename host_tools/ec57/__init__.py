"""Beat-by-beat scoring after ANSI/AAMI EC57, count for count what WFDB's ``bxb`` and ``sumstats`` print."""

from .labels import CLASSES, MAPPINGS, NOT_A_BEAT, class_codes
from .lines import (
    LineRecord,
    average_rates,
    average_rr_error_ms,
    beat_lines,
    line_scores,
    pooled_columns,
    rates_of,
    shutdown_lines,
    shutdown_sum_lines,
    sum_lines,
)
from .pairing import LEARNING_PERIOD_S, MATCH_WINDOW_MS, BeatComparison, pair_beats
from .scores import (
    Score,
    bxb_columns,
    class_scores,
    figures_from_matrix,
    qrs_score,
    rate,
    sveb_score,
    veb_score,
)

__all__ = [
    "CLASSES",
    "LEARNING_PERIOD_S",
    "MAPPINGS",
    "MATCH_WINDOW_MS",
    "NOT_A_BEAT",
    "BeatComparison",
    "LineRecord",
    "Score",
    "average_rates",
    "average_rr_error_ms",
    "beat_lines",
    "bxb_columns",
    "class_codes",
    "class_scores",
    "figures_from_matrix",
    "line_scores",
    "pair_beats",
    "pooled_columns",
    "qrs_score",
    "rate",
    "rates_of",
    "shutdown_lines",
    "shutdown_sum_lines",
    "sum_lines",
    "sveb_score",
    "veb_score",
]
