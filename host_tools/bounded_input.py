"""Reads foreign files within bounds: a regular file, no larger than any of its kind."""

from __future__ import annotations

import stat
from pathlib import Path

from host_tools.errors import UserError
from host_tools.text import printable


def check_regular(file: Path, largest_bytes: int, what: str) -> int:
    """Return the size of a file that is one: pipes and devices have no end.

    Raises
    ------
    UserError
        It is missing, no regular file, or larger than anything of its kind.
    """
    try:
        status = file.stat()
    except FileNotFoundError:
        raise UserError(f"{file}: no such file") from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise UserError(f"{printable(str(file))}: cannot be read ({why})") from error
    if not stat.S_ISREG(status.st_mode):
        raise UserError(f"{file}: not a regular file; copy what it gives into one first")
    if status.st_size > largest_bytes:
        raise UserError(f"{file}: {status.st_size} bytes are too many for {what} ({largest_bytes} at most)")
    return status.st_size


def read_bounded(file: Path, largest_bytes: int, what: str) -> bytes:
    """Return a file's content, at most ``largest_bytes``.

    Raises
    ------
    UserError
        As :func:`check_regular`, or it cannot be read.
    """
    check_regular(file, largest_bytes, what)
    try:
        with file.open("rb") as source:
            return source.read(largest_bytes)
    except OSError as error:
        raise UserError(f"{file}: cannot be read ({error.strerror})") from error
