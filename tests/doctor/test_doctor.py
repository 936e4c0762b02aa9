"""Oracle: package metadata written by the test, the ``packaging`` library for version specifiers, and
pyproject.toml for what the real installation should say."""

from __future__ import annotations

import importlib.metadata
import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet
from typer.testing import CliRunner

from host_tools import doctor
from host_tools.cli import doctor as cli
from host_tools.errors import UserError

ROOT = Path(__file__).resolve().parents[2]

METADATA = """Metadata-Version: 2.1
Name: bitbeat
Version: 1.0
Requires-Python: <3.13,>=3.11
Requires-Dist: rich
Requires-Dist: no-such-package==1.2.3
Requires-Dist: typer==0.0.1
Requires-Dist: numpy<3,>=1.0; extra == "train"
Requires-Dist: another-missing-one==4; extra == "export"
Provides-Extra: train
Provides-Extra: export
"""


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Give the doctor a distribution with the metadata above."""
    info = tmp_path / "bitbeat-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(METADATA)
    fake = importlib.metadata.PathDistribution(info)
    real = importlib.metadata.distribution
    monkeypatch.setattr(
        doctor.importlib.metadata, "distribution", lambda name: fake if name == "bitbeat" else real(name)
    )
    return tmp_path


def _state(found: doctor.Diagnosis, name: str) -> doctor.CommandState:
    return next(c for c in found.commands if c.name == name)


def test_what_is_to_be_copied_survives_a_space_in_the_path(installed, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/home/me/my clone/.venv/bin/python")
    get = _state(doctor.diagnose(installed), "export").get
    assert "'/home/me/my clone/.venv/bin/python' -m pip install -e '.[export]'" in get


def test_reads_the_dependencies_from_the_metadata(installed):
    found = doctor.diagnose(installed)
    assert list(found.extras) == ["base", "train", "export"]
    base = {item.name: item for item in found.extras["base"]}
    assert base["rich"].ok
    assert base["rich"].found == importlib.metadata.version("rich")
    assert (base["no-such-package"].ok, base["no-such-package"].found) == (False, None)
    assert base["no-such-package"].wanted == "==1.2.3"
    assert not base["typer"].ok, "installed, but not in the pinned version"
    assert base["typer"].found == importlib.metadata.version("typer")
    assert found.extras["train"][0].ok


def test_each_command_says_what_it_lacks_and_how_to_get_it(installed):
    found = doctor.diagnose(installed)
    export = _state(found, "export")
    assert not export.ok
    assert "another-missing-one" in export.missing
    assert "mitdb" in export.missing
    assert f"{sys.executable} -m pip install -e '.[export]'" in export.get
    assert "make data" in export.get
    assert "another-missing-one" not in _state(found, "train").missing
    assert "extra parity" in _state(found, "parity").missing, "an extra that the metadata does not know"


def test_without_a_compiler_the_demo_cannot_run(installed, monkeypatch):
    monkeypatch.setenv("PATH", str(installed))
    monkeypatch.delenv("CC", raising=False)
    found = doctor.diagnose(installed)
    demo = _state(found, "demo")
    assert "C compiler" in demo.missing
    assert any("apt install gcc" in how for how in demo.get)
    assert "C compiler" not in _state(found, "simulate").missing


def test_partly_present_data_is_not_enough(installed):
    (installed / "mitdb").mkdir()
    (installed / "mitdb" / "100.hea").write_text("x")
    mitdb = doctor.diagnose(installed).data[0]
    assert (mitdb.ok, mitdb.found) == (False, "1 of 144 files")


def test_not_installed_at_all_is_one_line(monkeypatch):
    def missing(name: str):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(doctor.importlib.metadata, "distribution", missing)
    with pytest.raises(UserError, match=r"not installed here: .*pip install -e"):
        doctor.diagnose()


def test_real_installation_agrees_with_pyproject():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    found = doctor.diagnose()
    assert len(found.extras["base"]) == len(project["dependencies"])
    for extra, items in found.extras.items():
        if extra != "base":
            assert len(items) == len(project["optional-dependencies"][extra])
    assert found.python.ok
    assert all(item.ok for item in found.extras["base"])
    assert _state(found, "demo").ok


def test_every_command_of_the_command_line_has_its_needs():
    import typer

    from host_tools.cli import main

    app = typer.Typer()
    for name in main.GROUPS:
        __import__(f"host_tools.cli.{name}", fromlist=["register"]).register(app)
    names = {c.name or c.callback.__name__ for c in app.registered_commands}
    assert names - {"doctor"} <= set(doctor.COMMANDS)
    assert {c for c in doctor.COMMANDS if " " not in c} <= names


def test_needs_name_existing_extras_and_tools():
    extras = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"])
    for need in doctor.COMMANDS.values():
        assert set(need.extras) <= extras
        assert set(need.tools) <= set(doctor._GET_TOOL)


def _run(*arguments: str) -> str:
    import typer

    app = typer.Typer()
    cli.register(app)
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == 0, result.output
    return result.output


def test_json_holds_what_the_tables_show(installed):
    found = json.loads(_run("--json"))
    assert found["python"]["ok"]
    assert found["extras"]["base"][1] == {
        "name": "no-such-package",
        "wanted": "==1.2.3",
        "found": None,
        "ok": False,
        "get": f"{sys.executable} -m pip install -e '.'",
    }
    assert {c["name"] for c in found["commands"]} == set(doctor.COMMANDS)


def test_tables_name_the_missing_and_the_remedy(installed):
    shown = _run()
    for words in ("no-such-package", "not found", "another-missing-one", "pip install -e '.[export]'"):
        assert words in shown


def test_works_with_the_standard_library_alone():
    code = (
        "import sys; sys.path.insert(0, '.'); import host_tools.doctor, training.data; "
        "heavy = {'numpy', 'numba', 'scipy', 'matplotlib', 'wfdb', 'torch', 'rich'}; "
        "host_tools.doctor.diagnose(); print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "[]"


versions = st.lists(st.integers(0, 12), min_size=1, max_size=4).map(lambda parts: ".".join(map(str, parts)))
specifiers = st.lists(
    st.tuples(st.sampled_from(["==", "!=", ">=", "<=", ">", "<"]), versions).map("".join), max_size=3
).map(",".join)


@given(versions, specifiers, st.sampled_from(["", "+cpu"]))
def test_versions_are_compared_as_packaging_does(version, wanted, local):
    expected = SpecifierSet(wanted).contains(version, prereleases=True)
    assert doctor._satisfies(version + local, wanted) == expected
