/* nn_weights.h - which inner loop this target gets, and how the weights lie in its flash.
 *
 * One generated source per model serves all targets: it writes weights as NN_W16(...) and NN_W1(...), and the
 * macros below turn them into what the target's inner loop wants. All of them give the same bytes.
 *
 *   NN_KERNEL_DSP       nn_dot_dsp.h       Cortex-M with the DSP extension (M4, M7, M33, M55)
 *   NN_KERNEL_SMALL     nn_dot_small.h     Cortex-M0, M0+, M23, M3, RV32, LX106
 *   NN_KERNEL_PORTABLE  nn_dot_portable.h  everything else
 *
 * Order of the weights of a layer, [C_OUT] filters of `rows` runs of `run` taps: four output channels at a
 * time; within them run by run; within a run four taps at a time as one NN_W16, then the up to three taps
 * left, each as four NN_W1, one for each channel. Then the up to three channels left, one by one, tap by tap,
 * as NN_W1. */
#ifndef NN_WEIGHTS_H
#define NN_WEIGHTS_H

#include <stdint.h>

#if !defined(NN_KERNEL_DSP) && !defined(NN_KERNEL_SMALL) && !defined(NN_KERNEL_PORTABLE)
#if defined(__ARM_FEATURE_DSP) && __ARM_FEATURE_DSP
#define NN_KERNEL_DSP 1
#elif defined(__ARM_ARCH_6M__) || defined(__ARM_ARCH_8M_BASE__) || defined(__ARM_ARCH_7M__) ||               \
    defined(__riscv) || defined(__XTENSA__)
#define NN_KERNEL_SMALL 1
#else
#define NN_KERNEL_PORTABLE 1
#endif
#endif

/* Weights have this added: ARMv6-M and Xtensa load a byte at an offset only without its sign. */
#if !defined(NN_WEIGHT_ZERO)
#if defined(NN_KERNEL_SMALL) && !defined(__riscv) && !defined(__ARM_ARCH_7M__)
#define NN_WEIGHT_ZERO 128
#else
#define NN_WEIGHT_ZERO 0
#endif
#endif

/* NN_W16: the weights of four channels a, b, c, d for four taps 0 to 3. */
#if defined(NN_KERNEL_DSP)
/* Widened to 16 bits; taps 0 and 2 in one word, 1 and 3 in the next, as SXTB16 splits four input bytes. */
typedef int16_t nn_weight_t;
#define NN_W16(a0, a1, a2, a3, b0, b1, b2, b3, c0, c1, c2, c3, d0, d1, d2, d3)                               \
    a0, a2, a1, a3, b0, b2, b1, b3, c0, c2, c1, c3, d0, d2, d1, d3
#define NN_W1(a) a
#else
#if NN_WEIGHT_ZERO
typedef uint8_t nn_weight_t;
#else
typedef int8_t nn_weight_t;
#endif
/* Tap by tap, the four channels side by side. */
#define NN_W16(a0, a1, a2, a3, b0, b1, b2, b3, c0, c1, c2, c3, d0, d1, d2, d3)                               \
    NN_W1(a0), NN_W1(b0), NN_W1(c0), NN_W1(d0), NN_W1(a1), NN_W1(b1), NN_W1(c1), NN_W1(d1), NN_W1(a2),       \
        NN_W1(b2), NN_W1(c2), NN_W1(d2), NN_W1(a3), NN_W1(b3), NN_W1(c3), NN_W1(d3)
#define NN_W1(a) ((a) + NN_WEIGHT_ZERO)
#endif

/* Arrays of weights are aligned so that they may be read in words. */
#define NN_WEIGHTS_ALIGNED _Alignas(4)

/* Output channels that share each load of the input. */
#define NN_CHANNELS 4

/* Place of tap 0..3 and channel 0..3 in an NN_W16. */
static inline int32_t nn_w16_place(int32_t tap, int32_t channel) {
#if defined(NN_KERNEL_DSP)
    return channel * 4 + (((tap & 1) << 1) | (tap >> 1));
#else
    return tap * NN_CHANNELS + channel;
#endif
}

/* One weight, -128..127: tap `tap` of run `row` of output channel `channel`; rows, run: size of a filter;
 * channels: C_OUT. For windows over the image's edge; the inner loops walk through the array instead. */
static inline int32_t nn_weight_at(const nn_weight_t *weights, int32_t channels, int32_t rows, int32_t run,
                                   int32_t channel, int32_t row, int32_t tap) {
    const int32_t first = channel - channel % NN_CHANNELS;
    if (first + NN_CHANNELS > channels) {
        return weights[(channel * rows + row) * run + tap] - NN_WEIGHT_ZERO;
    }
    const int32_t four = tap - tap % 4;
    const nn_weight_t *w = weights + first * rows * run + (row * run + four) * NN_CHANNELS;
    if (four + 4 <= run) {
        return w[nn_w16_place(tap - four, channel - first)] - NN_WEIGHT_ZERO;
    }
    return w[(tap - four) * NN_CHANNELS + (channel - first)] - NN_WEIGHT_ZERO;
}

#endif
