/* ecg_window.h - the ring of filtered samples, the beat window on the network's own grid, its statistics.
 * Unit of all samples: that of the filtered signal, adu with ECG_FILTERED_FRAC_BITS. */
#ifndef ECG_WINDOW_H
#define ECG_WINDOW_H

#include <stdint.h>

#include "ecg_params.h"

/* Owned by the pipeline; all zero is a valid start. */
typedef struct {
    uint32_t index;                    /* where the next sample goes */
    int16_t samples[ECG_RING_SAMPLES]; /* filtered samples, ring */
} ecg_ring_t;

/* Appends the newest sample. */
static inline void ecg_ring_write(ecg_ring_t *ring, int16_t y) {
    uint32_t index = ring->index;
    ring->samples[index] = y;
    ring->index = index + 1u == ECG_RING_SAMPLES ? 0u : index + 1u;
}

/* Where in `samples` the sample lies that is `age` samples before the newest; ages outside the ring give its
 * ends. */
int32_t ecg_ring_position(const ecg_ring_t *ring, int32_t age);

/* The sample `age` samples before the newest; ages outside the ring give its ends. */
int32_t ecg_ring_read(const ecg_ring_t *ring, int32_t age);

/* Copies `count` samples in a row, the first of them `age` samples before the newest, at most
 * ECG_RING_SAMPLES - 1; after the newest one it is repeated. */
void ecg_ring_copy(const ecg_ring_t *ring, int32_t age, int32_t count, int16_t *out);

/* Copies the window around the R peak that is r_age samples before the newest: grid sample k, the mean of
 * ECG_GRID_SPAN_SAMPLES samples, lies (k - ECG_WINDOW_BEFORE_GRID) / ECG_GRID_HZ seconds after the R peak. */
void ecg_window_extract(const ecg_ring_t *ring, int32_t r_age, int16_t window[ECG_WINDOW_SAMPLES]);

/* Mean, rounded down. */
int32_t ecg_window_mean(const int16_t window[ECG_WINDOW_SAMPLES]);

/* Standard deviation about `mean`, rounded down, at least ECG_MINIMUM_SD. */
int32_t ecg_window_sd(const int16_t window[ECG_WINDOW_SAMPLES], int32_t mean);

/* Roughness outside the QRS part: mean |second difference| (each at most sd) relative to sd, 256 = 1; 0..256.
 * Muscle noise and moving electrodes are rough on the grid's scale, P and T waves are not. */
int32_t ecg_window_noise_q8(const int16_t window[ECG_WINDOW_SAMPLES], int32_t sd);

/* Writes the network's beat input, int8 [ECG_WINDOW_SAMPLES][2]: window, and window minus template, both
 * without their means, divided by sd, with ECG_INPUT_FRAC_BITS, saturated. */
void ecg_window_quantise(const int16_t window[ECG_WINDOW_SAMPLES], const int16_t dominant[ECG_WINDOW_SAMPLES],
                         int32_t sd, int8_t *out);

#endif
