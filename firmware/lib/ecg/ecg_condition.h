/* ecg_condition.h - what holds beside the beats: a pause that runs, or a signal in which no beat can be told.
 *
 * Looked at once in each detector step. Where a beat has not come for ECG_PAUSE_STEPS, the detector's signal
 * decides: quiet beside the beats before, it is a pause; else it cannot be read. */
#ifndef ECG_CONDITION_H
#define ECG_CONDITION_H

#include <stdbool.h>
#include <stdint.h>

#include "ecg_params.h"
#include "ecg_rpeak.h"

/* Owned by the pipeline; all zero is a valid start. */
typedef struct {
    uint16_t quiet_steps; /* detector steps without a beat, at most ECG_PAUSE_STEPS */
    uint8_t held;         /* ECG_CONDITION_PAUSE, _FIBRILLATION, _UNREADABLE */
} ecg_condition_t;

/* To be called after each detector step; `beat`: it found one. */
void ecg_condition_step(ecg_condition_t *s, const ecg_rpeak_t *rpeak, bool beat);

#endif
