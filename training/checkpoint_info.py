"""What a checkpoint's JSON may hold; needs no torch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from host_tools.errors import UserError
from host_tools.values import number_fault, shown, texts_fault

#: Names the network and the meaning of its inputs; changes when either does.
ARCHITECTURE = "bitbeat-context-2"
#: A checkpoint's JSON is a few kB.
_BYTES_MAX = 1 << 20
_RECORDS_MAX = 10_000

#: Values that are texts, and numbers with their range; the rest have checks of their own.
_TEXTS = ("protocol", "config_hash", "spec_hash", "git_commit")
_NUMBERS: dict[str, tuple[float, float, bool]] = {
    "seed": (0, (1 << 63) - 1, True),
    "steps": (0, 1e9, True),
    "teachers": (0, 1e4, True),
    "parameters": (0, 1e9, True),
    "temperature": (1e-6, 1e6, False),
    "s_offset": (-1e6, 1e6, False),
}
_TABLES = ("model", "databases", "cross_validation")
#: What a training writes, and the model card and an export tell.
EVERYTHING = ("model", "records", "databases", *_TEXTS, *_NUMBERS)


def read_info(path: Path, needed: tuple[str, ...] = ("model",)) -> dict[str, Any]:
    """Read and check a checkpoint's JSON.

    Parameters
    ----------
    path : Path
        The file.
    needed : tuple of str
        Names that must be there; what is not known here passes as it is.

    Raises
    ------
    UserError
        It cannot be read, is of another architecture, or a value is missing or of another type or range.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_BYTES_MAX + 1)
        if len(content) > _BYTES_MAX:
            raise ValueError(f"longer than {_BYTES_MAX} bytes")
        info = json.loads(content.decode(), parse_constant=_refuse)
    except FileNotFoundError:
        raise UserError(f"{path}: no such checkpoint; `make train` writes one") from None
    except (ValueError, OSError, RecursionError) as error:
        reason = " ".join(str(error).split())[:120]
        raise UserError(f"{path}: damaged checkpoint ({reason}); restore it or run `make train`") from None
    if not isinstance(info, dict) or info.get("architecture") != ARCHITECTURE:
        found = shown(info.get("architecture")) if isinstance(info, dict) else "none"
        raise UserError(f"{path}: checkpoint of another architecture ({found}); this is {ARCHITECTURE}")
    for name in needed:
        if name not in info:
            raise UserError(f"{path}: {name} is missing; restore it or run `make train`")
    for name, value in info.items():
        if fault := _fault(name, value):
            raise UserError(f"{path}: {name[:40]} {fault}; restore it or run `make train`")
    return info


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is no number of JSON")


def _fault(name: str, value: Any) -> str:
    if name in _NUMBERS:
        return number_fault(value, *_NUMBERS[name])
    if name in _TEXTS and not isinstance(value, str):
        return f"must be a text, not {shown(value)}"
    if name in _TABLES and not isinstance(value, dict):
        return f"must be a table, not {shown(value)}"
    if name == "databases" and not all(isinstance(one, str) for one in value.values()):
        return "must hold texts"
    if name == "records":
        many = isinstance(value, list) and len(value) > _RECORDS_MAX
        return texts_fault(value) or (f"must hold at most {_RECORDS_MAX} names" if many else "")
    return ""
