"""``bitbeat replay``, ``bitbeat ports`` and ``bitbeat emulator``."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from host_tools.cli.output import Force
from host_tools.cli.values import FASTEST_BAUD, SLOWEST_BAUD

if TYPE_CHECKING:
    from rich.console import Console

    from host_tools.link.run import Progress as OnProgress
    from host_tools.records import EcgRecord
    from host_tools.replay import Replay

#: The progress line is drawn anew this often, seconds.
_DRAW_EVERY_S = 0.1


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("replay")(replay)
    app.command("ports")(ports)
    app.command("emulator")(emulator)


def replay(
    record: Annotated[str, typer.Argument(help="WFDB record (path, or a name such as 100), or a CSV file.")],
    port: Annotated[
        str | None, typer.Option(help="Any pyserial URL: /dev/ttyUSB0, socket://host:port ...")
    ] = None,
    use_emulator: Annotated[
        bool, typer.Option("--emulator", help="Start an emulated device for it.")
    ] = False,
    lead: Annotated[
        str | None, typer.Option(help="Lead by name or number from 0; else MLII or what looks like an ECG.")
    ] = None,
    begin: Annotated[str | None, typer.Option("--from", help="Seconds, mm:ss, hh:mm:ss, or s1234.")] = None,
    end: Annotated[str | None, typer.Option("--to", help="As --from; to the end by default.")] = None,
    baud: Annotated[
        int, typer.Option(help="Bits per second of a real port.", min=SLOWEST_BAUD, max=FASTEST_BAUD)
    ] = 115200,
    speed: Annotated[str, typer.Option(help="max, real, or a multiple of real time.")] = "max",
    fs: Annotated[float | None, typer.Option(help="CSV: sampling rate, Hz; else the file's own.")] = None,
    gain: Annotated[float | None, typer.Option(help="CSV with --unit adu: units per mV.")] = None,
    unit: Annotated[str | None, typer.Option(help="CSV: mV, uV, V, adu; else the file's own, or mV.")] = None,
    reference: Annotated[
        str | None, typer.Option(help="Suffix of the annotations to compare with, or none; atr if there.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for annotations, CSV, JSON and plots.")] = Path(
        "build/replay"
    ),
    plot: Annotated[bool, typer.Option("--plot", help="Draw ECG-paper strips around the events.")] = False,
    strips: Annotated[int, typer.Option(help="Strips in the plot at most.", min=1)] = 8,
    force: Force = False,
) -> None:
    """Stream a record through a device; write and sum up its beats.

    Without --port the emulated device is taken.
    """
    from host_tools.records import read_record
    from host_tools.replay import parse_speed, result_stem
    from host_tools.text import new_console
    from host_tools.writing import claim_folder

    factor = parse_speed(speed)
    claim_folder("replay", out, force=force, inputs=[Path(record)])
    console = new_console()
    source = read_record(
        record, lead=lead, begin=begin, end=end, fs_hz=fs, gain=gain, unit=unit, reference=reference
    )
    result_stem(source, out, plot)  # what may not be replaced is refused before the streaming
    _print_source(source, console)
    if port is None and not use_emulator:
        console.print("no --port: through the emulated device", highlight=False)
    done = _stream(source, port, baud, factor, console)
    _print_link(done, console)
    files = report(done, out, f"{source.name}, lead {source.lead}", console, strips if plot else 0)
    console.print("written: " + ", ".join(str(path) for path in files), highlight=False, soft_wrap=True)


def ports() -> None:
    """List the serial ports."""
    from rich.table import Table
    from serial.tools.list_ports import comports

    from host_tools.text import new_console

    found = sorted(comports())
    if not found:
        print("no serial ports found; `bitbeat emulator` starts an emulated device and prints its port")
        return
    table = Table("port", "what", "hardware")
    for info in found:
        table.add_row(info.device, info.description or "", info.hwid or "")
    new_console().print(table)


def emulator(
    port: Annotated[int, typer.Option(help="TCP port; 0 = any free one.", min=0, max=65535)] = 0,
    once: Annotated[bool, typer.Option("--once", help="End with the first client.")] = False,
    trace: Annotated[bool, typer.Option("--trace", help="Build with the trace hook.")] = False,
    live: Annotated[
        str | None, typer.Option(metavar="RECORD", help="Give it an ADC that sees this record: live mode.")
    ] = None,
    lead: Annotated[str | None, typer.Option(help="With --live: lead by name or number.")] = None,
    speed: Annotated[str, typer.Option(help="With --live: real, max, or a multiple of real time.")] = "real",
    loop: Annotated[bool, typer.Option("--loop", help="With --live: the record again and again.")] = False,
) -> None:
    """Run the firmware on this machine, its serial port on TCP.

    It prints its port and goes on until it is interrupted.
    """
    from host_tools.build import build_emulator

    options = [] if live is None else _live_options(live, lead, speed, loop)
    program = build_emulator(trace=trace)
    sys.stdout.flush()
    os.execv(program, [str(program), "--port", str(port), "--once" if once else "--keep", *options])


def _live_options(record: str, lead: str | None, speed: str, loop: bool) -> list[str]:
    import math

    from host_tools.emulator import live_options
    from host_tools.records import read_record
    from host_tools.replay import parse_speed

    factor = parse_speed(speed)
    samples = read_record(record, lead=lead, reference="none").samples
    return live_options(samples, 0.0 if math.isinf(factor) else factor, loop)


def _print_source(source: EcgRecord, console: Console) -> None:
    stretch = f"{source.duration_s:.1f} s at {source.fs_hz:g} Hz"
    console.print(f"{source.name}, lead {source.lead}: {stretch}", highlight=False)
    for note in source.notes:
        console.print(f"  {note}", highlight=False)


def _stream(source: EcgRecord, port: str | None, baud: int, speed: float, console: Console) -> Replay:
    from host_tools.emulator import Emulator
    from host_tools.link.device import Device
    from host_tools.replay import replay as run_replay

    with contextlib.ExitStack() as stack:
        url = port or stack.enter_context(Emulator()).url
        device = stack.enter_context(Device(url, baud=baud))
        hello = device.hello
        console.print(
            f"{url}: engine {hello.engine}, spec {hello.spec_hash:08x}, model {hello.model_hash:08x}",
            highlight=False,
        )
        on_progress = stack.enter_context(live_progress(console, source.spec_fs_hz))
        return run_replay(source, device, speed=speed, on_progress=on_progress)


@contextlib.contextmanager
def live_progress(console: Console, fs_hz: int) -> Iterator[OnProgress]:
    """Show a bar with beats so far and the multiple of real time; nothing where there is no terminal."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.percentage:>3.0f}%"),
        BarColumn(),
        TextColumn("{task.fields[beats]} beats  {task.fields[speed]:.0f}x real time"),
        TimeRemainingColumn(),
    )
    begun_s = time.monotonic()
    drawn_s = begun_s - _DRAW_EVERY_S
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=None, beats=0, speed=0.0)

        def on_progress(done: int, total: int, beats: int) -> None:
            nonlocal drawn_s
            now_s = time.monotonic()
            if now_s - drawn_s < _DRAW_EVERY_S and done < total:
                return
            drawn_s = now_s
            speed = done / fs_hz / max(now_s - begun_s, 1e-3)
            bar.update(task, completed=done, total=total, beats=beats, speed=speed)

        yield on_progress


def _print_link(done: Replay, console: Console) -> None:
    report = done.report
    console.print(
        f"{len(done.beats)} beats in {done.elapsed_s:.2f} s, {done.x_realtime:.0f} times real time",
        highlight=False,
    )
    if report.repairs:
        first = report.repairs[0]
        console.print(
            f"link: {len(report.repairs)} repairs, none left a gap; the first: {first.what} at sample "
            f"{first.sample} ({report.bad_frames} damaged and {report.lost_frames} lost frames, "
            f"{report.reconnects} reconnects, {report.restarts} device resets)",
            highlight=False,
        )


def report(done: Replay, out: Path, title: str, console: Console, strips: int = 8) -> list[Path]:
    """Write and print what a replay found, plotted in at most ``strips`` strips (0 = no plot); the files."""
    from host_tools.replay import write_results
    from host_tools.summary import print_summary, summarise

    source = done.record
    beats = done.input_beats()
    summary = summarise(
        beats,
        source.spec_fs_hz,
        len(source.samples),
        source.reference,
        samples=source.samples,
        conditions=done.conditions,
        rails=source.rails,
    )
    files = write_results(done, out, summary)
    if strips:
        from host_tools.plots import plot_strips

        picture = plot_strips(
            source.samples,
            source.spec_fs_hz,
            beats,
            out / f"{files[0].stem}.png",
            title=title,
            reference=source.reference,
            max_strips=strips,
            conditions=done.conditions,
            rails=source.rails,
        )
        files.append(picture)
    print_summary(summary, console)
    return files
