/* ecg_p_wave.h - the P wave against templates of the patient's own P waves.
 *
 * One template learns from beats of the dominant kind that do not come early, the other from all beats that
 * come late: where premature beats are the rule, only the second shows the sinus P wave. */
#ifndef ECG_P_WAVE_H
#define ECG_P_WAVE_H

#include <stdint.h>

#include "ecg_params.h"

#define ECG_P_SAMPLES (ECG_P_END_GRID - ECG_SHIFT_MAX_GRID)

/* Owned by ecg_shape_t; all zero is a valid start. Unit of waves: the filtered signal's. */
typedef struct {
    int16_t wave[ECG_P_SAMPLES];
    int16_t coherence_q12; /* how like the template its beats are, -4096..4096 */
    uint8_t count;         /* beats so far, at most 255 */
} ecg_p_template_t;

/* Copies the P region of a window, shifted by `shift` (at most ECG_SHIFT_MAX_GRID), without the line through
 * its ends. */
void ecg_p_extract(int16_t wave[ECG_P_SAMPLES], const int16_t *window, int32_t shift);

/* Largest minus smallest value. */
int32_t ecg_p_size(const int16_t wave[ECG_P_SAMPLES]);

/* Mean absolute difference. */
int32_t ecg_p_residual(const int16_t wave[ECG_P_SAMPLES], const int16_t other[ECG_P_SAMPLES]);

/* Moves the template towards a wave. */
void ecg_p_learn(ecg_p_template_t *t, const int16_t wave[ECG_P_SAMPLES]);

#endif
