/* bench_chain.c - measuring image of the signal chain: samples (int16, this machine's byte order) come in,
 * beats (ecg_beat_t as it lies in memory) go out, with marks around its stages. Linked with --wrap for the
 * functions that begin another stage. */
#include "bench_io.h"
#include "board.h"
#include "ecg_beat.h"
#include "ecg_pipeline.h"

#define BLOCK_SAMPLES 256u

static ecg_pipeline_t pipeline;
static int16_t block[BLOCK_SAMPLES];

void __real_ecg_beat_measure(ecg_pipeline_t *p, int32_t r_age, ecg_held_t *held);
void __wrap_ecg_beat_measure(ecg_pipeline_t *p, int32_t r_age, ecg_held_t *held);
void __real_ecg_beat_classify(ecg_pipeline_t *p, ecg_beat_t *beat);
void __wrap_ecg_beat_classify(ecg_pipeline_t *p, ecg_beat_t *beat);
void __real_ecg_net_invoke(ecg_net_t *net, int8_t *logits);
void __wrap_ecg_net_invoke(ecg_net_t *net, int8_t *logits);

void __wrap_ecg_beat_measure(ecg_pipeline_t *p, int32_t r_age, ecg_held_t *held) {
    insncount_enter_features();
    __real_ecg_beat_measure(p, r_age, held);
    insncount_leave();
}

void __wrap_ecg_beat_classify(ecg_pipeline_t *p, ecg_beat_t *beat) {
    insncount_enter_features();
    __real_ecg_beat_classify(p, beat);
    insncount_leave();
}

void __wrap_ecg_net_invoke(ecg_net_t *net, int8_t *logits) {
    insncount_enter_network();
    __real_ecg_net_invoke(net, logits);
    insncount_leave();
}

int main(int argc, char **argv) {
    ecg_beat_t beat = {0};
    size_t bytes;
    (void)argc;
    (void)argv;
    bench_open();
    ecg_pipeline_init(&pipeline);
    while ((bytes = bench_read(block, sizeof block)) > 0) {
        for (size_t i = 0; i < bytes / sizeof block[0]; i++) {
            insncount_enter_sample();
            int found = ecg_pipeline_push(&pipeline, block[i], &beat);
            insncount_leave();
            if (found > 0) {
                bench_write(&beat, sizeof beat);
            }
        }
    }
    return 0;
}
