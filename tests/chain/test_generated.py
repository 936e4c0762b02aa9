"""Generated files. Oracle: generating them again from the specification and the committed .tflite."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from export.generate import PARAMS_DIR, TFLITE, generate
from export.spec import SPEC_PATH, load_spec
from host_tools.build import ROOT, SANITIZE_FLAGS, compile_c
from host_tools.errors import UserError
from host_tools.native import library_sources


def test_committed_files_are_reproduced(tmp_path: Path) -> None:
    written = generate(tmp_path)
    assert len(written) >= 8
    different = [p for p in written if (tmp_path / p).read_bytes() != (ROOT / p).read_bytes()]
    assert different == []
    assert PARAMS_DIR / "ecg_params.h" in written


def test_every_generated_file_says_so(tmp_path: Path) -> None:
    for path in generate(tmp_path):
        head = (tmp_path / path).read_text()[:400]
        assert "enerated" in head, path
        assert "do not edit" in head, path


def test_vectors_on_the_sanitised_core(tmp_path: Path) -> None:
    """The self-test that firmware users can build; here with address and undefined-behaviour sanitizers."""
    sources, folders = library_sources()
    sources = [s for s in sources if s.name != "bitbeat_library.c"] + [ROOT / "firmware/test/vectors_test.c"]
    program = compile_c(sources, [*folders, ROOT / "firmware/test"], SANITIZE_FLAGS, tmp_path / "vectors")
    done = subprocess.run([program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert ", 0 wrong" in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("fs_hz = 360", "fs_hz = 90", "200 to 1000 Hz"),
        ("order = 2", "order = 4", "two second-order sections"),
        ("[bandpass]", "[bandpas]", "missing"),
        ("fs_hz = 360", "fs_hz = = 360", "not valid TOML"),
    ],
)
def test_bad_specification_is_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = tmp_path / "spec.toml"
    path.write_text(SPEC_PATH.read_text().replace(old, new, 1))
    with pytest.raises(UserError, match=message):
        load_spec(path)


def test_digest_depends_on_text_and_rate(tmp_path: Path) -> None:
    path = tmp_path / "spec.toml"
    path.write_text(SPEC_PATH.read_text() + "# a comment\n")
    digests = {load_spec().digest, load_spec(fs_hz=250).digest, load_spec(path).digest}
    assert len(digests) == 3
    assert (ROOT / TFLITE).exists()
