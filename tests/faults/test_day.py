"""Twenty-four hours through the core: nothing drifts, nothing grows, no sample is miscounted.

Oracles: an input that repeats itself must give beats that repeat themselves from the second hour to the last,
across the wrap of the sample counter; the integer reference on all of MIT-BIH in one
piece, which is 24 hours long; the invariants of ``firmware/fuzz/pipeline_invariants.h`` after every sample.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from host_tools.build import BUILD_DIR, OPTIMISE_FLAGS, SANITIZE_FLAGS, compile_c
from host_tools.fuzz import FUZZ_DIR
from host_tools.mitdb import record_names, record_samples
from host_tools.native import library_sources, run_core
from host_tools.reference.params import DELAY_SAMPLES, FS_HZ
from host_tools.reference.run import run_record
from tests.chain.signals import pulse_train
from tests.data_access import mitdb_dir

HOUR = 3600 * FS_HZ
#: The counter wraps after half a day.
FIRST = 2**32 - 12 * HOUR - 77


def build(name: str, flags: Sequence[str]) -> Path:
    sources, folders = library_sources()
    sources = [path for path in sources if path.name != "bitbeat_library.c"]
    sources += [Path(__file__).parent / "c" / "day.c", FUZZ_DIR / "pipeline_invariants.c"]
    sources += [FUZZ_DIR / "fuzz_check.c"]
    return compile_c(sources, [*folders, FUZZ_DIR], flags, BUILD_DIR / "tests" / name)


def hours(
    program: Path, stretch: np.ndarray, samples: int, folder: Path, first: int = FIRST, hour: int = HOUR
) -> list[str]:
    file = folder / "stretch.bin"
    file.write_bytes(np.asarray(stretch, np.int16).tobytes())
    done = subprocess.run(
        [program, file, str(samples), str(first), str(hour)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def ectopic_minutes() -> np.ndarray:
    """Five minutes of steady rhythm with wide early beats, an interrupted lead, a saturation."""
    x, peaks = pulse_train(300, rr_ms=820)
    t = np.arange(len(x))
    for r in peaks[5::10]:
        x = np.where(np.abs(t - r + 100) < 30, -350 + 10 * np.abs(t - r + 100), x)
    x[200 * FS_HZ : 203 * FS_HZ] = -32768
    x[250 * FS_HZ : 250 * FS_HZ + 40] = 32767
    return x.astype(np.int16)


def test_a_day_of_a_repeated_stretch_repeats_itself(tmp_path: Path) -> None:
    """With a lead-off in it the filter starts anew each time: the same beats every hour.

    The slow means and templates, which divide by up to 256, settle to their last bit within the day.

    One minute more than the day: the last hour must not end with the record.
    """
    program = build("day", OPTIMISE_FLAGS)
    lines = hours(program, ectopic_minutes(), 24 * HOUR + FS_HZ * 60, tmp_path)
    assert len(lines) == 25
    assert int(lines[1].split()[0]) > 3600
    assert {line.split()[0] for line in lines[1:24]} == {lines[1].split()[0]}
    assert lines[21:24] == [lines[21]] * 3


@pytest.mark.needs_data
def test_a_day_of_a_real_stretch_does_not_drift() -> None:
    """Record 208, five minutes with many V and F, 289 times.

    Never interrupted, the filters' error feedback dithers the last bit, for ever and without a trend: each
    repetition, and the last as well as the second, has the beats of the first hour's, in the same places.
    """
    period = 300 * FS_HZ
    x = np.tile(record_samples(mitdb_dir(), "208")[:period], 24 * 12 + 1)
    beats = run_core(x).beats
    number = beats["r_sample"] // period
    settled = beats[number == 12]
    assert len(settled) > 500
    for k in range(13, 24 * 12):
        later = beats[number == k]
        assert len(later) == len(settled)
        moved = later["r_sample"].astype(np.int64) - settled["r_sample"] - (k - 12) * period
        assert np.abs(moved).max() <= 1
        change = later["logits"].astype(int) - settled["logits"]
        assert np.abs(change).mean() < 0.2
        assert np.abs(change).max() <= 8
        assert (later["aami_class"] != settled["aami_class"]).sum() <= 3


@pytest.mark.needs_data
def test_all_of_mit_bih_in_one_piece_equals_the_reference() -> None:
    """48 records of half an hour, 31.2 million samples, as one signal; the counter wraps in the middle."""
    folder = mitdb_dir()
    x = np.concatenate([record_samples(folder, name) for name in record_names(folder, None)])
    assert len(x) > 24 * HOUR
    expected = run_record(x).beats
    beats = run_core(x, first_sample=FIRST).beats
    beats["r_sample"] -= np.uint32(FIRST)
    assert len(beats) > 100_000
    assert beats.tobytes() == expected.tobytes()


def test_the_last_beats_of_a_day_are_where_they_were_drawn() -> None:
    """Beats put by hand into the last minute of 24 hours, checked by their own sample numbers."""
    x = np.tile(pulse_train(60, rr_ms=750)[0], 24 * 60)
    _, peaks = pulse_train(60, rr_ms=750)
    beats = run_core(x).beats
    start = len(x) - 60 * FS_HZ
    last = beats["r_sample"][beats["r_sample"] >= start].astype(np.int64) - start
    first = beats["r_sample"][beats["r_sample"] >= 60 * FS_HZ].astype(np.int64) - 60 * FS_HZ
    np.testing.assert_array_equal(last[:70], first[:70])
    gap = np.abs(peaks[2:-2, None] + DELAY_SAMPLES - last[None, :]).min(axis=1)
    assert gap.max() <= 5


@pytest.mark.parametrize("kind", ["ectopic", "noise"])
def test_invariants_and_sanitizers(kind: str, tmp_path: Path) -> None:
    """Twenty minutes in the build whose sanitizers stop it at a finding, the wrap in the middle."""
    noise = np.random.default_rng(3).integers(-32768, 32768, 100_003).astype(np.int16)
    x = ectopic_minutes() if kind == "ectopic" else noise
    samples = 20 * 60 * FS_HZ
    lines = hours(build("day-sanitize", SANITIZE_FLAGS), x, samples, tmp_path, 2**32 - samples // 2)
    assert lines == hours(build("day", OPTIMISE_FLAGS), x, samples, tmp_path, 7)  # at any count
