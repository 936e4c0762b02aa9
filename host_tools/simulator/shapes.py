"""QRS morphologies of a stated duration and amplitude, and the P, T and U waves that go with them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from .morphology import QTC_S, Wave

#: Sums of Gaussians in arbitrary time: centre, deviation before and after it, height. The largest
#: deflection is upright; a negative amplitude turns the whole beat over. Widths at half height are those of
#: MIT-BIH's records: 22 to 36 ms of normal beats (90 ms), 56 to 92 ms of ventricular ones (140 to 180 ms).
_SHAPES: dict[str, tuple[tuple[float, float, float, float], ...]] = {
    "qRs": ((-0.33, 0.085, 0.08, -0.10), (0.0, 0.115, 0.11, 1.0), (0.30, 0.085, 0.11, -0.20)),
    "R": ((0.0, 0.105, 0.105, 0.85), (0.0, 0.24, 0.24, 0.15)),
    "Rs": ((0.0, 0.12, 0.12, 1.0), (0.28, 0.10, 0.12, -0.35)),
    "qR": ((-0.25, 0.10, 0.09, -0.25), (0.0, 0.12, 0.13, 1.0)),
    "notched": ((-0.15, 0.07, 0.06, 0.42), (0.05, 0.085, 0.10, 1.0), (0.32, 0.08, 0.10, -0.12)),
    "rsR'": ((-0.30, 0.06, 0.07, 0.45), (-0.10, 0.06, 0.07, -0.35), (0.20, 0.12, 0.16, 1.0)),
    "LBBB": ((-0.20, 0.11, 0.12, 0.80), (0.0, 0.18, 0.18, 0.45), (0.20, 0.11, 0.14, 0.80)),
    "ventricular A": (
        (-0.070, 0.014, 0.012, -0.06),
        (0.0, 0.030, 0.026, 1.0),
        (0.050, 0.020, 0.026, 0.66),
        (0.112, 0.018, 0.026, -0.10),
    ),
    "ventricular B": (
        (-0.062, 0.014, 0.012, -0.14),
        (0.0, 0.030, 0.028, 1.0),
        (0.055, 0.024, 0.028, 0.68),
        (0.122, 0.018, 0.026, -0.10),
    ),
    "ventricular C": ((0.0, 0.22, 0.20, 0.95), (0.24, 0.18, 0.20, 0.70), (0.74, 0.10, 0.14, -0.12)),
}

#: Of conducted beats, of bundle branch block, and of a ventricular focus.
NARROW_SHAPES = ("qRs", "R", "Rs", "qR", "notched")
BLOCK_SHAPES = ("rsR'", "LBBB")
VENTRICULAR_SHAPES = ("ventricular A", "ventricular B", "ventricular C")

#: The QRS complex lasts while it is above this share of its largest deflection.
_EDGE = 0.04

#: A P wave begins this long before its peak.
P_ONSET_S = 0.045

#: The longest QT interval as a share of the RR interval: at high rates the T wave ends with the next QRS.
_QT_OF_RR = 0.92


@dataclass(frozen=True)
class Qrs:
    """Waves of a QRS complex around its R peak, in s and mV, and its onset and end beside the R peak."""

    waves: tuple[Wave, ...]
    onset_s: float
    end_s: float


def sample_waves(waves: tuple[Wave, ...], away_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum of waves at times beside the R peak, mV."""
    total = np.zeros_like(away_s)
    for wave in waves:
        z = (away_s - wave.centre_s) / np.where(away_s < wave.centre_s, wave.before_s, wave.after_s)
        total += wave.mv * np.exp(-0.5 * z * z)
    return total


@lru_cache(maxsize=4096)
def qrs_complex(shape: str, qrs_ms: float, r_mv: float) -> Qrs:
    """QRS complex of a duration and a largest deflection.

    Parameters
    ----------
    shape : str
        One of ``NARROW_SHAPES``, ``BLOCK_SHAPES``, ``VENTRICULAR_SHAPES``.
    qrs_ms : float
        Duration from onset to end, ms.
    r_mv : float
        Largest deflection from the baseline, mV, with its sign.

    Raises
    ------
    ValueError
        If there is no such shape.
    """
    if shape not in _SHAPES:
        raise ValueError(f"no QRS shape {shape!r}")
    raw = tuple(Wave(*wave) for wave in _SHAPES[shape])
    reach = np.linspace(-2.0, 2.0, 8001)
    curve = sample_waves(raw, reach)
    top = int(np.argmax(np.abs(curve)))
    above = np.flatnonzero(np.abs(curve) >= _EDGE * abs(curve[top]))
    stretch = qrs_ms / 1000 / float(reach[above[-1]] - reach[above[0]])
    peak = float(reach[top])
    waves = tuple(
        Wave(
            (w.centre_s - peak) * stretch,
            w.before_s * stretch,
            w.after_s * stretch,
            w.mv * r_mv / float(curve[top]),
        )
        for w in raw
    )
    return Qrs(waves, (float(reach[above[0]]) - peak) * stretch, (float(reach[above[-1]]) - peak) * stretch)


def p_wave(p_mv: float) -> tuple[Wave, ...]:
    """P wave around its peak: two atria, one a little later."""
    if p_mv == 0:
        return ()
    # The two halves add up to 1.06 of one of them.
    return (Wave(-0.012, 0.019, 0.018, 0.56 * p_mv), Wave(0.012, 0.017, 0.021, 0.56 * p_mv))


def repolarisation(qrs: Qrs, rr_s: float, t_mv: float, u_mv: float) -> tuple[Wave, ...]:
    """T and U wave around the R peak; QT follows RR (Fridericia), and ends with it at the latest.

    Parameters
    ----------
    qrs : Qrs
        The complex that they follow.
    rr_s : float
        RR interval, s.
    t_mv, u_mv : float
        Heights, mV, with their signs.
    """
    rr = min(max(rr_s, 0.15), 1.6)
    broad_s = max(qrs.end_s - qrs.onset_s - 0.09, 0.0)
    qt_s = min(QTC_S * rr ** (1 / 3) + broad_s, _QT_OF_RR * rr)
    room_s = qrs.onset_s + qt_s - qrs.end_s
    if room_s < 0.04:
        return ()
    # The T wave takes the later part of what is left between the QRS complex and its end.
    after_s = min(0.16 * room_s, 0.045)
    before_s = min(0.24 * room_s, 0.075)
    peak_s = qrs.onset_s + qt_s - 2 * after_s
    waves: tuple[Wave, ...] = (Wave(peak_s, before_s, after_s, t_mv),)
    if u_mv and rr > 0.6:
        waves += (Wave(peak_s + 0.17 * rr ** (1 / 3), 0.035, 0.045, u_mv),)
    return waves
