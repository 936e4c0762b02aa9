"""MIT-BIH records at their own rate, in the chain's unit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from host_tools.errors import UserError


def record_names(folder: Path, wanted: list[str] | None = None) -> list[str]:
    """Names of the records in ``folder``, or those ``wanted``.

    Raises
    ------
    UserError
        If the folder or a wanted record is missing.
    """
    names = sorted(path.stem for path in folder.glob("*.hea")) if folder.is_dir() else []
    if not names:
        raise UserError(f"{folder}: no records there; `make data` brings them")
    missing = sorted(set(wanted or []) - set(names))
    if missing:
        raise UserError(f"{folder}: no record {', '.join(missing)}; there are {names[0]} to {names[-1]}")
    return wanted or names


def record_samples(folder: Path, name: str, lead: str | None = None) -> npt.NDArray[np.int16]:
    """Samples of a record's lead (MLII where present, else the first), int16 [n], adu at the chain's rate."""
    from host_tools.records import read_record

    return read_record(folder / name, lead=lead, reference="none").samples
