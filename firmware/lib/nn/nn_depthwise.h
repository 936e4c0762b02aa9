/* nn_depthwise.h - int8 depthwise convolution. Twin of depthwise_conv() in host_tools/reference/kernels.py.
 */
#ifndef NN_DEPTHWISE_H
#define NN_DEPTHWISE_H

#include <stdint.h>

/* Fields as in nn_conv_t; C_OUT = input_c * channel_multiplier, and output channel k filters input
 * channel k / channel_multiplier. */
typedef struct {
    uint16_t batches;
    uint16_t input_h;
    uint16_t input_w;
    uint16_t input_c;
    uint16_t output_h;
    uint16_t output_w;
    uint16_t channel_multiplier;
    uint16_t kernel_h;
    uint16_t kernel_w;
    uint16_t stride_h;
    uint16_t stride_w;
    uint16_t dilation_h;
    uint16_t dilation_w;
    uint16_t pad_top;
    uint16_t pad_left;
    int16_t input_zero;
    int16_t output_zero;
    int16_t low;
    int16_t high;
    const int8_t *weights;     /* [C_OUT][kernel_h][kernel_w]: the exporter has turned TFLite's order round */
    const int32_t *bias;       /* [C_OUT]: bias - input_zero * sum of the channel's weights */
    const int32_t *multiplier; /* [C_OUT], see nn_requantise */
    const int8_t *shift;       /* [C_OUT] */
} nn_depthwise_conv_t;

/* input: int8 [N][H][W][C_IN]; output: int8 [N][H][W][C_OUT]; they must not overlap. No alignment needed.
 * The sum of |w| * 128 over one filter plus |bias| must fit int32 (checked by the exporter). */
void nn_depthwise_conv_s8(const nn_depthwise_conv_t *p, const int8_t *input, int8_t *output);

#endif
