"""Kinds of cells by what happens to the signal: electrodes, amplifier, converter, transmission."""

from __future__ import annotations

from host_tools.simulator import Fault

from . import makers as m
from .kind import Kind


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


FRONT_ENDS: dict[str, Kind] = {
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
