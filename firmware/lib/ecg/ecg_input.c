/* ecg_input.c - see ecg_input.h; reference: host_tools/reference/input.py */
#include "ecg_input.h"

#include "ecg_cold.h"
#include "ecg_intmath.h"

ECG_COLD void ecg_input_set_rails(ecg_input_t *s, int16_t low, int16_t high) {
    bool valid = low < high && low > INT16_MIN;
    s->rail_low = valid ? low : ECG_RAIL_LOW;
    s->rail_high = valid ? high : ECG_RAIL_HIGH;
    s->flat_left = ECG_FLAT_SAMPLES;
    s->quiet_span = 0;
}

/* Whether ecg_input_quiet may do: nothing was bad lately. */
ECG_COLD static void calm(ecg_input_t *s) {
    s->quiet_first = (int16_t)(s->rail_low + 1);
    s->quiet_span = s->recover_count == 0 ? (uint16_t)(s->rail_high - s->rail_low - 1) : 0;
}

/* Judges one sample, updates `hold` and the flat stretch; 0 = good, else ECG_FLAG_* bits. */
ECG_COLD static uint8_t input_flags(ecg_input_t *s, int16_t x) {
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
        if (s->flat_left > 0) {
            s->flat_left -= 1;
        }
    } else {
        s->flat_start = (int16_t)value;
        s->flat_left = ECG_FLAT_SAMPLES;
    }
    if (s->flat_left == 0 && flags == 0) {
        flags = ECG_FLAG_LEAD_OFF;
    }
    s->hold = (int16_t)value;
    return flags;
}

ECG_COLD ecg_input_code_t ecg_input_step(ecg_input_t *s, int16_t x) {
    uint8_t flags = input_flags(s, x);
    if (flags != 0) {
        if (s->bad_count < ECG_BAD_RESET_SAMPLES) {
            s->bad_count += 1;
        }
        s->quiet_span = 0;
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
        calm(s);
        return ECG_INPUT_RESTART;
    }
    calm(s);
    return ECG_INPUT_RUN;
}
