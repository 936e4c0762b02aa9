"""Runs measuring images under QEMU with the counting plugin (``firmware/tools/insncount``)."""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from host_tools.build import BUILD_DIR, FIRMWARE, compile_c
from host_tools.costs.targets import Target
from host_tools.errors import DeviceError

_PLUGIN = FIRMWARE / "tools" / "insncount"


@dataclass(frozen=True)
class Count:
    """Executed instructions of a run.

    Attributes
    ----------
    stages : dict of str to int
        Instructions of each stage, without the stages within it.
    entries : dict of str to int
        How often each stage was entered.
    functions : dict of str to int
        Instructions of each function.
    output : bytes
        What the image wrote.
    """

    stages: dict[str, int]
    entries: dict[str, int]
    functions: dict[str, int]
    output: bytes


def build_plugin() -> Path:
    """Compile the plugin with this machine's compiler."""
    return compile_c(
        [_PLUGIN / "insncount.c"], [_PLUGIN], ["-O2"], BUILD_DIR / "costs" / "insncount.so", "shared"
    )


def run_counted(target: Target, image: Path, data: bytes, timeout_s: float = 300) -> Count:
    """Run an image that reads ``data`` and ends by itself.

    Parameters
    ----------
    target : Target
        Whose emulator runs it.
    image : Path
        A measuring image.
    data : bytes
        Its standard input.
    timeout_s : float
        Longest time it may take.

    Returns
    -------
    Count
        Instructions and output; the same in every run.

    Raises
    ------
    DeviceError
        It failed or did not end in time.
    """
    plugin = build_plugin()
    with tempfile.TemporaryDirectory(prefix="bitbeat-") as folder:
        counts, given = Path(folder) / "counts", Path(folder) / "input"
        given.write_bytes(data)
        command = [*target.emulator, "-display", "none", "-monitor", "none", "-serial", "none"]
        command += ["-plugin", f"{plugin},out={counts}", "-kernel", str(image)]
        try:
            with given.open("rb") as stdin:
                done = subprocess.run(
                    command, stdin=stdin, capture_output=True, timeout=timeout_s, check=False
                )
        except subprocess.TimeoutExpired:
            raise DeviceError(f"{target.name}: {image.name} did not end within {timeout_s:g} s") from None
        if done.returncode != 0 or not counts.is_file():
            said = " ".join(done.stderr.decode(errors="replace").split())
            raise DeviceError(f"{target.name}: {image.name} ended with status {done.returncode}: {said}")
        return _parse(counts.read_text(), done.stdout)


def _parse(text: str, output: bytes) -> Count:
    stages: dict[str, int] = {}
    entries: dict[str, int] = {}
    functions: dict[str, int] = {}
    for line in text.splitlines():
        kind, name, *numbers = line.split()
        if kind == "stage":
            stages[name], entries[name] = int(numbers[0]), int(numbers[1])
        elif int(numbers[0]) > 0:
            functions[name] = int(numbers[0])
    return Count(stages, entries, functions, output)
