/* ecg_rpeak.h - streaming R-peak detector that scores candidates.
 *
 * One detector step is the sum of ECG_RPEAK_DECIMATION filtered samples. An enhancer (difference of two
 * moving means), rectified and integrated, has a lobe for each QRS complex. Each lobe is a candidate; its
 * score, a weighted sum of features relative to the last beats and the noise, says whether it is a beat. An
 * unsure candidate waits for a better one, and where a beat is overdue the best one skipped is taken, within
 * bounds. Heights are logarithms to base 2 (Q10); steps are counted modulo 2^32. */
#ifndef ECG_RPEAK_H
#define ECG_RPEAK_H

#include <stdbool.h>
#include <stdint.h>

#include "ecg_params.h"
#include "ecg_train.h"

/* A lobe of the integral as a candidate. */
typedef struct {
    int32_t peak_q10;   /* maximum of the integral */
    int32_t slope_q10;  /* steepest change of the enhancer */
    int32_t valley_q10; /* valley before it beside the maximum, -4096..0 */
    int32_t score_q10;  /* score when it was last judged */
    uint32_t at;        /* step of the maximum */
} ecg_rpeak_candidate_t;

/* Owned by the pipeline; set by ecg_rpeak_reset (all but polarity). What is used most comes first: it is
 * reached by short instructions. */
typedef struct {
    uint8_t waiting, skipping; /* 1 = there is a candidate; a skipped one */
    uint8_t following;         /* 0, or 1 + side of the train whose waves are taken for beats */
    uint8_t found_count;
    uint8_t found_doubtful; /* bit i: beat i of those just found, or its RR interval, is not sure */
    uint8_t found_unlike; /* bit i: beat i of those just found is far lower and blunter than beats are here */
    uint8_t doubtful;     /* 1 = the last beat was not sure by itself */
    uint8_t gap_doubtful; /* 1 = since the last beat one may have been missed */
    uint8_t unlike_count; /* beats in a row that were unlike, at most ECG_RPEAK_UNLIKE_BEATS */
    uint8_t before_age;   /* beats since one came after the like of before_peak_q10, at most 255 */
    uint16_t learn_left;  /* steps of the learning time still to come */
    int16_t polarity;     /* running polarity of R peaks, -256..256; the pipeline's */
    uint32_t steps;       /* steps since reset */
    int32_t integral;     /* moving sum of |enhanced| */
    int32_t background;   /* running mean of `integral` */
    int32_t qrs_q10, slope_q10;              /* running levels of peaks and slopes; slope 0 = none yet */
    int32_t beat_peak_q10, beat_slope_q10;   /* of the last beat */
    int32_t known_peak_q10, known_slope_q10; /* of the beats that were like those before them */
    uint32_t beat_at;                        /* step of the last beat */
    int32_t rr_mean, rr_deviation;           /* mean RR and mean deviation, steps with 4 fraction bits */
    int32_t rr_q10, irregularity_q10;        /* their logarithms, in steps */
    int32_t valley;                          /* lowest integral since the last lobe */
    int32_t lobe_peak, lobe_slope;           /* present lobe; peak 0 = none */
    ecg_rpeak_candidate_t skipped;           /* best one since the last beat that was not taken */
    ecg_rpeak_candidate_t candidate;         /* waits for a better one */
    int32_t lobe_valley;                     /* valley before the present lobe */
    uint32_t lobe_at;                        /* step of its maximum */
    int32_t before_peak_q10;                 /* what came before beats (P waves); 0 = nothing so far */
    int32_t before_slope_q10;
    uint32_t patience_steps;                /* levels fall this long after a beat */
    uint32_t overdue_steps;                 /* search back this long after a beat */
    uint32_t found_age[2];                  /* ages of the beats just found, older first */
    int32_t learn_peak[2], learn_slope[2];  /* highest integral, steepest change in the halves of learning */
    int32_t rr_before;                      /* mean RR before the train that is followed */
    ecg_train_t train;                      /* regular waves, as in tachycardia */
    int32_t short_sum, long_sum;            /* moving sums of `history` */
    int32_t decimation_sum;                 /* sum of this step's samples so far */
    uint32_t decimation_count;              /* how many they are */
    int32_t history[ECG_RPEAK_RING_STEPS];  /* step sums, ring */
    int32_t enhanced[ECG_RPEAK_RING_STEPS]; /* enhancer, ring */
} ecg_rpeak_t;

/* Forgets everything but the polarity; learning starts anew. */
void ecg_rpeak_reset(ecg_rpeak_t *s);

/* Takes one filtered sample; true: a step is complete, and ecg_rpeak_step is due. */
static inline bool ecg_rpeak_add(ecg_rpeak_t *s, int16_t y) {
    const int32_t sum = s->decimation_sum + y;
    const uint32_t count = s->decimation_count + 1;
    s->decimation_sum = sum;
    s->decimation_count = count;
    return count == ECG_RPEAK_DECIMATION;
}

/* Judges the step that is complete; returns the number of beats found, 0..2. The middle of the QRS complex of
 * beat i lies found_age[i] * ECG_RPEAK_DECIMATION + ECG_RPEAK_CENTRE_SAMPLES samples back. A beat is found at
 * most ECG_RPEAK_WAIT_STEPS + ECG_RPEAK_HOLD_STEPS steps after its lobe's maximum, or by search-back at most
 * ECG_RPEAK_SEARCHBACK_MAX_STEPS steps after it. */
int ecg_rpeak_step(ecg_rpeak_t *s);

/* The input goes bad: judges what waits, if it is a beat for sure, before the fault reaches the filters;
 * returns as ecg_rpeak_step. */
int ecg_rpeak_hurry(ecg_rpeak_t *s);

/* End of the record: judges what still waits; returns as ecg_rpeak_step. */
int ecg_rpeak_flush(ecg_rpeak_t *s);

#endif
