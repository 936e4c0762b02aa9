"""``bitbeat``: the one command in front of everything; each module beside this one adds a group."""

from __future__ import annotations

import importlib
import sys
from io import TextIOWrapper
from typing import TextIO, cast

import typer

from host_tools.errors import BitBeatError
from host_tools.text import PlainStream, printable

#: Modules that add commands, in the order of the help text.
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
    help="ECG arrhythmia detection from MIT-BIH to microcontroller, equal to the last bit. "
    "A research and engineering tool, not a medical device.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _register() -> None:
    for name in GROUPS:
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
        code = app(standalone_mode=False)
    except BitBeatError as error:
        print(f"bitbeat: {printable(error, longest=None)}", file=sys.stderr)
        code = error.exit_code
    except typer.TyperException as error:
        print(
            f"bitbeat: {printable(error.format_message(), longest=None)} (see: bitbeat --help)",
            file=sys.stderr,
        )
        code = 2
    except (KeyboardInterrupt, typer.Abort):
        print("bitbeat: interrupted", file=sys.stderr)
        code = 130
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] in ("host_tools", "training", "export"):
            raise
        print(
            f"bitbeat: the Python package {error.name} is not installed; "
            "`bitbeat doctor` says which extra brings it",
            file=sys.stderr,
        )
        code = 2
    sys.exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    run()
