/* nn_dsp_standin.h - what firmware/lib/nn/nn_dsp.h takes from the DSP extension, in plain C after the pseudocode
 * of the Armv7-M Architecture Reference Manual (A7.7): SMLAD, SXTB16, SMMLAR, SSAT, LDRD. */
#ifndef NN_DSP_STANDIN_H
#define NN_DSP_STANDIN_H

#include <stdint.h>
#include <string.h>

typedef uint32_t nn_half2_t;

static inline int32_t standin_half(nn_half2_t x, int high) {
    return (int16_t)(uint16_t)((high ? x >> 16 : x) & 0xFFFFu);
}

static inline int32_t nn_smlad(nn_half2_t a, nn_half2_t b, int32_t acc) {
    const int64_t sum = (int64_t)standin_half(a, 0) * standin_half(b, 0) +
                        (int64_t)standin_half(a, 1) * standin_half(b, 1) + acc;
    return (int32_t)(uint32_t)((uint64_t)sum & 0xFFFFFFFFu);
}

/* SXTB16 of x rotated right by `rotation` bits. */
static inline nn_half2_t standin_sxtb16(uint32_t x, unsigned rotation) {
    const uint32_t rotated = rotation == 0 ? x : (x >> rotation) | (x << (32 - rotation));
    const int32_t low = (int8_t)(uint8_t)(rotated & 0xFFu);
    const int32_t high = (int8_t)(uint8_t)((rotated >> 16) & 0xFFu);
    return ((uint32_t)low & 0xFFFFu) | ((uint32_t)high << 16);
}

static inline nn_half2_t nn_even_bytes(uint32_t bytes) {
    return standin_sxtb16(bytes, 0);
}

static inline nn_half2_t nn_odd_bytes(uint32_t bytes) {
    return standin_sxtb16(bytes, 8);
}

static inline int32_t nn_smmlar(int32_t a, int32_t b, int32_t acc) {
    const uint64_t high = (uint64_t)(uint32_t)acc << 32;
    const uint64_t sum = high + (uint64_t)((int64_t)a * b) + UINT64_C(0x80000000);
    return (int32_t)(uint32_t)(sum >> 32);
}

static inline int32_t nn_ssat8(int32_t x) {
    return x < -128 ? -128 : x > 127 ? 127 : x;
}

static inline uint32_t nn_load_bytes(const int8_t *x) {
    uint32_t bytes;
    memcpy(&bytes, x, sizeof bytes);
    return bytes;
}

/* LDRD faults where the address is no multiple of 4; so does this. */
static inline void nn_load_weights(const int16_t **w, nn_half2_t *first, nn_half2_t *second) {
    if (((uintptr_t)*w & 3u) != 0) {
        __builtin_trap();
    }
    memcpy(first, *w, sizeof *first);
    memcpy(second, *w + 2, sizeof *second);
    *w += 4;
}

#endif
