"""Reads what the exporter must know of a .tflite: inputs and outputs by name, types, operators."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from host_tools.errors import UserError

#: The network's inputs and their shapes in the .tflite.
INPUT_SHAPES = {"beat": (1, 1, 96, 2), "rhythm": (1, 12)}
OUTPUT_SHAPE = (1, 4)

#: Both inputs: real value = q / 16.
INPUT_SCALE = 1 / 16
INPUT_ZERO_POINT = 0


@dataclass(frozen=True)
class TensorInfo:
    """One tensor: index, name, type, shape, scale of the first channel, zero point, channels with a scale."""

    index: int
    name: str
    type: str
    shape: tuple[int, ...]
    scale: float
    zero_point: int
    scales: int


@dataclass(frozen=True)
class TfliteInfo:
    """A .tflite: size, operator names in order, all tensors, outputs of the operators, inputs by name."""

    size_bytes: int
    operators: tuple[str, ...]
    operator_outputs: tuple[int, ...]
    tensors: tuple[TensorInfo, ...]
    inputs: dict[str, TensorInfo]
    output: TensorInfo


def _names(enum: Any) -> dict[int, str]:
    return {v: k for k, v in vars(enum).items() if not k.startswith("_") and isinstance(v, int)}


def read_tflite(path: Path) -> TfliteInfo:
    """Parse a .tflite with one subgraph, two named inputs and one output.

    Raises
    ------
    UserError
        If the file is missing, is no .tflite, or has other inputs than ``beat`` and ``rhythm``.
    """
    import tflite

    try:
        data = path.read_bytes()
        if data[4:8] != b"TFL3":
            raise ValueError("no TFL3 mark")
        model = tflite.Model.GetRootAsModel(data, 0)
        graph = model.Subgraphs(0)
        types, operators = _names(tflite.TensorType), _names(tflite.BuiltinOperator)
        tensors = tuple(_tensor(graph.Tensors(i), i, types) for i in range(graph.TensorsLength()))
        names, outputs = [], []
        for i in range(graph.OperatorsLength()):
            operator = graph.Operators(i)
            code = model.OperatorCodes(operator.OpcodeIndex())
            names.append(operators[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())])
            outputs.append(int(operator.Outputs(0)))
        inputs = [tensors[graph.Inputs(i)] for i in range(graph.InputsLength())]
        output = tensors[graph.Outputs(0)]
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; `make export` writes it") from None
    except (ValueError, KeyError, IndexError, AttributeError, TypeError) as error:
        raise UserError(f"{path}: not a .tflite model ({error})") from None
    by_name = {name: t for t in inputs for name in INPUT_SHAPES if name in t.name.split(":")[0].split("_")}
    if sorted(by_name) != sorted(INPUT_SHAPES) or len(inputs) != len(INPUT_SHAPES):
        raise UserError(f"{path}: inputs are {[t.name for t in inputs]}, expected beat and rhythm")
    return TfliteInfo(len(data), tuple(names), tuple(outputs), tensors, by_name, output)


def _tensor(tensor: Any, index: int, types: dict[int, str]) -> TensorInfo:
    quantisation = tensor.Quantization()
    count = quantisation.ScaleLength() if quantisation is not None else 0
    return TensorInfo(
        index=index,
        name=tensor.Name().decode(),
        type=types[tensor.Type()],
        shape=tuple(int(tensor.Shape(i)) for i in range(tensor.ShapeLength())),
        scale=float(quantisation.Scale(0)) if count else 0.0,
        zero_point=int(quantisation.ZeroPoint(0)) if count else 0,
        scales=count,
    )


def check_full_int8(info: TfliteInfo, path: Path) -> None:
    """Refuse a model that the device could not run as it is.

    Raises
    ------
    UserError
        If anything but int8 and int32 occurs, a shape differs, a convolution's weights have one scale
        for all channels, or an input's scale is not exactly 1/16 with zero point 0.
    """
    for tensor in info.tensors:
        if tensor.type not in ("INT8", "INT32"):
            raise UserError(f"{path}: tensor {tensor.name} is {tensor.type}; only full-int8 models can be used")
    for name, tensor in info.inputs.items():
        if tensor.type != "INT8" or tensor.shape != INPUT_SHAPES[name]:
            raise UserError(
                f"{path}: input {name} is {tensor.type} {tensor.shape}, expected INT8 {INPUT_SHAPES[name]}"
            )
        if np.float32(tensor.scale) != np.float32(INPUT_SCALE) or tensor.zero_point != INPUT_ZERO_POINT:
            raise UserError(
                f"{path}: input {name} has scale {tensor.scale} and zero point {tensor.zero_point}, expected exactly "
                f"{INPUT_SCALE} and {INPUT_ZERO_POINT}: the calibration must span -8 to 127/16"
            )
    if info.output.type != "INT8" or info.output.shape != OUTPUT_SHAPE:
        raise UserError(f"{path}: output is {info.output.type} {info.output.shape}, expected INT8 {OUTPUT_SHAPE}")
    if not any(t.scales > 1 for t in info.tensors):
        raise UserError(f"{path}: weights are quantised per tensor, expected per channel")
