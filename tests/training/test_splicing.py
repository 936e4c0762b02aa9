"""Made-up rhythms and records. Oracles: what each rhythm is by definition, the records' own beats, the split
of the noise records.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from host_tools.noise import NOISE_RECORDS, noise_stretch
from host_tools.reference.params import FEATURE_NAMES, FS_HZ
from tests.data_access import database_dir, mitdb_dir
from training.datasets import RecordBeats, load_record, read_annotations, read_samples, record_path
from training.rhythms import (
    ATRIAL,
    BEATS,
    INTERVAL_MAX_S,
    INTERVAL_MIN_S,
    NORMAL,
    SINUS,
    V_LATEST,
    V,
    junctional,
    with_ventricular,
)
from training.splicing import (
    DRAWS,
    NOISE,
    made_up_names,
    modes_of,
    splice,
    with_noise,
)
from training.splits import mode_of, original_of, source_of


@pytest.mark.parametrize("mode", [*ATRIAL, *NORMAL])
@given(seed=st.integers(0, 10_000), usual_s=st.floats(0.45, 1.3))
@settings(max_examples=30)
def test_rhythms_are_whole_and_their_s_beats_early(mode: str, seed: int, usual_s: float) -> None:
    rhythm = {**ATRIAL, **NORMAL}[mode](usual_s, np.random.default_rng(seed))
    label, interval_s = rhythm.label, rhythm.interval_s
    assert len(label) == len(interval_s) == len(rhythm.atria) == len(rhythm.blocked_s) == BEATS
    without_p = {"fibrillation", "paroxysms", "junctional", "mixed"}
    assert (rhythm.atria != SINUS).any() <= (mode in without_p)
    assert rhythm.blocked_s.any() == (mode == "blocked")
    assert (rhythm.blocked_s < interval_s).all()
    assert INTERVAL_MIN_S <= interval_s.min() <= interval_s.max() <= INTERVAL_MAX_S
    if mode in NORMAL:
        assert not label.any()
    else:
        assert set(label.tolist()) == {0, 1}
        assert np.median(interval_s[label == 1]) < np.median(
            interval_s[(label == 0) & (rhythm.atria == SINUS)]
        )


@given(seed=st.integers(0, 10_000))
@settings(max_examples=30)
def test_ventricular_beats_are_early_and_a_pause_follows(seed: int) -> None:
    rng = np.random.default_rng(seed)
    sinus = junctional(0.8, rng)
    mixed = with_ventricular(sinus, 0.08, rng)
    ratio = mixed.interval_s / sinus.interval_s
    ventricular = mixed.label == V
    after = np.roll(ventricular, 1)
    assert 0 < ventricular.mean() < 0.2
    assert (ratio[ventricular & ~after] <= V_LATEST + 1e-9).all()
    assert (ratio[after & ~ventricular] >= 1 - 1e-9).all()
    assert (ratio[~after & ~ventricular] == 1).all()


def test_names_lead_to_their_record_and_mode() -> None:
    assert original_of("820:2~pauses.1") == "820"
    assert source_of("820:2~pauses.1").other_lead
    assert not source_of("209~noise.0").other_lead
    assert [mode_of(name) for name in ("209", "820:2", "820:2~pauses.1")] == ["", "", "pauses"]


@pytest.fixture(scope="module")
def atrial(tmp_path_factory: pytest.TempPathFactory) -> tuple[np.ndarray, RecordBeats, Path]:
    """Record 209, which has beats of S."""
    data, cache = mitdb_dir().parent, tmp_path_factory.mktemp("beats")
    return read_samples(record_path("209", data)), load_record("209", "detected", data, cache), cache


@pytest.mark.needs_data
def test_pieces_lie_where_the_rhythm_says(atrial: tuple[np.ndarray, RecordBeats, Path]) -> None:
    """Oracle: at every made-up R peak the signal is high, as it is in the record's own beats."""
    samples, record, _ = atrial
    assert modes_of(record) == (*ATRIAL, *NORMAL, NOISE)
    assert modes_of(load_record("208", "detected", mitdb_dir().parent, atrial[2])) == (*NORMAL, NOISE)
    for mode in (*ATRIAL, *NORMAL):
        signal, known = splice(samples, record, mode, FS_HZ, np.random.default_rng(3))
        assert len(known.sample) == BEATS
        around = signal[known.sample[:, None] + np.arange(-5, 6)].max(1)
        assert np.median(around) > 0.6 * np.median(samples[record.sample[record.label == 0]])
        assert np.median(np.abs(signal)) < 0.2 * np.median(around)


@pytest.mark.needs_data
def test_rhythms_are_drawn_several_times(atrial: tuple[np.ndarray, RecordBeats, Path]) -> None:
    names = made_up_names(atrial[1], {"pauses", "block", NOISE})
    assert len(set(names)) == len(names) == 2 * DRAWS + 1
    assert {mode_of(name) for name in names} == {"pauses", "block", NOISE}
    draws = [load_record(name, "made_up", mitdb_dir().parent, atrial[2]).rr for name in names[:2]]
    assert not np.array_equal(*draws)


@pytest.mark.needs_data
def test_made_up_records_go_through_the_chain(atrial: tuple[np.ndarray, RecordBeats, Path]) -> None:
    """What the chain's own features say of them: no coherent P wave in fibrillation, S early, N not."""
    data, cache = mitdb_dir().parent, atrial[2]
    coherence, early = FEATURE_NAMES.index("p_coherence"), FEATURE_NAMES.index("prev_high")
    settled = slice(64, None)
    pauses = load_record("209~pauses.0", "made_up", data, cache)
    again = load_record("209~pauses.0", "made_up", data, cache)
    assert np.array_equal(pauses.rows, again.rows)
    label, rows = pauses.label[settled], pauses.rows[settled]
    assert np.median(rows[label == 1, early]) < np.median(rows[label == 0, early]) - 10
    sinus = load_record("209~breathing.0", "made_up", data, cache)
    fibrillation = load_record("209~fibrillation.0", "made_up", data, cache)
    assert np.median(fibrillation.rows[settled, coherence]) < 64 < np.median(sinus.rows[settled, coherence])


@pytest.mark.needs_data("mitdb", "nstdb")
def test_noise_is_of_the_part_for_training(monkeypatch: pytest.MonkeyPatch) -> None:
    """Oracle: the record without the noise, and the stretches that the noise records are read in."""
    data = mitdb_dir().parent
    used: list[str] = []
    monkeypatch.setattr(
        "host_tools.noise.mixing.noise_stretch", lambda n, use: used.append(use) or noise_stretch(n, use)
    )
    samples = read_samples(record_path("101", data))
    annotations = read_annotations(record_path("101", data))
    noisy = with_noise(samples, annotations, database_dir("nstdb"), FS_HZ, np.random.default_rng(1))
    minutes = [
        np.std(noisy[k : k + 60 * FS_HZ].astype(float) - samples[k : k + 60 * FS_HZ])
        for k in range(0, len(samples), 60 * FS_HZ)
    ]
    assert used
    assert set(used) == {"training"}
    assert min(minutes) == 0
    assert len({round(m, 2) for m in minutes}) > len(NOISE_RECORDS)
