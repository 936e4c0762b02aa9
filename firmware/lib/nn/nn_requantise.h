/* nn_requantise.h - from a wide accumulator back to int8: TensorFlow Lite Micro's double rounding.
 * Twin of host_tools/reference/requantise.py. */
#ifndef NN_REQUANTISE_H
#define NN_REQUANTISE_H

#include <stdint.h>

/* Right shifts of negative numbers are implementation-defined in C11; all of lib/nn relies on this. */
/* cppcheck-suppress shiftNegativeLHS */
_Static_assert((-1 >> 1) == -1, "needs an arithmetic right shift");

/* a * b / 2^31 rounded to nearest, halves towards plus infinity; a and b not both INT32_MIN.
 * (gemmlowp's SaturatingRoundingDoublingHighMul: its nudge and truncating division come to this.) */
static inline int32_t nn_rounding_doubling_high(int32_t a, int32_t b) {
    return (int32_t)(((int64_t)a * b + (INT64_C(1) << 30)) >> 31);
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
    if (shift > 0) {
        return nn_rounding_doubling_high(x * (int32_t)(UINT32_C(1) << shift), multiplier);
    }
    return nn_rounding_shift(nn_rounding_doubling_high(x, multiplier), -shift);
}

/* x limited to the activation's range low..high. */
static inline int8_t nn_clamp_s8(int32_t x, int32_t low, int32_t high) {
    if (x < low) {
        return (int8_t)low;
    }
    return (int8_t)(x > high ? high : x);
}

#endif
