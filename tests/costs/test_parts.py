"""Sizes, stack and energy from small inputs. Oracles: sums done by hand, GCC's and GNU ld's file formats."""

from __future__ import annotations

from pathlib import Path

import pytest

from host_tools.costs.energy import CHIPS, Chip, estimate
from host_tools.costs.sizes import read_map
from host_tools.costs.stack import LIBRARY_BYTES, deepest_path, read_call_graph
from host_tools.costs.table import GOALS, missed
from host_tools.errors import CheckFailed

MAP = """\
Archive member included to satisfy reference by file (symbol)

Discarded input sections

 .text          0x00000000      0x500 /b/core/nn-nn_add.o

Linker script and memory map

LOAD /b/core/ecg-ecg_rr.o

.text           0x00000000       0xd4
 *(.vectors)
 .vectors       0x00000000       0x44 /b/firmware/qemu_cortex_m-start.o
 .text.ecg_bandpass_prime
                0x00000044       0x34 /b/core/ecg-ecg_bandpass.o
                0x00000044                ecg_bandpass_prime
 .text.f        0x00000078       0x10 /b/core/nn-nn_conv.o
 *fill*         0x00000088        0x2
 .rodata.w      0x0000008a       0x20 /b/core/model-ecg_net_aot.o
 .text.m        0x000000aa        0x6 /usr/lib/gcc/libgcc.a(_muldi3.o)
                0x000000b0                . = ALIGN (0x4)

.data           0x20000000        0x4 load address 0x000000d4
 .data.t        0x20000000        0x4 /b/core/link-link_crc.o

.bss            0x20000004       0x30 load address 0x000000d8
 .bss.app       0x20000004       0x20 /b/firmware/src-main.o
 COMMON         0x20000024       0x10 /b/firmware/qemu_common-port_uart.o

.comment        0x00000000       0x26
 .comment       0x00000000       0x26 /b/core/ecg-ecg_bandpass.o
"""


def test_map_is_summed_by_group(tmp_path: Path) -> None:
    path = tmp_path / "image.map"
    path.write_text(MAP)
    sizes = read_map(path)
    # The section is 0xd4 bytes; what no object accounts for was filled in.
    wanted = {
        "port": 0xD4 - 0x34 - 0x10 - 0x20 - 6,
        "core": 0x34,
        "kernels": 0x10,
        "model": 0x20,
        "runtime": 6,
        "link": 4,
    }
    assert sizes.flash == wanted
    assert sizes.ram == {"link": 4, "app": 0x20, "port": 0x10}
    assert sizes.image_bytes == sum(wanted.values())


def call_graph(folder: Path, edges: dict[str, list[str]], frames: dict[str, int | str]) -> list[Path]:
    lines = ['graph: { title: "x.c"']
    for name, size in frames.items():
        text = size if isinstance(size, str) else f"{size} bytes (static)"
        lines.append(f'node: {{ title: "{name}" label: "{name}\\nx.c:1:1\\n{text}" }}')
    for name, callees in edges.items():
        for callee in callees:
            if callee not in frames:
                lines.append(f'node: {{ title: "{callee}" label: "{callee}\\nx.h:1:1" shape : ellipse }}')
            lines.append(f'edge: {{ sourcename: "{name}" targetname: "{callee}" label: "x.c:2:2" }}')
    path = folder / "x.ci"
    path.write_text("\n".join([*lines, "}"]))
    return [path]


def test_deepest_path_is_the_worst(tmp_path: Path) -> None:
    edges = {"main": ["a", "x.c:b"], "a": ["memcpy"], "x.c:b": ["c"]}
    files = call_graph(tmp_path, edges, {"main": 16, "a": 8, "x.c:b": 40, "c": 124})
    assert deepest_path(read_call_graph(files), "main") == (180, ["main", "b", "c"])


def test_library_functions_count_with_their_bound(tmp_path: Path) -> None:
    files = call_graph(tmp_path, {"main": ["memcpy"]}, {"main": 16})
    assert deepest_path(read_call_graph(files), "main") == (16 + LIBRARY_BYTES, ["main", "memcpy"])


def test_recursion_and_unknown_stack_are_refused(tmp_path: Path) -> None:
    files = call_graph(tmp_path, {"main": ["a"], "a": ["b"], "b": ["a"]}, {"main": 8, "a": 8, "b": 8})
    with pytest.raises(CheckFailed, match="a can call itself: main > a > b"):
        deepest_path(read_call_graph(files), "main")
    files = call_graph(tmp_path, {}, {"main": "8 bytes (dynamic)"})
    with pytest.raises(CheckFailed, match="unknown size"):
        read_call_graph(files)


def test_calls_through_pointers_must_be_known(tmp_path: Path) -> None:
    files = call_graph(tmp_path, {"main": ["__indirect_call"]}, {"main": 8, "handler": 32})
    graph = read_call_graph(files)
    with pytest.raises(CheckFailed, match="pointer"):
        deepest_path(graph, "main")
    assert deepest_path(graph, "main", {"main": ("handler",)}) == (40, ["main", "handler"])


def test_energy_by_hand() -> None:
    """1 million instructions a second at 2 cycles and 50 uA/MHz: 100 uA, and 10 asleep."""
    chip = Chip("x", "qemu_m4", 50, 10, 2, "nowhere")
    e = estimate(chip, {"insn_per_second": 1_000_000, "insn_per_beat": 100_000})
    assert e.average_ua == pytest.approx(110)
    # 200,000 cycles at 50 uA/MHz = 10 uC, at 3 V 30 uJ
    assert e.microjoules_per_beat == pytest.approx(30)
    assert e.days == pytest.approx(220_000 / 110 / 24)
    assert e.days_with_front_end == pytest.approx(220_000 / 280 / 24)


def test_every_chip_names_its_source() -> None:
    assert all(len(chip.source) > 20 for chip in CHIPS)


def test_missed_targets_are_named() -> None:
    assert missed({}) == []
    figures = {
        "qemu_m4": {"insn_per_sample": 261.0, "insn_per_beat": 120_000, "anchor": {"A": 370_001}},
        "qemu_m0": {"forbidden_symbols": ["malloc"]},
    }
    names = missed(figures)
    assert len(names) == 3
    assert len(GOALS) == 11
