"""``bitbeat data``, ``train``, ``evaluate``, ``export``: exit codes and one clear line. Oracle: the shell."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from safetensors.torch import save_file

from tests.data_access import database_dir
from training.checkpoint import CHECKPOINT_PATH
from training.data import MANIFEST_PATH, REPO_ROOT


def bitbeat(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "host_tools.cli.main", *map(str, arguments)],
        cwd=REPO_ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def assert_one_line(done: subprocess.CompletedProcess[str], code: int, *words: str) -> None:
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    (line,) = [row for row in done.stderr.splitlines() if row.startswith("bitbeat:")]
    for word in words:
        assert word in line


def test_bad_usage(tmp_path: Path) -> None:
    assert_one_line(bitbeat("data", "--from", tmp_path / "none", "--into", tmp_path), 2, "no such folder")
    assert_one_line(bitbeat("data", "--from", tmp_path, "--into", tmp_path / "x"), 2, "mitdb.tar.xz")
    assert_one_line(bitbeat("train", "--protocol", "ds2"), 2, "ds1, ds1+svdb, all")
    assert_one_line(bitbeat("ablate", "--only", "none", "--data", tmp_path), 2, "no variant none")
    assert_one_line(bitbeat("train", "--config", tmp_path / "c.toml", "--data", tmp_path), 2, "no such file")
    assert_one_line(
        bitbeat("train", "--data", tmp_path, "--out", tmp_path / "o", "--processes", "1"), 2, "make data"
    )
    assert not (tmp_path / "o").exists()


def test_export_refuses_another_architecture(tmp_path: Path) -> None:
    foreign = tmp_path / "foreign.safetensors"
    shutil.copy(CHECKPOINT_PATH.with_suffix(".json"), foreign.with_suffix(".json"))
    import torch

    save_file({"conv1.weight": torch.zeros(3)}, foreign)
    done = bitbeat("export", "--checkpoint", foreign, "--data", tmp_path)
    assert_one_line(done, 2, "another architecture", str(foreign))


def test_evaluate_shows_the_cross_validation() -> None:
    done = bitbeat("evaluate")
    assert done.returncode == 0, done.stderr
    for word in ("Cross-validation", "precision %", "macro-F1 by fold"):
        assert word in done.stdout


@pytest.mark.needs_data("nstdb")
def test_data_brings_what_is_there(tmp_path: Path) -> None:
    # Without mitdb in the folder the first line names it; with it all three arrive.
    source = tmp_path / "source"
    source.mkdir()
    (source / "nstdb").symlink_to(database_dir("nstdb"))
    done = bitbeat("data", "--from", source, "--into", tmp_path / "data")
    assert_one_line(done, 2, "mitdb")
    assert MANIFEST_PATH.is_file()
