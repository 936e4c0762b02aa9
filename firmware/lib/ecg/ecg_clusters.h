/* ecg_clusters.h - running templates of the patient's kinds of beat, one of them dominant.
 *
 * Every beat joins the template it is like, or founds one; the template that explains most beats, premature
 * ones counting little, is dominant. Windows: int16 [ECG_WINDOW_SAMPLES], unit of the filtered signal; the
 * QRS part is ECG_QRS_FIRST_GRID..ECG_QRS_END_GRID. Logarithms: 1024 an octave. */
#ifndef ECG_CLUSTERS_H
#define ECG_CLUSTERS_H

#include <stdint.h>

#include "ecg_params.h"

#define ECG_QRS_SAMPLES (ECG_QRS_END_GRID - ECG_QRS_FIRST_GRID)
#define ECG_QRS_SHIFTS (2 * ECG_SHIFT_MAX_GRID + 1)

/* Owned by ecg_shape_t; all zero is a valid start. */
typedef struct {
    uint8_t dominant;
    uint8_t beats;                       /* beats so far, at most ECG_CLUSTER_SHARE_BEATS */
    uint16_t norms[ECG_CLUSTERS];        /* norms of the vectors, at least 1 */
    int16_t size_log2_q10[ECG_CLUSTERS]; /* log2 of the QRS parts' heights */
    int16_t early_q10[ECG_CLUSTERS];     /* mean log2 of RR before / high mean of their beats */
    int16_t pause_q10[ECG_CLUSTERS];     /* mean log2 of RR after / long median */
    uint16_t share_q15[ECG_CLUSTERS];    /* share of the recent beats, at most 32767 */
    uint16_t score_q15[ECG_CLUSTERS];    /* the same, premature beats counting little */
    uint8_t count[ECG_CLUSTERS];         /* beats of the template, 0 = free, at most 255 */
    uint8_t age[ECG_CLUSTERS];           /* beats since its last one, at most 255 */
    int16_t windows[ECG_CLUSTERS][ECG_WINDOW_SAMPLES];
    int16_t vectors[ECG_CLUSTERS][ECG_QRS_SAMPLES]; /* their QRS parts about the mean, 9 bits and sign */
} ecg_clusters_t;

/* One beat against the templates. Shifts are 0..ECG_QRS_SHIFTS - 1, ECG_SHIFT_MAX_GRID = none. */
typedef struct {
    int16_t vector[ECG_QRS_SAMPLES + 2 * ECG_SHIFT_MAX_GRID]; /* the beat's QRS part, as in the templates */
    uint16_t norms[ECG_QRS_SHIFTS];                           /* its norm at each shift, at least 1 */
    int16_t size_log2_q10;
    int16_t correlation;          /* with the best template, 1024 = 1 */
    int16_t dominant_correlation; /* with the dominant one */
    uint8_t cluster;              /* best template, then the one the beat belongs to */
    uint8_t shift;                /* its best shift */
    uint8_t dominant_shift;
    uint8_t matched; /* 1 = the beat is one of the template's */
} ecg_match_t;

/* Finds the template of a beat, or founds one for it, giving up another where none is free. */
void ecg_clusters_match(ecg_clusters_t *c, ecg_match_t *m, const int16_t *window);

/* Moves the beat's template towards it and settles which one is dominant; early, pause: log2 of the beat's RR
 * before / high mean and RR after / long median, Q10. */
void ecg_clusters_learn(ecg_clusters_t *c, const ecg_match_t *m, const int16_t *window, int32_t early_q10,
                        int32_t pause_q10);

#endif
