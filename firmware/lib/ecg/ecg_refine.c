/* ecg_refine.c - see ecg_refine.h; reference: host_tools/reference/refine.py */
#include "ecg_refine.h"

#include "ecg_intmath.h"

/* Second difference at `age`: positive on a peak, negative in a trough. */
static int32_t sharpness(const ecg_ring_t *ring, int32_t age) {
    return 2 * ecg_ring_read(ring, age) - ecg_ring_read(ring, age - ECG_REFINE_SPAN_SAMPLES) -
           ecg_ring_read(ring, age + ECG_REFINE_SPAN_SAMPLES);
}

ecg_refined_t ecg_refine_r_peak(const ecg_ring_t *ring, int32_t centre_age, int32_t polarity) {
    ecg_refined_t refined = {centre_age, 1};
    int32_t best = -1;
    int32_t usual = polarity < 0 ? -1 : 1;
    int32_t first =
        ecg_min(centre_age + ECG_REFINE_BEFORE_SAMPLES, ECG_RING_SAMPLES - 1 - ECG_REFINE_SPAN_SAMPLES);
    int32_t last = ecg_max(centre_age - ECG_REFINE_AFTER_SAMPLES, 0);
    for (int32_t age = first; age >= last; age--) {
        int32_t value = sharpness(ring, age);
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
    }
    return refined;
}
