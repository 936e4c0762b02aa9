"""Random numbers that are the same on every platform and with every release of numpy.

Only the raw output of PCG64 is used, which numpy keeps stable; its distributions it may change.
"""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import NDArray


class Draw:
    """A stream of random numbers for one purpose, independent of how many others drew before it."""

    def __init__(self, seed: int, purpose: str) -> None:
        self._bits = np.random.PCG64([seed, zlib.crc32(purpose.encode())])

    def uniform(self, count: int) -> NDArray[np.float64]:
        """``count`` numbers in [0, 1)."""
        return (self._bits.random_raw(count) >> np.uint64(11)).astype(np.float64) * 2.0**-53

    def spread(self, width: float) -> float:
        """One number in [1 - width, 1 + width)."""
        return 1.0 + width * (2.0 * float(self.uniform(1)[0]) - 1.0)

    def normal(self, count: int) -> NDArray[np.float64]:
        """``count`` nearly normal numbers (sum of twelve uniforms): mean 0, deviation 1, within +-6."""
        return self.uniform(12 * count).reshape(count, 12).sum(axis=1) - 6.0

    def smooth(self, time_s: NDArray[np.float64], knot_s: float) -> NDArray[np.float64]:
        """Noise as a function of time: normal numbers every ``knot_s``, joined by Catmull-Rom splines.

        The same function whatever the times asked for; its band ends near 0.5 / knot_s. ``time_s`` is
        not negative.
        """
        if time_s.size == 0:
            return np.zeros(0)
        position = time_s / knot_s
        index = np.floor(position).astype(np.int64)
        knots = self.normal(int(index.max()) + 4)
        x = position - index
        a, b, c, d = (knots[index + k] for k in range(4))
        return b + 0.5 * x * (c - a + x * (2 * a - 5 * b + 4 * c - d + x * (3 * (b - c) + d - a)))
