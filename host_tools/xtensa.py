"""Xtensa with windowed registers, as in the ESP32, by LLVM: a compile check, and a run on QEMU's dc233c.

Espressif's compiler and emulator are not in Debian. LLVM's code generator knows the ESP32's LX6, so every
source is compiled for it. QEMU knows an older core with the same register windows, the dc233c: the whole
firmware, compiled by LLVM for what that core has, runs there.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from host_tools.boards import FIRMWARE, Board
from host_tools.build import BUILD_DIR, CORE_INCLUDE_DIRS, STRICT_FLAGS, core_sources
from host_tools.errors import CheckFailed, UserError
from host_tools.toolchains import xtensa_llvm

_PORTS = FIRMWARE / "ports"
#: What the LX6 has.
LX6 = ("-mcpu=esp32",)
#: What QEMU's dc233c has of it; loads and stores of a word are atomic on its one core.
DC233C = ("-mattr=+windowed,+density,+mul16,+mul32,+nsa,+sext,+forced-atomics,+exception,+rvector",)
#: The board, besides the eight that PlatformIO builds for.
WINDOWED_BOARD = Board(
    name="qemu_dc233c",
    title="simulator, Xtensa dc233c with register windows as in the ESP32 (QEMU)",
    cpu="dc233c",
    compiler="",
    program="qemu-system-xtensa",
    arguments=("-M", "sim", "-cpu", "dc233c", "-semihosting"),
    port=5619,
    apt=("clang-22", "llvm-22", "binutils-xtensa-lx106", "qemu-system-misc"),
)
#: Linker for the object files; the instruction set's variant makes no difference to it.
_LINKER = "xtensa-lx106-elf-ld"


def check_esp32() -> dict[str, Any]:
    """Compile every C file of the core for the ESP32's LX6.

    Returns
    -------
    dict
        ``compiled`` (files), ``code_bytes``, ``compiler``, and ``text``, one line. ``compiled`` is 0 where no
        LLVM that knows Xtensa is installed.

    Raises
    ------
    CheckFailed
        A file does not compile.
    """
    tools = xtensa_llvm()
    if tools is None:
        return {
            "compiled": 0,
            "code_bytes": 0,
            "compiler": "",
            "text": "not checked: no LLVM with Xtensa here",
        }
    sources = core_sources()
    with tempfile.TemporaryDirectory(prefix="bitbeat-esp32-") as folder:
        objects = compile_all(sources, LX6, [], Path(folder))
        size = sum(_loaded_bytes(path) for path in objects)
    version = Path(tools[0]).name
    text = (
        f"{len(sources)} files of core, network and link compile with {version} -mcpu=esp32, {size:,} bytes"
    )
    return {"compiled": len(sources), "code_bytes": size, "compiler": version, "text": text}


def build_windowed(trace: bool) -> Path:
    """Build the whole firmware for the dc233c.

    Returns
    -------
    Path
        The image, in ``build/dc233c``.

    Raises
    ------
    UserError
        LLVM or the linker is not installed.
    CheckFailed
        Something does not compile or link.
    """
    ports = [_PORTS / name for name in ("qemu_common", "qemu_xtensa", "qemu_nolibc")]
    sources = [*core_sources(), *sorted((FIRMWARE / "src").glob("*.c"))]
    sources += sorted(path for folder in ports for path in folder.glob("*.c"))
    flags = ["-DBOARD_POLLED", *(["-DECG_TRACE=1"] if trace else [])]
    flags += [f"-I{d}" for d in (FIRMWARE / "src", *ports)]
    port = _PORTS / "qemu_dc233c"
    image = BUILD_DIR / "dc233c" / f"firmware{'-trace' if trace else ''}.elf"
    image.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=image.parent, prefix=".building-") as aside:
        objects = compile_all([port / "reset.S", *sources], DC233C, flags, Path(aside))
        linked = Path(aside) / "linked"
        command = [_LINKER, "--no-relax", "--no-warn-rwx-segments", "--no-warn-execstack"]
        _run(
            [*command, "-T", str(port / "memory.ld"), *map(str, objects), "-o", str(linked)], "dc233c's image"
        )
        linked.replace(image)
    return image


def compile_all(
    sources: Sequence[Path], target: Sequence[str], flags: Sequence[str], folder: Path
) -> list[Path]:
    """Compile C files (and assemble .S files) into object files in ``folder``, two at a time."""
    tools = xtensa_llvm()
    if tools is None:
        raise UserError("no LLVM that knows Xtensa is installed; `make toolchains` brings it")
    with ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(_compile, tools, source, target, flags, folder) for source in sources]
        return [job.result() for job in jobs]


def _compile(
    tools: tuple[str, str], source: Path, target: Sequence[str], flags: Sequence[str], folder: Path
) -> Path:
    """C to LLVM's code, that to assembly, that to an object file.

    By way of assembly because LLVM 22, writing object files itself, puts literals where L32R cannot
    address them.
    """
    clang, llc = tools
    code, text, result = (folder / (source.stem + suffix) for suffix in (".ll", ".s", ".o"))
    if source.suffix == ".S":
        text = source
    else:
        front = [clang, "--target=xtensa-none-elf", "-ffreestanding", *STRICT_FLAGS, "-O2", *flags]
        front += [f"-I{d}" for d in (*CORE_INCLUDE_DIRS, _PORTS / "qemu_nolibc")]
        _run([*front, "-S", "-emit-llvm", str(source), "-o", str(code)], source.name)
        back = [llc, "-mtriple=xtensa", *target, "-O2", "-function-sections", "-filetype=asm"]
        _run([*back, str(code), "-o", str(text)], source.name)
    assembler = str(Path(llc).with_name(Path(llc).name.replace("llc", "llvm-mc")))
    _run([assembler, "-arch=xtensa", *target, "-filetype=obj", str(text), "-o", str(result)], source.name)
    return result


def _run(command: Sequence[str], what: str) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        raise UserError(f"{command[0]} is not installed; `make toolchains` brings it") from None
    if done.returncode != 0:
        lines = [
            line for line in done.stderr.splitlines() if "error" in line.lower()
        ] or done.stderr.splitlines()
        raise CheckFailed(f"{what} does not build for Xtensa: {lines[0] if lines else 'no message'}")


def _loaded_bytes(path: Path) -> int:
    """Return the bytes of all sections that are loaded, from the ELF file's own table (32 bit)."""
    import struct

    raw = path.read_bytes()
    table, size, count = struct.unpack_from("<I", raw, 32)[0], *struct.unpack_from("<HH", raw, 46)
    sections = [struct.unpack_from("<IIIIII", raw, table + i * size) for i in range(count)]
    return sum(s[5] for s in sections if s[2] & 2 and s[1] == 1)  # SHF_ALLOC, SHT_PROGBITS
