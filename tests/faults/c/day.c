/* Repeats a stretch of samples for as long as told, and says of every hour what came out.
 *   day FILE SAMPLES FIRST HOUR_SAMPLES
 * FILE holds int16 samples in this machine's order; FIRST is the number of the first sample. After every
 * sample the state is checked (pipeline_invariants.h). Prints a line for each hour: beats, and a hash of all
 * that they say, their places counted from the beginning of the hour in which their R peak lies. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "fuzz_check.h"
#include "pipeline_invariants.h"

#define STRETCH_MAX (360u * 3600u)
#define HOURS_MAX 48u

typedef struct {
    uint32_t beats;
    uint32_t hash; /* FNV-1a */
} hour_t;

static int16_t stretch[STRETCH_MAX];
static hour_t hours[HOURS_MAX];
static ecg_pipeline_t pipeline;

static uint32_t mixed(uint32_t hash, uint32_t value) {
    for (int i = 0; i < 4; i++) {
        hash = (hash ^ (value & 0xFFu)) * 16777619u;
        value >>= 8;
    }
    return hash;
}

static void enter(const ecg_beat_t *beat, uint32_t first, uint32_t hour_samples) {
    uint32_t at = beat->r_sample - first;
    hour_t *hour = &hours[at / hour_samples];
    uint32_t hash = hour->beats == 0 ? 2166136261u : hour->hash;
    fuzz_check(at / hour_samples < HOURS_MAX, "an hour that there is");
    hash = mixed(hash, at % hour_samples);
    hash = mixed(hash, beat->rr_prev_samples * 65536u + beat->rr_next_samples);
    for (int i = 0; i < ECG_CLASS_COUNT; i++) {
        hash = mixed(hash, (uint32_t)beat->logits[i]);
    }
    hour->hash = mixed(hash, beat->aami_class * 65536u + beat->confidence_q8 * 256u + beat->flags);
    hour->beats++;
}

static size_t load(const char *path) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return 0;
    }
    size_t n = fread(stretch, sizeof stretch[0], STRETCH_MAX, file);
    (void)fclose(file);
    return n;
}

int main(int argc, char **argv) {
    beat_watch_t watch = {0};
    ecg_beat_t beat;
    size_t n = argc == 5 ? load(argv[1]) : 0;
    if (n == 0) {
        return 2;
    }
    uint32_t samples = (uint32_t)strtoul(argv[2], NULL, 10);
    uint32_t first = (uint32_t)strtoul(argv[3], NULL, 10);
    uint32_t hour_samples = (uint32_t)strtoul(argv[4], NULL, 10);
    ecg_pipeline_init_at(&pipeline, first);
    size_t at = 0;
    for (uint32_t i = 0; i < samples; i++) {
        if (ecg_pipeline_push(&pipeline, stretch[at], &beat) == 1) {
            check_beat(&watch, &beat, pipeline.sample_count);
            enter(&beat, first, hour_samples);
        }
        check_pipeline(&pipeline);
        fuzz_check(pipeline.sample_count == first + i + 1u, "every sample counted");
        at = at + 1 == n ? 0 : at + 1;
    }
    while (ecg_pipeline_flush(&pipeline, &beat) == 1) {
        enter(&beat, first, hour_samples);
    }
    for (uint32_t h = 0; h < (samples + hour_samples - 1) / hour_samples; h++) {
        (void)printf("%" PRIu32 " %08" PRIx32 "\n", hours[h].beats, hours[h].hash);
    }
    return 0;
}
