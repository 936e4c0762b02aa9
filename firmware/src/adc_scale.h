/* adc_scale.h - ADC counts to the spec's unit, in integers. host_tools/adc.py is the same in Python.
 *
 *   ideal   (counts - mid) * ref_uv * adu_per_mv / (2^bits * gain * 1000)
 *   here    floor(((counts - mid) * multiplier + 2^(shift - 1)) / 2^shift)      halves round up
 *
 * with shift = 31 - bits and multiplier = the ideal factor * 2^shift, rounded (halves up). The product fits
 * 32 bits for factors up to 1/2, which is asserted; the result lies within +-2^14. Rounding the multiplier
 * moves the exact value by at most 2^(2 bits - 33) units (12 bits: 1/512), so the result differs from the
 * rounded ideal only where that lies this close to a half. */
#ifndef ADC_SCALE_H
#define ADC_SCALE_H

#include <stdint.h>

#include "board_profile.h"
#include "ecg_intmath.h"
#include "ecg_params.h"

#define ADC_SCALE_SHIFT (31 - BOARD_ADC_BITS)

/* Spec units per count are NUM / DEN. */
#define ADC_SCALE_NUM (UINT64_C(1) * BOARD_ADC_REF_UV * ECG_ADU_PER_MV)
#define ADC_SCALE_DEN ((UINT64_C(1) << BOARD_ADC_BITS) * BOARD_FRONT_END_GAIN * 1000u)

/* Constants of the compiler: no division is left in the program. */
#define ADC_SCALE_MULTIPLIER                                                                                 \
    ((int32_t)(((ADC_SCALE_NUM << (ADC_SCALE_SHIFT + 1)) + ADC_SCALE_DEN) / (2u * ADC_SCALE_DEN)))
/* Largest count. */
#define ADC_SCALE_HIGHEST ((1 << BOARD_ADC_BITS) - 1)
/* Count of the front end's resting voltage. */
#define ADC_SCALE_MID                                                                                        \
    ((int32_t)(((UINT64_C(1) * BOARD_ADC_MID_UV << (BOARD_ADC_BITS + 1)) + BOARD_ADC_REF_UV) /               \
               (2u * UINT64_C(1) * BOARD_ADC_REF_UV)))

_Static_assert(BOARD_ADC_BITS >= 8 && BOARD_ADC_BITS <= 15, "an entry of the ring holds 15 bits");
_Static_assert(2u * ADC_SCALE_NUM <= ADC_SCALE_DEN, "a spec unit must be at least two counts of the ADC");
/* NUM < 2^33 and shift + 1 <= 24: the shifted numerator fits 64 bits. */
_Static_assert(ADC_SCALE_NUM < (UINT64_C(1) << 33), "reference voltage too large");

/* The count of a reading: one beyond the converter's range, as a differential input gives it, is the end of
 * the range; from 2^15 on it is one below 0, two's complement. */
static inline uint16_t adc_clamp(uint16_t reading) {
    if (reading > INT16_MAX) {
        return 0;
    }
    return reading > ADC_SCALE_HIGHEST ? (uint16_t)ADC_SCALE_HIGHEST : reading;
}

static inline int16_t adc_scale(uint16_t reading) {
    int32_t product = ((int32_t)adc_clamp(reading) - ADC_SCALE_MID) * ADC_SCALE_MULTIPLIER;
    return (int16_t)ecg_shift_round(product, ADC_SCALE_SHIFT);
}

#endif
