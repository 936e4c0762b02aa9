"""The fuzz targets: they hold on the committed corpus, they find bugs that are put in, findings are reported.

Oracles: the sanitizers of the machine's own compiler and the targets' own checks; the bugs planted here, of
which each must be found from the committed inputs alone.
"""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

from host_tools import fuzz
from host_tools.build import BUILD_DIR, FIRMWARE
from host_tools.cli.faults import fuzz as fuzz_command
from host_tools.errors import CheckFailed, UserError
from host_tools.fuzz import TARGETS, build_replayer, corpus, target_sources

#: Committed inputs: a few KB in all.
CORPUS_BYTES_MAX = 16 * 1024

#: Target, file, what is replaced by what: each is a mistake that was, or could have been, made.
BUGS = [
    (
        "frame",
        "lib/link/link_frame.c",
        "if (p->fill <= LINK_BODY_MAX) {",
        "if (p->fill <= LINK_BODY_MAX + 1u) {",
    ),
    ("device", "lib/link/link_device.c", "> d->identity->window_samples) {", "> LINK_QUEUE_SAMPLES) {"),
    ("device", "lib/link/link_device.c", "    link_events_init(&d->events);\n", ""),
    (
        "device",
        "lib/link/link_events.c",
        "e->cursor = e->tail;\n    e->cursor_no = e->tail_no;",
        "e->cursor_no = e->tail_no;",
    ),
    ("device", "lib/link/link_device.c", "d->live || d->received != d->first", "d->live"),
    ("device", "src/app.c", "changed_at = app->link.processed - 1u", "changed_at = app->link.processed + 9u"),
    ("device", "lib/link/link_events.c", "e->last_open = false; /* on the wire", "(void)0; /* on the wire"),
    (
        "pipeline",
        "lib/ecg/ecg_pipeline.c",
        "if (distance < ECG_MINIMUM_RR_SAMPLES || distance > UINT32_C(0x7FFFFFFF)) {",
        "if (distance > UINT32_C(0x7FFFFFFF) || r < p->last_r + ECG_MINIMUM_RR_SAMPLES) {",
    ),
    ("pipeline", "lib/ecg/ecg_pipeline.c", "    *p = (ecg_pipeline_t){0};\n", ""),
    ("pipeline", "lib/ecg/ecg_input.c", "if (s->bad_count < ECG_BAD_RESET_SAMPLES) {", "{"),
    ("pipeline", "lib/ecg/ecg_rr.c", "index + 1 == ECG_RR_LONG_BEATS", "index == ECG_RR_LONG_BEATS"),
]


def run(program: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [program, *map(str, arguments)], capture_output=True, text=True, timeout=300, check=False
    )


@pytest.mark.parametrize("name", TARGETS)
def test_committed_inputs_and_neighbours_find_nothing(name: str) -> None:
    target = TARGETS[name]
    program = build_replayer(target, BUILD_DIR / "tests" / f"fuzz-{name}")
    files = corpus(target)
    done = run(program, "--change", 20, 1, *files)
    assert done.returncode == 0, done.stderr[-2000:]
    assert int(done.stdout) == 21 * len(files)


def test_the_corpus_is_small() -> None:
    sizes = [path.stat().st_size for name in TARGETS for path in corpus(TARGETS[name])]
    assert 0 < sum(sizes) <= CORPUS_BYTES_MAX
    assert max(sizes) <= 1024


def spoil(tmp_path: Path, file: str, right: str, wrong: str) -> dict[str, Path]:
    text = (FIRMWARE / file).read_text()
    assert text.count(right) == 1, f"{file} has changed: {right}"
    spoiled = tmp_path / Path(file).name
    spoiled.write_text(text.replace(right, wrong))
    return {spoiled.name: spoiled}


@pytest.mark.parametrize(("name", "file", "right", "wrong"), BUGS)
def test_a_planted_bug_is_found(name: str, file: str, right: str, wrong: str, tmp_path: Path) -> None:
    target = TARGETS[name]
    program = build_replayer(target, tmp_path / "target", spoil(tmp_path, file, right, wrong))
    done = run(program, "--change", 100, 1, *corpus(target))
    assert done.returncode != 0
    assert "does not hold" in done.stderr or "runtime error" in done.stderr or "Sanitizer" in done.stderr


@pytest.mark.needs_toolchain
def test_a_short_run_with_libfuzzer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzz, "WORK_DIR", BUILD_DIR / "tests" / "fuzz-short")
    results = fuzz.fuzz(list(TARGETS), 2)
    assert [r.target for r in results] == list(TARGETS)
    for result in results:
        assert result.executions > len(corpus(TARGETS[result.target]))
        assert (result.findings, result.message) == ([], "")


@pytest.mark.needs_toolchain
def test_memory_of_the_process_that_fuzzes_is_no_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    # Linux hands the peak memory on through exec, and libFuzzer judges by that peak
    monkeypatch.setattr(fuzz, "WORK_DIR", BUILD_DIR / "tests" / "fuzz-memory")
    monkeypatch.setattr(fuzz, "_MEMORY_MB_MAX", 512)
    held = bytearray(b"x") * (600 << 20)
    (result,) = fuzz.fuzz(["frame"], 2)
    assert held[-1] == ord("x")
    assert (result.findings, result.message) == ([], "")


def still_runs(program: Path) -> bool:
    """Whether a program runs on for 10 s: as long as it does, nobody may write to its file."""
    for _ in range(100):
        try:
            program.open("r+b").close()
            return False
        except OSError:  # text file busy
            time.sleep(0.1)
    return True


@pytest.mark.needs_toolchain
def test_a_hanging_target_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzz, "WORK_DIR", BUILD_DIR / "tests" / "fuzz-hang")
    monkeypatch.setattr(fuzz, "_HANG_S", 0)
    monkeypatch.setattr(fuzz, "_ENDING_S", -60)
    (result,) = fuzz.fuzz(["frame"], 60)
    assert result.seconds < 30
    assert "ended with status -9" in result.message
    assert not still_runs(fuzz.WORK_DIR / "fuzz_frame")


@pytest.mark.needs_toolchain
def test_a_finding_is_kept_and_reported(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    instead = spoil(tmp_path, *BUGS[0][1:])
    monkeypatch.setattr(fuzz, "target_sources", lambda target: target_sources(target, instead))
    monkeypatch.setattr(fuzz, "WORK_DIR", BUILD_DIR / "tests" / "fuzz-finding")
    with pytest.raises(CheckFailed, match=r"fuzz target frame: .*runtime error.*again: .*/crash-") as caught:
        fuzz_command(["frame"], 20, tmp_path / "fuzz.json")
    assert "\n" not in str(caught.value)
    again = str(caught.value).split("again: ")[1].split()
    done = run(*(fuzz.WORK_DIR.parents[2] / part for part in again))
    assert done.returncode != 0
    assert '"executions"' in (tmp_path / "fuzz.json").read_text()


def test_no_such_target() -> None:
    with pytest.raises(UserError, match="nosuch: no fuzz target; there are frame, device, pipeline"):
        fuzz.fuzz(["nosuch"], 1)


def test_without_clang_one_line_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzz, "_CLANGS", ("clang-of-no-version", "false"))
    fuzz.fuzzing_clang.cache_clear()
    try:
        with pytest.raises(
            UserError, match=r"make toolchains, or sudo apt install clang-\d+ libclang-rt"
        ) as caught:
            fuzz.fuzz([], 1)
    finally:
        fuzz.fuzzing_clang.cache_clear()
    assert "\n" not in str(caught.value)
