/* Opens the static and inline arithmetic of the kernels to the tests; follows nn_softmax.c in one file. */

int32_t test_high(int32_t a, int32_t b);
int32_t test_shift(int32_t x, int32_t bits);
int32_t test_requantise(int32_t x, int32_t multiplier, int32_t shift);
int32_t test_exp(int32_t a_q26);
int32_t test_reciprocal(int32_t x_q31);

int32_t test_high(int32_t a, int32_t b) {
    return nn_rounding_doubling_high(a, b);
}

int32_t test_shift(int32_t x, int32_t bits) {
    return nn_rounding_shift(x, bits);
}

int32_t test_requantise(int32_t x, int32_t multiplier, int32_t shift) {
    return nn_requantise(x, multiplier, shift);
}

int32_t test_exp(int32_t a_q26) {
    return exp_negative(a_q26);
}

int32_t test_reciprocal(int32_t x_q31) {
    return one_over_one_plus(x_q31);
}
