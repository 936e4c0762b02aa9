/* ecg_broad_run.h - runs of broad beats: the one thing about a beat's class that a rule knows better.
 *
 * The network learnt from records with few and short ventricular tachycardias, and the dominant template may
 * follow a long one. Fast beats in a row that are much broader and blunter than the patient's at rest are
 * ventricular until proven otherwise (Wellens, Heart 86:579-585, 2001), whatever the network says. */
#ifndef ECG_BROAD_RUN_H
#define ECG_BROAD_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "ecg_params.h"

/* Owned by the pipeline; all zero is a valid start. */
typedef struct {
    int16_t rest_q4[4];  /* mean features at rest: spread, width, area_peak, slope */
    uint8_t rest_beats;  /* beats that they were learnt from, at most ECG_BROAD_RUN_REST_BEATS */
    uint8_t broad_beats; /* broad beats in a row, at most ECG_BROAD_RUN_BEATS */
} ecg_broad_run_t;

/* Takes a beat's features (see spec.toml); from noisy ones nothing is learnt. Returns whether the last
 * ECG_BROAD_RUN_BEATS were broad and fast. */
bool ecg_broad_run_step(ecg_broad_run_t *s, const int8_t row[ECG_RHYTHM_FEATURES], bool noisy);

#endif
