/* ecg_refine.c - see ecg_refine.h; reference: host_tools/reference/refine.py */
#include "ecg_refine.h"

#include "ecg_intmath.h"

#define SPAN ECG_REFINE_SPAN_SAMPLES
#define PART_SAMPLES (ECG_REFINE_BEFORE_SAMPLES + ECG_REFINE_AFTER_SAMPLES + 1 + 2 * SPAN)

ecg_refined_t ecg_refine_r_peak(const ecg_ring_t *ring, int32_t centre_age, int32_t polarity, int32_t reach) {
    ecg_refined_t refined = {centre_age, 1};
    int32_t best = -1;
    int32_t usual = polarity < 0 ? -1 : 1;
    int32_t first =
        ecg_min(centre_age + ecg_min(reach, ECG_REFINE_BEFORE_SAMPLES), ECG_RING_SAMPLES - 1 - SPAN);
    int32_t last = ecg_max(centre_age - ecg_min(reach, ECG_REFINE_AFTER_SAMPLES), 0);
    int16_t part[PART_SAMPLES]; /* from SPAN before the first to SPAN after the last */
    ecg_ring_copy(ring, first + SPAN, first - last + 1 + 2 * SPAN, part);
    const int16_t *here = part + SPAN;
    for (int32_t age = first; age >= last; age--) {
        /* Second difference: positive on a peak, negative in a trough. */
        int32_t value = 2 * here[0] - here[SPAN] - here[-SPAN];
        int32_t points = value < 0 ? -1 : 1;
        value = ecg_abs(value);
        if (value > best) {
            if (points != usual) {
                value = (value * ECG_REFINE_POLARITY_Q8) >> 8;
            }
            if (value > best) {
                best = value;
                refined.age = age;
                refined.points = points;
            }
        }
        here += 1;
    }
    return refined;
}
