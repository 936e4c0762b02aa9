"""Builds small .tflite files table by table, with full control of scales, zero points and options."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import flatbuffers
import numpy as np
import tflite

_TYPES = {
    "int8": tflite.TensorType.INT8,
    "int32": tflite.TensorType.INT32,
    "float32": tflite.TensorType.FLOAT32,
}
_OPTIONS = {
    "CONV_2D": "Conv2DOptions",
    "DEPTHWISE_CONV_2D": "DepthwiseConv2DOptions",
    "FULLY_CONNECTED": "FullyConnectedOptions",
    "PAD": "PadOptions",
    "ADD": "AddOptions",
    "CONCATENATION": "ConcatenationOptions",
    "RESHAPE": "ReshapeOptions",
    "MEAN": "ReducerOptions",
    "AVERAGE_POOL_2D": "Pool2DOptions",
    "MAX_POOL_2D": "Pool2DOptions",
    "SOFTMAX": "SoftmaxOptions",
}
_ENUMS = {"Padding": tflite.Padding, "FusedActivationFunction": tflite.ActivationFunctionType}


@dataclass
class _Tensor:
    shape: tuple[int, ...]
    dtype: str
    scales: Sequence[float]
    zero_points: Sequence[int]
    axis: int
    data: np.ndarray | None
    name: str


@dataclass
class ModelBuilder:
    """Collects tensors and operators; ``finish`` gives the file's bytes."""

    tensors: list[_Tensor] = field(default_factory=list)
    operators: list[tuple[str, list[int], list[int], dict[str, Any]]] = field(default_factory=list)

    def tensor(
        self,
        shape: Sequence[int],
        scale: float | Sequence[float] = (),
        zero_point: int | Sequence[int] = 0,
        data: np.ndarray | None = None,
        dtype: str = "int8",
        axis: int = 0,
        name: str = "",
    ) -> int:
        scales = [float(s) for s in np.atleast_1d(np.asarray(scale, np.float32))]
        zeros = [int(z) for z in np.atleast_1d(zero_point)] * (len(scales) if np.ndim(zero_point) == 0 else 1)
        name = name or f"tensor_{len(self.tensors)}"
        self.tensors.append(_Tensor(tuple(shape), dtype, scales, zeros, axis, data, name))
        return len(self.tensors) - 1

    def constant(
        self, values: np.ndarray, scale: float | Sequence[float] = (), zero_point: int = 0, axis: int = 0
    ) -> int:
        return self.tensor(values.shape, scale, zero_point, values, values.dtype.name, axis)

    def op(self, kind: str, inputs: Sequence[int], outputs: Sequence[int], **options: Any) -> None:
        """Options by the schema's names, enums by theirs: ``StrideW=2, Padding="SAME"``."""
        self.operators.append((kind, list(inputs), list(outputs), options))

    def finish(self, inputs: Sequence[int], outputs: Sequence[int]) -> bytes:
        b = flatbuffers.Builder(4096)
        buffers = [self._buffer(b, None)]
        tensors = []
        for t in self.tensors:
            buffers.append(self._buffer(b, t.data))
            tensors.append(self._tensor(b, t, len(buffers) - 1))
        kinds = sorted({kind for kind, *_ in self.operators})
        codes = [self._code(b, kind) for kind in kinds]
        operators = [self._operator(b, kinds.index(op[0]), *op) for op in self.operators]
        vectors = [_offsets(b, v) for v in (tensors, operators)]
        ports = [_ints(b, v) for v in (inputs, outputs)]
        tflite.SubGraphStart(b)
        tflite.SubGraphAddTensors(b, vectors[0])
        tflite.SubGraphAddInputs(b, ports[0])
        tflite.SubGraphAddOutputs(b, ports[1])
        tflite.SubGraphAddOperators(b, vectors[1])
        subgraph = tflite.SubGraphEnd(b)
        model_vectors = [_offsets(b, v) for v in (codes, [subgraph], buffers)]
        description = b.CreateString("test")
        tflite.ModelStart(b)
        tflite.ModelAddVersion(b, 3)
        tflite.ModelAddOperatorCodes(b, model_vectors[0])
        tflite.ModelAddSubgraphs(b, model_vectors[1])
        tflite.ModelAddDescription(b, description)
        tflite.ModelAddBuffers(b, model_vectors[2])
        b.Finish(tflite.ModelEnd(b), b"TFL3")
        return bytes(b.Output())

    @staticmethod
    def _buffer(b: Any, data: np.ndarray | None) -> int:
        vector = None
        if data is not None:
            content = np.ascontiguousarray(data).tobytes()
            b.StartVector(1, len(content), 16)
            b.head = b.Head() - len(content)
            b.Bytes[b.Head() : b.Head() + len(content)] = content
            vector = b.EndVector()
        tflite.BufferStart(b)
        if vector is not None:
            tflite.BufferAddData(b, vector)
        return int(tflite.BufferEnd(b))

    @staticmethod
    def _tensor(b: Any, t: _Tensor, buffer: int) -> int:
        quantisation = None
        if t.scales:
            scales = b.CreateNumpyVector(np.array(t.scales, np.float32))
            zeros = b.CreateNumpyVector(np.array(t.zero_points, np.int64))
            tflite.QuantizationParametersStart(b)
            tflite.QuantizationParametersAddScale(b, scales)
            tflite.QuantizationParametersAddZeroPoint(b, zeros)
            tflite.QuantizationParametersAddQuantizedDimension(b, t.axis)
            quantisation = tflite.QuantizationParametersEnd(b)
        shape = _ints(b, t.shape)
        name = b.CreateString(t.name)
        tflite.TensorStart(b)
        tflite.TensorAddShape(b, shape)
        tflite.TensorAddType(b, _TYPES[t.dtype])
        tflite.TensorAddBuffer(b, buffer)
        tflite.TensorAddName(b, name)
        if quantisation is not None:
            tflite.TensorAddQuantization(b, quantisation)
        return int(tflite.TensorEnd(b))

    @staticmethod
    def _code(b: Any, kind: str) -> int:
        number = getattr(tflite.BuiltinOperator, kind)
        tflite.OperatorCodeStart(b)
        tflite.OperatorCodeAddDeprecatedBuiltinCode(b, min(number, 127))
        tflite.OperatorCodeAddBuiltinCode(b, number)
        tflite.OperatorCodeAddVersion(b, 1)
        return int(tflite.OperatorCodeEnd(b))

    @staticmethod
    def _operator(
        b: Any, code: int, kind: str, inputs: list[int], outputs: list[int], options: dict[str, Any]
    ) -> int:
        ports = [_ints(b, v) for v in (inputs, outputs)]
        table = None
        if kind in _OPTIONS:
            table_name = _OPTIONS[kind]
            getattr(tflite, table_name + "Start")(b)
            for name, value in options.items():
                number = getattr(_ENUMS[name], value) if name in _ENUMS else value
                getattr(tflite, f"{table_name}Add{name}")(b, number)
            table = getattr(tflite, table_name + "End")(b)
        tflite.OperatorStart(b)
        tflite.OperatorAddOpcodeIndex(b, code)
        tflite.OperatorAddInputs(b, ports[0])
        tflite.OperatorAddOutputs(b, ports[1])
        if table is not None:
            tflite.OperatorAddBuiltinOptionsType(b, getattr(tflite.BuiltinOptions, _OPTIONS[kind]))
            tflite.OperatorAddBuiltinOptions(b, table)
        return int(tflite.OperatorEnd(b))


def _ints(b: Any, values: Sequence[int]) -> int:
    return int(b.CreateNumpyVector(np.array(values, np.int32)))


def _offsets(b: Any, values: Sequence[int]) -> int:
    b.StartVector(4, len(values), 4)
    for value in reversed(values):
        b.PrependUOffsetTRelative(value)
    return int(b.EndVector())
