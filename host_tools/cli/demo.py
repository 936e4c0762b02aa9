"""``bitbeat demo`` and ``bitbeat simulate``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from host_tools.cli.output import Force

if TYPE_CHECKING:
    from rich.console import Console

    from host_tools.records import EcgRecord
    from host_tools.replay import Replay


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("demo")(demo)
    app.command("simulate")(simulate)


def demo(
    record: Annotated[
        str | None,
        typer.Argument(help="WFDB record (path, or a name such as 100); else the embedded example."),
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for annotations, CSV, JSON and the plot.")] = Path(
        "build/demo"
    ),
    force: Force = False,
) -> None:
    """Replay a simulated ECG, or a record, and show what was found.

    It goes through the emulated device, as over a serial port: beats, a summary, a plot.
    """
    from rich.text import Text

    from host_tools.cli.replay import report
    from host_tools.demo import compare_with_truth, print_findings, write_example
    from host_tools.records import read_record
    from host_tools.reference.params import FS_HZ
    from host_tools.replay import result_stem
    from host_tools.text import new_console, printable
    from host_tools.writing import claim_folder

    claim_folder("demo", out, force=force)
    console = new_console()
    simulation = None
    if record is None:
        simulation, path = write_example(out, FS_HZ)
        record = str(path)
    source = read_record(record)
    result_stem(source, out, plot=True)
    what = "simulated example" if simulation is not None else f"record {source.name}"
    headline = Text.assemble(
        ("BitBeat demo", "bold"), f": {printable(what)}, {source.duration_s:.0f} s of ECG"
    )
    console.print(headline)
    for note in source.notes:
        console.print(f"  {note}", highlight=False)
    done = _through_emulator(source, console)
    files = report(done, out, f"{what[0].upper()}{what[1:]}, lead {source.lead}", console)
    if simulation is not None:
        beats = done.input_beats()
        print_findings(compare_with_truth(simulation, beats, source.samples, source.spec_fs_hz), console)
    console.print("written: " + ", ".join(str(path) for path in files), highlight=False, soft_wrap=True)


def _through_emulator(source: EcgRecord, console: Console) -> Replay:
    from host_tools.build import build_emulator
    from host_tools.cli.replay import live_progress
    from host_tools.emulator import Emulator
    from host_tools.link.device import Device
    from host_tools.replay import replay

    with console.status("compiling the firmware's main loop for this machine"):
        program = build_emulator()
    with Emulator(program) as emulator, Device(emulator.url) as device:
        hello = device.hello
        hashes = f"spec {hello.spec_hash:08x}, model {hello.model_hash:08x}"
        console.print(f"device: {emulator.url}, engine {hello.engine}, {hashes}", highlight=False)
        with live_progress(console, source.spec_fs_hz) as on_progress:
            done = replay(source, device, on_progress=on_progress)
    speed = f"{done.elapsed_s:.2f} s, {done.x_realtime:.0f} times real time"
    console.print(f"{len(done.beats)} beats over TCP in {speed}", highlight=False)
    return done


def simulate(
    out: Annotated[Path, typer.Option(help="Folder for the WFDB record.")] = Path("build/simulated"),
    seed: Annotated[int, typer.Option(help="Same seed, same samples.", min=0)] = 2024,
    fs: Annotated[float, typer.Option(help="Sampling rate, Hz.", min=100, max=2000)] = 360.0,
    name: Annotated[str, typer.Option(help="Name of the record.")] = "example",
    rhythm: Annotated[
        list[str] | None,
        typer.Option(metavar="KIND:UNTIL_S[:RATE]", help="A rhythm and its end, repeated: svt:40:210."),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="NAME=VALUE", help="Of heart, spikes, electrodes, front end: r_mv=0.3."
        ),
    ] = None,
    fault: Annotated[
        list[str] | None,
        typer.Option(metavar="KIND:FROM:TO:SIZE", help="Something that happens to the signal: rail:18:20."),
    ] = None,
    force: Force = False,
) -> None:
    """Write a simulated ECG with its truth, for any seed and rate.

    Without --rhythm it is the demo's. A wrong word in --rhythm, --set or --fault is answered with those that
    there are.
    """
    from host_tools.errors import UserError
    from host_tools.example import example_record
    from host_tools.simulator import simulate_scenario
    from host_tools.simulator.description import describe
    from host_tools.simulator.files import check_name
    from host_tools.writing import claim_folder

    if (settings or fault) and not rhythm:
        raise UserError("--set and --fault need a --rhythm, as in --rhythm sinus:60:75")
    scenario = describe(rhythm, settings or [], fault or [], fs) if rhythm else None
    check_name(name)
    claim_folder("simulate", out, force=force, names=[f"{name}.{suffix}" for suffix in ("hea", "dat", "atr")])
    simulation = simulate_scenario(scenario, seed) if scenario else example_record(fs, seed)
    path = simulation.write_wfdb(out, name)
    seconds = simulation.samples.size / simulation.fs_hz
    print(f"{path}: {seconds:.0f} s at {fs:g} Hz, {len(simulation.symbols)} beats, truth in {path}.atr")
