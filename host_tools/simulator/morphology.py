"""Shapes of beats in a modified lead II: sums of Gaussians, each with its own left and right width."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: Time from the P wave's peak to the R peak in normal conduction.
PR_S = 0.165

#: QT interval at 60 beats/min; at other rates QT = this * RR^(1/3) (Fridericia).
QTC_S = 0.400

#: A wave is evaluated out to this many deviations.
_REACH = 5.0


@dataclass(frozen=True)
class Wave:
    """One Gaussian: peak relative to the R peak, deviation before and after it, height."""

    centre_s: float
    before_s: float
    after_s: float
    mv: float


P_SINUS = (Wave(-PR_S - 0.012, 0.019, 0.018, 0.10), Wave(-PR_S + 0.014, 0.017, 0.021, 0.09))
#: From a low atrial focus: shorter PR, first up, then down.
P_ECTOPIC = (Wave(-0.142, 0.015, 0.014, 0.07), Wave(-0.112, 0.014, 0.016, -0.12))

_QRS_NORMAL = (
    Wave(-0.033, 0.0085, 0.0080, -0.13),
    Wave(0.0, 0.0115, 0.0110, 1.32),
    Wave(0.030, 0.0085, 0.0110, -0.27),
    Wave(0.080, 0.0300, 0.0600, 0.035),
)
#: Ventricular focus A: broad, notched, upright. Focus B: small r, deep broad S.
_QRS_VENTRICULAR = {
    "A": (
        Wave(-0.072, 0.016, 0.014, -0.10),
        Wave(0.0, 0.030, 0.024, 1.62),
        Wave(0.050, 0.018, 0.026, 0.78),
        Wave(0.118, 0.022, 0.045, -0.22),
    ),
    "B": (
        Wave(-0.066, 0.016, 0.014, 0.28),
        Wave(0.0, 0.027, 0.026, -1.38),
        Wave(0.052, 0.022, 0.028, -0.62),
        Wave(0.125, 0.030, 0.050, 0.20),
    ),
}
_T_VENTRICULAR_MV = {"A": -0.52, "B": 0.50}


def _t_wave(rr_s: float, mv: float, early_s: float) -> tuple[Wave, ...]:
    """T wave at its place for the RR interval: slow rise, faster fall, a hint of a U wave."""
    rr = min(max(rr_s, 0.35), 1.6)
    # The T wave's end (two deviations after its peak) closes the QT interval; QRS onset is at -40 ms.
    peak_s = QTC_S * rr ** (1 / 3) - 0.04 - 0.074 - early_s
    stretch = rr ** (1 / 3)
    return (
        Wave(peak_s, 0.058 * stretch, 0.037 * stretch, mv),
        Wave(peak_s + 0.19 * stretch, 0.035, 0.045, 0.06 * abs(mv)),
    )


def beat_waves(kind: str, rr_s: float, focus: str = "A") -> tuple[Wave, ...]:
    """Waves of one beat.

    Parameters
    ----------
    kind : {"sinus", "atrial", "fibrillation", "ventricular", "fusion"}
        Where the beat comes from. A fusion beat is half sinus, half ventricular.
    rr_s : float
        Recent RR interval, which QT follows.
    focus : {"A", "B"}
        Origin of a ventricular beat.

    Raises
    ------
    ValueError
        If there is no such kind.
    """
    if kind == "ventricular":
        t_mv = _T_VENTRICULAR_MV[focus]
        return (*_QRS_VENTRICULAR[focus], *_t_wave(rr_s, t_mv, -0.03))
    if kind == "fusion":
        half = (*beat_waves("sinus", rr_s)[2:], *beat_waves("ventricular", rr_s, focus))
        return (*P_SINUS, *(Wave(w.centre_s, w.before_s, w.after_s, 0.5 * w.mv) for w in half))
    p_waves = {"sinus": P_SINUS, "atrial": P_ECTOPIC, "fibrillation": ()}
    if kind not in p_waves:
        raise ValueError(f"no beat of kind {kind!r}")
    return (*p_waves[kind], *_QRS_NORMAL, *_t_wave(rr_s, 0.30, 0.0))


def add_waves(
    signal_mv: NDArray[np.float64], fs_hz: float, at_s: float, waves: tuple[Wave, ...], scale: float
) -> None:
    """Add waves with their R peak at ``at_s`` to a signal (n samples, mV), in place."""
    for wave in waves:
        centre_s = at_s + wave.centre_s
        first = max(int(np.ceil((centre_s - _REACH * wave.before_s) * fs_hz)), 0)
        stop = min(int((centre_s + _REACH * wave.after_s) * fs_hz) + 1, signal_mv.size)
        if first >= stop:
            continue
        away_s = np.arange(first, stop) / fs_hz - centre_s
        z = away_s / np.where(away_s < 0, wave.before_s, wave.after_s)
        signal_mv[first:stop] += scale * wave.mv * np.exp(-0.5 * z * z)
