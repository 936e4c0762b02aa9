"""Finds the golden files: test annotations and what WFDB 10.7.0 ``bxb`` prints for them."""

from __future__ import annotations

import tarfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ARCHIVE = ROOT.parent / "shared" / "data" / "ec57_golden.tar.xz"
UNPACKED = ROOT / "data" / "ec57_golden"


def golden_dir() -> Path | None:
    """Folder with the golden files, unpacked on first use; None where neither folder nor archive is."""
    if (UNPACKED / "README").is_file():
        return UNPACKED
    if not ARCHIVE.is_file():
        return None
    UNPACKED.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(UNPACKED.parent, filter="data")
    return UNPACKED


def read_bxb(path: Path) -> dict[str, list[str]]:
    """Lines of a ``bxb -L`` report: record to its fields, the nineteen counts first."""
    rows = (line.split() for line in path.read_text().splitlines()[1:])
    return {row[0]: row[1:] for row in rows}


def read_gross(path: Path) -> dict[str, list[str]]:
    """``Sum``, ``Gross`` and ``Average`` lines of a ``sumstats`` report, by their first word."""
    rows = (line.split() for line in path.read_text().splitlines())
    return {row[0]: row[1:] for row in rows if row and row[0] in ("Sum", "Gross", "Average")}
