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

#include "ecg_intmath.h"
#include "ecg_params.h"
#include "ecg_rpeak.h"

/* The detector's signal over a block: sums and maxima of step sums, of their changes, of the integral. */
typedef struct {
    int32_t sum, change_sum;
    int32_t top, change_top;
    int32_t integral_top;
} ecg_block_t;

/* Owned by the pipeline; set by ecg_condition_reset. */
typedef struct {
    ecg_block_t block[ECG_CONDITION_BLOCKS]; /* the one at `at` is being filled */
    uint32_t silent_from; /* the detector's step of the last beat, or that of learning's end */
    uint32_t block_steps; /* steps in the present block */
    uint8_t at;
    uint8_t beats;     /* beats without a pause, at most 255 */
    uint8_t filled;    /* blocks filled, at most ECG_CONDITION_BLOCKS */
    uint8_t suspected; /* measures in a row against what holds of fibrillation */
    uint8_t doubtful;  /* 1 = the last beat was */
    uint8_t held;      /* ECG_CONDITION_PAUSE, _FIBRILLATION, _UNREADABLE */
} ecg_condition_t;

/* Forgets everything, as when the detector is reset. */
void ecg_condition_reset(ecg_condition_t *s);

/* There was a beat at this step of the detector's. An unsure one does not end a silence, but it is no pause
 * any more; and after a doubtful one silence is never called one. */
void ecg_condition_beat(ecg_condition_t *s, uint32_t step, bool unsure, bool doubtful);

/* To be called after each detector step. True: fibrillation is suspected from now on. */
static inline bool ecg_condition_step(ecg_condition_t *s, const ecg_rpeak_t *rpeak);

/* Its part that looks at what was measured, every ECG_CONDITION_LOOK_STEPS. */
bool ecg_condition_look(ecg_condition_t *s, const ecg_rpeak_t *rpeak);

static inline bool ecg_condition_step(ecg_condition_t *s, const ecg_rpeak_t *rpeak) {
    const uint32_t mask = ECG_RPEAK_RING_STEPS - 1u;
    if ((rpeak->steps & 1u) != 0) {
        return false;
    }
    ecg_block_t *b = &s->block[s->at];
    int32_t value = rpeak->history[(rpeak->steps - 1u) & mask];
    int32_t change = ecg_abs(value - rpeak->history[(rpeak->steps - 2u) & mask]);
    value = ecg_abs(value);
    b->sum += value;
    b->change_sum += change;
    b->top = ecg_max(value, b->top);
    b->change_top = ecg_max(change, b->change_top);
    b->integral_top = ecg_max(rpeak->integral, b->integral_top);
    s->block_steps += 2;
    return (s->block_steps & (ECG_CONDITION_LOOK_STEPS - 1u)) == 0 && ecg_condition_look(s, rpeak);
}

#endif
