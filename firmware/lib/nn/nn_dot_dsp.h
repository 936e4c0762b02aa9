/* nn_dot_dsp.h - the inner loop for Cortex-M with the DSP extension: two products an instruction; see
 * nn_dot.h. Four input bytes are split into two words of two halves once, and serve four output channels,
 * whose weights come from flash ready for that. */
#ifndef NN_DOT_DSP_H
#define NN_DOT_DSP_H

#include "nn_weights.h"

#if defined(NN_KERNEL_DSP)

#include "nn_dsp.h"

/* acc + the products of four taps of one channel; *w moves on to the next channel's. */
static inline int32_t nn_four_taps(nn_half2_t x_even, nn_half2_t x_odd, const nn_weight_t **w, int32_t acc) {
    nn_half2_t w_even;
    nn_half2_t w_odd;
    nn_load_weights(w, &w_even, &w_odd);
    return nn_smlad(x_odd, w_odd, nn_smlad(x_even, w_even, acc));
}

static inline const nn_weight_t *nn_dot_4(const int8_t *x, const nn_weight_t *w, int32_t run,
                                          int32_t acc[NN_CHANNELS]) {
    int32_t a0 = acc[0];
    int32_t a1 = acc[1];
    int32_t a2 = acc[2];
    int32_t a3 = acc[3];
    const int8_t *const end = x + run;
    for (const int8_t *const fours = x + (run & ~3); x != fours; x += 4) {
        const uint32_t bytes = nn_load_bytes(x);
        const nn_half2_t even = nn_even_bytes(bytes);
        const nn_half2_t odd = nn_odd_bytes(bytes);
        a0 = nn_four_taps(even, odd, &w, a0);
        a1 = nn_four_taps(even, odd, &w, a1);
        a2 = nn_four_taps(even, odd, &w, a2);
        a3 = nn_four_taps(even, odd, &w, a3);
    }
    for (; x != end; x++, w += NN_CHANNELS) {
        a0 += *x * w[0];
        a1 += *x * w[1];
        a2 += *x * w[2];
        a3 += *x * w[3];
    }
    acc[0] = a0;
    acc[1] = a1;
    acc[2] = a2;
    acc[3] = a3;
    return w;
}

static inline const nn_weight_t *nn_dot_1(const int8_t *x, const nn_weight_t *w, int32_t run, int32_t *acc) {
    for (int32_t i = 0; i < run; i++) {
        *acc += x[i] * w[i];
    }
    return w + run;
}

#endif

#endif
