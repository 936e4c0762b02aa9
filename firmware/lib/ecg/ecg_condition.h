/* ecg_condition.h - what holds beside the beats: a pause that runs, flutter or fibrillation, a signal in
 * which no beat can be told.
 *
 * Measured, in every second detector step, over the last ECG_CONDITION_BLOCKS blocks of
 * ECG_CONDITION_BLOCK_STEPS steps. A heart that beats is still between its beats; flutter and fibrillation
 * never are: their mean is near their maximum, and nothing in them is steep. Where no beat has come for
 * ECG_PAUSE_STEPS, it is a pause if nothing near the last beats' height came either; else it cannot be
 * read. */
#ifndef ECG_CONDITION_H
#define ECG_CONDITION_H

#include <stdbool.h>
#include <stdint.h>

#include "ecg_params.h"
#include "ecg_rpeak.h"

/* The detector's signal over a block: sums and maxima of step sums, of their changes, of the integral. */
typedef struct {
    int32_t sum, change_sum;
    int32_t top, change_top;
    int32_t integral_top;
} ecg_block_t;

/* Owned by the pipeline; all zero is a valid start. */
typedef struct {
    ecg_block_t block[ECG_CONDITION_BLOCKS]; /* the one at `at` is being filled */
    uint16_t block_steps;                    /* steps in the present block */
    uint16_t silent_steps;                   /* steps without a beat, at most ECG_PAUSE_STEPS */
    uint8_t at;
    uint8_t beats;  /* beats without a pause, at most 255 */
    uint8_t filled; /* blocks filled, at most ECG_CONDITION_BLOCKS */
    uint8_t
        suspected; /* measures in a row that spoke for fibrillation, or against it while it is suspected */
    uint8_t held;  /* ECG_CONDITION_PAUSE, _FIBRILLATION, _UNREADABLE */
} ecg_condition_t;

/* To be called after each detector step; `beats`: how many it found. */
void ecg_condition_step(ecg_condition_t *s, const ecg_rpeak_t *rpeak, int beats);

#endif
