"""``bitbeat doctor``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from host_tools.doctor import Diagnosis, Item


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("doctor")(doctor)


def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Say what is installed, what is missing, and how to get it."""
    import dataclasses
    import json

    from host_tools.doctor import diagnose

    found = diagnose()
    if as_json:
        print(json.dumps(dataclasses.asdict(found), indent=1))
        return
    from host_tools.text import new_console

    console = new_console()
    _print_environment(found, console)
    _print_commands(found, console)


def _table(title: str, *columns: str) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(title=title, title_justify="left", title_style="bold", box=box.ROUNDED, border_style="dim")
    table.add_column("", no_wrap=True)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _mark(ok: bool) -> Text:
    from rich.text import Text

    return Text("✓", "green") if ok else Text("✗", "red")


def _print_environment(found: Diagnosis, console: Console) -> None:
    table = _table("Installed", "what", "wanted", "found")
    _add_rows(table, [found.python, *found.tools], "")
    for extra, items in found.extras.items():
        table.add_section()
        _add_rows(table, items, extra)
    table.add_section()
    _add_rows(table, found.data, "data")
    console.print(table)


def _add_rows(table: Table, items: Iterable[Item], group: str) -> None:
    from rich.text import Text

    for item in items:
        what = Text.assemble(item.name, (f" ({group})" if group else "", "dim"))
        table.add_row(_mark(item.ok), what, item.wanted, item.found or Text("not found", "red"))


def _print_commands(found: Diagnosis, console: Console) -> None:
    table = _table("Commands", "command", "missing")
    from rich.text import Text

    for command in found.commands:
        missing = ", ".join(command.missing) if command.missing else Text("ready", "dim")
        table.add_row(_mark(command.ok), command.name, missing)
    console.print(table)
    get: dict[str, list[str]] = {}
    for command in found.commands:
        for how in command.get:
            get.setdefault(how, []).append(command.name)
    for how, names in get.items():
        console.print(f"for {', '.join(names)}:", highlight=False)
        # In one piece, to be copied: not wrapped, no markup ([train] is none).
        console.print(f"  {how}", style="bold", highlight=False, markup=False, soft_wrap=True)
