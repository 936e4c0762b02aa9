"""What the lowering of every operator shares: kernel calls, operands, checks with one clear message."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from export.graph import Graph, Operator, Tensor
from export.memory_plan import Alias, MemoryPlan
from export.quantise import INT8_MAX, INT8_MIN, activation_range
from host_tools.errors import UserError

_UINT16_MAX = 65535
_INT32_LIMIT = 1 << 31


@dataclass(frozen=True)
class Operand:
    """An input of a kernel: a place in the arena, or a constant (``offset`` 0)."""

    offset: int
    constant: npt.NDArray[np.int8] | None = None


@dataclass(frozen=True)
class Call:
    """One kernel call.

    Attributes
    ----------
    kernel : str
        Name in Python; ``nn_<kernel>_s8`` in C.
    params : dict of str to int
        Fields of the kernel's struct, in order.
    arrays : dict of str to ndarray
        Its pointers, in order.
    inputs : tuple of Operand
        What it reads.
    output : int
        Arena offset at which it writes.
    """

    kernel: str
    params: dict[str, int]
    inputs: tuple[Operand, ...]
    output: int
    arrays: dict[str, npt.NDArray[Any]] = field(default_factory=dict)

    @property
    def struct(self) -> str:
        """Name of the parameters' struct: both pools share theirs."""
        return "pool" if self.kernel in ("average_pool", "max_pool") else self.kernel


class Lowering:
    """The graph, its memory plan, and the operator being lowered."""

    def __init__(self, graph: Graph, plan: MemoryPlan) -> None:
        self.graph = graph
        self.plan = plan
        self.step = 0
        self._granted = {(a.step, a.child, a.offset): a for a in plan.granted}

    def refuse(self, op: Operator, why: str) -> NoReturn:
        """Stop with the operator's place and name."""
        raise UserError(f"{self.graph.source}: operator {self.step} ({op.kind}) {why}")

    def tensor(self, number: int) -> Tensor:
        """Tensor by number."""
        return self.graph.tensors[number]

    def activation(self, op: Operator, position: int) -> Tensor:
        """Input at ``position``, which must be int8 with one scale."""
        x = self.tensor(op.inputs[position])
        if x.dtype != "int8" or len(x.scales) != 1:
            self.refuse(
                op, f"reads {x.name}, which is {x.dtype} with {len(x.scales)} scales, not int8 with one"
            )
        if not INT8_MIN <= x.zero_point <= INT8_MAX:
            self.refuse(op, f"reads {x.name}, whose zero point {x.zero_point} is not int8")
        return x

    def constant(self, op: Operator, position: int, dtype: str) -> npt.NDArray[Any]:
        """Content of the input at ``position``, which must be a constant of ``dtype``."""
        t = self.tensor(op.inputs[position])
        if t.data is None or t.dtype != dtype:
            self.refuse(op, f"needs {t.name} as an {dtype} constant")
        return t.data

    def operand(self, number: int) -> Operand:
        """Where a kernel reads a tensor."""
        t = self.tensor(number)
        if t.data is not None:
            return Operand(0, t.data.astype(np.int8).ravel())
        return Operand(self.plan.offsets[number])

    def offset(self, op: Operator) -> int:
        """Where a kernel writes the operator's output."""
        return self.plan.offsets[op.output]

    def in_place(self, child: int, offset: int) -> Alias | None:
        """Whether the memory plan made the present operator's copy of ``child`` unnecessary."""
        return self._granted.get((self.step, child, offset))

    def limits(self, op: Operator) -> dict[str, int]:
        """``output_zero``, ``low`` and ``high`` of the operator's output."""
        y = self.tensor(op.output)
        if op.options.activation not in ("NONE", "RELU", "RELU6", "RELU_N1_TO_1"):
            self.refuse(op, f"has the fused activation {op.options.activation}, which is not known")
        low, high = activation_range(op.options.activation, y)
        if low > high:
            self.refuse(op, f"has an activation whose range is empty on the scale of {y.name}")
        return {"output_zero": y.zero_point, "low": low, "high": high}

    def check_sizes(self, op: Operator, params: dict[str, int]) -> dict[str, int]:
        """Check that sizes fit the 16-bit fields of the kernels' structs; return them."""
        for name, value in params.items():
            if value > _UINT16_MAX:
                self.refuse(op, f"has {name} = {value}, more than {_UINT16_MAX}")
        return params

    def check_range(self, op: Operator, largest: int, shift: int) -> None:
        """Check that an accumulator of at most ``largest`` and its left shift stay within int32."""
        if largest << max(shift, 0) >= _INT32_LIMIT:
            self.refuse(op, "can overflow a 32-bit accumulator")
