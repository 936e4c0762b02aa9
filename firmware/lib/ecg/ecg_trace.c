/* ecg_trace.c - see ecg_trace.h; the rows are those of host_tools/reference/run.py */
#include "ecg_trace.h"

#include "ecg_pipeline.h"

#ifdef ECG_TRACE

void ecg_net_trace_layer(uint8_t layer, const int8_t *values, uint16_t count) {
    (void)layer;
    ecg_trace_hook(ECG_STAGE_LAYER, values, 1, count);
}

void ecg_trace_sample(const ecg_pipeline_t *p) {
    if (p->drained != 0) {
        return;
    }
    const int32_t row[3] = {p->input.hold, p->input.recover_flags, ecg_ring_read(&p->ring, 0)};
    ecg_trace_hook(ECG_STAGE_SAMPLE, row, 4, 3);
}

void ecg_trace_detector(const ecg_pipeline_t *p) {
    const ecg_rpeak_t *s = &p->rpeak;
    if (p->drained != 0) { /* what the flush pushes is not the record's */
        return;
    }
    const int32_t row[11] = {s->integral,
                             s->background,
                             s->lobe_peak,
                             s->candidate.peak_q10,
                             s->candidate.score_q10,
                             s->skipped.score_q10,
                             s->qrs_q10,
                             s->slope_q10,
                             s->rr_mean,
                             (int32_t)p->sample_count,
                             p->condition.held};
    ecg_trace_hook(ECG_STAGE_DETECTOR, row, 4, 11);
}

void ecg_trace_r_peak(const ecg_pipeline_t *p, uint32_t r) {
    const int32_t row[2] = {(int32_t)r, p->rpeak.polarity};
    ecg_trace_hook(ECG_STAGE_R_PEAK, row, 4, 2);
}

void ecg_trace_measures(const ecg_pipeline_t *p) {
    ecg_trace_hook(ECG_STAGE_FEATURES, p->features, 4, ECG_FEATURE_VALUES);
    ecg_trace_hook(ECG_STAGE_WINDOW, p->window, 2, ECG_WINDOW_SAMPLES);
    ecg_trace_hook(ECG_STAGE_TEMPLATE, p->shape.clusters.windows[p->shape.compared], 2, ECG_WINDOW_SAMPLES);
}

void ecg_trace_inputs(ecg_pipeline_t *p) {
    ecg_trace_hook(ECG_STAGE_BEAT_INPUT, ecg_net_beat_input(&p->net), 1,
                   ECG_NET_BEAT_SAMPLES * ECG_NET_BEAT_CHANNELS);
    ecg_trace_hook(ECG_STAGE_RHYTHM_INPUT, ecg_net_rhythm_input(&p->net), 1,
                   ECG_NET_CONTEXT_BEATS * ECG_NET_RHYTHM_FEATURES);
}

void ecg_trace_record(const ecg_pipeline_t *p, const ecg_beat_t *beat) {
    (void)p;
    const int32_t row[11] = {(int32_t)beat->r_sample,
                             beat->rr_prev_samples,
                             beat->rr_next_samples,
                             beat->aami_class,
                             beat->confidence_q8,
                             beat->flags,
                             beat->sqi,
                             beat->logits[0],
                             beat->logits[1],
                             beat->logits[2],
                             beat->logits[3]};
    ecg_trace_hook(ECG_STAGE_RECORD, row, 4, 11);
}

#endif
