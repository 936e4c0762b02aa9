"""Where tests find real data: ``data/`` of the checkout, else the archives beside the repository."""

from __future__ import annotations

import fcntl
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from training.data import DATA_DIR, DATABASES, REPO_ROOT, SHARED_ARCHIVES, fetch_databases, load_manifest

UNPACKED = REPO_ROOT / "build" / "testdata"
#: The project's own test data, committed: anchor networks, expected scores.
COMMITTED = REPO_ROOT / "tests" / "archives"


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Hold a lock: test processes that run side by side unpack once."""
    UNPACKED.mkdir(parents=True, exist_ok=True)
    with (UNPACKED / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _complete(folder: Path, name: str) -> bool:
    if name in DATABASES:
        return all((folder / file).is_file() for file in load_manifest()[name].files)
    return (folder / "README").is_file() or (folder / "README.md").is_file()


def _archive(name: str) -> Path:
    return (SHARED_ARCHIVES if name in DATABASES else COMMITTED) / f"{name}.tar.xz"


def is_available(name: str) -> bool:
    """Whether a test may ask for this data."""
    return _complete(DATA_DIR / name, name) or _archive(name).is_file()


@cache
def database_dir(name: str) -> Path:
    """Return the folder of a database, of ``ec57_golden`` or of ``anchor_model``."""
    if _complete(DATA_DIR / name, name):
        return DATA_DIR / name
    with _one_at_a_time():
        if name in DATABASES:
            fetch_databases(UNPACKED, SHARED_ARCHIVES, (name,))
        elif not _complete(UNPACKED / name, name):
            with tarfile.open(_archive(name)) as archive:
                archive.extractall(UNPACKED, filter="data")
    return UNPACKED / name


def mitdb_dir() -> Path:
    """Return the folder with MIT-BIH's 48 records."""
    return database_dir("mitdb")
