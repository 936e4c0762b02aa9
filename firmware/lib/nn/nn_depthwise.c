#include "nn_depthwise.h"

#include "nn_requantise.h"

/* image: one batch of the input, shifted to the output channel's input channel. */
static int32_t filter_window(const nn_depthwise_conv_t *p, const int8_t *image, int32_t top, int32_t left,
                             const int8_t *weights, int32_t acc) {
    for (int32_t ky = 0; ky < p->kernel_h; ky++) {
        const int32_t iy = top + ky * p->dilation_h;
        for (int32_t kx = 0; kx < p->kernel_w; kx++) {
            const int32_t ix = left + kx * p->dilation_w;
            int32_t value = p->input_zero;
            if (iy >= 0 && iy < p->input_h && ix >= 0 && ix < p->input_w) {
                value = image[(iy * p->input_w + ix) * p->input_c];
            }
            acc += value * *weights++;
        }
    }
    return acc;
}

void nn_depthwise_conv_s8(const nn_depthwise_conv_t *p, const int8_t *input, int8_t *output) {
    const int32_t filter = p->kernel_h * p->kernel_w;
    for (int32_t batch = 0; batch < p->batches; batch++) {
        for (int32_t oy = 0; oy < p->output_h; oy++) {
            const int32_t top = oy * p->stride_h - p->pad_top;
            for (int32_t ox = 0; ox < p->output_w; ox++) {
                const int32_t left = ox * p->stride_w - p->pad_left;
                int32_t oc = 0;
                for (int32_t ic = 0; ic < p->input_c; ic++) {
                    for (int32_t m = 0; m < p->channel_multiplier; m++) {
                        const int32_t acc =
                            filter_window(p, input + ic, top, left, p->weights + oc * filter, p->bias[oc]);
                        const int32_t y =
                            nn_requantise(acc, p->multiplier[oc], p->shift[oc]) + p->output_zero;
                        *output++ = nn_clamp_s8(y, p->low, p->high);
                        oc++;
                    }
                }
            }
        }
        input += p->input_h * p->input_w * p->input_c;
    }
}
