"""Prints a compiled network as C: weights, tables, and a straight list of kernel calls."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from export.lower import Layer, Network
from export.lower_ops import Call, Operand
from export.network_report import confidence_table
from export.tflite_check import inputs_by_name
from export.weight_layout import filter_shape, weight_macros

_C_TYPES = {"int8": "int8_t", "int32": "int32_t", "uint16": "uint16_t"}
_HEADERS = {
    "conv": "nn_conv.h",
    "depthwise_conv": "nn_depthwise.h",
    "fully_connected": "nn_fully_connected.h",
    "pad": "nn_layout.h",
    "fill": "nn_layout.h",
    "copy": "nn_layout.h",
    "add": "nn_add.h",
    "mean": "nn_pool.h",
    "average_pool": "nn_pool.h",
    "max_pool": "nn_pool.h",
    "softmax": "nn_softmax.h",
}
_TRACE = """\
#if defined(ECG_TRACE) && ECG_TRACE
#include "ecg_trace.h"
#define TRACE_LAYER(layer, values, count) ecg_net_trace_layer((layer), (values), (count))
#else
#define TRACE_LAYER(layer, values, count) ((void)0)
#endif
"""


def banner(name: str, what: str, network: Network, spec_hash: str) -> str:
    """Head of a generated C file: what it is, what from, and not to edit it."""
    return (
        f"/* {name} - {what}\n"
        f" * generated from bitbeat.tflite by `make export`; do not edit.\n"
        f" * model {network.graph.sha256[:16]}, specification {spec_hash[:16]} */\n"
    )


def c_array(name: str, values: npt.NDArray[Any], static: bool = True) -> str:
    """Definition of a constant array, wrapped to the line length."""
    kind = _C_TYPES[values.dtype.name]
    # INT32_MIN has no literal; biases that the exporter lets through never reach it.
    body = textwrap.fill(", ".join(str(int(v)) for v in values.ravel()), 106)
    head = f"{'static ' if static else ''}const {kind} {name}[{values.size}] = {{"
    return f"{head}\n{textwrap.indent(body, '    ')}}};\n"


def c_weights(name: str, values: npt.NDArray[Any], shape: tuple[int, int, int]) -> str:
    """Definition of a layer's weights in the kernels' own order."""
    macros = ", ".join(weight_macros(values, shape))
    body = textwrap.fill(macros, 106, break_on_hyphens=False, break_long_words=False)
    head = f"NN_WEIGHTS_ALIGNED static const nn_weight_t {name}[{values.size}] = {{"
    return f"{head}\n{textwrap.indent(body, '    ')}}};\n"


def _is_inner(call: Call) -> bool:
    """Whether every window of a convolution lies wholly inside the image, neither dilated nor grouped."""
    p = call.params
    if p["dilation_h"] != 1 or p["dilation_w"] != 1 or p["kernel_c"] != p["input_c"]:
        return False
    inside = ((p[f"output_{d}"] - 1) * p[f"stride_{d}"] + p[f"kernel_{d}"] <= p[f"input_{d}"] for d in "hw")
    return p["pad_top"] == 0 and p["pad_left"] == 0 and all(inside)


def _function(call: Call) -> str:
    """C function of a call; one that can do less where less is enough, so that the rest is not linked."""
    kernel = "conv_inner" if call.kernel == "conv" and _is_inner(call) else call.kernel
    return f"nn_{kernel}_s8"


class _Printer:
    """Prints the definitions and the calls of a network; the same constant is printed once."""

    def __init__(self) -> None:
        self.definitions: list[str] = []
        self._known: dict[tuple[str, bytes], str] = {}

    def array(self, name: str, values: npt.NDArray[Any]) -> str:
        key = (values.dtype.name, values.tobytes())
        if key not in self._known:
            self._known[key] = name
            self.definitions.append(c_array(name, values))
        return self._known[key]

    def call_array(self, name: str, key: str, call: Call) -> str:
        """Name of an array of a call's parameters."""
        values, shape = call.arrays[key], filter_shape(call)
        if key != "weights" or shape is None:
            return self.array(f"{name}_{key}", values)
        known = (f"weights {shape}", values.tobytes())
        if known not in self._known:
            self._known[known] = f"{name}_{key}"
            self.definitions.append(c_weights(f"{name}_{key}", values, shape))
        return self._known[known]

    def operand(self, name: str, operand: Operand) -> str:
        if operand.constant is not None:
            return self.array(name, operand.constant)
        return f"arena + {operand.offset}"

    def call(self, name: str, call: Call) -> str:
        """Print the call's constants; return the call itself."""
        fields = [f"    .{key} = {value}," for key, value in call.params.items()]
        fields += [f"    .{key} = {self.call_array(name, key, call)}," for key in call.arrays]
        self.definitions.append(
            f"static const nn_{call.struct}_t {name} = {{\n" + "\n".join(fields) + "\n};\n"
        )
        operands = [self.operand(f"{name}_input_{i}", operand) for i, operand in enumerate(call.inputs)]
        return f"{_function(call)}({', '.join([f'&{name}', *operands, f'arena + {call.output}'])});"


def _includes(layers: Iterable[Layer]) -> list[str]:
    return sorted({_HEADERS[call.kernel] for layer in layers for call in layer.calls})


def _definitions_and_body(network: Network) -> tuple[str, str]:
    """Constants, and the lines of the function that runs the layers in ``arena``."""
    printer = _Printer()
    lines = []
    for i, layer in enumerate(network.layers):
        lines.append(f"/* {layer.name} {list(layer.output.shape)} */")
        for k, call in enumerate(layer.calls):
            name = f"layer_{i}" if len(layer.calls) == 1 else f"layer_{i}_{k}"
            lines.append(printer.call(name, call))
        lines.append(f"TRACE_LAYER({i}, arena + {layer.offset}, {layer.output.size});")
    return "\n".join(printer.definitions), textwrap.indent("\n".join(lines), "    ")


def _copy_outputs(network: Network, target: str) -> str:
    lines = []
    at = 0
    for port in network.outputs:
        plus = f" + {at}" if at else ""
        lines.append(f"    memcpy({target}{plus}, arena + {port.offset}, {port.tensor.size});")
        at += port.tensor.size
    return "\n".join(lines)


def c_source(
    network: Network, head: str, header: str, before: Sequence[str], invoke: Sequence[str], target: str
) -> str:
    """C file that runs a network.

    Parameters
    ----------
    network : Network
        The network.
    head : str
        Comment at the top.
    header : str
        Name of the header that it implements.
    before : sequence of str
        Further definitions, before the invoke function.
    invoke : sequence of str
        First lines of the invoke function; ``arena`` must then be an int8_t pointer.
    target : str
        Name of the pointer that the outputs are copied to, one after the other.

    Returns
    -------
    str
        The file's content.
    """
    definitions, body = _definitions_and_body(network)
    includes = "\n".join(f'#include "{name}"' for name in _includes(network.layers))
    parts = [
        head,
        "/* clang-format off */",
        f'#include "{header}"\n\n#include <string.h>\n\n{includes}\n',
        _TRACE,
        definitions,
        *before,
        "\n".join([*invoke, body, _copy_outputs(network, target), "}"]),
    ]
    return "\n".join(parts) + "\n"


def generic_c(network: Network, prefix: str) -> dict[str, str]:
    """C of any network, for tests: ``<prefix>.h`` and ``<prefix>.c``.

    The header declares ``void <prefix>_invoke(int8_t *arena, int8_t *outputs)`` and the constants
    ``<PREFIX>_ARENA_BYTES``, ``<PREFIX>_OUTPUT_BYTES``; inputs lie at ``network.inputs[i].offset``.
    """
    upper = prefix.upper()
    declaration = f"void {prefix}_invoke(int8_t *arena, int8_t *outputs)"
    header = (
        f"#ifndef {upper}_H\n#define {upper}_H\n\n#include <stdint.h>\n\n"
        f"#define {upper}_ARENA_BYTES {network.plan.arena_bytes}\n"
        f"#define {upper}_OUTPUT_BYTES {sum(p.tensor.size for p in network.outputs)}\n\n"
        f"{declaration};\n\n#endif\n"
    )
    head = f"/* generated from {network.graph.sha256[:16]}; do not edit. */"
    source = c_source(network, head, f"{prefix}.h", [], [f"{declaration} {{"], "outputs")
    return {f"{prefix}.h": header, f"{prefix}.c": source}


def ecg_net_source(network: Network, spec_hash: str) -> str:
    """``ecg_net_aot.c``: the project's network behind ``ecg_net.h``."""
    ports = [
        f"int8_t *ecg_net_{name}_input(ecg_net_t *net) {{\n"
        f"    return net->arena + {network.plan.offsets[tensor.index]};\n}}\n"
        for name, tensor in inputs_by_name(network.graph).items()
    ]
    invoke = [
        "void ecg_net_invoke(ecg_net_t *net, int8_t *logits) {",
        "    int8_t *const arena = net->arena;",
    ]
    what = "the network compiled ahead of time: weights and a straight list of kernel calls"
    head = banner("ecg_net_aot.c", what, network, spec_hash)
    return c_source(network, head, "ecg_net.h", ports, invoke, "logits")


def ecg_model_header(network: Network, spec_hash: str) -> str:
    """``ecg_model.h``: sizes, scales and hash of the model, and the confidence table."""
    inputs = inputs_by_name(network.graph)
    logits = network.outputs[0].tensor
    beat, rhythm = inputs["beat"].shape, inputs["rhythm"].shape
    defines = [
        (
            "MODEL_HASH",
            f"UINT32_C(0x{network.graph.model_hash:08x})",
            "first 32 bits of the .tflite's SHA-256",
        ),
        ("NET_ARENA_BYTES", network.plan.arena_bytes, "working memory of the network"),
        ("NET_BEAT_SAMPLES", beat[-2], "beat input: int8 [samples][channels], value = q / 16"),
        ("NET_BEAT_CHANNELS", beat[-1], "beat, beat minus template"),
        ("NET_CONTEXT_BEATS", rhythm[-2], "rhythm input: int8 [beats][features], value = q / 16"),
        ("NET_RHYTHM_FEATURES", rhythm[-1], "features of one beat"),
        ("NET_LOGITS", logits.size, "classes N S V F"),
        ("NET_LOGIT_ZERO_POINT", f"({logits.zero_point})", "logit = (q - this) * scale"),
        ("NET_MACS", network.macs, "multiply-accumulates per beat, padding counted"),
        ("NET_LAYERS", len(network.layers), "layers of the trace"),
        ("NET_TRACE_BYTES", network.trace_bytes, "outputs of all layers together"),
        ("CONF_ENTRIES", len(_confidence(network)), "entries of the table below"),
    ]
    lines = [f"#define ECG_{name} {value} /* {note} */" for name, value, note in defines]
    what = "sizes, scales and hash of the model"
    return (
        banner("ecg_model.h", what, network, spec_hash)
        + "#ifndef ECG_MODEL_H\n#define ECG_MODEL_H\n\n#include <stdint.h>\n\n/* clang-format off */\n"
        + "\n".join(lines)
        + "\n/* clang-format on */\n\n"
        + f"/* scale of the logits: {logits.scale!r} */\n\n"
        + "/* The engine that this build runs the network with. */\n"
        + '#ifndef ECG_NET_ENGINE\n#define ECG_NET_ENGINE "aot"\n#endif\n\n'
        + "/* exp(-d * scale of the logits), Q15, for a logit that lies d below the largest, 0 from\n"
        + " * ECG_CONF_ENTRIES on: the softmax of the winner is [0] / sum over all classes. */\n"
        + "extern const uint16_t ECG_CONF_EXP_Q15[ECG_CONF_ENTRIES];\n\n#endif\n"
    )


def _confidence(network: Network) -> npt.NDArray[np.uint16]:
    """The confidence table without the zeros that it ends with."""
    table = np.array(confidence_table(network.outputs[0].tensor.scale), np.uint16)
    return np.trim_zeros(table, "b")


def ecg_model_source(network: Network, spec_hash: str) -> str:
    """``ecg_model.c``: the confidence table, which every engine needs."""
    table = _confidence(network)
    return (
        banner("ecg_model.c", "table for the confidence of a classification", network, spec_hash)
        + '/* clang-format off */\n#include "ecg_model.h"\n\n'
        + c_array("ECG_CONF_EXP_Q15", table, static=False)
    )


def tflite_array(network: Network, content: bytes, spec_hash: str) -> dict[str, str]:
    """``ecg_model_tflite.{h,c}``: the .tflite as a C array for TensorFlow Lite Micro."""
    header = (
        banner("ecg_model_tflite.h", "the model for TensorFlow Lite Micro", network, spec_hash)
        + "#ifndef ECG_MODEL_TFLITE_H\n#define ECG_MODEL_TFLITE_H\n\n#include <stdint.h>\n\n"
        + '#ifdef __cplusplus\nextern "C" {\n#endif\n\n'
        + f"#define ECG_MODEL_TFLITE_BYTES {len(content)}\n\n"
        + "/* bitbeat.tflite, byte for byte, aligned to 16 bytes as the interpreter wants it */\n"
        + "extern const uint8_t ECG_MODEL_TFLITE[ECG_MODEL_TFLITE_BYTES];\n"
        + "extern const uint32_t ECG_MODEL_TFLITE_LENGTH; /* bytes */\n\n"
        + "#ifdef __cplusplus\n}\n#endif\n\n#endif\n"
    )
    body = textwrap.fill(", ".join(f"0x{byte:02x}" for byte in content), 106)
    source = (
        banner("ecg_model_tflite.c", "the model for TensorFlow Lite Micro", network, spec_hash)
        + '/* clang-format off */\n#include "ecg_model_tflite.h"\n\n'
        + "const uint32_t ECG_MODEL_TFLITE_LENGTH = ECG_MODEL_TFLITE_BYTES;\n\n"
        + "_Alignas(16) const uint8_t ECG_MODEL_TFLITE[ECG_MODEL_TFLITE_BYTES] = {\n"
        + textwrap.indent(body, "    ")
        + "};\n"
    )
    return {"ecg_model_tflite.h": header, "ecg_model_tflite.c": source}
