"""Annotation files written for the tests, byte by byte: also those that no library would write."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

import wfdb

_CODE = {label.symbol: label.label_store for label in wfdb.io.annotation.ann_labels}
_SKIP, _SUBTYPE = 59, 61


def annotation_bytes(rows: Sequence[tuple[int, str]], subtypes: Sequence[int] | None = None) -> bytes:
    """Rows (sample, symbol) in WFDB's annotation format, in any order."""
    out = b""
    before = 0
    for k, (sample, symbol) in enumerate(rows):
        step, before = sample - before, sample
        if not 0 <= step < 1024:
            high, low = divmod(step & 0xFFFFFFFF, 1 << 16)
            out += struct.pack("<HHH", _SKIP << 10, high, low)
            step = 0
        out += struct.pack("<H", _CODE[symbol] << 10 | step)
        if subtypes is not None and subtypes[k]:
            out += struct.pack("<H", _SUBTYPE << 10 | (subtypes[k] & 0xFF))
    return out + b"\0\0"


def write_annotations(
    path: Path, rows: Sequence[tuple[int, str]], subtypes: Sequence[int] | None = None
) -> Path:
    """Write an annotation file; its folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(annotation_bytes(rows, subtypes))
    return path


def write_header(path: Path, fs_hz: float, length: int = 1_000_000) -> None:
    """Write a header of one signal beside an annotation file."""
    record = path.stem
    path.with_suffix(".hea").write_text(
        f"{record} 1 {fs_hz:g} {length}\n{record}.dat 16 200 11 0 0 0 0 MLII\n"
    )


def regular(n: int, every: int = 300, first: int = 100, symbol: str = "N") -> list[tuple[int, str]]:
    """Beats at equal distances."""
    return [(first + k * every, symbol) for k in range(n)]
