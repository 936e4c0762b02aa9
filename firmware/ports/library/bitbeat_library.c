/* bitbeat_library.c - the core as a shared library for tests, parity and scoring on the host: whole records
 * in, beats and, with ECG_TRACE, intermediate values out. Host only: the buffers belong to the caller. */
#include <stddef.h>
#include <string.h>

#include "ecg_pipeline.h"
#include "ecg_trace.h"

/* Sizes for the caller. */
uint32_t bitbeat_state_bytes(void) {
    return (uint32_t)sizeof(ecg_pipeline_t);
}

uint32_t bitbeat_beat_bytes(void) {
    return (uint32_t)sizeof(ecg_beat_t);
}

uint32_t bitbeat_spec_hash(void) {
    return ECG_SPEC_HASH;
}

uint32_t bitbeat_model_hash(void) {
    return ECG_MODEL_HASH;
}

#ifdef ECG_TRACE
/* Where the rows of each stage go; values widened to int32. */
typedef struct {
    int32_t *values;
    uint64_t capacity; /* values that fit */
    uint64_t count;    /* values seen, stored or not */
} sink_t;

static _Thread_local sink_t sinks[ECG_STAGE_COUNT];

void ecg_trace_hook(ecg_stage_t stage, const void *values, uint8_t bytes, uint16_t count) {
    sink_t *sink = &sinks[stage];
    for (uint32_t i = 0; i < count; i++) {
        if (sink->count < sink->capacity) {
            int32_t value = bytes == 1   ? ((const int8_t *)values)[i]
                            : bytes == 2 ? ((const int16_t *)values)[i]
                                         : ((const int32_t *)values)[i];
            sink->values[sink->count] = value;
        }
        sink->count += 1;
    }
}

void bitbeat_trace_sink(uint32_t stage, int32_t *values, uint64_t capacity) {
    sinks[stage] = (sink_t){values, capacity, 0};
}

uint64_t bitbeat_trace_count(uint32_t stage) {
    return sinks[stage].count;
}
#endif

/* A change of the conditions: from the pushing of this sample on they are these. */
typedef struct {
    uint32_t sample;
    uint8_t conditions;
} change_t;

/* What the next run takes beside its samples, and where its changes of the conditions go. */
static _Thread_local struct {
    int16_t rail_low, rail_high;
    change_t *changes;
    uint32_t capacity, count;
} aside;

uint32_t bitbeat_change_bytes(void) {
    return (uint32_t)sizeof(change_t);
}

/* Before a run: its rails, adu (none where low >= high), and room for changes of the conditions. */
void bitbeat_prepare(int16_t rail_low, int16_t rail_high, change_t *changes, uint32_t capacity) {
    aside.rail_low = rail_low;
    aside.rail_high = rail_high;
    aside.changes = changes;
    aside.capacity = capacity;
    aside.count = 0;
}

/* After a run: changes seen, stored or not. Forgets what was prepared. */
uint32_t bitbeat_finish(void) {
    uint32_t count = aside.count;
    memset(&aside, 0, sizeof aside);
    return count;
}

static void follow_conditions(const ecg_pipeline_t *p, uint32_t sample, uint8_t *last) {
    uint8_t now = ecg_pipeline_conditions(p);
    if (now == *last) {
        return;
    }
    *last = now;
    if (aside.count < aside.capacity) {
        aside.changes[aside.count] = (change_t){sample, now};
    }
    aside.count += 1;
}

/* Runs a record of n samples, the first of which has the number first_sample; then flushes.
 * Writes at most `capacity` beats and the number of samples pushed when each came out (or n where flushed).
 * Returns how many beats there were. */
uint32_t bitbeat_run(const int16_t *x, uint32_t n, uint32_t first_sample, ecg_beat_t *beats,
                     uint32_t *released, uint32_t capacity) {
    static _Thread_local ecg_pipeline_t pipeline;
    uint32_t count = 0;
    uint8_t conditions = 0;
    ecg_beat_t beat;
    memset(&beat, 0, sizeof beat);
    ecg_pipeline_init_at(&pipeline, first_sample);
    ecg_pipeline_set_rails(&pipeline, aside.rail_low, aside.rail_high);
    for (uint32_t i = 0; i < n; i++) {
        if (ecg_pipeline_push(&pipeline, x[i], &beat) > 0) {
            if (count < capacity) {
                beats[count] = beat;
                released[count] = i;
            }
            count += 1;
        }
        follow_conditions(&pipeline, first_sample + i, &conditions);
    }
    while (ecg_pipeline_flush(&pipeline, &beat) > 0) {
        if (count < capacity) {
            beats[count] = beat;
            released[count] = n;
        }
        count += 1;
    }
    return count;
}
