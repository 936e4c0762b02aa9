/* nn_pool.h - int8 mean, average pooling, largest-value pooling.
 * Twins of mean(), average_pool() and max_pool() in host_tools/reference/kernels_shape.py. */
#ifndef NN_POOL_H
#define NN_POOL_H

#include <stdint.h>

/* A mean over some dimensions. Neighbouring kept and neighbouring reduced dimensions count as one, so two of
 * each are enough for any mean of a tensor of four dimensions. */
typedef struct {
    uint16_t keep_0; /* sizes of the kept dimensions: the output is int8 [keep_0][keep_1] */
    uint16_t keep_1;
    uint32_t keep_step_0; /* bytes from one to the next in the input */
    uint32_t keep_step_1;
    uint16_t over_0; /* sizes of the reduced dimensions */
    uint16_t over_1;
    uint32_t over_step_0;
    uint32_t over_step_1;
    int16_t input_zero; /* zero points, -128..127 */
    int32_t multiplier; /* input scale / output scale / number of values, see nn_requantise */
    int16_t shift;
    int16_t output_zero;
} nn_mean_t;

/* Fields as in nn_conv_t; input and output have the same scale and zero point. */
typedef struct {
    uint16_t batches;
    uint16_t input_h;
    uint16_t input_w;
    uint16_t channels;
    uint16_t output_h;
    uint16_t output_w;
    uint16_t kernel_h;
    uint16_t kernel_w;
    uint16_t stride_h;
    uint16_t stride_w;
    uint16_t pad_top;
    uint16_t pad_left;
    int16_t low;
    int16_t high;
} nn_pool_t;

/* At most 2^23 values are reduced into one. input and output must not overlap. */
void nn_mean_s8(const nn_mean_t *p, const int8_t *input, int8_t *output);

/* Mean of what of the window lies inside the image, halves rounded away from zero. input: int8
 * [batches][input_h][input_w][channels], output likewise; they must not overlap; every window has at least
 * one value inside. */
void nn_average_pool_s8(const nn_pool_t *p, const int8_t *input, int8_t *output);

/* Largest value of what of the window lies inside the image. Otherwise as nn_average_pool_s8. */
void nn_max_pool_s8(const nn_pool_t *p, const int8_t *input, int8_t *output);

#endif
