"""Puts rhythm, shapes and disturbances together into samples with their truth."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .disturbance import (
    DISTURBANCES,
    background_mv,
    contact_mv,
    fibrillation_mv,
    noise_burst_mv,
    overload_mv,
)
from .draw import Draw
from .morphology import P_SINUS, add_waves, beat_waves
from .rhythm import BREATH_HZ, Rhythm, Span, Step, play

ADU_PER_MV = 200

#: The amplifier's range: +-32 mV.
RAIL_ADU = 6400

#: Sample value for "no signal: a lead is off".
LEAD_OFF_ADU = -32768

#: Origin of a beat to WFDB symbol and AAMI class.
SYMBOLS = {"sinus": "N", "fibrillation": "N", "atrial": "A", "ventricular": "V", "fusion": "F"}
AAMI = {"N": "N", "A": "S", "V": "V", "F": "F", "S": "S", "j": "N", "E": "V", "/": "Q"}

#: WFDB's names of the rhythms that a script can hold.
RHYTHMS = {
    "fibrillation": "(AFIB",
    "bigeminy": "(B",
    "trigeminy": "(T",
    "run": "(VT",
    "svt": "(SVTA",
    "vt": "(VT",
    "ventricular_flutter": "(VFL",
    "ventricular_fibrillation": "(VFIB",
    "atrial_fibrillation": "(AFIB",
    "atrial_flutter": "(AFL",
    "asystole": "(ASYS",
    "wenckebach": "(BII",
    "mobitz": "(BII",
    "complete_block": "(BIII",
    "paced": "(P",
}

_PEAK_SEARCH_S = 0.05

#: A beat is in the truth where this much around it lies within the record and can be seen.
_SEEN_S = 0.06


@dataclass(frozen=True)
class Event:
    """An episode of the truth: its kind, first sample, and the sample after its last."""

    kind: str
    start_sample: int
    stop_sample: int


@dataclass(frozen=True)
class Simulation:
    """A simulated record and its truth.

    Attributes
    ----------
    samples : int16 (n,)
        Units of 1/200 mV, zero is the baseline; -32768 where a lead is off, +-6400 at the rails.
    fs_hz : float
        Sampling rate.
    r_samples : int64 (m,)
        R peaks (the QRS complex's largest deflection); beats without a signal are not among them.
    symbols : tuple of str
        WFDB symbol of each beat: N, A, V or F.
    events : tuple of Event
        Episodes in time order: ``pvc pac fusion couplet run bigeminy trigeminy fibrillation``
        ``noise lead_off saturation``.
    seed : int
        What it was made from.
    adu_per_mv : int
        Units of ``samples`` in a millivolt.
    rails : tuple of int
        Lowest and highest sample that the converter can give.
    marks : tuple of (int, str)
        What else there is to see, as sample and WFDB symbol: ``p`` P wave, ``^`` pacing spike,
        ``|`` artefact, ``[`` and ``]`` bounds of ventricular flutter or fibrillation.
    notes : tuple of (int, str)
        Where a fault of the signal begins and ends, in words.
    """

    samples: NDArray[np.int16]
    fs_hz: float
    r_samples: NDArray[np.int64]
    symbols: tuple[str, ...]
    events: tuple[Event, ...]
    seed: int
    adu_per_mv: int = ADU_PER_MV
    rails: tuple[int, int] = (-RAIL_ADU, RAIL_ADU)
    marks: tuple[tuple[int, str], ...] = ()
    notes: tuple[tuple[int, str], ...] = ()

    @property
    def labels(self) -> tuple[str, ...]:
        """AAMI class of each beat."""
        return tuple(AAMI[symbol] for symbol in self.symbols)

    def write_wfdb(self, folder: Path | str, name: str) -> Path:
        """Write ``name.hea``, ``.dat`` and ``.atr`` into a folder; returns the record's path.

        Raises
        ------
        ~host_tools.errors.UserError
            If the name is not one WFDB allows, or the folder cannot be written.
        """
        from .files import write_wfdb

        return write_wfdb(self, Path(folder), name)


def _heart_mv(rhythm: Rhythm, n_samples: int, fs_hz: float, seed: int) -> NDArray[np.float64]:
    """Signal of all beats, without any disturbance."""
    draw = Draw(seed, "beats")
    signal = np.zeros(n_samples)
    for beat in rhythm.beats:
        # Breathing turns the heart's axis: R waves grow and shrink a little.
        breath = 1.0 + 0.04 * float(np.sin(2 * np.pi * BREATH_HZ * beat.at_s + 1.9))
        scale = breath * draw.spread(0.05 if beat.kind == "ventricular" else 0.02)
        add_waves(signal, fs_hz, beat.at_s, beat_waves(beat.kind, beat.rr_s, beat.focus), scale)
    for at_s in rhythm.lone_p_s:
        add_waves(signal, fs_hz, at_s, P_SINUS, 1.0)
    for span in rhythm.spans:
        if span.kind == "fibrillation":
            signal += fibrillation_mv(np.arange(n_samples) / fs_hz, span, seed)
    return signal


def _peak(heart_mv: NDArray[np.float64], at_s: float, fs_hz: float) -> int:
    """Sample of the largest deflection near a beat's nominal time."""
    first = max(round((at_s - _PEAK_SEARCH_S) * fs_hz), 0)
    stop = min(round((at_s + _PEAK_SEARCH_S) * fs_hz) + 1, heart_mv.size)
    return first + int(np.argmax(np.abs(heart_mv[first:stop])))


def simulate(
    script: tuple[Step, ...],
    duration_s: float,
    seed: int,
    fs_hz: float = 360.0,
    disturbances: tuple[Span, ...] = (),
) -> Simulation:
    """Simulate one lead of an ECG.

    Parameters
    ----------
    script : tuple of Step
        What the heart does, see :class:`~host_tools.simulator.rhythm.Step`; sinus rhythm before and after.
    duration_s : float
        Length of the record, > 0.
    seed : int
        Not negative. The same seed gives the same samples everywhere; another rate gives other
        samples of the same signal.
    fs_hz : float
        Sampling rate, 100 to 2000.
    disturbances : tuple of Span
        Of kind ``noise``, ``lead_off`` or ``saturation``.

    Raises
    ------
    ValueError
        If a parameter is outside its range, or a kind unknown.
    """
    if not (duration_s > 0 and 100 <= fs_hz <= 2000 and seed >= 0):
        raise ValueError("duration must be positive, the rate within 100 to 2000 Hz, the seed not negative")
    unknown = {span.kind for span in disturbances} - set(DISTURBANCES)
    if unknown:
        raise ValueError(f"no disturbance of kind {', '.join(sorted(unknown))}")
    n_samples = round(duration_s * fs_hz)
    time_s = np.arange(n_samples) / fs_hz
    rhythm = play(script, duration_s, seed)
    heart_mv = _heart_mv(rhythm, n_samples, fs_hz, seed)

    signal_mv = heart_mv + background_mv(time_s, seed)
    lead_off = np.zeros(n_samples, dtype=bool)
    for span in disturbances:
        if span.kind == "noise":
            signal_mv += noise_burst_mv(time_s, span, seed)
        elif span.kind == "saturation":
            signal_mv += overload_mv(time_s, span)
        else:
            signal_mv += contact_mv(time_s, span)
            lead_off |= (time_s >= span.start_s) & (time_s < span.stop_s)
    adu = np.clip(np.floor(signal_mv * ADU_PER_MV + 0.5), -RAIL_ADU, RAIL_ADU)
    samples = np.where(lead_off, LEAD_OFF_ADU, adu).astype(np.int16)

    # Told by times, not by samples: which beats there are must not depend on the sampling rate.
    hiding = [span for span in disturbances if span.kind in ("lead_off", "saturation")]
    seen = [
        (_peak(heart_mv, b.at_s, fs_hz), SYMBOLS[b.kind])
        for b in rhythm.beats
        if _SEEN_S <= b.at_s < duration_s - _SEEN_S
        and not any(s.start_s - _SEEN_S < b.at_s < s.stop_s + _SEEN_S for s in hiding)
    ]
    events = tuple(
        Event(s.kind, max(round(s.start_s * fs_hz), 0), min(round(s.stop_s * fs_hz), n_samples))
        for s in sorted((*rhythm.spans, *disturbances), key=lambda s: s.start_s)
        if s.start_s < duration_s
    )
    r_samples = np.array([at for at, _ in seen], dtype=np.int64)
    return Simulation(samples, fs_hz, r_samples, tuple(symbol for _, symbol in seen), events, seed)
