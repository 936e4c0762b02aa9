"""Candidates of the R-peak detector on the training records: what each is worth, and whether it is a beat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from host_tools.ec57 import Score, pair_beats, qrs_score
from host_tools.errors import UserError
from host_tools.noise import NOISE_RECORDS, mix, noise_gain, noise_rms_adu, qrs_amplitude_adu, read_noise
from host_tools.reference.params import FS_HZ
from host_tools.wfdb_annotations import annotations_of
from training.datasets import MATCH_WINDOW_MS, Annotations, read_annotations, read_samples, record_path
from training.detector_run import COMMITTED_Q8, Detection, detect
from training.splits import (
    LABEL_Q,
    OTHER_LEAD,
    PROTOCOLS,
    SHIPPED,
    is_svdb,
    original_of,
    refuse_ds2,
    source_of,
)

#: Nothing is learnt from the first seconds: levels are being learnt there.
SKIP_S = 10.0

#: Groups of runs: the records as they are, with enlarged T waves, with noise of the noise records' halves.
DS1_CLEAN, DS1_OTHER, SVDB_CLEAN, T_WAVES = "DS1", "DS1, other lead", "svdb", "DS1, enlarged T waves"
NOISE = {"first": "DS1 in noise, first halves", "second": "DS1 in noise, second halves"}
GROUPS = (DS1_CLEAN, DS1_OTHER, SVDB_CLEAN, T_WAVES, *NOISE.values())
#: Signal-to-noise ratios of the noisy runs, decibels.
LEVELS_DB = (12, 6)

#: Enlarged T waves: at most so many times as high, from this long after the R peak to that, or to this
#: long before the next one.
T_GAIN, T_FROM_MS, T_TO_MS, T_BEFORE_NEXT_MS = 3.0, 160, 520, 120

#: Halves of the noise records as host_tools.noise calls them.
_USE: dict[str, Literal["training", "test"]] = {NOISE["first"]: "training", NOISE["second"]: "test"}


@dataclass(frozen=True)
class Run:
    """One lead of a record with what is done to it: its name, its group, the noise and its level."""

    name: str
    group: str
    noise: str = ""
    level_db: int = 0


@dataclass(frozen=True)
class Candidates:
    """Candidates of a run that are learnt from or judged.

    Attributes
    ----------
    run : Run
        Where they are from.
    terms_q10 : int32 [n, 13]
        See :class:`training.detector_run.Detection`.
    label : bool [n]
        Whether each is a beat.
    score : Score
        The detector with the committed weights on this run, EC57 from 5:00 on.
    """

    run: Run
    terms_q10: NDArray[np.int32]
    label: NDArray[np.bool_]
    score: Score


def training_runs(records: Sequence[str]) -> list[Run]:
    """All runs of records of DS1 and svdb: both leads, T waves enlarged, and DS1's chosen lead in noise.

    Raises
    ------
    UserError
        A record belongs to DS2, or is none that training may see.
    """
    refuse_ds2(list(records))
    for record in records:
        if record not in PROTOCOLS[SHIPPED]:
            raise UserError(f"record {record}: neither one of DS1 nor one of svdb that training may see")
    runs = []
    for record in records:
        leads = (record, record + OTHER_LEAD)
        if is_svdb(record):
            runs += [Run(name, SVDB_CLEAN) for name in leads]
            continue
        runs += [Run(record, DS1_CLEAN), Run(record + OTHER_LEAD, DS1_OTHER)]
        runs += [Run(name, T_WAVES) for name in leads]
        noises = [(group, noise, level) for group in _USE for noise in NOISE_RECORDS for level in LEVELS_DB]
        runs += [Run(record, *which) for which in noises]
    return runs


@lru_cache(maxsize=4)
def _symbols(path: Path) -> tuple[NDArray[np.int64], list[str]]:
    """All annotations of a record, samples at the chain's rate."""
    found = annotations_of(path)
    assert found.fs_hz is not None
    return np.rint(found.samples * (FS_HZ / found.fs_hz)).astype(np.int64), found.symbols


@lru_cache(maxsize=4)
def _clean(path: Path, other_lead: bool) -> NDArray[np.int16]:
    return read_samples(path, other_lead=other_lead, resample=True)


@lru_cache(maxsize=8)
def _noise(nstdb: Path, name: str, group: str) -> tuple[NDArray[np.float64], float]:
    """A half of a noise record, and its deviation."""
    noise = read_noise(nstdb, name, _USE[group])
    return noise, noise_rms_adu(noise, FS_HZ)


def enlarge_t_waves(samples: NDArray[np.int16], beats: NDArray[np.int64]) -> NDArray[np.int16]:
    """Make T waves higher: what stands out of the line between their ends, by a raised cosine's gain.

    Parameters
    ----------
    samples : int16 [n]
        adu; -32768, a missing sample, stays missing.
    beats : int64 [m]
        Annotated beats, ascending, samples.
    """
    begin, end, before = (round(ms * FS_HZ / 1000) for ms in (T_FROM_MS, T_TO_MS, T_BEFORE_NEXT_MS))
    out = samples.astype(np.float64)
    following = np.append(beats[1:], len(samples) + before)
    for r, after in zip(beats.tolist(), following.tolist(), strict=True):
        first, last = r + begin, min(r + end, after - before, len(samples))
        if last - first < begin // 2:  # too near the next beat
            continue
        part = samples[first:last].astype(np.float64)
        line = np.linspace(part[0], part[-1], len(part))
        out[first:last] += (T_GAIN - 1) * np.hanning(len(part)) * (part - line)
    enlarged = np.clip(np.rint(out), -32767, 32767)
    enlarged[samples == -32768] = -32768
    return enlarged.astype(np.int16)


def run_samples(run: Run, data: Path) -> NDArray[np.int16]:
    """Samples of a run.

    The noise begins elsewhere for every record, noise and level, so that all of a half is heard.
    """
    path = record_path(run.name, data)
    samples = _clean(path, source_of(run.name).other_lead)
    if run.group == T_WAVES:
        return enlarge_t_waves(samples, read_annotations(path).sample)
    if run.group not in _USE:
        return samples
    noise, noise_adu = _noise(data / "nstdb", run.noise, run.group)
    at, symbols = _symbols(path)
    gain = noise_gain(qrs_amplitude_adu(samples, at, symbols, FS_HZ), noise_adu, run.level_db)
    turn = int(original_of(run.name)) * 0.618 + run.level_db * 0.37 + NOISE_RECORDS.index(run.noise) * 0.29
    return mix(samples, noise, gain, FS_HZ, first=int(turn % 1.0 * len(noise)))


def label_candidates(
    detection: Detection, annotations: Annotations
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Say which candidates are beats, and which are to be used at all.

    A candidate is a beat where its R peak would lie within EC57's window of an annotated one and no other
    candidate of that beat scored higher. These others are left out: two lobes of one QRS complex are
    settled against each other, and either would be right. Left out are also candidates before 0:10, in
    ventricular flutter, at beats of class Q (paced, unclassifiable), of which nobody says what a
    detector should make, and what a rule without weights has put down as a P wave: no weight decides it.

    Returns
    -------
    label, used : bool [n]
    """
    at, beats = detection.at, annotations.sample
    used = (at >= SKIP_S * FS_HZ) & (detection.fixed_q10 == 0)
    for first, last in annotations.flutter:
        used &= (at < first) | (at > last)
    label = np.zeros(len(at), bool)
    if len(beats) == 0:
        return label, used
    after = np.clip(np.searchsorted(beats, at), 1, max(len(beats) - 1, 1))
    before = np.maximum(after - 1, 0)
    after = np.minimum(after, len(beats) - 1)
    nearest = np.where(np.abs(beats[before] - at) <= np.abs(beats[after] - at), before, after)
    distance = np.abs(beats[nearest] - at)
    near = np.flatnonzero(distance <= MATCH_WINDOW_MS * FS_HZ // 1000)
    # The best of each beat first: by beat, then by score, then by distance.
    order = near[np.lexsort((distance[near], -detection.score_q10[near], nearest[near]))]
    _, best = np.unique(nearest[order], return_index=True)
    label[order[best]] = True
    used[near[~label[near]]] = False
    used[near[annotations.label[nearest[near]] == LABEL_Q]] = False
    return label, used


def score_peaks(peaks: NDArray[np.int64], path: Path) -> Score:
    """Score R peaks by the record's annotations, EC57 from 5:00 on."""
    at, symbols = _symbols(path)
    return qrs_score(pair_beats(at, symbols, peaks, ["N"] * len(peaks), FS_HZ).matrix)


def collect(run: Run, data: Path) -> Candidates:
    """Run the detector with the committed weights over a run, and collect its candidates.

    Which candidates there are, and what the running levels are when they come, depends a little on what
    was taken for a beat before, hence on the committed weights.
    """
    path = record_path(run.name, data)
    detection = detect(run_samples(run, data), COMMITTED_Q8, collect=True)
    label, used = label_candidates(detection, read_annotations(path))
    terms = detection.terms_q10[used].astype(np.int32)
    return Candidates(run, terms, label[used], score_peaks(detection.peaks, path))
