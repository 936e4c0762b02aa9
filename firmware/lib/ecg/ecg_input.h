/* ecg_input.h - judges the raw input: missing, saturated, flat.
 *
 * The converter's rails are the caller's to tell (ecg_input_set_rails): a sample at or beyond one is
 * saturated. Short bad stretches are bridged (a missing sample by the last good one, a saturated one clamped
 * to its rail). After ECG_BAD_RESET_SAMPLES of bad input in a row the chain rests, and starts
 * anew, thresholds and all, with the next good sample. */
#ifndef ECG_INPUT_H
#define ECG_INPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "ecg_params.h"
#include "ecg_types.h"

/* The value of a missing sample (lead off); the same as WFDB's for 16-bit signals. */
#define ECG_INPUT_MISSING INT16_MIN

typedef enum {
    ECG_INPUT_SKIP = 0,   /* a long bad stretch: nothing to filter */
    ECG_INPUT_RUN = 1,    /* filter `hold` */
    ECG_INPUT_RESTART = 2 /* start filter and detector anew at `hold` */
} ecg_input_code_t;

/* Rails where nothing else is known: the ends of the 16-bit range, +-164 mV. */
#define ECG_RAIL_LOW (INT16_MIN + 1)
#define ECG_RAIL_HIGH INT16_MAX

/* Owned by the pipeline; all zero is a valid start once ecg_input_set_rails was called. */
typedef struct {
    int16_t rail_low;       /* adu: at or below this a sample is saturated */
    int16_t rail_high;      /* adu: the same, at or above */
    int16_t quiet_first;    /* adu: samples from here on ... */
    uint16_t quiet_span;    /* ... as many are within the rails; 0 where not primed, or bad lately */
    int16_t hold;           /* adu: last good sample, or the clamped one */
    int16_t flat_start;     /* adu: first sample of the present flat stretch */
    uint32_t flat_left;     /* samples until the present flat stretch counts as one; 0 = it does */
    uint32_t bad_count;     /* consecutive bad samples, at most ECG_BAD_RESET_SAMPLES */
    uint32_t recover_count; /* samples for which beats still carry recover_flags */
    uint8_t recover_flags;  /* ECG_FLAG_SATURATED, ECG_FLAG_LEAD_OFF */
    uint8_t primed;         /* 0 until the first good sample, and in a long bad stretch */
} ecg_input_t;

/* Sets the rails, adu, low < high; the ends of the range where they are no such pair. Before any sample. */
void ecg_input_set_rails(ecg_input_t *s, int16_t low, int16_t high);

/* Takes one raw sample, adu, ECG_INPUT_MISSING = none. */
ecg_input_code_t ecg_input_step(ecg_input_t *s, int16_t x);

/* Takes the sample that nearly every one is: inside the rails, not at the end of a flat stretch, nothing bad
 * lately. It is to be filtered, as after ECG_INPUT_RUN. False: ecg_input_step is needed, nothing changed. */
static inline bool ecg_input_quiet(ecg_input_t *s, int16_t x) {
    if ((uint32_t)(x - s->quiet_first) >= s->quiet_span || s->flat_left <= 1) {
        return false;
    }
    int32_t difference = x - s->flat_start;
    s->hold = x;
    s->flat_left -= 1;
    if (difference < -ECG_FLAT_TOLERANCE_ADU || difference > ECG_FLAT_TOLERANCE_ADU) {
        s->flat_start = x;
        s->flat_left = ECG_FLAT_SAMPLES;
    }
    return true;
}

#endif
