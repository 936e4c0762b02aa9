#include "nn_fully_connected.h"

#include "nn_dot.h"
#include "nn_requantise.h"

/* Compiled for size: its loops are as fast then, without copies for runs that no layer has. */
__attribute__((cold)) static void one_batch(const nn_fully_connected_t *p, const int8_t *input,
                                            int8_t *output) {
    const nn_output_t to = nn_output(p->multiplier, p->shift, p->output_zero, p->low, p->high);
    const int32_t run = p->input_c;
    const int32_t start = nn_window_start(input, 1, 0, run);
    const int32_t *const bias = p->bias;
    const nn_weight_t *weights = p->weights;
    const int32_t channels = p->output_c;
    int32_t oc = 0;
    for (; oc + NN_CHANNELS <= channels; oc += NN_CHANNELS) {
        int32_t acc[NN_CHANNELS] = {start + bias[oc], start + bias[oc + 1], start + bias[oc + 2],
                                    start + bias[oc + 3]};
        weights = nn_dot_4(input, weights, run, acc);
        for (int32_t r = 0; r < NN_CHANNELS; r++) {
            output[oc + r] = nn_finish(&to, oc + r, acc[r]);
        }
    }
    for (; oc < channels; oc++) {
        int32_t acc = start + bias[oc];
        weights = nn_dot_1(input, weights, run, &acc);
        output[oc] = nn_finish(&to, oc, acc);
    }
}

void nn_fully_connected_s8(const nn_fully_connected_t *p, const int8_t *input, int8_t *output) {
    for (int32_t batch = 0; batch < p->batches; batch++) {
        one_batch(p, input, output);
        input += p->input_c;
        output += p->output_c;
    }
}
