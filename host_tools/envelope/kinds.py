"""The kinds of cells: axes of each, how its records are made, what is expected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from host_tools.simulator import Fault
from host_tools.simulator.shapes import BLOCK_SHAPES, VENTRICULAR_SHAPES

from . import makers as m
from .judge import Expectation

_AS_USUAL = Expectation()
_ANY_CLASS = Expectation(classes=False)


@dataclass(frozen=True)
class Kind:
    """A kind of cells.

    Attributes
    ----------
    axes : mapping
        Values of each parameter; their product is run ``seeds`` times.
    make : callable
        Makes the scenario of a cell.
    across, up : str
        Axes of its heat map.
    seeds : int
        Records for each point.
    expect : Expectation
        What is judged beyond the beats.
    """

    axes: Mapping[str, tuple[float | str, ...]]
    make: m.Make
    across: str
    up: str
    seeds: int = 1
    expect: Expectation = _AS_USUAL


def _fault(kind: str, size: str, start_s: float = 0.0) -> m.Make:
    return m.steady(40.0, fault=lambda p: Fault(kind, start_s, size=float(p[size])))


def _lost(p: m.Parameters) -> Fault:
    return Fault(str(p["how"]), size=float(p["lost"]))


def _rail(p: m.Parameters) -> Fault:
    return Fault("rail", 18.0, 18.0 + float(p["for_s"]), size=float(p["side"]))


def _away(p: m.Parameters) -> Fault:
    return Fault(str(p["how"]), 18.0, 18.0 + float(p["for_s"]))


def _glitches(p: m.Parameters) -> Fault:
    return Fault("glitches", size=float(p["glitch_mv"]), every_s=float(p["glitch_every_s"]))


def _pops(p: m.Parameters) -> Fault:
    return Fault(str(p["how"]), size=float(p["pop_mv"]), every_s=float(p["pop_every_s"]))


_RHYTHMS: dict[str, Kind] = {
    "narrow, steady": Kind(
        {
            "narrow_bpm": (20, 30, 45, 60, 80, 100, 125, 150, 175, 200, 225, 250, 275, 300),
            "r_mv": (0.1, 0.15, 0.2, 0.3, 0.5, 1, 2, 5, -0.2, -0.5, -1, -3, -5),
        },
        m.steady(30.0),
        "narrow_bpm",
        "r_mv",
        seeds=2,
    ),
    "broad, steady": Kind(
        {
            "broad_bpm": (20, 40, 70, 110, 150, 180, 200, 220, 240, 260, 280),
            "qrs_ms": (120, 140, 160, 180, 200),
            "shape": VENTRICULAR_SHAPES,
        },
        m.broad,
        "broad_bpm",
        "qrs_ms",
        expect=_ANY_CLASS,
    ),
    "narrow tachycardia, onset and end": Kind(
        {
            "narrow_bpm": (140, 160, 180, 200, 220, 240, 250, 275, 300),
            "before_bpm": (25, 35, 40, 50, 60, 75, 90, 110),
        },
        m.onset("svt", "narrow_bpm"),
        "narrow_bpm",
        "before_bpm",
        seeds=2,
    ),
    "rate steps": Kind(
        {"narrow_bpm": (40, 120, 150), "before_bpm": (60, 80)},
        m.onset("sinus", "narrow_bpm"),
        "narrow_bpm",
        "before_bpm",
        seeds=3,
    ),
    "broad tachycardia, onset and end": Kind(
        {
            "broad_bpm": (110, 130, 150, 180, 200, 220, 240, 260, 280),
            "before_bpm": (35, 45, 60, 70, 85, 100),
        },
        m.onset("vt", "broad_bpm"),
        "broad_bpm",
        "before_bpm",
        seeds=2,
    ),
    "ventricular flutter": Kind(
        {
            "flutter_bpm": (180, 210, 240, 270, 300),
            "flutter_mv": (0.15, 0.3, 0.6, 1.0, 2.0),
            "when": ("from the start", "after sinus"),
        },
        m.ventricular_waves,
        "flutter_bpm",
        "flutter_mv",
    ),
    "ventricular fibrillation": Kind(
        {
            "fibrillation_hz": (3.0, 4.0, 5.0, 6.0, 7.0),
            "flutter_mv": (0.15, 0.3, 0.6, 1.0),
            "when": ("from the start", "after sinus"),
        },
        m.ventricular_waves,
        "fibrillation_hz",
        "flutter_mv",
        seeds=2,
    ),
    "asystole and pauses": Kind(
        {
            "pause_s": (5, 8, 15, 30),
            "narrow_bpm": (40, 70, 110, 180),
            "when": ("at the start", "in the middle", "at the end"),
        },
        m.asystole,
        "pause_s",
        "narrow_bpm",
    ),
    "second-degree AV block": Kind(
        {"block": ("wenckebach", "mobitz"), "ratio": (2, 3, 4, 5)}, m.block, "ratio", "block", seeds=4
    ),
    "complete AV block": Kind(
        {"block": ("complete_block",), "escape_bpm": (20, 25, 30, 35, 42, 50)},
        m.block,
        "escape_bpm",
        "block",
        seeds=4,
        expect=_ANY_CLASS,
    ),
    "bundle branch block": Kind(
        {
            "qrs_ms": (120, 140, 160, 180, 200),
            "narrow_bpm": (45, 70, 100, 140),
            "shape": BLOCK_SHAPES,
            "r_mv": (0.8, -0.8),
        },
        m.steady(),
        "qrs_ms",
        "narrow_bpm",
    ),
    "premature beats": Kind(
        {
            "rhythm": ("pvcs", "pacs", "bigeminy"),
            "first_s": (0, 15),
            "ratio": (3, 6, 10),
            "narrow_bpm": (50, 70, 90),
        },
        m.premature,
        "narrow_bpm",
        "rhythm",
    ),
    "atrial fibrillation": Kind(
        {"narrow_bpm": (50, 70, 90, 120, 150, 170), "f_mv": (0.03, 0.08, 0.15), "f_hz": (4.5, 6.5, 8.5)},
        m.steady(40.0, "atrial_fibrillation"),
        "narrow_bpm",
        "f_mv",
        expect=_ANY_CLASS,
    ),
}

_RHYTHMS["atrial flutter"] = Kind(
    {"atrial_bpm": (240, 300), "ratio": (2, 3, 4), "f_mv": (0.05, 0.1, 0.2)},
    m.atrial_flutter,
    "ratio",
    "f_mv",
    seeds=2,
    expect=_ANY_CLASS,
)

_PACING: dict[str, Kind] = {
    "pacing": Kind(
        {
            "spike_mv": (2, -2, 10, -50, 250, 700),
            "spike_ms": (0.1, 0.5, 1.0, 2.0),
            "paced_bpm": (60, 85),
            "mode": ("V", "A", "D"),
            "capture": ("yes",),
        },
        m.paced,
        "spike_mv",
        "spike_ms",
        expect=_ANY_CLASS,
    ),
    "pacing, loss of capture": Kind(
        {
            "spike_mv": (2, -5, 50, -700),
            "spike_ms": (0.2, 0.5, 2.0),
            "paced_bpm": (70,),
            "mode": ("V", "D"),
            "capture": ("lost", "never"),
            "escape_bpm": (0, 30, 38),
        },
        m.paced,
        "spike_mv",
        "escape_bpm",
        expect=_ANY_CLASS,
    ),
    "pacing spikes with overshoot": Kind(
        {
            "tail_mv": (0.05, 0.2, 2.0),
            "tail_ms": (4, 15, 100),
            "spike_mv": (100,),
            "spike_ms": (0.5,),
            "paced_bpm": (70,),
            "mode": ("V",),
            "capture": ("yes", "lost"),
            "escape_bpm": (0,),
        },
        m.paced,
        "tail_mv",
        "tail_ms",
        expect=_ANY_CLASS,
    ),
}

_WAVEFORMS: dict[str, Kind] = {
    "QRS duration and amplitude": Kind(
        {
            "qrs_ms": (40, 60, 80, 100, 120, 150, 200),
            "r_mv": (0.2, 0.5, 1.5, 5, -0.5),
            "narrow_bpm": (45, 75, 130),
        },
        m.steady(),
        "qrs_ms",
        "r_mv",
        expect=_ANY_CLASS,
    ),
    "PR interval and P wave": Kind(
        {
            "pr_ms": (100, 200, 250, 300, 350, 400, 450),
            "p_mv": (0.1, 0.2, 0.3),
            "narrow_bpm": (50, 70, 90),
            "r_mv": (0.6, 1.0, -1.0),
        },
        m.steady(),
        "pr_ms",
        "p_mv",
        expect=Expectation(first_false=1),
    ),
    "T and U waves": Kind(
        {
            "t_share": (0.1, 0.5, 0.8, 1.0, 1.2, -0.4),
            "u_mv": (0.0, 0.1, 0.15),
            "narrow_bpm": (45, 75, 110),
        },
        m.steady(),
        "t_share",
        "narrow_bpm",
        seeds=2,
        expect=Expectation(first_false=1),
    ),
    "low R waves, irregular": Kind(
        {
            "low_r_mv": (0.15, 0.2, 0.25, 0.3, -0.2),
            "f_share": (0.0, 0.25, 0.5),
            "narrow_bpm": (60, 80, 100, 130),
        },
        m.low_r,
        "low_r_mv",
        "f_share",
        seeds=3,
        expect=Expectation(classes=False, least_percent=98.0),
    ),
}

_FRONT_ENDS: dict[str, Kind] = {
    "hum": Kind(
        {
            "hum_mv": (0.05, 0.1, 0.3, 1.0, 2.0, 3.0, 5.0),
            "hum_hz": (50, 60),
            "narrow_bpm": (50, 72, 120, 180),
        },
        m.steady(),
        "hum_mv",
        "narrow_bpm",
    ),
    "electrode offset and drift": Kind(
        {
            "offset_mv": (-300, -100, -35, 0, 35, 150, 280),
            "drift_mv": (0, 10, 20, 40),
            "adu_per_mv": (100,),
            "rail_mv": (327,),
        },
        m.steady(),
        "offset_mv",
        "drift_mv",
        seeds=2,
    ),
    "electrode offset, live": Kind(
        {"offset_mv": (-150, -100, -35, 35, 100, 150), "drift_mv": (0, 10)},
        m.steady(),
        "offset_mv",
        "drift_mv",
        seeds=2,
    ),
    "rails": Kind(
        {
            "rail_mv": (1.5, 2.5, 16.5, 32.0),
            "for_s": (0.5, 1.5, 4.0),
            "side": (1, -1),
            "narrow_bpm": (50, 75, 120),
            "r_mv": (0.8,),
        },
        m.steady(40.0, fault=_rail),
        "rail_mv",
        "for_s",
    ),
    "lead off": Kind(
        {"how": ("lead_off", "flat"), "for_s": (3.0, 6.0, 12.0), "narrow_bpm": (40, 75, 120)},
        m.steady(50.0, fault=_away),
        "for_s",
        "how",
        seeds=2,
    ),
    "glitches": Kind(
        {
            "glitch_mv": (1, 3, 5, 10, 20),
            "glitch_every_s": (0.3, 0.7, 1.0, 3.0),
            "narrow_bpm": (45, 72, 110),
        },
        m.steady(40.0, fault=_glitches),
        "glitch_mv",
        "glitch_every_s",
    ),
    "polarity flips": Kind(
        {"narrow_bpm": (45, 60, 75, 100, 130, 180), "r_mv": (0.3, 0.6, 1.0, 2.0)},
        m.steady(40.0, fault=lambda p: Fault("polarity", 18.0)),
        "narrow_bpm",
        "r_mv",
        seeds=2,
    ),
    "gain steps": Kind(
        {
            "gain_step": (2, 4, 7, 10),
            "way": ("up", "down"),
            "narrow_bpm": (50, 72, 120),
            "r_mv": (0.3, 0.5),
        },
        m.gain_step,
        "gain_step",
        "way",
    ),
    "sampling jitter": Kind(
        {"jitter": (0.05, 0.1, 0.2, 0.4), "narrow_bpm": (50, 80, 130, 200)},
        _fault("jitter", "jitter"),
        "jitter",
        "narrow_bpm",
        seeds=2,
    ),
    "lost samples": Kind(
        {
            "lost": (0.002, 0.01, 0.02, 0.05, 0.1),
            "how": ("missing", "dropped"),
            "narrow_bpm": (50, 80, 130),
        },
        m.steady(40.0, fault=_lost),
        "lost",
        "how",
        seeds=2,
    ),
    "sampling rate": Kind(
        {"fs_hz": (125, 200, 250, 500, 1000), "narrow_bpm": (40, 75, 150, 220), "r_mv": (0.3, 1.0, -1.0)},
        m.steady(30.0),
        "fs_hz",
        "narrow_bpm",
    ),
    "electrode motion": Kind(
        {"motion_mv": (0.1, 0.2, 0.3, 0.6, 1.0), "narrow_bpm": (50, 75, 120), "r_mv": (0.6, 1.2)},
        _fault("motion", "motion_mv"),
        "motion_mv",
        "r_mv",
    ),
    "muscle noise": Kind(
        {"muscle_mv": (0.02, 0.05, 0.1, 0.2), "narrow_bpm": (50, 75, 120), "r_mv": (0.6, 1.2)},
        _fault("muscle", "muscle_mv"),
        "muscle_mv",
        "r_mv",
    ),
}

#: Found by trying, when the kinds above were right.
_FOUND: dict[str, Kind] = {
    "ventricular standstill, P waves": Kind(
        {"standstill_p_mv": (0.05, 0.1, 0.2, 0.3), "atria_bpm": (60, 90), "r_mv": (0.6, 1.2)},
        m.standstill,
        "standstill_p_mv",
        "r_mv",
        seeds=2,
    ),
    "complete AV block, low beats": Kind(
        {"block_p_mv": (0.1, 0.2, 0.3), "block_r_mv": (0.6, 1.0), "escape_bpm": (30, 38, 48)},
        m.block,
        "block_p_mv",
        "block_r_mv",
        seeds=2,
        expect=_ANY_CLASS,
    ),
    "low premature beats": Kind(
        {"rhythm": ("pvcs", "bigeminy"), "pvc_share": (0.2, 0.4, 0.7), "narrow_bpm": (55, 75, 95)},
        m.low_premature,
        "pvc_share",
        "narrow_bpm",
        seeds=2,
        expect=_ANY_CLASS,
    ),
    "electrical alternans": Kind(
        {"alternans": (0.2, 0.4, 0.6, 0.7), "narrow_bpm": (60, 90, 120)},
        m.steady(40.0),
        "alternans",
        "narrow_bpm",
        seeds=2,
        expect=_ANY_CLASS,
    ),
    "atrial flutter, slow conduction": Kind(
        {"atrial_bpm": (300,), "conduction": (6, 8, 12), "f_mv": (0.05, 0.1, 0.2)},
        m.atrial_flutter,
        "conduction",
        "f_mv",
        seeds=2,
        expect=_ANY_CLASS,
    ),
    "very tall T waves": Kind(
        {"t_share": (1.0, 1.5, 2.0), "narrow_bpm": (45, 75, 110)},
        m.steady(),
        "t_share",
        "narrow_bpm",
        seeds=2,
    ),
    "electrode pops and baseline steps": Kind(
        {
            "how": ("pops", "steps"),
            "pop_mv": (0.1, 0.3, 1, 3),
            "pop_every_s": (2, 7),
            "narrow_bpm": (50, 75, 110),
        },
        m.steady(40.0, fault=_pops),
        "pop_mv",
        "how",
    ),
    "stuck samples": Kind(
        {"stuck_ms": (20, 50, 100, 250), "narrow_bpm": (60, 100)},
        m.steady(40.0, fault=lambda p: Fault("stuck", size=float(p["stuck_ms"]), every_s=3.0)),
        "stuck_ms",
        "narrow_bpm",
        seeds=4,
    ),
    "hum of railways": Kind(
        {"railway_hum_mv": (0.02, 0.05, 0.1, 0.3), "narrow_bpm": (50, 72, 120)},
        m.railway,
        "railway_hum_mv",
        "narrow_bpm",
        seeds=3,
    ),
}

#: Every kind, in the order of the documents.
KINDS: dict[str, Kind] = {**_RHYTHMS, **_PACING, **_WAVEFORMS, **_FRONT_ENDS, **_FOUND}
