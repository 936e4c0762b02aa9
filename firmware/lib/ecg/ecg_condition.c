/* ecg_condition.c - see ecg_condition.h; reference: host_tools/reference/condition.py */
#include "ecg_condition.h"

#include "ecg_intmath.h"
#include "ecg_types.h"

void ecg_condition_step(ecg_condition_t *s, const ecg_rpeak_t *rpeak, bool beat) {
    if (beat) {
        s->quiet_steps = 0;
        s->held = 0;
        return;
    }
    if (s->quiet_steps < ECG_PAUSE_STEPS) {
        s->quiet_steps += 1;
        return;
    }
    bool quiet = rpeak->background < ECG_RPEAK_MINIMUM_PEAK;
    s->held = quiet ? ECG_CONDITION_PAUSE : ECG_CONDITION_UNREADABLE;
}
