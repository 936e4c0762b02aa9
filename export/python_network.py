"""Prints a compiled network as Python of the reference: the same constants, the same list of calls."""

from __future__ import annotations

import textwrap
from typing import Any

import numpy as np
import numpy.typing as npt

from export.lower import Network
from export.lower_ops import Call, Operand
from export.network_report import confidence_table
from export.tflite_check import inputs_by_name

_MODULES = {
    "conv": "kernels",
    "depthwise_conv": "kernels",
    "fully_connected": "kernels",
    "softmax": "kernels_softmax",
}


def _module(kernel: str) -> str:
    return _MODULES.get(kernel, "kernels_shape")


def _class(call: Call) -> str:
    """Name of the class of a call's parameters."""
    return "".join(part.capitalize() for part in call.struct.split("_"))


def python_array(name: str, values: npt.NDArray[Any]) -> str:
    """Definition of a constant array, wrapped to the line length."""
    body = textwrap.fill(", ".join(str(int(v)) for v in values.ravel()), 104)
    return f"{name} = np.array([\n{textwrap.indent(body, '    ')}\n], np.{values.dtype.name})\n"


class _Printer:
    def __init__(self) -> None:
        self.definitions: list[str] = []
        self._known: dict[tuple[str, bytes], str] = {}

    def array(self, name: str, values: npt.NDArray[Any]) -> str:
        key = (values.dtype.name, values.tobytes())
        if key not in self._known:
            self._known[key] = name
            self.definitions.append(python_array(name, values))
        return self._known[key]

    def operand(self, name: str, operand: Operand) -> str:
        if operand.constant is not None:
            return f"{self.array(name, operand.constant)}, 0"
        return f"arena, {operand.offset}"

    def call(self, name: str, call: Call) -> str:
        arrays = [self.array(f"{name}_{key.upper()}", values) for key, values in call.arrays.items()]
        fields = ", ".join(f"{key}={value}" for key, value in call.params.items())
        struct = textwrap.fill(f"{_class(call)}({fields})", 104, break_on_hyphens=False)
        self.definitions.append(f"{name} = {textwrap.indent(struct, '    ').lstrip()}\n")
        operands = [self.operand(f"{name}_INPUT_{i}", operand) for i, operand in enumerate(call.inputs)]
        return f"{call.kernel}({', '.join([name, *arrays, *operands, f'arena, {call.output}'])})"


def _imports(network: Network, package: str) -> list[str]:
    names: dict[str, set[str]] = {"kernels_shape": {"watch"}}
    for layer in network.layers:
        for call in layer.calls:
            names.setdefault(_module(call.kernel), set()).update({call.kernel, _class(call)})
    lines = [f"from {package}.fixed import kernel" if package else "from .fixed import kernel"]
    for module in sorted(names):
        lines.append(f"from {package}.{module} import {', '.join(sorted(names[module]))}")
    return lines


def python_network(network: Network, spec_hash: str = "", package: str = "", ecg: bool = True) -> str:
    """Python module that runs a network.

    Parameters
    ----------
    network : Network
        The network.
    spec_hash : str
        Named at the top.
    package : str
        Package of the kernels; relative where empty.
    ecg : bool
        It is the project's own network: also where its inputs lie, and the table for the confidence.

    Returns
    -------
    str
        The module: ``net_invoke(arena, logits, layers)``, and the constants ``MODEL_HASH``,
        ``MODEL_DIGEST``, ``ARENA_BYTES``, ``OUTPUT_BYTES``, ``NET_TRACE_BYTES``, ``LAYER_NAMES``,
        ``LAYER_OFFSETS``, ``LAYER_SIZES``; of the project's own also ``BEAT_OFFSET``,
        ``RHYTHM_OFFSET``, ``LOGIT_SCALE``, ``LOGIT_ZERO_POINT`` and ``CONF_EXP_Q15``.
    """
    printer = _Printer()
    body = []
    layer_offsets = []
    at = 0
    for i, layer in enumerate(network.layers):
        body.append(f"# {layer.name} {list(layer.output.shape)}")
        for k, call in enumerate(layer.calls):
            body.append(printer.call(f"_LAYER_{i}" if len(layer.calls) == 1 else f"_LAYER_{i}_{k}", call))
        body.append(f"watch(arena, {layer.offset}, {layer.output.size}, layers, {at})")
        layer_offsets.append(at)
        at += layer.output.size
    outputs = 0
    for port in network.outputs:
        body += [
            f"for i in range({port.tensor.size}):",
            f"    logits[{outputs} + i] = arena[{port.offset} + i]",
        ]
        outputs += port.tensor.size
    constants = [
        f"MODEL_HASH = 0x{network.graph.model_hash:08X}  # first 32 bits of the .tflite's SHA-256",
        f"MODEL_DIGEST = {network.graph.sha256!r}",
        f"ARENA_BYTES = {network.plan.arena_bytes}",
        f"OUTPUT_BYTES = {outputs}",
        f"NET_TRACE_BYTES = {network.trace_bytes}",
        f"LAYER_NAMES = {_tuple([repr(layer.name) for layer in network.layers])}",
        f"LAYER_OFFSETS = {_tuple([str(o) for o in layer_offsets])}",
        f"LAYER_SIZES = {_tuple([str(layer.output.size) for layer in network.layers])}",
    ]
    if ecg:
        for name, tensor in inputs_by_name(network.graph).items():
            constants.append(f"{name.upper()}_OFFSET = {network.plan.offsets[tensor.index]}")
        logits = network.outputs[0].tensor
        constants.append(f"LOGIT_SCALE = {logits.scale!r}  # logit = (q - LOGIT_ZERO_POINT) * LOGIT_SCALE")
        constants.append(f"LOGIT_ZERO_POINT = {logits.zero_point}")
        table = np.array(confidence_table(logits.scale), np.uint16)
        constants.append("\n# exp(-d * scale of the logits), Q15, for a logit d below the largest")
        constants.append(python_array("CONF_EXP_Q15", table).rstrip())
    parts = [
        '"""The network, compiled ahead of time, twin of ``ecg_net_aot.c``.\n\n'
        "Generated from bitbeat.tflite by `make export`; do not edit.\n"
        f"Model {network.graph.sha256[:16]}, specification {spec_hash[:16] or 'none'}.\n"
        '"""\n',
        "# ruff: noqa\n# fmt: off\nfrom __future__ import annotations\n\nfrom typing import Any\n",
        "import numpy as np\n",
        "\n".join(_imports(network, package)) + "\n",
        "\n".join(constants) + "\n",
        "\n".join(printer.definitions),
        "\n@kernel\ndef net_invoke(arena: Any, logits: Any, layers: Any) -> None:",
        '    """Run the network on the inputs in ``arena``; ``layers`` gets every output if not empty."""',
        textwrap.indent("\n".join(body), "    "),
    ]
    return "\n".join(parts) + "\n"


def _tuple(items: list[str]) -> str:
    # Blanks inside an item (names of layers) must not be broken: hidden while the list is wrapped.
    hidden = [item.replace(" ", "\0") for item in items]
    body = textwrap.fill(", ".join(hidden) + ",", 104, break_on_hyphens=False).replace("\0", " ")
    return f"(\n{textwrap.indent(body, '    ')}\n)"
