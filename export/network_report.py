"""What a compiled network costs: operators, tensors, multiply-accumulates, bytes; as JSON and as text."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from decimal import Decimal, localcontext
from typing import Any

from export.lower import Network
from export.lower_ops import Call

#: Bytes of the struct fields that are not 16 bits wide; see the kernels' headers.
_FIELD_BYTES = {
    "fill": {"before": 4, "middle": 4, "after": 4},
    "copy": {"rows": 4, "run": 4, "output_step": 4},
    "add": {f"step_{x}_{d}": 4 for x in "ab" for d in range(4)}
    | {"multiplier_a": 4, "multiplier_b": 4, "multiplier": 4},
    "mean": {"keep_step_0": 4, "keep_step_1": 4, "over_step_0": 4, "over_step_1": 4, "multiplier": 4},
    "softmax": {"multiplier": 4},
}
#: The limits of this project's models, bytes and multiply-accumulates.
C_NETWORK_BYTES_MAX = 16 * 1024
TFLITE_BYTES_MAX = 24 * 1024
MACS_MAX = 50_000

CONFIDENCE_ENTRIES = 256


def confidence_table(scale: float) -> list[int]:
    """``exp(-d * scale)`` in Q15 for d = 0 .. 255, rounded to nearest.

    In decimal arithmetic, so that no machine's exp rounds differently.
    """
    with localcontext() as context:
        context.prec = 40
        factor = Decimal(scale)
        return [int((32768 * (-d * factor).exp()).to_integral_value()) for d in range(CONFIDENCE_ENTRIES)]


def struct_bytes(call: Call, pointer_bytes: int = 4) -> int:
    """``sizeof`` of a call's parameter struct, with natural alignment."""
    widths = _FIELD_BYTES.get(call.kernel, {})
    sizes = [widths.get(name, 2) for name in call.params] + [pointer_bytes] * len(call.arrays)
    at = 0
    for size in sizes:
        at = -(-at // size) * size + size
    return -(-at // max(sizes)) * max(sizes)


@dataclass(frozen=True)
class NetworkReport:
    """Costs of a network.

    Attributes
    ----------
    model_sha256 : str
        Of the .tflite.
    tflite_bytes : int
        Size of the .tflite.
    c_network_bytes : int
        Weights, biases, multipliers, shifts, parameter structs (32-bit pointers) and confidence table.
    weight_bytes : int
        Weights alone.
    arena_bytes : int
        Working memory, inputs included.
    arena_bytes_without_reuse : int
        What it would be if no two tensors shared memory.
    macs : int
        Multiply-accumulates for one beat, taps that fall into padding counted.
    operators : list of dict
        name, kind, shape, offset, bytes, macs, calls (kernels called).
    tensors : list of dict
        Of the .tflite: name, dtype, shape, scales (their number), scale, zero_point, constant.
    """

    model_sha256: str
    tflite_bytes: int
    c_network_bytes: int
    weight_bytes: int
    arena_bytes: int
    arena_bytes_without_reuse: int
    macs: int
    operators: list[dict[str, Any]]
    tensors: list[dict[str, Any]]

    def to_json(self) -> str:
        """Return the report as JSON."""
        return json.dumps(asdict(self), indent=2) + "\n"

    def to_text(self) -> str:
        """Return the report as a table for reading."""
        lines = [f"model {self.model_sha256[:16]}", ""]
        head = f"{'operator':<24}{'output':<18}{'MAC':>8}{'bytes':>8}{'at':>7}  kernels"
        lines += [head, "-" * len(head)]
        for op in self.operators:
            shape = "x".join(map(str, op["shape"]))
            kernels = ", ".join(op["calls"]) or "(in place)"
            row = f"{op['name']:<24}{shape:<18}{op['macs']:>8,}{op['bytes']:>8,}{op['offset']:>7,}  {kernels}"
            lines.append(row)
        lines += [
            "-" * len(head),
            f"multiply-accumulates per beat  {self.macs:>8,} of at most {MACS_MAX:,}",
            f"C network, bytes               {self.c_network_bytes:>8,} of at most {C_NETWORK_BYTES_MAX:,}"
            f" (weights {self.weight_bytes:,})",
            f".tflite, bytes                 {self.tflite_bytes:>8,} of at most {TFLITE_BYTES_MAX:,}",
            f"arena, bytes                   {self.arena_bytes:>8,}"
            f" (without reuse {self.arena_bytes_without_reuse:,})",
        ]
        return "\n".join(lines) + "\n"


def report_network(network: Network, tflite_bytes: int) -> NetworkReport:
    """Work out the costs of a compiled network.

    Parameters
    ----------
    network : Network
        From ``compile_network``.
    tflite_bytes : int
        Size of the .tflite it came from.

    Returns
    -------
    NetworkReport
        The costs.
    """
    arrays = {}
    structs = 0
    for layer in network.layers:
        for call in layer.calls:
            structs += struct_bytes(call)
            constants = [o.constant for o in call.inputs if o.constant is not None]
            for values in [*call.arrays.values(), *constants]:
                arrays[(values.dtype.name, values.tobytes())] = values.nbytes
    weights = sum(
        call.arrays["weights"].nbytes
        for la in network.layers
        for call in la.calls
        if "weights" in call.arrays
    )
    tensors = [
        {
            "name": t.name,
            "dtype": t.dtype,
            "shape": list(t.shape),
            "scales": len(t.scales),
            "scale": t.scales[0] if t.scales else None,
            "zero_point": t.zero_points[0] if t.zero_points else None,
            "constant": t.data is not None,
        }
        for t in network.graph.tensors
    ]
    operators = [
        {
            "name": layer.name,
            "kind": layer.kind,
            "shape": list(layer.output.shape),
            "offset": layer.offset,
            "bytes": layer.output.size,
            "macs": layer.macs,
            "calls": [call.kernel for call in layer.calls],
        }
        for layer in network.layers
    ]
    return NetworkReport(
        model_sha256=network.graph.sha256,
        tflite_bytes=tflite_bytes,
        c_network_bytes=sum(arrays.values()) + structs + 2 * CONFIDENCE_ENTRIES,
        weight_bytes=weights,
        arena_bytes=network.plan.arena_bytes,
        arena_bytes_without_reuse=sum(network.graph.tensors[i].size for i in network.plan.offsets),
        macs=network.macs,
        operators=operators,
        tensors=tensors,
    )
