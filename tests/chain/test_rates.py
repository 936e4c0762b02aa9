"""The chain at 250 and 500 Hz. Oracles: the reference generated for that rate, and known R peaks."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from export.generate import generate_variant, load_reference
from host_tools.native import build_library, load_library, run_core
from host_tools.parity import compare_record
from host_tools.rates import resample
from host_tools.reference import params
from tests.chain.signals import missed, pulse_train


@pytest.mark.parametrize("fs_hz", [250, 500])
def test_other_rate(fs_hz: int) -> None:
    variant = generate_variant(fs_hz)
    reference = load_reference(variant.reference_dir, f"reference_test_fs{fs_hz}")
    there = sys.modules[f"reference_test_fs{fs_hz}.params"]
    assert fs_hz == there.FS_HZ
    assert there.SPEC_HASH != params.SPEC_HASH
    x, peaks = pulse_train(60)
    y = resample(x, params.FS_HZ, fs_hz)
    y[20 * fs_hz : 22 * fs_hz] = -32768
    result = compare_record(str(fs_hz), y, run_reference=reference.run_record, variant=variant.c_dir)
    assert result.first is None, result.first.text()
    assert result.beats > 60
    beats = run_core(y, variant=variant.c_dir).beats
    at_360 = np.rint((beats["r_sample"].astype(np.int64) - there.DELAY_SAMPLES) * params.FS_HZ / fs_hz)
    beats["r_sample"] = at_360.astype(np.uint32) + params.DELAY_SAMPLES
    good = peaks[(peaks > 5 * params.FS_HZ) & (peaks < 19 * params.FS_HZ) | (peaks > 27 * params.FS_HZ)]
    assert len(missed(good, beats)) == 0


@pytest.mark.parametrize("fs_hz", [250, 500])
def test_state_fits_twelve_kilobytes(fs_hz: int) -> None:
    library = load_library(build_library(variant=generate_variant(fs_hz).c_dir))
    assert library.bitbeat_state_bytes() <= 12288
