"""Puts a scenario together: samples as a front end gives them, with every event in the truth."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .conduction import Conduction, Discharge, conduct
from .draw import Draw
from .front_end import (
    add_electrodes,
    add_spikes,
    apply_faults,
    hold_flat,
    lost_samples,
    sample_times,
)
from .morphology import Wave
from .rhythm import BREATH_HZ, Span
from .scenario import FAULTS, WAVES, Heart, Scenario
from .shapes import P_ONSET_S, Qrs, p_wave, qrs_complex, repolarisation, sample_waves
from .simulate import LEAD_OFF_ADU, Event, Simulation

#: A beat is in the truth where this much around its R peak can be seen.
_SEEN_S = 0.06
#: ... that is, all but this share of it: a spike at the rail does not hide its beat.
_HIDDEN_SHARE = 0.3
#: T waves of ventricular beats go against the QRS complex, at this share of it.
_DISCORDANT = -0.35

_Signal = NDArray[np.float64]


def _add(signal_mv: _Signal, time_s: _Signal, at_s: float, waves: tuple[Wave, ...], scale: float) -> None:
    for wave in waves:
        centre_s = at_s + wave.centre_s
        first, stop = np.searchsorted(time_s, (centre_s - 5 * wave.before_s, centre_s + 5 * wave.after_s))
        if first < stop:
            signal_mv[first:stop] += scale * sample_waves((wave,), time_s[first:stop] - at_s)


def _complex(heart: Heart, beat: Discharge) -> Qrs:
    if beat.broad:
        return qrs_complex(heart.broad_shape, heart.broad_ms, heart.broad_mv)
    return qrs_complex(heart.shape, heart.qrs_ms, heart.r_mv)


def _waves_mv(time_s: _Signal, span: Span, rate_bpm: float, mv: float, seed: int) -> _Signal:
    """Flutter: near-sinusoidal waves of one rate. Fibrillation: irregular in rate, size and shape."""
    inside = np.clip(np.minimum(time_s - span.start_s, span.stop_s - time_s) / 0.2, 0.0, 1.0)
    f_hz = rate_bpm / 60.0
    wild = span.kind == "ventricular_fibrillation"
    wander = Draw(seed, "vf rate").smooth(time_s, 0.3 if wild else 1.5)
    size = 1.0 + (0.35 if wild else 0.06) * Draw(seed, "vf size").smooth(time_s, 0.5 if wild else 0.9)
    phase = 2 * np.pi * f_hz * (time_s - span.start_s) + (1.0 if wild else 0.15) * wander
    wave = np.sin(phase) + (0.25 if wild else 0.15) * np.sin(2 * phase + 0.8)
    if wild:
        wave += 0.3 * Draw(seed, "vf shape").smooth(time_s, 0.09)
    result: _Signal = inside * mv * size * wave
    return result


def _atrial_mv(time_s: _Signal, span: Span, heart: Heart, seed: int) -> _Signal:
    """Fibrillatory waves of the atria, 4 to 9 Hz."""
    inside = np.clip(np.minimum(time_s - span.start_s, span.stop_s - time_s) / 0.3, 0.0, 1.0)
    wander = Draw(seed, "f rate").smooth(time_s, 0.35)
    size = 1.0 + 0.18 * Draw(seed, "f size").smooth(time_s, 0.6)
    phase = 2 * np.pi * heart.f_hz * time_s + 0.9 * wander
    # The second harmonic gives the waves their steep side; 0.85 brings the peaks to 1.
    result: _Signal = inside * heart.f_mv * 0.85 * size * (np.sin(phase) + 0.3 * np.sin(2 * phase + 0.6))
    return result


def _saw_mv(time_s: _Signal, span: Span, rate_bpm: float, mv: float) -> _Signal:
    """Flutter waves of the atria: a saw with its steep side down, as in the inferior leads."""
    inside = np.clip(np.minimum(time_s - span.start_s, span.stop_s - time_s) / 0.3, 0.0, 1.0)
    phase = 2 * np.pi * rate_bpm / 60.0 * time_s
    saw = np.sin(phase) + 0.4 * np.sin(2 * phase) + 0.2 * np.sin(3 * phase)
    result: _Signal = -inside * mv * saw / 1.2
    return result


def _heart_mv(scenario: Scenario, played: Conduction, time_s: _Signal, seed: int) -> _Signal:
    heart = scenario.heart
    draw = Draw(seed, "sizes")
    signal = np.zeros(time_s.size)
    mean_rr_s = played.beats[0].rr_s if played.beats else 0.8
    for k, beat in enumerate(played.beats):
        qrs = _complex(heart, beat)
        mean_rr_s += 0.3 * (min(beat.rr_s, 1.4) - mean_rr_s)
        t_mv = _DISCORDANT * heart.broad_mv if beat.broad else heart.t_mv * np.sign(heart.r_mv)
        u_mv = 0.0 if beat.broad else heart.u_mv * float(np.sign(heart.r_mv))
        waves = qrs.waves + repolarisation(qrs, min(mean_rr_s, beat.rr_s * 1.15), float(t_mv), u_mv)
        breath = 1.0 + 0.04 * float(np.sin(2 * np.pi * BREATH_HZ * beat.at_s + 1.9))
        size = 1.0 if beat.broad or k % 2 == 0 else 1.0 - heart.alternans
        _add(signal, time_s, beat.at_s, waves, breath * size * draw.spread(0.04 if beat.broad else 0.02))
    p_waves = p_wave(heart.p_mv * float(np.sign(heart.r_mv)))
    for onset_s in played.p_s:
        _add(signal, time_s, onset_s + P_ONSET_S, p_waves, 1.0)
    for span, step in zip(played.spans, scenario.episodes, strict=True):
        if span.kind in WAVES:
            signal += _waves_mv(time_s, span, step.rate_bpm, heart.flutter_mv, seed)
        elif span.kind == "atrial_fibrillation" and heart.f_mv:
            signal += _atrial_mv(time_s, span, heart, seed)
        elif span.kind == "atrial_flutter":
            signal += _saw_mv(time_s, span, step.rate_bpm, heart.f_mv)
    return signal


def _marks(
    played: Conduction, time_s: _Signal, scenario: Scenario, glitches: list[int]
) -> list[tuple[int, str]]:
    """What the truth holds beside beats: P waves, pacing spikes, artefacts, bounds of fibrillation."""
    rows = [(float(at), "p") for at in np.add(played.p_s, P_ONSET_S)] if played.p_s else []
    rows += [(at, "^") for at in played.spikes_s]
    for span in played.spans:
        if span.kind in WAVES:
            rows += [(span.start_s, "["), (min(span.stop_s, scenario.duration_s - 0.01), "]")]
    marks = [(int(np.searchsorted(time_s, at)), symbol) for at, symbol in rows if at >= 0]
    marks += [(k, "|") for k in glitches]
    return sorted(mark for mark in marks if mark[0] < time_s.size)


def _events(played: Conduction, scenario: Scenario, time_s: _Signal) -> tuple[Event, ...]:
    end_s = scenario.duration_s
    spans = list(played.spans)
    spans += [Span(f.kind, max(f.start_s, 0.0), min(f.stop_s, end_s)) for f in scenario.faults]
    return tuple(
        Event(s.kind, int(np.searchsorted(time_s, s.start_s)), int(np.searchsorted(time_s, s.stop_s)))
        for s in sorted(spans, key=lambda s: s.start_s)
    )


def _notes(scenario: Scenario, time_s: _Signal) -> tuple[tuple[int, str], ...]:
    """Where faults begin and end within the record."""
    rows = []
    for fault in scenario.faults:
        size = f" {fault.size:g}" if fault.kind not in ("lead_off", "flat", "polarity") else ""
        rows.append((int(np.searchsorted(time_s, fault.start_s)), f"{fault.kind}{size} begins"))
        rows.append((int(np.searchsorted(time_s, fault.stop_s)), f"{fault.kind} ends"))
    return tuple(sorted(row for row in rows if row[0] < time_s.size))


def simulate_scenario(scenario: Scenario, seed: int) -> Simulation:
    """Simulate a scenario: one lead as a front end gives it, and its truth.

    Parameters
    ----------
    scenario : Scenario
        What happens.
    seed : int
        Not negative. The same seed gives the same samples everywhere.

    Raises
    ------
    ValueError
        If a kind of rhythm or fault is unknown, or the seed negative.
    """
    unknown = {fault.kind for fault in scenario.faults} - set(FAULTS)
    if unknown or seed < 0:
        raise ValueError(f"no fault of kind {', '.join(sorted(unknown))}" if unknown else "negative seed")
    front_end = scenario.front_end
    time_s = sample_times(front_end, scenario.faults, scenario.duration_s, seed)
    played = conduct(scenario, seed)
    signal = _heart_mv(scenario, played, time_s, seed)
    add_spikes(signal, time_s, played.spikes_s, scenario.spikes, front_end.bandwidth_hz)
    signal = add_electrodes(signal, time_s, front_end, seed)
    glitches = apply_faults(signal, time_s, scenario.faults, front_end.rail_mv, seed)
    held = hold_flat(signal, time_s, scenario.faults)
    rail = min(round(front_end.rail_mv * front_end.adu_per_mv), 32767)
    adu = np.clip(np.floor(signal * front_end.adu_per_mv + 0.5), -rail, rail)
    lost = lost_samples(time_s, scenario.faults, seed)
    samples = np.where(lost, LEAD_OFF_ADU, adu).astype(np.int16)
    # Samples that are missing one by one do not hide a beat.
    gone = lost if not any(f.kind == "missing" for f in scenario.faults) else np.zeros_like(lost)
    beats = _visible(played, time_s, gone | held | (np.abs(adu) >= rail), front_end.fs_hz)
    return Simulation(
        samples,
        front_end.fs_hz,
        np.array([at for at, _ in beats], np.int64),
        tuple(symbol for _, symbol in beats),
        _events(played, scenario, time_s),
        seed,
        adu_per_mv=front_end.adu_per_mv,
        rails=(-rail, rail),
        marks=tuple(_marks(played, time_s, scenario, glitches)),
        notes=_notes(scenario, time_s),
    )


def _visible(
    played: Conduction, time_s: _Signal, hidden: NDArray[np.bool_], fs_hz: float
) -> list[tuple[int, str]]:
    """Beats whose QRS complex lies within the record and can be seen, at its R peak."""
    margin = round(_SEEN_S * fs_hz)
    beats = []
    for beat in played.beats:
        at = int(np.searchsorted(time_s, beat.at_s))
        if margin <= at < time_s.size - margin and hidden[at - margin : at + margin].mean() < _HIDDEN_SHARE:
            beats.append((at, beat.symbol))
    return beats
