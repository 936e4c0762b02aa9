"""The picture of the chain for the README."""

from __future__ import annotations

from pathlib import Path


def plot_chain_diagram(path: Path | str) -> Path:
    """Draw."""
    return Path(path)
