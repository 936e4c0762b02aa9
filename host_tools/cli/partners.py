"""Options that mean nothing without another one, and options that shut each other out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import typer

from host_tools.errors import UserError

#: Command: an option, and what it goes with: one of these must be there, too.
NEEDS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "replay": {"strips": ("plot",), "baud": ("port",)},
    "emulator": {"lead": ("live",), "speed": ("live",), "loop": ("live",)},
    "monitor": {
        "source": ("use_emulator",),
        "speed": ("use_emulator",),
        "name": ("record",),
        "force": ("record",),
        "reconnect": ("port",),
        "baud": ("port",),
    },
    "faults": {"delay_s": ("delay",), "disconnect_s": ("disconnect_after",), "baud": ("port",)},
    "explain": {"lead": ("record",), "fs": ("record",), "gain": ("record",), "unit": ("record",)},
    "evaluate": {"data_dir": ("ds2",)},
}
#: Command: options of which one at most makes sense.
EXCLUDES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "replay": (("port", "use_emulator"),),
    "monitor": (("port", "use_emulator"),),
    "faults": (("port", "use_emulator"),),
    "envelope": (
        ("cell", "kind"),
        ("cell", "quick"),
        ("cell", "wrong"),
        ("cell", "detectors"),
        ("cell", "processes"),
        ("detectors", "wrong"),
        ("detectors", "out"),
    ),
}


def check_partners(ctx: typer.Context) -> None:
    """Refuse options that would be ignored.

    Raises
    ------
    UserError
        An option stands on the command line without its partner, or with one that shuts it out.
    """
    command = ctx.command.name or ""
    written = {param.name: _written(param) for param in ctx.command.params}
    given = {name for name in written if _is_given(ctx, name)}
    for one, other in EXCLUDES.get(command, ()):
        if {one, other} <= given:
            raise UserError(f"give {written[one]} or {written[other]}, not both")
    for option, partners in NEEDS.get(command, {}).items():
        if option in given and not given & set(partners):
            wanted = " or ".join(written[partner] for partner in partners)
            raise UserError(f"{written[option]} means nothing without {wanted}")


def _is_given(ctx: typer.Context, name: str) -> bool:
    source = ctx.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def _written(param: Any) -> str:
    """How a user writes a parameter."""
    return str(param.opts[0]) if param.param_type_name == "option" else str(param.name).upper()
