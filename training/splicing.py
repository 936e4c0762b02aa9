"""Made-up records: a patient's own beats in a made-up rhythm, run through the whole signal chain.

Pieces of the ECG, each one beat from before its P wave to after its T wave, are laid at new intervals and
added where they overlap, so that an early P wave lies on the T wave before it. The reference's chain then
computes the inputs as from any record: its templates and memories learn what they would learn from such a
patient. (R peaks are given, since they are known; in the record itself with noise they are detected.)
"""

from __future__ import annotations

import zlib
from collections.abc import Collection
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from host_tools.noise import NOISE_RECORDS, noise_gain, noise_rms_adu, qrs_amplitude_adu, read_noise
from training.datasets import Annotations, RecordBeats, compute_beats
from training.rhythms import (
    ATRIAL,
    FIBRILLATING,
    FLUTTERING,
    NORMAL,
    SINUS,
    N,
    Rhythm,
    S,
    V,
    with_ventricular,
)
from training.splits import DRAW, LABEL_Q, MADE_UP, mode_of

#: A record lends its beats when it has this many of S (for the atrial modes) and N.
S_BEATS_MIN, N_BEATS_MIN = 15, 100

#: So many made-up records of each rhythm.
DRAWS = 3

#: A piece reaches so far before and after the R peak; without P wave, of N and of V; its ends are faded.
BEFORE_S, AFTER_S, BEFORE_NO_P_S, BEFORE_V_S, FADE_S = 0.30, 0.50, 0.09, 0.16, 0.04

#: Where a P wave ends that is cut out alone, before the R peak.
P_END_S = 0.07

#: A piece ends so long before the next R peak of its own record.
NEXT_P_S = 0.22

#: Share of the beats that become V, where the record has as many as this.
V_SHARE, V_BEATS_MIN = 0.08, 10

#: Noise between the pieces, and waves of fibrillation and flutter, as shares of the record's QRS amplitude.
#: Flutter is always to be seen: regular flutter without its waves would look as runs of S do.
NOISE_SHARE, F_WAVE_SHARE_MAX, FLUTTER_SHARE_MIN, FLUTTER_SHARE_MAX = 0.008, 0.07, 0.05, 0.15

#: Length of a flutter wave, about; each interval between R peaks holds a whole number of them.
FLUTTER_S = 0.22

#: The mode that is the record itself with noise: levels drawn from, and how long each lasts.
NOISE, NOISE_LEVELS_DB, NOISE_TURN_S = "noise", (18.0, 12.0, 9.0, 6.0), 60

#: Silence before the first beat and after the last, s.
EDGE_S = 1.0


def modes_of(record: RecordBeats) -> tuple[str, ...]:
    """Names of the rhythms that this record's beats can be strung into."""
    n, s = int((record.label == 0).sum()), int((record.label == 1).sum())
    if n < N_BEATS_MIN:
        return (NOISE,)
    return (*(ATRIAL if s >= S_BEATS_MIN else ()), *NORMAL, NOISE)


def made_up_names(record: RecordBeats, modes: Collection[str]) -> list[str]:
    """Names of the made-up records that a record's beats give: several draws of each rhythm, one of noise."""
    return [
        f"{record.record}{MADE_UP}{mode}{DRAW}{k}"
        for mode in modes_of(record)
        if mode in modes
        for k in range(1 if mode == NOISE else DRAWS)
    ]


def _pieces_to_choose(record: RecordBeats) -> dict[int, NDArray[np.int64]]:
    """Indices of N beats between N beats, of S and of V beats, whose surroundings lie in the record."""
    inner = np.arange(1, len(record.label) - 1)
    label = record.label
    of = {kind: inner[label[inner] == kind] for kind in (N, S, V)}
    between = of[N][(label[of[N] - 1] == N) & (label[of[N] + 1] == N)]
    if len(between) >= N_BEATS_MIN // 2:
        of[N] = between
    return of


def _cut(
    samples: NDArray[np.int16], r: int, before: int, after: int, fs_hz: int
) -> tuple[NDArray[np.float64], int]:
    """Samples around an R peak without the line through their ends, faded; the R peak's place in them."""
    first, end = max(0, r - before), min(len(samples), r + after)
    x = samples[first:end].astype(np.float64)
    fade = round(FADE_S * fs_hz)
    x -= np.linspace(x[:fade].mean(), x[-fade:].mean(), len(x))
    ramp = 0.5 - 0.5 * np.cos(np.pi * (np.arange(fade) + 0.5) / fade)
    x[:fade] *= ramp
    x[-fade:] *= ramp[::-1]
    return x, r - first


def _piece(
    samples: NDArray[np.int16], record: RecordBeats, k: int, before_s: float, fs_hz: int
) -> tuple[NDArray[np.float64], int]:
    """One beat, from so long before its R peak to the end of its T wave; and where its R peak is in it."""
    after_s = min(AFTER_S, max(0.2, record.rr[k, 1] / fs_hz - NEXT_P_S))
    return _cut(samples, int(record.sample[k]), round(before_s * fs_hz), round(after_s * fs_hz), fs_hz)


def _p_wave(
    samples: NDArray[np.int16], record: RecordBeats, k: int, fs_hz: int
) -> tuple[NDArray[np.float64], int]:
    """The P wave alone of one beat; and where the R peak would be in it."""
    return _cut(samples, int(record.sample[k]), round(BEFORE_S * fs_hz), -round(P_END_S * fs_hz), fs_hz)


def _lay(signal: NDArray[np.float64], at: int, piece: tuple[NDArray[np.float64], int]) -> None:
    """Add a piece with its R peak at a sample."""
    x, centre = piece
    first = max(0, at - centre)
    end = min(len(signal), first + len(x))
    signal[first:end] += x[: end - first]


def _f_waves(length: int, fs_hz: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Waves of 4 to 9 Hz whose frequency wanders, deviation about 1."""
    wave = np.zeros(length)
    for _ in range(3):
        knots = rng.uniform(4, 9, length // fs_hz + 2)
        frequency_hz = np.interp(np.arange(length) / fs_hz, np.arange(len(knots)), knots)
        wave += np.sin(2 * np.pi * np.cumsum(frequency_hz) / fs_hz + rng.uniform(0, 2 * np.pi))
    return wave / np.sqrt(1.5)


def _flutter_waves(
    length: int, at: NDArray[np.int64], fs_hz: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Sawtooth waves, a whole number of which lies between two R peaks, deviation about 1."""
    waves = np.maximum(1, np.rint(np.diff(at) / (FLUTTER_S * fs_hz)))
    phase = 2 * np.pi * np.interp(np.arange(length), at, np.concatenate([[0], np.cumsum(waves)]))
    phase += rng.uniform(0, 2 * np.pi)
    steep = rng.uniform(0, 0.5) * rng.choice((-1, 1))
    return (np.sin(phase) + steep * np.sin(2 * phase)) * np.sqrt(2 / (1 + steep**2))


def _add_atrial_waves(
    signal: NDArray[np.float64],
    at: NDArray[np.int64],
    rhythm: Rhythm,
    size: float,
    fs_hz: int,
    rng: np.random.Generator,
) -> None:
    """Add the waves of fibrillation and flutter where the rhythm has them; ``size`` is that of the QRS."""
    everywhere = np.arange(len(signal))
    fibrillating, fluttering = rhythm.atria == FIBRILLATING, rhythm.atria == FLUTTERING
    if fibrillating.any():
        present = np.interp(everywhere, at, fibrillating.astype(np.float64))
        waves = _f_waves(len(signal), fs_hz, rng)
        signal += rng.uniform(0, F_WAVE_SHARE_MAX) * size * present * waves
    if fluttering.any():
        present = np.interp(everywhere, at, fluttering.astype(np.float64))
        waves = _flutter_waves(len(signal), at, fs_hz, rng)
        signal += rng.uniform(FLUTTER_SHARE_MIN, FLUTTER_SHARE_MAX) * size * present * waves


def splice(
    samples: NDArray[np.int16], record: RecordBeats, mode: str, fs_hz: int, rng: np.random.Generator
) -> tuple[NDArray[np.int16], Annotations]:
    """String a record's beats into a made-up rhythm.

    Parameters
    ----------
    samples : ndarray
        int16 [n], the record's signal at ``fs_hz``.
    record : RecordBeats
        Its beats.
    mode : str
        One of :func:`modes_of` this record.
    fs_hz : int
        Sampling rate, Hz.
    rng : Generator
        Draws the rhythm and the beats.

    Returns
    -------
    tuple
        The made-up signal, int16, and its R peaks and labels.
    """
    pieces = _pieces_to_choose(record)
    usual_s = float(np.median(record.rr[pieces[N], 0])) / fs_hz * float(np.exp(0.12 * rng.standard_normal()))
    rhythm = {**ATRIAL, **NORMAL}[mode](float(np.clip(usual_s, 0.45, 1.3)), rng)
    if len(pieces[V]) >= V_BEATS_MIN:
        rhythm = with_ventricular(rhythm, V_SHARE, rng)
    edge = round(EDGE_S * fs_hz)
    at = edge + np.cumsum(np.rint(rhythm.interval_s * fs_hz).astype(np.int64))
    signal = np.zeros(int(at[-1]) + edge)
    qrs = []
    lone_p = pieces[S] if len(pieces[S]) >= S_BEATS_MIN else pieces[N]
    for r, rr_s, kind, atria, blocked_s in zip(
        at, rhythm.interval_s, rhythm.label, rhythm.atria, rhythm.blocked_s, strict=True
    ):
        before_s = BEFORE_S if atria == SINUS else BEFORE_V_S if kind == V else BEFORE_NO_P_S
        piece = _piece(samples, record, int(rng.choice(pieces[int(kind)])), before_s, fs_hz)
        _lay(signal, int(r), piece)
        qrs.append(np.ptp(piece[0]))
        if 0 < blocked_s < rr_s:
            conducted = int(r) - round((rr_s - blocked_s) * fs_hz)
            _lay(signal, conducted, _p_wave(samples, record, int(rng.choice(lone_p)), fs_hz))
    size = float(np.median(qrs))
    signal += NOISE_SHARE * size * rng.standard_normal(len(signal))
    _add_atrial_waves(signal, at, rhythm, size, fs_hz, rng)
    limited = np.clip(np.rint(signal), -32767, 32767).astype(np.int16)
    return limited, Annotations(at, rhythm.label.astype(np.uint8), np.zeros((0, 2), np.int64))


def with_noise(
    samples: NDArray[np.int16], annotations: Annotations, nstdb: Path, fs_hz: int, rng: np.random.Generator
) -> NDArray[np.int16]:
    """The record with another noise, or none, every minute; only of the noise records' part for training."""
    normal = annotations.sample[annotations.label < LABEL_Q]
    qrs_adu = qrs_amplitude_adu(samples, normal, ["N"] * len(normal), fs_hz)
    noisy = samples.astype(np.float64)
    length = NOISE_TURN_S * fs_hz
    for first in range(0, len(samples), length):
        name = (*NOISE_RECORDS, None)[rng.integers(len(NOISE_RECORDS) + 1)]
        if name is None:
            continue
        noise = read_noise(nstdb, name, "training", int(rng.integers(2)))
        gain = noise_gain(qrs_adu, noise_rms_adu(noise, fs_hz), float(rng.choice(NOISE_LEVELS_DB)))
        begin = int(rng.integers(len(noise) - length))
        part = noise[begin : begin + len(noisy[first : first + length])]
        noisy[first : first + length] += gain * (part - part.mean())
    return np.clip(np.rint(noisy), -32767, 32767).astype(np.int16)


def made_up_record(
    samples: NDArray[np.int16], record: RecordBeats, which: str, annotations: Annotations, data_dir: Path
) -> RecordBeats:
    """Beats of the made-up record ``<record>~<which>``; the name, mode and number, fixes all draws."""
    from host_tools.reference.params import FS_HZ

    name = f"{record.record}{MADE_UP}{which}"
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    mode = mode_of(name)
    if mode == NOISE:
        noisy = with_noise(samples, annotations, data_dir / "nstdb", FS_HZ, rng)
        return compute_beats(noisy, annotations, name, "detected")
    signal, known = splice(samples, record, mode, FS_HZ, rng)
    return compute_beats(signal, known, name, "annotated")
