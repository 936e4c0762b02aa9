"""Checks that a .tflite is what the device can run as it is: full int8, inputs and scales as agreed."""

from __future__ import annotations

import numpy as np

from export.graph import Graph, Tensor
from host_tools.errors import UserError
from host_tools.reference.params import BEAT_CHANNELS, CONTEXT_BEATS, RHYTHM_FEATURES, WINDOW_SAMPLES

#: The network's inputs and their shapes in the .tflite.
INPUT_SHAPES = {
    "beat": (1, 1, WINDOW_SAMPLES, BEAT_CHANNELS),
    "rhythm": (1, 1, CONTEXT_BEATS, RHYTHM_FEATURES),
}
OUTPUT_SHAPE = (1, 4)

#: Both inputs: real value = q / 16.
INPUT_SCALE = 1 / 16
INPUT_ZERO_POINT = 0

_WITH_CHANNELS = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")


def inputs_by_name(graph: Graph) -> dict[str, Tensor]:
    """Bind the inputs ``beat`` and ``rhythm`` by name: the converter changes their order.

    Raises
    ------
    UserError
        If the model has other inputs.
    """
    found: dict[str, Tensor] = {}
    for index in graph.inputs:
        words = graph.tensors[index].name.split(":")[0].split("_")
        for name in INPUT_SHAPES:
            if name in words and name not in found:
                found[name] = graph.tensors[index]
    if len(found) != len(INPUT_SHAPES) or len(graph.inputs) != len(INPUT_SHAPES):
        names = ", ".join(graph.tensors[i].name for i in graph.inputs)
        raise UserError(f"{graph.source}: its inputs are {names}; expected beat and rhythm")
    return found


def check_full_int8(graph: Graph) -> None:
    """Refuse a model that the device could not run as it is.

    Raises
    ------
    UserError
        If a shape differs, a layer's weights have one scale for all channels, or an input's scale is
        not exactly 1/16 with zero point 0. (Types were checked when the file was read.)
    """
    for name, tensor in inputs_by_name(graph).items():
        if tensor.shape != INPUT_SHAPES[name]:
            raise UserError(
                f"{graph.source}: input {name} has shape {tensor.shape}, not {INPUT_SHAPES[name]}"
            )
        scale, zero_point = tensor.scales[0], tensor.zero_points[0]
        if np.float32(scale) != np.float32(INPUT_SCALE) or zero_point != INPUT_ZERO_POINT:
            raise UserError(
                f"{graph.source}: input {name} has scale {scale} and zero point {zero_point}, not exactly "
                f"{INPUT_SCALE} and {INPUT_ZERO_POINT}; the calibration must span -8 to 127/16"
            )
    output = graph.tensors[graph.outputs[0]]
    if len(graph.outputs) != 1 or output.shape != OUTPUT_SHAPE:
        raise UserError(f"{graph.source}: output has shape {output.shape}, not {OUTPUT_SHAPE}")
    for operator in graph.operators:
        if operator.kind in _WITH_CHANNELS and len(graph.tensors[operator.inputs[1]].scales) == 1:
            raise UserError(
                f"{graph.source}: weights of {operator.kind} are quantised per tensor, not per channel"
            )
