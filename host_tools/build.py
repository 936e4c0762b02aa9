"""Compiles the project's C with the machine's own compiler, and only when something changed.

Used for the emulator (the firmware's main loop as a host program) and for the shared libraries that
tests and parity load through ctypes. Nothing here knows what the C does.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

from host_tools.errors import UserError

#: Root of the checkout: the C sources lie beside the Python packages.
ROOT = Path(__file__).resolve().parent.parent
BUILD_DIR = ROOT / "build"
FIRMWARE = ROOT / "firmware"

#: What every C file of the project must survive.
STRICT_FLAGS = ("-std=c11", "-Wall", "-Wextra", "-Wconversion", "-Werror")
OPTIMISE_FLAGS = ("-O2",)
SANITIZE_FLAGS = ("-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")

#: Header directories of the core, in the order in which they are searched.
CORE_INCLUDE_DIRS = (
    FIRMWARE / "lib" / "ecg",
    FIRMWARE / "lib" / "ecg" / "generated",
    FIRMWARE / "lib" / "nn",
    FIRMWARE / "lib" / "model",
    FIRMWARE / "lib" / "link",
)
#: Directories whose C files make up the core.
CORE_SOURCE_DIRS = (*CORE_INCLUDE_DIRS,)
#: Directories that the emulator adds to the core.
APP_DIRS = (FIRMWARE / "src", FIRMWARE / "ports" / "host")

Kind = Literal["executable", "shared"]


def c_compiler() -> str:
    """Return the C compiler: ``$CC`` or the first of cc, gcc, clang.

    Raises
    ------
    UserError
        No compiler is installed, or ``$CC`` names none.
    """
    wanted = os.environ.get("CC")
    for name in [wanted] if wanted else ["cc", "gcc", "clang"]:
        if shutil.which(name.split()[0]):
            return name
    what = f"the C compiler named by CC ({wanted})" if wanted else "a C compiler"
    raise UserError(
        f"{what} was not found: install one (Debian, Ubuntu: sudo apt install gcc libc6-dev; "
        "macOS: xcode-select --install)"
    )


def compile_c(
    sources: Iterable[Path],
    include_dirs: Iterable[Path],
    flags: Sequence[str],
    output: Path,
    kind: Kind = "executable",
    compiler: str | None = None,
) -> Path:
    """Compile C sources in one call of the compiler into ``output``, unless it is already up to date.

    Parameters
    ----------
    sources : iterable of Path
        C files, all of them.
    include_dirs : iterable of Path
        Searched for headers in this order.
    flags : sequence of str
        Added after ``STRICT_FLAGS``, such as ``OPTIMISE_FLAGS`` or ``["-DECG_TRACE=1"]``.
    output : Path
        The program or library; ``output.key`` beside it holds the hash of everything that went in.
    kind : {"executable", "shared"}
        A program, or a library for ctypes.
    compiler : str, optional
        Another one than :func:`c_compiler` gives.

    Returns
    -------
    Path
        ``output``.

    Raises
    ------
    UserError
        No compiler, or the sources do not compile (with the compiler's first error line).

    Notes
    -----
    The key covers compiler, flags, and the bytes of all sources and of all headers in
    ``include_dirs``. The result is written aside and renamed, so two processes may build at once.
    """
    source_list = sorted(Path(s) for s in sources)
    include_list = [Path(d) for d in include_dirs]
    command = [*(compiler or c_compiler()).split(), *STRICT_FLAGS, *flags]
    if kind == "shared":
        command += ["-shared", "-fPIC"]
    key = _key(command, source_list, include_list)
    key_file = output.with_name(output.name + ".key")
    if output.exists() and key_file.exists() and key_file.read_text() == key:
        return output
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=output.parent, prefix=".building-") as aside:
        part = Path(aside) / output.name
        command += [f"-I{d}" for d in include_list if d.is_dir()]
        command += [*map(str, source_list), "-o", str(part)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise UserError(f"{output.name} does not compile: {_first_error(done.stderr)}")
        (Path(aside) / "key").write_text(key)
        part.replace(output)
        (Path(aside) / "key").replace(key_file)
    return output


def core_sources() -> list[Path]:
    """Return every C file of the core: signal chain, network kernels, generated model, link."""
    return sorted(path for folder in CORE_SOURCE_DIRS for path in folder.glob("*.c"))


def build_emulator(trace: bool = False, sanitize: bool = False, variant: Path | None = None) -> Path:
    """Compile the firmware's own main loop for this machine, its UART on TCP.

    Parameters
    ----------
    trace : bool
        With the trace hook (``ECG_TRACE=1``): every intermediate value can be sent to the host.
    sanitize : bool
        With the address and undefined-behaviour sanitizers; they stop the program at a finding.
    variant : Path, optional
        Folder of generated headers and sources that replace ``firmware/lib/ecg/generated``
        (another sampling rate).

    Returns
    -------
    Path
        The program, in ``build/emulator``.

    Raises
    ------
    UserError
        No C compiler, or the sources do not compile.
    """
    generated = FIRMWARE / "lib" / "ecg" / "generated"
    includes = [variant if variant is not None and d == generated else d for d in CORE_INCLUDE_DIRS]
    folders = [*includes, *APP_DIRS]
    sources = [path for folder in folders for path in folder.glob("*.c")]
    flags = list(SANITIZE_FLAGS if sanitize else OPTIMISE_FLAGS)
    if trace:
        flags.append("-DECG_TRACE=1")
    parts = ["bitbeat-emulator"]
    parts += [variant.name] if variant is not None else []
    parts += [name for name, on in (("trace", trace), ("sanitize", sanitize)) if on]
    output = BUILD_DIR / "emulator" / ("-".join(parts) + (".exe" if sys.platform == "win32" else ""))
    return compile_c(sources, [*includes, *APP_DIRS], flags, output, "executable")


def _key(command: Sequence[str], sources: Sequence[Path], include_dirs: Sequence[Path]) -> str:
    """Hash the command and the bytes of every file that the compiler could read."""
    digest = hashlib.sha256("\0".join(command).encode())
    digest.update(_compiler_version(command[0]).encode())
    headers = sorted(h for d in include_dirs for h in d.rglob("*.[hi]*") if h.suffix in (".h", ".inc"))
    for path in [*sources, *headers]:
        digest.update(f"\0{path.name}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


_versions: dict[str, str] = {}


def _compiler_version(compiler: str) -> str:
    """Return what ``compiler --version`` prints; asked once per process."""
    if compiler not in _versions:
        done = subprocess.run([compiler, "--version"], capture_output=True, text=True, check=False)
        _versions[compiler] = done.stdout
    return _versions[compiler]


def _first_error(text: str) -> str:
    """Return the first line of a compiler's output that says "error", or its last line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    for line in lines:
        if "error" in line:
            return line.replace(str(ROOT) + "/", "")
    return lines[-1] if lines else "the compiler gave no message"
