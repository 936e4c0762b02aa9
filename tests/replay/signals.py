"""A plain synthetic ECG, and tables and records of it in every manner."""

from __future__ import annotations

from pathlib import Path

import numpy as np


def ecg_mv(fs_hz: float, seconds: float, *, bpm: float = 72, r_mv: float = 1.0, seed: int = 1) -> np.ndarray:
    """P, QRS and T as Gaussian waves at a steady rate, with 5 uV of noise; float64 [n], mV."""
    t = np.arange(round(seconds * fs_hz)) / fs_hz
    phase = (t + 0.3) % (60 / bpm)
    at = phase - 0.3
    waves = (
        (-0.16, 0.02, 0.12),
        (-0.025, 0.009, -0.15),
        (0.0, 0.011, 1.0),
        (0.03, 0.01, -0.2),
        (0.24, 0.04, 0.3),
    )
    clean = sum(size * np.exp(-(((at - where) / width) ** 2) / 2) for where, width, size in waves)
    return r_mv * np.asarray(clean) + 0.005 * np.random.default_rng(seed).standard_normal(len(t))


def table(path: Path, columns: list[list[str]], *, sep: str = ",", head: str = "", end: str = "\n") -> Path:
    """Write columns of cells as a text table with ``head`` in front; returns the path."""
    rows = [sep.join(row) for row in zip(*columns, strict=True)]
    path.write_bytes((head + end.join(rows) + end).encode())
    return path


def cells(values: np.ndarray, digits: int = 4) -> list[str]:
    """Numbers as text."""
    return [f"{v:.{digits}f}" for v in values]


def header(path: Path, *lines: str, encoding: str = "utf-8") -> Path:
    """Write a WFDB header; returns the record's path without suffix."""
    path.with_suffix(".hea").write_bytes(("\n".join(lines) + "\n").encode(encoding))
    return path
