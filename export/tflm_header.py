"""What TensorFlow Lite Micro needs to know about the model: its operators, its arena, the inputs' order."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from export.c_printer import banner
from export.lower import Network
from export.tflite_check import inputs_by_name

#: Operators as the .tflite names them, and the resolver's method that adds each.
_METHODS = {
    "ADD": "Add",
    "AVERAGE_POOL_2D": "AveragePool2D",
    "CONCATENATION": "Concatenation",
    "CONV_2D": "Conv2D",
    "DEPTHWISE_CONV_2D": "DepthwiseConv2D",
    "FULLY_CONNECTED": "FullyConnected",
    "MAX_POOL_2D": "MaxPool2D",
    "MEAN": "Mean",
    "PAD": "Pad",
    "RESHAPE": "Reshape",
    "SOFTMAX": "Softmax",
}
_ALIGNMENT = 16
#: No model fits below; far smaller arenas crash the interpreter, which keeps its own objects there.
_ARENA_MIN = 1024
_ARENA_MAX = 1 << 20


def arena_bytes(content: bytes) -> int:
    """Return the smallest arena with which the official interpreter allocates the model here.

    Parameters
    ----------
    content : bytes
        The .tflite.

    Returns
    -------
    int
        Bytes, a multiple of 16. On a 64-bit machine; a microcontroller's pointers need less.
    """
    low, high = _ARENA_MIN, 2 * _ARENA_MIN
    while not _allocates(content, high):
        low, high = high, 2 * high
        if high > _ARENA_MAX:
            raise RuntimeError(f"the interpreter does not take the model with {high} bytes")
    while high - low > _ALIGNMENT:
        middle = (low + high) // 2 // _ALIGNMENT * _ALIGNMENT
        low, high = (low, middle) if _allocates(content, middle) else (middle, high)
    return high


def _allocates(content: bytes, size: int) -> bool:
    from tflite_micro.python.tflite_micro import runtime

    with _no_stderr():
        try:
            runtime.Interpreter.from_bytes(content, arena_size=size)
        except RuntimeError:
            return False
    return True


@contextmanager
def _no_stderr() -> Iterator[None]:
    """Keep what the interpreter says about a refused arena away from the user."""
    sys.stderr.flush()
    kept = os.dup(2)
    null = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(null, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(null)


def operators(network: Network) -> list[str]:
    """Return the resolver's methods for the model's operators, each once, in alphabetical order."""
    return sorted({_METHODS[operator.kind] for operator in network.graph.operators})


def tflm_header(network: Network, content: bytes, spec_hash: str) -> str:
    """``ecg_model_tflm.h``: see the module's docstring.

    Parameters
    ----------
    network : Network
        The compiled network.
    content : bytes
        Its .tflite.
    spec_hash : str
        Hex digest of the specification.

    Returns
    -------
    str
        The file's content.
    """
    used = operators(network)
    order = list(network.graph.inputs)
    index = {name: order.index(tensor.index) for name, tensor in inputs_by_name(network.graph).items()}
    return (
        banner("ecg_model_tflm.h", "what TensorFlow Lite Micro needs for the model", network, spec_hash)
        + "#ifndef ECG_MODEL_TFLM_H\n#define ECG_MODEL_TFLM_H\n\n/* clang-format off */\n"
        + "/* the model's operators, as MicroMutableOpResolver's methods Add... */\n"
        + f"#define ECG_TFLM_OPERATORS(ADD) {' '.join(f'ADD({name})' for name in used)}\n"
        + f"#define ECG_TFLM_OPERATOR_COUNT {len(used)}\n\n"
        + "/* smallest arena of the official interpreter on a 64-bit machine; 32-bit pointers need less */\n"
        + f"#ifndef ECG_TFLM_ARENA_BYTES\n#define ECG_TFLM_ARENA_BYTES {arena_bytes(content)}\n#endif\n\n"
        + "/* the inputs, bound by name when this was generated: the converter changes their order */\n"
        + f"#define ECG_TFLM_BEAT_INPUT {index['beat']}\n#define ECG_TFLM_RHYTHM_INPUT {index['rhythm']}\n"
        + "/* clang-format on */\n\n#endif\n"
    )
