"""``bitbeat faults`` and ``bitbeat fuzz``."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Annotated

import typer

from host_tools.cli.output import Force
from host_tools.cli.values import FASTEST_BAUD, SLOWEST_BAUD
from host_tools.errors import CheckFailed, UserError

_Rate = Annotated[float, typer.Option(help="Share of the frames, 0 to 1.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(faults)
    app.command()(fuzz)


def faults(
    port: Annotated[str | None, typer.Option(help="The device's port, any pyserial URL.")] = None,
    use_emulator: Annotated[
        bool, typer.Option("--emulator", help="Start an emulated device for it.")
    ] = False,
    drop: _Rate = 0.0,
    duplicate: _Rate = 0.0,
    flip: _Rate = 0.0,
    garbage: _Rate = 0.0,
    split: _Rate = 0.0,
    delay: _Rate = 0.0,
    delay_s: Annotated[float, typer.Option(help="How long a delay is, seconds.", min=0, max=3600)] = 0.3,
    disconnect_after: Annotated[
        list[int] | None, typer.Option(help="Hang up after so many frames from the host; can be repeated.")
    ] = None,
    disconnect_s: Annotated[
        float, typer.Option(help="Nobody answers for so long then, seconds.", min=0, max=86400)
    ] = 10,
    seed: Annotated[int, typer.Option(help="The same faults again.")] = 0,
    tcp_port: Annotated[int, typer.Option(help="TCP port; 0 = any free one.", min=0, max=65535)] = 0,
    baud: Annotated[
        int, typer.Option(help="Bits per second of a real port.", min=SLOWEST_BAUD, max=FASTEST_BAUD)
    ] = 115200,
) -> None:
    """Put a bad cable in front of a device.

    It prints its port, and damages what passes until it is interrupted.
    """
    from host_tools.emulator import Emulator
    from host_tools.fault_proxy import FaultProxy, FaultRates, run_until_interrupted

    if use_emulator == (port is not None):
        raise UserError("give either --port URL or --emulator (`bitbeat ports` lists the serial ports)")
    if any(frames < 1 for frames in disconnect_after or ()):
        raise UserError("--disconnect-after: frames are counted from 1")
    rates = FaultRates(drop, duplicate, flip, garbage, split, delay, delay_s)
    with contextlib.ExitStack() as stack:
        url = port or stack.enter_context(Emulator(keep=True)).url
        proxy = FaultProxy(
            url,
            rates,
            seed=seed,
            disconnect_after=tuple(disconnect_after or ()),
            disconnect_s=disconnect_s,
            port=tcp_port,
            baud=baud,
        )
        print(proxy.url, flush=True)
        run_until_interrupted(proxy)
        print(proxy.report())


def fuzz(
    targets: Annotated[
        list[str] | None,
        typer.Argument(
            help="frame, device, pipeline; host_replay, host_live; header, signal, annotations, table. All."
        ),
    ] = None,
    seconds: Annotated[
        int, typer.Option(help="How long; the targets run side by side.", min=1, max=2_592_000)
    ] = 600,
    out: Annotated[Path, typer.Option(help="Where the figures go.")] = Path("build/fuzz.json"),
    force: Force = False,
) -> None:
    """Feed firmware, link and every reader with random input.

    The firmware's with libFuzzer and the sanitizers, Python's with atheris where that is installed.
    """
    from dataclasses import asdict

    from host_tools.fuzz import again
    from host_tools.fuzz import fuzz as run
    from host_tools.writing import claim_files, write_json

    claim_files("fuzz", [out], force=force)
    results = run(targets or [], seconds)
    figures = {r.target: {**asdict(r), "findings": [str(path) for path in r.findings]} for r in results}
    write_json(out, {"seconds": seconds, "targets": figures})
    for result in results:
        print(
            f"{result.target}: {result.executions:,} inputs run, {result.new_inputs:,} kept, "
            f"{len(result.findings)} findings"
        )
    bad = next((r for r in results if r.message), None)
    if bad is not None:
        where = f"; again: {again(bad)}" if bad.findings else ""
        raise CheckFailed(f"fuzz target {bad.target}: {bad.message}{where}")
