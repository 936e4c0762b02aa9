#include "nn_conv.h"

#include "nn_dot.h"
#include "nn_requantise.h"

static int8_t finish(const nn_conv_t *p, int32_t channel, int32_t acc) {
    const int32_t y = nn_requantise(acc, p->multiplier[channel], p->shift[channel]) + p->output_zero;
    return nn_clamp_s8(y, p->low, p->high);
}

/* A window that lies wholly inside the image, neither dilated nor grouped: its rows are runs of
 * kernel_w * input_c bytes in the input as in the weights. corner: the window's first value. */
static void inner_window(const nn_conv_t *p, const int8_t *corner, int8_t *output) {
    const int32_t run = p->kernel_w * p->kernel_c;
    const int32_t filter = p->kernel_h * run;
    const int32_t row_step = p->input_w * p->input_c;
    const int8_t *weights = p->weights;
    int32_t oc = 0;
    for (; oc + NN_DOT_ROWS <= p->output_c; oc += NN_DOT_ROWS) {
        int32_t acc[NN_DOT_ROWS];
        for (int32_t r = 0; r < NN_DOT_ROWS; r++) {
            acc[r] = p->bias[oc + r];
        }
        for (int32_t ky = 0; ky < p->kernel_h; ky++) {
            nn_dot_rows_s8(corner + ky * row_step, weights + ky * run, filter, run, acc);
        }
        for (int32_t r = 0; r < NN_DOT_ROWS; r++) {
            output[oc + r] = finish(p, oc + r, acc[r]);
        }
        weights += NN_DOT_ROWS * filter;
    }
    for (; oc < p->output_c; oc++) {
        int32_t acc = p->bias[oc];
        for (int32_t ky = 0; ky < p->kernel_h; ky++) {
            acc = nn_dot_s8(corner + ky * row_step, weights, run, acc);
            weights += run;
        }
        output[oc] = finish(p, oc, acc);
    }
}

/* Any other window: tap by tap; taps outside the image read the zero point.
 * image: one batch of the input; top, left: row and column of the window's first tap. */
static void outer_window(const nn_conv_t *p, const int8_t *image, int32_t top, int32_t left, int8_t *output) {
    const int32_t filters_per_group = p->output_c / (p->input_c / p->kernel_c);
    const int8_t *weights = p->weights;
    for (int32_t oc = 0; oc < p->output_c; oc++) {
        const int32_t first_c = oc / filters_per_group * p->kernel_c;
        int32_t acc = p->bias[oc];
        for (int32_t ky = 0; ky < p->kernel_h; ky++) {
            const int32_t iy = top + ky * p->dilation_h;
            for (int32_t kx = 0; kx < p->kernel_w; kx++) {
                const int32_t ix = left + kx * p->dilation_w;
                if (iy >= 0 && iy < p->input_h && ix >= 0 && ix < p->input_w) {
                    acc = nn_dot_s8(image + (iy * p->input_w + ix) * p->input_c + first_c, weights,
                                    p->kernel_c, acc);
                } else {
                    for (int32_t c = 0; c < p->kernel_c; c++) {
                        acc += (int32_t)weights[c] * p->input_zero;
                    }
                }
                weights += p->kernel_c;
            }
        }
        output[oc] = finish(p, oc, acc);
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
