/* fuzz_pipeline.c - the signal chain on samples drawn from the fuzzer's bytes.
 * Input: first sample number (4 bytes), then operations of script.h.
 * Oracles: the sanitizers; pipeline_invariants.h after each sample; a second run on memory full of ones,
 * whose first sample has the number 0, gives the same beats, shifted; a flush ends. */
#include <string.h>

#include "fuzz_check.h"
#include "pipeline_invariants.h"
#include "script.h"

#define SAMPLES_MAX 8192u /* 23 s: one input stays fast */
#define BEATS_MAX (SAMPLES_MAX / ECG_MINIMUM_RR_SAMPLES + ECG_PENDING_BEATS)

static int16_t samples[SAMPLES_MAX];
static ecg_beat_t found[BEATS_MAX];
static ecg_pipeline_t pipeline;

/* Compares without the padding, r_sample relative to the first sample. */
static bool same_beat(const ecg_beat_t *a, uint32_t first_a, const ecg_beat_t *b, uint32_t first_b) {
    return a->r_sample - first_a == b->r_sample - first_b && a->rr_prev_samples == b->rr_prev_samples &&
           a->rr_next_samples == b->rr_next_samples && memcmp(a->logits, b->logits, sizeof a->logits) == 0 &&
           a->aami_class == b->aami_class && a->confidence_q8 == b->confidence_q8 && a->flags == b->flags &&
           a->sqi == b->sqi;
}

/* Takes a beat of the first run into `found`, compares one of the second with it. */
static void take(const ecg_beat_t *beat, uint32_t index, uint32_t first, uint32_t recorded_first,
                 bool again) {
    fuzz_check(index < BEATS_MAX, "no more beats than the least RR allows");
    if (again) {
        fuzz_check(same_beat(beat, first, &found[index], recorded_first), "the same beats at any count");
    } else {
        found[index] = *beat;
    }
}

static uint32_t run(size_t n, uint32_t first, uint32_t recorded_first, bool again) {
    beat_watch_t watch = {0};
    ecg_beat_t beat;
    memset(&pipeline, again ? 0xFF : 0, sizeof pipeline);
    ecg_pipeline_init_at(&pipeline, first);
    for (size_t i = 0; i < n; i++) {
        int result = ecg_pipeline_push(&pipeline, samples[i], &beat);
        fuzz_check(result == 0 || result == 1, "result of a push");
        check_pipeline(&pipeline);
        fuzz_check(pipeline.sample_count == first + (uint32_t)i + 1u, "every sample counted");
        if (result == 1) {
            take(&beat, watch.beats, first, recorded_first, again);
            check_beat(&watch, &beat, pipeline.sample_count);
        }
    }
    for (uint32_t k = 0; ecg_pipeline_flush(&pipeline, &beat) == 1; k++) {
        fuzz_check(k < ECG_PENDING_BEATS, "a flush ends");
        take(&beat, watch.beats, first, recorded_first, again);
        check_beat(&watch, &beat, pipeline.sample_count);
        check_pipeline(&pipeline);
    }
    fuzz_check(ecg_pipeline_flush(&pipeline, &beat) == 0, "nothing after a flush");
    return watch.beats;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    script_t script = {data, size};
    uint32_t first = script_u32(&script);
    size_t n = 0;
    while (script.left > 0 && n < SAMPLES_MAX) {
        n += script_samples(&script, samples + n, SAMPLES_MAX - n);
    }
    uint32_t beats = run(n, first, first, false);
    fuzz_check(run(n, 0, first, true) == beats, "as many beats at any count");
    return 0;
}
