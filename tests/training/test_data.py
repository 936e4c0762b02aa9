"""Fetching the databases. Oracle: the archive's own bytes, and SHA-256 by hashlib over them."""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from host_tools.errors import UserError
from training import data
from training.data import Manifest, fetch_databases, load_manifest, wrong_files

FILES = {"100.dat": b"signal" * 5000, "100.hea": b"header", "100.atr": b"beats" * 99}


def tar_bytes(members: dict[str, bytes], mode: str = "w:xz") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:  # type: ignore[call-overload]
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Manifest:
    """A database of three small files in place of the real ones."""
    manifest = Manifest("mitdb", {n: hashlib.sha256(c).hexdigest() for n, c in FILES.items()})
    monkeypatch.setattr(data, "load_manifest", lambda: {"mitdb": manifest})
    monkeypatch.setattr(data, "SHARED_ARCHIVES", Path("/nonexistent"))
    return manifest


def fetch(
    tmp_path: Path, archive: bytes | None = None, name: str = "mitdb.tar.xz", force: bool = False
) -> dict[str, str]:
    source = tmp_path / "archives"
    source.mkdir(exist_ok=True)
    if archive is not None:
        (source / name).write_bytes(archive)
    return fetch_databases(tmp_path / "data", source, ("mitdb",), force=force)


def assert_complete(folder: Path) -> None:
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == FILES


def in_folder(members: dict[str, bytes]) -> dict[str, bytes]:
    return {f"mitdb/{name}": content for name, content in members.items()}


@pytest.mark.parametrize(
    ("mode", "name"), [("w:xz", "mitdb.tar.xz"), ("w:gz", "mitdb.tar.gz"), ("w", "mitdb.tar")]
)
def test_archives_are_unpacked(tmp_path: Path, small: Manifest, mode: str, name: str) -> None:
    fetch(tmp_path, tar_bytes(in_folder(FILES), mode), name)
    assert_complete(tmp_path / "data" / "mitdb")


def test_zip_and_unpacked_folder(tmp_path: Path, small: Manifest) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in FILES.items():
            archive.writestr(f"mit-bih-arrhythmia-database-1.0.0/{name}", content)
    fetch(tmp_path, out.getvalue(), "mitdb.zip")
    assert_complete(tmp_path / "data" / "mitdb")
    origin = fetch_databases(tmp_path / "second", tmp_path / "data", ("mitdb",))["mitdb"]
    assert origin == str(tmp_path / "data" / "mitdb")
    assert_complete(tmp_path / "second" / "mitdb")


def test_goes_on_where_it_stopped(tmp_path: Path, small: Manifest) -> None:
    with pytest.raises(UserError, match=r"lacks 1 of the files, the first 100\.atr"):
        fetch(tmp_path, tar_bytes(in_folder({n: FILES[n] for n in ("100.dat", "100.hea")})))
    kept = tmp_path / "data" / "mitdb" / "100.dat"
    before = kept.stat().st_mtime_ns
    told: list[tuple[int, int]] = []
    (tmp_path / "archives" / "mitdb.tar.xz").write_bytes(tar_bytes(in_folder(FILES)))
    fetch_databases(
        tmp_path / "data",
        tmp_path / "archives",
        ("mitdb",),
        lambda name, done, total: told.append((done, total)),
    )
    assert told == [(2, 3), (3, 3)]
    assert kept.stat().st_mtime_ns == before
    assert_complete(tmp_path / "data" / "mitdb")
    assert fetch(tmp_path) == {"mitdb": "in place"}


@given(byte=st.integers(0, len(FILES["100.dat"]) - 1), bit=st.integers(0, 7))
@settings(max_examples=25)
def test_a_flipped_bit_is_found(tmp_path_factory: pytest.TempPathFactory, byte: int, bit: int) -> None:
    folder = tmp_path_factory.mktemp("mitdb")
    manifest = Manifest("mitdb", {n: hashlib.sha256(c).hexdigest() for n, c in FILES.items()})
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
    assert wrong_files(folder, manifest) == []
    content = bytearray(FILES["100.dat"])
    content[byte] ^= 1 << bit
    (folder / "100.dat").write_bytes(content)
    assert wrong_files(folder, manifest) == ["100.dat"]
    (folder / "100.hea").unlink()
    assert wrong_files(folder, manifest) == ["100.dat", "100.hea"]


def test_another_file_in_place_is_replaced_by_force_alone(tmp_path: Path, small: Manifest) -> None:
    fetch(tmp_path, tar_bytes(in_folder(FILES)))
    other = tmp_path / "data" / "mitdb" / "100.atr"
    other.write_bytes(b"my own annotations")
    with pytest.raises(UserError, match=r"100\.atr: is there already and differs .*--force"):
        fetch(tmp_path)
    assert other.read_bytes() == b"my own annotations"
    fetch(tmp_path, force=True)
    assert_complete(tmp_path / "data" / "mitdb")


def test_wrong_content_leaves_nothing_behind(tmp_path: Path, small: Manifest) -> None:
    with pytest.raises(UserError, match=r"100\.dat does not match the manifest"):
        fetch(tmp_path, tar_bytes(in_folder(FILES | {"100.dat": b"something else"})))
    assert list((tmp_path / "data" / "mitdb").iterdir()) == []


@pytest.mark.parametrize("keep", [0, 50, 200])
def test_a_cut_archive_is_one_line(tmp_path: Path, small: Manifest, keep: int) -> None:
    with pytest.raises(UserError, match=r"damaged or unreadable|lacks") as error:
        fetch(tmp_path, tar_bytes(in_folder(FILES))[:keep])
    assert "\n" not in str(error.value)
    assert not [p for p in (tmp_path / "data" / "mitdb").iterdir() if p.name not in FILES]


def test_an_archive_cannot_write_elsewhere(tmp_path: Path, small: Manifest) -> None:
    evil = {
        "../../100.dat": FILES["100.dat"],
        "/tmp/100.hea": FILES["100.hea"],
        "x/../100.atr": FILES["100.atr"],
    }
    fetch(tmp_path, tar_bytes({"../escaped": b"x"} | evil))
    assert_complete(tmp_path / "data" / "mitdb")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["archives", "data"]


def test_missing_sources_are_one_line(tmp_path: Path, small: Manifest) -> None:
    with pytest.raises(UserError, match="no such folder"):
        fetch_databases(tmp_path / "data", tmp_path / "nowhere", ("mitdb",))
    with pytest.raises(UserError, match=r"holds neither mitdb\.tar\.xz"):
        fetch(tmp_path)


class Downloads:
    """Stands in for ``wfdb.dl_files``: gives FILES, or fails after some of them."""

    def __init__(self, files: dict[str, bytes], fail_after: int = 99) -> None:
        self.files, self.left = files, fail_after
        self.asked: list[str] = []

    def __call__(self, db: str, folder: str, names: list[str]) -> None:
        assert db == "mitdb"
        for name in names:
            self.asked.append(name)
            if self.left == 0:
                raise OSError("no route to host\nand a long story")
            self.left -= 1
            (Path(folder) / name).write_bytes(self.files[name])


def test_download_goes_on_and_checks(
    tmp_path: Path, small: Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    import wfdb

    first = Downloads(FILES, fail_after=1)
    monkeypatch.setattr(wfdb, "dl_files", first)
    with pytest.raises(UserError, match="no route to host") as error:
        fetch_databases(tmp_path / "data", None, ("mitdb",))
    assert "\n" not in str(error.value)
    bad = Downloads(FILES | {"100.dat": b"not it"})
    monkeypatch.setattr(wfdb, "dl_files", bad)
    with pytest.raises(UserError, match="does not match the manifest"):
        fetch_databases(tmp_path / "data", None, ("mitdb",))
    good = Downloads(FILES)
    monkeypatch.setattr(wfdb, "dl_files", good)
    assert fetch_databases(tmp_path / "data", None, ("mitdb",)) == {"mitdb": "PhysioNet"}
    assert first.asked[0] not in good.asked
    assert_complete(tmp_path / "data" / "mitdb")


def test_manifest_counts() -> None:
    # 48, 12 and 40 records of three files each; the noise records bw, em, ma have no annotations.
    counts = {name: len(m.files) for name, m in load_manifest().items()}
    assert counts == {"mitdb": 48 * 3, "nstdb": 12 * 3 + 3 * 2, "svdb": 40 * 3}
    assert all(int(name[:3]) % 2 == 0 for name in load_manifest()["svdb"].files)


def test_data_needs_no_torch() -> None:
    code = (
        "import sys, training.data, training.datasets, training.metrics, training.evaluate\n"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
