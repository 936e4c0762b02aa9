"""What ``spec.toml`` may hold: type and range of every value by its name, which says its unit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from host_tools.errors import UserError
from host_tools.values import LIST_MAX, number_fault, shown, texts_fault

#: By the end of a value's name: lowest, highest, and whether it is a whole number.
_BY_UNIT: tuple[tuple[str, float, float, bool], ...] = (
    ("_ms", 1, 60_000, False),
    ("_hz", 0.01, 100_000, False),
    ("_uv", 1, 100_000, False),
    ("_mv", 1, 32_767, True),
    ("_adu", 0, 32_767, True),
    ("_q8", -(1 << 20), 1 << 20, True),
    ("_q10", -(1 << 20), 1 << 20, True),
    ("_feature", -128, 127, True),
    ("_shift", 0, 15, True),
    ("_bits", 0, 30, True),
    ("_beats", 1, 1024, True),
    ("_steps", 1, 1 << 16, True),
)
#: Values whose range is another one than their unit's, or whose name has no unit.
_BY_NAME: dict[str, tuple[float, float, bool]] = {
    "fs_hz": (1, 1_000_000, True),
    "grid_hz": (10, 1000, True),
    "rate_hz": (10, 1000, False),
    "adu_per_mv": (1, 32_767, True),
    "p_end_ms": (-1000, 1000, False),
    "amplitude_low_q8": (1, 1 << 20, True),
    "amplitude_high_q8": (1, 1 << 20, True),
    "beat_channels": (1, 8, True),
    "clusters": (1, 64, True),
    "context_beats": (1, 256, True),
    "lookahead_beats": (0, 255, True),
    "minimum_sd": (1, 32_767, True),
    "samples": (1, 1024, True),
    "shift_max": (0, 64, True),
    "undecided_sqi": (0, 101, True),
}
#: Of all other names, and of the detector's weights.
_PLAIN, _WEIGHT = (0, 1 << 16, True), (-(1 << 20), 1 << 20, True)
_TEXTS = ("rhythm_features", "classes")


class Section(Mapping[str, Any]):
    """A table of the specification that checks each value when it is asked for, and knows which were.

    Parameters
    ----------
    values : object
        As TOML gives it.
    name : str
        The table's name; empty for the whole file.
    where : str
        The file.
    """

    def __init__(self, values: Any, name: str, where: str) -> None:
        self._name, self._where = name, where
        if not isinstance(values, dict):
            raise UserError(f"{where}: [{name}] must be a table, not {shown(values)}")
        self._values: dict[str, Any] = values
        self._asked: dict[str, Any] = {}

    def __getitem__(self, key: str) -> Any:
        if key not in self._asked:
            if key not in self._values:
                inside = f"[{self._name}] " if self._name else "section "
                raise UserError(f"{self._where}: {inside}{key} is missing")
            self._asked[key] = self._checked(key, self._values[key])
        return self._asked[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def _checked(self, key: str, value: Any) -> Any:
        whole_name = f"{self._name}.{key}" if self._name else key
        if not self._name or key == "weight_q8":
            return Section(value, whole_name, self._where)
        if key in _TEXTS:
            fault = texts_fault(value) or ("" if 0 < len(value) <= LIST_MAX else f"must have 1 to {LIST_MAX}")
            fault = fault or ("" if all(one.isidentifier() for one in value) else "must hold plain names")
        else:
            fault = number_fault(value, *_range(self._name, key))
        if fault:
            raise UserError(f"{self._where}: [{self._name}] {key} {fault}")
        return value

    def refuse_unknown(self) -> None:
        """Raise UserError where the table, or one within it, holds what nobody has asked for."""
        for key in self._values:
            if key not in self._asked:
                inside = f"[{self._name}] {key}" if self._name else f"section [{key}]"
                raise UserError(f"{self._where}: {inside} is unknown")
            if isinstance(self._asked[key], Section):
                self._asked[key].refuse_unknown()


def _range(section: str, key: str) -> tuple[float, float, bool]:
    if section.endswith("weight_q8"):
        return _WEIGHT
    if key in _BY_NAME:
        return _BY_NAME[key]
    return next((limits for end, *limits in _BY_UNIT if key.endswith(end)), _PLAIN)  # type: ignore[return-value]


def check_constants(constants: Mapping[str, int], where: str) -> None:
    """Refuse derived constants that the chain cannot have: windows that do not fit, memory, 32 bits.

    Raises
    ------
    UserError
        Names the first that does not fit.
    """
    for name, value in constants.items():
        if name != "SPEC_HASH" and not -(1 << 31) <= value < 1 << 31:
            raise UserError(f"{where}: its values give {name} = {shown(value)}, which 32 bits do not hold")
    for name, most in _MOST.items():
        if constants[name] > most:
            raise UserError(f"{where}: its values give {name} = {constants[name]}, at most {most}")
    for row in _ORDER:
        marks = [0 if name == "" else constants[name] for name in row]
        if sorted(marks) != marks:
            names = " <= ".join(name or "0" for name in row)
            raise UserError(f"{where}: its values do not give {names} but {marks}")


#: Largest constants that take memory.
_MOST = {"RING_SAMPLES": 1 << 14, "RPEAK_RING_STEPS": 1 << 12, "GRID_SPAN_SAMPLES": 1 << 10}
#: Places in a beat's window, in this order.
_ORDER = (
    ("", "WINDOW_BEFORE_GRID", "WINDOW_SAMPLES"),
    ("", "QRS_FIRST_GRID", "WINDOW_BEFORE_GRID", "QRS_END_GRID", "WINDOW_SAMPLES"),
    ("", "OUTLINE_FIRST_GRID", "WINDOW_BEFORE_GRID", "OUTLINE_END_GRID", "WINDOW_SAMPLES"),
    ("", "P_END_GRID", "T_FIRST_GRID", "WINDOW_SAMPLES"),
    ("", "LOOKAHEAD_BEATS", "CONTEXT_BEATS"),
)
