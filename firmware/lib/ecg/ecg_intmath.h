/* ecg_intmath.h - rounding, roots and logarithms in integers.
 *
 * Right shifts of negative numbers are arithmetic on every compiler this core is built with; the
 * assertion below states it, so that a compiler that differs is refused. */
#ifndef ECG_INTMATH_H
#define ECG_INTMATH_H

#include <stdint.h>

/* cppcheck-suppress shiftNegativeLHS */
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

/* a * b in 64 bits. Where products have 32 bits only (ARMv6-M, LX106) it is put together from 16-bit halves:
 * a call into libgcc, which does not know that the upper halves are signs, takes twice as long. */
static inline int64_t ecg_wide_product(int32_t a, int32_t b) {
#if defined(__ARM_ARCH_6M__) || defined(__ARM_ARCH_8M_BASE__) || defined(__XTENSA__) ||                      \
    defined(ECG_SHORT_PRODUCTS)
    const int32_t a_high = a >> 16;
    /* cppcheck-suppress shiftNegativeLHS */
    const int32_t b_high = b >> 16;
    const uint32_t a_low = (uint32_t)a & 0xFFFFu;
    const uint32_t b_low = (uint32_t)b & 0xFFFFu;
    /* Neither leaves int32: 2^15 * (2^16 - 1) + 2^16 - 1 < 2^31. */
    const uint32_t lowest = a_low * b_low;
    const int32_t low = a_high * (int32_t)b_low + (int32_t)(lowest >> 16);
    const int32_t middle = b_high * (int32_t)a_low + (low & 0xFFFF);
    const int32_t high = a_high * b_high + (low >> 16) + (middle >> 16);
    return (int64_t)(((uint64_t)(uint32_t)high << 32) | ((uint32_t)middle << 16) | (lowest & 0xFFFFu));
#else
    return (int64_t)a * b;
#endif
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

/* mean moved towards value by 1 / beats, rounded to nearest; 17 bits and sign */
static inline int32_t ecg_follow(int32_t mean, int32_t value, int32_t beats) {
    return mean + ecg_floor_divide(2 * (value - mean) + beats, 2 * beats);
}

/* largest integer whose square is at most value */
uint32_t ecg_isqrt(uint32_t value);

/* 1024 * log2(value) by a table of 64 chords, error below 1.1; value >= 1 */
int32_t ecg_log2_q10(uint32_t value);

#endif
