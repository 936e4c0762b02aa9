/* nn_dot.h - the inner loop of every layer with weights: int8 dot products into int32. One of three files
 * gives it, see nn_weights.h; all give the same sums, as long as the sum of |x * w| over a filter, the bias
 * and 2^15 for each tap fit int32 together (checked by the exporter).
 *
 *   const nn_weight_t *nn_dot_4(const int8_t *x, const nn_weight_t *w, int32_t run, int32_t acc[NN_CHANNELS])
 *       Adds the products of a run of taps for four output channels; returns where the next run's weights
 * are. const nn_weight_t *nn_dot_1(const int8_t *x, const nn_weight_t *w, int32_t run, int32_t *acc) The same
 * for one of the channels left. */
#ifndef NN_DOT_H
#define NN_DOT_H

#include "nn_weights.h"

#if defined(NN_KERNEL_DSP)
#include "nn_dot_dsp.h"
#elif defined(NN_KERNEL_SMALL)
#include "nn_dot_small.h"
#else
#include "nn_dot_portable.h"
#endif

/* What every channel's sum over a window starts with besides its bias: takes off what NN_WEIGHT_ZERO adds.
 * x: the window's first value; its rows are row_step apart. */
static inline int32_t nn_window_start(const int8_t *x, int32_t rows, int32_t row_step, int32_t run) {
#if NN_WEIGHT_ZERO
    int32_t sum = 0;
    for (; rows > 0; rows--, x += row_step) {
        for (int32_t i = 0; i < run; i++) {
            sum += x[i];
        }
    }
    return sum * -NN_WEIGHT_ZERO;
#else
    (void)x;
    (void)rows;
    (void)row_step;
    (void)run;
    return 0;
#endif
}

#endif
