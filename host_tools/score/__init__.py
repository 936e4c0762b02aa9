"""Scores annotation files against reference annotations: ``bitbeat score``."""

from .inputs import AnnotationFile, Task, find_tasks, read_annotation_file
from .report import REPORT_SUFFIXES, write_report
from .result import RecordResult, ScoreResult, score_tasks
from .table import print_score

__all__ = [
    "REPORT_SUFFIXES",
    "AnnotationFile",
    "RecordResult",
    "ScoreResult",
    "Task",
    "find_tasks",
    "print_score",
    "read_annotation_file",
    "score_tasks",
    "write_report",
]
