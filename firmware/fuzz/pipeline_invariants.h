/* pipeline_invariants.h - what must hold of the signal chain's state after every sample, and of every beat.
 * Used by the fuzzer and by the 24-hour run; host only. The bounds come from the headers of firmware/lib/ecg.
 */
#ifndef PIPELINE_INVARIANTS_H
#define PIPELINE_INVARIANTS_H

#include "ecg_pipeline.h"

/* The beats seen so far. Owned by the caller; all zero is a valid start. */
typedef struct {
    uint32_t last_r; /* r_sample of the last beat, while beats > 0 */
    uint32_t beats;  /* beats seen */
} beat_watch_t;

/* Checks the state between two calls of the chain; aborts with a message where something does not hold. */
void check_pipeline(const ecg_pipeline_t *p);

/* Checks a beat that came out with the sample before number `now` (or by flush), and remembers it. */
void check_beat(beat_watch_t *watch, const ecg_beat_t *beat, uint32_t now);

#endif
