/* nn_fully_connected.h - int8 matrix times vector. Twin of fully_connected() in
 * host_tools/reference/kernels.py. */
#ifndef NN_FULLY_CONNECTED_H
#define NN_FULLY_CONNECTED_H

#include <stdint.h>

#include "nn_weights.h"

/* Quantisation as in nn_conv_t. */
typedef struct {
    uint16_t batches;
    uint16_t input_c;    /* inputs of one batch */
    uint16_t output_c;   /* outputs of one batch */
    int16_t output_zero; /* zero point, -128..127 */
    int16_t low;         /* limits of the output by the fused activation */
    int16_t high;
    const nn_weight_t *weights; /* output_c filters of one run of input_c taps, see nn_weights.h */
    const int32_t *bias;        /* [output_c]: bias - zero point of the input * sum of the row's weights */
    const int32_t *multiplier;  /* [output_c], see nn_requantise */
    const int8_t *shift;        /* [output_c] */
} nn_fully_connected_t;

/* input: int8 [batches][input_c]; output: int8 [batches][output_c]; they must not overlap. No alignment
 * needed. The sum of |w| * 128 over one row plus |bias| must fit int32 (checked by the exporter). */
void nn_fully_connected_s8(const nn_fully_connected_t *p, const int8_t *input, int8_t *output);

#endif
