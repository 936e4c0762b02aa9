"""Files written aside and renamed. Oracle: by hand; /dev/full is a file on a full disk."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from host_tools.errors import UserError
from host_tools.writing import check_folder, replacing, write_json, write_text
from host_tools.written import LIST_NAME

from .files import regular, write_annotations, write_header


def test_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_text(path, "old")
    (tmp_path / f".a.txt.{os.getpid()}.part").symlink_to("/dev/full")
    with pytest.raises(UserError, match=r"a\.txt: cannot be written \(No space left on device\)$"):
        write_text(path, "new")
    assert path.read_text() == "old"
    assert sorted(p.name for p in tmp_path.iterdir()) == [LIST_NAME, "a.txt"]


def copy_what_is_not_there(aside: Path) -> None:
    shutil.copyfile(aside.with_name("nosuch"), aside)


def copy_what_cannot_be_read(aside: Path) -> None:
    shutil.copyfile("/proc/self/mem", aside)


def lose_a_connection(aside: Path) -> None:
    aside.write_text("half")
    raise ConnectionResetError(errno.ECONNRESET, "reset")


@pytest.mark.parametrize("fail", [copy_what_is_not_there, copy_what_cannot_be_read, lose_a_connection])
def test_another_error_of_the_block_is_not_one_of_writing(
    tmp_path: Path, fail: Callable[[Path], None]
) -> None:
    with pytest.raises(OSError), replacing(tmp_path / "a.txt") as aside:
        fail(aside)
    assert list(tmp_path.iterdir()) == []


def test_a_part_that_stays_does_not_hide_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, missing_ok: bool = False) -> None:
        raise OSError(errno.EROFS, "Read-only file system", str(path))

    (tmp_path / "a.json").mkdir()
    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(UserError, match=r"a\.json: cannot be written \(Is a directory\)"):
        write_json(tmp_path / "a.json", {})


def test_folder_that_may_not_be_entered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As another user than root meets it below root's own folders."""
    inside, stat = tmp_path / "closed" / "out", os.stat

    def refuse(path: str | Path, **options: bool) -> os.stat_result:
        if str(path) == str(inside):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return stat(path, **options)

    inside.parent.mkdir()
    monkeypatch.setattr(os, "stat", refuse)
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(UserError, match=r"cannot be written to .*closed is no writable folder"):
        check_folder(inside)


def test_text_is_utf_8_whatever_the_locale(tmp_path: Path) -> None:
    """Also a record's name that the locale's alphabet does not hold: its bytes are written as they are."""
    path = write_annotations(tmp_path / "ré.atr", regular(400))
    write_header(path, 360)
    options = ("--ref", path, "--test", path, "--start", "0", "--out", tmp_path / "out")
    ran = subprocess.run(
        [sys.executable, "-m", "host_tools.cli.main", "score", *options],
        env=os.environ | {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "written:" in ran.stdout
    assert "<td>ré</td>" in (tmp_path / "out" / "score.html").read_text(encoding="utf-8")
    assert "\nré,360," in (tmp_path / "out" / "score.csv").read_text(encoding="utf-8")
