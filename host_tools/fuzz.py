"""Runs the fuzz targets: ``firmware/fuzz`` with libFuzzer and the sanitizers, ``fuzz_python`` beside it."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from host_tools.build import BUILD_DIR, CORE_INCLUDE_DIRS, FIRMWARE, ROOT, SANITIZE_FLAGS, compile_c
from host_tools.errors import UserError
from host_tools.fuzz_python import PYTHON_TARGETS

FUZZ_DIR = FIRMWARE / "fuzz"
#: Committed inputs, a folder per target: small, found by fuzzing or written by hand.
CORPUS_DIR = FUZZ_DIR / "corpus"
#: What a run finds: programs, inputs of interest, findings, logs.
WORK_DIR = BUILD_DIR / "fuzz"

_INPUT_BYTES_MAX = 1024
#: One input may take so long, seconds: more is a hang.
_HANG_S = 25
_ENDING_S = 60
#: More memory than this is a finding, MB: the firmware has no heap, the sanitizers take about a tenth.
_MEMORY_MB_MAX = 2048
#: A process inherits the peak memory of the one that turned into it, and libFuzzer would count ours as its
#: own: the shell in between is small.
_SMALL_PARENT = ("sh", "-c", '"$@"; exit $?', "sh")
_CLANGS = ("clang-23", "clang-22", "clang-21", "clang-20", "clang", "clang-19", "clang-16", "clang-14")
_LIBFUZZER_FLAGS = ("-fsanitize=fuzzer", *SANITIZE_FLAGS)


@dataclass(frozen=True)
class Target:
    """A fuzz target.

    Attributes
    ----------
    name : str
        ``fuzz_NAME.c`` has its entry.
    folders : tuple of str
        Folders of firmware it is linked with.
    flags : tuple of str
        Compiler flags.
    """

    name: str
    folders: tuple[str, ...]
    flags: tuple[str, ...] = ()


_CHAIN = ("lib/ecg", "lib/ecg/generated", "lib/nn", "lib/model")
TARGETS = {
    "frame": Target("frame", ("lib/link",)),
    "device": Target("device", (*_CHAIN, "lib/link", "src"), ("-DECG_TRACE=1",)),
    "pipeline": Target("pipeline", _CHAIN),
}


@dataclass(frozen=True)
class FuzzResult:
    """What fuzzing a target gave.

    Attributes
    ----------
    target : str
        Its name.
    executions, new_inputs : int
        Inputs run, and those kept because they reached something new.
    seconds : float
        How long it ran.
    findings : list of Path
        Inputs that crashed, hung, or broke what must hold.
    message : str
        What the first finding says; "" without one.
    """

    target: str
    executions: int
    new_inputs: int
    seconds: float
    findings: list[Path]
    message: str


@lru_cache(maxsize=1)
def fuzzing_clang() -> str:
    """Return the name of a clang that has libFuzzer.

    Raises
    ------
    UserError
        There is none.
    """
    with tempfile.TemporaryDirectory(prefix="bitbeat-clang-") as folder:
        source, program = Path(folder) / "empty.c", Path(folder) / "empty"
        source.write_text(
            "#include <stddef.h>\n#include <stdint.h>\n"
            "int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n);\n"
            "int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n) { return d == NULL && n > 0; }\n"
        )
        for name in filter(shutil.which, _CLANGS):
            command = [name, *_LIBFUZZER_FLAGS, str(source), "-o", str(program)]
            if subprocess.run(command, capture_output=True, check=False).returncode == 0:
                return name
    raise UserError(
        "fuzzing needs clang with libFuzzer: make toolchains, or sudo apt install clang-22 "
        "libclang-rt-22-dev (another version does too: clang-N with libclang-rt-N-dev)"
    )


def target_sources(target: Target, instead: Mapping[str, Path] | None = None) -> list[Path]:
    """Return the C files of a target without a main.

    Parameters
    ----------
    target : Target
        Which.
    instead : mapping of str to Path, optional
        Other files in place of those of these names.
    """
    folders = [FIRMWARE / folder for folder in target.folders]
    sources = [path for folder in folders for path in sorted(folder.glob("*.c")) if path.name != "main.c"]
    names = [f"fuzz_{target.name}.c", "fuzz_check.c", "script.c"]
    names += ["pipeline_invariants.c"] if "lib/ecg" in target.folders else []
    sources += [FUZZ_DIR / name for name in names]
    return [(instead or {}).get(path.name, path) for path in sources]


def include_dirs() -> list[Path]:
    """Return the folders with the headers of all targets."""
    return [*CORE_INCLUDE_DIRS, FIRMWARE / "src", FUZZ_DIR]


def build_fuzzer(target: Target) -> Path:
    """Build a target with libFuzzer.

    Raises
    ------
    UserError
        No clang with libFuzzer, or the sources do not compile.
    """
    return compile_c(
        target_sources(target),
        include_dirs(),
        [*_LIBFUZZER_FLAGS, *target.flags],
        WORK_DIR / f"fuzz_{target.name}",
        compiler=fuzzing_clang(),
    )


def build_replayer(target: Target, output: Path, instead: Mapping[str, Path] | None = None) -> Path:
    """Build a target that runs given inputs, by the machine's own compiler with its sanitizers.

    Raises
    ------
    UserError
        No C compiler, or the sources do not compile.
    """
    sources = [*target_sources(target, instead), FUZZ_DIR / "replay_main.c"]
    return compile_c(sources, include_dirs(), [*SANITIZE_FLAGS, *target.flags], output)


def corpus(target: Target) -> list[Path]:
    """Return the committed inputs of a target."""
    return sorted(path for path in (CORPUS_DIR / target.name).iterdir() if path.is_file())


def fuzz(names: Sequence[str], seconds: int) -> list[FuzzResult]:
    """Fuzz targets side by side, one process each.

    Parameters
    ----------
    names : sequence of str
        Of :data:`TARGETS` and of ``fuzz_python``'s; all if empty.
    seconds : int
        How long.

    Returns
    -------
    list of FuzzResult
        In the order of the names.

    Raises
    ------
    UserError
        No such target, no clang with libFuzzer, or the sources do not compile.
    """
    known = (*TARGETS, *PYTHON_TARGETS)
    for name in names:
        if name not in known:
            raise UserError(f"{name}: no fuzz target; there are {', '.join(known)}")
    targets = list(names or known)
    programs = [program(name) for name in targets]
    begun_s = time.monotonic()
    started = [_start(name, command, seconds) for name, command in zip(targets, programs, strict=True)]
    try:
        for process in started:
            left_s = begun_s + seconds + _HANG_S + _ENDING_S - time.monotonic()
            try:
                process.wait(max(left_s, 1.0))
            except subprocess.TimeoutExpired:
                continue  # judged by its status: it has none
    finally:
        for process in started:
            if process.poll() is None:
                _kill(process)
    return [
        _result(name, process, time.monotonic() - begun_s)
        for name, process in zip(targets, started, strict=True)
    ]


def program(name: str) -> list[str]:
    """Return how a target is started, built first; its options and inputs follow."""
    if name in PYTHON_TARGETS:
        return [sys.executable, "-m", "host_tools.fuzz_python", name]
    return [str(build_fuzzer(TARGETS[name]))]


def _start(name: str, program: Sequence[str], seconds: int) -> subprocess.Popen[bytes]:
    folder = WORK_DIR / name
    for part in ("corpus", "findings"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    for old in (folder / "findings").iterdir():
        old.unlink()
    command = [*_SMALL_PARENT, *program, f"-max_total_time={seconds}", f"-max_len={_INPUT_BYTES_MAX}"]
    command += [f"-timeout={_HANG_S}", f"-rss_limit_mb={_MEMORY_MB_MAX}", "-print_final_stats=1"]
    command += [f"-artifact_prefix={folder}/findings/", str(folder / "corpus")]
    command += [str(CORPUS_DIR / name)] if name in TARGETS else []
    environment = {**os.environ, "UBSAN_OPTIONS": "print_stacktrace=1", "PYTHONPATH": str(ROOT)}
    with (folder / "log.txt").open("wb") as log:
        return subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def again(result: FuzzResult) -> str:
    """Return the command that runs a target's first finding again, from the checkout's folder."""
    finding = result.findings[0].relative_to(ROOT)
    if result.target in PYTHON_TARGETS:
        return f"python -m host_tools.fuzz_python {result.target} {finding}"
    return f"{(WORK_DIR / f'fuzz_{result.target}').relative_to(ROOT)} {finding}"


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End a target and the shell that waits for it."""
    with contextlib.suppress(ProcessLookupError):  # it may have ended meanwhile
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _result(name: str, process: subprocess.Popen[bytes], seconds: float) -> FuzzResult:
    folder = WORK_DIR / name
    text = (folder / "log.txt").read_text(errors="replace")
    findings = sorted((folder / "findings").iterdir())
    message = ""
    if process.returncode != 0 or findings:
        message = _first_message(text) or f"ended with status {process.returncode}; {folder / 'log.txt'}"
    runs = re.findall(r"^stat::number_of_executed_units:\s*(\d+)", text, re.MULTILINE)
    runs = runs or re.findall(r"^#(\d+)\s", text, re.MULTILINE)
    new = re.findall(r"^stat::new_units_added:\s*(\d+)", text, re.MULTILINE)
    return FuzzResult(
        name, int(runs[-1]) if runs else 0, int(new[-1]) if new else 0, seconds, findings, message
    )


def _first_message(text: str) -> str:
    """Return the line that says what was found."""
    raised = re.search(r"Uncaught Python exception: ===\n(.*)", text)
    if raised:
        return raised[1].strip()
    for pattern in (r"^does not hold: .*", r".*runtime error: .*", r".*ERROR: .*"):
        found = re.search(pattern, text, re.MULTILINE)
        if found:
            return re.sub(r"^==\d+==\s*", "", found[0]).strip()
    return ""
