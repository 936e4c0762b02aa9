/* Source: TensorFlow Lite Micro's reference Softmax with gemmlowp's exp_on_negative_values and
 * one_over_one_plus_x_for_x_in_0_1, in raw integers. Qm.n: m integer and n fraction bits beside the sign. */
#include "nn_softmax.h"

#include "nn_requantise.h"

#define EXP_MINUS_EIGHTH_Q31 1895147668
#define THIRD_Q31 715827883
#define EIGHTH_Q31 (INT32_C(1) << 28)
#define QUARTER_Q26 (INT32_C(1) << 24)
#define C48_OVER_17_Q29 1515870810
#define MINUS_32_OVER_17_Q29 (-1010580540)
#define ONE_Q29 (INT32_C(1) << 29)

/* x * 2^bits limited to int32, 0 <= bits <= 30. */
static int32_t shift_up_saturated(int32_t x, int32_t bits) {
    const int64_t y = (int64_t)x * (INT64_C(1) << bits);
    if (y > INT32_MAX) {
        return INT32_MAX;
    }
    return y < INT32_MIN ? INT32_MIN : (int32_t)y;
}

/* exp of -1/4 <= a < 0, both Q0.31: Taylor series of fourth order around -1/8. */
static int32_t exp_quarter(int32_t a_q31) {
    const int32_t x = a_q31 + EIGHTH_Q31;
    const int32_t x2 = nn_rounding_doubling_high(x, x);
    const int32_t x3 = nn_rounding_doubling_high(x2, x);
    const int32_t x4 = nn_rounding_doubling_high(x2, x2);
    const int32_t sixth = nn_rounding_doubling_high(nn_rounding_shift(x4, 2) + x3, THIRD_Q31);
    const int32_t tail = nn_rounding_shift(sixth + x2, 1);
    return EXP_MINUS_EIGHTH_Q31 + nn_rounding_doubling_high(EXP_MINUS_EIGHTH_Q31, x + tail);
}

/* exp of -32 < a <= 0, Q5.26 to Q0.31: a series for the last quarter, table factors for the rest. */
static int32_t exp_negative(int32_t a_q26) {
    static const int32_t factor_q31[7] = {1672461947, 1302514674, 790015084, 290630308,
                                          39332535,   720401,     242}; /* exp(-2^k), k = -2..4 */
    if (a_q26 == 0) {
        return INT32_MAX;
    }
    const int32_t part = (a_q26 & (QUARTER_Q26 - 1)) - QUARTER_Q26;
    int32_t result = exp_quarter(shift_up_saturated(part, 5));
    const int32_t rest = part - a_q26;
    for (int32_t k = 0; k < 7; k++) {
        if ((rest & (INT32_C(1) << (24 + k))) != 0) {
            result = nn_rounding_doubling_high(result, factor_q31[k]);
        }
    }
    return result;
}

/* 1 / (1 + x) for 0 <= x < 1, Q0.31 to Q0.31: three steps of Newton-Raphson division. */
static int32_t one_over_one_plus(int32_t x_q31) {
    const int32_t half_denominator = (int32_t)(((uint32_t)x_q31 + UINT32_C(0x80000000)) >> 1);
    int32_t y = C48_OVER_17_Q29 + nn_rounding_doubling_high(half_denominator, MINUS_32_OVER_17_Q29);
    for (int32_t i = 0; i < 3; i++) {
        const int32_t error = ONE_Q29 - nn_rounding_doubling_high(half_denominator, y);
        y += shift_up_saturated(nn_rounding_doubling_high(y, error), 2);
    }
    return shift_up_saturated(y, 1);
}

static int32_t exp_of(const nn_softmax_t *p, int32_t difference) {
    return exp_negative(
        nn_rounding_doubling_high(difference * (int32_t)(UINT32_C(1) << p->shift), p->multiplier));
}

static void softmax_row(const nn_softmax_t *p, const int8_t *input, int8_t *output) {
    int32_t largest = -128;
    for (int32_t i = 0; i < p->depth; i++) {
        largest = input[i] > largest ? input[i] : largest;
    }
    uint32_t total_q19 = 0;
    for (int32_t i = 0; i < p->depth; i++) {
        const int32_t difference = input[i] - largest;
        if (difference >= p->difference_min) {
            total_q19 += (uint32_t)nn_rounding_shift(exp_of(p, difference), 12);
        }
    }
    int32_t headroom = 0; /* the total is at least 1, 2^19, so this ends by 12 */
    while ((total_q19 & UINT32_C(0x80000000)) == 0) {
        total_q19 <<= 1;
        headroom++;
    }
    const int32_t reciprocal = one_over_one_plus((int32_t)(total_q19 - UINT32_C(0x80000000)));
    for (int32_t i = 0; i < p->depth; i++) {
        const int32_t difference = input[i] - largest;
        int32_t y = -128;
        if (difference >= p->difference_min) {
            const int32_t scaled = nn_rounding_doubling_high(reciprocal, exp_of(p, difference));
            y = nn_rounding_shift(scaled, 35 - headroom) - 128;
        }
        output[i] = nn_clamp_s8(y, -128, 127);
    }
}

void nn_softmax_s8(const nn_softmax_t *p, const int8_t *input, int8_t *output) {
    for (int32_t row = 0; row < p->rows; row++) {
        softmax_row(p, input + row * p->depth, output + row * p->depth);
    }
}
