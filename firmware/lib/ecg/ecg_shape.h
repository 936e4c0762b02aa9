/* ecg_shape.h - features of a beat's shape against the patient's own templates. */
#ifndef ECG_SHAPE_H
#define ECG_SHAPE_H

#include <stdint.h>

#include "ecg_clusters.h"
#include "ecg_outline.h"
#include "ecg_p_wave.h"
#include "ecg_rr.h"

/* Features written by ecg_shape_features. */
#define ECG_SHAPE_FEATURES 33

/* Owned by the pipeline; all zero is a valid start. */
typedef struct {
    uint8_t compared;                  /* template that the last beat was compared with: the dominant one */
    int8_t align;                      /* shift at which it was, grid samples */
    ecg_outline_t beat;                /* of the last beat */
    ecg_outline_t usual;               /* of the dominant template */
    ecg_match_t match;                 /* of the last beat */
    ecg_p_template_t p_usual;          /* learnt from beats that are dominant and not early */
    ecg_p_template_t p_late;           /* learnt from beats that come late */
    int16_t p_wave[ECG_P_SAMPLES];     /* P region of the last beat */
    int16_t previous[ECG_QRS_SAMPLES]; /* QRS part of the last beat */
    ecg_clusters_t clusters;
} ecg_shape_t;

/* Matches the beat in `window` with the templates. */
void ecg_shape_begin(ecg_shape_t *s, const int16_t *window);

/* Writes ECG_SHAPE_FEATURES features in the order of spec.toml; early_q10: log2 of RR before / high mean,
 * noise_q8: see ecg_window_noise_q8. */
void ecg_shape_features(ecg_shape_t *s, const int16_t *window, int32_t early_q10, int32_t noise_q8,
                        int8_t *out);

/* Learns from the beat after it was measured; rr holds its RR ratios. */
void ecg_shape_learn(ecg_shape_t *s, const int16_t *window, const ecg_rr_t *rr);

#endif
