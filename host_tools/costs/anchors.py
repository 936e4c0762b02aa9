"""The two anchor networks as measuring images: the same work as was measured for TensorFlow Lite Micro."""

from __future__ import annotations

import tarfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from host_tools.build import BUILD_DIR, ROOT
from host_tools.costs.count import run_counted
from host_tools.costs.targets import Target, build_network_bench
from host_tools.errors import CheckFailed
from host_tools.writing import renaming

#: Both anchors: letter, file.
ANCHORS = {"A": "A_ptd", "C": "C_pcd"}
_INPUTS = "big1000_inputs_i8.npz"


@dataclass(frozen=True)
class Anchor:
    """An anchor network, generated as C, with its inputs and what must come out.

    Attributes
    ----------
    letter : str
        "A" or "C".
    folder : Path
        C of the network, and ``bench_network.h``.
    macs : int
        Multiply-accumulates of one inference, padding counted.
    inputs : int8 [inferences, bytes]
        In the order in which the image reads them.
    outputs : int8 [inferences, bytes]
        Stored outputs.
    """

    letter: str
    folder: Path
    macs: int
    inputs: npt.NDArray[np.int8]
    outputs: npt.NDArray[np.int8]


def anchor_folder() -> Path | None:
    """Folder of the anchors, unpacked from the tests' archives; None where those are not here."""
    unpacked = BUILD_DIR / "testdata"
    if (unpacked / "anchor_model" / _INPUTS).is_file():
        return unpacked / "anchor_model"
    archive = ROOT / "tests" / "archives" / "anchor_model.tar.xz"
    if not archive.is_file():
        return None
    with tarfile.open(archive) as content:
        content.extractall(unpacked, filter="data")
    return unpacked / "anchor_model"


def load_anchor(folder: Path, letter: str) -> Anchor:
    """Generate the C of an anchor and read its inputs and outputs."""
    from export.c_network import generate_any

    name = ANCHORS[letter]
    generated = BUILD_DIR / "costs" / f"anchor_{letter.lower()}"
    network = generate_any(folder / f"{name}.tflite", generated, "anchor")
    stored = np.load(folder / _INPUTS)
    by_size = {stored[key][0].size: stored[key].reshape(len(stored[key]), -1) for key in stored.files}
    inputs = np.concatenate([by_size[port.tensor.size] for port in network.inputs], axis=1)
    places = ", ".join(f"{{{port.offset}u, {port.tensor.size}u}}" for port in network.inputs)
    header = (
        '#include "anchor.h"\n#define BENCH_ARENA_BYTES ANCHOR_ARENA_BYTES\n'
        "#define BENCH_OUTPUT_BYTES ANCHOR_OUTPUT_BYTES\n#define BENCH_INVOKE anchor_invoke\n"
        f"#define BENCH_INPUTS {{{places}}}\n"
    )
    with renaming(generated / "bench_network.h") as aside:
        aside.write_text(header)
    outputs = np.load(folder / f"{name}_big1000_out_i8.npy").reshape(len(inputs), -1)
    return Anchor(letter, generated, network.macs, inputs, outputs)


def count_anchor(target: Target, level: str, anchor: Anchor, inferences: int) -> float:
    """Instructions of one inference, the mean over the first ``inferences`` inputs.

    Raises
    ------
    CheckFailed
        An output is not the stored one.
    """
    image = build_network_bench(target, level, anchor.folder)
    count = run_counted(target, image, anchor.inputs[:inferences].tobytes())
    got = np.frombuffer(count.output, np.int8).reshape(-1, anchor.outputs.shape[1])
    if not np.array_equal(got, anchor.outputs[:inferences]):
        raise CheckFailed(
            f"{target.name} {level}: anchor {anchor.letter} gives other outputs than the stored"
        )
    return count.stages["network"] / count.entries["network"]
