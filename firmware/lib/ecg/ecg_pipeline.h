/* ecg_pipeline.h - the whole chain: raw samples in, classified beats out.
 *
 *   ecg_pipeline_t p;                       // all memory the chain needs; owned by the caller
 *   ecg_beat_t beat;
 *   ecg_pipeline_init(&p);
 *   for each sample x: if (ecg_pipeline_push(&p, x, &beat) > 0) { use beat }
 *   at the end of a record: while (ecg_pipeline_flush(&p, &beat) > 0) { use beat }
 *
 * Latency: a beat is measured as soon as its window is complete (ECG_WINDOW_AFTER_SAMPLES after the R peak)
 * and the next R peak is known; it is classified and handed out once ECG_LOOKAHEAD_BEATS later beats are
 * measured, at most ECG_LOOKAHEAD_WAIT_SAMPLES + ECG_PENDING_BEATS samples after its R peak. Order: beats
 * come in the order of their R peaks, at most one per push. */
#ifndef ECG_PIPELINE_H
#define ECG_PIPELINE_H

#include <stdbool.h>
#include <stdint.h>

#include "ecg_bandpass.h"
#include "ecg_broad_run.h"
#include "ecg_condition.h"
#include "ecg_input.h"
#include "ecg_net.h"
#include "ecg_quality.h"
#include "ecg_rpeak.h"
#include "ecg_rr.h"
#include "ecg_shape.h"
#include "ecg_spike.h"
#include "ecg_types.h"
#include "ecg_window.h"

/* R peaks that can wait. R peaks are at least ECG_MINIMUM_RR_SAMPLES apart and all but the newest one leave
 * ECG_WINDOW_AFTER_SAMPLES after their R peak, so at most 1 + window / minimum RR wait, plus two released
 * together by search-back. */
#define ECG_PENDING_BEATS 8

/* Beats measured but not yet classified: the one to come out next and those that it looks ahead to. */
#define ECG_HELD_BEATS (ECG_LOOKAHEAD_BEATS + 1)

/* Numbers behind a beat's features, kept to be watched: RR before, RR after, slow mean Q12, high mean Q12,
 * its template, correlation with that and with the dominant one Q10, alignment in grid samples, noise Q8. */
#define ECG_FEATURE_VALUES 9

#define ECG_SPIKES_KEPT 4

/* Errors, all negative. */
#define ECG_ERR_NULL (-1) /* a pointer was NULL */

/* One measured beat. */
typedef struct {
    uint32_t r_sample;
    uint16_t rr_prev_samples;
    uint16_t rr_next_samples;
    uint8_t flags;
    uint8_t sqi;
    int8_t input[ECG_WINDOW_SAMPLES * ECG_BEAT_CHANNELS]; /* the network's first input */
} ecg_held_t;

/* All state of the chain. The caller owns the memory and looks at no field. What is used most comes first. */
typedef struct ecg_pipeline {
    uint8_t pending_count;
    uint8_t held_count;
    uint8_t spike_count;      /* spikes kept so far */
    uint8_t stepped;          /* 1 = there is a step_at */
    uint8_t spike_index;      /* where the next spike goes */
    uint8_t last_at_artefact; /* 1 = the last R peak lay right at a spike or a step */
    uint8_t last_r_valid;     /* 0 until an R peak was queued since the last restart */
    uint8_t measured_valid;   /* 0 until the first beat was measured */
    uint8_t drained;          /* samples pushed by the flush, at most ECG_SPIKE_DELAY_SAMPLES */
    uint8_t ending;           /* 1 once they all are */
    uint8_t context_index;    /* row where the next beat's features go */
    uint32_t sample_count;    /* number of the next sample, modulo 2^32 */
    uint32_t alarm;           /* sample from which a beat may be due; spares looking at every sample */
    uint32_t last_r;          /* last R peak queued */
    uint32_t measured_r;      /* last R peak measured */
    uint32_t step_at;         /* sample of the input's last step, as it leaves the filters */
    uint32_t spikes[ECG_SPIKES_KEPT]; /* the same of the last spikes; ring */
    uint8_t pending_flags[ECG_PENDING_BEATS];
    uint32_t pending[ECG_PENDING_BEATS];
    ecg_input_t input;
    ecg_spike_t spike;
    ecg_bandpass_t bandpass;
    ecg_rpeak_t rpeak;
    ecg_condition_t condition;
    ecg_quality_t quality;
    ecg_broad_run_t broad_run;
    ecg_rr_t rr;
    int32_t features[ECG_FEATURE_VALUES];
    ecg_ring_t ring;
    ecg_shape_t shape;
    ecg_net_t net;
    ecg_held_t held[ECG_HELD_BEATS];                        /* in the order of their R peaks */
    int16_t window[ECG_WINDOW_SAMPLES];                     /* window of the beat measured last */
    int8_t context[ECG_CONTEXT_BEATS][ECG_RHYTHM_FEATURES]; /* features of the last beats, ring */
} ecg_pipeline_t;

_Static_assert(sizeof(ecg_pipeline_t) <= 12288, "the chain's state with the network's arena must fit 12 KB");

/* Prepares *p; the first sample pushed gets the number 0. Does nothing where p is NULL. */
void ecg_pipeline_init(ecg_pipeline_t *p);

/* The same, with another number for the first sample (to resume, or to test the wrap at 2^32). */
void ecg_pipeline_init_at(ecg_pipeline_t *p, uint32_t first_sample);

/* Tells where the converter ends: a sample at or beyond low or high, adu, is saturated. After init, before
 * the first sample; without it, and where not low < high, the rails are the ends of the 16-bit range. */
void ecg_pipeline_set_rails(ecg_pipeline_t *p, int16_t low, int16_t high);

/* Takes one sample, adu at ECG_FS_HZ, ECG_INPUT_MISSING where there is none.
 * Returns 1 = *beat was written, 0 = nothing yet, ECG_ERR_NULL. */
int ecg_pipeline_push(ecg_pipeline_t *p, int16_t x, ecg_beat_t *beat);

/* End of the record: hands out a waiting beat; call until it returns 0. After it, only init may follow.
 * The last beat's next RR, which is not known, is taken as the median of the last ones. */
int ecg_pipeline_flush(ecg_pipeline_t *p, ecg_beat_t *beat);

/* Quality of the signal now, for a display: 0..ECG_SQI_MAX, that of the last beat; 0 while the lead is off.
 */
uint8_t ecg_pipeline_sqi(const ecg_pipeline_t *p);

/* What holds at the newest sample, ECG_CONDITION_*; 0 where p is NULL. */
uint8_t ecg_pipeline_conditions(const ecg_pipeline_t *p);

/* Whether the lead is off now, see ecg_quality.h. */
bool ecg_pipeline_lead_off(const ecg_pipeline_t *p);

#endif
