/* nn_dot.h - the inner loop of every layer with weights: int8 dot products into int32.
 * The portable version; four rows of weights share each load of the input. */
#ifndef NN_DOT_H
#define NN_DOT_H

#include <stdint.h>

#define NN_DOT_ROWS 4

/* acc + sum x[i] * w[i] over n values. n * 2^14 + |acc| must fit int32 (checked by the exporter). */
static inline int32_t nn_dot_s8(const int8_t *x, const int8_t *w, int32_t n, int32_t acc) {
    for (int32_t i = 0; i < n; i++) {
        acc += (int32_t)x[i] * w[i];
    }
    return acc;
}

/* The same for NN_DOT_ROWS rows of weights at once: acc[r] += sum x[i] * w[r * row_step + i]. */
static inline void nn_dot_rows_s8(const int8_t *x, const int8_t *w, int32_t row_step, int32_t n,
                                  int32_t acc[NN_DOT_ROWS]) {
    const int8_t *w0 = w;
    const int8_t *w1 = w0 + row_step;
    const int8_t *w2 = w1 + row_step;
    const int8_t *w3 = w2 + row_step;
    int32_t a0 = acc[0];
    int32_t a1 = acc[1];
    int32_t a2 = acc[2];
    int32_t a3 = acc[3];
    for (int32_t i = 0; i < n; i++) {
        const int32_t value = x[i];
        a0 += value * w0[i];
        a1 += value * w1[i];
        a2 += value * w2[i];
        a3 += value * w3[i];
    }
    acc[0] = a0;
    acc[1] = a1;
    acc[2] = a2;
    acc[3] = a3;
}

#endif
