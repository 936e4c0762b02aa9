"""What quantisation costs: float network against int8 network, beat by beat and layer by layer.

The int8 side is the ``tflite-micro`` interpreter, whose arithmetic the device follows to the bit.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from export.graph import Graph
from export.tflite_check import inputs_by_name
from host_tools.beats import CLASS_NAMES
from training.augment import to_real
from training.datasets import RecordBeats
from training.loop import predict
from training.metrics import MACRO_CLASSES, confusion_matrix, summary
from training.model import ContextNet

#: Memory for the interpreter, far more than such networks need.
_ARENA_BYTES = 200_000

#: What int8 may lose against float, in points: of macro-F1, and of any class.
MACRO_F1_LOSS_MAX, CLASS_F1_LOSS_MAX = 1.0, 2.0

#: Beats on which every layer is compared.
LAYER_BEATS = 1000


class MicroNetwork:
    """The .tflite in the ``tflite-micro`` interpreter, inputs bound by name."""

    def __init__(self, path: Path, graph: Graph) -> None:
        from tflite_micro.python.tflite_micro import runtime

        self.graph = graph
        self.interpreter = runtime.Interpreter.from_bytes(
            path.read_bytes(),
            arena_size=_ARENA_BYTES,
            intrepreter_config=runtime.InterpreterConfig.kPreserveAllTensors,
        )
        inputs = inputs_by_name(graph)
        self.beat, self.rhythm = inputs["beat"], inputs["rhythm"]
        self.position = {name: graph.inputs.index(tensor.index) for name, tensor in inputs.items()}

    def __call__(self, beat: NDArray[np.int8], rhythm: NDArray[np.int8]) -> NDArray[np.int8]:
        """Logits, int8 [4], of one beat: int8 [96, 2] and int8 [K, F]."""
        self.interpreter.set_input(beat.reshape(self.beat.shape), self.position["beat"])
        self.interpreter.set_input(rhythm.reshape(self.rhythm.shape), self.position["rhythm"])
        self.interpreter.invoke()
        logits: NDArray[np.int8] = self.interpreter.get_output(0)[0].copy()
        return logits

    def tensor(self, index: int) -> NDArray[np.int8]:
        """Value of one tensor after the last beat."""
        values: NDArray[np.int8] = self.interpreter.GetTensor(index, 0)["tensor_data"].copy()
        return values


def float_layers(
    net: ContextNet, beat: torch.Tensor, rhythm: torch.Tensor
) -> list[tuple[str, NDArray[np.float32]]]:
    """Activations of the float network in the .tflite's layouts, by layer name, [n, ...] each."""

    def channels_last(x: torch.Tensor) -> NDArray[np.float32]:
        last: NDArray[np.float32] = x.permute(0, 2, 3, 1).numpy()
        return last

    layers: list[tuple[str, NDArray[np.float32]]] = []
    with torch.no_grad():
        x = beat
        for module in net.beat_stream:
            x = module(x)
            if isinstance(module, torch.nn.ReLU):
                layers.append((f"beat {len(layers) + 1}", channels_last(x)))
        own = torch.relu(net.own(rhythm))
        layers.append(("rhythm 1", channels_last(own)))
        r = rhythm
        for count, conv in enumerate((net.embed, *net.context), 2):
            r = torch.relu(conv(r))
            layers.append((f"rhythm {count}", channels_last(r)))
        joined = torch.cat([x, own, r], 1)
        layers.append(("concatenation", channels_last(joined)))
        hidden = torch.relu(net.hidden(joined.flatten(1)))
        layers += [("hidden", hidden.numpy()), ("logits", net.head(hidden).numpy())]
    return layers


def layer_tensors(graph: Graph) -> list[tuple[str, int]]:
    """Find the same layers' output tensors in the .tflite, in the order of ``float_layers``."""
    stream = {tensor.index: name for name, tensor in inputs_by_name(graph).items()}
    named: list[tuple[str, int]] = []
    for op in graph.operators:
        name = stream.get(op.inputs[0])
        if name is None or op.kind == "CONCATENATION":
            continue
        stream[op.output] = name
        if op.kind == "CONV_2D":
            named.append((f"{name} {sum(n.startswith(name) for n, _ in named) + 1}", op.output))
    named.sort(key=lambda layer: layer[0].split()[0])  # the streams' operators may be mixed
    named += [("concatenation", op.output) for op in graph.operators if op.kind == "CONCATENATION"]
    dense = [op.output for op in graph.operators if op.kind == "FULLY_CONNECTED"]
    return [*named, *zip(("hidden", "logits"), dense, strict=True)]


def layer_errors(
    net: ContextNet, micro: MicroNetwork, beat: NDArray[np.int8], rhythm: NDArray[np.int8]
) -> list[dict[str, Any]]:
    """Compare every layer with the float network's, on the same beats.

    Each row has RMS and maximum error in the layer's own int8 steps, signal-to-error ratio in dB, and
    ``lost_share``: error beside signal of a channel (at most 1), the mean over channels. One large channel
    hides in the first three what it does to the others: it sets the scale that all of them share.
    ``added_share`` is what of it the layer adds to that of the layers before.
    """
    real = float_layers(net, *to_real(beat, rhythm))
    tensors = layer_tensors(micro.graph)
    if [name for name, _ in real] != [name for name, _ in tensors]:
        raise ValueError("the .tflite's layers are not those of the network")
    got: list[list[NDArray[np.int8]]] = [[] for _ in tensors]
    for b, r in zip(beat, rhythm, strict=True):
        micro(b, r)
        for values, (_, index) in zip(got, tensors, strict=True):
            values.append(micro.tensor(index).reshape(-1))
    rows: list[dict[str, Any]] = []
    for (name, want), values, (_, index) in zip(real, got, tensors, strict=True):
        tensor = micro.graph.tensors[index]
        have = (np.stack(values).astype(np.float64) - tensor.zero_point) * tensor.scale
        wanted = want.reshape(len(want), -1).astype(np.float64)
        error = have - wanted
        signal, noise = float(np.mean(wanted**2)), float(np.mean(error**2))
        lost = _lost_share(wanted, error, want.shape[-1])
        before = max(
            (row["lost_share"] for row in rows if row["layer"] in _layers_before(name, rows)), default=0
        )
        rows.append(
            {
                "layer": name,
                "shape": list(tensor.shape),
                "scale": tensor.scale,
                "rms_error_lsb": math.sqrt(noise) / tensor.scale,
                "max_error_lsb": float(np.abs(error).max()) / tensor.scale,
                "sqnr_db": 10 * math.log10(signal / noise) if noise > 0 and signal > 0 else None,
                "lost_share": lost,
                "added_share": lost - before,
            }
        )
    return rows


def _lost_share(wanted: NDArray[np.float64], error: NDArray[np.float64], channels: int) -> float:
    """Error beside signal, at most 1, the mean over the channels that have a signal."""
    signal, noise = (np.mean(x.reshape(-1, channels) ** 2, axis=0) for x in (wanted, error))
    alive = signal > 0
    return float(np.mean(np.minimum(noise[alive] / signal[alive], 1.0))) if alive.any() else 0.0


def _layers_before(name: str, rows: Sequence[dict[str, Any]]) -> list[str]:
    """Names of the layers that a layer reads, of those that ``rows`` hold so far."""
    names = [row["layer"] for row in rows]
    stream, _, number = name.partition(" ")
    if name == "concatenation":
        last = {known.partition(" ")[0]: known for known in names}  # of each stream
        return [*last.values(), "rhythm 1"]
    if number:
        # The rhythm's first layer stands alone: the second one reads the input, too.
        first = 2 if stream == "rhythm" else 1
        return [f"{stream} {int(number) - 1}"] if int(number) > first else []
    return names[-1:]


def loss_text(report: dict[str, Any]) -> str:
    """Say by how much int8 is worse than float, and in which layer that begins; empty where it is not.

    Parameters
    ----------
    report : dict
        From :func:`quantisation_report`.
    """
    less = report["int8_minus_float"]
    changes = {"macro-F1": less["macro_f1_nsv"]} | {f"F1 of {name}": less["f1"][name] for name in CLASS_NAMES}
    limits = {"macro-F1": MACRO_F1_LOSS_MAX}
    worse = [
        f"{what} {change:+.2f}"
        for what, change in changes.items()
        if not change >= -limits.get(what, CLASS_F1_LOSS_MAX)
    ]
    if not worse:
        return ""
    layer = max(report["layers"], key=lambda row: float(row["added_share"]))
    return (
        f"int8 is worse than float by more than {MACRO_F1_LOSS_MAX:g} point of macro-F1 or "
        f"{CLASS_F1_LOSS_MAX:g} of a class ({', '.join(worse)}); the layer at fault: {layer['layer']}, where "
        f"error becomes {100 * layer['lost_share']:.0f} % of the signal in the mean of its channels"
    )


def spread_choice(
    beats: Sequence[RecordBeats], count: int, seed: int = 0
) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
    """About ``count`` beats, every class of every record with an equal share."""
    rng = np.random.default_rng(seed)
    groups = [(r, np.flatnonzero(r.label == c)) for r in beats for c in np.unique(r.label[r.judged])]
    each = max(1, count // max(1, len(groups)))
    chosen = [(r, i if len(i) <= each else np.sort(rng.choice(i, each, replace=False))) for r, i in groups]
    return np.concatenate([r.beat[i] for r, i in chosen]), np.concatenate([r.contexts(i) for r, i in chosen])


def quantisation_report(
    net: ContextNet,
    tflite: Path,
    graph: Graph,
    beats: Sequence[RecordBeats],
    progress: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Compare float and int8 on all beats, and layer by layer on some of them.

    Parameters
    ----------
    net : ContextNet
        The float network.
    tflite : Path
        The int8 network.
    graph : Graph
        The same, parsed.
    beats : sequence of RecordBeats
        The beats of the cross-validation (training records; Q and false beats are left out).
    progress : callable, optional
        Told each record.

    Returns
    -------
    dict
        ``beats``, ``float`` and ``int8`` (accuracy, macro-F1, classes), ``int8_minus_float`` in points,
        ``worst_class``, ``same_class_share``, ``layers``.
    """
    micro = MicroNetwork(tflite, graph)
    label = np.concatenate([r.label[r.judged] for r in beats])
    real = np.concatenate([predict(net, r.beat[r.judged], r.contexts(r.judged)) for r in beats])
    rows = []
    for record in beats:
        own = record.judged
        rows += [micro(b, r) for b, r in zip(record.beat[own], record.contexts(own), strict=True)]
        if progress:
            progress(record.record)
    whole = np.stack(rows)
    float_figures = summary(confusion_matrix(label, real.argmax(1)))
    int8_figures = summary(confusion_matrix(label, whole.argmax(1)))
    # F is left out: with beats of almost one patient its F1 says nothing about quantisation.
    differences = {
        name: 100 * (int8_figures["classes"][name]["f1"] - float_figures["classes"][name]["f1"])
        for name in CLASS_NAMES
    }
    worst = min(MACRO_CLASSES, key=lambda name: differences[name])
    return {
        "beats": len(label),
        "float": float_figures,
        "int8": int8_figures,
        "int8_minus_float": {
            "accuracy": 100 * (int8_figures["accuracy"] - float_figures["accuracy"]),
            "macro_f1_nsv": 100 * (int8_figures["macro_f1_nsv"] - float_figures["macro_f1_nsv"]),
            "f1": differences,
        },
        "worst_class": {"class": worst, "f1_points": differences[worst]},
        "same_class_share": float(np.mean(real.argmax(1) == whole.argmax(1))),
        "layers": layer_errors(net, micro, *spread_choice(beats, LAYER_BEATS)),
    }
