/* ecg_types.h - the beat record that leaves the signal chain, and its flags. */
#ifndef ECG_TYPES_H
#define ECG_TYPES_H

#include <stdint.h>

/* AAMI classes, in the order of the network's logits. */
typedef enum { ECG_CLASS_N = 0, ECG_CLASS_S = 1, ECG_CLASS_V = 2, ECG_CLASS_F = 3 } ecg_class_t;
#define ECG_CLASS_COUNT 4

/* Bits of ecg_beat_t.flags. */
#define ECG_FLAG_LEARNING 1u  /* thresholds or template were still being learnt */
#define ECG_FLAG_SATURATED 2u /* the input was at its limits near this beat */
#define ECG_FLAG_LEAD_OFF 4u  /* the input was missing or flat near this beat */
#define ECG_FLAG_NOISY 8u     /* window rough outside the QRS: muscle noise, moving electrodes */
/* The class is not to be trusted, or it is not sure that this is a beat or that none was missed before it.
 * aami_class still holds the network's answer, and scores that classify every beat count it, but a display or
 * an alarm should not. Set where the input was missing, flat or saturated near the beat, where sqi is below
 * ECG_QUALITY_UNDECIDED_SQI, near a step of the input, and where the detector doubts (ecg_rpeak_doubt.h). */
#define ECG_FLAG_UNDECIDED 16u
#define ECG_FLAG_PACED 32u        /* a pacing spike came just before this beat */
#define ECG_FLAG_FIBRILLATION 64u /* found where ventricular flutter or fibrillation is suspected */
/* One of a run of fast broad beats: aami_class is V by rule, see ecg_broad_run.h; the logits are the
 * network's. */
#define ECG_FLAG_BROAD_RUN 128u
#define ECG_FLAG_ALL 255u

/* Bits of ecg_pipeline_conditions: what holds at the newest sample, beat or no beat. */
#define ECG_CONDITION_LEAD_OFF 1u     /* the input has been missing or flat */
#define ECG_CONDITION_SATURATED 2u    /* the input has been at a rail */
#define ECG_CONDITION_PAUSE 4u        /* no beat for ECG_PAUSE_SAMPLES, and the signal is quiet: asystole */
#define ECG_CONDITION_FIBRILLATION 8u /* ventricular flutter or fibrillation suspected */
/* There is a signal, but for ECG_PAUSE_SAMPLES no beat could be told in it: noise, or too small. */
#define ECG_CONDITION_UNREADABLE 16u
#define ECG_CONDITION_ALL 31u

/* One beat. Written by ecg_pipeline_push / ecg_pipeline_flush, owned by the caller. */
typedef struct ecg_beat {
    uint32_t r_sample;        /* number of the R-peak sample, counted from 0 at init, modulo 2^32; on the
                                 filtered signal, so the input's R peak lies ECG_DELAY_SAMPLES earlier */
    uint16_t rr_prev_samples; /* samples since the previous R peak, 1..ECG_RR_MAX_SAMPLES */
    uint16_t
        rr_next_samples; /* samples to the next R peak, 1..ECG_RR_BOUND_SAMPLES; the bound where none came */
    int8_t logits[ECG_CLASS_COUNT]; /* network output, scale and zero point in ecg_model.h */
    uint8_t
        aami_class; /* ecg_class_t: the largest logit, the first of equal ones; V with ECG_FLAG_BROAD_RUN */
    uint8_t confidence_q8; /* softmax of the class, 0..255 (255 = certain) */
    uint8_t flags;         /* ECG_FLAG_* */
    uint8_t sqi;           /* signal-quality index, 0..100 (100 = clean); see ecg_quality.h */
} ecg_beat_t;

#endif
