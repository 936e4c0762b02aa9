"""Runs whole records through the reference; collects beats, network inputs and intermediate values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from host_tools.beats import BEAT_DTYPE, CONDITION_DTYPE

from .fixed import PLAIN, kernel, to_int
from .input import input_set_rails
from .network import NET_TRACE_BYTES
from .params import (
    BEAT_CHANNELS,
    CONTEXT_BEATS,
    DELAY_SAMPLES,
    MINIMUM_RR_SAMPLES,
    REFINE_AFTER_SAMPLES,
    REFINE_SPAN_SAMPLES,
    RHYTHM_FEATURES,
    RPEAK_DECIMATION,
    SPIKE_DELAY_SAMPLES,
    WINDOW_SAMPLES,
)
from .pipeline import (
    pipeline_add_given,
    pipeline_advance,
    pipeline_conditions,
    pipeline_detect,
    pipeline_drain,
    pipeline_end,
    pipeline_filter,
    pipeline_init,
    pipeline_measure,
    pipeline_release,
    pipeline_step,
)
from .state import FEATURE_VALUES, PIPELINE_DTYPE, CheckedRecord, new_record

Int8 = npt.NDArray[np.int8]
Int32 = npt.NDArray[np.int32]

#: Values per row of the per-sample, per-detector-step and per-R-peak traces.
SAMPLE_VALUES = 3
DETECTOR_VALUES = 11
R_PEAK_VALUES = 2


@dataclass
class RecordResult:
    """What a record gave.

    Attributes
    ----------
    beats : ndarray of BEAT_DTYPE, [n]
        Beats in order.
    beat_input : int8 [n, WINDOW_SAMPLES, BEAT_CHANNELS]
        The network's first input.
    rhythm_input : int8 [n, CONTEXT_BEATS, RHYTHM_FEATURES]
        The network's second input.
    rows : int8 [n, RHYTHM_FEATURES]
        Each beat's own features, of which the second input is made.
    peak_index : int64 [n]
        Where annotated peaks were given: which of them each beat is; else empty.
    conditions : ndarray of CONDITION_DTYPE, [m]
        Changes of the conditions in order; at the start none holds. Empty with annotated peaks.
    trace : dict of str to int32 [rows, values]
        Intermediate values by stage; empty unless asked for.
    """

    beats: npt.NDArray[np.void]
    beat_input: Int8
    rhythm_input: Int8
    rows: Int8
    peak_index: npt.NDArray[np.int64]
    conditions: npt.NDArray[np.void]
    trace: dict[str, npt.NDArray[Any]] = field(default_factory=dict)


@kernel
def _trace_sample(p: Any, row: Any) -> None:
    row[0] = p.input.hold
    row[1] = p.input.recover_flags
    row[2] = p.filtered


@kernel
def _trace_detector(p: Any, row: Any) -> None:
    s = p.rpeak
    # pipeline_push has moved on to the next sample already.
    row[9] = to_int(p.sample_count) - 1
    row[0] = s.integral
    row[1] = s.background
    row[2] = s.lobe_peak
    row[3] = s.candidate.peak_q10
    row[4] = s.candidate.score_q10
    row[5] = s.skipped.score_q10
    row[6] = s.qrs_q10
    row[7] = s.slope_q10
    row[8] = s.rr_mean
    row[10] = p.condition.held


@kernel
def _store_measures(p: Any, k: int, rows: Any, details: Any) -> None:
    for i in range(RHYTHM_FEATURES):
        rows[k, i] = p.trace.row[i]
    if len(details) > 0:
        for i in range(FEATURE_VALUES):
            details[k, i] = p.features[i]
        for i in range(WINDOW_SAMPLES):
            details[k, FEATURE_VALUES + i] = p.window[i]
            details[k, FEATURE_VALUES + WINDOW_SAMPLES + i] = p.template[i]


@kernel
def _store_beat(p: Any, k: int, beat_input: Any, rhythm_input: Any, layers: Any) -> None:
    for i in range(WINDOW_SAMPLES * BEAT_CHANNELS):
        beat_input[k, i] = p.trace.beat_input[i]
    for i in range(CONTEXT_BEATS * RHYTHM_FEATURES):
        rhythm_input[k, i] = p.trace.rhythm_input[i]
    if len(layers) > 0:
        for i in range(NET_TRACE_BYTES):
            layers[k, i] = p.trace.layers[i]


@kernel
def _trace_r_peaks(p: Any, rows: Any, count: int) -> int:
    for i in range(p.trace.r_count):
        if count < len(rows):
            rows[count, 0] = to_int(p.trace.r_sample[i])
            rows[count, 1] = p.trace.r_polarity[i]
            count += 1
    return count


@kernel
def _run_out(
    p: Any, measured: int, count: int,
    beats: Any, beat_input: Any, rhythm_input: Any, rows: Any, details: Any, layers: Any,
) -> int:  # fmt: skip
    """Measure and classify what waits at the end of a record; returns the number of beats."""
    got = 1
    while got == 1:
        while pipeline_measure(p) == 1:
            _store_measures(p, measured, rows, details)
            measured += 1
        got = pipeline_release(p, beats[count])
        if got == 1:
            _store_beat(p, count, beat_input, rhythm_input, layers)
            count += 1
    return count


@kernel
def _run_detected(
    p: Any, x: Any, beats: Any, beat_input: Any, rhythm_input: Any, rows: Any, details: Any, layers: Any,
    samples: Any, detector: Any, r_peaks: Any, conditions: Any,
) -> tuple[int, int, int]:  # fmt: skip
    """Push every sample, drain, then flush; returns numbers of beats, detector rows and R-peak rows."""
    count = 0
    measured = 0
    steps = 0
    peaks = 0
    for i in range(len(x) + SPIKE_DELAY_SAMPLES):
        before = to_int(p.rpeak.decimation_count)
        value = to_int(p.input.hold)
        if i < len(x):
            value = int(x[i])
        elif not pipeline_drain(p):
            break
        if pipeline_step(p, value) == 1:
            _store_measures(p, measured, rows, details)
            measured += 1
        got = pipeline_advance(p, beats[count])
        if i < len(x):
            conditions[i] = pipeline_conditions(p)
        if i < len(samples):
            _trace_sample(p, samples[i])
            if p.rpeak.decimation_count == 0 and (before == RPEAK_DECIMATION - 1 and p.input.primed == 1):
                _trace_detector(p, detector[steps])
                steps += 1
        if len(samples) > 0:
            peaks = _trace_r_peaks(p, r_peaks, peaks)
        if got == 1:
            _store_beat(p, count, beat_input, rhythm_input, layers)
            count += 1
    pipeline_end(p)
    if len(samples) > 0:
        peaks = _trace_r_peaks(p, r_peaks, peaks)
    count = _run_out(p, measured, count, beats, beat_input, rhythm_input, rows, details, layers)
    return count, steps, peaks


@kernel
def _run_annotated(
    p: Any, x: Any, given: Any, late: int,
    beats: Any, beat_input: Any, rhythm_input: Any, rows: Any, peak_index: Any,
) -> int:  # fmt: skip
    """As :func:`_run_detected`, with given R peaks in place of the detector's, each ``late`` samples late."""
    details = np.zeros((0, 1), np.int32)
    layers = np.zeros((0, 1), np.int8)
    count = 0
    measured = 0
    queued = 0
    upcoming = 0
    for i in range(len(x)):
        if pipeline_filter(p, int(x[i])) == 1:
            pipeline_detect(p)
        while upcoming < len(given) and given[upcoming] + late <= i:
            if pipeline_add_given(p, i - int(given[upcoming])):
                peak_index[queued] = upcoming
                queued += 1
            upcoming += 1
        if pipeline_measure(p) == 1:
            _store_measures(p, measured, rows, details)
            measured += 1
        if pipeline_advance(p, beats[count]) == 1:
            _store_beat(p, count, beat_input, rhythm_input, layers)
            count += 1
    p.ending = 1
    p.sample_count = to_int(p.sample_count) - 1
    while upcoming < len(given) and given[upcoming] < len(x):
        if pipeline_add_given(p, len(x) - 1 - int(given[upcoming])):
            peak_index[queued] = upcoming
            queued += 1
        upcoming += 1
    return _run_out(p, measured, count, beats, beat_input, rhythm_input, rows, details, layers)


def _new_beats(capacity: int) -> Any:
    if PLAIN:
        return [CheckedRecord(BEAT_DTYPE) for _ in range(capacity)]
    return np.zeros(capacity, BEAT_DTYPE).view(np.recarray)


def _beat_array(beats: Any, count: int) -> npt.NDArray[np.void]:
    if not PLAIN:
        return np.asarray(beats[:count]).view(BEAT_DTYPE)
    out = np.zeros(count, BEAT_DTYPE)
    for i in range(count):
        for name in BEAT_DTYPE.names or ():
            value = getattr(beats[i], name)
            out[name][i] = [value[j] for j in range(4)] if name == "logits" else value
    return out


def run_record(
    samples: npt.NDArray[np.int16],
    r_peaks: npt.NDArray[np.int64] | None = None,
    *,
    trace: bool = False,
    first_sample: int = 0,
    rails: tuple[int, int] | None = None,
) -> RecordResult:
    """Run a record through the reference chain.

    Parameters
    ----------
    samples : int16 [n]
        Samples at the spec's rate and in its unit, adu; -32768 where one is missing.
    r_peaks : int64 [m], optional
        Annotated R peaks (sample numbers on the raw signal, ascending), to be used in place of the
        detector's; each is refined like a detected one.
    trace : bool
        Also collect every intermediate value (only with the detector's own peaks).
    first_sample : int
        Number of the first sample, modulo 2^32.
    rails : tuple of int, optional
        Where the converter ends, adu: a sample at or beyond either is saturated.

    Returns
    -------
    RecordResult
        Beats, network inputs, and the trace if asked for.
    """
    x = np.ascontiguousarray(samples, np.int16)
    p = new_record(PIPELINE_DTYPE)
    pipeline_init(p, first_sample)
    if rails is not None:
        input_set_rails(p.input, *rails)
    # Two R peaks are never closer than the refractory distance.
    capacity = len(x) // MINIMUM_RR_SAMPLES + 4
    beats = _new_beats(capacity)
    beat_input = np.zeros((capacity, WINDOW_SAMPLES * BEAT_CHANNELS), np.int8)
    rhythm_input = np.zeros((capacity, CONTEXT_BEATS * RHYTHM_FEATURES), np.int8)
    feature_rows = np.zeros((capacity, RHYTHM_FEATURES), np.int8)
    peak_index = np.zeros(capacity, np.int64)
    collected: dict[str, npt.NDArray[Any]] = {}
    held = np.zeros(len(x) if r_peaks is None else 0, np.uint8)
    if r_peaks is None:
        rows = len(x) if trace else 0
        per_beat = capacity if trace else 0
        details = np.zeros((per_beat, FEATURE_VALUES + 2 * WINDOW_SAMPLES), np.int32)
        layers = np.zeros((per_beat, NET_TRACE_BYTES), np.int8)
        sample_rows = np.zeros((rows, SAMPLE_VALUES), np.int32)
        detector_rows = np.zeros((rows // RPEAK_DECIMATION + 1, DETECTOR_VALUES), np.int32)
        r_rows = np.zeros((per_beat, R_PEAK_VALUES), np.int64)
        # fmt: off
        count, steps, peaks = _run_detected(
            p, x, beats, beat_input, rhythm_input, feature_rows, details, layers,
            sample_rows, detector_rows, r_rows, held,
        )
        # fmt: on
        peak_index = peak_index[:0]
        if trace:
            collected = _name_trace(
                sample_rows, detector_rows[:steps], r_rows[:peaks], details[:count], layers[:count]
            )
    else:
        given = np.ascontiguousarray(r_peaks, np.int64) + DELAY_SAMPLES
        late = REFINE_AFTER_SAMPLES + REFINE_SPAN_SAMPLES
        count = _run_annotated(p, x, given, late, beats, beat_input, rhythm_input, feature_rows, peak_index)
        peak_index = peak_index[:count]
    result = RecordResult(
        _beat_array(beats, count),
        beat_input[:count].reshape(count, WINDOW_SAMPLES, BEAT_CHANNELS),
        rhythm_input[:count].reshape(count, CONTEXT_BEATS, RHYTHM_FEATURES),
        feature_rows[:count],
        peak_index,
        _changes(held, first_sample),
        collected,
    )
    if trace:
        result.trace["beat_input"] = beat_input[:count]
        result.trace["rhythm_input"] = rhythm_input[:count]
    return result


def _changes(held: npt.NDArray[np.uint8], first_sample: int) -> npt.NDArray[np.void]:
    """Changes of the conditions, CONDITION_DTYPE, from what holds at each sample, uint8 [n]."""
    at = np.flatnonzero(np.diff(held, prepend=np.uint8(0)))
    out = np.zeros(len(at), CONDITION_DTYPE)
    out["sample"] = (at + first_sample) & 0xFFFFFFFF
    out["conditions"] = held[at]
    return out


def _name_trace(
    samples: Int32, detector: Int32, r_peaks: npt.NDArray[np.int64], details: Int32, layers: Int8
) -> dict[str, npt.NDArray[Any]]:
    first = FEATURE_VALUES
    return {
        "sample": samples,
        "detector": detector,
        "r_peak": r_peaks,
        "features": details[:, :first],
        "window": details[:, first : first + WINDOW_SAMPLES],
        "template": details[:, first + WINDOW_SAMPLES :],
        "layers": layers,
    }
