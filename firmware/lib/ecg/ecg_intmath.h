/* ecg_intmath.h - rounding, roots and logarithms in integers.
 *
 * Right shifts of negative numbers are arithmetic on every compiler this core is built with; the
 * assertion below states it, so that a compiler that differs is refused. */
#ifndef ECG_INTMATH_H
#define ECG_INTMATH_H

#include <stdint.h>

_Static_assert((-3 >> 1) == -2, "the core needs an arithmetic right shift of negative numbers");

/* 1024 * log2(1 + i / 64), Q10; generated */
extern const uint16_t ecg_log2_table_q10[65];

/* value limited to low..high */
static inline int32_t ecg_clamp(int32_t value, int32_t low, int32_t high) {
    if (value < low) {
        return low;
    }
    return value > high ? high : value;
}

static inline int32_t ecg_min(int32_t a, int32_t b) {
    return a < b ? a : b;
}

static inline int32_t ecg_max(int32_t a, int32_t b) {
    return a > b ? a : b;
}

static inline int32_t ecg_abs(int32_t value) {
    return value < 0 ? -value : value;
}

/* value / 2^bits rounded to nearest, halves towards plus infinity; bits >= 1; value + 2^(bits-1) must fit */
static inline int32_t ecg_shift_round(int32_t value, int bits) {
    return (value + ((int32_t)1 << (bits - 1))) >> bits;
}

/* quotient rounded to nearest, halves up; denominator > 0 */
static inline uint32_t ecg_divide_round(uint32_t numerator, uint32_t denominator) {
    return (numerator + (denominator >> 1)) / denominator;
}

/* quotient rounded towards minus infinity; denominator > 0 */
static inline int32_t ecg_floor_divide(int32_t numerator, int32_t denominator) {
    int32_t quotient = numerator / denominator;
    if (numerator % denominator < 0) {
        quotient -= 1;
    }
    return quotient;
}

/* largest integer whose square is at most value */
uint32_t ecg_isqrt(uint32_t value);

/* 1024 * log2(value) by a table of 64 chords, error below 1.1; value >= 1 */
int32_t ecg_log2_q10(uint32_t value);

#endif
