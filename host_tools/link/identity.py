"""Tells whether a device is the one that this host was made for, and if not, which of the two is old.

A hash alone has no age. The host therefore keeps ``export/hash_history.txt``: every spec and model hash
that was ever exported, oldest first, one ``spec XXXXXXXX`` or ``model XXXXXXXX`` per line. A device whose
hash stands there before the host's is old; one whose hash the host has never seen is newer than the host
(or was built from changed sources, which amounts to the same: this host does not know it).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from host_tools.errors import DeviceError
from host_tools.writing import renaming

from .messages import PROTOCOL_VERSION, Hello

HISTORY_FILE = Path(__file__).resolve().parents[2] / "export" / "hash_history.txt"


@dataclass(frozen=True)
class Identity:
    """What the host expects of a device; None where any value will do."""

    spec_hash: int | None
    model_hash: int | None


def expected_identity() -> Identity:
    """Return the hashes of this checkout's generated parameters and model."""
    from host_tools.reference.network import MODEL_HASH
    from host_tools.reference.params import SPEC_HASH

    return Identity(SPEC_HASH, MODEL_HASH)


def read_history(path: Path | None = None) -> dict[str, list[int]]:
    """Return the known hashes, oldest first, under ``spec`` and ``model``; empty without the file."""
    path = path or HISTORY_FILE
    known: dict[str, list[int]] = {"spec": [], "model": []}
    if path.is_file():
        for line in path.read_text().splitlines():
            kind, _, value = line.partition(" ")
            if kind in known:
                known[kind].append(int(value, 16))
    return known


def record_history(kind: str, value: int, path: Path | None = None) -> None:
    """Append a hash (``kind`` is spec or model) unless it is the newest of its kind already.

    A hash that comes back (a change undone) moves to the end: it is the current one again.
    """
    path = path or HISTORY_FILE
    known = read_history(path)
    if known[kind][-1:] == [value]:
        return
    lines = path.read_text().splitlines() if path.is_file() else []
    entry = f"{kind} {value:08x}"
    lines = [line for line in lines if line != entry] + [entry]
    with renaming(path) as aside:
        aside.write_text("\n".join(lines) + "\n")


def check_identity(
    url: str, hello: Hello, expected: Identity, history: dict[str, list[int]] | None = None
) -> None:
    """Refuse a device that does not match.

    Raises
    ------
    DeviceError
        Another protocol, specification or model; one line that says which side is old.
    """
    if hello.protocol != PROTOCOL_VERSION:
        device_is_old = hello.protocol < PROTOCOL_VERSION
        raise DeviceError(
            f"{url}: the device speaks protocol {hello.protocol}, this host {PROTOCOL_VERSION}: "
            + _advice(device_is_old)
        )
    known = read_history() if history is None else history
    for kind, name, theirs, ours in (
        ("spec", "specification", hello.spec_hash, expected.spec_hash),
        ("model", "model", hello.model_hash, expected.model_hash),
    ):
        if ours is not None and theirs != ours:
            raise DeviceError(
                f"{url}: the device has {name} {theirs:08x}, this host {ours:08x}: "
                + (_advice(theirs in known[kind]) if ours in known[kind] else _UNTOLD)
            )


#: The history lacks the host's own hash: its generated files were changed by hand, or never recorded.
_UNTOLD = "one of the two is old: flash the device from here, or update this host"


def _advice(device_is_old: bool) -> str:
    if device_is_old:
        return "the device is old, flash it again (`make firmware flash`)"
    return "this host is old (it has never seen the device's), update it or flash the device from here"
