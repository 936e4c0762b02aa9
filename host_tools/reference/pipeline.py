"""Joins the stages: samples in, beats out. Twin of ``ecg_pipeline.c``."""

from __future__ import annotations

from typing import Any

from .bandpass import bandpass_prime, bandpass_step
from .beat import BEAT_VALUES, beat_classify, beat_measure
from .condition import condition_beat, condition_reset, condition_step
from .fixed import kernel, to_int
from .input import INPUT_RESTART, INPUT_SKIP, RAIL_HIGH, RAIL_LOW, input_set_rails, input_step
from .params import (
    CONDITION_LOOK_STEPS,
    DELAY_SAMPLES,
    FLAT_SAMPLES,
    LOOKAHEAD_WAIT_SAMPLES,
    MINIMUM_RR_SAMPLES,
    RING_SAMPLES,
    RPEAK_CENTRE_SAMPLES,
    RPEAK_DECIMATION,
    RR_BOUND_SAMPLES,
    RR_MAX_SAMPLES,
    RR_SHORT_BEATS,
    RR_WAIT_SAMPLES,
    SPIKE_AT_SAMPLES,
    SPIKE_DELAY_SAMPLES,
    SPIKE_FAR_SAMPLES,
    SPIKE_PACED_SAMPLES,
    STEP_AFTER_SAMPLES,
    STEP_BEFORE_SAMPLES,
    WINDOW_AFTER_SAMPLES,
)
from .quality import quality_contact, quality_mark
from .refine import refine_r_peak
from .rpeak import rpeak_flush, rpeak_hurry, rpeak_push, rpeak_reset
from .rr import rr_usual
from .spike import SPIKE_NONE, SPIKE_STEP, spike_look_for_hum, spike_output, spike_prime, spike_step
from .state import HELD_BEATS, PENDING_BEATS, SPIKES_KEPT

_LEARNING = 1
_UNDECIDED = 16
_PACED = 32
_FIBRILLATION = 64
_INPUT_SATURATED = 2  # flags of the input ...
_INPUT_LEAD_OFF = 4
_LEAD_OFF = 1  # ... and the conditions that they are
_SATURATED = 2
_CONDITION_FIBRILLATION = 8
_UINT32 = 0xFFFFFFFF


@kernel
def pipeline_init(p: Any, first_sample: int) -> None:
    """Prepare a zeroed state; the first sample pushed gets the number ``first_sample`` (uint32)."""
    p.sample_count = first_sample
    input_set_rails(p.input, RAIL_LOW, RAIL_HIGH)
    rpeak_reset(p.rpeak)


@kernel
def sample_distance(later: int, earlier: int) -> int:
    """Samples from ``earlier`` to ``later``, both numbers modulo 2^32."""
    return (to_int(later) - to_int(earlier)) & _UINT32


@kernel
def pipeline_add_artefact(p: Any, found: int) -> None:
    """Keep the sample of a spike that was taken out, or of a step, as it leaves the filters."""
    at = (to_int(p.sample_count) + DELAY_SAMPLES - SPIKE_FAR_SAMPLES) & _UINT32
    if found == SPIKE_STEP:
        p.step_at = at
        p.stepped = 1
        return
    p.spikes[p.spike_index] = at
    p.spike_index = (to_int(p.spike_index) + 1) % SPIKES_KEPT
    p.spike_count = min(to_int(p.spike_count) + 1, SPIKES_KEPT)


@kernel
def pipeline_mark_waiting(p: Any, flags: int) -> None:
    """Set flags of every beat that has not gone out."""
    for i in range(p.pending_count):
        p.pending_flags[i] = to_int(p.pending_flags[i]) | flags
    for i in range(p.held_count):
        p.held_flags[i] = to_int(p.held_flags[i]) | flags


@kernel
def pipeline_contact(p: Any) -> None:
    """Follow the lead; bad input marks every beat that has not gone out."""
    flags = quality_contact(p.quality, p.input)
    if flags != 0:
        pipeline_mark_waiting(p, flags)


@kernel
def pipeline_flags(p: Any) -> int:
    """Flags that a beat found now carries."""
    flags = to_int(p.input.recover_flags)
    if (p.condition.held & _CONDITION_FIBRILLATION) != 0:
        flags |= _FIBRILLATION
    if p.rpeak.learn_left > 0 or p.rr.intervals.count < RR_SHORT_BEATS:
        flags |= _LEARNING
    return flags


@kernel
def pipeline_spike_near(p: Any, r: int, first: int, count: int) -> bool:
    """Whether one of the last spikes lies from ``first`` samples before the R peak on, over ``count``."""
    near = False
    for i in range(p.spike_count):
        near = near or sample_distance(p.spikes[i], r - first) < count
    return near


@kernel
def pipeline_at_artefact(p: Any, r: int) -> bool:
    """Whether an R peak lies right at a spike or a step: it may be what that left behind."""
    span = STEP_BEFORE_SAMPLES + STEP_AFTER_SAMPLES
    if p.stepped == 1 and sample_distance(r + STEP_BEFORE_SAMPLES, p.step_at) < span:
        return True
    return pipeline_spike_near(p, r, SPIKE_AT_SAMPLES, 2 * SPIKE_AT_SAMPLES + 1)


@kernel
def pipeline_reach(rpeak: Any) -> int:
    """How far from a lobe's middle its R peak is looked for, samples: a quarter of the mean RR."""
    if rpeak.rr_mean > 0:
        return (to_int(rpeak.rr_mean) * RPEAK_DECIMATION) >> 6
    return RING_SAMPLES


@kernel
def pipeline_judge_r_peak(p: Any, i: int, r: int) -> int:
    """Flags of the R peak ``r`` of beat ``i`` of those just found; lets the conditions know of it."""
    at_artefact = pipeline_at_artefact(p, r)
    after_artefact = p.last_at_artefact == 1
    unsure = at_artefact or (to_int(p.rpeak.found_doubtful) >> i) & 1 == 1
    unlike = (to_int(p.rpeak.found_unlike) >> i) & 1 == 1
    doubtful = unsure or after_artefact
    if unlike:
        p.condition.doubtful = 1
    elif not at_artefact or not after_artefact:
        step = sample_distance(p.rpeak.steps, p.rpeak.found_age[i])
        condition_beat(p.condition, step, unsure, doubtful)
    p.last_at_artefact = 0
    if at_artefact:
        p.last_at_artefact = 1
    flags = pipeline_flags(p)
    if doubtful:  # the beat before, too: its next interval is no surer
        pipeline_mark_waiting(p, _UNDECIDED)
        flags |= _UNDECIDED
    if pipeline_spike_near(p, r, SPIKE_PACED_SAMPLES, SPIKE_PACED_SAMPLES + 1):
        flags |= _PACED
    return flags


@kernel
def pipeline_has_room(p: Any, r: int) -> bool:
    """Whether an R peak can be queued: there is room, and it is not too near the last one."""
    if p.last_r_valid == 1:
        distance = sample_distance(r, p.last_r)
        if distance < MINIMUM_RR_SAMPLES or distance > 0x7FFFFFFF:
            return False
    return bool(p.pending_count != PENDING_BEATS)


@kernel
def pipeline_queue(p: Any, r: int, down: int, flags: int) -> None:
    """Put a refined R peak in the queue."""
    target = 256
    if down == 1:
        target = -256
    p.rpeak.polarity = p.rpeak.polarity + ((target - p.rpeak.polarity) >> 3)
    p.pending[p.pending_count] = r
    p.pending_flags[p.pending_count] = flags
    p.pending_count = p.pending_count + 1
    p.last_r = r
    p.last_r_valid = 1


@kernel
def pipeline_add_given(p: Any, age: int) -> bool:
    """Queue an R peak that was given, refined around ``age`` samples before the newest."""
    found = refine_r_peak(p.ring, to_int(p.ring_index), age, to_int(p.rpeak.polarity), RING_SAMPLES)
    r = (to_int(p.sample_count) - (found >> 1)) & _UINT32
    if not pipeline_has_room(p, r):
        return False
    pipeline_queue(p, r, found & 1, pipeline_flags(p))
    return True


@kernel
def pipeline_add_r_peak(p: Any, i: int, centre_age: int) -> None:
    """Refine the R peak of beat ``i`` of those just found around ``centre_age`` and put it in the queue."""
    reach = pipeline_reach(p.rpeak)
    found = refine_r_peak(p.ring, to_int(p.ring_index), centre_age, to_int(p.rpeak.polarity), reach)
    r = (to_int(p.sample_count) - (found >> 1)) & _UINT32
    if not pipeline_has_room(p, r):
        return
    pipeline_queue(p, r, found & 1, pipeline_judge_r_peak(p, i, r))
    p.trace.r_sample[p.trace.r_count] = r
    p.trace.r_polarity[p.trace.r_count] = p.rpeak.polarity
    p.trace.r_count = p.trace.r_count + 1


@kernel
def pipeline_add_found(p: Any, count: int) -> None:
    """Queue the beats that the detector has just found."""
    for i in range(count):
        age = to_int(p.rpeak.found_age[i]) * RPEAK_DECIMATION
        pipeline_add_r_peak(p, i, age + to_int(p.rpeak.decimation_count) + RPEAK_CENTRE_SAMPLES)


@kernel
def pipeline_filter(p: Any, x: int) -> int:
    """Judge and filter one raw sample into the ring; 0 where the chain rests, else 1."""
    code = input_step(p.input, x)
    if p.input.bad_count == 1:
        newest = to_int(p.sample_count)
        p.sample_count = (newest - 1) & _UINT32  # of the newest sample in the filters
        pipeline_add_found(p, rpeak_hurry(p.rpeak))
        p.sample_count = newest
    if p.input.recover_count > 0:
        pipeline_contact(p)
    if code == INPUT_RESTART:
        bandpass_prime(p.bandpass, to_int(p.input.hold))
        spike_prime(p.spike, to_int(p.input.hold))
        rpeak_reset(p.rpeak)
        condition_reset(p.condition)
        p.last_r_valid = 0
        p.last_at_artefact = 0
    p.filtered = 0
    if code != INPUT_SKIP:
        found = spike_step(p.spike, to_int(p.input.hold))
        if found != SPIKE_NONE:
            pipeline_add_artefact(p, found)
        p.filtered = bandpass_step(p.bandpass, spike_output(p.spike))
    p.ring[p.ring_index] = p.filtered
    p.ring_index = p.ring_index + 1
    if p.ring_index == RING_SAMPLES:
        p.ring_index = 0
    if code == INPUT_SKIP:
        return 0
    return 1


@kernel
def pipeline_next_rr(p: Any) -> int:
    """RR interval after the first waiting beat, samples; 0 while it is not known."""
    r = p.pending[0]
    if p.pending_count > 1:
        return min(sample_distance(p.pending[1], r), RR_BOUND_SAMPLES)
    if p.ending == 1:
        return min(rr_usual(p.rr), RR_BOUND_SAMPLES)
    if sample_distance(p.sample_count, r) >= RR_WAIT_SAMPLES:
        return RR_BOUND_SAMPLES
    return 0


@kernel
def pipeline_measure(p: Any) -> int:
    """Measure the first waiting beat once its window and next RR are known and hold it; 1 = done."""
    if p.pending_count == 0 or p.held_count == HELD_BEATS:
        return 0
    r = to_int(p.pending[0])
    age = sample_distance(p.sample_count, r)
    rr_next = pipeline_next_rr(p)
    if rr_next == 0 or (age < WINDOW_AFTER_SAMPLES and p.ending == 0):
        return 0
    rr_prev = rr_next
    if p.measured_valid == 1:
        rr_prev = min(sample_distance(r, p.measured_r), RR_MAX_SAMPLES)
    held = to_int(p.held_count)
    p.held_r[held] = r
    p.held_prev[held] = rr_prev
    p.held_next[held] = rr_next
    p.held_flags[held] = p.pending_flags[0]
    beat_measure(p, age, held)
    p.held_count = held + 1
    p.measured_r = r
    p.measured_valid = 1
    p.pending_count = p.pending_count - 1
    for i in range(p.pending_count):
        p.pending[i] = p.pending[i + 1]
        p.pending_flags[i] = p.pending_flags[i + 1]
    return 1


@kernel
def pipeline_release(p: Any, beat: Any) -> int:
    """Classify the first held beat once the beats that it looks ahead to are known; 1 = ``beat`` written."""
    if p.held_count == 0:
        return 0
    age = sample_distance(p.sample_count, to_int(p.held_r[0]))
    last = p.ending == 1 and p.pending_count == 0
    if p.held_count < HELD_BEATS and (age < LOOKAHEAD_WAIT_SAMPLES and not last):
        return 0
    beat.r_sample = p.held_r[0]
    beat.rr_prev_samples = p.held_prev[0]
    beat.rr_next_samples = p.held_next[0]
    beat.flags = p.held_flags[0]
    beat.sqi = p.held_sqi[0]
    quality_mark(p.quality, beat)
    beat_classify(p, beat)
    p.held_count = p.held_count - 1
    for i in range(p.held_count):
        p.held_r[i] = p.held_r[i + 1]
        p.held_prev[i] = p.held_prev[i + 1]
        p.held_next[i] = p.held_next[i + 1]
        p.held_flags[i] = p.held_flags[i + 1]
        p.held_sqi[i] = p.held_sqi[i + 1]
        for k in range(BEAT_VALUES):
            p.held_input[i * BEAT_VALUES + k] = p.held_input[(i + 1) * BEAT_VALUES + k]
    return 1


@kernel
def pipeline_detect(p: Any) -> int:
    """Feed the newest filtered sample to the detector; returns the number of beats found."""
    return rpeak_push(p.rpeak, to_int(p.filtered))


@kernel
def pipeline_look_for_hum(p: Any) -> None:
    """After a detector step: look for hum now and then, where the signal jumps."""
    jumps = p.spike.jumps != 0 or p.spike.hum_seen != 0
    if to_int(p.rpeak.steps) % CONDITION_LOOK_STEPS == 0 and jumps:
        spike_look_for_hum(p.spike)


@kernel
def pipeline_take(p: Any, x: int) -> None:
    """Take one sample as far as the R peaks and the conditions."""
    if pipeline_filter(p, x) == 0:
        return
    pipeline_add_found(p, pipeline_detect(p))
    if p.rpeak.decimation_count != 0:
        return
    pipeline_look_for_hum(p)
    if condition_step(p.condition, p.rpeak):
        pipeline_mark_waiting(p, _FIBRILLATION)


@kernel
def pipeline_drain(p: Any) -> bool:
    """Let out a sample of what the search for spikes holds at a record's end: the last one is to be held.

    Not if something was bad lately, or if it became a flat stretch by that. Counts the samples.
    """
    calm = p.input.primed == 1 and p.input.recover_count == 0 and p.input.bad_count == 0
    flat_left = FLAT_SAMPLES - to_int(p.input.flat_count)
    flat = flat_left + to_int(p.drained) <= SPIKE_DELAY_SAMPLES + 1
    if p.drained >= SPIKE_DELAY_SAMPLES or flat or not calm:
        return False
    p.drained = p.drained + 1
    return True


@kernel
def pipeline_end(p: Any) -> None:
    """End of the record, after the last sample that was drained: find what the detector still has."""
    if p.ending == 0:
        p.ending = 1
        # The newest sample is the last one pushed, one before sample_count.
        p.sample_count = (to_int(p.sample_count) - 1) & _UINT32
        p.trace.r_count = 0
        pipeline_add_found(p, rpeak_flush(p.rpeak))


@kernel
def pipeline_conditions(p: Any) -> int:
    """What holds at the newest sample, CONDITION_*."""
    if p.quality.lead_off == 0:
        return to_int(p.condition.held)
    conditions = 0
    if (p.input.recover_flags & _INPUT_SATURATED) != 0:
        conditions |= _SATURATED
    if (p.input.recover_flags & _INPUT_LEAD_OFF) != 0:
        conditions |= _LEAD_OFF
    return conditions


@kernel
def pipeline_step(p: Any, x: int) -> int:
    """Take one sample as far as the measures of a beat; 1 = a beat was measured."""
    p.trace.r_count = 0
    pipeline_take(p, x)
    return pipeline_measure(p)


@kernel
def pipeline_advance(p: Any, beat: Any) -> int:
    """Finish what :func:`pipeline_step` began; 1 = ``beat`` was written."""
    result = pipeline_release(p, beat)
    p.sample_count = (to_int(p.sample_count) + 1) & _UINT32
    return result


@kernel
def pipeline_push(p: Any, x: int, beat: Any) -> int:
    """Take one sample ``x`` (int16, adu, -32768 = missing); 1 = ``beat`` was written, else 0."""
    pipeline_step(p, x)
    return pipeline_advance(p, beat)


@kernel
def pipeline_flush(p: Any, beat: Any) -> int:
    """End of the record: hand out what still waits; call until it returns 0."""
    while pipeline_drain(p):
        if pipeline_push(p, to_int(p.input.hold), beat) == 1:
            return 1
    pipeline_end(p)
    while pipeline_measure(p) == 1:
        pass
    return pipeline_release(p, beat)
