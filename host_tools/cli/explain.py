"""``bitbeat explain`` and ``bitbeat errors``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from host_tools.cli.output import Force
from host_tools.errors import UserError


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("explain")(explain)
    app.command("errors")(errors)


def explain(
    record: Annotated[
        str | None,
        typer.Argument(help="WFDB record (path, or a name such as 100) or CSV; else the embedded example."),
    ] = None,
    beat: Annotated[
        str | None, typer.Option(help="R peak: sample number of the file, or a time m:ss.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The picture; build/explain/RECORD_SAMPLE.png.")] = None,
    json_too: Annotated[bool, typer.Option("--json", help="The same as JSON, beside the picture.")] = False,
    lead: Annotated[
        str | None, typer.Option(help="Lead by name or number from 0; else MLII or what looks like an ECG.")
    ] = None,
    fs: Annotated[float | None, typer.Option(help="CSV: sampling rate, Hz; else the file's own.")] = None,
    gain: Annotated[float | None, typer.Option(help="CSV with --unit adu: units per mV.")] = None,
    unit: Annotated[str | None, typer.Option(help="CSV: mV, uV, V, adu; else the file's own, or mV.")] = None,
    force: Force = False,
) -> None:
    """Show why one beat got its class.

    What the network saw, and what each part of it brought.
    """
    import sys

    from host_tools.explain.case import explain_beat
    from host_tools.explain.facts import case_json, print_case
    from host_tools.plots.explanation import plot_explanation
    from host_tools.records import parse_time, read_record
    from host_tools.text import new_console
    from host_tools.writing import claim_files, claim_folder, free_stem, write_json

    if beat is None:
        raise UserError("give the beat: --beat and the sample number of its R peak, or its time m:ss")
    if out is not None and out.suffix.lower() not in (".png", ".svg"):
        raise UserError(f"{out}: plots are written as .png or .svg")
    suffixes = (".png", ".json") if json_too else (".png",)
    if out is not None:
        wanted_files = [out, out.with_suffix(".json")] if json_too else [out]
        claim_files("explain", wanted_files, force=force, inputs=[Path(record)] if record else ())
    if out is None or record is None:
        claim_folder("explain", _FOLDER, force=force)
    source = read_record(record or _example(), lead=lead, fs_hz=fs, gain=gain, unit=unit)
    wanted = int(beat) if beat.isdecimal() else parse_time(beat, source.fs_hz, "--beat")
    case = explain_beat(source, wanted, beat, lambda line: print(f"bitbeat: {line}", file=sys.stderr))
    if out is None:
        stem = free_stem(_FOLDER, f"{source.name}_{case.sample}", suffixes, str(source.path.resolve()))
        out = _FOLDER / f"{stem}.png"
    picture = plot_explanation(case, out)
    written = [picture]
    if json_too:
        written.append(picture.with_suffix(".json"))
        write_json(written[-1], case_json(case))
    console = new_console()
    print_case(case, console)
    console.print("written: " + ", ".join(str(p) for p in written), highlight=False, soft_wrap=True)


_FOLDER = Path("build/explain")


def _example() -> str:
    """Write the embedded example as a record and return its path."""
    from host_tools.demo import write_example
    from host_tools.reference.params import FS_HZ

    return str(write_example(_FOLDER, FS_HZ)[1])


def errors(
    records: Annotated[
        str, typer.Option(help="DS1, DS2, a folder of WFDB records, or names with commas between them.")
    ] = "DS1",
    out: Annotated[Path, typer.Option(help="Folder for the contact sheet, CSV and JSON.")] = Path(
        "build/errors"
    ),
    start: Annotated[
        str, typer.Option(help="Compare from here on: seconds, mm:ss, hh:mm:ss, or s1234 (a sample).")
    ] = "5:00",
    per_cell: Annotated[int, typer.Option(help="Typical errors shown of each kind.", min=1, max=8)] = 3,
    force: Force = False,
) -> None:
    """Show the shipped chain's worst records and typical errors.

    Of each kind, from the C core's output. A record that cannot be compared stops no other; the exit
    code is 2 then.
    """
    from host_tools.explain.mistakes import (
        find_all,
        mistakes_csv,
        mistakes_json,
        print_mistakes,
        resolve_records,
    )
    from host_tools.plots.contact_sheet import plot_contact_sheet
    from host_tools.progress import track
    from host_tools.records import parse_time
    from host_tools.text import new_console
    from host_tools.writing import claim_folder, write_json, write_text

    # Each record has its own rate; what is no time at all is refused before any of them is read.
    parse_time(start, 1.0, "--start")
    names = resolve_records(records)
    claim_folder("errors", out, force=force, names=("errors.csv", "errors.json", "errors.png"))
    console = new_console()
    if records == "DS2":
        console.print(
            "DS2 is the test set: its errors are for reports; choices are made on DS1", style="yellow"
        )
    left_out: dict[str, str] = {}
    compared = find_all(names, start, left_out)
    found = list(track(compared, len(names), "records", lambda r: r.record))
    print_mistakes(found, console)
    write_text(out / "errors.csv", mistakes_csv(found))
    write_json(out / "errors.json", mistakes_json(found, start, left_out))
    what = "the records given" if Path(records).is_dir() or len(records) > 40 else records
    picture = plot_contact_sheet(
        found, out / "errors.png", title=f"Typical errors, {what}", per_cell=per_cell
    )
    written = (out / "errors.csv", out / "errors.json", picture)
    console.print("written: " + ", ".join(str(p) for p in written), highlight=False, soft_wrap=True)
    if left_out:
        reasons = "; ".join(left_out.values())
        raise UserError(f"{len(left_out)} of {len(names)} records left out: {reasons}")
