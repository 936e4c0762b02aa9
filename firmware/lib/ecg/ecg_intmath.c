/* ecg_intmath.c - see ecg_intmath.h; reference: host_tools/reference/intmath.py */
#include "ecg_intmath.h"

#include "ecg_cold.h"

ECG_COLD uint32_t ecg_isqrt(uint32_t value) {
    uint32_t root = 0;
    uint32_t bit = UINT32_C(1) << 30;
    while (bit > value) {
        bit >>= 2;
    }
    while (bit != 0) {
        if (value >= root + bit) {
            value -= root + bit;
            root = (root >> 1) + bit;
        } else {
            root >>= 1;
        }
        bit >>= 2;
    }
    return root;
}

/* Number of zero bits above the highest one that is set; value >= 1. */
static uint32_t leading_zeros(uint32_t value) {
#ifdef __ARM_FEATURE_CLZ
    return (uint32_t)__builtin_clz(value);
#else
    uint32_t zeros = 0;
    for (uint32_t shift = 16; shift > 0; shift >>= 1) {
        if (value >> (32u - shift) == 0) {
            value <<= shift;
            zeros += shift;
        }
    }
    return zeros;
#endif
}

int32_t ecg_log2_q10(uint32_t value) {
    uint32_t zeros = leading_zeros(value);
    int32_t exponent = 31 - (int32_t)zeros;
    value <<= zeros;
    uint32_t mantissa = value & UINT32_C(0x7FFFFFFF);
    uint32_t index = mantissa >> 25;
    int32_t fraction = (int32_t)((mantissa >> 17) & 0xFFu);
    int32_t low = ecg_log2_table_q10[index];
    int32_t high = ecg_log2_table_q10[index + 1];
    return exponent * 1024 + low + (((high - low) * fraction + 128) >> 8);
}
