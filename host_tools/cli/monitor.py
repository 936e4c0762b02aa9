"""``bitbeat monitor``."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from host_tools.cli.output import Force
from host_tools.cli.values import FASTEST_BAUD, SLOWEST_BAUD
from host_tools.errors import UserError

if TYPE_CHECKING:
    from rich.console import Console

    from host_tools.emulator import Emulator
    from host_tools.link.live import LiveUpdate
    from host_tools.monitor import Feed, Picture, Recording

#: A lost port may stay away for so long by default, seconds.
_RECONNECT_S = 30.0
#: The picture is drawn no oftener than this, seconds.
_DRAW_EVERY_S = 0.1


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("monitor")(monitor)


def monitor(
    port: Annotated[
        str | None, typer.Option(help="Any pyserial URL: /dev/ttyUSB0, socket://host:port ...")
    ] = None,
    use_emulator: Annotated[
        bool, typer.Option("--emulator", help="Start an emulated device with an ADC for it.")
    ] = False,
    source: Annotated[
        str | None, typer.Option(help="With --emulator: record that its ADC sees; the demo's by default.")
    ] = None,
    record: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Record samples and beats there, as WFDB.")
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="With --record: the record's name; date and time by default.")
    ] = None,
    force: Force = False,
    seconds: Annotated[float | None, typer.Option(help="End after so many seconds of signal.", min=0)] = None,
    speed: Annotated[
        str | None, typer.Option(help="With --emulator: real (default), max, or a multiple.")
    ] = None,
    reconnect: Annotated[
        float | None,
        typer.Option(metavar="S", help="With --port: wait so long for a lost port; 30 by default.", min=0),
    ] = None,
    baud: Annotated[
        int, typer.Option(help="Bits per second of a real port.", min=SLOWEST_BAUD, max=FASTEST_BAUD)
    ] = 115200,
) -> None:
    """Watch a device's live ECG: wave, rate, beats, quality.

    Ctrl-C ends it.
    """
    from host_tools.monitor import Feed, Picture, Recording, run_monitor
    from host_tools.text import new_console

    if use_emulator == (port is not None):
        raise UserError("give either --port URL or --emulator (`bitbeat ports` lists the serial ports)")
    record_name = _record_name(name)
    console = new_console()
    picture = Picture()
    with contextlib.ExitStack() as stack:
        interrupted = stack.enter_context(_interruptible())
        recording = None if record is None else Recording(record, record_name, force=force)
        feed: Feed | None = None
        try:
            url = port or stack.enter_context(_emulator(source, speed or "real")).url
            wait_s = 0.0 if port is None else _RECONNECT_S if reconnect is None else reconnect
            feed = stack.enter_context(
                Feed(
                    url,
                    baud=baud,
                    limit=None if seconds is None else round(seconds * _rate_hz()),
                    reconnect_s=wait_s,
                    on_lost=lambda: setattr(picture, "connected", False),
                    on_back=picture.restart,
                )
            )
            console.print(f"{url}: engine {feed.hello.engine}; Ctrl-C ends", highlight=False)
            with _view(console, picture) as show:

                def on_update(update: LiveUpdate) -> None:
                    lines = picture.take(update)
                    if recording is not None:
                        recording.take(update)
                    show(lines)

                run_monitor(feed, on_update=on_update, stop=interrupted)
        finally:  # also what came before the device was lost
            if recording is not None:
                _finish(recording, feed, console)
    _print_end(picture, console)


def _rate_hz() -> int:
    from host_tools.reference.params import FS_HZ

    return FS_HZ


def _record_name(name: str | None) -> str:
    if name is None:
        return time.strftime("live_%Y%m%d_%H%M%S")
    if not name or not all(c.isascii() and (c.isalnum() or c in "-_") for c in name):
        raise UserError(f"--name {name}: letters, digits, - and _ only, as WFDB wants it")
    return name


def _emulator(source: str | None, speed: str) -> Emulator:
    from host_tools.emulator import Emulator
    from host_tools.records import read_record
    from host_tools.replay import parse_speed

    factor = parse_speed(speed)
    if source is None:
        from host_tools.example import example_record

        samples = example_record().samples
    else:
        samples = read_record(source, reference="none").samples
    return Emulator(live=samples, speed=0.0 if math.isinf(factor) else factor, loop=True)


@contextlib.contextmanager
def _interruptible() -> Iterator[Callable[[], bool]]:
    """Turn Ctrl-C into a question that the loop asks, so that it ends between two turns."""
    import signal

    pressed = 0

    def on_signal(number: int, frame: object) -> None:
        nonlocal pressed
        pressed += 1
        if pressed > 1:  # the end itself hangs: give up at once
            raise KeyboardInterrupt

    # SIGHUP, where there is one: the terminal's window was closed.
    numbers = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {number: signal.signal(number, on_signal) for number in numbers}
    try:
        yield lambda: pressed > 0
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _view(console: Console, picture: Picture) -> Iterator[Callable[[list[str]], None]]:
    """Show updates: a live picture in a terminal, else a line for each beat and each change of what holds."""
    if not console.is_terminal:
        connected = True

        def show_lines(lines: list[str]) -> None:
            nonlocal connected
            if picture.connected != connected:
                connected = picture.connected
                print("port open again" if connected else "port lost, opening it again", flush=True)
            for line in lines:
                print(line, flush=True)

        yield show_lines
        return
    from rich.live import Live

    from host_tools.monitor import render

    drawn_s = 0.0
    with Live(console=console, auto_refresh=False, transient=True) as live:

        def draw(lines: list[str]) -> None:
            nonlocal drawn_s
            now_s = time.monotonic()
            if now_s - drawn_s >= _DRAW_EVERY_S:
                drawn_s = now_s
                live.update(render(picture, console.width, console.height), refresh=True)

        yield draw


def _finish(recording: Recording, feed: Feed | None, console: Console) -> None:
    """Write the record's last words, whatever ended the session."""
    from host_tools.summary import print_summary

    files, summary = recording.close(feed.hello._asdict() if feed is not None else {})
    if summary is not None:
        print_summary(summary, console)
    if files:
        console.print("written: " + ", ".join(map(str, files)), highlight=False, soft_wrap=True)
    elif feed is not None:
        console.print("nothing was recorded: no samples came", highlight=False)


def _print_end(picture: Picture, console: Console) -> None:
    from host_tools.monitor import status_line

    console.print(status_line(picture), highlight=False, soft_wrap=True)
