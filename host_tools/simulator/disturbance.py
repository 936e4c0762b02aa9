"""What electrodes, muscles and the mains add to the heart's signal."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .draw import Draw
from .rhythm import BREATH_HZ, Span

#: Kinds of disturbances a script may name.
DISTURBANCES = ("noise", "lead_off", "saturation")

MAINS_HZ = 50.0


def _inside(time_s: NDArray[np.float64], span: Span, ramp_s: float) -> NDArray[np.float64]:
    """1 inside the span, 0 outside, with straight ramps inside its ends."""
    edge = np.minimum(time_s - span.start_s, span.stop_s - time_s) / ramp_s
    return np.clip(edge, 0.0, 1.0)


def background_mv(time_s: NDArray[np.float64], seed: int) -> NDArray[np.float64]:
    """Baseline wander (breathing and drift), amplifier noise and a little mains hum."""
    breath = 0.055 * np.sin(2 * np.pi * BREATH_HZ * time_s + 0.7)
    drift = 0.11 * Draw(seed, "drift").smooth(time_s, 2.5)
    hum = 0.005 * np.sin(2 * np.pi * MAINS_HZ * time_s)
    muscle_tone = 0.007 * Draw(seed, "tone").smooth(time_s, 0.004)
    return breath + drift + hum + muscle_tone


def fibrillation_mv(time_s: NDArray[np.float64], span: Span, seed: int) -> NDArray[np.float64]:
    """Fibrillatory waves: near 5.8 Hz, wandering in rate, size and shape."""
    wander = Draw(seed, "f rate").smooth(time_s, 0.35)
    size = 0.055 * (1.0 + 0.35 * Draw(seed, "f size").smooth(time_s, 0.5))
    phase = 2 * np.pi * 5.8 * time_s + 1.1 * wander
    # The second harmonic gives the waves their steep side.
    wave = np.sin(phase) + 0.38 * np.sin(2 * phase + 0.6)
    return _inside(time_s, span, 0.6) * size * wave


def noise_burst_mv(time_s: NDArray[np.float64], span: Span, seed: int) -> NDArray[np.float64]:
    """Muscle noise (up to about 90 Hz) and electrode motion (below about 6 Hz), swelling and fading."""
    length_s = span.stop_s - span.start_s
    swell = _inside(time_s, span, 0.25 * length_s)
    tremor = 0.6 + 0.4 * np.abs(Draw(seed, "burst swell").smooth(time_s, 0.15))
    muscle = 0.19 * tremor * Draw(seed, "burst muscle").smooth(time_s, 0.0055)
    motion = 0.34 * Draw(seed, "burst motion").smooth(time_s, 0.09)
    slow = 0.45 * Draw(seed, "burst slow").smooth(time_s, 0.4)
    return swell * (muscle + motion + slow)


def contact_mv(time_s: NDArray[np.float64], span: Span) -> NDArray[np.float64]:
    """Electrode potential after the contact has come back: a step that decays within seconds."""
    after_s = np.maximum(time_s - span.stop_s, 0.0)
    return np.where(time_s >= span.stop_s, 1.4 * np.exp(-after_s / 0.7), 0.0)


def overload_mv(time_s: NDArray[np.float64], span: Span) -> NDArray[np.float64]:
    """Offset from a pull at the cable: beyond the amplifier's range inside the span, decaying after it."""
    after_s = np.maximum(time_s - span.stop_s, 0.0)
    tail = np.where(time_s >= span.stop_s, 2.5 * np.exp(-after_s / 0.5), 0.0)
    return np.where((time_s >= span.start_s) & (time_s < span.stop_s), 80.0, tail)
