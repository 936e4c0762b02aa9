/* ecg_quality.h - how good the signal is: an index for each beat, and whether the lead is off.
 *
 * The index (SQI) runs from 100, clean, to 0. It asks how unlike the patient's own dominant beat the signal
 * is outside the QRS, before it and after it; an ectopic beat is unlike on one side at most, noise on both,
 * so the lesser of the two counts. Roughness adds to it. The sum is followed from beat to beat, so that
 * one beat does not decide.
 *
 * The lead is off once the input has been missing, flat or saturated for ECG_BAD_RESET_SAMPLES, and on again
 * after ECG_LEAD_BACK_SAMPLES of good input. Every beat that waits for its classification when the input
 * goes bad, and every beat found within ECG_RECOVER_SAMPLES (after a restart ECG_RESTART_SAMPLES) of bad
 * input, carries ECG_FLAG_LEAD_OFF or ECG_FLAG_SATURATED, and with it ECG_FLAG_UNDECIDED and an SQI of 0. */
#ifndef ECG_QUALITY_H
#define ECG_QUALITY_H

#include <stdbool.h>
#include <stdint.h>

#include "ecg_input.h"
#include "ecg_params.h"

#define ECG_SQI_MAX 100

/* Owned by the pipeline; all zero is a valid start. */
typedef struct {
    int16_t unrest_q12;    /* followed unrest, 4096 = 1: as far from the dominant beat as its deviation */
    uint16_t good_samples; /* good samples in a row while the lead is off, at most ECG_LEAD_BACK_SAMPLES */
    uint8_t lead_off;      /* 1 while the lead is off */
    uint8_t sqi;           /* the last beat's, 0..ECG_SQI_MAX */
} ecg_quality_t;

/* To be called for each sample, after ecg_input_step, while input->recover_count is not 0: follows the lead.
 * Returns the flags that all beats get that have not gone out yet: where the input is bad, its own. */
uint8_t ecg_quality_contact(ecg_quality_t *s, const ecg_input_t *input);

/* Index of a beat from its window, 0..ECG_SQI_MAX. `window` and `dominant` as in ecg_window.h, `sd` that of
 * `dominant`, `roughness_q8` of ecg_window_noise_q8. Not `known`: there is no dominant beat yet, and
 * roughness alone decides. */
uint8_t ecg_quality_measure(ecg_quality_t *s, const int16_t window[ECG_WINDOW_SAMPLES],
                            const int16_t dominant[ECG_WINDOW_SAMPLES], bool known, int32_t sd,
                            int32_t roughness_q8);

/* The last word on a beat that goes out, its sqi and its other flags set: sqi 0 where its input was bad, and
 * ECG_FLAG_UNDECIDED where its class is not to be trusted. */
void ecg_quality_mark(ecg_quality_t *s, ecg_beat_t *beat);

#endif
