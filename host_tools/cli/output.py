"""What commands that leave files share: ``--force``, and the note why documents stay as they are."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from host_tools.errors import UserError

Force = Annotated[
    bool,
    typer.Option("--force", help="Replace files there, whoever wrote them; else only own ones."),
]


#: Of commands that can replace the shipped model.
Yes = Annotated[
    bool,
    typer.Option("--yes", "--force", help="Do not ask: replace what is there, the shipped model, too."),
]


#: Said of figures of other data than the committed.
NO_DOCUMENT = "these figures change no document"


def ask(what: str, yes: bool) -> None:
    """Ask before something is replaced that took long to make; without a terminal, refuse.

    Raises
    ------
    UserError
        Nobody can be asked, or the answer is no.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise UserError(f"this replaces {what}; --yes allows it, --out FOLDER writes elsewhere")
    if not typer.confirm(f"This replaces {what}. Go on?", err=True):
        raise UserError("nothing was replaced; --out FOLDER writes elsewhere")


def figures_file(
    command: str,
    name: str,
    out: Path | None,
    *,
    force: bool,
    some: bool = False,
    databases: dict[str, Path] | None = None,
    folder: Path = Path("build"),
) -> tuple[Path, bool]:
    """Return where a command's figures go, and whether documents may show them; refuses before long work.

    Figures of ``some`` records, boards or rates, those that are wanted elsewhere (``out``) and those of other
    data than the committed ones never take the place of the whole's.

    Parameters
    ----------
    command, name : str
        The command, and the name of its file in ``build/``.
    out : Path, optional
        As the user's ``--out``.
    force : bool
        As the user's ``--force``.
    some : bool
        Not the whole protocol.
    databases : dict of str to Path, optional
        Folder of each database that the figures come from.
    folder : Path
        Where they go unless ``out`` says it.

    Raises
    ------
    UserError
        The file is there, and the command did not write it.
    """
    from host_tools.writing import claim_files
    from training.data import not_committed

    whole = out is None and not some
    if whole and (why := not_committed(databases or {})):
        print(f"{why}: {NO_DOCUMENT}")
        whole = False
    path = out or folder / (f"{name}.json" if whole else f"{name}-some.json")
    claim_files(command, [path], force=force)
    return path, whole
