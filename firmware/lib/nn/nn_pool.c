#include "nn_pool.h"

#include "nn_requantise.h"

void nn_mean_s8(const nn_mean_t *p, const int8_t *input, int8_t *output) {
    const int32_t count = (int32_t)p->over_0 * p->over_1;
    for (uint32_t k0 = 0; k0 < p->keep_0; k0++) {
        for (uint32_t k1 = 0; k1 < p->keep_1; k1++) {
            const int8_t *first = input + (k0 * p->keep_step_0 + k1 * p->keep_step_1);
            int32_t acc = -p->input_zero * count;
            for (uint32_t r0 = 0; r0 < p->over_0; r0++) {
                const int8_t *x = first + r0 * p->over_step_0;
                for (uint32_t r1 = 0; r1 < p->over_1; r1++) {
                    acc += *x;
                    x += p->over_step_1;
                }
            }
            *output++ = nn_clamp_s8(nn_requantise(acc, p->multiplier, p->shift) + p->output_zero, -128, 127);
        }
    }
}

/* The part of a window that lies inside the image: rows y0..y1-1, columns x0..x1-1. */
typedef struct {
    int32_t y0, y1, x0, x1;
} window_t;

static window_t window_at(const nn_pool_t *p, int32_t oy, int32_t ox) {
    const int32_t top = oy * p->stride_h - p->pad_top;
    const int32_t left = ox * p->stride_w - p->pad_left;
    window_t w;
    w.y0 = top > 0 ? top : 0;
    w.y1 = top + p->kernel_h < p->input_h ? top + p->kernel_h : p->input_h;
    w.x0 = left > 0 ? left : 0;
    w.x1 = left + p->kernel_w < p->input_w ? left + p->kernel_w : p->input_w;
    return w;
}

/* x: the window's batch and channel. */
static int32_t window_mean(const nn_pool_t *p, const int8_t *x, const window_t *w) {
    const int32_t count = (w->y1 - w->y0) * (w->x1 - w->x0);
    int32_t acc = 0;
    for (int32_t iy = w->y0; iy < w->y1; iy++) {
        for (int32_t ix = w->x0; ix < w->x1; ix++) {
            acc += x[(iy * p->input_w + ix) * p->channels];
        }
    }
    return (acc > 0 ? acc + count / 2 : acc - count / 2) / count; /* C's division truncates */
}

static int32_t window_max(const nn_pool_t *p, const int8_t *x, const window_t *w) {
    int32_t largest = -128;
    for (int32_t iy = w->y0; iy < w->y1; iy++) {
        for (int32_t ix = w->x0; ix < w->x1; ix++) {
            const int32_t value = x[(iy * p->input_w + ix) * p->channels];
            largest = value > largest ? value : largest;
        }
    }
    return largest;
}

void nn_average_pool_s8(const nn_pool_t *p, const int8_t *input, int8_t *output) {
    for (int32_t batch = 0; batch < p->batches; batch++) {
        for (int32_t oy = 0; oy < p->output_h; oy++) {
            for (int32_t ox = 0; ox < p->output_w; ox++) {
                const window_t w = window_at(p, oy, ox);
                for (int32_t c = 0; c < p->channels; c++) {
                    *output++ = nn_clamp_s8(window_mean(p, input + c, &w), p->low, p->high);
                }
            }
        }
        input += p->input_h * p->input_w * p->channels;
    }
}

void nn_max_pool_s8(const nn_pool_t *p, const int8_t *input, int8_t *output) {
    for (int32_t batch = 0; batch < p->batches; batch++) {
        for (int32_t oy = 0; oy < p->output_h; oy++) {
            for (int32_t ox = 0; ox < p->output_w; ox++) {
                const window_t w = window_at(p, oy, ox);
                for (int32_t c = 0; c < p->channels; c++) {
                    *output++ = nn_clamp_s8(window_max(p, input + c, &w), p->low, p->high);
                }
            }
        }
        input += p->input_h * p->input_w * p->channels;
    }
}
