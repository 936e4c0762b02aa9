"""Counts of real images under QEMU. Oracles: a program counted by hand, ``size``, stored outputs, targets."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from host_tools.build import BUILD_DIR
from host_tools.costs.anchors import anchor_folder, count_anchor, load_anchor
from host_tools.costs.count import run_counted
from host_tools.costs.sizes import read_map
from host_tools.costs.stack import deepest_path, read_call_graph
from host_tools.costs.table import missed
from host_tools.costs.targets import TARGETS, build_firmware, build_network_bench, link, load_target
from tests.data_access import mitdb_dir

pytestmark = pytest.mark.needs_toolchain

#: A network that is no network: its output is 42, its instructions are known.
COUNTED = """\
#define BENCH_ARENA_BYTES 4
#define BENCH_OUTPUT_BYTES 4
#define BENCH_INPUTS {{0, 4}}
#define BENCH_INVOKE(arena, outputs) counted(outputs)
#include "bench_io.h"
void counted(int8_t *outputs);
"""
LOOP = """\
#include "bench_network.h"

/* 1 move, 1000 turns of 3, 1 return; 7 in the inner stage. */
__attribute__((naked)) static void loop(void) {
    __asm volatile("movw r0, #1000\\n1: nop\\n\\tsubs r0, #1\\n\\tbne 1b\\n\\tbx lr");
}

__attribute__((naked)) static void seven(void) {
    __asm volatile("nop\\n\\tnop\\n\\tnop\\n\\tnop\\n\\tnop\\n\\tnop\\n\\tbx lr");
}

void counted(int8_t *outputs) {
    loop();
    insncount_enter_features();
    seven();
    insncount_leave();
    outputs[0] = 42;
}
"""


def test_plugin_counts_to_the_instruction(tmp_path: Path) -> None:
    folder = tmp_path / "counted"
    folder.mkdir()
    (folder / "bench_network.h").write_text(COUNTED)
    (folder / "counted.c").write_text(LOOP)
    target = load_target("qemu_m4")
    count = run_counted(target, build_network_bench(target, "-O2", folder), bytes(8))
    assert count.output[0] == 42
    assert count.entries["network"] == 2
    assert count.functions["loop"] == 2 * (1 + 1000 * 3 + 1)
    assert count.functions["seven"] == 2 * 7
    # and the two calls within the stage, of seven() and of insncount_leave()
    assert count.stages["features"] == 2 * (7 + 2)
    around = count.stages["network"] - count.functions["loop"]
    assert 0 < around < 2 * 20


@pytest.mark.parametrize("name", ["qemu_m0", "qemu_m4", "qemu_rv32", "qemu_lx106"])
def test_sizes_agree_with_the_size_tool(name: str) -> None:
    target = load_target(name)
    image, core, others = build_firmware(target, "-O2")
    done = subprocess.run([target.toolchain + "size", image], capture_output=True, text=True, check=True)
    text, data, bss = (int(value) for value in done.stdout.splitlines()[1].split()[:3])
    sizes = read_map(Path(f"{image}.map"))
    # Sections are rounded up to words, once each; literal pools of the Xtensa lie in .text.
    assert abs(sizes.image_bytes - (text + data)) <= 16
    assert abs(sum(sizes.ram.values()) - (data + bss)) <= 16
    graph = read_call_graph([*core.folder.glob("*.ci"), *others.folder.glob("*.ci")])
    stack, path = deepest_path(graph, "main")
    assert {"ecg_net_invoke", "ecg_beat_measure", "ecg_refine_r_peak"} & set(path)
    assert 200 < stack <= 1024


@pytest.mark.needs_data("anchor_model")
@pytest.mark.parametrize("name", TARGETS)
@pytest.mark.parametrize("letter", ["A", "C"])
def test_anchor_gives_its_stored_outputs_on(name: str, letter: str) -> None:
    """``count_anchor`` compares the outputs; every target's own kernels run."""
    folder = anchor_folder()
    assert folder is not None
    anchor = load_anchor(folder, letter)
    assert count_anchor(load_target(name), "-O2", anchor, 3) < 20 * anchor.macs


@pytest.mark.needs_data("mitdb", "anchor_model")
def test_bench_meets_the_targets(tmp_path: Path) -> None:
    out = tmp_path / "bench.json"
    command = [
        str(Path(sys.executable).with_name("bitbeat")),
        "bench",
        "--runs",
        "1",
        "--out",
        str(out),
        "--data",
        str(mitdb_dir()),
    ]
    command += ["--board", "qemu_m0", "--board", "qemu_m4"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    figures = json.loads(out.read_text())
    assert figures["core_x_realtime"] > 0
    assert missed(figures["targets"]) == []
    assert "NOT MET" not in done.stdout
    assert "not measured" not in done.stdout
    for key in ("targets", "os"):
        assert set(figures[key]) == {"qemu_m0", "qemu_m4"}
        row = figures[key]["qemu_m4"]
        assert {"core", "kernels", "model", "link", "port", "total"} <= set(row["flash_bytes"])
        assert row["insn_per_second"] == pytest.approx(
            360 * row["insn_per_sample"] + 1.25 * row["insn_per_beat"], rel=1e-3
        )


def test_missing_compiler_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    target = load_target("qemu_m4")
    assert target.missing == ["arm-none-eabi-gcc", "qemu-system-arm"]
    with pytest.raises(Exception, match="make toolchains"):
        link(target, [], BUILD_DIR / "costs" / "none.elf")
