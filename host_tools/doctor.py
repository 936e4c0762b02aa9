"""Says what is installed, which command lacks what, and how to get it.

The dependencies and their versions come from the installed package's own metadata; nothing here
repeats them. Imports the standard library only, so that it works where little else does.
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from host_tools.build import c_compiler
from host_tools.data_folder import DATA_DIR
from host_tools.errors import UserError
from host_tools.toolchains import TOOLS

DISTRIBUTION = "bitbeat"
BASE = "base"

#: How to get what is no Python package.
_GET_TOOL = {
    "C compiler": "sudo apt install gcc libc6-dev (Debian, Ubuntu), or xcode-select --install (macOS)",
    "g++": "sudo apt install g++ (Debian, Ubuntu), or xcode-select --install (macOS)",
    "make": "sudo apt install make (Debian, Ubuntu), or xcode-select --install (macOS)",
    "git": "sudo apt install git (Debian, Ubuntu), or xcode-select --install (macOS)",
    "cppcheck": "sudo apt install cppcheck (Debian, Ubuntu), or brew install cppcheck (macOS)",
    "clang-format": "",
    "clang": "make toolchains (Debian, Ubuntu; a clang with libFuzzer)",
    **{tool.program: f"make toolchains (Debian, Ubuntu; package {tool.package})" for tool in TOOLS},
}
#: Compilers and emulators of all emulated boards.
_BOARD_TOOLS = tuple(tool.program for tool in TOOLS)


@dataclass(frozen=True)
class Need:
    """What a command needs: extras of the package, tools, databases."""

    extras: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    data: tuple[str, ...] = ()


#: What each command needs beyond the base packages.
COMMANDS = {
    "demo": Need(tools=("C compiler",)),
    "replay": Need(tools=("C compiler",)),
    "emulator": Need(tools=("C compiler",)),
    "ports": Need(),
    "simulate": Need(),
    "score": Need(),
    "score-noise": Need(tools=("C compiler",), data=("mitdb", "nstdb")),
    "explain": Need(),
    "errors": Need(tools=("C compiler",), data=("mitdb",)),
    "jitter": Need(tools=("C compiler",), data=("mitdb",)),
    "envelope": Need(tools=("C compiler",)),
    "scoreboard": Need(("train", "export"), ("C compiler",), ("mitdb", "nstdb")),
    "data": Need(),
    "bench": Need(("parity",), ("C compiler", *_BOARD_TOOLS), ("mitdb",)),
    "parity": Need(("parity",), ("C compiler",), ("mitdb",)),
    "engines": Need(("parity",), ("C compiler",), ("mitdb",)),
    "rates": Need(("parity",), ("C compiler",), ("mitdb",)),
    "train": Need(("train",), data=("mitdb", "nstdb", "svdb")),
    "crossval": Need(("train",), data=("mitdb", "nstdb", "svdb")),
    "ablate": Need(("train",), data=("mitdb", "nstdb", "svdb")),
    "fit-detector": Need(data=("mitdb", "nstdb", "svdb")),
    "evaluate": Need(("train",), data=("mitdb",)),
    "export": Need(("export",), data=("mitdb",)),
    "generate": Need(("dev", "parity")),
    "faults": Need(tools=("C compiler",)),
    "fuzz": Need(tools=("clang",)),
    "make test": Need(
        ("train", "export", "parity", "firmware", "dev"),
        ("C compiler", "g++", "make", "clang", *_BOARD_TOOLS),
        ("mitdb", "nstdb", "svdb"),
    ),
    "make lint": Need(("dev",), ("clang-format", "cppcheck", "make", "git")),
    "boards": Need(),
    "firmware": Need(("firmware",), ("arm-none-eabi-gcc",)),
    "flash": Need(("firmware",), ("arm-none-eabi-gcc", "qemu-system-arm")),
    "serial": Need(("firmware",)),
    "monitor": Need(),
    "stop": Need(),
    "toolchains": Need(),
    "isa": Need(("firmware",), _BOARD_TOOLS, ("mitdb",)),
    "hil": Need(("firmware",), ("arm-none-eabi-gcc", "qemu-system-arm"), ("mitdb",)),
}


@dataclass(frozen=True)
class Item:
    """One thing: what is wanted, what was found (None = nothing), whether it will do, how to get it."""

    name: str
    wanted: str
    found: str | None
    ok: bool
    get: str


@dataclass(frozen=True)
class CommandState:
    """Whether a command can run; if not, what is missing and the commands that bring it."""

    name: str
    ok: bool
    missing: tuple[str, ...]
    get: tuple[str, ...]


@dataclass(frozen=True)
class Diagnosis:
    """Everything the doctor found; ``extras`` holds ``base`` first."""

    python: Item
    tools: tuple[Item, ...]
    extras: dict[str, tuple[Item, ...]]
    data: tuple[Item, ...]
    commands: tuple[CommandState, ...]


def diagnose(data_dir: Path = DATA_DIR) -> Diagnosis:
    """Look at the environment that runs this.

    Parameters
    ----------
    data_dir : Path
        Folder with the databases.

    Raises
    ------
    UserError
        The package itself is not installed: its dependencies are not known.
    """
    try:
        distribution = importlib.metadata.distribution(DISTRIBUTION)
    except importlib.metadata.PackageNotFoundError:
        raise UserError(f"the package {DISTRIBUTION} is not installed here: {_pip('')}") from None
    wanted = distribution.metadata["Requires-Python"] or ""
    version = platform.python_version()
    python = Item("Python", wanted, version, _satisfies(version, wanted), f"install Python {wanted}")
    extras = _extras(distribution)
    tools = tuple(_tool(name) for name in _GET_TOOL)
    data = tuple(_database(data_dir, name) for name in ("mitdb", "nstdb", "svdb"))
    commands = tuple(_state(name, need, python, extras, tools, data) for name, need in COMMANDS.items())
    return Diagnosis(python, tools, extras, data, commands)


def _pip(extra: str) -> str:
    """Return the command that installs an extra into the environment that runs this."""
    what = f".[{extra}]" if extra else "."
    return f"{shlex.quote(sys.executable)} -m pip install -e '{what}'"


def _extras(distribution: importlib.metadata.Distribution) -> dict[str, tuple[Item, ...]]:
    """Return the dependencies of the base and of each extra, with what is installed of them."""
    names = [BASE, *(distribution.metadata.get_all("Provides-Extra") or [])]
    found: dict[str, list[Item]] = {name: [] for name in names}
    for text in distribution.requires or []:
        requirement, _, marker = text.partition(";")
        match = re.search(r"extra\s*==\s*['\"]([^'\"]+)['\"]", marker)
        extra = match[1] if match else BASE
        found.setdefault(extra, []).append(_package(requirement.strip(), "" if extra == BASE else extra))
    return {name: tuple(items) for name, items in found.items()}


def _package(requirement: str, extra: str) -> Item:
    """Compare one requirement, ``name<specifiers>``, with what is installed."""
    match = re.fullmatch(r"([A-Za-z0-9._-]+)(?:\[[^\]]*\])?\s*\(?([^)]*)\)?", requirement)
    name, wanted = (match[1], match[2].strip()) if match else (requirement, "")
    try:
        version = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return Item(name, wanted, None, False, _pip(extra))
    return Item(name, wanted, version, _satisfies(version, wanted), _pip(extra))


def _satisfies(version: str, wanted: str) -> bool:
    """Whether a version meets comma-separated specifiers of the kinds ==, !=, >=, <=, > and <.

    Local parts (``+cpu``) are ignored; a specifier of another kind counts as met.
    """
    have = _release(version)
    for specifier in filter(None, (part.strip() for part in wanted.split(","))):
        match = re.fullmatch(r"(==|!=|>=|<=|>|<)\s*(\S+)", specifier)
        if match is None:
            continue
        want = _release(match[2])
        length = max(len(have), len(want))
        a, b = (v + (0,) * (length - len(v)) for v in (have, want))
        met = {"==": a == b, "!=": a != b, ">=": a >= b, "<=": a <= b, ">": a > b, "<": a < b}
        if not met[match[1]]:
            return False
    return True


def _release(version: str) -> tuple[int, ...]:
    """Return all numbers of a version without its local part: 2.1.0rc3+cpu is (2, 1, 0, 3)."""
    return tuple(int(number) for number in re.findall(r"\d+", version.split("+")[0]))


def _tool(name: str) -> Item:
    """Look for a program and ask its version."""
    if name == "C compiler":
        try:
            program: str | None = c_compiler()
        except UserError:
            program = None
    elif name == "clang":
        program = _fuzzing_clang()
    else:
        beside = Path(sys.executable).with_name(name)
        program = str(beside) if beside.is_file() else shutil.which(name)
    get = _GET_TOOL[name] or _pip("dev")
    if program is None:
        return Item(name, "any", None, False, get)
    return Item(name, "any", _version_of(program), True, get)


def _fuzzing_clang() -> str | None:
    """Find a clang with libFuzzer; without it a clang is of no use here."""
    from host_tools.fuzz import fuzzing_clang

    try:
        return str(fuzzing_clang())
    except UserError:
        return None


def _version_of(program: str) -> str:
    """First line of ``program --version``."""
    try:
        answer = subprocess.run(
            [*program.split(), "--version"], capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return os.path.basename(program)
    lines = (answer.stdout or answer.stderr).strip().splitlines()
    return lines[0] if lines else os.path.basename(program)


def _database(data_dir: Path, name: str) -> Item:
    """Count a database's files against the manifest (not their sums: `bitbeat data` does that)."""
    from training.data import load_manifest

    files = load_manifest()[name].files
    present = sum((data_dir / name / file).is_file() for file in files)
    found = f"{present} of {len(files)} files" if present else None
    return Item(name, f"{len(files)} files", found, present == len(files), "make data")


def _state(
    name: str,
    need: Need,
    python: Item,
    extras: dict[str, tuple[Item, ...]],
    tools: Iterable[Item],
    data: Iterable[Item],
) -> CommandState:
    """Say what a command lacks."""
    wanted = [python]
    for extra in (BASE, *need.extras):
        stale = Item(f"extra {extra}", "", None, False, _pip(extra))
        wanted += extras.get(extra, (stale,))
    wanted += [tool for tool in tools if tool.name in need.tools]
    wanted += [database for database in data if database.name in need.data]
    lacking = [item for item in wanted if not item.ok]
    missing = dict.fromkeys(i.name if i.found is None else f"{i.name} {i.found}" for i in lacking)
    return CommandState(name, not lacking, tuple(missing), tuple(dict.fromkeys(i.get for i in lacking)))
