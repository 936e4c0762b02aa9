/* nn_requantise.h - from a wide accumulator back to int8: TensorFlow Lite Micro's double rounding.
 * Twin of host_tools/reference/requantise.py. */
#ifndef NN_REQUANTISE_H
#define NN_REQUANTISE_H

#include <stdint.h>

#include "nn_weights.h"
#if defined(NN_KERNEL_DSP)
#include "nn_dsp.h"
#endif

/* Right shifts of negative numbers are implementation-defined in C11; all of lib/nn relies on this. */
/* cppcheck-suppress shiftNegativeLHS */
_Static_assert((-1 >> 1) == -1, "needs an arithmetic right shift");

/* Targets whose products have 32 bits only: there a 64-bit product would be a call into libgcc. */
#if !defined(NN_SHORT_PRODUCTS)
#if defined(__ARM_ARCH_6M__) || defined(__ARM_ARCH_8M_BASE__) || defined(__XTENSA__)
#define NN_SHORT_PRODUCTS 1
#else
#define NN_SHORT_PRODUCTS 0
#endif
#endif

/* a * b / 2^31 rounded to nearest, halves towards plus infinity; a and b not both INT32_MIN.
 * (gemmlowp's SaturatingRoundingDoublingHighMul: its nudge and truncating division come to this.) */
static inline int32_t nn_rounding_doubling_high(int32_t a, int32_t b) {
#if NN_SHORT_PRODUCTS
    /* From 16-bit halves. low and middle are the bits of the product from 2^16 and 2^32 on, each with what
     * was carried into it; neither leaves int32: 2^15 * (2^16 - 1) + 2^16 - 1 < 2^31. */
    const int32_t a_high = a >> 16;
    /* cppcheck-suppress shiftNegativeLHS */
    const int32_t b_high = b >> 16;
    const uint32_t a_low = (uint32_t)a & 0xFFFFu;
    const uint32_t b_low = (uint32_t)b & 0xFFFFu;
    const int32_t low = a_high * (int32_t)b_low + (int32_t)((a_low * b_low) >> 16);
    const int32_t middle = b_high * (int32_t)a_low + (low & 0xFFFF);
    const int32_t high = a_high * b_high + (low >> 16) + (middle >> 16);
    return high * 2 + ((((middle >> 14) & 3) + 1) >> 1);
#else
    return (int32_t)(((int64_t)a * b + (INT64_C(1) << 30)) >> 31);
#endif
}

/* x / 2^bits rounded to nearest, halves away from zero; 0 <= bits <= 31.
 * (gemmlowp's RoundingDivideByPOT.) */
static inline int32_t nn_rounding_shift(int32_t x, int32_t bits) {
    const int32_t mask = (int32_t)((UINT32_C(1) << bits) - 1u);
    const int32_t threshold = (mask >> 1) + (x < 0 ? 1 : 0);
    return (x >> bits) + ((x & mask) > threshold ? 1 : 0);
}

/* x * multiplier * 2^(shift - 31), rounded twice. multiplier: 0 or 2^30..2^31-1; shift: -31..30;
 * x * 2^shift must fit int32 (the exporter refuses a model in which it might not).
 * (TensorFlow Lite Micro's MultiplyByQuantizedMultiplier without TFLITE_SINGLE_ROUNDING.) */
static inline int32_t nn_requantise(int32_t x, int32_t multiplier, int32_t shift) {
    if (shift >= 0) {
        return nn_rounding_doubling_high(x * (int32_t)(UINT32_C(1) << shift), multiplier);
    }
    /* nn_rounding_shift in fewer steps: one less where negative turns halves up into halves away from zero.
     */
    const int32_t high = nn_rounding_doubling_high(x, multiplier);
    return (((high - (high < 0)) >> (-shift - 1)) + 1) >> 1;
}

/* x limited to the activation's range low..high. */
static inline int8_t nn_clamp_s8(int32_t x, int32_t low, int32_t high) {
    if (x < low) {
        return (int8_t)low;
    }
    return (int8_t)(x > high ? high : x);
}

/* nn_rounding_doubling_high for multipliers 2^30..2^31-1. */
static inline int32_t nn_scale(int32_t x, int32_t multiplier) {
#if defined(NN_KERNEL_DSP)
    /* 2 * multiplier as int32 is 2^32 too small; adding x to the high word makes up for it. */
    return nn_smmlar(x, (int32_t)((uint32_t)multiplier << 1), x);
#else
    return nn_rounding_doubling_high(x, multiplier);
#endif
}

/* How a layer with weights makes int8 of its sums; fields as in nn_conv_t. A copy of them in the function
 * that writes the output: the compiler need not read them again after each byte. */
typedef struct {
    const int32_t *multiplier;
    const int8_t *shift;
    int32_t half_zero; /* 2 * output_zero + 1, to be halved with the last rounding */
    int32_t low;
    int32_t high;
    int narrow; /* whether the limits are narrower than int8's */
} nn_output_t;

static inline nn_output_t nn_output(const int32_t *multiplier, const int8_t *shift, int32_t zero, int32_t low,
                                    int32_t high) {
    const nn_output_t to = {multiplier, shift, 2 * zero + 1, low, high, low > -128 || high < 127};
    return to;
}

/* nn_requantise, zero point, limits. A multiplier of 0 comes with a shift of 0 only. */
static inline int8_t nn_finish(const nn_output_t *to, int32_t channel, int32_t acc) {
    const int32_t shift = to->shift[channel];
    int32_t y;
    if (__builtin_expect(shift < 0, 1)) {
        const int32_t high = nn_scale(acc, to->multiplier[channel]);
        y = (((high - (high < 0)) >> (-shift - 1)) + to->half_zero) >> 1;
    } else {
        y = nn_requantise(acc, to->multiplier[channel], shift) + (to->half_zero >> 1);
    }
#if defined(NN_KERNEL_DSP)
    y = nn_ssat8(y);
    return to->narrow ? nn_clamp_s8(y, to->low, to->high) : (int8_t)y;
#else
    return nn_clamp_s8(y, to->low, to->high);
#endif
}

#endif
