"""Collects the constants that the specification gives."""

from __future__ import annotations


class Builder:
    """Collects constants in order, with their comments."""

    def __init__(self, fs_hz: int) -> None:
        self.fs_hz = fs_hz
        self.constants: dict[str, int] = {}
        self.comments: dict[str, str] = {}

    def add(self, name: str, value: int, comment: str) -> int:
        """Note a constant; returns its value."""
        self.constants[name] = value
        self.comments[name] = comment
        return value

    def samples(self, duration_ms: float) -> int:
        """Duration in samples at the chain's rate, at least 1."""
        return max(1, round(duration_ms * self.fs_hz / 1000))
