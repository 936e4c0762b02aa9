"""One beat and everything that led to its class."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from host_tools.beats import CLASS_NAMES, FLAG_NAMES
from host_tools.ec57 import MATCH_WINDOW_MS
from host_tools.errors import UserError
from host_tools.records import EcgRecord
from host_tools.reference import params
from host_tools.reference.network import LOGIT_SCALE, LOGIT_ZERO_POINT
from host_tools.reference.run import RecordResult, run_record
from host_tools.reference.window import window_mean, window_noise_q8, window_sd
from host_tools.summary import clock

from .annotated import annotated_beat, in_flutter
from .features import Feature, feature_list
from .network import kernels_compiled, run_network, softmax_shares
from .occlusion import Inputs, Occlusion, blank, occlude, usual

#: Beats before and after that are shown at least, whatever the network sees.
SHOWN_BEFORE, SHOWN_AFTER = 12, 4

#: Units of the filtered signal in one millivolt.
_UNITS_PER_MV = params.ADU_PER_MV << params.FILTERED_FRAC_BITS


@dataclass(frozen=True)
class ContextBeat:
    """A beat around the explained one.

    ``offset``: beats from the explained one. ``row``: its row in the rhythm input, None outside it.
    ``sample``: R peak in the file's samples. ``rr_ms``: interval before it, milliseconds; None for the
    record's first beat, which has none.
    """

    offset: int
    row: int | None
    sample: int
    rr_ms: float | None
    letter: str


@dataclass(frozen=True)
class Case:
    """One beat explained.

    Attributes
    ----------
    record : EcgRecord
        Where it comes from.
    beats : ndarray of BEAT_DTYPE [n]
        All beats of the record, filter delay taken out, at the spec's rate.
    index : int
        Which of them this is.
    sample : int
        R peak in the file's samples.
    reference : str or None
        Class of the annotation within the match window; None where the record has none there.
    flutter : bool
        There is none because the annotators have ventricular flutter there.
    window_mv, template_mv : float64 [samples]
        Beat and template as the network sees them, each about its mean, mV.
    sd_mv : float
        Standard deviation of the template, by which both inputs are divided, mV.
    noise_q8 : int
        Roughness of the window outside the QRS; a beat above ``params.NOISY_Q8`` is flagged.
    inputs : Inputs
        The network's inputs.
    features : tuple of Feature
        Names of a row of the rhythm input.
    own_row : int
        The row of the beat itself.
    context : tuple of ContextBeat
        Beats around it, in time order.
    blank, usual : Occlusion
        What the parts of the inputs brought, by both replacements.
    conditions : ndarray of CONDITION_DTYPE
        What held in the record beside the beats.
    """

    record: EcgRecord
    beats: npt.NDArray[np.void]
    index: int
    sample: int
    reference: str | None
    flutter: bool
    window_mv: npt.NDArray[np.float64]
    template_mv: npt.NDArray[np.float64]
    sd_mv: float
    noise_q8: int
    inputs: Inputs
    features: tuple[Feature, ...]
    own_row: int
    context: tuple[ContextBeat, ...]
    blank: Occlusion
    usual: Occlusion
    conditions: npt.NDArray[np.void]

    @property
    def beat(self) -> npt.NDArray[np.void]:
        """Its beat record."""
        return self.beats[self.index]

    @property
    def answer(self) -> str:
        """The class that the device gave it."""
        return CLASS_NAMES[int(self.beat["aami_class"])]

    @property
    def runner_up(self) -> int:
        """The class that came second."""
        logits = self.logits.copy()
        logits[int(self.beat["aami_class"])] = -1000
        return int(np.argmax(logits))

    @property
    def logits(self) -> npt.NDArray[np.int64]:
        """Its int8 logits."""
        return np.asarray(self.beat["logits"], np.int64)

    @property
    def real_logits(self) -> npt.NDArray[np.float64]:
        """The logits as real numbers."""
        return (self.logits - LOGIT_ZERO_POINT) * LOGIT_SCALE

    @property
    def shares(self) -> npt.NDArray[np.float64]:
        """Softmax of the logits, 0..1."""
        return softmax_shares(self.logits)

    @property
    def lead(self) -> int:
        """Winning logit minus the second, int8 steps."""
        return int(self.logits[int(self.beat["aami_class"])] - self.logits[self.runner_up])

    @property
    def confidence(self) -> float:
        """The core's confidence, 0..1."""
        return int(self.beat["confidence_q8"]) / 255

    @property
    def rr_prev(self) -> int | None:
        """RR interval before it, samples of the chain; None for the first: the chain repeats the next."""
        return int(self.beat["rr_prev_samples"]) if self.index > 0 else None

    @property
    def rr_next(self) -> int | None:
        """RR interval after it, samples of the chain; None for the last: the chain assumes one."""
        return int(self.beat["rr_next_samples"]) if self.index + 1 < len(self.beats) else None

    @property
    def flags(self) -> list[str]:
        """Names of the beat's flags."""
        return [name for bit, name in FLAG_NAMES.items() if int(self.beat["flags"]) & bit]


def explain_beat(
    record: EcgRecord, wanted_sample: int, given: str | None = None, say: Callable[[str], None] | None = None
) -> Case:
    """Run a record through the reference chain and take one of its beats apart.

    Parameters
    ----------
    record : EcgRecord
        The recording.
    wanted_sample : int
        The R peak in the file's samples; the nearest beat is taken.
    given : str, optional
        How the user named it, for errors; by default the sample number.
    say : callable, optional
        Takes a line for the user before what may last a minute.

    Raises
    ------
    UserError
        The sample is outside the record, or the chain has no beat within the match window around it.
    """
    given = given or str(wanted_sample)
    _check_inside(record, wanted_sample, given)
    if say is not None and not kernels_compiled():
        say("compiling the reference chain, once for each version of it: about a minute")
    result = run_record(record.samples, trace=True, rails=record.rails)
    beats = result.beats.copy()
    at = beats["r_sample"].astype(np.int64) - params.DELAY_SAMPLES
    beats["r_sample"] = np.clip(at, 0, None)
    index = _nearest(record, beats, wanted_sample, given)
    window, template = (np.ascontiguousarray(result.trace[s][index]) for s in ("window", "template"))
    mean, template_mean = window_mean(window), window_mean(template)
    sd = window_sd(template, template_mean)
    rhythm = rhythm_rows(result)
    inputs = Inputs(result.beat_input[index], rhythm[index])
    own_row = params.LOOKAHEAD_BEATS
    median_row = np.rint(np.median(rhythm[:, own_row], axis=0)).astype(np.int8)
    reference, flutter = _annotated(record, int(beats["r_sample"][index]))
    return Case(
        record=record,
        beats=beats,
        index=index,
        sample=_file_sample(record, beats, index),
        reference=reference,
        flutter=flutter,
        window_mv=(window - mean) / _UNITS_PER_MV,
        template_mv=(template - template_mean) / _UNITS_PER_MV,
        sd_mv=sd / _UNITS_PER_MV,
        noise_q8=window_noise_q8(window, sd),
        inputs=inputs,
        features=feature_list(rhythm.shape[2]),
        own_row=own_row,
        context=_context(record, beats, index, inputs.rhythm, own_row),
        blank=occlude(run_network, inputs, blank(inputs)),
        usual=occlude(run_network, inputs, usual(inputs, median_row)),
        conditions=result.conditions,
    )


def rhythm_rows(result: RecordResult) -> npt.NDArray[np.int8]:
    """The rhythm inputs of a record's beats as int8 [beats, rows, features]."""
    flat = result.rhythm_input.reshape(len(result.beats), -1)
    return flat.reshape(len(flat), -1, params.RHYTHM_FEATURES)


def _file_sample(record: EcgRecord, beats: npt.NDArray[np.void], index: int) -> int:
    return int(record.to_file_samples(beats["r_sample"][index : index + 1].astype(np.int64))[0])


def _where(record: EcgRecord) -> str:
    return f"{record.name}, lead {record.lead}"


def _check_inside(record: EcgRecord, wanted_sample: int, given: str) -> None:
    if not record.start <= wanted_sample < record.stop:
        raise UserError(
            f"{_where(record)}: --beat {given} is outside samples {record.start} to {record.stop - 1} "
            f"(the last at {clock((record.stop - 1) / record.fs_hz)})"
        )


def _annotated(record: EcgRecord, r_sample: int) -> tuple[str | None, bool]:
    """Label of the annotation within the match window, and whether flutter is why there is none."""
    window = MATCH_WINDOW_MS * record.spec_fs_hz / 1000
    if beat := annotated_beat(record.reference, r_sample, window):
        return beat[0], False
    return None, in_flutter(record.reference, r_sample)


def _nearest(record: EcgRecord, beats: npt.NDArray[np.void], wanted_sample: int, given: str) -> int:
    """Number of the beat nearest to a sample of the file, within the match window."""
    if len(beats) == 0:
        raise UserError(f"{_where(record)}: BitBeat found no beats in it")
    samples = record.to_file_samples(beats["r_sample"].astype(np.int64))
    index = int(np.argmin(np.abs(samples - wanted_sample)))
    if abs(int(samples[index]) - wanted_sample) <= MATCH_WINDOW_MS * record.fs_hz / 1000:
        return index
    later = int(np.searchsorted(samples, wanted_sample))
    near = " and ".join(str(s) for s in samples[max(later - 1, 0) : later + 1])
    if missed := _missed(record, samples, wanted_sample):
        raise UserError(
            f"{_where(record)}: the annotators have a beat ({missed[0]}) at sample {missed[1]}, which "
            f"BitBeat missed: it has no answer to explain; its nearest beats: {near}"
        )
    named = f"sample {wanted_sample}" if given.isdecimal() else f"{given} (sample {wanted_sample})"
    raise UserError(f"{_where(record)}: no beat within {MATCH_WINDOW_MS} ms of {named}; the nearest: {near}")


def _missed(record: EcgRecord, found: npt.NDArray[np.int64], wanted_sample: int) -> tuple[str, int] | None:
    """Label and sample of an annotated beat that is meant and that is none of the ``found``; else None."""
    per_file = record.spec_fs_hz / record.fs_hz
    window = MATCH_WINDOW_MS * record.spec_fs_hz / 1000
    beat = annotated_beat(record.reference, round((wanted_sample - record.start) * per_file), window)
    if beat is None:
        return None
    at = int(record.to_file_samples(np.array([beat[1]]))[0])
    return None if np.abs(found - at).min() * per_file <= window else (beat[0], at)


def _context(
    record: EcgRecord, beats: npt.NDArray[np.void], index: int, rhythm: npt.NDArray[np.int8], own_row: int
) -> tuple[ContextBeat, ...]:
    # Rows of beats that did not exist when this one was classified are all zero.
    seen = {int(row) for row in np.flatnonzero(rhythm.any(axis=1))} | {own_row}
    before = max(SHOWN_BEFORE, len(rhythm) - 1 - own_row)
    after = max(SHOWN_AFTER, own_row)
    found = []
    for offset in range(-before, after + 1):
        i = index + offset
        if not 0 <= i < len(beats):
            continue
        row = own_row - offset
        found.append(
            ContextBeat(
                offset=offset,
                row=row if row in seen else None,
                sample=_file_sample(record, beats, i),
                rr_ms=1000 * int(beats["rr_prev_samples"][i]) / record.spec_fs_hz if i > 0 else None,
                letter=CLASS_NAMES[int(beats["aami_class"][i])],
            )
        )
    return tuple(found)
