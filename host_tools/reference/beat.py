"""From a waiting R peak to a classified beat: features, inputs, network. Twin of ``ecg_beat.c``."""

from __future__ import annotations

from typing import Any

from .broad_run import broad_run_step
from .fixed import kernel, to_int
from .intmath import clamp, divide_round
from .network import (
    BEAT_OFFSET,
    CONF_EXP_Q15,
    RHYTHM_OFFSET,
    net_invoke,
)
from .params import (
    BEAT_CHANNELS,
    CLASSES,
    CONTEXT_BEATS,
    LOOKAHEAD_BEATS,
    NOISY_Q8,
    RHYTHM_FEATURES,
    WINDOW_SAMPLES,
)
from .quality import quality_measure
from .rr import RR_FEATURES, rr_features
from .shape import shape_begin, shape_features, shape_learn
from .window import (
    window_extract,
    window_mean,
    window_noise_q8,
    window_quantise,
    window_sd,
)

#: int8 values of one beat input.
BEAT_VALUES = WINDOW_SAMPLES * BEAT_CHANNELS

_LEARNING = 1
_NOISY = 8
_BROAD_RUN = 128
_CLASS_V = 2


@kernel
def beat_confidence_q8(logits: Any, winner: int, aami_class: int) -> int:
    """Softmax of a class from the int8 logits by a table of exp, 0..255; ``winner`` has the largest one."""
    total = 0
    for i in range(CLASSES):
        total += int(CONF_EXP_Q15[to_int(logits[winner]) - to_int(logits[i])])
    return clamp(
        divide_round(255 * int(CONF_EXP_Q15[to_int(logits[winner]) - to_int(logits[aami_class])]), total),
        0,
        255,
    )


@kernel
def beat_template(p: Any) -> None:
    """Copy the dominant template, with which the newest beat is compared."""
    for k in range(WINDOW_SAMPLES):
        p.template[k] = p.shape.clusters.windows[p.shape.first + k]


@kernel
def beat_watch(p: Any, held: int, row: int, noise_q8: int) -> None:
    """Keep the numbers behind the newest beat's features to be watched."""
    p.features[0] = p.held_prev[held]
    p.features[1] = p.held_next[held]
    p.features[2] = p.rr.slow_q12
    p.features[3] = p.rr.high_q12
    p.features[4] = p.shape.match.cluster
    p.features[5] = p.shape.match.correlation
    p.features[6] = p.shape.match.dominant_correlation
    p.features[7] = p.shape.align
    p.features[8] = noise_q8
    for i in range(RHYTHM_FEATURES):
        p.trace.row[i] = p.context[row + i]


@kernel
def beat_mark_broad_run(p: Any, held: int, row: int) -> None:
    """Mark the beat where it is one of a run of broad ones, and the one before it, if that is still here."""
    noisy = (p.held_flags[held] & _NOISY) != 0
    if broad_run_step(p.broad_run, p.context, row, noisy):
        p.held_flags[0] = p.held_flags[0] | _BROAD_RUN
        p.held_flags[held] = p.held_flags[held] | _BROAD_RUN


@kernel
def beat_measure(p: Any, r_age: int, held: int) -> None:
    """Measure the beat whose R peak is ``r_age`` samples old, then learn from it.

    Its features become the newest row of the context, its beat input is kept in place ``held``.
    """
    window_extract(p.ring, to_int(p.ring_index), r_age, p.window)
    if p.shape.clusters.beats == 0:
        p.held_flags[held] = p.held_flags[held] | _LEARNING
    shape_begin(p.shape, p.window)
    beat_template(p)
    sd = window_sd(p.template, window_mean(p.template))
    noise_q8 = window_noise_q8(p.window, sd)
    if noise_q8 > NOISY_Q8:
        p.held_flags[held] = p.held_flags[held] | _NOISY
    known = p.shape.clusters.beats != 0
    p.held_sqi[held] = quality_measure(p.quality, p.window, p.template, known, sd, noise_q8)
    row = to_int(p.context_index) * RHYTHM_FEATURES
    rr_features(p.rr, to_int(p.held_prev[held]), to_int(p.held_next[held]), p.context, row)
    shape_features(p.shape, p.window, to_int(p.rr.prev_high_q10), noise_q8, p.context, row + RR_FEATURES)
    window_quantise(p.window, p.template, sd, p.held_input, held * BEAT_VALUES)
    beat_watch(p, held, row, noise_q8)
    beat_mark_broad_run(p, held, row)
    shape_learn(p.shape, p.window, p.rr)
    p.context_index = p.context_index + 1
    if p.context_index == CONTEXT_BEATS:
        p.context_index = 0


@kernel
def beat_inputs(p: Any) -> None:
    """Write the network's inputs for the first held beat: its window, and the rows around it."""
    for i in range(BEAT_VALUES):
        p.arena[BEAT_OFFSET + i] = p.held_input[i]
    # Newest first; there is no row yet for beats still to come.
    missing = LOOKAHEAD_BEATS + 1 - to_int(p.held_count)
    row = to_int(p.context_index)
    for j in range(CONTEXT_BEATS):
        if j >= missing:
            row -= 1
            if row < 0:
                row += CONTEXT_BEATS
        for i in range(RHYTHM_FEATURES):
            value = 0
            if j >= missing:
                value = to_int(p.context[row * RHYTHM_FEATURES + i])
            p.arena[RHYTHM_OFFSET + j * RHYTHM_FEATURES + i] = value
    for i in range(BEAT_VALUES):
        p.trace.beat_input[i] = p.arena[BEAT_OFFSET + i]
    for i in range(CONTEXT_BEATS * RHYTHM_FEATURES):
        p.trace.rhythm_input[i] = p.arena[RHYTHM_OFFSET + i]


@kernel
def beat_classify(p: Any, beat: Any) -> None:
    """Fill in class, logits and confidence of ``beat``, the first that is held."""
    beat_inputs(p)
    net_invoke(p.arena, beat.logits, p.trace.layers)
    winner = 0
    for i in range(1, CLASSES):
        if beat.logits[i] > beat.logits[winner]:
            winner = i
    aami_class = winner
    if (beat.flags & _BROAD_RUN) != 0:
        aami_class = _CLASS_V
    beat.aami_class = aami_class
    beat.confidence_q8 = beat_confidence_q8(beat.logits, winner, aami_class)
