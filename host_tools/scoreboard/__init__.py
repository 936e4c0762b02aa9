"""``make score``: the deployed chain's figures on all records, from the C core's own output."""

from .board import Scoreboard, score_all
from .chain import DS1_ONLY, SHIPPED, Job, Model, Replayed, replay_records
from .log import append_log, ds2_entry, scorings
from .plot import plot_records
from .tables import print_sheets, write_documents

__all__ = [
    "DS1_ONLY",
    "SHIPPED",
    "Job",
    "Model",
    "Replayed",
    "Scoreboard",
    "append_log",
    "ds2_entry",
    "plot_records",
    "print_sheets",
    "replay_records",
    "score_all",
    "scorings",
    "write_documents",
]
