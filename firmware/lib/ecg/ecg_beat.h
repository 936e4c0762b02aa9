/* ecg_beat.h - from a waiting R peak to a classified beat: window, features, network, template. */
#ifndef ECG_BEAT_H
#define ECG_BEAT_H

#include "ecg_pipeline.h"

/* Fills in class, logits and confidence of *beat, whose R peak is r_age samples before the newest one and
 * whose r_sample, rr_* and flags are set; then lets template and RR history learn from it. */
void ecg_beat_classify(ecg_pipeline_t *p, int32_t r_age, ecg_beat_t *beat);

#endif
