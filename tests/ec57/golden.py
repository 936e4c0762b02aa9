"""Reads the golden files: what WFDB 10.7.0 ``bxb`` and ``sumstats`` print."""

from __future__ import annotations

from pathlib import Path


def read_bxb(path: Path) -> dict[str, list[str]]:
    """Lines of a ``bxb -L`` report: record to its fields, the nineteen counts first."""
    rows = (line.split() for line in path.read_text().splitlines()[1:])
    return {row[0]: row[1:] for row in rows}


def read_gross(path: Path) -> dict[str, list[str]]:
    """``Sum``, ``Gross`` and ``Average`` lines of a ``sumstats`` report, by their first word."""
    rows = (line.split() for line in path.read_text().splitlines())
    return {row[0]: row[1:] for row in rows if row and row[0] in ("Sum", "Gross", "Average")}
