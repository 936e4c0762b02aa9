"""Runs PlatformIO with everything it keeps inside ``build/``, with no package registry and no telemetry.

PlatformIO wants SCons as a package of its own registry; the copy from PyPI, pinned beside it, stands in
for that. ``python -m host_tools.pio`` prepares this for ``pio`` called by hand.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from host_tools.boards import EMULATED, FIRMWARE, ROOT, board_names, check_tool, load_board
from host_tools.errors import UserError
from host_tools.pio_said import NO_REGISTRY_ADVICE, reason
from host_tools.writing import write_text

PIO_DIR = ROOT / "build" / "platformio"
CORE_DIR = PIO_DIR / "core"


@dataclass(frozen=True)
class Variant:
    """How a kind of firmware differs: build folder, compiler flags, sources instead of ``src``."""

    folder: str
    flags: str = ""
    sources: str = ""


_SELF_TEST = "-<*> +<../test/vectors_test.c>"
#: The firmware; the same with the trace hook; the self-test, right and with a wrong sample.
VARIANTS = {
    "": Variant("build"),
    "trace": Variant("build-trace", "-DECG_TRACE=1"),
    "vectors": Variant("build-vectors", sources=_SELF_TEST),
    "vectors-spoiled": Variant("build-vectors-spoiled", "-DVECTORS_SPOIL=5000", _SELF_TEST),
}

_INSTALL = "make .venv/.ready-firmware, or pip install -e '.[firmware]'"
#: How long a host of the registry may take to answer, seconds.
_REGISTRY_S = 5
#: What PlatformIO and SCons hand to the shell without quoting it.
_SHELL = frozenset("'\"()&;$%|<>*?!`\\")
_SIZES = re.compile(r"^(RAM|Flash):.*\(used (\d+) bytes from (\d+) bytes\)", re.MULTILINE)


@dataclass(frozen=True)
class FirmwareImage:
    """A built firmware.

    Attributes
    ----------
    board : str
        PlatformIO's environment.
    path : Path
        The ELF file (a program for ``host``).
    flash_bytes, ram_bytes : int
        What it takes: code and constants; static memory.
    flash_size_bytes, ram_size_bytes : int
        What the board has.
    """

    board: str
    path: Path
    flash_bytes: int
    ram_bytes: int
    flash_size_bytes: int
    ram_size_bytes: int


def prepare_core() -> None:
    """Give PlatformIO its SCons and its settings; quick when that was done before.

    Raises
    ------
    UserError
        PlatformIO or SCons is not installed.
    """
    package = CORE_DIR / "packages" / "tool-scons"
    stamp = package / ".ready"
    try:
        import platformio
        import SCons
    except ModuleNotFoundError as error:
        raise UserError(f"PlatformIO is not installed ({error.name} is missing): {_INSTALL}") from None
    versions = f"{platformio.__version__} {SCons.__version__}"
    if stamp.is_file() and stamp.read_text() == versions:
        return
    from platformio.dependencies import get_core_dependencies

    version = get_core_dependencies()["tool-scons"].lstrip("~^=> ")
    package.mkdir(parents=True, exist_ok=True)
    about = {"name": "tool-scons", "version": version, "description": "SCons from PyPI"}
    spec = {"owner": "platformio", "id": None, "name": "tool-scons", "requirements": None, "uri": None}
    (package / "package.json").write_text(json.dumps(about))
    (package / ".piopm").write_text(
        json.dumps({"type": "tool", "name": "tool-scons", "version": version, "spec": spec})
    )
    (package / ".piokeep").write_text("")  # never pruned
    (package / "scons.py").write_text("import sys\nfrom SCons.Script.Main import main\nsys.exit(main())\n")
    settings = {
        "enable_telemetry": False,
        "check_platformio_interval": 36500,
        "check_prune_system_threshold": 0,
    }
    state = CORE_DIR / "appstate.json"
    if not state.is_file():
        state.write_text(json.dumps({"settings": settings}))
    stamp.write_text(versions)


def environment(variant: str = "") -> dict[str, str]:
    """Return the environment variables for ``pio``."""
    chosen = VARIANTS[variant]
    changed = {"PLATFORMIO_BUILD_SRC_FILTER": chosen.sources} if chosen.sources else {}
    return {
        **os.environ,
        "PLATFORMIO_CORE_DIR": str(CORE_DIR),
        "PLATFORMIO_BUILD_DIR": str(PIO_DIR / chosen.folder),
        "PLATFORMIO_BUILD_FLAGS": chosen.flags,
        "PLATFORMIO_SETTING_ENABLE_TELEMETRY": "no",
        "PLATFORMIO_DISABLE_UPGRADE_CHECK": "true",
        "PLATFORMIO_NO_ANSI": "true",
        **changed,
    }


@contextlib.contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Hold a lock: two PlatformIO processes would write the same files."""
    PIO_DIR.mkdir(parents=True, exist_ok=True)
    with (PIO_DIR / ".lock").open("w") as lock:
        with contextlib.suppress(ImportError):  # no fcntl on Windows: there, one at a time is up to the user
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def pio_command(*arguments: str) -> list[str]:
    """Return the command line that runs PlatformIO of this environment on the firmware."""
    return [sys.executable, "-m", "platformio", *arguments]


def run_pio(
    arguments: Sequence[str], env: Mapping[str, str], tell: Callable[[str], None] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run ``pio`` in the firmware's folder and return what it did and said (both streams in one).

    Parameters
    ----------
    arguments : sequence of str
        What follows ``pio``.
    env : mapping
        From :func:`environment`.
    tell : callable, optional
        Given each line as it comes.
    """
    command = pio_command(*arguments)
    said = []
    with _one_at_a_time():
        prepare_core()
        with subprocess.Popen(
            command,
            cwd=FIRMWARE,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as process:
            assert process.stdout is not None
            for line in process.stdout:
                said.append(line)
                if tell is not None:
                    tell(line.rstrip("\n"))
    return subprocess.CompletedProcess(command, process.returncode, "".join(said))


def environments() -> list[str]:
    """Return the names of all boards in ``platformio.ini``, emulated and real."""
    text = (FIRMWARE / "platformio.ini").read_text()
    return re.findall(r"^\[env:([^\]]+)\]", text, re.MULTILINE)


def build_firmware(board: str, variant: str = "", verbose: bool = False) -> FirmwareImage:
    """Build the firmware of a board; quick when nothing changed.

    Parameters
    ----------
    board : str
        PlatformIO's environment.
    variant : str
        One of :data:`VARIANTS`: "" is the firmware, "trace" can send every intermediate value to the host,
        "vectors" is the self-test, which ends with its result as exit status.
    verbose : bool
        Let PlatformIO say everything.

    Returns
    -------
    FirmwareImage
        Path and sizes.

    Raises
    ------
    UserError
        No such board; compiler, PlatformIO or registry missing; or the sources do not compile.
    """
    check_board(board)
    done = _run_for(board, ["run", "-e", board], variant, print if verbose else _tell_downloads)
    sizes = {kind: (int(used), int(size)) for kind, used, size in _SIZES.findall(done.stdout)}
    flash, ram = sizes.get("Flash", (0, 0)), sizes.get("RAM", (0, 0))
    path = PIO_DIR / VARIANTS[variant].folder / board / ("firmware" if board == "host" else "firmware.elf")
    return FirmwareImage(board, path, flash[0], ram[0], flash[1], ram[1])


def keep_image(image: FirmwareImage, path: Path) -> FirmwareImage:
    """Copy an image to ``path``: what runs for minutes must not change when something is built meanwhile."""
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(image.path, path)
    path.chmod(0o755)
    return replace(image, path=path)


def check_board(board: str) -> None:
    """Raise :class:`UserError` unless the board can be built here.

    It must be known, its compiler installed if it is emulated, and the checkout in a folder that PlatformIO's
    shell commands can name.
    """
    bad = sorted(_SHELL & set(str(ROOT)))
    if bad:
        raise UserError(
            f"{ROOT}: PlatformIO cannot build in a folder whose name has {' '.join(bad)}: move the checkout"
        )
    known = environments()
    if board not in known:
        if board.endswith("_tflm"):
            able = ", ".join(name.removesuffix("_tflm") for name in known if name.endswith("_tflm"))
            raise UserError(
                f"{board.removesuffix('_tflm')}: ENGINE=tflm is for {able} only; leave it out for aot"
            )
        raise UserError(f"{board}: no such board; there are {', '.join(known)}")
    if board in EMULATED:
        described = load_board(board)
        check_tool(described.compiler, described)


def _run_for(
    board: str, arguments: Sequence[str], variant: str, tell: Callable[[str], None]
) -> subprocess.CompletedProcess[str]:
    """Run ``pio`` for a board; a failure is one line that says where the whole log is."""
    if board not in board_names():
        _check_registry(board)
    done = run_pio(arguments, environment(variant), tell)
    if done.returncode != 0:
        log = PIO_DIR / "logs" / f"{board}.log"
        write_text(log, done.stdout)
        why = reason(done.stdout, may_download=board not in board_names())
        raise UserError(f"{board}: {why.replace(str(ROOT) + '/', '')} (all of it: {shown(log)})")
    return done


def shown(path: Path) -> str:
    """Return a file of the checkout as a user types it from the current folder."""
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)


def _tell_downloads(line: str) -> None:
    """Pass on what takes minutes the first time; the rest is quick."""
    if re.search(r"Manager: Installing (?!symlink:)|Downloading|Unpacking", line):
        print(f"bitbeat: {line.strip()}", file=sys.stderr, flush=True)


def _check_registry(board: str) -> None:
    """Refuse at once, instead of a minute later, what has to be fetched and cannot be.

    PlatformIO itself goes on trying for a minute without a word.
    """
    from platformio.project.config import ProjectConfig

    wanted = ProjectConfig(str(FIRMWARE / "platformio.ini")).get(f"env:{board}", "platform").split("@")[0]
    if any(CORE_DIR.glob(f"platforms/{wanted}*/platform.json")):
        return  # fetched before; what is missing of it, PlatformIO fetches, and that is told
    print(
        f"bitbeat: {board}: compiler and framework come from PlatformIO's registry, once, some hundred MB",
        file=sys.stderr,
        flush=True,
    )
    if not _registry_answers():
        raise UserError(f"{board}: {NO_REGISTRY_ADVICE}")


def _registry_answers() -> bool:
    """Whether a host of the registry answers, whatever it says."""
    import urllib.error
    import urllib.request

    from platformio import __registry_mirror_hosts__

    for host in __registry_mirror_hosts__:
        try:
            urllib.request.urlopen(f"https://{host}", timeout=_REGISTRY_S).close()
            return True
        except urllib.error.HTTPError:
            return True
        except OSError:
            continue
    return False


def upload_firmware(board: str, port: str | None = None) -> str:
    """Build and flash a board; an emulated one is started instead. Return what PlatformIO said last.

    Raises
    ------
    UserError
        As :func:`build_firmware`, or the board cannot be reached.
    """
    check_board(board)
    if port is not None and board in board_names():
        raise UserError(f"{board}: an emulated board takes no port; it gets one, which is printed")
    if board in EMULATED:
        described = load_board(board)
        check_tool(described.program, described)
    command = ["run", "-e", board, "-t", "upload", *(["--upload-port", port] if port else [])]
    done = _run_for(board, command, "", _tell_downloads)
    lines = [line for line in done.stdout.splitlines() if "serial port:" in line]
    return lines[-1] if lines else f"{board} is flashed; `bitbeat ports` lists the serial ports"


if __name__ == "__main__":
    try:
        prepare_core()
    except UserError as error:
        sys.exit(f"bitbeat: {error}")
    print(
        f"PlatformIO is ready (its files: {CORE_DIR.relative_to(ROOT)}): cd firmware && ../.venv/bin/pio run"
    )
