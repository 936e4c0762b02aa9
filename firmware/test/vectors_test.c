/* vectors_test.c - runs the committed test vectors through the core: a self-test that needs no Python.
 * Exits 0 where every field of every beat is as expected, else 1; on a host it prints one line too.
 * -DVECTORS_SPOIL=n puts sample n wrong, to see the test fail. */
#include <stddef.h>
#if __STDC_HOSTED__
#include <stdio.h>
#endif

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
           a->confidence_q8 == b->confidence_q8 && a->flags == b->flags && a->sqi == b->sqi;
}

static int16_t sample_at(size_t i) {
#ifdef VECTORS_SPOIL
    if (i == VECTORS_SPOIL) {
        return 2000;
    }
#endif
    return ecg_vector_samples[i];
}

int main(void) {
    static ecg_pipeline_t pipeline;
    ecg_beat_t beat;
    size_t count = 0;
    size_t wrong = 0;
    ecg_pipeline_init(&pipeline);
    for (size_t i = 0; i <= SAMPLES; i++) {
        int got = i < SAMPLES ? ecg_pipeline_push(&pipeline, sample_at(i), &beat)
                              : ecg_pipeline_flush(&pipeline, &beat);
        while (got > 0) {
            if (count >= BEATS || !same(&beat, &ecg_vector_beats[count])) {
                wrong += 1;
            }
            count += 1;
            got = i < SAMPLES ? 0 : ecg_pipeline_flush(&pipeline, &beat);
        }
    }
#if __STDC_HOSTED__
    printf("%zu samples, %zu beats, %zu expected, %zu wrong\n", SAMPLES, count, BEATS, wrong);
#endif
    return count == BEATS && wrong == 0 ? 0 : 1;
}
