"""Runs of broad beats, which are ventricular whatever the network says. Twin of ``ecg_broad_run.c``.

Fast beats in a row that are much broader and blunter than the patient's at rest. Source of the rule: Wellens,
"Ventricular tachycardia: diagnosis of broad QRS complex tachycardia", Heart 86:579-585, 2001.
"""

from __future__ import annotations

from typing import Any

from .fixed import kernel, to_int
from .params import (
    BROAD_RUN_AREA_PEAK,
    BROAD_RUN_BEATS,
    BROAD_RUN_EARLY,
    BROAD_RUN_REST_BEATS,
    BROAD_RUN_RR,
    BROAD_RUN_SLOPE,
    BROAD_RUN_SPREAD,
    BROAD_RUN_WIDTH,
    FEATURE_AREA_PEAK,
    FEATURE_PREV_ABSOLUTE,
    FEATURE_PREV_HIGH,
    FEATURE_SLOPE,
    FEATURE_SPREAD,
    FEATURE_WIDTH,
)


@kernel
def broad_run_learn_rest(s: Any, i: int, value: int) -> None:
    """Let a feature at rest follow a beat that did not come early."""
    if s.rest_beats == 0:
        s.rest_q4[i] = value << 4
    else:
        s.rest_q4[i] = s.rest_q4[i] + (((value << 4) - s.rest_q4[i]) >> 3)


@kernel
def broad_run_step(s: Any, row: Any, first: int, noisy: bool) -> bool:
    """Take a beat's features, from ``row[first]`` on; True where the last beats are a run of broad ones."""
    spread = to_int(row[first + FEATURE_SPREAD])
    width = to_int(row[first + FEATURE_WIDTH])
    area_peak = to_int(row[first + FEATURE_AREA_PEAK])
    slope = to_int(row[first + FEATURE_SLOPE])
    early = row[first + FEATURE_PREV_HIGH] <= BROAD_RUN_EARLY
    fast = early and row[first + FEATURE_PREV_ABSOLUTE] <= BROAD_RUN_RR
    broader = (
        spread - (to_int(s.rest_q4[0]) >> 4) >= BROAD_RUN_SPREAD
        and width - (to_int(s.rest_q4[1]) >> 4) >= BROAD_RUN_WIDTH
    )
    blunter = (
        area_peak - (to_int(s.rest_q4[2]) >> 4) >= BROAD_RUN_AREA_PEAK
        and slope - (to_int(s.rest_q4[3]) >> 4) <= BROAD_RUN_SLOPE
    )
    if not (fast and broader and blunter) or s.rest_beats < BROAD_RUN_REST_BEATS:
        s.broad_beats = 0
    else:
        s.broad_beats = min(to_int(s.broad_beats) + 1, BROAD_RUN_BEATS)
    if not early and not noisy:
        broad_run_learn_rest(s, 0, spread)
        broad_run_learn_rest(s, 1, width)
        broad_run_learn_rest(s, 2, area_peak)
        broad_run_learn_rest(s, 3, slope)
        s.rest_beats = min(to_int(s.rest_beats) + 1, BROAD_RUN_REST_BEATS)
    return bool(s.broad_beats == BROAD_RUN_BEATS)
