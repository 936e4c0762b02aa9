"""Reads a .tflite file into a typed graph, without TensorFlow; refuses what the compiler cannot do."""

from __future__ import annotations

import hashlib
import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from export.graph import KNOWN_OPERATORS, Graph, Operator, Options, Tensor
from host_tools.errors import UserError

#: More of anything than a network for a microcontroller has; stops nonsense early.
_COUNT_MAX = 10_000
_VALUES_MAX = 1 << 24
_INPUTS_MIN = {"CONV_2D": 2, "DEPTHWISE_CONV_2D": 2, "FULLY_CONNECTED": 2, "PAD": 2, "ADD": 2, "MEAN": 2}
_DTYPES: dict[str, np.dtype[Any]] = {"INT8": np.dtype(np.int8), "INT32": np.dtype("<i4")}


def read_tflite(path: Path) -> Graph:
    """Read a .tflite file.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    Graph
        Tensors and operators, constants as NumPy arrays.

    Raises
    ------
    UserError
        The file is missing, no .tflite or damaged; has more than one subgraph; is not int8 (named:
        the tensor and its type); or holds an operator outside ``KNOWN_OPERATORS`` (named).
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}); run `make export` to make it") from None
    return parse_tflite(content, str(path))


def parse_tflite(content: bytes, source: str) -> Graph:
    """Parse the bytes of a .tflite file; ``source`` names it in messages. See :func:`read_tflite`."""
    damaged = f"{source}: not a whole .tflite file; export the model again (`make export`)"
    if len(content) < 32 or content[4:8] != b"TFL3":
        raise UserError(damaged)
    try:
        return _parse(content, source)
    except UserError:
        raise
    except Exception as error:
        # The flatbuffers package answers damaged offsets with whatever the offset runs into.
        raise UserError(damaged) from error


def _parse(content: bytes, source: str) -> Graph:
    import tflite

    model = tflite.Model.GetRootAs(content, 0)
    if model.SubgraphsLength() != 1:
        raise UserError(
            f"{source}: has {model.SubgraphsLength()} subgraphs; the compiler knows models of one"
        )
    subgraph = model.Subgraphs(0)
    _check_count(subgraph.TensorsLength(), subgraph.OperatorsLength(), model.BuffersLength())
    codes = [
        _operator_name(tflite, model.OperatorCodes(i)) for i in range(_checked(model.OperatorCodesLength()))
    ]
    operators = [subgraph.Operators(i) for i in range(subgraph.OperatorsLength())]
    kinds = [codes[op.OpcodeIndex()] for op in operators]
    for kind in kinds:
        if kind not in KNOWN_OPERATORS:
            raise UserError(
                f"{source}: operator {kind} is not known to the compiler; "
                f"it knows {', '.join(KNOWN_OPERATORS)}"
            )
    tensors = tuple(_tensor(tflite, model, subgraph, i, source) for i in range(subgraph.TensorsLength()))
    graph = Graph(
        source=source,
        sha256=hashlib.sha256(content).hexdigest(),
        tensors=tensors,
        operators=tuple(
            Operator(kind, _ints(op.InputsAsNumpy()), _ints(op.OutputsAsNumpy()), _options(tflite, kind, op))
            for kind, op in zip(kinds, operators, strict=True)
        ),
        inputs=_ints(subgraph.InputsAsNumpy()),
        outputs=_ints(subgraph.OutputsAsNumpy()),
    )
    _check_graph(graph)
    return graph


def _checked(count: int) -> int:
    if not 0 <= count <= _COUNT_MAX:
        raise ValueError(f"{count} entries")
    return count


def _check_count(*counts: int) -> None:
    for count in counts:
        _checked(count)


def _ints(values: Any) -> tuple[int, ...]:
    """Return a flatbuffers vector as a tuple; flatbuffers gives 0 where there is none."""
    return tuple(int(v) for v in np.atleast_1d(values)) if not isinstance(values, int) else ()


def _operator_name(tflite: Any, code: Any) -> str:
    builtin = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
    if builtin == tflite.BuiltinOperator.CUSTOM:
        custom = code.CustomCode()
        return f"CUSTOM ({custom.decode(errors='replace') if custom else 'without name'})"
    return _enum_name(tflite.BuiltinOperator, builtin)


def _enum_name(enum: Any, value: int) -> str:
    for name, number in vars(enum).items():
        if not name.startswith("_") and number == value:
            return name
    return f"number {value}"


def _tensor(tflite: Any, model: Any, subgraph: Any, index: int, source: str) -> Tensor:
    t = subgraph.Tensors(index)
    # Names go into one-line messages and comments of generated code.
    name = "".join(c if c.isprintable() else "?" for c in (t.Name() or b"").decode(errors="replace"))
    dtype = _enum_name(tflite.TensorType, t.Type())
    if dtype not in _DTYPES:
        raise UserError(
            f"{source}: tensor {name} is {dtype}, but only int8 networks (with int32 biases) can be "
            "compiled; convert with full-integer int8 quantisation"
        )
    shape = _ints(t.ShapeAsNumpy())
    if any(s < 1 for s in shape) or math.prod(shape) > _VALUES_MAX:
        raise ValueError(f"{name} has the shape {shape}")
    quantisation = t.Quantization()
    scales: tuple[float, ...] = ()
    zero_points: tuple[int, ...] = ()
    axis = 0
    if quantisation is not None and quantisation.ScaleLength() > 0:
        scales = tuple(float(s) for s in np.atleast_1d(quantisation.ScaleAsNumpy()))
        zero_points = _ints(quantisation.ZeroPointAsNumpy()) or (0,) * len(scales)
        axis = int(quantisation.QuantizedDimension())
        if not all(math.isfinite(s) and s > 0 for s in scales):
            raise UserError(f"{source}: tensor {name} has a scale that is not positive")
        if len(zero_points) != len(scales):
            raise ValueError(f"{name} has {len(zero_points)} zero points for {len(scales)} scales")
    data = _constant(model.Buffers(_index(t.Buffer(), model.BuffersLength())), shape, _DTYPES[dtype])
    return Tensor(index, name, shape, dtype.lower(), scales, zero_points, axis, data)


def _index(index: int, length: int) -> int:
    if not 0 <= index < length:
        raise IndexError(index)
    return index


def _constant(buffer: Any, shape: tuple[int, ...], dtype: np.dtype[Any]) -> npt.NDArray[Any] | None:
    if buffer.DataLength() == 0:
        return None
    values: npt.NDArray[Any] = np.frombuffer(buffer.DataAsNumpy().tobytes(), dtype)
    return values.reshape(shape)


def _options(tflite: Any, kind: str, operator: Any) -> Options:
    """Read the options table of an operator."""
    table = operator.BuiltinOptions()
    if kind in ("PAD", "MEAN", "RESHAPE") or table is None:
        return Options()  # their options are tensors (or, for keep_dims, the output's shape)
    reader = {
        "CONV_2D": tflite.Conv2DOptions,
        "DEPTHWISE_CONV_2D": tflite.DepthwiseConv2DOptions,
        "FULLY_CONNECTED": tflite.FullyConnectedOptions,
        "ADD": tflite.AddOptions,
        "CONCATENATION": tflite.ConcatenationOptions,
        "AVERAGE_POOL_2D": tflite.Pool2DOptions,
        "MAX_POOL_2D": tflite.Pool2DOptions,
        "SOFTMAX": tflite.SoftmaxOptions,
    }[kind]()
    reader.Init(table.Bytes, table.Pos)
    values: dict[str, Any] = {}
    for attribute, name in (
        ("StrideH", "stride_h"),
        ("StrideW", "stride_w"),
        ("DilationHFactor", "dilation_h"),
        ("DilationWFactor", "dilation_w"),
        ("FilterHeight", "filter_h"),
        ("FilterWidth", "filter_w"),
        ("Axis", "axis"),
        ("Beta", "beta"),
    ):
        if hasattr(reader, attribute):
            values[name] = getattr(reader, attribute)()
    if hasattr(reader, "Padding"):
        values["padding"] = _enum_name(tflite.Padding, reader.Padding())
    if hasattr(reader, "FusedActivationFunction"):
        values["activation"] = _enum_name(tflite.ActivationFunctionType, reader.FusedActivationFunction())
    return Options(**values)


def _check_graph(graph: Graph) -> None:
    """Check that every number points at a tensor and that each is written once, before it is read."""
    ready = {t.index for t in graph.tensors if t.data is not None} | set(graph.inputs)
    for op in graph.operators:
        for i in op.inputs:
            if i != -1 and i not in ready:
                raise ValueError(f"{op.kind} reads tensor {i} before it is written")
        if len(op.inputs) < _INPUTS_MIN.get(op.kind, 1) or -1 in op.inputs[: _INPUTS_MIN.get(op.kind, 1)]:
            raise ValueError(f"{op.kind} has the inputs {op.inputs}")
        if len(op.outputs) != 1 or not 0 <= op.output < len(graph.tensors) or op.output in ready:
            raise ValueError(f"{op.kind} writes {op.outputs}")
        ready.add(op.output)
    for i in (*graph.inputs, *graph.outputs):
        _index(i, len(graph.tensors))
        if i not in ready:
            raise ValueError(f"output {i} is never written")
        _check_int8(graph, graph.tensors[i])
    for op in graph.operators:
        _check_int8(graph, graph.tensors[op.output])


def _check_int8(graph: Graph, tensor: Tensor) -> None:
    if tensor.dtype != "int8" or len(tensor.scales) != 1:
        raise UserError(
            f"{graph.source}: tensor {tensor.name} is {tensor.dtype} with {len(tensor.scales)} scales, "
            "but inputs, outputs and activations must be int8 with one scale; convert with "
            "full-integer int8 quantisation"
        )
