/* nn_add.h - int8 sum of two tensors. Twin of add() in host_tools/reference/kernels_shape.py. */
#ifndef NN_ADD_H
#define NN_ADD_H

#include <stdint.h>

/* Both operands are brought to the scale of twice the larger one with 20 more bits, added, and brought to
 * the output's scale; each of the three steps rounds as nn_requantise does. */
typedef struct {
    uint16_t size_0; /* size of the output; leading dimensions of size 1 where it has fewer than four */
    uint16_t size_1;
    uint16_t size_2;
    uint16_t size_3;
    uint32_t step_a_0; /* bytes from one value to the next in operand a; 0 repeats it (broadcasting) */
    uint32_t step_a_1;
    uint32_t step_a_2;
    uint32_t step_a_3;
    uint32_t step_b_0; /* the same in operand b */
    uint32_t step_b_1;
    uint32_t step_b_2;
    uint32_t step_b_3;
    int16_t zero_a; /* zero point, -128..127 */
    int32_t multiplier_a;
    int16_t shift_a; /* <= 0, as all shifts here */
    int16_t zero_b;
    int32_t multiplier_b;
    int16_t shift_b;
    int32_t multiplier;
    int16_t shift;
    int16_t output_zero;
    int16_t low; /* limits of the output by the fused activation */
    int16_t high;
} nn_add_t;

/* output may be a or b itself where that operand is not repeated, else it must not overlap them. */
void nn_add_s8(const nn_add_t *p, const int8_t *a, const int8_t *b, int8_t *output);

#endif
