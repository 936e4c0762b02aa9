"""What is replaced and what is not. Oracles: the bytes that were there; by hand."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from host_tools import writing
from host_tools.errors import UserError
from host_tools.writing import (
    claim_files,
    claim_folder,
    free_stem,
    new_file,
    replacing_all,
    write_json,
    write_text,
)
from host_tools.written import LIST_NAME


@pytest.fixture(autouse=True)
def _no_claims(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "_claims", {})


def theirs(path: Path) -> Path:
    path.write_text("mine")
    return path


def edit(path: Path) -> None:
    path.write_text(path.read_text() + "and a note of my own")


def swap(path: Path) -> None:
    path.unlink()
    path.write_text("another")


def test_own_files_are_replaced_and_no_others(tmp_path: Path) -> None:
    own, other = tmp_path / "own.txt", theirs(tmp_path / "other.txt")
    for text in ("first", "second", "third"):
        claim_folder("score", tmp_path)
        write_text(own, text)
        assert own.read_text() == text
    with pytest.raises(UserError, match=r"other\.txt: is there already and was not written by bitbeat score"):
        write_text(other, "x")
    assert other.read_text() == "mine"
    claim_folder("score", tmp_path, force=True)
    write_text(other, "x")
    assert other.read_text() == "x"
    claim_folder("score", tmp_path)  # it is the command's own now
    write_text(other, "y")


@pytest.mark.parametrize("change", [edit, swap])
def test_what_was_changed_since_is_the_users(tmp_path: Path, change: Callable[[Path], None]) -> None:
    path = tmp_path / "a.csv"
    claim_files("errors", [path])
    write_text(path, "figures")
    change(path)
    kept = path.read_text()
    with pytest.raises(UserError, match=r"a\.csv: has been changed since bitbeat errors wrote it"):
        claim_files("errors", [path])
    with pytest.raises(UserError, match="has been changed"):
        write_text(path, "new")
    assert path.read_text() == kept


def test_another_commands_file_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "figures.json"
    claim_files("parity", [path])
    write_json(path, {})
    with pytest.raises(UserError, match="was written by bitbeat parity, not by bitbeat jitter"):
        claim_files("jitter", [path])


def test_without_a_claim_nothing_foreign_is_replaced_either(tmp_path: Path) -> None:
    path = theirs(tmp_path / "a.json")
    with pytest.raises(UserError, match="was not written by this command"):
        write_json(path, {})
    assert path.read_text() == "mine"
    write_json(tmp_path / "b.json", 1)
    write_json(tmp_path / "b.json", 2)
    assert (tmp_path / "b.json").read_text() == "2\n"


def test_what_comes_while_a_file_is_written_stays(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"

    def work() -> None:
        with writing.replacing(path) as aside:
            aside.write_text("long work")
            theirs(path)

    with pytest.raises(UserError, match="is there already"):
        work()
    assert path.read_text() == "mine"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_an_input_is_not_even_replaced_by_force(tmp_path: Path) -> None:
    path = theirs(tmp_path / "ecg.csv")
    claim_folder("replay", tmp_path, force=True, inputs=[tmp_path / "." / "ecg.csv"])
    with pytest.raises(UserError, match="is what the command reads"):
        write_text(path, "beats")
    assert path.read_text() == "mine"


@pytest.mark.parametrize("what", ["folder", "pipe", "link into nothing"])
def test_what_is_no_file_is_never_replaced(tmp_path: Path, what: str) -> None:
    path = tmp_path / "out.json"
    {"folder": path.mkdir, "pipe": lambda: os.mkfifo(path)}.get(what, lambda: path.symlink_to("nowhere"))()
    with pytest.raises(UserError, match=r"out\.json: cannot be written"):
        claim_files("jitter", [path], force=True)
    with pytest.raises(UserError, match=r"out\.json: cannot be written"):
        write_json(path, {})
    assert os.path.lexists(path)


def test_two_sources_of_one_name_do_not_meet(tmp_path: Path) -> None:
    def result(source: str) -> str:
        claim_folder("replay", tmp_path)
        stem = free_stem(tmp_path, "rec", (".csv", ".json"), source)
        with replacing_all(tmp_path) as aside:
            for suffix in (".csv", ".json"):
                (aside / f"{stem}{suffix}").write_text(source)
        return stem

    assert [result(s) for s in ("/a/rec.csv", "/b/rec.csv", "/c/rec", "/b/rec.csv", "/a/rec.csv")] == [
        *("rec", "rec-2", "rec-3", "rec-2", "rec")
    ]
    assert (tmp_path / "rec.csv").read_text() == "/a/rec.csv"
    assert (tmp_path / "rec-2.json").read_text() == "/b/rec.csv"
    theirs(tmp_path / "rec-4.csv")
    with pytest.raises(UserError, match=r"rec-4\.csv: is there already"):
        result("/d/rec.csv")


def write_all(folder: Path, text: str, *names: str) -> None:
    with replacing_all(folder) as aside:
        for name in names:
            (aside / name).parent.mkdir(exist_ok=True)
            (aside / name).write_text(text)


def test_all_take_their_places_or_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_all(tmp_path, "old", "a", "b", "deep/c")
    replace, done = Path.replace, []

    def fails_at_the_second(self: Path, target: Path) -> Path:
        if Path(target).name in "abc" and self.suffix != ".old":
            done.append(target)
            if len(done) == 2:
                raise OSError(5, "Input/output error", str(target))
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", fails_at_the_second)
    with pytest.raises(UserError, match="Input/output error"):
        write_all(tmp_path, "new", "a", "b", "deep/c", "d")
    files = {str(p.relative_to(tmp_path)): p.read_text() for p in tmp_path.rglob("[a-d]") if p.is_file()}
    assert files == {"a": "old", "b": "old", "deep/c": "old"}
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".writing-")]


def test_one_foreign_file_stops_all(tmp_path: Path) -> None:
    theirs(tmp_path / "z")
    with pytest.raises(UserError, match="z: is there already"):
        write_all(tmp_path, "new", "a", "z")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["z"]


def test_what_cannot_be_had_again_is_replaced_by_force_alone(tmp_path: Path) -> None:
    path = tmp_path / "session.dat"
    claim_files("monitor", [path], new=True)
    with new_file(path) as file:
        file.write(b"an hour")
    with pytest.raises(UserError, match="is there already"):
        claim_files("monitor", [path], new=True)
    with pytest.raises(UserError, match="is there already"):
        new_file(path)
    assert path.read_bytes() == b"an hour"
    claim_files("monitor", [path], new=True, force=True)
    with new_file(path) as file:
        file.write(b"b")
    assert path.read_bytes() == b"b"


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"null", b"\xff\xfe", b'{"files": 3}', b'{"files": {"a": []}}', b"[" * 100_000],
)
def test_a_list_that_is_none_is_one_line_and_stays(tmp_path: Path, content: bytes) -> None:
    (tmp_path / LIST_NAME).write_bytes(content)
    with pytest.raises(UserError, match=r"\.bitbeat\.json: is not BitBeat's list") as error:
        write_text(tmp_path / "new.txt", "x")
    assert "\n" not in str(error.value)
    assert (tmp_path / LIST_NAME).read_bytes() == content
    assert not (tmp_path / "new.txt").exists()


def test_a_list_copied_elsewhere_allows_only_the_same_bytes(tmp_path: Path) -> None:
    a, b = tmp_path / "a", tmp_path / "b"
    write_text(a / "x.txt", "ours")
    b.mkdir()
    shutil.copy(a / LIST_NAME, b / LIST_NAME)
    (b / "x.txt").write_text("theirs")
    with pytest.raises(UserError, match="has been changed"):
        write_text(b / "x.txt", "new")
    write_text(a / "x.txt", "new")


def names() -> st.SearchStrategy[str]:
    return st.text(
        st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=30
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(name=names().filter(lambda n: n not in (".", "..", LIST_NAME) and len(n.encode()) < 200))
def test_any_name_can_be_written_again_and_not_over_a_foreign_one(
    tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    folder = tmp_path_factory.mktemp("names")
    write_text(folder / name, "1")
    write_text(folder / name, "2")
    assert (folder / name).read_text() == "2"
    assert list(json.loads((folder / LIST_NAME).read_text())["files"]) == [name]
    (folder / name).write_text("3")
    with pytest.raises(UserError):
        write_text(folder / name, "4")


def steps() -> st.SearchStrategy[list[tuple[str, str, bool]]]:
    one = st.tuples(st.sampled_from(["user", "score", "errors"]), st.sampled_from("ab"), st.booleans())
    return st.lists(one, max_size=12)


@settings(max_examples=80)
@given(steps=steps())
def test_a_users_bytes_outlive_every_order_of_commands(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, str, bool]]
) -> None:
    """Whoever wrote a file last is its owner; only the same command, or force, replaces it."""
    folder = tmp_path_factory.mktemp("steps")
    owner: dict[str, str] = {}
    for number, (who, name, force) in enumerate(steps):
        path, text = folder / name, f"{who} {number}"
        if who == "user":
            path.write_text(text)
            owner[name] = who
            continue
        before = path.read_text() if path.exists() else None
        claim_folder(who, folder, force=force)
        if force or owner.get(name, who) == who:
            write_text(path, text)
            owner[name] = who
            assert path.read_text() == text
        else:
            with pytest.raises(UserError):
                write_text(path, text)
            assert path.read_text() == before


def test_a_folder_is_locked_while_its_list_changes(tmp_path: Path) -> None:
    """Many writers at once: every file is in the list."""
    from concurrent.futures import ThreadPoolExecutor

    def write(number: int) -> None:
        write_text(tmp_path / f"{number}.txt", str(number))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(40)))
    assert len(json.loads((tmp_path / LIST_NAME).read_text())["files"]) == 40
