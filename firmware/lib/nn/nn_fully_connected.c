#include "nn_fully_connected.h"

#include "nn_dot.h"
#include "nn_requantise.h"

static int8_t finish(const nn_fully_connected_t *p, int32_t channel, int32_t acc) {
    const int32_t y = nn_requantise(acc, p->multiplier[channel], p->shift[channel]) + p->output_zero;
    return nn_clamp_s8(y, p->low, p->high);
}

void nn_fully_connected_s8(const nn_fully_connected_t *p, const int8_t *input, int8_t *output) {
    for (int32_t batch = 0; batch < p->batches; batch++) {
        const int8_t *weights = p->weights;
        int32_t oc = 0;
        for (; oc + NN_DOT_ROWS <= p->output_c; oc += NN_DOT_ROWS) {
            int32_t acc[NN_DOT_ROWS];
            for (int32_t r = 0; r < NN_DOT_ROWS; r++) {
                acc[r] = p->bias[oc + r];
            }
            nn_dot_rows_s8(input, weights, p->input_c, p->input_c, acc);
            for (int32_t r = 0; r < NN_DOT_ROWS; r++) {
                output[oc + r] = finish(p, oc + r, acc[r]);
            }
            weights += NN_DOT_ROWS * p->input_c;
        }
        for (; oc < p->output_c; oc++) {
            output[oc] = finish(p, oc, nn_dot_s8(input, weights, p->input_c, p->bias[oc]));
            weights += p->input_c;
        }
        input += p->input_c;
        output += p->output_c;
    }
}
