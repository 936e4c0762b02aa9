/* nn_dsp.h - the instructions of Arm's DSP extension that the kernels use ("Arm C Language Extensions", Arm
 * IHI 0053, 9.5: 32-bit SIMD intrinsics). With
 * NN_DSP_STANDIN the tests put plain C of the same meaning in their place. */
#ifndef NN_DSP_H
#define NN_DSP_H

#include "nn_weights.h"

#if defined(NN_DSP_STANDIN)

#include "nn_dsp_standin.h"

#elif defined(NN_KERNEL_DSP)

#include <arm_acle.h>
#include <stdint.h>

/* Two int16: the low half first. */
typedef int16x2_t nn_half2_t;

/* acc + a.low * b.low + a.high * b.high */
static inline int32_t nn_smlad(nn_half2_t a, nn_half2_t b, int32_t acc) {
    return __smlad(a, b, acc);
}

/* Bytes 0 and 2 with their signs. */
static inline nn_half2_t nn_even_bytes(uint32_t bytes) {
    return __sxtb16((int8x4_t)bytes);
}

/* Bytes 1 and 3 with their signs. GCC 12 does not merge a rotation into its __sxtb16. */
static inline nn_half2_t nn_odd_bytes(uint32_t bytes) {
    nn_half2_t halves;
    __asm("sxtb16 %0, %1, ror #8" : "=r"(halves) : "r"(bytes));
    return halves;
}

/* acc + a * b / 2^32 rounded to nearest, halves up. ACLE has no name for it. */
static inline int32_t nn_smmlar(int32_t a, int32_t b, int32_t acc) {
    int32_t y;
    __asm("smmlar %0, %1, %2, %3" : "=r"(y) : "r"(a), "r"(b), "r"(acc));
    return y;
}

/* x limited to -128..127. GCC 12's __ssat does not pass -Wconversion. */
static inline int32_t nn_ssat8(int32_t x) {
    int32_t y;
    __asm("ssat %0, #8, %1" : "=r"(y) : "r"(x));
    return y;
}

/* Four bytes from any address; the builtin because freestanding code would call memcpy. */
static inline uint32_t nn_load_bytes(const int8_t *x) {
    uint32_t bytes;
    __builtin_memcpy(&bytes, x, sizeof bytes);
    return bytes;
}

/* Four weights from *w, a multiple of 4, and on to the next four: LDRD, which GCC does not form by itself. */
static inline void nn_load_weights(const int16_t **w, nn_half2_t *first, nn_half2_t *second) {
    __asm("ldrd %0, %1, [%2], #8"
          : "=r"(*first), "=r"(*second), "+r"(*w)
          : "m"((*w)[0]), "m"((*w)[1]), "m"((*w)[2]), "m"((*w)[3]));
}

#endif

#endif
