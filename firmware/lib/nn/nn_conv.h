/* nn_conv.h - int8 convolution. Twin of conv() in host_tools/reference/kernels.py. */
#ifndef NN_CONV_H
#define NN_CONV_H

#include <stdint.h>

#include "nn_weights.h"

/* A convolution with its weights, usually a constant of the generated network.
 * Real value of an int8 input = scale * (q - input_zero); weights are symmetric, one scale per
 * output channel (or the same for all). The scales are in multiplier and shift. */
typedef struct {
    uint16_t batches; /* N >= 1 */
    uint16_t input_h; /* rows, columns, channels of the input [N][H][W][C_IN] */
    uint16_t input_w;
    uint16_t input_c;
    uint16_t output_h; /* of the output [N][H][W][C_OUT] */
    uint16_t output_w;
    uint16_t output_c;
    uint16_t kernel_h;
    uint16_t kernel_w;
    uint16_t kernel_c; /* input channels of one filter: input_c, or a divisor of it (grouped convolution) */
    uint16_t stride_h; /* >= 1 */
    uint16_t stride_w;
    uint16_t dilation_h; /* >= 1 */
    uint16_t dilation_w;
    uint16_t pad_top; /* rows and columns outside the image, which read the input's zero point */
    uint16_t pad_left;
    int16_t input_zero; /* zero points, -128..127 */
    int16_t output_zero;
    int16_t low; /* limits of the output by the fused activation, -128 <= low <= high <= 127 */
    int16_t high;
    const nn_weight_t
        *weights;        /* C_OUT filters of kernel_h runs of kernel_w * kernel_c taps, see nn_weights.h */
    const int32_t *bias; /* [C_OUT]: bias - input_zero * sum of the channel's weights */
    const int32_t *multiplier; /* [C_OUT], see nn_requantise */
    const int8_t *shift;       /* [C_OUT] */
} nn_conv_t;

/* input: int8 [N][H][W][C_IN]; output: int8 [N][H][W][C_OUT]; they must not overlap. No alignment needed.
 * The sum of |w| * 128 over one filter plus |bias| must fit int32 (checked by the exporter). */
void nn_conv_s8(const nn_conv_t *p, const int8_t *input, int8_t *output);

/* The same where every window lies wholly inside the image: no padding, not dilated, not grouped. */
void nn_conv_inner_s8(const nn_conv_t *p, const int8_t *input, int8_t *output);

#endif
