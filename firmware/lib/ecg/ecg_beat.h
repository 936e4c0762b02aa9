/* ecg_beat.h - from a waiting R peak to a classified beat: features, inputs, network. */
#ifndef ECG_BEAT_H
#define ECG_BEAT_H

#include "ecg_pipeline.h"

/* Measures the beat whose R peak is r_age samples old and whose RR intervals stand in *held already: its
 * features become the newest row of the context, its beat input and flags go into *held. Then learns from it.
 */
void ecg_beat_measure(ecg_pipeline_t *p, int32_t r_age, ecg_held_t *held);

/* Classifies the first held beat; fills in logits, class and confidence of *beat. */
void ecg_beat_classify(ecg_pipeline_t *p, ecg_beat_t *beat);

#endif
