/* nn_softmax.h - softmax on int8 by fixed-point exponentials.
 * Twin of host_tools/reference/kernels_softmax.py. */
#ifndef NN_SOFTMAX_H
#define NN_SOFTMAX_H

#include <stdint.h>

typedef struct {
    uint16_t rows;
    uint16_t depth;         /* values of a row, 1..511 */
    int32_t multiplier;     /* beta * input scale as a factor to Q5.26, > 1: see nn_requantise */
    int16_t shift;          /* >= 0 */
    int16_t difference_min; /* values this far (or further) below the largest count as nothing, <= 0 */
} nn_softmax_t;

/* input: int8 [rows][depth], any zero point; output the same, scale 1/256, zero point -128.
 * output may be input itself. */
void nn_softmax_s8(const nn_softmax_t *p, const int8_t *input, int8_t *output);

#endif
