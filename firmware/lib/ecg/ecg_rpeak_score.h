/* ecg_rpeak_score.h - score of a candidate of the R-peak detector; private to it. */
#ifndef ECG_RPEAK_SCORE_H
#define ECG_RPEAK_SCORE_H

#include "ecg_rpeak.h"

#define ECG_OCTAVE 1024                       /* a factor of two in the logarithms */
#define ECG_RPEAK_AGE_MAX (UINT32_C(1) << 20) /* steps since a beat are counted up to here */

/* Logarithm to base 2, Q10, of a height; that of 1 where it is smaller. */
int32_t ecg_rpeak_log2(int32_t height);

/* Scores a candidate as things stand now: natural logarithm of the odds that it is a beat, Q10. */
void ecg_rpeak_score(const ecg_rpeak_t *s, ecg_rpeak_candidate_t *c);

#endif
