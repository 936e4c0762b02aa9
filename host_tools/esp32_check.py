"""Compiles core, network and link for the ESP32's Xtensa LX6 with LLVM: a check, no image.

Espressif's compiler comes from a registry; LLVM's code generator knows the core, and shows that the
sources have nothing that stops it.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path
from typing import Any

from host_tools.build import CORE_INCLUDE_DIRS, FIRMWARE, STRICT_FLAGS, core_sources
from host_tools.errors import CheckFailed
from host_tools.toolchains import xtensa_llvm

#: Headers of the C library that freestanding code may use.
_LIBC_DIR = FIRMWARE / "ports" / "qemu_nolibc"


def check_esp32() -> dict[str, Any]:
    """Compile every C file of the core for the LX6.

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
    clang, llc = tools
    sources = core_sources()
    with tempfile.TemporaryDirectory(prefix="bitbeat-esp32-") as folder:
        objects = [compile_lx6(clang, llc, source, Path(folder)) for source in sources]
        size = sum(_code_bytes(path) for path in objects)
    version = Path(clang).name
    text = (
        f"{len(sources)} files of core, network and link compile with {version} -mcpu=esp32, {size:,} bytes"
    )
    return {"compiled": len(sources), "code_bytes": size, "compiler": version, "text": text}


def compile_lx6(clang: str, llc: str, source: Path, folder: Path, cpu: str = "esp32") -> Path:
    """Compile one C file into an object file in ``folder``; clang to LLVM's code, llc to the machine's."""
    code, result = folder / (source.stem + ".ll"), folder / (source.stem + ".o")
    front = [clang, "--target=xtensa-none-elf", "-ffreestanding", *STRICT_FLAGS, "-O2", f"-I{_LIBC_DIR}"]
    front += [f"-I{d}" for d in CORE_INCLUDE_DIRS] + ["-S", "-emit-llvm", str(source), "-o", str(code)]
    back = [llc, "-mtriple=xtensa", f"-mcpu={cpu}", "-O2", "-function-sections", "-filetype=obj"]
    for command in (front, [*back, str(code), "-o", str(result)]):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            lines = [line for line in done.stderr.splitlines() if "error" in line.lower()] or ["no message"]
            raise CheckFailed(f"{source.name} does not compile for the ESP32's LX6: {lines[0]}")
    return result


def _code_bytes(path: Path) -> int:
    """Return the bytes of all sections that are loaded, from the ELF file's own table (32 bit)."""
    import struct

    raw = path.read_bytes()
    table, size, count = struct.unpack_from("<I", raw, 32)[0], *struct.unpack_from("<HH", raw, 46)
    sections = [struct.unpack_from("<IIIIII", raw, table + i * size) for i in range(count)]
    return sum(s[5] for s in sections if s[2] & 2 and s[1] == 1)  # SHF_ALLOC, SHT_PROGBITS
