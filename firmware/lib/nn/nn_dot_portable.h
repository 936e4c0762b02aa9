/* nn_dot_portable.h - the inner loop in plain C, tap by tap; see nn_dot.h. */
#ifndef NN_DOT_PORTABLE_H
#define NN_DOT_PORTABLE_H

#include "nn_weights.h"

#if defined(NN_KERNEL_PORTABLE)

static inline const nn_weight_t *nn_dot_4(const int8_t *x, const nn_weight_t *w, int32_t run,
                                          int32_t acc[NN_CHANNELS]) {
    int32_t a0 = acc[0];
    int32_t a1 = acc[1];
    int32_t a2 = acc[2];
    int32_t a3 = acc[3];
    for (int32_t i = 0; i < run; i++, w += NN_CHANNELS) {
        a0 += x[i] * w[0];
        a1 += x[i] * w[1];
        a2 += x[i] * w[2];
        a3 += x[i] * w[3];
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
