"""``bitbeat``: the one command in front of everything; each module beside this one adds a group."""

from __future__ import annotations

import importlib
import os
import sys
from io import TextIOWrapper
from typing import Annotated, TextIO, cast

import typer

from host_tools.cli.shape import Group, shape
from host_tools.errors import BitBeatError
from host_tools.text import PlainStream, printable

#: Modules that add commands; `host_tools.cli.topics` has the order of the help text.
GROUPS = (
    "demo",
    "replay",
    "monitor",
    "boards",
    "train",
    "detector",
    "export",
    "parity",
    "score",
    "jitter",
    "envelope",
    "engines",
    "bench",
    "faults",
    "explain",
    "noise",
    "doctor",
)

app = typer.Typer(
    name="bitbeat",
    cls=Group,
    help="ECG arrhythmia detection from MIT-BIH to microcontroller, equal to the last bit. "
    "A research and engineering tool, not a medical device.",
    epilog="bitbeat COMMAND --help says more about each. --install-completion teaches your shell its names.",
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(_version())
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            help="Print version, commit, and what is compiled in.",
            callback=_print_version,
            is_eager=True,
        ),
    ] = False,
) -> None:
    pass


def _version() -> str:
    """Return what a report of an error should begin with."""
    import tomllib

    from host_tools.build import ROOT
    from host_tools.commit import commit
    from host_tools.reference.network import MODEL_HASH
    from host_tools.reference.params import SPEC_HASH

    number = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    return f"bitbeat {number}, commit {commit()}, spec {SPEC_HASH:08x}, model {MODEL_HASH:08x}"


def _register() -> None:
    for name in () if app.registered_commands else GROUPS:  # once, however often a process runs
        importlib.import_module(f"host_tools.cli.{name}").register(app)


def run() -> None:
    """Run the command line; an error that a user can mend is one line and an exit code."""
    _register()
    if isinstance(sys.stdout, TextIOWrapper):
        # A terminal may have no dash, and not every letter of a record's name: it shows a question mark.
        sys.stdout.reconfigure(errors="replace")
        sys.stdout = cast(TextIO, PlainStream(sys.stdout))
    if isinstance(sys.stderr, TextIOWrapper):
        sys.stderr = cast(TextIO, PlainStream(sys.stderr))
    try:
        code = shape(app)(sys.argv[1:] or ["--help"], prog_name="bitbeat", standalone_mode=False)
    except BitBeatError as error:
        code = _refuse(str(error), error.exit_code)
    except typer.TyperException as error:
        at = getattr(error, "ctx", None)
        code = _refuse(f"{error.format_message()} (see: {at.command_path if at else 'bitbeat'} --help)")
    except (KeyboardInterrupt, typer.Abort):
        code = _refuse("interrupted", 130)
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] in ("host_tools", "training", "export"):
            raise
        code = _refuse(
            f"the Python package {error.name} is not installed; `bitbeat doctor` says which extra brings it"
        )
    except OSError as error:
        # What a command did not foresee of files, folders and disks is the user's to mend all the same.
        where = f"{os.fsdecode(error.filename)}: " if isinstance(error.filename, str | bytes) else ""
        code = _refuse(f"{where}{error.strerror or error}")
    except MemoryError:
        code = _refuse("not enough memory for this")
    sys.exit(code if isinstance(code, int) else 0)


def _refuse(why: str, code: int = 2) -> int:
    """Say in one line why a command ended; return its exit code."""
    print(f"bitbeat: {printable(why, longest=None)}", file=sys.stderr)
    return code


if __name__ == "__main__":
    run()
