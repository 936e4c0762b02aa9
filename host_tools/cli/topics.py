"""The list of commands that ``bitbeat --help`` prints: by topic, each with its line in full."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

#: What a user wants, and the commands for it.
TOPICS: Mapping[str, tuple[str, ...]] = {
    "Start here": ("demo", "doctor", "data"),
    "An ECG through a device": ("replay", "monitor", "ports", "emulator", "simulate", "faults"),
    "Boards and firmware": ("boards", "firmware", "flash", "serial", "stop", "toolchains"),
    "How good it is": (
        "score",
        "errors",
        "explain",
        "scoreboard",
        "score-noise",
        "evaluate",
        "envelope",
        "jitter",
    ),
    "Proof that every machine computes the same": (
        "parity",
        "rates",
        "engines",
        "isa",
        "hil",
        "fuzz",
        "bench",
    ),
    "Training and export": ("train", "crossval", "ablate", "fit-detector", "export", "generate"),
}
#: Where a command goes that no topic names.
OTHER = "Others"


def first_line(text: str | None) -> str:
    """Return the first paragraph of a help text as one line, without its full stop."""
    return " ".join(inspect.cleandoc(text or "").split("\n\n", 1)[0].split()).removesuffix(".")


def write_topics(formatter: Any, commands: Mapping[str, Any]) -> None:
    """Write the commands by topic; a line that does not fit is broken, never cut off."""
    named = {name for names in TOPICS.values() for name in names}
    topics = {**TOPICS, OTHER: tuple(name for name in commands if name not in named)}
    widest = max(len(name) for name in commands)
    for topic, names in topics.items():
        rows = [(name.ljust(widest), first_line(commands[name].help)) for name in names if name in commands]
        if rows:
            with formatter.section(topic):
                formatter.write_dl(rows)
