"""From a waiting R peak to a classified beat: features, inputs, network. Twin of ``ecg_beat.c``."""

from __future__ import annotations

from typing import Any

from .fixed import kernel, to_int
from .intmath import clamp, divide_round, log2_q10, shift_round
from .network import (
    BEAT_OFFSET,
    CONF_EXP_Q15,
    RHYTHM_OFFSET,
    net_invoke,
)
from .params import (
    BEAT_CHANNELS,
    CLASSES,
    LOG_RATIO_FRAC_BITS,
    NOISY_Q8,
    RHYTHM_FEATURES,
    RR_DEFAULT_SAMPLES,
    TEMPLATE_PREMATURE_Q8,
    WINDOW_SAMPLES,
)
from .quality import quality_mark, quality_measure
from .rr import rr_irregularity_q8, rr_local_mean_q4, rr_slow_mean_q4, rr_update
from .template import amplitude_log2_q10, correlation_q7, residual_q6, template_copy, template_update
from .window import window_extract, window_mean, window_noise_q8, window_quantise, window_sd

_LEARNING = 1
_NOISY = 8
_RATIO_SHIFT = 10 - LOG_RATIO_FRAC_BITS


@kernel
def ratio_feature(log2_a_q10: int, log2_b_q10: int) -> int:
    """log2 of a ratio from two logarithms, LOG_RATIO_FRAC_BITS, saturated to int8."""
    return clamp(shift_round(log2_a_q10 - log2_b_q10, _RATIO_SHIFT), -128, 127)


@kernel
def beat_rhythm(p: Any, beat: Any, out: Any, first: int) -> None:
    """Write the RR features (the first 9 of the rhythm input) from ``out[first]`` on."""
    rr_prev = to_int(beat.rr_prev_samples)
    rr_next = to_int(beat.rr_next_samples)
    local_q4 = rr_local_mean_q4(p.rr)
    slow_q4 = rr_slow_mean_q4(p.rr)
    before = to_int(p.rr.last)
    if before == 0:
        before = rr_prev
    prev = log2_q10(rr_prev << 4)
    nxt = log2_q10(rr_next << 4)
    local = log2_q10(local_q4)
    slow = log2_q10(slow_q4)
    out[first] = ratio_feature(prev, local)
    out[first + 1] = ratio_feature(nxt, local)
    out[first + 2] = ratio_feature(prev, slow)
    out[first + 3] = ratio_feature(nxt, slow)
    out[first + 4] = ratio_feature(nxt, prev)
    out[first + 5] = ratio_feature(prev, log2_q10(before << 4))
    out[first + 6] = ratio_feature(local, slow)
    out[first + 7] = ratio_feature(prev, log2_q10(RR_DEFAULT_SAMPLES << 4))
    irregularity_q8 = rr_irregularity_q8(p.rr, local_q4)
    out[first + 8] = clamp(irregularity_q8, 0, 127)
    p.features[0] = rr_prev
    p.features[1] = rr_next
    p.features[2] = local_q4
    p.features[3] = slow_q4
    p.features[4] = irregularity_q8


@kernel
def beat_shape(p: Any, out: Any, first: int) -> None:
    """Write the likeness to the dominant beat (the last 3 of the rhythm input) from ``out[first + 9]`` on."""
    correlation = correlation_q7(p.window, p.template.dominant)
    louder_q10 = amplitude_log2_q10(p.window) - amplitude_log2_q10(p.template.dominant)
    residual = residual_q6(p.window, p.template.dominant)
    out[first + 9] = clamp(correlation, -128, 127)
    out[first + 10] = clamp(shift_round(louder_q10, _RATIO_SHIFT), -128, 127)
    out[first + 11] = residual
    p.features[5] = correlation
    p.features[6] = louder_q10
    p.features[7] = residual


@kernel
def beat_confidence_q8(logits: Any, winner: int) -> int:
    """Softmax of the winning class from the int8 logits by a table of exp; 0..255."""
    total = 0
    for i in range(CLASSES):
        total += int(CONF_EXP_Q15[to_int(logits[winner]) - to_int(logits[i])])
    return clamp(divide_round(255 * int(CONF_EXP_Q15[0]), total), 0, 255)


@kernel
def trace_inputs(p: Any) -> None:
    """Keep template and network inputs to be watched, before the network reuses their memory."""
    template_copy(p.trace.template, p.template.dominant)
    for i in range(WINDOW_SAMPLES * BEAT_CHANNELS):
        p.trace.beat_input[i] = p.arena[BEAT_OFFSET + i]
    for i in range(RHYTHM_FEATURES):
        p.trace.rhythm_input[i] = p.arena[RHYTHM_OFFSET + i]


@kernel
def beat_classify(p: Any, r_age: int, beat: Any) -> None:
    """Fill in class, logits, confidence of ``beat``, its R peak ``r_age`` samples old; then learn from it."""
    window_extract(p.ring, to_int(p.ring_index), r_age, p.window)
    if p.template.dominant_score == 0:
        template_copy(p.template.dominant, p.window)
        beat.flags = beat.flags | _LEARNING
    beat_rhythm(p, beat, p.arena, RHYTHM_OFFSET)
    beat_shape(p, p.arena, RHYTHM_OFFSET)
    template = p.template.dominant
    sd = window_sd(template, window_mean(template))
    p.features[8] = window_noise_q8(p.window, sd)
    if p.features[8] > NOISY_Q8:
        beat.flags = beat.flags | _NOISY
    known = p.template.dominant_score != 0
    roughness_q8 = to_int(p.features[8])
    beat.sqi = quality_measure(p.quality, p.window, template, known, sd, roughness_q8)
    quality_mark(p.quality, beat)
    window_quantise(p.window, template, sd, p.arena, BEAT_OFFSET)
    trace_inputs(p)
    net_invoke(p.arena, beat.logits, p.trace.layers)
    winner = 0
    for i in range(1, CLASSES):
        if beat.logits[i] > beat.logits[winner]:
            winner = i
    beat.aami_class = winner
    beat.confidence_q8 = beat_confidence_q8(beat.logits, winner)
    premature = (p.features[0] << 12) < to_int(p.features[2]) * TEMPLATE_PREMATURE_Q8
    if (beat.flags & _NOISY) == 0:
        template_update(p.template, p.window, premature)
    rr_update(p.rr, to_int(beat.rr_prev_samples))
