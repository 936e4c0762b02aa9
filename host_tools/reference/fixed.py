"""The one decorator of the reference: numba compiles a function, or leaves it plain Python.

With the environment variable ``BITBEAT_PLAIN=1`` every function of the reference runs as plain
Python, so that integer widths can be checked (see ``state.py``); otherwise numba compiles them.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np

F = TypeVar("F", bound=Callable[..., Any])

#: True when the reference runs as plain Python.
PLAIN = os.environ.get("BITBEAT_PLAIN", "") == "1"

if not PLAIN:
    import numba


def _cache_dir() -> str:
    """Folder of compiled code, one for each state of the reference's sources and each name it goes by.

    numba notices a change in the file of a function, but not in the files of the functions it calls;
    and compiled code names the modules that it came from.
    """
    here = Path(__file__).resolve().parent
    digest = hashlib.sha256((__package__ or "").encode())
    for path in sorted(here.glob("*.py")):
        digest.update(path.name.encode() + path.read_bytes())
    return str(here.parents[1] / "build" / "numba" / digest.hexdigest()[:16])


CACHE_DIR = "" if PLAIN else _cache_dir()


def kernel(function: F) -> F:
    """Compile ``function`` with numba, or return it unchanged in plain mode."""
    if PLAIN:
        return function
    settings: Any = numba.config
    outer, settings.CACHE_DIR = settings.CACHE_DIR, CACHE_DIR
    try:
        compiled: Any = numba.njit(cache=True)(function)
    finally:
        settings.CACHE_DIR = outer
    return cast(F, compiled)


#: Makes a signed integer of any field: numba would mix unsigned and signed ones into floats.
to_int: Callable[[Any], int] = int if PLAIN else cast(Any, np.int64)
