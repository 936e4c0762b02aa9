/* nn_layout.h - kernels that only move bytes: margins and concatenation.
 * Twins of pad(), fill() and copy() in host_tools/reference/kernels_shape.py. */
#ifndef NN_LAYOUT_H
#define NN_LAYOUT_H

#include <stdint.h>

/* A tensor of four dimensions (leading ones of size 1 where it has fewer) and its margins. */
typedef struct {
    uint16_t input_0; /* size of the input */
    uint16_t input_1;
    uint16_t input_2;
    uint16_t input_3;
    uint16_t before_0; /* margin before it */
    uint16_t before_1;
    uint16_t before_2;
    uint16_t before_3;
    uint16_t after_0; /* margin after it */
    uint16_t after_1;
    uint16_t after_2;
    uint16_t after_3;
    int16_t value; /* of the margins: the zero point, -128..127 */
} nn_pad_t;

/* Margins around a middle that an earlier kernel has already put in its place. */
typedef struct {
    uint32_t before; /* bytes */
    uint32_t middle;
    uint32_t after;
    int16_t value; /* -128..127 */
} nn_fill_t;

/* Runs of bytes that go into wider rows: one input of a concatenation. */
typedef struct {
    uint32_t rows;
    uint32_t run;         /* bytes of one run; the input's runs follow one another */
    uint32_t output_step; /* bytes from one run to the next in the output */
} nn_copy_t;

/* Surrounds input by margins. input and output must not overlap. */
void nn_pad_s8(const nn_pad_t *p, const int8_t *input, int8_t *output);

/* Writes the margins only; output is the first byte of the first margin. */
void nn_fill_s8(const nn_fill_t *p, int8_t *output);

/* Copies; output is the first byte of the first run. input and output must not overlap. */
void nn_copy_s8(const nn_copy_t *p, const int8_t *input, int8_t *output);

#endif
