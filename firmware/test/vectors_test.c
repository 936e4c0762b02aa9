/* vectors_test.c - runs the committed test vectors through the core: a self-test that needs no Python.
 * Prints one line; exits 0 where every field of every beat is as expected, else 1. */
#include <stdio.h>

#include "ecg_pipeline.h"
#include "ecg_vectors.h"

#define SAMPLES (sizeof ecg_vector_samples / sizeof ecg_vector_samples[0])
#define BEATS (sizeof ecg_vector_beats / sizeof ecg_vector_beats[0])

static int same(const ecg_beat_t *a, const ecg_beat_t *b) {
    int logits = 1;
    for (int i = 0; i < ECG_CLASS_COUNT; i++) {
        logits = logits && a->logits[i] == b->logits[i];
    }
    return logits && a->r_sample == b->r_sample && a->rr_prev_samples == b->rr_prev_samples &&
           a->rr_next_samples == b->rr_next_samples && a->aami_class == b->aami_class &&
           a->confidence_q8 == b->confidence_q8 && a->flags == b->flags;
}

int main(void) {
    static ecg_pipeline_t pipeline;
    ecg_beat_t beat;
    size_t count = 0;
    size_t wrong = 0;
    ecg_pipeline_init(&pipeline);
    for (size_t i = 0; i <= SAMPLES; i++) {
        int got = i < SAMPLES ? ecg_pipeline_push(&pipeline, ecg_vector_samples[i], &beat)
                              : ecg_pipeline_flush(&pipeline, &beat);
        while (got > 0) {
            if (count >= BEATS || !same(&beat, &ecg_vector_beats[count])) {
                wrong += 1;
            }
            count += 1;
            got = i < SAMPLES ? 0 : ecg_pipeline_flush(&pipeline, &beat);
        }
    }
    printf("%zu samples, %zu beats, %zu expected, %zu wrong\n", SAMPLES, count, BEATS, wrong);
    return count == BEATS && wrong == 0 ? 0 : 1;
}
