"""Writes everything that is generated: parameters, network, test vectors, in both languages.

The files are committed, so that firmware can be built without Python; a test regenerates them and
compares byte for byte.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from export.c_network import generate_network
from export.params import c_header, c_tables, python_module
from export.spec import SPEC_PATH, Spec, load_spec
from host_tools.build import BUILD_DIR, ROOT
from host_tools.errors import UserError
from host_tools.link.identity import record_history
from host_tools.writing import claim_project, renaming, replacing_all

MODEL_DIR = Path("firmware/lib/model")
TFLITE = MODEL_DIR / "bitbeat.tflite"
MODEL_FILES = (
    "ecg_model.c",
    "ecg_model.h",
    "ecg_model_tflite.c",
    "ecg_model_tflite.h",
    "ecg_model_tflm.h",
    "ecg_net_aot.c",
)
PARAMS_DIR = Path("firmware/lib/ecg/generated")
REFERENCE_DIR = Path("host_tools/reference")
VECTORS = Path("firmware/test/ecg_vectors.h")


def _write_changed(path: Path, text: str) -> None:
    """Write a file, but leave one alone that is the same already, so that nothing is rebuilt for it."""
    if not path.exists() or path.read_text() != text:
        with renaming(path) as aside:
            aside.write_text(text)


def file_digest(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def generate(out: Path = ROOT, tflite: Path | None = None, spec_path: Path = SPEC_PATH) -> list[Path]:
    """Write all generated files below ``out``.

    Parameters
    ----------
    out : Path
        Root under which the project's own folders are filled; the checkout by default.
    tflite : Path, optional
        The int8 model; the committed one by default.
    spec_path : Path
        The specification.

    Returns
    -------
    list of Path
        The files, relative to ``out``.

    Raises
    ------
    UserError
        If the specification or the model cannot be used.
    """
    model = tflite if tflite is not None else ROOT / TFLITE
    if out == ROOT:
        claim_project(*(ROOT / folder for folder in (PARAMS_DIR, MODEL_DIR, REFERENCE_DIR, VECTORS.parent)))
    with replacing_all(out) as aside:
        written = write_generated(aside, model, spec_path)
        if out == ROOT:  # which has the sources of the reference
            keep_only(aside, written)
    if out == ROOT:
        record_generated(model, spec_path)
    return written


def write_generated(out: Path, model: Path, spec_path: Path = SPEC_PATH) -> list[Path]:
    """Write all generated files below an empty folder, and the rest of the reference, which is run there.

    Returns
    -------
    list of Path
        The generated files, relative to ``out``.
    """
    spec = load_spec(spec_path)
    model_hash = file_digest(model)[:8]
    written = _write_params(spec, model_hash, out / PARAMS_DIR, out / REFERENCE_DIR)
    generate_network(model, out / MODEL_DIR, out / REFERENCE_DIR, spec.digest)
    written += [out / MODEL_DIR / name for name in MODEL_FILES] + [out / REFERENCE_DIR / "network.py"]
    _copy_reference(out / REFERENCE_DIR, ("params.py", "network.py"))
    _write_changed(out / VECTORS, _run_vectors(out / REFERENCE_DIR))
    return sorted(path.relative_to(out) for path in [*written, out / VECTORS])


def keep_only(folder: Path, files: Iterable[Path]) -> None:
    """Remove all files below ``folder`` but these, given relative to it."""
    kept = {folder / file for file in files}
    for path in [p for p in folder.rglob("*") if p.is_file()]:
        if path not in kept:
            path.unlink()


def record_generated(model: Path, spec_path: Path = SPEC_PATH) -> None:
    """Note the hashes, so that a host can say which side is old when a device's are not its own."""
    record_history("spec", load_spec(spec_path).constants["SPEC_HASH"])
    record_history("model", int(file_digest(model)[:8], 16))


def _write_params(spec: Spec, model_hash: str, c_dir: Path, reference_dir: Path) -> list[Path]:
    files = {
        c_dir / "ecg_params.h": c_header(spec, model_hash),
        c_dir / "ecg_tables.c": c_tables(spec, model_hash),
        reference_dir / "params.py": python_module(spec, model_hash),
    }
    for path, text in files.items():
        _write_changed(path, text)
    return list(files)


def _copy_reference(folder: Path, generated: tuple[str, ...]) -> None:
    """Copy the reference's sources, all but those generated for ``folder``."""
    for source in (ROOT / REFERENCE_DIR).glob("*.py"):
        if source.name not in generated:
            _write_changed(folder / source.name, source.read_text())


def _run_vectors(reference_dir: Path) -> str:
    """Run the reference in ``reference_dir`` over the vector signal, in a process of its own.

    The process's modules are those just written; this one may hold older ones. Plain: for half a minute of
    signal that is sooner done than compiled.
    """
    code = (
        "import sys; from pathlib import Path; from export.generate import load_reference;"
        "from export.vectors import c_vectors, vector_signal;"
        "run = load_reference(Path(sys.argv[1]), 'reference_vectors');"
        "params, net = (sys.modules['reference_vectors.' + n] for n in ('params', 'network'));"
        "x = vector_signal(params.FS_HZ);"
        "sys.stdout.write(c_vectors(x, run.run_record(x).beats, params.SPEC_DIGEST, f'{net.MODEL_HASH:08x}'))"
    )
    settings = {"PYTHONPATH": str(ROOT), "BITBEAT_PLAIN": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code, str(reference_dir)],
        capture_output=True,
        text=True,
        env=os.environ | settings,
        check=False,
    )
    if done.returncode != 0:
        last = done.stderr.strip().splitlines()[-1:] or ["no reason given"]
        raise UserError(
            f"the chain of this specification and model fails on the test vectors ({last[0][:200]})"
        )
    return done.stdout


def load_reference(folder: Path, name: str) -> ModuleType:
    """Import the copy of the reference in ``folder`` as the package ``name``; returns its ``run`` module."""
    location = importlib.util.spec_from_file_location(
        name, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    assert location is not None
    assert location.loader is not None
    package = importlib.util.module_from_spec(location)
    sys.modules[name] = package
    location.loader.exec_module(package)
    return importlib.import_module(name + ".run")


@dataclass(frozen=True)
class Variant:
    """The chain generated for another sampling rate, for the same model.

    Attributes
    ----------
    fs_hz : int
        Sampling rate.
    c_dir : Path
        Takes the place of ``firmware/lib/ecg/generated`` in a build.
    reference_dir : Path
        A copy of the reference with the rate's parameters, for :func:`load_reference`.
    """

    fs_hz: int
    c_dir: Path
    reference_dir: Path


def generate_variant(fs_hz: int, out: Path | None = None) -> Variant:
    """Generate the chain for another sampling rate into ``out`` (``build/variants/fs<rate>``).

    Raises
    ------
    UserError
        If the rate is out of range.
    """
    spec = load_spec(fs_hz=fs_hz)
    folder = out if out is not None else BUILD_DIR / "variants" / f"fs{fs_hz}"
    c_dir, reference_dir = folder / f"fs{fs_hz}", folder / "reference"
    _copy_reference(reference_dir, ("params.py",))
    _write_params(spec, file_digest(ROOT / TFLITE)[:8], c_dir, reference_dir)
    return Variant(fs_hz, c_dir, reference_dir)
