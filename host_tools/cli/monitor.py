"""``bitbeat monitor``."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from host_tools.errors import UserError

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from host_tools.emulator import Emulator
    from host_tools.link.live import LiveUpdate
    from host_tools.monitor import Picture

#: Lines of the picture, characters.
_WAVE_ROWS = 10


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
    name: Annotated[str | None, typer.Option(help="Name of the record; date and time by default.")] = None,
    seconds: Annotated[float | None, typer.Option(help="End after so many seconds of signal.", min=0)] = None,
    speed: Annotated[str, typer.Option(help="With --emulator: real, max, or a multiple.")] = "real",
    baud: Annotated[int, typer.Option(help="Bits per second of a real port.", min=300)] = 115200,
) -> None:
    """Watch a device's live ECG: wave, rate, beats, quality.

    Ctrl-C ends it.
    """
    from host_tools.link.device import Device
    from host_tools.link.live import LiveSession
    from host_tools.monitor import Picture, Recording, run_monitor
    from host_tools.text import new_console

    if use_emulator == (port is not None):
        raise UserError("give either --port URL or --emulator (`bitbeat ports` lists the serial ports)")
    record_name = _record_name(name)
    console = new_console()
    picture, recording = Picture(), Recording()
    with contextlib.ExitStack() as stack:
        url = port or stack.enter_context(_emulator(source, speed)).url
        device = stack.enter_context(Device(url, baud=baud))
        session = LiveSession(device, step=1)
        console.print(f"{url}: engine {device.hello.engine}; Ctrl-C ends", highlight=False)
        try:
            with _interruptible() as interrupted, _view(console, picture) as show:

                def on_update(update: LiveUpdate) -> None:
                    picture.take(update)
                    recording.take(update)
                    show(update)

                def stop() -> bool:
                    enough = seconds is not None and picture.next_sample >= seconds * _rate_hz()
                    return interrupted() or enough

                run_monitor(session, on_update=on_update, stop=stop)
        finally:  # also what came before the device was lost
            if record is not None and recording.length:
                files = recording.write(record, record_name, device.hello._asdict())
                console.print("written: " + ", ".join(map(str, files)), highlight=False, soft_wrap=True)
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

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: pressed > 0
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _view(console: Console, picture: Picture) -> Iterator[Callable[[LiveUpdate], None]]:
    """Show updates: a live picture in a terminal, else one line for each beat."""
    from host_tools.monitor import beat_line

    if not console.is_terminal:

        def lines(update: LiveUpdate) -> None:
            for beat in update.beats:
                print(beat_line(beat[0]), flush=True)

        yield lines
        return
    from rich.live import Live

    with Live(console=console, auto_refresh=False, transient=True) as live:
        yield lambda update: live.update(_render(console, picture), refresh=True)


def _render(console: Console, picture: Picture) -> RenderableType:
    from rich.console import Group
    from rich.panel import Panel
    from rich.text import Text

    from host_tools.monitor import VIEW_S, beat_line, braille_wave, status_line

    rate = picture.heart_rate_bpm
    wave = "\n".join(braille_wave(picture.window, max(console.width - 4, 20), _WAVE_ROWS))
    title = f"{'--' if math.isnan(rate) else f'{rate:.0f}'} bpm   {picture.quality}"
    beats = Text()
    for beat in picture.beats:
        style = {0: "", 1: "yellow", 2: "bold red", 3: "magenta"}[int(beat["aami_class"])]
        beats.append(beat_line(beat) + "\n", style=style)
    style = "red" if picture.lead_off else "green"
    return Group(
        Panel(Text(wave, style=style, no_wrap=True), title=title, subtitle=f"{VIEW_S:g} s"),
        beats,
        Text(status_line(picture), style="dim"),
    )


def _print_end(picture: Picture, console: Console) -> None:
    from host_tools.monitor import status_line

    console.print(status_line(picture), highlight=False, soft_wrap=True)
