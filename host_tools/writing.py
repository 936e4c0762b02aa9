"""Files are written aside and renamed, so that none is ever half there."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from host_tools.errors import UserError


def check_folder(folder: Path) -> None:
    """Refuse a folder that could not be made or written to, before long work is done for it.

    Raises
    ------
    UserError
        It, or the folder it would be made in, is no folder or not writable.
    """
    existing = next(p for p in (folder.absolute(), *folder.absolute().parents) if p.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK):
        raise UserError(f"{folder}: cannot be written to ({existing} is no writable folder)")


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a file aside to be written; it takes the name ``path`` when the block ends without an error."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield aside
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file, making its folder; the old one stays until the new one is whole."""
    with replacing(path) as aside:
        aside.write_text(text)


def write_json(path: Path, value: Any) -> None:
    """Write ``value`` as indented JSON; NaN and infinity are refused, as JSON has none."""
    write_text(path, json.dumps(value, indent=1, allow_nan=False) + "\n")
