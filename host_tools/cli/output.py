"""What commands that leave files share: ``--force``, and the note why documents stay as they are."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

Force = Annotated[
    bool,
    typer.Option("--force", help="Replace files there, whoever wrote them; else only own ones."),
]

#: For the help of commands that write tables of README or docs.
DOCUMENTS_NOTE = "Documents are written only of the whole, on the committed data (checked by SHA-256)."


def figures_file(
    command: str,
    name: str,
    out: Path | None,
    *,
    force: bool,
    some: bool = False,
    databases: dict[str, Path] | None = None,
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

    Raises
    ------
    UserError
        The file is there, and the command did not write it.
    """
    from host_tools.writing import claim_files
    from training.data import not_committed

    whole = out is None and not some
    if whole and (why := not_committed(databases or {})):
        print(f"bitbeat: {why}: these figures change no document", file=sys.stderr)
        whole = False
    path = out or Path("build") / (f"{name}.json" if whole else f"{name}-some.json")
    claim_files(command, [path], force=force)
    return path, whole
