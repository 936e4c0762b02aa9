#include "nn_add.h"

#include "nn_requantise.h"

#define HEADROOM 1048576 /* 2^20: |value - zero| < 2^8, so the scaled operands stay below 2^28 */

static int8_t add_one(const nn_add_t *p, int32_t a, int32_t b) {
    const int32_t scaled_a = nn_requantise((a - p->zero_a) * HEADROOM, p->multiplier_a, p->shift_a);
    const int32_t scaled_b = nn_requantise((b - p->zero_b) * HEADROOM, p->multiplier_b, p->shift_b);
    const int32_t y = nn_requantise(scaled_a + scaled_b, p->multiplier, p->shift) + p->output_zero;
    return nn_clamp_s8(y, p->low, p->high);
}

void nn_add_s8(const nn_add_t *p, const int8_t *a, const int8_t *b, int8_t *output) {
    for (uint32_t i0 = 0; i0 < p->size_0; i0++) {
        for (uint32_t i1 = 0; i1 < p->size_1; i1++) {
            for (uint32_t i2 = 0; i2 < p->size_2; i2++) {
                const int8_t *row_a = a + (i0 * p->step_a_0 + i1 * p->step_a_1 + i2 * p->step_a_2);
                const int8_t *row_b = b + (i0 * p->step_b_0 + i1 * p->step_b_1 + i2 * p->step_b_2);
                for (uint32_t i3 = 0; i3 < p->size_3; i3++) {
                    *output++ = add_one(p, *row_a, *row_b);
                    row_a += p->step_a_3;
                    row_b += p->step_b_3;
                }
            }
        }
    }
}
