/* ecg_template.h - the running template of the patient's dominant beat, and a beat's likeness to it.
 *
 * One dominant template and one rival are kept; a rival that explains more beats takes over. Windows are
 * int16 [ECG_WINDOW_SAMPLES], unit of the filtered signal; the QRS part is
 * ECG_QRS_FIRST_GRID..ECG_QRS_END_GRID. */
#ifndef ECG_TEMPLATE_H
#define ECG_TEMPLATE_H

#include <stdint.h>

#include "ecg_params.h"

/* Owned by the pipeline; all zero is a valid start. */
typedef struct {
    int16_t dominant[ECG_WINDOW_SAMPLES];
    int16_t rival[ECG_WINDOW_SAMPLES];
    int16_t dominant_score; /* beats by which it leads, 0 = no template yet, at most ECG_TEMPLATE_SCORE_MAX */
    int16_t rival_score;
} ecg_template_t;

/* Correlation of two windows over the QRS part, 128 = 1, rounded down; -128..128. */
int32_t ecg_correlation_q7(const int16_t *a, const int16_t *b);

/* 1024 * log2 of the norm of the QRS part about its mean. */
int32_t ecg_amplitude_log2_q10(const int16_t *window);

/* Sum of |a - b| over the QRS part relative to the sum of |b|, both about their means; 64 = 1, 0..127. */
int32_t ecg_residual_q6(const int16_t *a, const int16_t *b);

/* Copies a window. */
void ecg_template_copy(int16_t *target, const int16_t *source);

/* Learns from one beat, after it was compared with the template. A beat that came early does not count
 * for the rival. */
void ecg_template_update(ecg_template_t *s, const int16_t *window, int premature);

#endif
