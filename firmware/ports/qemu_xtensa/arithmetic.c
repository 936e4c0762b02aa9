/* Arithmetic that the compiler calls for and that the distribution's libgcc for this core leaves to the
 * chip's ROM: 32-bit division and the 64-bit product. Semantics as in "The GCC low-level runtime library". */
#include <stdint.h>

uint32_t __udivsi3(uint32_t a, uint32_t b);
uint32_t __umodsi3(uint32_t a, uint32_t b);
int32_t __divsi3(int32_t a, int32_t b);
int32_t __modsi3(int32_t a, int32_t b);
int64_t __muldi3(int64_t a, int64_t b);

/* Schoolbook division, one quotient bit a turn; b must not be 0. */
static uint32_t divide(uint32_t a, uint32_t b, uint32_t *rest) {
    uint32_t quotient = 0;
    uint32_t r = 0;
    for (int bit = 31; bit >= 0; bit--) {
        uint32_t carry = r >> 31;
        r = (r << 1) | ((a >> bit) & 1u);
        quotient <<= 1;
        if (carry != 0 || r >= b) {
            r -= b;
            quotient |= 1u;
        }
    }
    *rest = r;
    return quotient;
}

static uint32_t magnitude(int32_t x) {
    return x < 0 ? 0u - (uint32_t)x : (uint32_t)x;
}

static int32_t with_sign(uint32_t x, int negative) {
    return (int32_t)(negative ? 0u - x : x); /* GCC and Clang: modulo 2^32 */
}

uint32_t __udivsi3(uint32_t a, uint32_t b) {
    uint32_t rest;
    return divide(a, b, &rest);
}

uint32_t __umodsi3(uint32_t a, uint32_t b) {
    uint32_t rest;
    (void)divide(a, b, &rest);
    return rest;
}

int32_t __divsi3(int32_t a, int32_t b) {
    uint32_t rest;
    return with_sign(divide(magnitude(a), magnitude(b), &rest), (a < 0) != (b < 0));
}

int32_t __modsi3(int32_t a, int32_t b) {
    uint32_t rest;
    (void)divide(magnitude(a), magnitude(b), &rest);
    return with_sign(rest, a < 0);
}

/* The low 64 bits of the product, from 16-bit halves; the same for signed and unsigned. */
int64_t __muldi3(int64_t a, int64_t b) {
    uint32_t a_low = (uint32_t)((uint64_t)a & 0xFFFFFFFFu);
    uint32_t a_high = (uint32_t)((uint64_t)a >> 32);
    uint32_t b_low = (uint32_t)((uint64_t)b & 0xFFFFFFFFu);
    uint32_t b_high = (uint32_t)((uint64_t)b >> 32);
    uint32_t a0 = a_low & 0xFFFFu;
    uint32_t a1 = a_low >> 16;
    uint32_t b0 = b_low & 0xFFFFu;
    uint32_t b1 = b_low >> 16;
    uint32_t middle = (a0 * b0 >> 16) + (a0 * b1 & 0xFFFFu) + (a1 * b0 & 0xFFFFu);
    uint32_t low = (middle << 16) | (a0 * b0 & 0xFFFFu);
    uint32_t high = a1 * b1 + (a0 * b1 >> 16) + (a1 * b0 >> 16) + (middle >> 16);
    high += a_low * b_high + a_high * b_low;
    return (int64_t)(((uint64_t)high << 32) | low);
}
