"""Which commit a result comes from."""

from __future__ import annotations

import subprocess
from functools import cache

from host_tools.build import ROOT


@cache
def commit() -> str:
    """Commit of the working tree, with ``+`` where it has changes; ``unknown`` outside git.

    Asked for once in a process, at the start of what it stands for: files that a run writes into the tree
    itself do not count as changes.
    """
    try:
        done = subprocess.run(
            ["git", "describe", "--always", "--dirty=+", "--abbrev=12", "--exclude=*"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return done.stdout.strip()
