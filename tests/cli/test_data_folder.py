"""One data folder for every command, whatever the current one is. Oracle: the commands' own declarations."""

from __future__ import annotations

from pathlib import Path

import pytest

from host_tools import doctor, records
from host_tools.build import ROOT
from host_tools.errors import UserError
from host_tools.mitdb import record_names
from training import data as training_data

from .test_help import COMMANDS

OPTIONS = [
    (name, param)
    for name, command in sorted(COMMANDS.items())
    for param in command.params
    if "--data" in param.opts
]


@pytest.mark.parametrize(("name", "param"), OPTIONS, ids=[name for name, _ in OPTIONS])
def test_the_default_is_the_projects_folder(name: str, param: object) -> None:
    default = getattr(param, "default", None)
    assert default is None or Path(default).is_relative_to(ROOT / "data"), name


def test_all_modules_mean_the_same_folder() -> None:
    assert len(OPTIONS) > 10
    assert {doctor.DATA_DIR, records.DATA_DIR, training_data.DATA_DIR} == {ROOT / "data"}


def test_errors_name_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data" / "mitdb").mkdir(parents=True)
    (tmp_path / "data" / "mitdb" / "nosuch.hea").write_text("nosuch 1 360 10\nnosuch.dat 16\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=r"nosuch: no such record here or in data/ \(/.*\); give a path"):
        records.read_record("nosuch")
    with pytest.raises(UserError, match=f"{tmp_path}/empty: no records there; `make data` brings them"):
        record_names(tmp_path / "empty")
