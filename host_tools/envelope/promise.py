"""The promised range: one table, by which every cell of the grid is inside or outside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Range:
    """Lowest and highest value (of the magnitude) that is promised, its unit, and what it is."""

    low: float
    high: float
    unit: str
    what: str


#: By the names of a cell's parameters. A cell is inside where all of its parameters with a range lie within;
#: parameters that are texts, or not listed, do not decide.
PROMISED = {
    "narrow_bpm": Range(20, 250, "/min", "rate of narrow beats, steady or after any other rate"),
    "broad_bpm": Range(20, 240, "/min", "rate of broad beats, steady or after any other rate"),
    "flutter_bpm": Range(180, 300, "/min", "ventricular flutter, marked or found as ventricular waves"),
    "fibrillation_hz": Range(3, 7, "Hz", "ventricular fibrillation, marked"),
    "flutter_mv": Range(0.3, 2, "mV", "waves of ventricular flutter and fibrillation, amplitude"),
    "r_mv": Range(0.2, 5, "mV", "largest deflection of the QRS complex, either polarity"),
    "low_r_mv": Range(0.15, 0.3, "mV", "the same over fibrillatory waves or fine noise of a quarter of it"),
    "f_share": Range(0, 0.25, "of R", "these waves, peak to peak; 0 stands for fine noise"),
    "qrs_ms": Range(40, 200, "ms", "QRS duration"),
    "pr_ms": Range(100, 450, "ms", "PR interval"),
    "p_mv": Range(0, 0.3, "mV", "P wave"),
    "t_share": Range(0, 1.0, "of R", "T wave beside the QRS complex's largest deflection"),
    "u_mv": Range(0, 0.15, "mV", "U wave"),
    "f_mv": Range(0, 0.2, "mV", "fibrillatory and flutter waves of the atria"),
    "first_s": Range(10, 60, "s", "sinus rhythm before premature beats begin, for their class"),
    "pause_s": Range(3, 60, "s", "asystole and pauses, at the start, in the middle and at the end"),
    "paced_bpm": Range(40, 120, "/min", "pacing, captured or not"),
    "escape_bpm": Range(
        0, 60, "/min", "escape rhythm beneath a block or a pacemaker without capture, 0 for none"
    ),
    "spike_mv": Range(1, 700, "mV", "pacing spikes at the electrodes, either polarity"),
    "spike_ms": Range(0.1, 2, "ms", "their width"),
    "tail_mv": Range(0, 0.05, "mV", "their overshoot"),
    "hum_mv": Range(0, 3, "mV", "mains hum of 50 or 60 Hz, amplitude"),
    "offset_mv": Range(0, 300, "mV", "electrode offset, either polarity"),
    "drift_mv": Range(0, 40, "mV", "drift of it over half a minute"),
    "rail_mv": Range(1.5, 400, "mV", "ends of the converter: what stays there is marked"),
    "glitch_mv": Range(0, 20, "mV", "single-sample glitches, either polarity"),
    "glitch_every_s": Range(0.7, 60, "s", "distance of such glitches"),
    "for_s": Range(0, 60, "s", "signal at a rail, lead off, or no signal; what comes 5 s after it"),
    "gain_step": Range(2, 10, "times", "a step of the gain, up or down"),
    "jitter": Range(0, 0.2, "intervals", "sampling jitter, standard deviation"),
    "lost": Range(0, 0.02, "share", "samples lost one by one, marked or not"),
    "motion_mv": Range(0, 0.3, "mV", "electrode motion"),
    "muscle_mv": Range(0, 0.05, "mV", "muscle noise, standard deviation"),
    "standstill_p_mv": Range(0, 0.05, "mV", "P wave that goes on where the ventricles stand still"),
    "block_p_mv": Range(0, 0.1, "mV", "P wave among the low beats of a complete block"),
    "block_r_mv": Range(0.6, 5, "mV", "these beats"),
    "pvc_share": Range(0.7, 2, "of R", "premature ventricular beats beside the others"),
    "alternans": Range(0, 0.6, "of R", "by which every second beat is lower"),
    "conduction": Range(1, 8, "", "flutter waves of the atria to a beat"),
    "pop_mv": Range(0, 0.1, "mV", "jumps of the electrodes' potential or of the baseline"),
    "stuck_ms": Range(0, 20, "ms", "samples that repeat the one before, every three seconds"),
    "railway_hum_mv": Range(0, 0.1, "mV", "hum of 16.7 Hz, amplitude"),
    "fs_hz": Range(125, 1000, "Hz", "sampling rate of a file"),
}


def is_inside(parameters: Mapping[str, float | str]) -> bool:
    """Whether all of a cell's parameters lie within what is promised."""
    return all(
        PROMISED[name].low <= abs(float(value)) <= PROMISED[name].high
        for name, value in parameters.items()
        if name in PROMISED
    )
