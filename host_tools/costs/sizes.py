"""Bytes of an image by group, from the linker's map: what was linked, not what was compiled."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

#: Groups of the image by the folder that an object's source came from (first part of the object's name).
GROUPS = {"ecg": "core", "generated": "core", "nn": "kernels", "model": "model", "link": "link", "src": "app"}
#: What the three groups of the signal chain are; their sum is the size of the core without the link.
CHAIN = ("core", "kernels", "model")
#: Everything else of the project is the port; libgcc and the C library are the runtime.
PORT, RUNTIME = "port", "runtime"

_FLASH = (".text", ".rodata", ".data", ".ARM.exidx", ".reset")
_RAM = (".data", ".bss")
_OUTPUT_SECTION = re.compile(r"^\.\S+")
_SECTION_SIZE = re.compile(r"^(\.\S+)\s+0x[0-9a-f]+\s+(0x[0-9a-f]+)")
_INPUT_SECTION = re.compile(r"^ (\.\S+|COMMON|\*fill\*)(?:\s+0x[0-9a-f]+\s+(0x[0-9a-f]+)(?:\s+(\S.*))?)?$")
_CONTINUED = re.compile(r"^\s+0x[0-9a-f]+\s+(0x[0-9a-f]+)\s+(\S.*)$")


@dataclass(frozen=True)
class Sizes:
    """Bytes of each group.

    Attributes
    ----------
    flash : dict of str to int
        Code, constants and initial values.
    ram : dict of str to int
        Static memory, without stack.
    """

    flash: dict[str, int]
    ram: dict[str, int]

    @property
    def image_bytes(self) -> int:
        """Whole image."""
        return sum(self.flash.values())


def read_map(path: Path) -> Sizes:
    """Read the map that GNU ld wrote.

    Parameters
    ----------
    path : Path
        The map; objects in it are named ``<source folder>-<source name>.o``.

    Returns
    -------
    Sizes
        By group; bytes that the linker put in for alignment are the port's.
    """
    flash: dict[str, int] = {}
    ram: dict[str, int] = {}
    text = path.read_text().split("Linker script and memory map", 1)[1]
    for output, total, lines in _output_sections(text):
        for sections, sums in ((_FLASH, flash), (_RAM, ram)):
            if output not in sections:
                continue
            left = total
            for group, size in _contributions(lines):
                sums[group] = sums.get(group, 0) + size
                left -= size
            if left > 0:
                sums[PORT] = sums.get(PORT, 0) + left
    return Sizes(flash, ram)


def _output_sections(text: str) -> Iterator[tuple[str, int, list[str]]]:
    """Name, bytes and further lines of each section of the image."""
    lines = text.splitlines()
    heads = [i for i, line in enumerate(lines) if _OUTPUT_SECTION.match(line)]
    for start, end in zip(heads, [*heads[1:], len(lines)], strict=True):
        # A long name stands in a line of its own.
        match = _SECTION_SIZE.match(" ".join(lines[start : start + 2]))
        if match:
            yield match.group(1), int(match.group(2), 16), lines[start + 1 : end]


def _contributions(lines: list[str]) -> Iterator[tuple[str, int]]:
    """Group and bytes of everything that went into a section, but what the linker filled in."""
    waiting = False
    for line in lines:
        size, name = _contribution(line, waiting)
        waiting = _INPUT_SECTION.match(line) is not None and size is None
        if size is not None and name:
            yield group_of(name), size


def _contribution(line: str, waiting: bool) -> tuple[int | None, str]:
    """Bytes and object of a line of the map; None where it has none (or the next line has them)."""
    match = _INPUT_SECTION.match(line)
    if match:
        size = match.group(2)
        return (int(size, 16) if size else None), match.group(3) or ""
    match = _CONTINUED.match(line) if waiting else None
    return (int(match.group(1), 16), match.group(2)) if match else (None, "")


def group_of(object_name: str) -> str:
    """Group of an object, by its path as the linker's map names it."""
    if ".a(" in object_name:
        return RUNTIME
    folder = Path(object_name).name.split("-", 1)[0]
    return GROUPS.get(folder, PORT)
