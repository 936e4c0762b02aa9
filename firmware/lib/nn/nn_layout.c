#include "nn_layout.h"

#include <string.h>

/* One row of the innermost dimension; returns where the next row starts. */
static int8_t *pad_row(const nn_pad_t *p, const int8_t *input, int inside, int8_t *output) {
    const uint32_t width = (uint32_t)p->before_3 + p->input_3 + p->after_3;
    memset(output, p->value, width);
    if (inside) {
        memcpy(output + p->before_3, input, p->input_3);
    }
    return output + width;
}

void nn_pad_s8(const nn_pad_t *p, const int8_t *input, int8_t *output) {
    for (int32_t a = -p->before_0; a < p->input_0 + p->after_0; a++) {
        for (int32_t b = -p->before_1; b < p->input_1 + p->after_1; b++) {
            for (int32_t c = -p->before_2; c < p->input_2 + p->after_2; c++) {
                const int inside =
                    a >= 0 && a < p->input_0 && b >= 0 && b < p->input_1 && c >= 0 && c < p->input_2;
                output = pad_row(p, input, inside, output);
                if (inside) {
                    input += p->input_3; /* the inside rows come in the input's own order */
                }
            }
        }
    }
}

void nn_fill_s8(const nn_fill_t *p, int8_t *output) {
    memset(output, p->value, p->before);
    memset(output + p->before + p->middle, p->value, p->after);
}

void nn_copy_s8(const nn_copy_t *p, const int8_t *input, int8_t *output) {
    for (uint32_t row = 0; row < p->rows; row++) {
        memcpy(output, input, p->run);
        input += p->run;
        output += p->output_step;
    }
}
