#include "ecg_pipeline.h"

#ifdef ECG_TRACE
#include "ecg_trace.h"

/* Two 4-byte values with each sample, and a long array of small ones with each beat. */
static void trace(const ecg_pipeline_t *p, int beat) {
    int32_t sums[2] = {(int32_t)(p->sum >> 1), -(int32_t)(p->sum & 0x7Fu)};
    int16_t ramp[DOUBLE_RAMP_VALUES];
    ecg_trace_hook(DOUBLE_STAGE_SUM, sums, 4, 2);
    if (beat) {
        for (int32_t i = 0; i < DOUBLE_RAMP_VALUES; i++) {
            ramp[i] = (int16_t)(i - 150 + (int32_t)(p->sum & 0xFFu));
        }
        ecg_trace_hook(DOUBLE_STAGE_RAMP, ramp, 2, DOUBLE_RAMP_VALUES);
    }
}
#endif

void ecg_pipeline_init_at(ecg_pipeline_t *p, uint32_t first_sample) {
    p->count = first_sample;
    p->since = 0;
    p->sum = 0;
    p->flushed = 0;
    p->pushed = 0;
    p->rails = 0;
    p->conditions = 0;
}

void ecg_pipeline_set_rails(ecg_pipeline_t *p, int16_t low, int16_t high) {
    p->rails = 3u * ((uint32_t)low & 0xFFFFu) + 5u * ((uint32_t)high & 0xFFFFu);
}

uint8_t ecg_pipeline_conditions(const ecg_pipeline_t *p) {
    return p->conditions;
}

void ecg_pipeline_init(ecg_pipeline_t *p) {
    ecg_pipeline_init_at(p, 0);
}

static void fill(const ecg_pipeline_t *p, ecg_beat_t *beat, uint32_t samples_ago) {
    beat->r_sample = p->count - samples_ago;
    beat->rr_prev_samples = (uint16_t)(p->sum & 0xFFFFu);
    beat->rr_next_samples = (uint16_t)(p->sum >> 16);
    for (uint32_t i = 0; i < ECG_CLASS_COUNT; i++) {
        beat->logits[i] = (int8_t)(((p->sum >> (7u * i)) & 0x7Fu) - 64u);
    }
    beat->aami_class = (uint8_t)(p->sum % 4u);
    beat->confidence_q8 = (uint8_t)(p->sum % 251u);
    beat->flags = (uint8_t)(p->sum % 32u);
    beat->sqi = (uint8_t)(p->sum % 101u);
}

int ecg_pipeline_push(ecg_pipeline_t *p, int16_t x, ecg_beat_t *beat) {
    int due;
    p->sum = p->sum * 31u + ((uint32_t)x & 0xFFFFu) + 1u + p->rails;
    p->count++;
    p->pushed++;
    p->since++;
    if (p->pushed % DOUBLE_CONDITION_SAMPLES == 0) {
        p->conditions = (uint8_t)((p->sum >> 3) % 32u);
    }
    due = p->since == DOUBLE_PERIOD_SAMPLES;
#ifdef ECG_TRACE
    trace(p, due);
#endif
    if (due) {
        p->since = 0;
        fill(p, beat, 10u);
    }
    return due;
}

int ecg_pipeline_flush(ecg_pipeline_t *p, ecg_beat_t *beat) {
    uint32_t beats = p->pushed < DOUBLE_FLUSH_BEATS ? p->pushed : DOUBLE_FLUSH_BEATS;
    if (p->flushed == beats) {
        return 0;
    }
    p->flushed++;
    p->sum += p->flushed;
    fill(p, beat, beats - p->flushed + 1u);
    return 1;
}

uint8_t ecg_pipeline_sqi(const ecg_pipeline_t *p) {
    return (uint8_t)(p->sum % 101u);
}

bool ecg_pipeline_lead_off(const ecg_pipeline_t *p) {
    return (p->sum & 1u) != 0;
}
