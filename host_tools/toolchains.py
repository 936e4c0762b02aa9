"""Compilers and emulators of the emulated boards, and the fuzzer: which are there, how to get the others."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass

from host_tools.errors import UserError

#: Versions of LLVM that may know Xtensa, newest first; the plain name last.
_LLVM_VERSIONS = ("-23", "-22", "-21", "-20", "")


@dataclass(frozen=True)
class Tool:
    """A program from outside Python.

    Attributes
    ----------
    program : str
        What is called.
    package : str
        Debian's package with it.
    why : str
        What it is for.
    """

    program: str
    package: str
    why: str


TOOLS = (
    Tool("arm-none-eabi-gcc", "gcc-arm-none-eabi", "compiles for Cortex-M"),
    Tool("riscv64-unknown-elf-gcc", "gcc-riscv64-unknown-elf", "compiles for RV32IMC"),
    Tool("xtensa-lx106-elf-gcc", "gcc-xtensa-lx106", "compiles for Xtensa LX106"),
    Tool("qemu-system-arm", "qemu-system-arm", "emulates Cortex-M"),
    Tool("qemu-system-riscv32", "qemu-system-misc", "emulates RISC-V"),
    Tool("qemu-system-xtensa", "qemu-system-misc", "emulates Xtensa"),
)
#: Packages that bring no program of their own.
EXTRA_PACKAGES = ("libnewlib-arm-none-eabi",)
#: Newest first, with libFuzzer; older ones know no Xtensa.
LLVM_PACKAGES = tuple((f"clang-{n}", f"llvm-{n}", f"libclang-rt-{n}-dev") for n in (22, 21, 20))


def missing_tools() -> list[Tool]:
    """Return what is not installed of :data:`TOOLS`."""
    return [tool for tool in TOOLS if shutil.which(tool.program) is None]


def xtensa_llvm() -> tuple[str, str] | None:
    """Return the names of clang and of an llc that knows the ESP32's core, None if there are none."""
    for version in _LLVM_VERSIONS:
        clang, llc = shutil.which("clang" + version), shutil.which("llc" + version)
        if clang is None or llc is None:
            continue
        known = subprocess.run([llc, "--version"], capture_output=True, text=True, check=False).stdout
        if re.search(r"^\s+xtensa\s", known, re.MULTILINE):
            return clang, llc
    return None


def has_fuzzer() -> bool:
    """Whether a clang with libFuzzer is installed."""
    from host_tools.fuzz import fuzzing_clang

    try:
        return bool(fuzzing_clang())
    except UserError:
        return False


def install_command() -> str:
    """Return the apt command that brings everything."""
    packages = sorted({tool.package for tool in TOOLS} | set(EXTRA_PACKAGES))
    return f"sudo apt install --no-install-recommends {' '.join([*packages, *LLVM_PACKAGES[0]])}"


def install_toolchains() -> list[str]:
    """Install with apt what is missing; return the packages that were installed.

    Raises
    ------
    UserError
        This is neither Debian nor Ubuntu, or apt failed.
    """
    wanted = sorted({tool.package for tool in missing_tools()})
    if "gcc-arm-none-eabi" in wanted or not _has_newlib():
        wanted += EXTRA_PACKAGES
    need_llvm = xtensa_llvm() is None or not has_fuzzer()
    if not wanted and not need_llvm:
        return []
    if shutil.which("apt-get") is None:
        raise UserError(
            "toolchains are installed by apt on Debian and Ubuntu only; missing here: "
            + ", ".join(tool.program for tool in missing_tools())
        )
    _apt("update", "-qq")
    if need_llvm:
        wanted += next((three for three in LLVM_PACKAGES if all(map(_has_candidate, three))), ())
    if wanted:
        _apt("install", "-y", "-qq", "--no-install-recommends", *wanted)
    still = missing_tools()
    if still:
        raise UserError(f"apt did not bring {', '.join(tool.program for tool in still)}: {install_command()}")
    if xtensa_llvm() is None or not has_fuzzer():
        raise UserError(
            "apt has no LLVM with Xtensa and libFuzzer here: the ESP32 check and `make fuzz` need one"
        )
    return wanted


def _has_newlib() -> bool:
    if shutil.which("arm-none-eabi-gcc") is None:
        return False
    asked = ["arm-none-eabi-gcc", "-print-file-name=libc.a"]
    return "/" in subprocess.run(asked, capture_output=True, text=True, check=False).stdout


def _has_candidate(package: str) -> bool:
    said = subprocess.run(
        ["apt-cache", "policy", package], capture_output=True, text=True, check=False
    ).stdout
    return "Candidate:" in said and "Candidate: (none)" not in said


def _apt(*arguments: str) -> None:
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    command = [*([] if root else ["sudo"]), "apt-get", *arguments]
    try:
        done = subprocess.run(
            command,
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    except OSError as error:
        raise UserError(
            f"{command[0]} cannot be run ({error.strerror}); as root: {install_command()}"
        ) from error
    if done.returncode != 0:
        errors = [
            line for line in done.stderr.splitlines() if line.startswith("E:")
        ] or done.stderr.splitlines()
        raise UserError(f"apt-get {arguments[0]} failed: {errors[0] if errors else 'no message'}")
