/* ecg_refine.c - see ecg_refine.h; reference: host_tools/reference/refine.py */
#include "ecg_refine.h"

#include "ecg_intmath.h"

/* Place in the ring of the sample after the one at `position`. */
static int32_t after(int32_t position) {
    return position + 1 == ECG_RING_SAMPLES ? 0 : position + 1;
}

ecg_refined_t ecg_refine_r_peak(const ecg_ring_t *ring, int32_t centre_age, int32_t polarity) {
    ecg_refined_t refined = {centre_age, 1};
    int32_t best = -1;
    int32_t usual = polarity < 0 ? -1 : 1;
    int32_t first =
        ecg_min(centre_age + ECG_REFINE_BEFORE_SAMPLES, ECG_RING_SAMPLES - 1 - ECG_REFINE_SPAN_SAMPLES);
    int32_t last = ecg_max(centre_age - ECG_REFINE_AFTER_SAMPLES, 0);
    const int16_t *samples = ring->samples;
    int32_t here = ecg_ring_position(ring, first);
    int32_t behind = ecg_ring_position(ring, first + ECG_REFINE_SPAN_SAMPLES);
    int32_t ahead = ecg_ring_position(ring, first - ECG_REFINE_SPAN_SAMPLES);
    for (int32_t age = first; age >= last; age--) {
        /* Second difference: positive on a peak, negative in a trough. */
        int32_t value = 2 * samples[here] - samples[ahead] - samples[behind];
        int32_t points = value < 0 ? -1 : 1;
        value = ecg_abs(value);
        if (points != usual) {
            value = (value * ECG_REFINE_POLARITY_Q8) >> 8;
        }
        if (value > best) {
            best = value;
            refined.age = age;
            refined.points = points;
        }
        here = after(here);
        behind = after(behind);
        if (age > ECG_REFINE_SPAN_SAMPLES) { /* else it is the newest already */
            ahead = after(ahead);
        }
    }
    return refined;
}
