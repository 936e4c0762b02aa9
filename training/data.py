"""Brings the databases into ``data/``: from archives, from unpacked folders, or from PhysioNet.

Every file is checked by SHA-256 against ``data_manifest.json``, is written aside and renamed, and
is left alone once it is right, so that a run that was stopped goes on where it was. Needs no torch.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import lzma
import os
import shutil
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from host_tools.data_folder import DATA_DIR
from host_tools.errors import UserError

REPO_ROOT = Path(__file__).resolve().parents[1]
MANIFEST_PATH = Path(__file__).with_name("data_manifest.json")

#: Archives that developers of the project may have beside the repository.
SHARED_ARCHIVES = REPO_ROOT.parent / "shared" / "data"

#: Databases of PhysioNet used here. Of svdb only the even-numbered records: the odd ones are kept
#: as an external test that nothing has ever been trained, tuned or tested on.
DATABASES = ("mitdb", "nstdb", "svdb")

_ARCHIVE_SUFFIXES = (".tar.xz", ".tar.gz", ".tgz", ".tar.bz2", ".tar", ".zip")
_CHUNK = 1 << 20

#: Called after each file with the database's name, files in place, files in all.
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Manifest:
    """Files of one database: name within its folder to SHA-256, hexadecimal."""

    name: str
    files: dict[str, str]

    def digest(self) -> str:
        """SHA-256 over all names and sums: the database's own checksum."""
        text = json.dumps(self.files, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def load_manifest(path: Path = MANIFEST_PATH) -> dict[str, Manifest]:
    """Read the committed checksums; raises UserError when the file is missing or damaged."""
    try:
        raw = json.loads(path.read_text())
        return {name: Manifest(name, dict(raw[name])) for name in DATABASES}
    except (OSError, ValueError, KeyError) as error:
        raise UserError(f"{path}: cannot read the data manifest ({error}); restore it from git") from None


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def wrong_files(folder: Path, manifest: Manifest) -> list[str]:
    """Names of files that are missing from ``folder`` or differ from the manifest, sorted."""
    wrong = []
    for name, sha256 in sorted(manifest.files.items()):
        path = folder / name
        if not path.is_file() or file_sha256(path) != sha256:
            wrong.append(name)
    return wrong


def not_committed(databases: dict[str, Path]) -> str:
    """Say what makes folders (by their database's name) other data than the committed; empty if nothing."""
    manifests = load_manifest()
    for name, folder in databases.items():
        manifest = manifests[name]
        if wrong := wrong_files(folder, manifest):
            return f"{folder} is not the committed {name} ({wrong[0]} differs or is missing)"
        if more := sorted(p.name for p in folder.glob("*.hea") if p.name not in manifest.files):
            return f"{folder} is not the committed {name} ({more[0]} does not belong to it)"
    return ""


def fetch_databases(
    data_dir: Path = DATA_DIR,
    source: Path | None = None,
    names: tuple[str, ...] = DATABASES,
    progress: Progress | None = None,
    force: bool = False,
) -> dict[str, str]:
    """Put the databases into ``data_dir``.

    Parameters
    ----------
    data_dir : Path
        Each database gets a folder of its name here.
    source : Path, optional
        Folder of archives (``mitdb.tar.xz`` or the like) or of unpacked databases. Without it the
        archives beside the repository are used where there are any, else PhysioNet.
    names : tuple of str
        Which databases.
    progress : callable, optional
        Told of every file.
    force : bool
        Replace files there that differ from the database's, too.

    Returns
    -------
    dict of str to str
        For each database where it came from: ``"in place"``, a path or ``"PhysioNet"``.

    Raises
    ------
    UserError
        If a source is missing, damaged or does not match the manifest, or the download fails; if a file is
        there that differs from the database's: it may be somebody's work.
    """
    if source is not None and not source.is_dir():
        raise UserError(f"{source}: no such folder; --from takes the folder that holds the archives")
    manifests = load_manifest()
    origins = {}
    for name in names:
        manifest = manifests[name]
        folder = data_dir / name
        wanted = wrong_files(folder, manifest)
        total = len(manifest.files)
        other = [folder / n for n in wanted if os.path.lexists(folder / n)]
        if other and not force:
            raise UserError(
                f"{other[0]}: is there already and differs from {name}'s; nothing was replaced: move it "
                "away, or let `bitbeat data --force` replace it"
            )
        if progress:
            progress(name, total - len(wanted), total)
        if not wanted:
            origins[name] = "in place"
            continue
        folder.mkdir(parents=True, exist_ok=True)
        tell = _counter(name, total - len(wanted), total, progress)
        origin = _find_source(name, source)
        if origin is None:
            _download(manifest, folder, wanted, tell)
        else:
            _unpack(origin, manifest, folder, wanted, tell)
        origins[name] = "PhysioNet" if origin is None else str(origin)
    return origins


def _counter(name: str, done: int, total: int, progress: Progress | None) -> Callable[[], None]:
    count = done

    def tell() -> None:
        nonlocal count
        count += 1
        if progress:
            progress(name, count, total)

    return tell


def _find_source(name: str, source: Path | None) -> Path | None:
    for place in [source] if source is not None else [SHARED_ARCHIVES]:
        for suffix in _ARCHIVE_SUFFIXES:
            if (place / (name + suffix)).is_file():
                return place / (name + suffix)
        if (place / name).is_dir():
            return place / name
    if source is not None:
        raise UserError(f"{source}: holds neither {name}.tar.xz (or .tar.gz, .zip) nor a folder {name}")
    return None


def _unpack(
    origin: Path, manifest: Manifest, folder: Path, wanted: list[str], tell: Callable[[], None]
) -> None:
    missing = set(wanted)
    try:
        for name, stream in _members(origin):
            # Only names of the manifest are written, and only as plain names into the folder:
            # an archive cannot write anywhere else, whatever its members are called.
            if name not in missing:
                continue
            _write_checked(stream, folder / name, manifest.files[name], f"{origin}: {name}")
            missing.discard(name)
            tell()
    except (tarfile.TarError, zipfile.BadZipFile, lzma.LZMAError, EOFError, OSError) as error:
        raise UserError(f"{origin}: damaged or unreadable ({error}); get it again") from None
    if missing:
        raise UserError(
            f"{origin}: lacks {len(missing)} of the files, the first {min(missing)}; get it again"
        )


def _members(origin: Path) -> Iterator[tuple[str, BinaryIO]]:
    """Plain files of a folder or an archive, by their last name."""
    if origin.is_dir():
        for path in sorted(origin.iterdir()):
            if path.is_file():
                with path.open("rb") as stream:
                    yield path.name, stream
    elif origin.suffix == ".zip":
        with zipfile.ZipFile(origin) as archive:
            for info in archive.infolist():
                if not info.is_dir():
                    with archive.open(info) as member:
                        yield Path(info.filename).name, io.BufferedReader(member)  # type: ignore[type-var]
    else:
        with tarfile.open(origin, "r|*") as tar:  # one pass: .xz cannot be searched in
            for entry in tar:
                data = tar.extractfile(entry) if entry.isreg() else None
                if data is not None:
                    yield Path(entry.name).name, data  # type: ignore[misc]


def _write_checked(stream: BinaryIO, path: Path, sha256: str, what: str) -> None:
    """Copy ``stream`` aside, compare its sum, rename; leaves nothing behind when it differs."""
    aside = path.with_name(f".{path.name}.part")
    digest = hashlib.sha256()
    try:
        with aside.open("wb") as out:
            while chunk := stream.read(_CHUNK):
                digest.update(chunk)
                out.write(chunk)
        if digest.hexdigest() != sha256:
            raise UserError(
                f"{what} does not match the manifest (SHA-256 {digest.hexdigest()[:12]}..., "
                f"expected {sha256[:12]}...); get it again"
            )
        os.replace(aside, path)
    finally:
        aside.unlink(missing_ok=True)


def _download(manifest: Manifest, folder: Path, wanted: list[str], tell: Callable[[], None]) -> None:
    """Fetch file by file through wfdb, which completes files that it finds half there."""
    import wfdb

    part = folder / ".download"
    part.mkdir(exist_ok=True)
    for name in wanted:
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                wfdb.dl_files(manifest.name, str(part), [name])
        except Exception as error:  # requests, urllib and wfdb each raise their own kinds
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise UserError(
                f"{manifest.name}/{name}: download from PhysioNet failed ({reason[:120]}); "
                "run the same command again to go on, or give archives with --from FOLDER"
            ) from None
        got = part / name
        if not got.is_file():
            raise UserError(f"{manifest.name}/{name}: PhysioNet sent nothing; run the same command again")
        with got.open("rb") as stream:
            try:
                _write_checked(stream, folder / name, manifest.files[name], f"{manifest.name}/{name}")
            finally:
                got.unlink()
        tell()
    shutil.rmtree(part)
