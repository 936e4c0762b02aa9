/* ecg_input.c - see ecg_input.h; reference: host_tools/reference/input.py */
#include "ecg_input.h"

#include <stdbool.h>

#include "ecg_intmath.h"
#include "ecg_params.h"

void ecg_input_set_rails(ecg_input_t *s, int16_t low, int16_t high) {
    bool valid = low < high && low > INT16_MIN;
    s->rail_low = valid ? low : ECG_RAIL_LOW;
    s->rail_high = valid ? high : ECG_RAIL_HIGH;
}

/* Judges one sample, updates `hold` and the flat stretch; 0 = good, else ECG_FLAG_* bits. */
static uint8_t input_flags(ecg_input_t *s, int16_t x) {
    if (x == ECG_INPUT_MISSING) {
        return ECG_FLAG_LEAD_OFF;
    }
    uint8_t flags = 0;
    if (x >= s->rail_high || x <= s->rail_low) {
        flags = ECG_FLAG_SATURATED;
    }
    int32_t value = ecg_clamp(x, s->rail_low, s->rail_high);
    int32_t difference = value - s->flat_start;
    if (-ECG_FLAT_TOLERANCE_ADU <= difference && difference <= ECG_FLAT_TOLERANCE_ADU) {
        if (s->flat_count < ECG_FLAT_SAMPLES) {
            s->flat_count += 1;
        }
    } else {
        s->flat_start = (int16_t)value;
        s->flat_count = 0;
    }
    if (s->flat_count >= ECG_FLAT_SAMPLES && flags == 0) {
        flags = ECG_FLAG_LEAD_OFF;
    }
    s->hold = (int16_t)value;
    return flags;
}

/* The sample that nearly every one is: inside the limits, not at the end of a flat stretch, and nothing bad
 * lately. Does the same as the long way round; false where that is needed, with nothing changed. */
static bool input_quiet(ecg_input_t *s, int16_t x) {
    if (s->primed == 0 || (s->bad_count | s->recover_count) != 0 || s->flat_count >= ECG_FLAT_SAMPLES - 1 ||
        x >= s->rail_high || x <= s->rail_low) {
        return false;
    }
    int32_t difference = x - s->flat_start;
    s->flat_count += 1;
    if (difference < -ECG_FLAT_TOLERANCE_ADU || difference > ECG_FLAT_TOLERANCE_ADU) {
        s->flat_start = x;
        s->flat_count = 0;
    }
    s->hold = x;
    return true;
}

ecg_input_code_t ecg_input_step(ecg_input_t *s, int16_t x) {
    if (input_quiet(s, x)) {
        return ECG_INPUT_RUN;
    }
    uint8_t flags = input_flags(s, x);
    if (flags != 0) {
        if (s->bad_count < ECG_BAD_RESET_SAMPLES) {
            s->bad_count += 1;
        }
        s->recover_flags = (uint8_t)(s->recover_flags | flags);
        s->recover_count = ECG_RECOVER_SAMPLES;
        if (s->bad_count >= ECG_BAD_RESET_SAMPLES || s->primed == 0) {
            s->primed = 0;
            return ECG_INPUT_SKIP;
        }
        return ECG_INPUT_RUN;
    }
    s->bad_count = 0;
    if (s->recover_count > 0) {
        s->recover_count -= 1;
        if (s->recover_count == 0) {
            s->recover_flags = 0;
        }
    }
    if (s->primed == 0) {
        s->primed = 1;
        if (s->recover_flags != 0) {
            s->recover_count = ECG_RESTART_SAMPLES;
        }
        return ECG_INPUT_RESTART;
    }
    return ECG_INPUT_RUN;
}
