/* ecg_beat.c - see ecg_beat.h; reference: host_tools/reference/beat.py */
#include "ecg_beat.h"

#include <string.h>

#include "ecg_cold.h"
#include "ecg_intmath.h"
#include "ecg_trace.h"

_Static_assert(ECG_NET_BEAT_SAMPLES == ECG_WINDOW_SAMPLES, "the network was trained for another window");
_Static_assert(ECG_NET_BEAT_CHANNELS == ECG_BEAT_CHANNELS, "the network was trained for other channels");
_Static_assert(ECG_NET_RHYTHM_FEATURES == ECG_RHYTHM_FEATURES, "the network was trained for other features");
_Static_assert(ECG_NET_CONTEXT_BEATS == ECG_CONTEXT_BEATS, "the network was trained for another context");
_Static_assert(ECG_NET_LOGITS == ECG_CLASS_COUNT, "the network was trained for other classes");
_Static_assert(ECG_RR_FEATURES + ECG_SHAPE_FEATURES == ECG_RHYTHM_FEATURES, "spec.toml names all features");

/* Keeps the numbers behind the newest beat's features to be watched. */
ECG_COLD static void watch(ecg_pipeline_t *p, const ecg_held_t *held, int32_t noise_q8) {
    const ecg_match_t *match = &p->shape.match;
    p->features[0] = held->rr_prev_samples;
    p->features[1] = held->rr_next_samples;
    p->features[2] = p->rr.slow_q12;
    p->features[3] = p->rr.high_q12;
    p->features[4] = match->cluster;
    p->features[5] = match->correlation;
    p->features[6] = match->dominant_correlation;
    p->features[7] = p->shape.align;
    p->features[8] = noise_q8;
}

/* Marks the beat where it is one of a run of broad ones, and the one before it, if that is still here. */
ECG_COLD static void mark_broad_run(ecg_pipeline_t *p, ecg_held_t *held, const int8_t *row) {
    if (ecg_broad_run_step(&p->broad_run, row, (held->flags & ECG_FLAG_NOISY) != 0)) {
        p->held[0].flags |= ECG_FLAG_BROAD_RUN;
        held->flags |= ECG_FLAG_BROAD_RUN;
    }
}

ECG_COLD void ecg_beat_measure(ecg_pipeline_t *p, int32_t r_age, ecg_held_t *held) {
    ecg_window_extract(&p->ring, r_age, p->window);
    if (p->shape.clusters.beats == 0) {
        held->flags |= ECG_FLAG_LEARNING;
    }
    ecg_shape_begin(&p->shape, p->window);
    const int16_t *usual = p->shape.clusters.windows[p->shape.compared];
    int32_t sd = ecg_window_sd(usual, ecg_window_mean(usual));
    int32_t noise_q8 = ecg_window_noise_q8(p->window, sd);
    if (noise_q8 > ECG_NOISY_Q8) {
        held->flags |= ECG_FLAG_NOISY;
    }
    held->sqi =
        ecg_quality_measure(&p->quality, p->window, usual, p->shape.clusters.beats != 0, sd, noise_q8);
    int8_t *row = p->context[p->context_index];
    ecg_rr_features(&p->rr, held->rr_prev_samples, held->rr_next_samples, row);
    ecg_shape_features(&p->shape, p->window, p->rr.prev_high_q10, noise_q8, row + ECG_RR_FEATURES);
    ecg_window_quantise(p->window, usual, sd, held->input);
    watch(p, held, noise_q8);
    mark_broad_run(p, held, row);
    ECG_TRACE_MEASURES(p);
    ecg_shape_learn(&p->shape, p->window, &p->rr);
    p->context_index = (uint8_t)(p->context_index + 1u == ECG_CONTEXT_BEATS ? 0u : p->context_index + 1u);
}

/* exp(-d) in the logits' scale, Q15; d >= 0. */
ECG_COLD static uint32_t exponential(int32_t d) {
    return d < ECG_CONF_ENTRIES ? ECG_CONF_EXP_Q15[d] : 0u;
}

/* Softmax of a class from the logits by a table of exp, 0..255; `winner` has the largest logit. */
ECG_COLD static uint8_t confidence_q8(const int8_t *logits, uint32_t winner, uint32_t class) {
    uint32_t total = 0;
    for (uint32_t i = 0; i < ECG_CLASS_COUNT; i++) {
        total += exponential(logits[winner] - logits[i]);
    }
    return (uint8_t)ecg_divide_round(255u * exponential(logits[winner] - logits[class]), total);
}

/* Writes the network's inputs for the first held beat: its window, and the rows around it. */
ECG_COLD static void write_inputs(ecg_pipeline_t *p) {
    memcpy(ecg_net_beat_input(&p->net), p->held[0].input, sizeof p->held[0].input);
    int8_t *out = ecg_net_rhythm_input(&p->net);
    /* Newest first; there is no row yet for beats still to come. */
    uint32_t missing = ECG_HELD_BEATS - p->held_count;
    memset(out, 0, missing * ECG_RHYTHM_FEATURES);
    uint32_t row = p->context_index;
    for (uint32_t j = missing; j < ECG_CONTEXT_BEATS; j++) {
        row = row == 0 ? ECG_CONTEXT_BEATS - 1 : row - 1;
        memcpy(out + j * ECG_RHYTHM_FEATURES, p->context[row], ECG_RHYTHM_FEATURES);
    }
}

ECG_COLD void ecg_beat_classify(ecg_pipeline_t *p, ecg_beat_t *beat) {
    write_inputs(p);
    ECG_TRACE_INPUTS(p);
    ecg_net_invoke(&p->net, beat->logits);
    uint32_t winner = 0;
    for (uint32_t i = 1; i < ECG_CLASS_COUNT; i++) {
        if (beat->logits[i] > beat->logits[winner]) {
            winner = i;
        }
    }
    bool broad = (beat->flags & ECG_FLAG_BROAD_RUN) != 0;
    beat->aami_class = broad ? (uint8_t)ECG_CLASS_V : (uint8_t)winner;
    beat->confidence_q8 = confidence_q8(beat->logits, winner, beat->aami_class);
    ECG_TRACE_RECORD(p, beat);
}
