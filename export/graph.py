"""The typed graph of an int8 network: tensors, operators, their options. No TensorFlow in sight."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

#: Operators that the network compiler knows.
KNOWN_OPERATORS = (
    "CONV_2D",
    "DEPTHWISE_CONV_2D",
    "FULLY_CONNECTED",
    "PAD",
    "ADD",
    "CONCATENATION",
    "RESHAPE",
    "MEAN",
    "AVERAGE_POOL_2D",
    "MAX_POOL_2D",
    "SOFTMAX",
)


@dataclass(frozen=True)
class Tensor:
    """One tensor of the graph.

    Attributes
    ----------
    index : int
        Number in the .tflite.
    name : str
        Name in the .tflite.
    shape : tuple of int
        Sizes, outermost first.
    dtype : str
        "int8" or "int32".
    scales : tuple of float
        One for the tensor or one per channel of ``channel_axis``; float32 values, exact; empty if none.
    zero_points : tuple of int
        As many as scales.
    channel_axis : int
        Dimension that ``scales`` runs along, where there are several.
    data : ndarray or None
        Constant content, or None for an activation.
    """

    index: int
    name: str
    shape: tuple[int, ...]
    dtype: str
    scales: tuple[float, ...] = ()
    zero_points: tuple[int, ...] = ()
    channel_axis: int = 0
    data: npt.NDArray[Any] | None = None

    @property
    def size(self) -> int:
        """Number of values; bytes where ``dtype`` is int8."""
        return int(np.prod(self.shape, dtype=np.int64)) if self.shape else 1

    @property
    def scale(self) -> float:
        """The scale of a per-tensor quantised tensor."""
        return self.scales[0]

    @property
    def zero_point(self) -> int:
        """The zero point of a per-tensor quantised tensor."""
        return self.zero_points[0]


@dataclass(frozen=True)
class Options:
    """Options of an operator; each uses those that it has, the rest keep these defaults.

    Attributes
    ----------
    padding : str
        "SAME" or "VALID".
    stride_h, stride_w, dilation_h, dilation_w : int
        Steps of the window, steps inside the window.
    filter_h, filter_w : int
        Size of a pooling window.
    activation : str
        "NONE", "RELU", "RELU6" or "RELU_N1_TO_1".
    axis : int
        Dimension along which tensors are concatenated; may be negative.
    beta : float
        Factor of a softmax's input.
    """

    padding: str = "VALID"
    stride_h: int = 1
    stride_w: int = 1
    dilation_h: int = 1
    dilation_w: int = 1
    filter_h: int = 1
    filter_w: int = 1
    activation: str = "NONE"
    axis: int = 0
    beta: float = 1.0


@dataclass(frozen=True)
class Operator:
    """One operator: ``kind`` of ``KNOWN_OPERATORS``, tensor numbers (-1 = left out), options."""

    kind: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: Options = field(default_factory=Options)

    @property
    def output(self) -> int:
        """Number of the only output tensor."""
        return self.outputs[0]


@dataclass(frozen=True)
class Graph:
    """A network: its tensors, its operators in the order of execution, its inputs and outputs.

    ``source`` names the file in messages; ``sha256`` is the hex digest of its bytes.
    """

    source: str
    sha256: str
    tensors: tuple[Tensor, ...]
    operators: tuple[Operator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]

    @property
    def model_hash(self) -> int:
        """First 32 bits of the file's SHA-256."""
        return int(self.sha256[:8], 16)


def plain_name(tensor: Tensor) -> str:
    """Name of an input or output as the model's author gave it: no "serving_default_", no ":0"."""
    name = tensor.name.removeprefix("serving_default_")
    head, _, tail = name.rpartition(":")
    return head if head and tail.isdigit() else name
