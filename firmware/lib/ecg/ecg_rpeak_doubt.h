/* ecg_rpeak_doubt.h - where the R-peak detector is not sure of a beat, or that none was missed before it;
 * private to it.
 *
 * P waves that go on without QRS complexes become beats once the levels have fallen to them: they are far
 * lower and blunter than what was known as beats. And a beat that was missed lies among what was skipped. */
#ifndef ECG_RPEAK_DOUBT_H
#define ECG_RPEAK_DOUBT_H

#include <stdbool.h>

#include "ecg_rpeak.h"

/* Whether what was skipped since the last beat may have been one that was missed: it nearly was, or is hardly
 * lower than the level, or lies where neither P nor T waves do and is not much lower. `before`: steps from it
 * to the next beat, or to now. */
bool ecg_rpeak_may_be_missed(const ecg_rpeak_t *s, int32_t level_q10, uint32_t before);

/* Judges the beat c, the next of those found in this step: sets its bits of found_doubtful and found_unlike,
 * and lets what is known follow it. Before the levels follow it. */
void ecg_rpeak_doubt(ecg_rpeak_t *s, const ecg_rpeak_candidate_t *c);

#endif
