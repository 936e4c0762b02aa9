"""The list ``.bitbeat.json`` of an output folder: what BitBeat wrote there, by which command, from what."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from host_tools.errors import UserError

LIST_NAME = ".bitbeat.json"
_WHAT = "what BitBeat wrote into this folder, so that it replaces nothing else"
#: A longer one is none of BitBeat's.
_BYTES_MAX = 1 << 24


@dataclass(frozen=True)
class Entry:
    """One file: the command that wrote it, what it was made from, the SHA-256 that it may have."""

    command: str
    source: str
    sha256: tuple[str, ...]


def file_digest(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def entries(folder: Path) -> dict[str, Entry]:
    """Return the folder's list by file name; empty where there is none.

    Raises
    ------
    UserError
        A file of that name is there, but is no such list.
    """
    path = folder / LIST_NAME
    try:
        if not path.exists():
            return {}
        if path.stat().st_size > _BYTES_MAX:
            raise ValueError
        return {name: _entry(raw) for name, raw in json.loads(path.read_text())["files"].items()}
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror or error})") from None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise UserError(
            f"{path}: is not BitBeat's list of what it wrote into this folder; move it away"
        ) from None


def _entry(raw: Any) -> Entry:
    values = (raw["command"], raw["source"], *raw["sha256"])
    if not all(isinstance(value, str) for value in values):
        raise ValueError
    return Entry(values[0], values[1], values[2:])


def note(folder: Path, written: dict[str, Entry]) -> None:
    """Enter files by name into their folder's list; those that are there no more are left out."""
    known = {name: old for name, old in entries(folder).items() if os.path.lexists(folder / name)}
    known |= written
    files = {
        name: {"command": one.command, "source": one.source, "sha256": list(one.sha256)}
        for name, one in sorted(known.items())
    }
    aside = folder / f"{LIST_NAME}.{os.getpid()}.part"
    try:
        aside.write_text(json.dumps({"what": _WHAT, "files": files}, indent=1) + "\n")
        aside.replace(folder / LIST_NAME)
    finally:
        with suppress(OSError):
            aside.unlink(missing_ok=True)


@contextmanager
def folder_lock(folder: Path) -> Iterator[None]:
    """Let one process at a time change the list, where the system has such locks."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # not on every file system
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
