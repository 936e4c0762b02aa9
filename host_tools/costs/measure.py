"""All costs of a target as one table row: instructions, flash, memory, stack."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from host_tools.beats import BEAT_DTYPE
from host_tools.build import FIRMWARE
from host_tools.costs.anchors import ANCHORS, Anchor, count_anchor
from host_tools.costs.count import run_counted
from host_tools.costs.sizes import CHAIN, read_map
from host_tools.costs.stack import deepest_path, read_call_graph
from host_tools.costs.targets import Target, build_chain_bench, build_firmware
from host_tools.errors import CheckFailed
from host_tools.native import run_core
from host_tools.reference.params import FS_HZ

#: What is measured: the first five minutes of the record.
MEASURED_S = 300
#: Heart rate at which the cost of a second of ECG is stated, as beats per second (75 a minute).
BEATS_PER_SECOND = 75 / 60
#: Inferences of an anchor network that are counted; its instructions hardly depend on the input.
ANCHOR_INFERENCES = 20
#: Heap functions; libgcc's floating point (EABI's names and GCC's) and 64-bit division.
_FORBIDDEN = re.compile(
    r"^(_?(malloc|free|calloc|realloc|sbrk)(_r)?|__aeabi_u?ldivmod|__u?(div|mod|divmod)di[34]"
    r"|__aeabi_[fd].*|__aeabi_[a-z0-9]+2[fd]|__(add|sub|mul|div|neg)[sd]f[23]|__(fix|float).*[sd][fi]"
    r"|__(eq|ne|lt|le|gt|ge|cmp|unord)[sd]f2)$"
)
_CHAIN_RAM = (*CHAIN, "link", "app")
_BEAT = np.dtype(BEAT_DTYPE.descr, align=True)


@dataclass(frozen=True)
class Workload:
    """What every target is measured on.

    Attributes
    ----------
    samples : int16 [n]
        Samples at the chain's rate, adu.
    beats : ndarray of BEAT_DTYPE
        What must come out.
    anchors : tuple of Anchor
        Anchor networks; none where their archive is not there.
    macs : int
        Multiply-accumulates of the committed model.
    """

    samples: npt.NDArray[np.int16]
    beats: npt.NDArray[np.void]
    anchors: tuple[Anchor, ...]
    macs: int


def make_workload(samples: npt.NDArray[np.int16], anchors: Sequence[Anchor]) -> Workload:
    """Take the first five minutes of ``samples``, and the beats that this machine's core gives for them."""
    part = samples[: MEASURED_S * FS_HZ]
    result = run_core(part)
    return Workload(part, result.beats[result.released < len(part)], tuple(anchors), model_macs())


def model_macs() -> int:
    """Multiply-accumulates of the committed model, from the generated header."""
    header = (FIRMWARE / "lib" / "model" / "ecg_model.h").read_text()
    match = re.search(r"^#define ECG_NET_MACS (\d+)", header, re.MULTILINE)
    if match is None:
        raise CheckFailed("firmware/lib/model/ecg_model.h does not say ECG_NET_MACS; run `bitbeat generate`")
    return int(match.group(1))


def measure_target(target: Target, level: str, work: Workload) -> dict[str, Any]:
    """Measure a target.

    Parameters
    ----------
    target : Target
        The target.
    level : str
        "-O2" or "-Os".
    work : Workload
        What to run.

    Returns
    -------
    dict
        ``insn_per_sample`` (filter and detector), ``insn_per_beat`` (features and network) and its parts,
        ``insn_per_second`` at 75 beats a minute, ``insn_per_mac``, ``functions``; ``flash_bytes`` by group,
        ``image_bytes``; ``ram_bytes`` (state, arena, link buffers), ``static_ram_bytes`` (all);
        ``stack_bytes``, ``stack_path``; ``forbidden_symbols`` (heap, float, 64-bit division) of the image;
        ``anchor`` by letter, instructions of one inference. The stack is the main loop's: what an
        interrupt pushes comes on top.

    Raises
    ------
    CheckFailed
        The target computes something else than this machine.
    """
    figures = _instructions(target, level, work)
    image, core, others = build_firmware(target, level)
    sizes = read_map(Path(f"{image}.map"))
    flash = dict(sorted(sizes.flash.items()))
    graph = read_call_graph([*core.folder.glob("*.ci"), *others.folder.glob("*.ci")])
    stack_bytes, stack_path = deepest_path(graph, "main")
    figures |= {
        "flash_bytes": flash | {"total": sum(flash[group] for group in CHAIN)},
        "image_bytes": sizes.image_bytes,
        "ram_bytes": sum(sizes.ram.get(group, 0) for group in _CHAIN_RAM),
        "static_ram_bytes": sum(sizes.ram.values()),
        "stack_bytes": stack_bytes,
        "stack_path": stack_path,
        "forbidden_symbols": forbidden_symbols(target, image),
        "anchor": {a.letter: round(count_anchor(target, level, a, ANCHOR_INFERENCES)) for a in work.anchors},
    }
    return figures


def forbidden_symbols(target: Target, image: Path) -> list[str]:
    """Names in an image that mean a heap, floating point, or division of 64-bit numbers."""
    command = [target.toolchain + "nm", str(image)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return sorted(
        {line.split()[-1] for line in done.stdout.splitlines() if _FORBIDDEN.match(line.split()[-1])}
    )


def _instructions(target: Target, level: str, work: Workload) -> dict[str, Any]:
    image = build_chain_bench(target, level)
    count = run_counted(target, image, work.samples.astype("<i2").tobytes())
    beats = np.frombuffer(count.output, _BEAT)
    wanted = work.beats
    if len(beats) != len(wanted) or any((beats[n] != wanted[n]).any() for n in BEAT_DTYPE.names or ()):
        raise CheckFailed(f"{target.name} {level}: its beats are not those of this machine")
    per_sample = count.stages["sample"] / len(work.samples)
    features = count.stages["features"] / len(beats)
    network = count.stages["network"] / len(beats)
    per_beat = features + network
    return {
        "insn_per_sample": round(per_sample, 1),
        "insn_per_beat": round(per_beat),
        "insn_per_beat_features": round(features),
        "insn_per_beat_network": round(network),
        "insn_per_second": round(FS_HZ * per_sample + BEATS_PER_SECOND * per_beat),
        "insn_per_mac": round(network / work.macs, 3),
        "functions": dict(sorted(count.functions.items(), key=lambda item: -item[1])),
    }


def measure_all(
    targets: Sequence[Target], work: Workload, told: Callable[[str], None] = lambda _: None
) -> dict[str, dict[str, Any]]:
    """Measure several targets; return ``targets`` (-O2) and ``os`` (-Os), each by name."""
    result: dict[str, dict[str, Any]] = {"targets": {}, "os": {}}
    for target in targets:
        for key, level in (("targets", "-O2"), ("os", "-Os")):
            told(f"{target.name} {level}")
            result[key][target.name] = measure_target(target, level, work)
    return result


__all__ = ["ANCHORS", "BEATS_PER_SECOND", "Workload", "make_workload", "measure_all", "measure_target"]
