/* ecg_rpeak_levels.h - what the R-peak detector knows of the rhythm and of the beats' heights; private to it.
 *
 * Levels of peak and steepness that candidates are scored against, mean RR and its deviation, and what comes
 * before beats (P waves). Heights are logarithms to base 2, Q10. */
#ifndef ECG_RPEAK_LEVELS_H
#define ECG_RPEAK_LEVELS_H

#include <stdbool.h>

#include "ecg_rpeak.h"

/* Sets what follows from s->rr_mean. */
void ecg_rpeak_use_rr_mean(ecg_rpeak_t *s);

/* Lets mean RR and its mean deviation follow an interval, detector steps. */
void ecg_rpeak_follow_rr(ecg_rpeak_t *s, uint32_t rr_steps);

/* Looks at a wave of this height and steepness `steps` before the beat c. Where it is far below c in both, it
 * is remembered as what comes before beats, and the answer is true. */
bool ecg_rpeak_learn_before(ecg_rpeak_t *s, const ecg_rpeak_candidate_t *c, uint32_t steps, int32_t peak_q10,
                            int32_t slope_q10);

/* Lets the levels follow a beat rr_steps after the one before. */
void ecg_rpeak_follow_levels(ecg_rpeak_t *s, const ecg_rpeak_candidate_t *c, uint32_t rr_steps);

/* A step of the learning time, `slope` the steepness in it; sets the levels at its end. */
void ecg_rpeak_learn(ecg_rpeak_t *s, int32_t slope);

#endif
