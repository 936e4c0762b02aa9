/* ecg_broad_run.c - see ecg_broad_run.h; reference: host_tools/reference/broad_run.py */
#include "ecg_broad_run.h"

#include "ecg_cold.h"

/* Lets the features at rest follow a beat that did not come early. */
static void learn_rest(ecg_broad_run_t *s, const int8_t values[4]) {
    for (uint32_t i = 0; i < 4; i++) {
        int32_t value_q4 = values[i] * 16;
        int32_t change = value_q4 - s->rest_q4[i];
        s->rest_q4[i] = (int16_t)(s->rest_beats == 0 ? value_q4 : s->rest_q4[i] + (change >> 3));
    }
    if (s->rest_beats < ECG_BROAD_RUN_REST_BEATS) {
        s->rest_beats = (uint8_t)(s->rest_beats + 1u);
    }
}

ECG_COLD bool ecg_broad_run_step(ecg_broad_run_t *s, const int8_t row[ECG_RHYTHM_FEATURES], bool noisy) {
    const int8_t values[4] = {row[ECG_FEATURE_SPREAD], row[ECG_FEATURE_WIDTH], row[ECG_FEATURE_AREA_PEAK],
                              row[ECG_FEATURE_SLOPE]};
    bool early = row[ECG_FEATURE_PREV_HIGH] <= ECG_BROAD_RUN_EARLY;
    bool fast = early && row[ECG_FEATURE_PREV_ABSOLUTE] <= ECG_BROAD_RUN_RR;
    bool broad = values[0] - (s->rest_q4[0] >> 4) >= ECG_BROAD_RUN_SPREAD &&
                 values[1] - (s->rest_q4[1] >> 4) >= ECG_BROAD_RUN_WIDTH &&
                 values[2] - (s->rest_q4[2] >> 4) >= ECG_BROAD_RUN_AREA_PEAK &&
                 values[3] - (s->rest_q4[3] >> 4) <= ECG_BROAD_RUN_SLOPE;
    if (!fast || !broad || s->rest_beats < ECG_BROAD_RUN_REST_BEATS) {
        s->broad_beats = 0;
    } else if (s->broad_beats < ECG_BROAD_RUN_BEATS) {
        s->broad_beats = (uint8_t)(s->broad_beats + 1u);
    }
    if (!early && !noisy) {
        learn_rest(s, values);
    }
    return s->broad_beats == ECG_BROAD_RUN_BEATS;
}
