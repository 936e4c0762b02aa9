"""Values out of files that people edit: type and range of each, in the words of one line."""

from __future__ import annotations

import math
import tomllib
from pathlib import Path
from typing import Any

from host_tools.errors import UserError

#: No list in a file of settings is longer.
LIST_MAX = 64
#: No file of settings is longer.
_BYTES_MAX = 1 << 20
#: Longest text of a value that a message repeats, characters.
_SHOWN_MAX = 40


def shown(value: Any) -> str:
    """Return a value as a message repeats it, cut where it is long."""
    # A whole number of many digits cannot even be printed.
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 1 << 128:
        return "a number of more than 38 digits"
    text = repr(value) if not isinstance(value, list | tuple | dict) else f"a {_KINDS[type(value)]}"
    return text if len(text) <= _SHOWN_MAX else text[: _SHOWN_MAX - 3] + "..."


_KINDS = {list: "list", tuple: "list", dict: "table"}


def number_fault(value: Any, low: float, high: float, whole: bool) -> str:
    """Say what is wrong with a number that must lie from ``low`` to ``high``; empty if nothing is."""
    kind = "a whole number" if whole else "a number"
    right = isinstance(value, int) if whole else isinstance(value, int | float)
    if not right or isinstance(value, bool) or not math.isfinite(_float(value)) or not low <= value <= high:
        return f"must be {kind} from {low:g} to {high:g}, not {shown(value)}"
    return ""


def texts_fault(value: Any) -> str:
    """Say what is wrong with a list of texts; empty if nothing is."""
    if not isinstance(value, list | tuple) or not all(isinstance(one, str) for one in value):
        return f"must be a list of texts, not {shown(value)}"
    return ""


def _float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


def read_toml(path: Path, what: str) -> tuple[bytes, dict[str, Any]]:
    """Read a TOML file of settings; returns its bytes, and what they say.

    Raises
    ------
    UserError
        It is missing, cannot be read, is longer than such a file is, or is not TOML.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_BYTES_MAX + 1)
        if len(content) > _BYTES_MAX:
            raise UserError(f"{path}: longer than {_BYTES_MAX:,} bytes; it should hold the {what}")
        return content, tomllib.loads(content.decode())
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; it holds the {what}") from None
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror or error}); it holds the {what}") from None
    except (ValueError, RecursionError) as error:
        reason = str(error) if isinstance(error, tomllib.TOMLDecodeError) else "no text, or numbers too large"
        raise UserError(f"{path}: not valid TOML: {reason}".replace("\n", " ")) from None
