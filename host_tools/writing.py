"""Files are written aside and renamed, so that none is ever half there."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from host_tools.errors import UserError

#: What only a write meets, once the file is open; the system then names no file.
_WRITE_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def check_folder(folder: Path) -> None:
    """Refuse a folder that could not be made or written to, before long work is done for it.

    Raises
    ------
    UserError
        It, or the folder it would be made in, is no folder or not writable.
    """
    # os.path, as Path.exists raises what the system says of a folder that may not be entered.
    existing = next(p for p in (folder.absolute(), *folder.absolute().parents) if os.path.exists(p))
    if not existing.is_dir() or not os.access(existing, os.W_OK):
        raise UserError(f"{folder}: cannot be written to ({existing} is no writable folder)")


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a file aside to be written; it takes the name ``path`` when the block ends without an error.

    Raises
    ------
    UserError
        Its folder cannot be made, or the file cannot be written or take its name. Whatever else the block
        raises, an error of a file that it reads among them, passes as it is.
    """
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with _refusals(path):
            path.parent.mkdir(parents=True, exist_ok=True)
        with _refusals(path, aside):
            yield aside
        with _refusals(path):
            aside.replace(path)
    finally:
        # A part that cannot be removed must not hide why it was left.
        with suppress(OSError):
            aside.unlink(missing_ok=True)


@contextmanager
def _refusals(path: Path, only: Path | None = None) -> Iterator[None]:
    """Turn the system's refusal to write into one line about ``path``; of a file aside ``only`` its own."""
    try:
        yield
    except OSError as error:
        if only is not None and str(error.filename) != str(only) and error.errno not in _WRITE_ERRORS:
            raise
        raise UserError(f"{path}: cannot be written ({error.strerror or error})") from error


def write_text(path: Path, text: str) -> None:
    """Write a text file, UTF-8, making its folder; the old one stays until the new one is whole."""
    with replacing(path) as aside:
        # Names of files that are no UTF-8 come out as the bytes that they are.
        aside.write_text(text, encoding="utf-8", errors="surrogateescape")


def write_json(path: Path, value: Any) -> None:
    """Write ``value`` as indented JSON; NaN and infinity are refused, as JSON has none."""
    write_text(path, json.dumps(value, indent=1, allow_nan=False) + "\n")
