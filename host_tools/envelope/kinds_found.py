"""Kinds of cells that were found by trying, when those that had been listed were right."""

from __future__ import annotations

from host_tools.simulator import Fault

from . import makers as m
from .kind import ANY_CLASS, Kind


def _pops(p: m.Parameters) -> Fault:
    return Fault(str(p["how"]), size=float(p["pop_mv"]), every_s=float(p["pop_every_s"]))


FOUND: dict[str, Kind] = {
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
        expect=ANY_CLASS,
    ),
    "low premature beats": Kind(
        {"rhythm": ("pvcs", "bigeminy"), "pvc_share": (0.2, 0.4, 0.7), "narrow_bpm": (55, 75, 95)},
        m.low_premature,
        "pvc_share",
        "narrow_bpm",
        seeds=2,
        expect=ANY_CLASS,
    ),
    "electrical alternans": Kind(
        {"alternans": (0.2, 0.4, 0.6, 0.7), "narrow_bpm": (60, 90, 120)},
        m.steady(40.0),
        "alternans",
        "narrow_bpm",
        seeds=2,
        expect=ANY_CLASS,
    ),
    "atrial flutter, slow conduction": Kind(
        {"atrial_bpm": (300,), "conduction": (6, 8, 12), "f_mv": (0.05, 0.1, 0.2)},
        m.atrial_flutter,
        "conduction",
        "f_mv",
        seeds=2,
        expect=ANY_CLASS,
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
