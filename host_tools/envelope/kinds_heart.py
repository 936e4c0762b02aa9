"""Kinds of cells by what the heart does: rhythms, pacing, waveforms."""

from __future__ import annotations

from host_tools.simulator.shapes import BLOCK_SHAPES, VENTRICULAR_SHAPES

from . import makers as m
from .judge import Expectation
from .kind import ANY_CLASS, Kind

RHYTHMS: dict[str, Kind] = {
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
        expect=ANY_CLASS,
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
        expect=ANY_CLASS,
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
        expect=ANY_CLASS,
    ),
}

RHYTHMS["atrial flutter"] = Kind(
    {"atrial_bpm": (240, 300), "ratio": (2, 3, 4), "f_mv": (0.05, 0.1, 0.2)},
    m.atrial_flutter,
    "ratio",
    "f_mv",
    seeds=2,
    expect=ANY_CLASS,
)

PACING: dict[str, Kind] = {
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
        expect=ANY_CLASS,
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
        expect=ANY_CLASS,
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
        expect=ANY_CLASS,
    ),
}

WAVEFORMS: dict[str, Kind] = {
    "QRS duration and amplitude": Kind(
        {
            "qrs_ms": (40, 60, 80, 100, 120, 150, 200),
            "r_mv": (0.2, 0.5, 1.5, 5, -0.5),
            "narrow_bpm": (45, 75, 130),
        },
        m.steady(),
        "qrs_ms",
        "r_mv",
        expect=ANY_CLASS,
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
