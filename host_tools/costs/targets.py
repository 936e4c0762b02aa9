"""Builds core, firmware and measuring images for an emulated board, as its PlatformIO builder would.

Compiler, flags, ports and linker script come from the board files in ``firmware/platforms/qemu/boards``; the
flags that are the same for all are those of ``firmware/platforms/qemu/builder/main.py``.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from host_tools.boards import EMULATED, load_board
from host_tools.build import BUILD_DIR, CORE_INCLUDE_DIRS, FIRMWARE, core_sources
from host_tools.errors import UserError

#: The instruction sets that are measured.
TARGETS = EMULATED
#: As in the builder of the emulated boards; ``-fcallgraph-info`` only writes a file beside the object.
COMMON_FLAGS: tuple[str, ...] = ("-std=c11", "-ffreestanding", "-ffunction-sections", "-fdata-sections")
COMMON_FLAGS += ("-Wall", "-Wextra", "-Wconversion", "-Werror", "-fcallgraph-info=su")
LINK_FLAGS = ("-nostdlib", "-nostartfiles", "-Wl,--gc-sections", "-Wl,--no-warn-rwx-segments")
#: The measuring images: which sources of firmware/tools/bench an architecture takes.
_BENCH = FIRMWARE / "tools" / "bench"
_BENCH_IO = {
    "qemu_cortex_m": ("bench_arm.c", "bench_semihosting.c"),
    "qemu_rv32": ("bench_rv32.c", "bench_semihosting.c"),
    "qemu_xtensa": ("bench_xtensa.c",),
}
#: Port sources that a measuring image replaces: the UART, and the console with its own entry.
_REPLACED = ("port_uart.c", "uart_cmsdk.c", "uart_nrf51.c", "uart_16550.c", "console_sim.c")
#: Calls that begin another stage; see bench_chain.c.
_WRAPPED = ("ecg_beat_measure", "ecg_beat_classify", "ecg_net_invoke")


@dataclass(frozen=True)
class Target:
    """How to compile for an emulated board, and how to run on it.

    Attributes
    ----------
    name : str
        Its board.
    toolchain : str
        Prefix of the compiler.
    cpu_flags, link_flags : tuple of str
        Flags that choose instruction set and libgcc.
    defines : tuple of str
        ``NAME`` or ``NAME=VALUE``.
    ports : tuple of Path
        Folders of start-up code and drivers.
    ldscript : Path
        Linker script.
    libs : tuple of str
        Libraries.
    emulator : tuple of str
        Command that starts QEMU, without an image.
    apt : tuple of str
        Debian packages that bring what is needed.
    """

    name: str
    toolchain: str
    cpu_flags: tuple[str, ...]
    link_flags: tuple[str, ...]
    defines: tuple[str, ...]
    ports: tuple[Path, ...]
    ldscript: Path
    libs: tuple[str, ...]
    emulator: tuple[str, ...]
    apt: tuple[str, ...]

    @property
    def missing(self) -> list[str]:
        """Programs that this target needs and that are not installed."""
        needed = (self.toolchain + "gcc", self.emulator[0])
        return [program for program in needed if shutil.which(program) is None]


def load_target(name: str) -> Target:
    """Return the target of a board.

    Raises
    ------
    UserError
        There is no such board.
    """
    board = load_board(name)
    build = json.loads((FIRMWARE / "platforms" / "qemu" / "boards" / f"{name}.json").read_text())["build"]
    return Target(
        name=name,
        toolchain=build["toolchain"],
        cpu_flags=tuple(build["cpu_flags"]),
        link_flags=tuple(build.get("link_flags", build["cpu_flags"])),
        defines=tuple(build["defines"]),
        ports=tuple(FIRMWARE / "ports" / port for port in build["ports"]),
        ldscript=FIRMWARE / "ports" / build["ldscript"],
        libs=tuple(build.get("libs", ["gcc"])),
        emulator=(board.program, *board.arguments),
        apt=board.apt,
    )


@dataclass(frozen=True)
class Objects:
    """Compiled sources: the folder of the objects, and each object's source."""

    folder: Path
    sources: dict[str, Path]

    def paths(self, without: Sequence[str] = ()) -> list[Path]:
        """Objects but those whose source has one of these names."""
        return [self.folder / name for name, source in self.sources.items() if source.name not in without]


def compile_target(target: Target, level: str, sources: Iterable[Path], label: str,
                   extra_includes: Sequence[Path] = ()) -> Objects:  # fmt: skip
    """Compile sources for a target, unless they are already up to date.

    Parameters
    ----------
    target : Target
        The target.
    level : str
        "-O2" or "-Os".
    sources : iterable of Path
        C and assembly files.
    label : str
        Name of the folder under ``build/costs/<target><level>``.
    extra_includes : sequence of Path
        Searched for headers before the core's folders.

    Returns
    -------
    Objects
        The objects, with GCC's call graph and stack usage (``.ci``) beside them.

    Raises
    ------
    UserError
        The compiler is missing or rejects a source; its first error is the message.
    """
    ordered = sorted(sources)
    names = {f"{path.parent.name}-{path.stem}.o": path for path in ordered}
    includes = [*extra_includes, *target.ports, FIRMWARE / "src", _BENCH, *CORE_INCLUDE_DIRS]
    command = [target.toolchain + "gcc", *target.cpu_flags, level, *COMMON_FLAGS]
    command += [f"-D{define}" for define in target.defines] + [f"-I{folder}" for folder in includes]
    folder = BUILD_DIR / "costs" / (target.name + level) / label
    key = _key(command, ordered, includes)
    if (folder / "key").is_file() and (folder / "key").read_text() == key:
        return Objects(folder, names)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".building-") as aside:
        for name, path in names.items():
            kind = ["-x", "assembler-with-cpp"] if path.suffix == ".S" else []
            _call([*command, *kind, "-c", str(path), "-o", str(Path(aside) / name)], path.name)
        (Path(aside) / "key").write_text(key)
        Path(aside).chmod(0o755)
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(aside, folder)
    return Objects(folder, names)


def link(target: Target, objects: Iterable[Path], output: Path, flags: Sequence[str] = ()) -> Path:
    """Link objects into ``output``; the linker's map lies beside it as ``<output>.map``.

    Raises
    ------
    UserError
        The linker says no; its first error is the message.
    """
    command = [target.toolchain + "gcc", *target.link_flags, *LINK_FLAGS, *flags]
    command += [f"-T{target.ldscript}", *[f"-L{folder}" for folder in target.ports]]
    command += ["-Xlinker", f"-Map={output}.map", *[str(path) for path in objects]]
    command += [*[f"-l{name}" for name in target.libs], "-o", str(output)]
    _call(command, output.name)
    return output


def port_sources(target: Target, without: Sequence[str] = ()) -> list[Path]:
    """Start-up code and drivers of a target."""
    found = [path for folder in target.ports for path in [*folder.glob("*.c"), *folder.glob("*.S")]]
    return [path for path in found if path.name not in without]


def build_core(target: Target, level: str) -> Objects:
    """Compile the core: chain, kernels, model, link."""
    return compile_target(target, level, core_sources(), "core")


def build_firmware(target: Target, level: str) -> tuple[Path, Objects, Objects]:
    """Build the firmware that talks to the host: image, the core's objects, its other objects."""
    core = build_core(target, level)
    rest = [*(FIRMWARE / "src").glob("*.c"), *port_sources(target)]
    others = compile_target(target, level, rest, "firmware")
    return link(target, [*core.paths(), *others.paths()], core.folder.parent / "firmware.elf"), core, others


def build_chain_bench(target: Target, level: str) -> Path:
    """Build the measuring image of the signal chain."""
    core = build_core(target, level)
    bench = compile_target(target, level, _bench_sources(target, "bench_chain.c"), "bench")
    objects = [*[p for p in core.paths() if not p.name.startswith("link-")], *bench.paths()]
    flags = [f"-Wl,--wrap={name}" for name in _WRAPPED]
    return link(target, objects, core.folder.parent / "bench_chain.elf", flags)


def build_network_bench(target: Target, level: str, folder: Path) -> Path:
    """Build the measuring image of a network that ``folder`` holds with its ``bench_network.h``."""
    core = build_core(target, level)
    sources = [*_bench_sources(target, "bench_network.c"), *folder.glob("*.c")]
    bench = compile_target(target, level, sources, f"bench_{folder.name}", [folder])
    kernels = [p for p in core.paths() if p.name.startswith("nn-")]
    return link(target, [*kernels, *bench.paths()], core.folder.parent / f"bench_{folder.name}.elf")


def _bench_sources(target: Target, main: str) -> list[Path]:
    architecture = next(port.name for port in target.ports if port.name in _BENCH_IO)
    own = [_BENCH / name for name in (main, "bench_marks.c", *_BENCH_IO[architecture])]
    return [*own, *port_sources(target, _REPLACED)]


def _call(command: Sequence[str], what: str) -> None:
    if shutil.which(command[0]) is None:
        raise UserError(f"{command[0]} is not installed; `make toolchains` brings it (Debian, Ubuntu)")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if "error" in line or "undefined" in line]
        raise UserError(f"{what}: {(lines or done.stderr.splitlines() or ['no message'])[0]}")


def _key(command: Sequence[str], sources: Sequence[Path], includes: Sequence[Path]) -> str:
    digest = hashlib.sha256("\0".join(command).encode())
    headers = sorted(header for folder in includes for header in folder.glob("*.h"))
    for path in [*sources, *headers]:
        digest.update(f"\0{path}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
