"""Clean records with noise at a given signal-to-noise ratio, by the definition of WFDB's ``nst``.

``nst`` calibrates against the QRS complexes: S = (mean peak-to-peak QRS amplitude)^2 / 8, the power of a
sine of that amplitude; N = (mean root-mean-square deviation of one-second pieces of the noise)^2. Both means
leave out the largest and the smallest 5 %. The noise is added times a, where 10 log10(S / (a^2 N)) is the
ratio asked for. Source: G. Moody, WFDB Applications Guide, ``nst`` and ``sigamp``.

The noise records are divided by time: what the network's training hears, tests never do. (The detector's
weights were fitted with noise of the tests' half.)
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from host_tools.ec57.labels import NOT_A_BEAT, class_codes
from host_tools.ec57.pairing import LEARNING_PERIOD_S
from host_tools.errors import UserError

#: Baseline wander, electrode motion, muscle: the noise records of MIT-BIH's Noise Stress Test Database.
NOISE_RECORDS = ("bw", "em", "ma")

#: Training takes this share of each noise record, from its beginning; tests take the rest.
NOISE_TRAINING_SHARE = 0.5

#: QRS amplitudes are peak-to-peak within this much time on either side of the annotation.
QRS_HALF_WIDTH_S = 0.05
#: Noise is measured in pieces of this length.
NOISE_PIECE_S = 1.0
#: Share of the values left out of a mean at either end.
TRIM_SHARE = 0.05
#: Peak-to-peak^2 over mean square of a sine.
_SINE_POWER = 8.0


def split_sample(length: int) -> int:
    """First sample of a noise record of ``length`` samples that tests may use; training stops there."""
    return int(length * NOISE_TRAINING_SHARE)


def noise_stretch(length: int, use: Literal["training", "test"]) -> slice:
    """Samples of a noise record of ``length`` samples for one use; the two have none in common."""
    split = split_sample(length)
    return slice(0, split) if use == "training" else slice(split, length)


def read_noise(
    folder: Path, name: str, use: Literal["training", "test"], channel: int = 0
) -> NDArray[np.float64]:
    """Read one channel of a noise record's stretch for one use, adu at the record's 360 Hz.

    Raises
    ------
    UserError
        The record is missing.
    """
    import wfdb

    try:
        record = wfdb.rdrecord(str(folder / name), physical=False)
    except FileNotFoundError:
        raise UserError(f"{folder / name}: noise record not found; `make data` brings it") from None
    values: NDArray[np.float64] = record.d_signal[:, channel].astype(np.float64)
    return values[noise_stretch(len(values), use)]


def _trimmed_mean(values: NDArray[np.float64]) -> float:
    """Mean without the largest and the smallest TRIM_SHARE."""
    cut = int(len(values) * TRIM_SHARE)
    return float(np.sort(values)[cut : len(values) - cut].mean())


def qrs_amplitude_adu(
    samples: NDArray[np.int16], beat_samples: NDArray[np.int64], labels: list[str], fs_hz: float
) -> float:
    """Mean peak-to-peak QRS amplitude of a record, as ``sigamp`` gives it.

    Parameters
    ----------
    samples : int16 [n]
        The clean record, adu.
    beat_samples, labels : int64 [m], list of str
        Reference annotations; those that are no beats are passed over.
    fs_hz : float
        Their rate.

    Raises
    ------
    ValueError
        There is no beat whose surroundings lie in the record.
    """
    half = round(QRS_HALF_WIDTH_S * fs_hz)
    at = beat_samples[class_codes(labels) != NOT_A_BEAT]
    at = at[(at >= half) & (at < len(samples) - half)]
    if len(at) == 0:
        raise ValueError("no beat to measure the QRS amplitude at")
    around = samples[at[:, None] + np.arange(-half, half + 1)].astype(np.float64)
    return _trimmed_mean(around.max(1) - around.min(1))


def noise_rms_adu(noise: NDArray[np.float64], fs_hz: float) -> float:
    """Mean deviation of one-second pieces of noise, each about its own mean, as ``sigamp`` gives it."""
    length = round(NOISE_PIECE_S * fs_hz)
    count = len(noise) // length
    if count == 0:
        raise ValueError(f"noise of {len(noise)} samples is shorter than {NOISE_PIECE_S:g} s")
    return _trimmed_mean(noise[: count * length].reshape(count, length).std(1))


def noise_gain(qrs_adu: float, noise_adu: float, wanted_db: float) -> float:
    """Factor for the noise that gives a signal-to-noise ratio, decibels."""
    return float(np.sqrt(qrs_adu**2 / _SINE_POWER / 10 ** (wanted_db / 10)) / noise_adu)


def snr_db(qrs_adu: float, noise_adu: float) -> float:
    """Signal-to-noise ratio of QRS complexes of an amplitude in noise of a deviation, decibels."""
    return float(10 * np.log10(qrs_adu**2 / _SINE_POWER / noise_adu**2))


def mix(
    samples: NDArray[np.int16],
    noise: NDArray[np.float64],
    gain: float,
    fs_hz: float,
    *,
    first: int = 0,
    clean_s: float = LEARNING_PERIOD_S,
) -> NDArray[np.int16]:
    """Add noise to a record.

    Parameters
    ----------
    samples : int16 [n]
        adu; -32768, a missing sample, stays missing.
    noise : float64 [m]
        adu, the same rate; begins anew where it ends.
    gain : float
        From :func:`noise_gain`.
    fs_hz : float
        Rate of both.
    first : int
        Sample of the noise at which to begin.
    clean_s : float
        So long from its beginning the record stays clean, as with ``nst``: detectors learn on it, and EC57
        does not score it.

    Returns
    -------
    int16 [n]
        Clipped to int16 less -32768.
    """
    begin = min(round(clean_s * fs_hz), len(samples))
    turned = noise[(first + np.arange(len(samples) - begin)) % len(noise)]
    mixed = samples.astype(np.int64)
    mixed[begin:] += np.rint(gain * (turned - noise.mean())).astype(np.int64)
    mixed = np.clip(mixed, -32767, 32767)
    mixed[samples == -32768] = -32768
    return mixed.astype(np.int16)
