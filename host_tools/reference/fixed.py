"""The one decorator of the reference: numba compiles a function, or leaves it plain Python.

With the environment variable ``BITBEAT_PLAIN=1`` every function of the reference runs as plain
Python, so that integer widths can be checked (see ``state.py``); otherwise numba compiles them.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

F = TypeVar("F", bound=Callable[..., Any])

#: True when the reference runs as plain Python.
PLAIN = os.environ.get("BITBEAT_PLAIN", "") == "1"


def kernel(function: F) -> F:
    """Compile ``function`` with numba, or return it unchanged in plain mode."""
    if PLAIN:
        return function
    from numba import njit

    compiled: F = njit(cache=True)(function)
    return compiled


#: Makes a signed integer of any field: numba would mix unsigned and signed ones into floats.
to_int = int if PLAIN else np.int64
