"""Fuzz targets in Python: the link's host side and every reader of files, by atheris or without it.

``python -m host_tools.fuzz_python TARGET [libFuzzer's options] FOLDER...`` is what ``bitbeat fuzz`` starts
in place of a compiled target: atheris (the extra ``fuzz``) is libFuzzer with coverage of Python. Without it,
inputs are drawn from the seeds without coverage; the same options and the same output.
"""

from __future__ import annotations

import hashlib
import random
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

from host_tools.errors import BitBeatError

_HEADER = b"r 1 360 400\nr.dat 212 200(0)/mV 12 0 0 0 0 MLII\n"


def _one_line(error: BitBeatError) -> None:
    if "\n" in str(error):
        raise AssertionError(f"more than one line: {error!s}")


def _read(files: dict[str, bytes], name: str, **options: object) -> None:
    """Read a record out of these files: it is read, or refused in one line."""
    from host_tools.records import read_record

    with tempfile.TemporaryDirectory(prefix="bitbeat-fuzz-") as folder:
        for file, content in files.items():
            (Path(folder) / file).write_bytes(content)
        try:
            record = read_record(Path(folder) / name, **options)  # type: ignore[arg-type]
        except BitBeatError as error:
            _one_line(error)
            return
    if record.samples.dtype != "int16" or len(record.samples) == 0:
        raise AssertionError(f"{len(record.samples)} samples of {record.samples.dtype}")


def header_target(data: bytes) -> None:
    """Read a WFDB header."""
    _read({"r.hea": data, "r.dat": bytes(600)}, "r")


def signal_target(data: bytes) -> None:
    """Read a signal file in one of WFDB's formats."""
    formats = (
        b"8",
        b"16",
        b"24",
        b"32",
        b"61",
        b"80",
        b"160",
        b"212",
        b"310",
        b"311",
        b"508",
        b"516",
        b"524",
    )
    kind = formats[data[0] % len(formats)] if data else formats[0]
    signals = 1 + (data[1] % 3 if data[1:] else 0)
    lines = b"".join(b"r.dat %s 200(0)/mV 12 0 0 0 0 L%d\n" % (kind, i) for i in range(signals))
    _read({"r.hea": b"r %d 360\n" % signals + lines, "r.dat": data[2:]}, "r")


def annotations_target(data: bytes) -> None:
    """Read an annotation file."""
    _read({"r.hea": _HEADER, "r.dat": bytes(600), "r.atr": data}, "r", reference="atr")


def table_target(data: bytes) -> None:
    """Read a table of text."""
    _read({"t.csv": data}, "t.csv", fs_hz=None if data[:1] == b"#" else 360.0)


def _host(name: str) -> Callable[[bytes], None]:
    def target(data: bytes) -> None:
        from host_tools import fuzz_host

        getattr(fuzz_host, f"{name}_target")(data)

    return target


#: Name, and what is called with each input.
PYTHON_TARGETS: dict[str, Callable[[bytes], None]] = {
    "host_replay": _host("replay"),
    "host_live": _host("live"),
    "header": header_target,
    "signal": signal_target,
    "annotations": annotations_target,
    "table": table_target,
}


def seeds(name: str) -> list[bytes]:
    """Return inputs to begin with, one at least: small, and each good as far as it goes."""
    lines = [f"{i / 360:.4f},{(i * 37 % 200 - 100) / 100:.2f}" for i in range(60)]
    honest = bytes([9]) * 40
    beat, condition, state, block = (
        bytes([kind]) + bytes(more) for kind, more in ((3, 21), (4, 3), (7, 18), (6, 0))
    )
    block += bytes([36]) + bytes(74)
    events = (beat + condition) * 4
    known = {
        "host_replay": [b"\0" + honest, b"\0\x09" + events + honest, bytes(range(128))],
        "host_live": [block * 8 + honest, block + events + state + block + honest, bytes(range(128))],
        "header": [
            _HEADER,
            b"r 2 360/1(0) 400 12:00:00 1/1/2020\nr.dat 212 200(0)/mV 11 1024 0 0 0 MLII\n"
            b"r.dat 212 200 11 1024 0 0 0 V5\n# 69 M\n",
            b"r/2 1 360 400\na 200\nb 200\n",
        ],
        "signal": [bytes([i, i]) + bytes(range(256)) for i in range(13)],
        "annotations": [b"\x12\x04\x24\x04\0\0", bytes([0x90, 0x05, 0x02, 0xFC, 0x61, 0x62]) + bytes(8)],
        "table": [
            ("time,ECG\n" + "\n".join(lines)).encode(),
            ("\n".join(line.split(",")[1] for line in lines)).encode(),
            (
                "Zeit;EKG [mV]\ns;mV\n"
                + "\n".join(line.replace(",", ";").replace(".", ",") for line in lines)
            ).encode(),
            "#\ufeff\n1\n".encode(),
        ],
    }
    return known[name]


def mutated(data: bytes, draw: random.Random) -> bytes:
    """Return an input near this one."""
    out = bytearray(data)
    for _ in range(draw.choice((1, 1, 2, 4, 8))):
        at = draw.randrange(len(out) + 1)
        kind = draw.randrange(6)
        if kind == 0 and out:
            out[at % len(out)] ^= 1 << draw.randrange(8)
        elif kind == 1 and out:
            out[at % len(out)] = draw.choice(
                (0, 1, 0x7F, 0x80, 0xFF, 0x2D, 0x2C, 0x0A, 0x22, draw.randrange(256))
            )
        elif kind == 2:
            out[at:at] = draw.randbytes(draw.choice((1, 2, 4, 20)))
        elif kind == 3:
            del out[at : at + draw.choice((1, 2, 8, 40))]
        elif kind == 4:
            out[at:at] = draw.choice(
                (b"nan", b"inf", b"-1", b"1e400", b"99999999999999999999", b",", b"\n", b"/")
            )
        else:
            part = out[at : at + draw.choice((2, 8, 40))]
            out[at:at] = part
    return bytes(out)


class _Options:
    """What is understood of libFuzzer's command line."""

    def __init__(self, arguments: Sequence[str]) -> None:
        named = dict(a[1:].split("=", 1) for a in arguments if a.startswith("-") and "=" in a)
        self.seconds = float(named.get("max_total_time", "60"))
        self.most_bytes = int(named.get("max_len", "1024"))
        self.prefix = named.get("artifact_prefix", "./")
        self.folders = [Path(a) for a in arguments if not a.startswith("-")]


def _without_coverage(target: Callable[[bytes], None], begin: list[bytes], options: _Options) -> int:
    """Draw inputs until the time has passed or one finds something; return the exit status."""
    draw = random.Random(1)
    until_s = time.monotonic() + options.seconds
    done = 0
    while time.monotonic() < until_s:
        data = begin[done] if done < len(begin) else mutated(draw.choice(begin), draw)[: options.most_bytes]
        done += 1
        try:
            target(data)
        except Exception:
            file = Path(f"{options.prefix}crash-{hashlib.sha1(data).hexdigest()}")
            file.write_bytes(data)
            traceback.print_exc()
            print(f"ERROR: {traceback.format_exc().strip().splitlines()[-1]}", file=sys.stderr)
            return 77
    print(f"stat::number_of_executed_units: {done}\nstat::new_units_added: 0", file=sys.stderr)
    return 0


def main(arguments: Sequence[str]) -> int:
    """Run a target on files, or fuzz it."""
    warnings.simplefilter("ignore")
    name, *rest = arguments
    target = PYTHON_TARGETS[name]
    options = _Options(rest)
    files = [path for path in options.folders if path.is_file()]
    if files:  # to look at a finding again
        for path in files:
            target(path.read_bytes())
        return 0
    stored = [
        p.read_bytes() for f in options.folders if f.is_dir() for p in sorted(f.iterdir()) if p.is_file()
    ]
    begin = [*seeds(name), *stored]
    try:
        import atheris
    except ModuleNotFoundError:
        return _without_coverage(target, begin, options)
    for data in seeds(name):  # libFuzzer reads them from the first folder, which is its own
        (options.folders[0] / hashlib.sha1(data).hexdigest()).write_bytes(data)
    with atheris.instrument_imports(include=["host_tools"]):
        import host_tools.fuzz_host
        import host_tools.records  # noqa: F401
    atheris.Setup([sys.argv[0], *rest], target)
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
