"""How commands and their help look: topics, readable values, usage as in a manual."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

import typer
from typer.core import TyperCommand, TyperGroup

from host_tools.cli.partners import check_partners
from host_tools.cli.topics import write_topics
from host_tools.errors import UserError

#: How the value of a parameter of this name is called, where its type says too little.
_VALUES = {
    "port": "URL",
    "begin": "TIME",
    "end": "TIME",
    "start": "TIME",
    "beat": "BEAT",
    "lead": "LEAD",
    "unit": "UNIT",
    "speed": "SPEED",
    "board": "BOARD",
    "boards": "BOARD",
    "record": "RECORD",
    "records": "RECORD",
    "live": "RECORD",
    "source": "RECORD",
    "reference": "SUFFIX",
    "ref_annotator": "SUFFIX",
    "test_annotator": "SUFFIX",
    "mapping": "MAPPING",
    "protocol": "PROTOCOL",
    "targets": "TARGET",
    "name": "NAME",
    "only": "NAME",
    "noise": "HALF",
    "kind": "KIND",
}
_NUMBERS = {"fs": "HZ", "rate": "HZ", "seconds": "S", "delay_s": "S", "disconnect_s": "S", "window": "MS"}
_FOLDERS = ("data", "data_dir")


class Command(TyperCommand):
    """A command whose help names its values, and which refuses options that it would ignore."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        for param in self.params:
            if param.metavar is None and not getattr(param, "is_flag", False):
                param.metavar = _value(param)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the command line; an empty word, such as of a variable that is not set, is refused."""
        for before, word in zip(["", *args], args, strict=False):
            if not word or (word.startswith("--") and word.endswith("=")):
                name = word.removesuffix("=") or (before if before.startswith("-") else "")
                raise UserError(f"{name}: its value is empty" if name else "one of the arguments is empty")
        return list(super().parse_args(ctx, args))

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Return the usage line after the command's name: ``[OPTIONS] RECORD``."""
        pieces = [self.options_metavar] if self.options_metavar else []
        for param in self.get_params(ctx):
            if param.param_type_name == "argument":
                pieces.append(_argument(param) if param.required else f"[{_argument(param)}]")
        return pieces

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write arguments and options."""
        rows: dict[str, list[tuple[str, str]]] = {"Arguments": [], "Options": []}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is None:
                continue
            if param.param_type_name == "argument":
                rows["Arguments"].append((_argument(param), _ranges(record[1])))
            else:
                rows["Options"].append((record[0], _ranges(record[1])))
        for title, lines in rows.items():
            if lines:
                with formatter.section(title):
                    formatter.write_dl(lines)

    def invoke(self, ctx: Any) -> Any:
        """Run the command, unless an option would be ignored."""
        check_partners(ctx)
        return super().invoke(ctx)


class Group(TyperGroup):
    """All commands, listed by topic."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the list of commands."""
        shown = {name: self.commands[name] for name in self.list_commands(ctx)}
        write_topics(formatter, {name: command for name, command in shown.items() if not command.hidden})


def _argument(param: Any) -> str:
    return f"{param.metavar}..." if param.nargs != 1 else str(param.metavar)


def _ranges(text: str) -> str:
    """Say ranges in words."""
    text = re.sub(r"([-\d.]+)<=x<=([-\d.]+)", r"\1 to \2", text)
    return re.sub(r"x<=([-\d.]+)", r"at most \1", re.sub(r"x>=([-\d.]+)", r"at least \1", text))


def _value(param: Any) -> str:
    """Name what a parameter takes."""
    kind = param.type_descriptor.annotation
    kind = get_args(kind)[0] if get_args(kind) else kind
    if kind is Path:
        help_text = param.help or ""
        if param.name in _FOLDERS or help_text.startswith("Folder"):
            return "FOLDER"
        return "PATH" if "folder" in help_text else "FILE"
    if kind is str:
        return _VALUES.get(param.name, "TEXT")
    return _NUMBERS.get(param.name, "N" if kind is int else "NUMBER")


def shape(app: typer.Typer) -> Any:
    """Return the application's command, its commands and help as described here."""
    for info in app.registered_commands:
        info.cls = Command
    return typer.main.get_command(app)
