"""Electrodes, amplifier and converter of a scenario: what they add to the heart's signal."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .draw import Draw
from .rhythm import BREATH_HZ
from .scenario import Fault, FrontEnd, Spikes

_Signal = NDArray[np.float64]

#: After a pull to the rail the electrodes' potential decays with this time constant.
_RAIL_DECAY_S = 0.4
#: A pop decays with this one.
_POP_DECAY_S = 0.3


def _step_response(after_s: _Signal, bandwidth_hz: float) -> _Signal:
    """Second-order Butterworth low-pass after a unit step, sampled anywhere."""
    x = np.maximum(after_s, 0.0) * 2 * np.pi * bandwidth_hz / np.sqrt(2)
    response: _Signal = np.where(after_s > 0, 1.0 - np.exp(-x) * (np.cos(x) + np.sin(x)), 0.0)
    return response


def add_spikes(
    signal_mv: _Signal, time_s: _Signal, at_s: Sequence[float], spikes: Spikes, bandwidth_hz: float
) -> None:
    """Add pacing pulses as the front end's low-pass passes them, in place."""
    reach_s = 0.03 + 6 * spikes.tail_ms / 1000
    for at in at_s:
        first, stop = np.searchsorted(time_s, (at, at + reach_s))
        after = time_s[first:stop] - at
        width_s = spikes.ms / 1000
        pulse = _step_response(after, bandwidth_hz) - _step_response(after - width_s, bandwidth_hz)
        tail_s = after - width_s
        tail = np.where(tail_s > 0, np.exp(-np.maximum(tail_s, 0) * 1000 / spikes.tail_ms), 0.0)
        signal_mv[first:stop] += spikes.mv * pulse - np.sign(spikes.mv) * spikes.tail_mv * tail


def sample_times(front_end: FrontEnd, faults: Sequence[Fault], duration_s: float, seed: int) -> _Signal:
    """When the samples are really taken; the file and the device know only their numbers."""
    n = round(duration_s * front_end.fs_hz)
    time_s = np.arange(n) / front_end.fs_hz
    for fault in faults:
        if fault.kind == "jitter":
            stray = np.clip(fault.size * Draw(seed, "jitter").normal(time_s.size), -0.49, 0.49)
            time_s = np.maximum(time_s + _between(time_s, fault) * stray / front_end.fs_hz, 0.0)
        elif fault.kind == "dropped":
            gone = Draw(seed, "dropped").uniform(time_s.size) < fault.size
            time_s = time_s[~(gone & _between(time_s, fault))]
    return time_s


def _between(time_s: _Signal, fault: Fault) -> NDArray[np.bool_]:
    inside: NDArray[np.bool_] = (time_s >= fault.start_s) & (time_s < fault.stop_s)
    return inside


def add_electrodes(signal_mv: _Signal, time_s: _Signal, front_end: FrontEnd, seed: int) -> _Signal:
    """Noise, baseline wander, hum and offset on top of the heart's signal."""
    duration_s = float(time_s[-1]) if time_s.size else 1.0
    noise = front_end.noise_mv * Draw(seed, "amplifier").normal(time_s.size)
    breath = 0.6 * np.sin(2 * np.pi * BREATH_HZ * time_s + 0.7)
    wander = front_end.wander_mv * (breath + 0.6 * Draw(seed, "wander").smooth(time_s, 2.5))
    phase = 2 * np.pi * float(Draw(seed, "hum").uniform(1)[0])
    hum = front_end.hum_mv * np.sin(2 * np.pi * front_end.hum_hz * time_s + phase)
    drift = front_end.offset_mv + front_end.drift_mv * time_s / max(duration_s, 1.0)
    total: _Signal = signal_mv + noise + wander + hum + drift
    return total


def _glitches(signal_mv: _Signal, time_s: _Signal, fault: Fault, seed: int) -> list[int]:
    draw = Draw(seed, "glitches")
    at_s, hit = max(fault.start_s, 0.3), []
    while at_s < min(fault.stop_s, float(time_s[-1])):
        k = int(np.searchsorted(time_s, at_s))
        signal_mv[k] += fault.size * (1.0 if float(draw.uniform(1)[0]) < 0.7 else -1.0)
        hit.append(k)
        at_s += fault.every_s * draw.spread(0.25)
    return hit


def _times_s(fault: Fault, end_s: float, draw: Draw) -> list[float]:
    """When a fault that comes again and again does."""
    at_s, times = max(fault.start_s, 0.3), []
    while at_s < min(fault.stop_s, end_s):
        times.append(at_s)
        at_s += fault.every_s * draw.spread(0.25)
    return times


def _jump(signal_mv: _Signal, time_s: _Signal, fault: Fault, seed: int) -> None:
    """Electrode pops, which decay, and steps of the baseline, which stay."""
    for k, at_s in enumerate(_times_s(fault, float(time_s[-1]), Draw(seed, fault.kind))):
        after_s = time_s[np.searchsorted(time_s, at_s) :] - at_s
        course = np.exp(-after_s / _POP_DECAY_S) if fault.kind == "pops" else np.ones(after_s.size)
        signal_mv[signal_mv.size - after_s.size :] += (fault.size if k % 2 == 0 else -fault.size) * course


def _stick(signal_mv: _Signal, time_s: _Signal, fault: Fault, seed: int) -> None:
    """The converter gives one value again and again."""
    for at_s in _times_s(fault, float(time_s[-1]), Draw(seed, "stuck")):
        first, stop = np.searchsorted(time_s, (at_s, at_s + fault.size / 1000))
        signal_mv[first:stop] = signal_mv[first]


def apply_faults(
    signal_mv: _Signal, time_s: _Signal, faults: Sequence[Fault], rail_mv: float, seed: int
) -> list[int]:
    """Change the signal in place; returns the samples that are glitches."""
    glitches: list[int] = []
    for fault in faults:
        inside = _between(time_s, fault)
        if fault.kind in ("pops", "steps"):
            _jump(signal_mv, time_s, fault, seed)
        elif fault.kind == "stuck":
            _stick(signal_mv, time_s, fault, seed)
        elif fault.kind == "rail":
            after_s = np.maximum(time_s - fault.stop_s, 0.0)
            decay = 0.8 * rail_mv * np.exp(-after_s / _RAIL_DECAY_S)
            pulled = np.where(inside, 10 * rail_mv, np.where(time_s >= fault.stop_s, decay, 0.0))
            signal_mv += np.sign(fault.size) * pulled
        elif fault.kind == "glitches":
            glitches += _glitches(signal_mv, time_s, fault, seed)
        elif fault.kind == "motion":
            wave = Draw(seed, "motion").smooth(time_s, 0.35) + 0.5 * Draw(seed, "motion 2").smooth(
                time_s, 0.12
            )
            signal_mv += np.where(inside, fault.size * wave, 0.0)
        elif fault.kind == "muscle":
            signal_mv += np.where(inside, fault.size * 1.15 * Draw(seed, "muscle").smooth(time_s, 0.006), 0.0)
        elif fault.kind == "polarity":
            signal_mv[inside] *= -1.0
        elif fault.kind == "gain":
            signal_mv[inside] *= fault.size
    return glitches


def lost_samples(time_s: _Signal, faults: Sequence[Fault], seed: int) -> NDArray[np.bool_]:
    """Where there is no sample."""
    lost = np.zeros(time_s.size, np.bool_)
    for fault in faults:
        if fault.kind == "lead_off":
            lost |= _between(time_s, fault)
        elif fault.kind == "missing":
            lost |= _between(time_s, fault) & (Draw(seed, "missing").uniform(time_s.size) < fault.size)
    return lost


def hold_flat(signal_mv: _Signal, time_s: _Signal, faults: Sequence[Fault]) -> NDArray[np.bool_]:
    """Hold the signal where a fault says ``flat``, in place; returns where."""
    held = np.zeros(time_s.size, np.bool_)
    for fault in faults:
        inside = _between(time_s, fault)
        if fault.kind == "flat" and inside.any():
            signal_mv[inside] = signal_mv[int(np.argmax(inside))]
            held |= inside
    return held
