"""Every file that a command leaves: written aside and renamed, never over what it did not write itself.

Each output folder keeps a list, ``.bitbeat.json``, of what BitBeat has written there: the command, what it
was made from, and the SHA-256 of the content. A file is replaced only where the list says that the same
command wrote it and it is unchanged since. Files of the project itself, which version control keeps
(documents, generated code), and what can be made again any time (:func:`renaming`) need no list.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from host_tools.errors import UserError
from host_tools.written import Entry, entries, file_digest, folder_lock, note

#: What only a write meets, once the file is open; the system then names no file.
_WRITE_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_ASIDE = ".writing-"


@dataclass(frozen=True)
class Claim:
    """What a command has said of files, or of all files in a folder, before it writes them.

    Attributes
    ----------
    command : str
        Its name; only what the same command wrote is replaced.
    force : bool
        Replace what is there, whoever wrote it.
    source : str
        What the output is made from; empty where its name does not come from that.
    inputs : frozenset of Path
        Files that the command reads: these are not replaced, not even by force.
    project : bool
        Files of the project itself, which version control keeps.
    new : bool
        Replace nothing, not even what the same command wrote: it cannot be had again.
    """

    command: str = ""
    force: bool = False
    source: str = ""
    inputs: frozenset[Path] = frozenset()
    project: bool = False
    new: bool = False


_claims: dict[Path, Claim] = {}


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


def claim_files(
    command: str,
    files: Iterable[Path],
    *,
    force: bool = False,
    inputs: Iterable[Path] = (),
    source: str = "",
    new: bool = False,
) -> None:
    """Say that a command will write these files; refuses, before long work, what it may not replace.

    Parameters
    ----------
    command : str
        Name of the command.
    files : iterable of Path
        What it will write.
    force : bool
        As its ``--force``: replace whatever is there, but for ``inputs``.
    inputs : iterable of Path
        Files that it reads.
    source : str
        What the files are made from, see :func:`free_stem`.
    new : bool
        For what cannot be had again: refuse to replace even what the same command wrote.

    Raises
    ------
    UserError
        A file is there that the command did not write, or its folder cannot be written to.
    """
    own = Claim(command, force, source, _resolved(inputs), new=new)
    for path in files:
        check_folder(path.parent)
        _refuse_foreign(path, own)
        _remember(path, own)


def claim_folder(
    command: str, folder: Path, *, force: bool = False, inputs: Iterable[Path] = (), names: Iterable[str] = ()
) -> None:
    """Say that a command will write into a folder, ``names`` among others; see :func:`claim_files`."""
    check_folder(folder)
    own = Claim(command, force, "", _resolved(inputs))
    for name in names:
        _refuse_foreign(folder / name, own)
    _remember(folder, own)


def check_replaceable(files: Iterable[Path]) -> None:
    """Refuse, before long work, files that :func:`replacing` would refuse after it."""
    for path in files:
        _refuse_foreign(path, _claim_of(path))


def claim_project(*paths: Path) -> None:
    """Say that these are files, or folders of them, of the project itself: version control keeps them."""
    for path in paths:
        _claims[path.absolute()] = Claim(project=True)


def free_stem(folder: Path, stem: str, suffixes: Sequence[str], source: str) -> str:
    """Return the stem under which what is made from ``source`` goes into ``folder``, and claim these files.

    It is ``stem``, or ``stem-2``, ``stem-3`` ... where that holds what was made from another source of this
    name; the same source gets the same stem again.

    Raises
    ------
    UserError
        A file of that name is there that the command did not write.
    """
    own = _claim_of(folder / stem)
    for number in range(1, 10_000):
        candidate = stem if number == 1 else f"{stem}-{number}"
        files = [folder / (candidate + suffix) for suffix in suffixes]
        known = entries(folder)
        listed = [known[f.name] for f in files if f.name in known and os.path.lexists(f)]
        if any(entry.command == own.command and entry.source != source for entry in listed):
            continue
        claim_files(own.command, files, force=own.force, inputs=own.inputs, source=source, new=own.new)
        return candidate
    raise UserError(f"{folder}: holds too many results of records named {stem}; choose another folder")


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a file aside to be written; it takes the name ``path`` when the block ends without an error.

    Raises
    ------
    UserError
        A file is there that this command did not write, its folder cannot be made, or the file cannot be
        written or take its name. Whatever else the block raises, an error of a file that it reads among them,
        passes as it is.
    """
    own = _claim_of(path)
    _refuse_foreign(path, own)
    with _aside(path) as aside:
        yield aside
        with _refusals(path), folder_lock(path.parent):
            _refuse_foreign(path, own)  # again: it may have come meanwhile
            _note({path: aside})
            aside.replace(path)


@contextmanager
def renaming(path: Path) -> Iterator[Path]:
    """Give a file aside that takes the name ``path``, whatever is there; else like :func:`replacing`.

    For the project's own documents, and for what BitBeat keeps for itself and can make again: caches, states.
    """
    with _aside(path) as aside:
        yield aside
        with _refusals(path):
            aside.replace(path)


@contextmanager
def _aside(path: Path) -> Iterator[Path]:
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with _refusals(path):
            path.parent.mkdir(parents=True, exist_ok=True)
        with _refusals(path, aside):
            yield aside
    finally:
        # A part that cannot be removed must not hide why it was left.
        with suppress(OSError):
            aside.unlink(missing_ok=True)


@contextmanager
def replacing_all(folder: Path) -> Iterator[Path]:
    """Give an empty folder aside; all files in it take their places below ``folder`` when the block ends.

    All or none: where one cannot be moved, those before it are put back. Files that are there already with
    the same content are left alone.

    Raises
    ------
    UserError
        As of :func:`replacing`.
    """
    with _refusals(folder):
        folder.mkdir(parents=True, exist_ok=True)
        aside = tempfile.TemporaryDirectory(dir=folder, prefix=_ASIDE)
    with aside as name:
        with _refusals(folder, Path(name)):
            yield Path(name)
        parts = sorted(part for part in Path(name).rglob("*") if part.is_file())
        targets = {folder / part.relative_to(name): part for part in parts}
        with _refusals(folder), folder_lock(folder):
            move_all(targets)


def move_all(targets: dict[Path, Path]) -> None:
    """Move files written aside (values) to their places (keys), all or none; see :func:`replacing_all`."""
    changed = {to: part for to, part in targets.items() if not _same(to, part)}
    for target in targets:
        _refuse_foreign(target, _claim_of(target))
    for folder in {target.parent for target in targets}:
        folder.mkdir(parents=True, exist_ok=True)
    _note(targets)
    moved: list[tuple[Path, Path | None]] = []
    try:
        for target, part in changed.items():
            kept = part.with_name(part.name + ".old") if target.exists() else None
            if kept is not None:
                _keep(target, kept)
            moved.append((target, kept))
            part.replace(target)
    except BaseException:
        for target, kept in reversed(moved):
            if kept is not None:
                kept.replace(target)
            else:
                target.unlink(missing_ok=True)
        raise


def new_file(path: Path) -> BinaryIO:
    """Open a file that is written as its content comes; refuses one that is there, whoever wrote it.

    With a claim by force (:func:`claim_files`) what is there is replaced.

    Raises
    ------
    UserError
        The file is there, or cannot be made.
    """
    own = _claim_of(path)
    with _refusals(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        if own.force:
            _refuse_foreign(path, own)
            path.unlink(missing_ok=True)
        try:
            return path.open("xb")
        except FileExistsError:
            raise UserError(f"{path}: is there already; choose another name, or --force") from None


def write_text(path: Path, text: str) -> None:
    """Write a text file, UTF-8, making its folder; the old one stays until the new one is whole."""
    with replacing(path) as aside:
        # Names of files that are no UTF-8 come out as the bytes that they are.
        aside.write_text(text, encoding="utf-8", errors="surrogateescape")


def write_json(path: Path, value: Any) -> None:
    """Write ``value`` as indented JSON; NaN and infinity are refused, as JSON has none."""
    write_text(path, json.dumps(value, indent=1, allow_nan=False) + "\n")


def _resolved(paths: Iterable[Path]) -> frozenset[Path]:
    # A name that no file can have (a null byte in it) is refused by what reads it.
    return frozenset(path.resolve() for path in paths if "\0" not in str(path))


def _remember(path: Path, own: Claim) -> None:
    for known in [
        key for key, claim in _claims.items() if not claim.project and claim.command != own.command
    ]:
        del _claims[known]  # of a command that ran before in this process
    _claims[path.absolute()] = own


def _claim_of(path: Path) -> Claim:
    """Return what was said of a file, or of the nearest folder around it; an empty claim by default."""
    whole = path.absolute()
    return next((_claims[p] for p in (whole, *whole.parents) if p in _claims), Claim())


def _refuse_foreign(path: Path, own: Claim) -> None:
    """Raise UserError where ``path`` is something that the command did not write."""
    if not os.path.lexists(path):
        return
    if not path.is_file():
        what = "Is a directory" if path.is_dir() else "something is there that is no file"
        raise UserError(f"{path}: cannot be written ({what})")
    if path.resolve() in own.inputs:
        raise UserError(f"{path}: would be replaced, but is what the command reads; choose another place")
    if own.force or own.project:
        return
    why = _why_foreign(entries(path.parent).get(path.name), path, own)
    if why:
        raise UserError(f"{path}: {why}; nothing was replaced: choose another place, or give --force")


def _why_foreign(entry: Entry | None, path: Path, own: Claim) -> str:
    name = f"bitbeat {own.command}" if own.command else "this command"
    if entry is None:
        return f"is there already and was not written by {name}"
    if file_digest(path) not in entry.sha256:
        return f"has been changed since bitbeat {entry.command} wrote it".replace("  ", " ")
    if entry.command != own.command:
        return f"was written by bitbeat {entry.command}, not by {name}"
    return "is there already, and cannot be had again" if own.new else ""


def _note(parts: dict[Path, Path]) -> None:
    """Enter files into their folder's list before they take their names, so that all there are in it."""
    lists: dict[Path, dict[str, Entry]] = {}
    for path, part in parts.items():
        own = _claim_of(path)
        if own.project:
            continue
        digests = [file_digest(part)]
        before = entries(path.parent).get(path.name)
        if before is not None and path.is_file() and (digest := file_digest(path)) in before.sha256:
            digests.append(digest)
        lists.setdefault(path.parent, {})[path.name] = Entry(own.command, own.source, tuple(digests))
    for folder, written in lists.items():
        note(folder, written)


def _keep(path: Path, kept: Path) -> None:
    try:
        os.link(path, kept)
    except OSError:  # not on every file system
        shutil.copy2(path, kept)


def _same(a: Path, b: Path) -> bool:
    return a.is_file() and a.stat().st_size == b.stat().st_size and a.read_bytes() == b.read_bytes()


@contextmanager
def _refusals(path: Path, only: Path | None = None) -> Iterator[None]:
    """Turn the system's refusal to write into one line about ``path``; of a file aside ``only`` its own."""
    try:
        yield
    except OSError as error:
        own = only is None or str(error.filename or "").startswith(str(only))
        if not own and error.errno not in _WRITE_ERRORS:
            raise
        raise UserError(f"{path}: cannot be written ({error.strerror or error})") from error
