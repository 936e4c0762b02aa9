/* ecg_refine.h - puts the R peak on the filtered signal. */
#ifndef ECG_REFINE_H
#define ECG_REFINE_H

#include <stdint.h>

#include "ecg_window.h"

typedef struct {
    int32_t age;    /* samples from the newest one back to the R peak */
    int32_t points; /* 1 = up, -1 = down */
} ecg_refined_t;

/* Finds the sharpest sample around centre_age (samples before the newest one). polarity is the running
 * polarity of the R peaks, -256..256; the other one must be clearly sharper to win. It is looked for at most
 * `reach` samples away, 0 or more. */
ecg_refined_t ecg_refine_r_peak(const ecg_ring_t *ring, int32_t centre_age, int32_t polarity, int32_t reach);

#endif
