"""Ranges of values that several commands take."""

from __future__ import annotations

#: More processes than any machine has cores; each one is started at once and takes its memory.
MOST_PROCESSES = 256
#: Bits per second: from the slowest port that could carry an ECG to more than USB's serial chips do.
SLOWEST_BAUD, FASTEST_BAUD = 300, 20_000_000
#: Seeds that NumPy and torch both take.
LARGEST_SEED = 2**32 - 1
