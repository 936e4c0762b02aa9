"""Records, labels, folds. Oracles: the counts published with the DS1/DS2 split (de Chazal 2004), MIT-BIH's
headers, an exhaustive search for the best pairing of beats.
"""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from host_tools.errors import UserError
from host_tools.records import read_record
from host_tools.reference.params import CONTEXT_BEATS, FEATURE_NAMES, LOOKAHEAD_BEATS
from host_tools.reference.run import run_record
from tests.data_access import database_dir, mitdb_dir
from training import datasets
from training.contexts import assemble_contexts
from training.datasets import (
    cache_key,
    load_record,
    match_beats,
    read_annotations,
    read_labels,
    read_samples,
    record_path,
)
from training.splits import (
    DS1,
    DS2,
    LABEL_NONE,
    LABEL_Q,
    LABELS,
    PACED,
    PROTOCOLS,
    SVDB,
    assign_folds,
    label_of_symbol,
    patient_of,
    refuse_ds2,
    source_of,
)


def counts(records: tuple[str, ...]) -> dict[str, int]:
    total = sum(np.bincount(read_labels(mitdb_dir() / r)[1], minlength=len(LABELS)) for r in records)
    return dict(zip(LABELS, (int(v) for v in np.asarray(total)), strict=True))


def test_mapping_is_de_chazals() -> None:
    classes = {s: LABELS[label_of_symbol(s) or 0] for s in "NLRejAaJSVEF/fQ"}
    assert "".join(classes.values()) == "NNNNNSSSSVVFQQQ"
    assert [label_of_symbol(s) for s in '+~|x![]"?'] == [None] * 9


def test_split_holds_every_record_once() -> None:
    assert len({*DS1, *DS2, *PACED}) == len(DS1) + len(DS2) + len(PACED) == 48


@pytest.mark.needs_data
def test_counts_of_both_sets() -> None:
    assert counts(DS1) == {"N": 45866, "S": 944, "V": 3788, "F": 415, "Q": 8}
    assert counts(DS2) == {"N": 44259, "S": 1837, "V": 3221, "F": 388, "Q": 7}


@pytest.mark.needs_data("mitdb", "nstdb", "svdb")
@pytest.mark.parametrize("database", ["mitdb", "nstdb", "svdb"])
def test_every_record_is_read_as_the_other_commands_read_it(database: str) -> None:
    """Oracle: wfdb's reader, MLII or the first lead, scipy's resampling of the whole.

    At a rail the one reader gives the rail instead of what the resampling filter makes of it.
    """
    import wfdb
    from scipy.signal import resample_poly

    for header in sorted(database_dir(database).glob("*.hea")):
        path = header.with_suffix("")
        raw = wfdb.rdrecord(str(path), physical=False)
        lead = raw.sig_name.index("MLII") if "MLII" in raw.sig_name else 0
        expected = (raw.d_signal[:, lead] - float(raw.baseline[lead])) * (200 / raw.adc_gain[lead])
        if raw.fs != 360:
            expected = resample_poly(expected, 360, int(raw.fs), padtype="line")
        record = read_record(path, reference="none")
        low, high = record.rails or (-32767, 32767)
        inside = (record.samples > low) & (record.samples < high)
        assert record.lead_index == lead, path
        assert np.mean(inside) > 0.998, path
        np.testing.assert_array_equal(record.samples[inside], np.rint(expected)[inside], err_msg=str(path))
        np.testing.assert_array_equal(read_samples(path, resample=True), record.samples)


@pytest.mark.needs_data
def test_samples_are_200_per_millivolt_about_the_baseline() -> None:
    import wfdb

    signal = wfdb.rdrecord(str(mitdb_dir() / "114")).p_signal[:, 1]
    samples = read_samples(mitdb_dir() / "114")
    assert samples.dtype == np.int16
    assert np.abs(samples / 200 - signal).max() < 1e-9


def test_missing_record_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="make data"):
        read_samples(tmp_path / "100")
    with pytest.raises(UserError, match="make data"):
        read_labels(tmp_path / "100")
    (tmp_path / "100.hea").write_text("100 2 360 650000\n100.dat 212 200 11 1024 995 -22131 0 MLII\n")
    with pytest.raises(UserError):
        read_samples(tmp_path / "100")


@given(st.integers(2, 6), st.integers(0, 99), st.lists(st.integers(0, 400), min_size=12, max_size=30))
def test_no_patient_on_both_sides(folds: int, seed: int, ectopic: list[int]) -> None:
    names = ["201", "202", *(str(300 + i) for i in range(len(ectopic) - 2))]
    table = {name: np.array([1000, n, n // 2, 0]) for name, n in zip(names, ectopic, strict=True)}
    fold = assign_folds(table, folds, seed)
    assert fold["201"] == fold["202"]
    assert len({patient_of(r) for r in names}) == len(names) - 1
    assert fold == assign_folds(dict(reversed(table.items())), folds, seed)
    sizes = np.bincount([fold[r] for r in names if r != "202"], minlength=folds)
    assert sizes.max() - sizes.min() <= 1


@pytest.mark.needs_data
def test_folds_of_ds1_share_the_ectopic_beats() -> None:
    table = {r: np.bincount(read_labels(mitdb_dir() / r)[1], minlength=5) for r in DS1}
    fold = assign_folds(table, 5, 1)
    for k in range(5):
        inside = sum(table[r] for r in DS1 if fold[r] == k)
        assert inside[1] >= 90
        assert inside[2] >= 400


positions = st.lists(st.integers(0, 400), min_size=0, max_size=6, unique=True).map(sorted)


@given(positions, positions, st.integers(0, 60))
@settings(max_examples=200)
def test_pairs_are_close_unique_and_as_many_as_greed_allows(
    reference: list[int], detected: list[int], window: int
) -> None:
    match = match_beats(np.array(reference, np.int64), np.array(detected, np.int64), window)
    taken = [(int(i), j) for j, i in enumerate(match) if i >= 0]
    assert len({i for i, _ in taken}) == len(taken)
    assert all(abs(reference[i] - detected[j]) <= window for i, j in taken)
    # Exhaustive oracle for the first pair: the closest one of all is always taken.
    near = [
        (abs(r - d), i, j) for (i, r), (j, d) in itertools.product(enumerate(reference), enumerate(detected))
    ]
    near = [pair for pair in near if pair[0] <= window]
    assert bool(near) == bool(taken)
    if near:
        assert min(near)[1:] in taken
    # Nothing that could still be paired is left over.
    free = [p for p in near if p[1] not in {i for i, _ in taken} and p[2] not in {j for _, j in taken}]
    assert free == []


def test_match_window_is_inclusive() -> None:
    assert list(match_beats(np.array([100]), np.array([46]), 54)) == [0]
    assert list(match_beats(np.array([100]), np.array([45]), 54)) == [-1]


@pytest.mark.needs_data
def test_inputs_from_annotations_and_from_the_detector(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = mitdb_dir().parent
    annotated = load_record("119", "annotated", data, tmp_path)
    detected = load_record("119", "detected", data, tmp_path)
    labels = read_labels(mitdb_dir() / "119")[1]
    for beats in (annotated, detected):
        assert len(beats.label) - beats.extra + beats.missed == len(labels)
        assert beats.beat.shape == (len(beats.label), 96, 2)
        assert beats.rows.shape == (len(beats.label), len(FEATURE_NAMES))
        assert np.bincount(beats.label, minlength=4)[2] >= 440  # 444 V in record 119
        assert set(beats.label[beats.judged]) <= {0, 1, 2, 3}
        assert (np.diff(beats.sample) > 0).all()
        gap = np.diff(beats.sample)
        near = np.abs(beats.rr[1:, 0] - gap) <= 1
        assert near.mean() > 0.99
    assert annotated.extra == 0
    assert len(list(tmp_path.iterdir())) == 2
    monkeypatch.setattr(datasets, "compute_beats", None)  # from here on only the cache can answer
    again = load_record("119", "annotated", data, tmp_path)
    for name in ("beat", "rows", "label", "sample", "rr", "missed_sample", "missed_label"):
        assert np.array_equal(getattr(again, name), getattr(annotated, name)), name


@pytest.mark.needs_data
def test_contexts_are_those_of_the_chain() -> None:
    result = run_record(read_samples(mitdb_dir() / "119")[: 360 * 300])
    got = assemble_contexts(result.rows, np.arange(len(result.rows)), CONTEXT_BEATS, LOOKAHEAD_BEATS)
    assert np.array_equal(got, result.rhythm_input)


@given(st.integers(1, 9), st.integers(0, 8), st.integers(0, 12), st.integers(0, 99))
def test_contexts_by_hand(size: int, ahead: int, beats: int, seed: int) -> None:
    ahead = min(ahead, size - 1)
    rows = np.random.default_rng(seed).integers(-128, 128, (beats, 3)).astype(np.int8)
    got = assemble_contexts(rows, np.arange(beats), size, ahead)
    for i in range(beats):
        for j in range(size):
            k = i + ahead - j  # newest first
            want = rows[k] if 0 <= k < beats else np.zeros(3, np.int8)
            assert np.array_equal(got[i, j], want)


@pytest.mark.needs_data
def test_false_beats_in_flutter_are_not_counted(tmp_path: Path) -> None:
    beats = load_record("207", "detected", mitdb_dir().parent, tmp_path)
    segments = read_annotations(mitdb_dir() / "207").flutter
    assert len(segments) > 0
    inside = np.zeros(len(beats.sample), bool)
    for first, last in segments:
        inside |= (beats.sample >= first) & (beats.sample <= last)
    assert inside.sum() > 50
    assert (beats.label[inside] != LABEL_NONE).all()
    assert (beats.label == LABEL_Q).sum() > 50


@pytest.mark.needs_data("mitdb", "svdb")
def test_svdb_is_resampled_and_its_leads_are_two() -> None:
    path = database_dir("svdb") / "800"
    with pytest.raises(UserError, match="128"):
        read_samples(path)
    first, second = read_samples(path, resample=True), read_samples(path, other_lead=True, resample=True)
    assert len(first) == len(second) == 230400 * 360 // 128
    assert not np.array_equal(first, second)
    import wfdb

    record = wfdb.rdrecord(str(path))
    annotation = wfdb.rdann(str(path), "atr")
    # Every 128 Hz sample that falls on the new grid keeps its value, but for the filter's ripple.
    at = np.arange(16000, 200000, 16)
    error = first[at * 360 // 128] / 200 - record.p_signal[at, 0]
    assert np.sqrt(np.mean(error**2)) < 0.03 * record.p_signal[:, 0].std()
    beats = [s for s, symbol in zip(annotation.sample, annotation.symbol, strict=True) if symbol in "NSVFQJ"]
    positions, _ = read_labels(path)
    assert np.abs(positions - np.array(beats) * 360 / 128).max() <= 0.5


def test_names_point_to_records() -> None:
    assert source_of("101:2").other_lead
    assert record_path("800").parent.name == "svdb"
    assert record_path("101:2").name == "101"
    assert len(SVDB) == 40
    assert all(int(name) % 2 == 0 for name in SVDB)
    assert patient_of("801:2") == patient_of("801")
    with pytest.raises(UserError, match="801"):
        source_of("801")
    for protocol in PROTOCOLS.values():
        refuse_ds2(protocol)
    with pytest.raises(UserError, match="never trained on"):
        refuse_ds2(["101", "232:2"])


def test_mitdb_folds_do_not_depend_on_svdb() -> None:
    rng = np.random.default_rng(3)
    table = {r: rng.integers(0, 300, 4) for r in (*DS1, *SVDB)}
    both = assign_folds(table, 5, 1)
    alone = assign_folds({r: table[r] for r in DS1}, 5, 1)
    assert {r: both[r] for r in DS1} == alone
    sizes = np.bincount([both[r] for r in SVDB], minlength=5)
    assert sizes.max() - sizes.min() <= 1


@pytest.mark.needs_data
def test_damaged_cache_is_computed_again(tmp_path: Path) -> None:
    data = mitdb_dir().parent
    first = load_record("119", "detected", data, tmp_path)
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:1000])
    again = load_record("119", "detected", data, tmp_path)
    assert np.array_equal(first.beat, again.beat)


@pytest.mark.needs_data
def test_made_up_inputs_are_of_one_noise(tmp_path: Path) -> None:
    """Oracle: folders that differ in their noise record alone."""
    paths = []
    for k in range(2):
        (tmp_path / f"{k}/nstdb").mkdir(parents=True)
        (tmp_path / f"{k}/mitdb").symlink_to(mitdb_dir())
        (tmp_path / f"{k}/nstdb/em.dat").write_bytes(bytes([k]))
        paths.append(tmp_path / f"{k}/mitdb/101")
    assert cache_key(paths[0], "made_up") != cache_key(paths[1], "made_up")
    assert cache_key(paths[0], "detected") == cache_key(paths[1], "detected")
