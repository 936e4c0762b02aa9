/* ecg_outline.h - width, area and slope of a window's QRS complex, over ECG_OUTLINE_FIRST_GRID..END_GRID. */
#ifndef ECG_OUTLINE_H
#define ECG_OUTLINE_H

#include <stdint.h>

/* Unit of heights: the filtered signal's; of lengths: grid samples. */
typedef struct {
    int32_t size;         /* highest minus lowest value, at least 1 */
    int32_t area;         /* sum of absolute values about the window's mean, at least 1 */
    int32_t steepest;     /* largest difference of samples two apart, at least 1 */
    int16_t polarity_q6;  /* (highest + lowest) / size */
    int16_t area_peak_q3; /* area / peak */
    int16_t slope_q7;     /* steepest / size */
    int16_t width;        /* from the first to the last slope above a fifth of the steepest */
    int16_t spread_q6;    /* standard deviation of the position, weighted by the squared slope */
} ecg_outline_t;

/* Measures a window of ECG_WINDOW_SAMPLES. */
void ecg_outline_measure(ecg_outline_t *o, const int16_t *window);

#endif
