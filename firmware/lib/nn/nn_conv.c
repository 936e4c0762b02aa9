#include "nn_conv.h"

#include "nn_dot.h"
#include "nn_requantise.h"

/* A window that lies wholly inside the image, neither dilated nor grouped: its rows are runs of
 * kernel_w * input_c bytes in the input as in the weights. corner: the window's first value. */
__attribute__((noinline)) static void inner_window(const nn_conv_t *p, const int8_t *corner, int8_t *output) {
    const nn_output_t to = nn_output(p->multiplier, p->shift, p->output_zero, p->low, p->high);
    const int32_t rows = p->kernel_h;
    const int32_t run = p->kernel_w * p->kernel_c;
    const int32_t row_step = p->input_w * p->input_c;
    const int32_t start = nn_window_start(corner, rows, row_step, run);
    const int32_t *const bias = p->bias;
    const nn_weight_t *weights = p->weights;
    const int32_t channels = p->output_c;
    int32_t oc = 0;
    for (; oc + NN_CHANNELS <= channels; oc += NN_CHANNELS) {
        int32_t acc[NN_CHANNELS] = {start + bias[oc], start + bias[oc + 1], start + bias[oc + 2],
                                    start + bias[oc + 3]};
        const int8_t *x = corner;
        for (int32_t ky = 0; ky < rows; ky++, x += row_step) {
            weights = nn_dot_4(x, weights, run, acc);
        }
        for (int32_t r = 0; r < NN_CHANNELS; r++) {
            output[oc + r] = nn_finish(&to, oc + r, acc[r]);
        }
    }
    for (; oc < channels; oc++) {
        int32_t acc = start + bias[oc];
        for (int32_t ky = 0; ky < rows; ky++) {
            weights = nn_dot_1(corner + ky * row_step, weights, run, &acc);
        }
        output[oc] = nn_finish(&to, oc, acc);
    }
}

/* One filter of any other window: tap by tap; taps outside the image read the zero point. */
static int32_t outer_filter(const nn_conv_t *p, const int8_t *image, int32_t top, int32_t left, int32_t oc) {
    const int32_t run = p->kernel_w * p->kernel_c;
    const int32_t filters_per_group = p->output_c / (p->input_c / p->kernel_c);
    const int32_t first_c = oc / filters_per_group * p->kernel_c;
    int32_t acc = p->bias[oc];
    for (int32_t ky = 0; ky < p->kernel_h; ky++) {
        const int32_t iy = top + ky * p->dilation_h;
        for (int32_t kx = 0; kx < p->kernel_w; kx++) {
            const int32_t ix = left + kx * p->dilation_w;
            const int inside = iy >= 0 && iy < p->input_h && ix >= 0 && ix < p->input_w;
            for (int32_t c = 0; c < p->kernel_c; c++) {
                int32_t value = p->input_zero;
                if (inside) {
                    value = image[(iy * p->input_w + ix) * p->input_c + first_c + c];
                }
                acc += value *
                       nn_weight_at(p->weights, p->output_c, p->kernel_h, run, oc, ky, kx * p->kernel_c + c);
            }
        }
    }
    return acc;
}

/* image: one batch of the input; top, left: row and column of the window's first tap. */
__attribute__((noinline)) static void outer_window(const nn_conv_t *p, const int8_t *image, int32_t top,
                                                   int32_t left, int8_t *output) {
    const nn_output_t to = nn_output(p->multiplier, p->shift, p->output_zero, p->low, p->high);
    for (int32_t oc = 0; oc < p->output_c; oc++) {
        output[oc] = nn_finish(&to, oc, outer_filter(p, image, top, left, oc));
    }
}

void nn_conv_s8(const nn_conv_t *p, const int8_t *input, int8_t *output) {
    const int plain = p->dilation_h == 1 && p->dilation_w == 1 && p->kernel_c == p->input_c;
    for (int32_t batch = 0; batch < p->batches; batch++) {
        for (int32_t oy = 0; oy < p->output_h; oy++) {
            const int32_t top = oy * p->stride_h - p->pad_top;
            const int plain_row = plain && top >= 0 && top + p->kernel_h <= p->input_h;
            for (int32_t ox = 0; ox < p->output_w; ox++) {
                const int32_t left = ox * p->stride_w - p->pad_left;
                if (plain_row && left >= 0 && left + p->kernel_w <= p->input_w) {
                    inner_window(p, input + (top * p->input_w + left) * p->input_c, output);
                } else {
                    outer_window(p, input, top, left, output);
                }
                output += p->output_c;
            }
        }
        input += p->input_h * p->input_w * p->input_c;
    }
}

void nn_conv_inner_s8(const nn_conv_t *p, const int8_t *input, int8_t *output) {
    for (int32_t batch = 0; batch < p->batches; batch++) {
        for (int32_t oy = 0; oy < p->output_h; oy++) {
            const int8_t *corner = input + oy * p->stride_h * p->input_w * p->input_c;
            for (int32_t ox = 0; ox < p->output_w; ox++) {
                inner_window(p, corner, output);
                corner += p->stride_w * p->input_c;
                output += p->output_c;
            }
        }
        input += p->input_h * p->input_w * p->input_c;
    }
}
