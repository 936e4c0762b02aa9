"""Small test signals with known R peaks."""

from __future__ import annotations

import numpy as np

from host_tools.reference import params


def pulse_train(
    seconds: float, rr_ms: float = 800, height_adu: int = 250, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Narrow triangular beats with a T wave in light noise; returns samples int16 and R peaks."""
    fs = params.FS_HZ
    n = int(seconds * fs)
    rng = np.random.default_rng(seed)
    x = rng.normal(0, 3, n)
    peaks = np.round(np.arange(0.4, seconds - 0.4, rr_ms / 1000) * fs).astype(np.int64)
    t = np.arange(n)
    for r in peaks:
        x += height_adu * np.clip(1 - np.abs(t - r) / (0.028 * fs), 0, None)
        x += 0.2 * height_adu * np.exp(-0.5 * ((t - r - 0.28 * fs) / (0.05 * fs)) ** 2)
    return np.round(x).astype(np.int16), peaks


def missed(peaks: np.ndarray, beats: np.ndarray, tolerance_ms: float = 60) -> np.ndarray:
    """R peaks without a beat near them."""
    at = beats["r_sample"].astype(np.int64) - params.DELAY_SAMPLES
    if len(at) == 0:
        return peaks
    gap = np.abs(peaks[:, None] - at[None, :]).min(axis=1)
    return peaks[gap > tolerance_ms * params.FS_HZ / 1000]
