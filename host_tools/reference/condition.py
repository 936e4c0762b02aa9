"""What holds beside the beats: a pause, a signal that cannot be read. Twin of ``ecg_condition.c``."""

from __future__ import annotations

from typing import Any

from .fixed import kernel
from .params import PAUSE_STEPS, RPEAK_MINIMUM_PEAK

_PAUSE = 4
_UNREADABLE = 16


@kernel
def condition_step(s: Any, rpeak: Any, beat: bool) -> None:
    """Follow a detector step; ``beat``: it found one."""
    if beat:
        s.quiet_steps = 0
        s.held = 0
        return
    if s.quiet_steps < PAUSE_STEPS:
        s.quiet_steps = s.quiet_steps + 1
        return
    s.held = _UNREADABLE
    if rpeak.background < RPEAK_MINIMUM_PEAK:
        s.held = _PAUSE
