"""``bitbeat boards``, ``firmware``, ``flash``, ``serial``, ``stop``, ``toolchains``, ``isa`` and ``hil``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from host_tools.cli.output import NO_DOCUMENT, Force, figures_file
from host_tools.cli.values import MOST_PROCESSES
from host_tools.data_folder import MITDB_DIR
from host_tools.errors import CheckFailed, UserError


def _known_boards(incomplete: str) -> list[str]:
    from host_tools.pio import environments

    return [name for name in environments() if name.startswith(incomplete)]


_Board = Annotated[
    str,
    typer.Argument(
        help="PlatformIO's environment; `bitbeat boards` lists them.", autocompletion=_known_boards
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (boards, firmware, flash, serial, stop, toolchains, isa, hil):
        app.command()(command)


def boards() -> None:
    """List the boards, emulated and real."""
    from rich.table import Table

    from host_tools.boards import board_names, load_board, running_boards
    from host_tools.pio import environments
    from host_tools.text import new_console

    ports = {board.board: board.url for board in running_boards()}
    table = Table("board", "what", "runs at")
    for name in environments():
        what = load_board(name).title if name in board_names() else "real board, PlatformIO's registry needed"
        table.add_row(name, what, ports.get(name, ""))
    new_console().print(table)


def firmware(
    board: _Board = "qemu_m4",
    trace: Annotated[bool, typer.Option("--trace", help="With the trace hook.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="Show what PlatformIO says.")] = False,
) -> None:
    """Build a board's firmware; say what flash and RAM it takes."""
    from host_tools.boards import ROOT
    from host_tools.pio import build_firmware

    image = build_firmware(board, "trace" if trace else "", verbose)
    print(
        f"{image.board}: flash {image.flash_bytes:,} of {image.flash_size_bytes:,} bytes, "
        f"RAM {image.ram_bytes:,} of {image.ram_size_bytes:,} bytes; {image.path.relative_to(ROOT)}"
    )


def flash(
    board: _Board = "qemu_m4",
    port: Annotated[str | None, typer.Option(help="Serial port of a real board.")] = None,
) -> None:
    """Build and flash a board; an emulated one is started.

    An emulated board's port is printed.
    """
    from host_tools.pio import upload_firmware

    print(upload_firmware(board, port))


def serial(
    board: _Board = "qemu_m4",
    port: Annotated[str | None, typer.Option(help="Port; that of the emulated board by default.")] = None,
) -> None:
    """Watch the raw bytes of a board's serial port.

    In PlatformIO's monitor; Ctrl-C ends it.
    """
    import os
    import sys

    from serial.tools.list_ports import comports

    from host_tools.boards import EMULATED, FIRMWARE, running_url
    from host_tools.pio import check_board, environment, pio_command, prepare_core

    prepare_core()
    check_board(board)
    url = port or running_url(board)
    if url is None and board in (*EMULATED, "host"):
        raise UserError(f"{board} does not run; `make flash BOARD={board}` starts it")
    if url is not None and "://" not in url and not Path(url).is_char_device():
        raise UserError(f"{url}: no serial port; `bitbeat ports` lists them")
    if url is None and not comports():
        raise UserError("no serial port found; connect the board, or give --port")
    if not sys.stdin.isatty():
        raise UserError("serial is for a terminal: its input must not come from a file or pipe")
    command = pio_command("device", "monitor", "-e", board, *(["-p", url] if url else []))
    os.chdir(FIRMWARE)
    os.execve(command[0], command, environment())


def stop(boards: Annotated[list[str] | None, typer.Argument(help="Boards; all by default.")] = None) -> None:
    """End the emulated boards that were started."""
    from host_tools.boards import load_board, stop_boards

    for name in boards or []:
        load_board(name)
    stopped = stop_boards(boards)
    print("stopped: " + ", ".join(board.board for board in stopped) if stopped else "no emulated board runs")


def toolchains() -> None:
    """Install the emulated boards' compilers and emulators (apt).

    For Debian and Ubuntu.
    """
    from host_tools.toolchains import TOOLS, install_toolchains, xtensa_llvm

    installed = install_toolchains()
    print("installed: " + ", ".join(installed) if installed else f"all {len(TOOLS)} programs are there")
    if xtensa_llvm() is None:
        print("no LLVM that knows Xtensa is to be had: the ESP32 check needs clang and llvm 20 or later")


def isa(
    board: Annotated[list[str] | None, typer.Option(help="Boards; all eight by default.")] = None,
    data: Annotated[Path, typer.Option(help="Folder of MIT-BIH records.")] = MITDB_DIR,
    out: Annotated[
        Path | None, typer.Option(help="Where the figures go; build/isa.json for all boards.")
    ] = None,
    at_once: Annotated[int, typer.Option(help="Boards that run at once.", min=1, max=MOST_PROCESSES)] = 2,
    force: Force = False,
) -> None:
    """Compare eight emulated instruction sets with the reference.

    README's table is written only from all boards on the committed mitdb, checked by SHA-256 sums.
    """
    from rich.table import Table

    from host_tools.isa import prove
    from host_tools.readme import DOCUMENTS, ISA, isa_markdown
    from host_tools.text import new_console
    from host_tools.writing import write_json

    out, whole = figures_file("isa", "isa", out, force=force, some=bool(board), databases={"mitdb": data})
    figures, differences = prove(board, data, at_once)
    write_json(out, figures)
    if whole:
        ISA.write(isa_markdown(figures["targets"]), DOCUMENTS)
    table = Table("board", "core", "beats", "values compared", "mismatches", "flash", "RAM")
    for name, entry in figures["targets"].items():
        counts = [
            f"{entry[key]:,}"
            for key in ("beats", "values_compared", "mismatches", "flash_bytes", "ram_bytes")
        ]
        table.add_row(name, entry["cpu"], *counts)
    console = new_console()
    console.print(table)
    console.print(f"ESP32 (LX6): {figures['esp32']['text']}", highlight=False, soft_wrap=True)
    console.print(f"register windows: {figures['windowed']['text']}", highlight=False, soft_wrap=True)
    console.print(f"{figures['seconds']:.0f} s; {out}", highlight=False)
    for difference in differences:
        console.print(difference, highlight=False)
    wrong = sum(entry["mismatches"] for entry in (*figures["targets"].values(), figures["windowed"]))
    if wrong:
        raise CheckFailed(f"{wrong} values differ from the reference; the first of each run is above")


def hil(
    records: Annotated[list[str] | None, typer.Argument(help="Records; all 48 by default.")] = None,
    board: Annotated[str, typer.Option(help="Emulated board.")] = "qemu_m4",
    data: Annotated[Path, typer.Option(help="Folder of MIT-BIH records.")] = MITDB_DIR,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder of the results; records found there are not run again; build/hil."),
    ] = None,
    at_once: Annotated[int, typer.Option(help="Boards that run at once.", min=1, max=MOST_PROCESSES)] = 2,
    force: Force = False,
) -> None:
    """Send whole records through an emulated board and compare.

    Resumes where it was.

    README's sentence is written only from all records of the committed mitdb, checked by SHA-256 sums.
    """
    from host_tools.hil import replay_all
    from host_tools.readme import DOCUMENTS, HIL, hil_markdown
    from host_tools.writing import claim_files, claim_folder
    from training.data import not_committed

    some = bool(records) or board != "qemu_m4" or out is not None
    why = "" if some else not_committed({"mitdb": data})
    out = out or Path("build/hil-some" if some or why else "build/hil")
    claim_folder("hil", out, force=force)
    claim_files("hil", [out.with_name(out.name + ".json")], force=force)
    total = replay_all(board, data, records, out, at_once)
    if why:
        print(f"{why}: {NO_DOCUMENT}")
    elif not some:
        HIL.write(hil_markdown(total), DOCUMENTS)
    print(
        f"{total['records']} records, {total['samples']:,} samples, {total['beats']:,} beats, "
        f"{total['values_compared']:,} values compared, {total['mismatches']:,} mismatches; {out}.json"
    )
    if total["mismatches"]:
        raise CheckFailed(
            f"{total['mismatches']} values differ from the reference: {', '.join(total['different'])}"
        )
