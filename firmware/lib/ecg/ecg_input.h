/* ecg_input.h - judges the raw input: missing, saturated, flat.
 *
 * Short bad stretches are bridged (a missing sample by the last good one, a saturated one clamped to
 * +-ECG_SATURATION_ADU). After ECG_BAD_RESET_SAMPLES of bad input in a row the chain rests, and starts
 * anew, thresholds and all, with the next good sample. */
#ifndef ECG_INPUT_H
#define ECG_INPUT_H

#include <stdint.h>

#include "ecg_types.h"

/* The value of a missing sample (lead off); the same as WFDB's for 16-bit signals. */
#define ECG_INPUT_MISSING INT16_MIN

typedef enum {
    ECG_INPUT_SKIP = 0,   /* a long bad stretch: nothing to filter */
    ECG_INPUT_RUN = 1,    /* filter `hold` */
    ECG_INPUT_RESTART = 2 /* start filter and detector anew at `hold` */
} ecg_input_code_t;

/* Owned by the pipeline; all zero is a valid start. */
typedef struct {
    uint32_t flat_count;    /* samples since flat_start, at most ECG_FLAT_SAMPLES */
    uint32_t bad_count;     /* consecutive bad samples, at most ECG_BAD_RESET_SAMPLES */
    uint32_t recover_count; /* samples for which beats still carry recover_flags */
    int16_t hold;           /* adu: last good sample, or the clamped one */
    int16_t flat_start;     /* adu: first sample of the present flat stretch */
    uint8_t recover_flags;  /* ECG_FLAG_SATURATED, ECG_FLAG_LEAD_OFF */
    uint8_t primed;         /* 0 until the first good sample, and in a long bad stretch */
} ecg_input_t;

/* Takes one raw sample, adu, ECG_INPUT_MISSING = none. */
ecg_input_code_t ecg_input_step(ecg_input_t *s, int16_t x);

#endif
