/* ecg_trace.h - every intermediate value of the chain, for parity checks.
 *
 * Built with -DECG_TRACE=1, the chain calls ecg_trace_hook, which the program around it provides: the parity
 * library stores the values, the firmware sends them over the link. Without ECG_TRACE nothing of this exists.
 */
#ifndef ECG_TRACE_H
#define ECG_TRACE_H

#include <stdint.h>

/* Stages, in the order in which the chain computes them. */
typedef enum {
    ECG_STAGE_DETECTOR = 0, /* per detector step, int32[11]: integral, background, lobe, candidate's peak and
                               score, skipped one's score, levels of peak and slope, mean RR, sample number,
                               conditions held */
    ECG_STAGE_R_PEAK = 1,   /* per R peak queued, int32[2]: its sample, running polarity */
    ECG_STAGE_SAMPLE = 2,   /* per sample, int32[3]: conditioned input, input flags, filtered sample */
    ECG_STAGE_FEATURES = 3, /* per beat, int32[ECG_FEATURE_VALUES] */
    ECG_STAGE_WINDOW = 4,   /* per beat, int16[ECG_WINDOW_SAMPLES] */
    ECG_STAGE_TEMPLATE = 5, /* per beat, int16[ECG_WINDOW_SAMPLES]: the template it was compared with */
    ECG_STAGE_BEAT_INPUT = 6,   /* per beat, int8[]: the network's inputs */
    ECG_STAGE_RHYTHM_INPUT = 7, /* per beat, int8[] */
    ECG_STAGE_LAYER = 8, /* per beat, int8[]: outputs of the network's layers, one hook call each, in order */
    ECG_STAGE_RECORD =
        9 /* per beat, int32[11]: R peak, RR before, RR after, class, confidence, flags, SQI, logits */
} ecg_stage_t;
#define ECG_STAGE_COUNT 10

#ifdef ECG_TRACE

struct ecg_pipeline;
struct ecg_beat;

/* Provided by the program: `count` values of `bytes` (1, 2 or 4) bytes each, signed, valid during the call.
 */
void ecg_trace_hook(ecg_stage_t stage, const void *values, uint8_t bytes, uint16_t count);

/* Called by the generated network after each layer. */
void ecg_net_trace_layer(uint8_t layer, const int8_t *values, uint16_t count);

void ecg_trace_sample(const struct ecg_pipeline *p);
void ecg_trace_detector(const struct ecg_pipeline *p);
void ecg_trace_r_peak(const struct ecg_pipeline *p, uint32_t r);
void ecg_trace_measures(const struct ecg_pipeline *p);
void ecg_trace_inputs(struct ecg_pipeline *p);
void ecg_trace_record(const struct ecg_pipeline *p, const struct ecg_beat *beat);

#define ECG_TRACE_SAMPLE(p) ecg_trace_sample(p)
#define ECG_TRACE_DETECTOR(p) ecg_trace_detector(p)
#define ECG_TRACE_R_PEAK(p, r) ecg_trace_r_peak(p, r)
#define ECG_TRACE_MEASURES(p) ecg_trace_measures(p)
#define ECG_TRACE_INPUTS(p) ecg_trace_inputs(p)
#define ECG_TRACE_RECORD(p, beat) ecg_trace_record(p, beat)

#else

#define ECG_TRACE_SAMPLE(p) ((void)0)
#define ECG_TRACE_DETECTOR(p) ((void)0)
#define ECG_TRACE_R_PEAK(p, r) ((void)0)
#define ECG_TRACE_MEASURES(p) ((void)0)
#define ECG_TRACE_INPUTS(p) ((void)0)
#define ECG_TRACE_RECORD(p, beat) ((void)0)

#endif

#endif
