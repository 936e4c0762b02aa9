/* ecg_quality.c - see ecg_quality.h; reference: host_tools/reference/quality.py */
#include "ecg_quality.h"

#include "ecg_cold.h"
#include "ecg_intmath.h"
#include "ecg_window.h"

_Static_assert(ECG_LEAD_BACK_SAMPLES < ECG_RECOVER_SAMPLES, "contact must be judged until the lead is on");

ECG_COLD uint8_t ecg_quality_contact(ecg_quality_t *s, const ecg_input_t *input) {
    if (input->bad_count == 0) {
        if (s->lead_off != 0) {
            s->good_samples += 1;
            if (s->good_samples >= ECG_LEAD_BACK_SAMPLES) {
                s->lead_off = 0;
            }
        }
        return 0;
    }
    s->good_samples = 0;
    if (input->bad_count >= ECG_BAD_RESET_SAMPLES) {
        s->lead_off = 1;
    }
    return input->recover_flags;
}

/* Mean distance of window and dominant beat from grid sample `first` to before `end`, each at most sd,
 * relative to sd; 0..256. */
ECG_COLD static int32_t distance_q8(const int16_t *window, const int16_t *dominant, int32_t offset,
                                    int32_t sd, uint32_t first, uint32_t end) {
    int32_t total = 0;
    for (uint32_t k = first; k < end; k++) {
        total += ecg_min(ecg_abs(window[k] - dominant[k] - offset), sd);
    }
    return ecg_floor_divide(total * 256, (int32_t)(end - first) * sd);
}

ECG_COLD uint8_t ecg_quality_measure(ecg_quality_t *s, const int16_t window[ECG_WINDOW_SAMPLES],
                                     const int16_t dominant[ECG_WINDOW_SAMPLES], bool known, int32_t sd,
                                     int32_t roughness_q8) {
    int32_t offset = ecg_window_mean(window) - ecg_window_mean(dominant);
    int32_t before = distance_q8(window, dominant, offset, sd, 0, ECG_QRS_FIRST_GRID);
    int32_t after = distance_q8(window, dominant, offset, sd, ECG_QRS_END_GRID, ECG_WINDOW_SAMPLES);
    int32_t distance = known ? ecg_min(before, after) : roughness_q8;
    int32_t unrest_q8 = distance + (roughness_q8 >> ECG_QUALITY_ROUGH_SHIFT);
    int32_t change = unrest_q8 * 16 - s->unrest_q12;
    s->unrest_q12 = (int16_t)(s->unrest_q12 + (change >> ECG_QUALITY_FOLLOW_SHIFT));
    int32_t sqi = ECG_SQI_MAX - ecg_floor_divide(ECG_SQI_MAX * s->unrest_q12, 16 * ECG_QUALITY_ZERO_Q8);
    return (uint8_t)ecg_clamp(sqi, 0, ECG_SQI_MAX);
}

ECG_COLD void ecg_quality_mark(ecg_quality_t *s, ecg_beat_t *beat) {
    if ((beat->flags & (ECG_FLAG_SATURATED | ECG_FLAG_LEAD_OFF)) != 0) {
        beat->sqi = 0;
    }
    if (beat->sqi < ECG_QUALITY_UNDECIDED_SQI) {
        beat->flags |= ECG_FLAG_UNDECIDED;
    }
    s->sqi = beat->sqi;
}
