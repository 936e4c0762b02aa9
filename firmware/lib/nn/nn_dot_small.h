/* nn_dot_small.h - the inner loop for small cores without products of several values: four taps a turn, one
 * load of the input for four products, no product wider than 32 bits; see nn_dot.h. */
#ifndef NN_DOT_SMALL_H
#define NN_DOT_SMALL_H

#include "nn_weights.h"

#if defined(NN_KERNEL_SMALL)

#if defined(__ARM_ARCH_6M__) || defined(__ARM_ARCH_8M_BASE__)
/* One tap for four channels. The eight low registers hold it all; GCC 12 left to itself moves half of the
 * products through the high ones. */
#define NN_TAP(k, w0, w1, w2, w3)                                                                            \
    "movs %[v], #" #k "\n\tldrsb %[v], [%[x], %[v]]\n\t"                                                     \
    "ldrb %[t], [%[w], #" #w0 "]\n\tmuls %[t], %[v]\n\tadds %[a0], %[a0], %[t]\n\t"                          \
    "ldrb %[t], [%[w], #" #w1 "]\n\tmuls %[t], %[v]\n\tadds %[a1], %[a1], %[t]\n\t"                          \
    "ldrb %[t], [%[w], #" #w2 "]\n\tmuls %[t], %[v]\n\tadds %[a2], %[a2], %[t]\n\t"                          \
    "ldrb %[t], [%[w], #" #w3 "]\n\tmuls %[t], %[v]\n\tadds %[a3], %[a3], %[t]\n\t"

/* Turns of four taps until x is at end, which it is not yet. Not inlined: all low registers are taken. */
__attribute__((noinline)) static const nn_weight_t *nn_fours(const int8_t *x, const nn_weight_t *w,
                                                             const int8_t *end, int32_t acc[NN_CHANNELS]) {
    int32_t a0 = acc[0];
    int32_t a1 = acc[1];
    int32_t a2 = acc[2];
    int32_t a3 = acc[3];
    int32_t value;
    int32_t product;
    __asm volatile(
        ".syntax unified\n1:\n\t" /* GCC goes back to its own syntax afterwards */
        NN_TAP(0, 0, 1, 2, 3) NN_TAP(1, 4, 5, 6, 7) NN_TAP(2, 8, 9, 10, 11) NN_TAP(
            3, 12, 13, 14, 15) "adds %[x], %[x], #4\n\tadds %[w], %[w], #16\n\tcmp %[x], %[end]\n\tbne 1b\n\t"
        : [x] "+l"(x), [w] "+l"(w), [a0] "+l"(a0), [a1] "+l"(a1), [a2] "+l"(a2), [a3] "+l"(a3),
          [v] "=&l"(value), [t] "=&l"(product)
        : [end] "h"(end)
        : "cc", "memory");
    acc[0] = a0;
    acc[1] = a1;
    acc[2] = a2;
    acc[3] = a3;
    return w;
}

#undef NN_TAP

#else

#define NN_TAP(k)                                                                                            \
    do {                                                                                                     \
        const int32_t value = x[k];                                                                          \
        a0 += value * w[(k) * NN_CHANNELS];                                                                  \
        a1 += value * w[(k) * NN_CHANNELS + 1];                                                              \
        a2 += value * w[(k) * NN_CHANNELS + 2];                                                              \
        a3 += value * w[(k) * NN_CHANNELS + 3];                                                              \
    } while (0)

/* Turns of four taps until x is at end, which it is not yet. */
static inline const nn_weight_t *nn_fours(const int8_t *x, const nn_weight_t *w, const int8_t *end,
                                          int32_t acc[NN_CHANNELS]) {
    int32_t a0 = acc[0];
    int32_t a1 = acc[1];
    int32_t a2 = acc[2];
    int32_t a3 = acc[3];
    for (; x != end; x += 4, w += 4 * NN_CHANNELS) {
        NN_TAP(0);
        NN_TAP(1);
        NN_TAP(2);
        NN_TAP(3);
    }
    acc[0] = a0;
    acc[1] = a1;
    acc[2] = a2;
    acc[3] = a3;
    return w;
}

#undef NN_TAP

#endif

static inline const nn_weight_t *nn_dot_4(const int8_t *x, const nn_weight_t *w, int32_t run,
                                          int32_t acc[NN_CHANNELS]) {
    const int8_t *const fours = x + (run & ~3);
    if (x != fours) {
        w = nn_fours(x, w, fours, acc);
    }
    for (int32_t i = run & ~3; i < run; i++, w += NN_CHANNELS) {
        acc[0] += x[i] * w[0];
        acc[1] += x[i] * w[1];
        acc[2] += x[i] * w[2];
        acc[3] += x[i] * w[3];
    }
    return w;
}

static inline const nn_weight_t *nn_dot_1(const int8_t *x, const nn_weight_t *w, int32_t run, int32_t *acc) {
    for (int32_t i = 0; i < run; i++) {
        *acc += x[i] * w[i];
    }
    return w + run;
}

#endif

#endif
