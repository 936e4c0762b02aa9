/* ecg_bandpass.h - causal Butterworth band-pass, two second-order sections in direct form I.
 *
 * Samples inside have ECG_STATE_FRAC_BITS, coefficients ECG_COEF_FRAC_BITS. What rounding cuts off is
 * carried into the next sample (error feedback), so a constant input settles to 0. The output has
 * ECG_FILTERED_FRAC_BITS and saturates to int16. */
#ifndef ECG_BANDPASS_H
#define ECG_BANDPASS_H

#include <stdint.h>

/* Owned by the pipeline; set by ecg_bandpass_prime. */
typedef struct {
    int32_t low_x1, low_x2; /* inputs of the low-pass section, adu with ECG_STATE_FRAC_BITS */
    int32_t low_y1, low_y2; /* its outputs, and the inputs of the high-pass section */
    int32_t low_error;      /* cut off last time, 0..2^30 - 1 */
    int32_t high_y1, high_y2;
    int32_t high_error;
} ecg_bandpass_t;

/* Sets the state to that after an endless constant input x (adu): the output is 0. */
void ecg_bandpass_prime(ecg_bandpass_t *s, int16_t x);

/* Filters one sample x, adu, INT16_MIN + 1..INT16_MAX; returns adu with ECG_FILTERED_FRAC_BITS. */
int16_t ecg_bandpass_step(ecg_bandpass_t *s, int16_t x);

#endif
