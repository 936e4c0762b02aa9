/* ecg_beat.c - see ecg_beat.h; reference: host_tools/reference/beat.py */
#include "ecg_beat.h"

#include "ecg_intmath.h"
#include "ecg_trace.h"

#define RATIO_SHIFT (10 - ECG_LOG_RATIO_FRAC_BITS)

_Static_assert(ECG_NET_BEAT_SAMPLES == ECG_WINDOW_SAMPLES, "the network was trained for another window");
_Static_assert(ECG_NET_BEAT_CHANNELS == ECG_BEAT_CHANNELS, "the network was trained for other channels");
_Static_assert(ECG_NET_RHYTHM_FEATURES == ECG_RHYTHM_FEATURES, "the network was trained for other features");
_Static_assert(ECG_NET_LOGITS == ECG_CLASS_COUNT, "the network was trained for other classes");

/* log2 of a ratio, Q10, with ECG_LOG_RATIO_FRAC_BITS, saturated. */
static int8_t ratio_feature(int32_t log2_q10) {
    return (int8_t)ecg_clamp(ecg_shift_round(log2_q10, RATIO_SHIFT), INT8_MIN, INT8_MAX);
}

/* The first 9 features of the rhythm input: RR intervals. */
static void rhythm(ecg_pipeline_t *p, const ecg_beat_t *beat, int8_t *out) {
    int32_t local_q4 = ecg_rr_local_mean_q4(&p->rr);
    int32_t slow_q4 = ecg_rr_slow_mean_q4(&p->rr);
    uint32_t before = p->rr.last != 0 ? p->rr.last : beat->rr_prev_samples;
    int32_t prev = ecg_log2_q10((uint32_t)beat->rr_prev_samples << 4);
    int32_t next = ecg_log2_q10((uint32_t)beat->rr_next_samples << 4);
    int32_t local = ecg_log2_q10((uint32_t)local_q4);
    int32_t slow = ecg_log2_q10((uint32_t)slow_q4);
    int32_t irregularity_q8 = ecg_rr_irregularity_q8(&p->rr, local_q4);
    out[0] = ratio_feature(prev - local);
    out[1] = ratio_feature(next - local);
    out[2] = ratio_feature(prev - slow);
    out[3] = ratio_feature(next - slow);
    out[4] = ratio_feature(next - prev);
    out[5] = ratio_feature(prev - ecg_log2_q10(before << 4));
    out[6] = ratio_feature(local - slow);
    out[7] = ratio_feature(prev - ecg_log2_q10(ECG_RR_DEFAULT_SAMPLES * UINT32_C(16)));
    out[8] = (int8_t)ecg_clamp(irregularity_q8, 0, INT8_MAX);
    p->features[0] = beat->rr_prev_samples;
    p->features[1] = beat->rr_next_samples;
    p->features[2] = local_q4;
    p->features[3] = slow_q4;
    p->features[4] = irregularity_q8;
}

/* The last 3 features of the rhythm input: likeness to the dominant beat. */
static void shape(ecg_pipeline_t *p, int8_t *out) {
    const int16_t *dominant = p->beat_template.dominant;
    int32_t correlation = ecg_correlation_q7(p->window, dominant);
    int32_t louder_q10 = ecg_amplitude_log2_q10(p->window) - ecg_amplitude_log2_q10(dominant);
    int32_t residual = ecg_residual_q6(p->window, dominant);
    out[9] = (int8_t)ecg_clamp(correlation, INT8_MIN, INT8_MAX);
    out[10] = ratio_feature(louder_q10);
    out[11] = (int8_t)residual;
    p->features[5] = correlation;
    p->features[6] = louder_q10;
    p->features[7] = residual;
}

/* Softmax of the winning class from the logits by a table of exp; 0..255. */
static uint8_t confidence_q8(const int8_t *logits, uint32_t winner) {
    uint32_t total = 0;
    for (uint32_t i = 0; i < ECG_CLASS_COUNT; i++) {
        total += ECG_CONF_EXP_Q15[logits[winner] - logits[i]];
    }
    return (uint8_t)ecg_divide_round(255u * (uint32_t)ECG_CONF_EXP_Q15[0], total);
}

void ecg_beat_classify(ecg_pipeline_t *p, int32_t r_age, ecg_beat_t *beat) {
    int16_t *dominant = p->beat_template.dominant;
    ecg_window_extract(&p->ring, r_age, p->window);
    if (p->beat_template.dominant_score == 0) {
        ecg_template_copy(dominant, p->window);
        beat->flags |= ECG_FLAG_LEARNING;
    }
    int8_t *rhythm_input = ecg_net_rhythm_input(&p->net);
    rhythm(p, beat, rhythm_input);
    shape(p, rhythm_input);
    int32_t sd = ecg_window_sd(dominant, ecg_window_mean(dominant));
    p->features[8] = ecg_window_noise_q8(p->window, sd);
    if (p->features[8] > ECG_NOISY_Q8) {
        beat->flags |= ECG_FLAG_NOISY;
    }
    beat->sqi = ecg_quality_measure(&p->quality, p->window, dominant, p->beat_template.dominant_score != 0,
                                    sd, p->features[8]);
    ecg_quality_mark(&p->quality, beat);
    ecg_window_quantise(p->window, dominant, sd, ecg_net_beat_input(&p->net));
    ECG_TRACE_BEAT_INPUTS(p);
    ecg_net_invoke(&p->net, beat->logits);
    uint32_t winner = 0;
    for (uint32_t i = 1; i < ECG_CLASS_COUNT; i++) {
        if (beat->logits[i] > beat->logits[winner]) {
            winner = i;
        }
    }
    beat->aami_class = (uint8_t)winner;
    beat->confidence_q8 = confidence_q8(beat->logits, winner);
    int premature = beat->rr_prev_samples * 4096 < p->features[2] * ECG_TEMPLATE_PREMATURE_Q8;
    if ((beat->flags & ECG_FLAG_NOISY) == 0) {
        ecg_template_update(&p->beat_template, p->window, premature);
    }
    ecg_rr_update(&p->rr, beat->rr_prev_samples);
    ECG_TRACE_RECORD(p, beat);
}
