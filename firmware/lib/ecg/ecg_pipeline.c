/* ecg_pipeline.c - see ecg_pipeline.h; reference: host_tools/reference/pipeline.py */
#include "ecg_pipeline.h"

#include <stddef.h>
#include <string.h>

#include "ecg_beat.h"
#include "ecg_cold.h"
#include "ecg_intmath.h"
#include "ecg_refine.h"
#include "ecg_trace.h"

ECG_COLD void ecg_pipeline_init_at(ecg_pipeline_t *p, uint32_t first_sample) {
    if (p == NULL) {
        return;
    }
    *p = (ecg_pipeline_t){0};
    p->sample_count = first_sample;
    ecg_input_set_rails(&p->input, ECG_RAIL_LOW, ECG_RAIL_HIGH);
    ecg_rpeak_reset(&p->rpeak);
}

ECG_COLD void ecg_pipeline_init(ecg_pipeline_t *p) {
    ecg_pipeline_init_at(p, 0);
}

ECG_COLD void ecg_pipeline_set_rails(ecg_pipeline_t *p, int16_t low, int16_t high) {
    if (p != NULL) {
        ecg_input_set_rails(&p->input, low, high);
    }
}

ECG_COLD uint8_t ecg_pipeline_conditions(const ecg_pipeline_t *p) {
    if (p == NULL) {
        return 0;
    }
    if (p->quality.lead_off == 0) {
        return p->condition.held;
    }
    bool saturated = (p->input.recover_flags & ECG_FLAG_SATURATED) != 0;
    bool missing = (p->input.recover_flags & ECG_FLAG_LEAD_OFF) != 0;
    return (uint8_t)((saturated ? ECG_CONDITION_SATURATED : 0u) | (missing ? ECG_CONDITION_LEAD_OFF : 0u));
}

uint8_t ecg_pipeline_sqi(const ecg_pipeline_t *p) {
    return p == NULL || p->quality.lead_off != 0 ? 0 : p->quality.sqi;
}

bool ecg_pipeline_lead_off(const ecg_pipeline_t *p) {
    return p != NULL && p->quality.lead_off != 0;
}

/* Sets flags of every beat that has not gone out. */
ECG_COLD static void mark_waiting(ecg_pipeline_t *p, uint32_t flags) {
    for (uint32_t i = 0; i < p->pending_count; i++) {
        p->pending_flags[i] = (uint8_t)(p->pending_flags[i] | flags);
    }
    for (uint32_t i = 0; i < p->held_count; i++) {
        p->held[i].flags = (uint8_t)(p->held[i].flags | flags);
    }
}

/* The sample that goes on where the signal jumps or hums. Keeps the sample of a spike that was taken out, or
 * of a step, as it leaves the filters. */
ECG_COLD ECG_NOINLINE static int16_t clean(ecg_pipeline_t *p) {
    int16_t x;
    ecg_spike_code_t found = ecg_spike_look(&p->spike, &x);
    uint32_t at = p->sample_count + (ECG_DELAY_SAMPLES - ECG_SPIKE_FAR_SAMPLES);
    if (found == ECG_SPIKE_STEP) {
        p->step_at = at;
        p->stepped = 1;
    } else if (found == ECG_SPIKE_OUT) {
        p->spikes[p->spike_index] = at;
        p->spike_index = (uint8_t)((p->spike_index + 1u) % ECG_SPIKES_KEPT);
        p->spike_count = (uint8_t)ecg_min(p->spike_count + 1, ECG_SPIKES_KEPT);
    }
    return x;
}

/* Flags that a beat found now carries. */
ECG_COLD static uint8_t beat_flags(const ecg_pipeline_t *p) {
    uint32_t flags = p->input.recover_flags;
    if ((p->condition.held & ECG_CONDITION_FIBRILLATION) != 0) {
        flags |= ECG_FLAG_FIBRILLATION;
    }
    if (p->rpeak.learn_left > 0 || p->rr.intervals.count < ECG_RR_SHORT_BEATS) {
        flags |= ECG_FLAG_LEARNING;
    }
    return (uint8_t)flags;
}

/* Whether one of the last spikes lies from `first` samples before the R peak r on, over `count` samples. */
ECG_COLD static bool spike_near(const ecg_pipeline_t *p, uint32_t r, uint32_t first, uint32_t count) {
    for (uint32_t i = 0; i < p->spike_count; i++) {
        if (p->spikes[i] - (r - first) < count) {
            return true;
        }
    }
    return false;
}

/* Refines the R peak of beat i of those just found, around centre_age samples before the newest, and puts it
 * in the queue. A wave right at a spike or a step may be what that left behind: it is undecided, the next one
 * is, too, and neither the second one in a row nor one in a pause ends the silence. */
ECG_COLD static void add_r_peak(ecg_pipeline_t *p, uint32_t i, int32_t centre_age) {
    int32_t rr = p->rpeak.rr_mean;
    int32_t reach =
        rr > 0 ? (rr * ECG_RPEAK_DECIMATION) >> 6 : ECG_RING_SAMPLES; /* a quarter of the mean RR */
    ecg_refined_t found = ecg_refine_r_peak(&p->ring, centre_age, p->rpeak.polarity, reach);
    uint32_t r = p->sample_count - (uint32_t)found.age;
    if (p->last_r_valid != 0) {
        uint32_t distance = r - p->last_r;
        if (distance < ECG_MINIMUM_RR_SAMPLES || distance > UINT32_C(0x7FFFFFFF)) {
            return;
        }
    }
    if (p->pending_count == ECG_PENDING_BEATS) {
        return;
    }
    bool at_step = p->stepped != 0 && r + ECG_STEP_BEFORE_SAMPLES - p->step_at <
                                          ECG_STEP_BEFORE_SAMPLES + ECG_STEP_AFTER_SAMPLES;
    bool at_artefact = at_step || spike_near(p, r, ECG_SPIKE_AT_SAMPLES, 2u * ECG_SPIKE_AT_SAMPLES + 1u);
    bool after_artefact = p->last_at_artefact != 0;
    bool unsure = at_artefact || ((uint32_t)p->rpeak.found_doubtful >> i & 1u) != 0;
    bool doubtful = unsure || after_artefact;
    bool unlike = ((uint32_t)p->rpeak.found_unlike >> i & 1u) != 0;
    if (unlike) {
        p->condition.doubtful = 1;
    } else if (!at_artefact || !after_artefact) {
        ecg_condition_beat(&p->condition, p->rpeak.steps - p->rpeak.found_age[i], unsure, doubtful);
    }
    p->last_at_artefact = at_artefact ? 1 : 0;
    uint32_t flags = beat_flags(p);
    if (doubtful) { /* the beat before, too: its next interval is no surer */
        mark_waiting(p, ECG_FLAG_UNDECIDED);
        flags |= ECG_FLAG_UNDECIDED;
    }
    if (spike_near(p, r, ECG_SPIKE_PACED_SAMPLES, ECG_SPIKE_PACED_SAMPLES + 1u)) {
        flags |= ECG_FLAG_PACED;
    }
    p->rpeak.polarity = (int16_t)(p->rpeak.polarity + ((found.points * 256 - p->rpeak.polarity) >> 3));
    p->pending[p->pending_count] = r;
    p->pending_flags[p->pending_count] = (uint8_t)flags;
    p->pending_count += 1;
    p->alarm = p->sample_count;
    p->last_r = r;
    p->last_r_valid = 1;
    ECG_TRACE_R_PEAK(p, r);
}

/* Queues the beats that the detector has just found. */
ECG_COLD static void add_found(ecg_pipeline_t *p, int count) {
    for (uint32_t i = 0; (int)i < count; i++) {
        int32_t age = (int32_t)p->rpeak.found_age[i] * ECG_RPEAK_DECIMATION;
        add_r_peak(p, i, age + (int32_t)p->rpeak.decimation_count + ECG_RPEAK_CENTRE_SAMPLES);
    }
}

/* Judges a raw sample that is not as nearly all are: follows the lead, and begins anew after a long bad
 * stretch; bad input marks every beat that has not gone out. False where the chain rests. */
ECG_COLD static bool judge_input(ecg_pipeline_t *p, int16_t x) {
    ecg_input_code_t code = ecg_input_step(&p->input, x);
    if (p->input.recover_count != 0) {
        uint32_t flags = ecg_quality_contact(&p->quality, &p->input);
        if (p->input.bad_count == 1) {
            p->sample_count -= 1; /* of the newest sample in the filters */
            add_found(p, ecg_rpeak_hurry(&p->rpeak));
            p->sample_count += 1;
        }
        if (flags != 0) {
            mark_waiting(p, flags);
        }
    }
    if (code == ECG_INPUT_RESTART) {
        ecg_bandpass_prime(&p->bandpass, p->input.hold);
        ecg_spike_prime(&p->spike, p->input.hold);
        ecg_rpeak_reset(&p->rpeak);
        ecg_condition_reset(&p->condition);
        p->last_r_valid = 0;
        p->last_at_artefact = 0;
    }
    return code != ECG_INPUT_SKIP;
}

/* A detector step is complete: finds beats and what holds beside them. Where fibrillation is suspected, every
 * beat that has not gone out was found in it. */
static void detect(ecg_pipeline_t *p) {
    int found = ecg_rpeak_step(&p->rpeak);
    if (found > 0) {
        add_found(p, found);
    }
    if ((p->rpeak.steps & (ECG_CONDITION_LOOK_STEPS - 1u)) == 0 &&
        (p->spike.jumps != 0 || p->spike.hum_seen != 0)) {
        ecg_spike_look_for_hum(&p->spike);
    }
    if (ecg_condition_step(&p->condition, &p->rpeak)) {
        mark_waiting(p, ECG_FLAG_FIBRILLATION);
    }
    ECG_TRACE_DETECTOR(p);
}

/* RR interval after the first waiting beat. */
ECG_COLD static uint32_t next_rr(const ecg_pipeline_t *p) {
    uint32_t rr = ECG_RR_BOUND_SAMPLES;
    if (p->pending_count > 1) {
        rr = p->pending[1] - p->pending[0];
    } else if (p->ending != 0) {
        rr = ecg_rr_usual(&p->rr);
    }
    return rr < ECG_RR_BOUND_SAMPLES ? rr : ECG_RR_BOUND_SAMPLES;
}

/* Whether a beat waits whose window is complete and whose next RR interval is known or waited for no longer.
 */
ECG_COLD static bool is_due(const ecg_pipeline_t *p) {
    uint32_t waiting = p->pending_count;
    if (waiting == 0 || p->held_count == ECG_HELD_BEATS) {
        return false;
    }
    if (p->ending != 0) {
        return true;
    }
    uint32_t age = p->sample_count - p->pending[0];
    return age >= ECG_WINDOW_AFTER_SAMPLES && (waiting > 1 || age >= ECG_RR_WAIT_SAMPLES);
}

/* Measures the first waiting beat, which is due, and holds it. */
ECG_COLD static void measure(ecg_pipeline_t *p) {
    uint32_t r = p->pending[0];
    uint32_t rr_next = next_rr(p);
    uint32_t rr_prev = rr_next;
    if (p->measured_valid != 0) {
        rr_prev = r - p->measured_r;
        rr_prev = rr_prev < ECG_RR_MAX_SAMPLES ? rr_prev : ECG_RR_MAX_SAMPLES;
    }
    ecg_held_t *held = &p->held[p->held_count];
    held->r_sample = r;
    held->rr_prev_samples = (uint16_t)rr_prev;
    held->rr_next_samples = (uint16_t)rr_next;
    held->flags = p->pending_flags[0];
    ecg_beat_measure(p, (int32_t)(p->sample_count - r), held);
    p->held_count += 1;
    p->measured_r = r;
    p->measured_valid = 1;
    p->pending_count -= 1;
    for (uint32_t i = 0; i < p->pending_count; i++) {
        p->pending[i] = p->pending[i + 1];
        p->pending_flags[i] = p->pending_flags[i + 1];
    }
}

/* Whether the first held beat can be classified: all later beats that it looks ahead to are measured, or are
 * waited for no longer. */
ECG_COLD static bool is_ready(const ecg_pipeline_t *p) {
    if (p->held_count == 0 || p->held_count == ECG_HELD_BEATS) {
        return p->held_count != 0;
    }
    bool last = p->ending != 0 && p->pending_count == 0;
    return last || p->sample_count - p->held[0].r_sample >= ECG_LOOKAHEAD_WAIT_SAMPLES;
}

/* Classifies the first held beat if it can be; 1 = *beat was written. */
ECG_COLD static int release(ecg_pipeline_t *p, ecg_beat_t *beat) {
    if (!is_ready(p)) {
        return 0;
    }
    beat->r_sample = p->held[0].r_sample;
    beat->rr_prev_samples = p->held[0].rr_prev_samples;
    beat->rr_next_samples = p->held[0].rr_next_samples;
    beat->flags = p->held[0].flags;
    beat->sqi = p->held[0].sqi;
    ecg_quality_mark(&p->quality, beat);
    ecg_beat_classify(p, beat);
    p->held_count -= 1;
    memmove(p->held, p->held + 1, p->held_count * sizeof p->held[0]);
    return 1;
}

/* Whether the present sample is number `when` or a later one. */
static bool passed(const ecg_pipeline_t *p, uint32_t when) {
    return p->sample_count - when < UINT32_C(0x80000000);
}

/* The earlier one of two sample numbers. */
static uint32_t earlier(uint32_t a, uint32_t b) {
    return a - b < UINT32_C(0x80000000) ? b : a;
}

/* When a beat will be due at the earliest, unless another R peak is found before. */
ECG_COLD static uint32_t next_alarm(const ecg_pipeline_t *p) {
    uint32_t alarm = p->sample_count + UINT32_C(0x40000000);
    if (p->pending_count > 0) {
        uint32_t wait = p->pending_count > 1 ? ECG_WINDOW_AFTER_SAMPLES : ECG_RR_WAIT_SAMPLES;
        alarm = earlier(alarm, p->pending[0] + wait);
    }
    return p->held_count > 0 ? earlier(alarm, p->held[0].r_sample + ECG_LOOKAHEAD_WAIT_SAMPLES) : alarm;
}

/* A beat may be due: measures and classifies it if it is; 1 = *beat was written. */
ECG_COLD static int hand_out(ecg_pipeline_t *p, ecg_beat_t *beat) {
    if (is_due(p)) {
        measure(p);
    }
    int result = release(p, beat);
    p->alarm = next_alarm(p);
    return result;
}

int ecg_pipeline_push(ecg_pipeline_t *p, int16_t x, ecg_beat_t *beat) {
    if (p == NULL || beat == NULL) {
        return ECG_ERR_NULL;
    }
    if (ecg_input_quiet(&p->input, x) || judge_input(p, x)) {
        bool jumps = ecg_spike_push(&p->spike, p->input.hold);
        int16_t filtered = ecg_bandpass_step(&p->bandpass, jumps ? clean(p) : ecg_spike_output(&p->spike));
        ecg_ring_write(&p->ring, filtered);
        if (ecg_rpeak_add(&p->rpeak, filtered)) {
            detect(p);
        }
    } else {
        ecg_ring_write(&p->ring, 0);
    }
    ECG_TRACE_SAMPLE(p);
    int result = passed(p, p->alarm) ? hand_out(p, beat) : 0;
    p->sample_count += 1;
    return result;
}

/* Whether what the search for spikes still holds can be let out, by holding the last sample: nothing was bad
 * lately, and it does not become a flat stretch by that. */
ECG_COLD static bool may_drain(const ecg_pipeline_t *p) {
    return p->drained < ECG_SPIKE_DELAY_SAMPLES && p->input.quiet_span != 0 &&
           p->input.flat_left + p->drained > ECG_SPIKE_DELAY_SAMPLES + 1u;
}

ECG_COLD int ecg_pipeline_flush(ecg_pipeline_t *p, ecg_beat_t *beat) {
    if (p == NULL || beat == NULL) {
        return ECG_ERR_NULL;
    }
    while (may_drain(p)) {
        p->drained += 1;
        if (ecg_pipeline_push(p, p->input.hold, beat) == 1) {
            return 1;
        }
    }
    if (p->ending == 0) {
        p->ending = 1;
        /* From here sample_count is the number of the newest sample, one before the next. */
        p->sample_count -= 1;
        add_found(p, ecg_rpeak_flush(&p->rpeak));
    }
    while (is_due(p)) {
        measure(p);
    }
    return release(p, beat);
}
