"""Constants of the R-peak detector and of what stands around it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from export.spec_builder import Builder
from host_tools.errors import UserError

#: A detector step at 360 Hz: the time in which the changes of [condition] are told.
_STEP_S = 3 / 360

#: Weights of a candidate's features in the detector's score, in the order of the generated files.
_WEIGHTS = (
    *("bias", "peak", "sharpness", "beat_peak", "valley", "noise", "noise_slope", "early", "irregular"),
    *("irregular_early", "rr", "early_blunt", "twave"),
)


def add_spike(b: Builder, spike: dict[str, Any], adu_per_mv: int) -> None:
    """Spikes, and what lies near them; steps."""
    near = b.add("SPIKE_NEAR_SAMPLES", b.samples(spike["near_ms"]), "a spike has ended after these samples")
    far = b.add("SPIKE_FAR_SAMPLES", b.samples(spike["far_ms"]), "surroundings it stands out of, each side")
    b.add("SPIKE_DELAY_SAMPLES", far + near + 1, "delay of a sample by the search for spikes")
    reach = 2 * far + b.fs_hz // 50 + 1  # hum: a period of 50 Hz before the farthest surroundings
    b.add("SPIKE_RING", 1 << reach.bit_length(), "samples kept, a power of two")
    b.add("SPIKE_MINIMUM_ADU", round(spike["minimum_uv"] * adu_per_mv / 1000), "smallest spike")
    b.add("SPIKE_LARGE_ADU", round(spike["large_uv"] * adu_per_mv / 1000), "a larger one rings after itself")
    b.add("SPIKE_RATIO_HALVES", spike["ratio_halves"], "spike beside its surroundings, halves")
    b.add("SPIKE_PACED_SAMPLES", b.samples(spike["paced_ms"]), "an R peak so soon after a spike is paced")
    b.add("SPIKE_STEP_RATIO", spike["step_ratio"], "a step beside the range of what is before and after it")
    b.add("STEP_BEFORE_SAMPLES", b.samples(spike["step_before_ms"]), "an R peak so soon before a step, or")
    b.add("STEP_AFTER_SAMPLES", b.samples(spike["step_after_ms"]), "so soon after it, is not sure")
    b.add("SPIKE_AT_SAMPLES", b.samples(spike["at_ms"]), "a wave so near a spike is what it left behind")


def add_hum(b: Builder, hum: dict[str, Any], adu_per_mv: int) -> None:
    """Hum of the mains."""
    for mains_hz in (50, 60):
        name = f"HUM_{mains_hz}"
        b.add(f"{name}_SAMPLES", round(b.fs_hz / mains_hz), f"a period of {mains_hz} Hz")
        b.add(f"{name}_HALF_Q8", round(256 * b.fs_hz / (2 * mains_hz)), "half a period, samples, Q8")
    span = b.add("HUM_SPAN_SAMPLES", max(1, round(b.fs_hz / 110)), "half a period of either, about")
    b.add("HUM_PHASES", max(3, span), "phases that hum is looked for at")
    b.add(
        "HUM_MINIMUM_ADU", round(4 * hum["minimum_uv"] * adu_per_mv / 1000), "4 times the least hum taken out"
    )
    b.add("HUM_SEEN_ENOUGH", hum["seen_enough"], "looks that see it before it is")
    b.add("HUM_SEEN_MOST", hum["seen_most"], "looks that are counted")


def add_rpeak(b: Builder, rp: dict[str, Any], signal: dict[str, Any], frac_bits: int) -> None:
    """The R-peak detector."""
    step = b.add("RPEAK_DECIMATION", max(1, round(b.fs_hz / rp["rate_hz"])), "samples in one detector step")
    step_ms = 1000 * step / b.fs_hz

    def steps(name: str, key: str, comment: str) -> int:
        return b.add(name, max(1, round(rp[key] / step_ms)), comment + ", detector steps")

    short = steps("RPEAK_SHORT_STEPS", "band_short_ms", "short moving mean of the QRS enhancer")
    long = steps("RPEAK_LONG_STEPS", "band_long_ms", "long moving mean of the QRS enhancer")
    total = steps("RPEAK_INTEGRATE_STEPS", "integrate_ms", "length of the moving sum")
    b.add("RPEAK_RING_STEPS", 1 << (max(long, total) - 1).bit_length(), "steps kept, a power of two")
    steps("RPEAK_HOLD_STEPS", "peak_hold_ms", "longest wait after a maximum of the moving sum")
    steps("RPEAK_REFRACTORY_STEPS", "refractory_ms", "of two closer candidates the better counts")
    steps("RPEAK_WAIT_STEPS", "wait_ms", "an unsure candidate waits this long for a better one")
    steps("RPEAK_LEARN_STEPS", "learn_ms", "first stretch, from which the level is set")
    steps("RPEAK_TWIN_MAX_STEPS", "twin_max_ms", "the next beat, if so soon, can vouch for a skipped one")
    steps("RPEAK_SEARCHBACK_MAX_STEPS", "searchback_max_ms", "search-back at the latest")
    steps("RPEAK_EARLY_STEPS", "early_ms", "a blunt candidate sooner than this is suspicious")
    steps("RPEAK_TWAVE_STEPS", "twave_ms", "a very blunt candidate sooner than this may be a T wave")
    for name in ("early", "twave"):
        ramp = round(1024 * step_ms / rp[f"{name}_ramp_ms"])
        b.add(f"RPEAK_{name.upper()}_RAMP_Q10", ramp, f"{name}: what a step sooner adds, at most 1")
    default_rr = round(1024 * math.log2(rp["default_rr_ms"] / step_ms))
    b.add("RPEAK_DEFAULT_RR_Q10", default_rr, "log2 of the mean RR in steps before there is one")
    keys = ("sure_score", "replace_margin", "searchback_score", "twin_score", "twin_log2")
    for key in keys:
        b.add(f"RPEAK_{key.upper()}_Q10", rp[key + "_q10"], "see spec.toml")
    b.add("RPEAK_SEARCHBACK_RR_Q8", rp["searchback_rr_q8"], "see spec.toml")
    early, lower = rp["searchback_early_q8"], rp["searchback_lower_q10"]
    b.add("RPEAK_SEARCHBACK_EARLY_Q8", early, "sooner than this share of the mean RR, and")
    b.add("RPEAK_SEARCHBACK_LOWER_Q10", lower, "so far below known beats: a T wave, log2")
    _rpeak_before(b, rp, steps)
    _rpeak_doubt(b, rp, steps)
    b.add("RPEAK_LEVEL_SHIFT", rp["level_shift"], "levels follow beats by 2^-this")
    b.add("RPEAK_DECAY_Q10", rp["level_decay_q10"], "fall of the levels in a step without beats for long")
    b.add("RPEAK_BACKGROUND_STEPS", rp["background_every_steps"], "the background is taken this often")
    b.add("RPEAK_BACKGROUND_SHIFT", rp["background_shift"], "and follows by 2^-this")
    for key in _WEIGHTS:
        b.add(f"RPEAK_WEIGHT_{key.upper()}_Q8", rp["weight_q8"][key], "see spec.toml")
    # The enhancer is (long * sum over short - short * sum over long) of sums of `step` filtered samples.
    unit = short * long * step * 2**frac_bits * signal["adu_per_mv"] / 1000
    minimum = round(rp["minimum_peak_uv"] * unit * total / 16)
    b.add("RPEAK_MINIMUM_PEAK", minimum, "smallest peak that can be a beat")
    b.add("RPEAK_MINIMUM_Q10", round(1024 * math.log2(minimum)), "log2 of that")
    # From the newest sample of the moving sum's maximum back to the middle of the QRS complex.
    delay = ((long - 1) / 2 + (total - 1) / 2) * step + (step - 1) / 2
    b.add("RPEAK_CENTRE_SAMPLES", round(delay), "samples from a maximum of the moving sum back to the QRS")
    b.add("REFINE_BEFORE_SAMPLES", b.samples(rp["refine_before_ms"]), "search for the R peak from here ...")
    b.add("REFINE_AFTER_SAMPLES", b.samples(rp["refine_after_ms"]), "... to here around the QRS")
    b.add("REFINE_SPAN_SAMPLES", b.samples(rp["refine_span_ms"]), "span of the sharpening difference")
    b.add(
        "REFINE_POLARITY_Q8",
        rp["refine_polarity_q8"],
        "share at which the other polarity loses to the usual one",
    )
    b.add("MINIMUM_RR_SAMPLES", b.samples(rp["minimum_rr_ms"]), "smallest distance of two R peaks")


def _rpeak_before(b: Builder, rp: dict[str, Any], steps: Callable[[str, str, str], int]) -> None:
    """What keeps P and T waves out."""
    b.add("RPEAK_SMALL_Q10", rp["small_log2_q10"], "a beat so far below the last one moves no level, log2")
    steps("RPEAK_SMALL_STEPS", "small_ms", "if it comes this soon")
    b.add("RPEAK_BEFORE_BELOW_Q10", rp["before_log2_q10"], "a wave so far below the next beat, log2,")
    b.add("RPEAK_BEFORE_BLUNT_Q10", rp["before_blunt_q10"], "and so much blunter, log2,")
    steps("RPEAK_BEFORE_STEPS", "before_ms", "at most this long before it, is remembered")
    b.add("RPEAK_BEFORE_BEATS", rp["before_beats"], "for so many beats without the like,")
    b.add("RPEAK_BEFORE_RISE", rp["before_rise"], "and levels rise so many times faster after it")
    for key in ("peak", "slope"):
        b.add(f"RPEAK_BEFORE_{key.upper()}_Q10", rp[f"before_{key}_q10"], f"likeness to it, {key}, log2")
    b.add("RPEAK_BEFORE_LOW_Q10", rp["before_low_q10"], "what is like it is so far below the level, log2")
    b.add("RPEAK_BEFORE_NOISE_Q10", rp["before_noise_q10"], "and counts where the noise is below this")
    b.add("RPEAK_BEFORE_SCORE_Q10", rp["before_score_q10"], "score that it loses")
    b.add("RPEAK_FAR_Q10", rp["far_log2_q10"], "or one so far below level and last beat, log2")
    b.add("RPEAK_LEARN_RATIO", rp["learn_ratio"], "largest ratio of the halves of the learning time")


def _rpeak_doubt(b: Builder, rp: dict[str, Any], steps: Callable[[str, str, str], int]) -> None:
    """What makes a beat, or that none was missed before it, unsure."""
    b.add("RPEAK_DOUBT_SCORE_Q10", rp["doubt_score_q10"], "a beat with less is not sure")
    b.add("RPEAK_DOUBT_SKIPPED_Q10", rp["doubt_skipped_q10"], "a skipped candidate above this may be one")
    b.add("RPEAK_DOUBT_LOWER_Q10", rp["doubt_lower_q10"], "so may one less far below the level, log2,")
    b.add("RPEAK_APART_LOWER_Q10", rp["apart_lower_q10"], "or than this, apart from P and T waves:")
    steps("RPEAK_APART_AFTER_STEPS", "apart_after_ms", "more than this after the last beat")
    steps("RPEAK_APART_BEFORE_STEPS", "apart_before_ms", "and before the next")
    b.add("RPEAK_UNLIKE_LOWER_Q10", rp["unlike_lower_q10"], "a beat so far below what is known, log2,")
    b.add("RPEAK_UNLIKE_BLUNTER_Q10", rp["unlike_blunter_q10"], "and so much blunter may be a P wave, log2,")
    b.add("RPEAK_UNLIKE_BEATS", rp["unlike_beats"], "unless so many are,")
    b.add("RPEAK_FOLLOWED_Q10", rp["followed_log2_q10"], "with another wave so far below each, log2")
    b.add("RPEAK_APART_SCORE_Q10", rp["apart_score_q10"], "score that what lies apart has at least")
    b.add("RPEAK_KNOWN_SHIFT", rp["known_shift"], "what is known follows beats by 2^-this")


def add_train(b: Builder, train: dict[str, Any]) -> None:
    """Regular trains of waves."""
    step_ms = 1000 * b.constants["RPEAK_DECIMATION"] / b.fs_hz

    def steps(key: str, comment: str) -> int:
        value = max(1, round(train[key + "_ms"] / step_ms))
        return b.add(f"TRAIN_{key.upper()}_STEPS", value, comment + ", detector steps")

    steps("shortest", "distance of two waves of a train, least")
    steps("longest", "and largest")
    steps("fast", "the largest at which it is followed")
    b.add("TRAIN_FIT_Q8", train["fit_q8"], "distances differ by at most this share")
    b.add("TRAIN_LOWER_Q8", train["lower_q8"], "least share of the running height that a wave has")
    steps("merge", "a smaller wave this soon belongs to the one before")
    hold = steps("hold", "a wave ends this long after its maximum at the earliest")
    lobe = (b.constants["RPEAK_INTEGRATE_STEPS"] - 1) // 2
    if hold <= lobe:
        raise UserError(f"train.hold_ms is {hold} steps: a wave must end after its lobe, {lobe} steps")
    b.add("TRAIN_DECAY_STEPS", train["decay_steps"], "the running height falls this often, detector steps,")
    b.add("TRAIN_DECAY_SHIFT", train["decay_shift"], "by 2^-this")
    steps("forget", "without a wave for so long the next one sets the height")
    b.add("TRAIN_SIDE_Q8", train["side_q8"], "least height of the side followed beside the other")
    b.add("TRAIN_WAVES", train["waves"], "like distances in a row that make a train")
    b.add("TRAIN_LOW_Q10", train["low_log2_q10"], "farthest that its waves lie below the level, log2")
    steps("apart", "two of its beats are at least this far apart")
    b.add("TRAIN_LOST_Q2", train["lost_q2"], "quarters of its distance after which a train is over")


def add_condition(b: Builder, condition: dict[str, Any]) -> None:
    """What holds beside the beats."""
    pause = b.samples(condition["pause_ms"])
    b.add("PAUSE_SAMPLES", pause, "no beat for this long is a pause, or a signal that cannot be read")
    step = b.constants["RPEAK_DECIMATION"]
    seconds = step / b.fs_hz
    unit = step * 2 ** b.constants["FILTERED_FRAC_BITS"] * b.constants["ADU_PER_MV"] / 1000  # of a microvolt
    b.add("PAUSE_STEPS", round(pause / step), "the same in detector steps")
    b.add("CONDITION_BLOCKS", condition["blocks"], "blocks that fibrillation is looked for in")
    look = b.add("CONDITION_LOOK_STEPS", 8, "what was measured is looked at this often, a power of two")
    length = look * round(condition["block_ms"] * b.fs_hz / (1000 * step * look))
    b.add("CONDITION_BLOCK_STEPS", length, "length of a block, detector steps")
    b.add("CONDITION_QUIET_BLOCKS", condition["quiet_blocks"], "blocks without anything high in a pause")
    b.add("CONDITION_QUIET_Q10", -condition["quiet_log2_q10"], "what is so far below a beat is quiet, log2")
    # Two maxima are added, and so are the absolute values of all blocks.
    b.add(
        "CONDITION_MINIMUM", round(condition["minimum_uv"] * 2 * unit), "least height of two waves together"
    )
    b.add("CONDITION_FULL_Q10", condition["full_log2_q10"], "mean beside maximum from which it may be, log2")
    steep = condition["steep_log2_q10"] + round(1024 * math.log2(seconds / _STEP_S))
    b.add("CONDITION_STEEP_Q10", steep, "steepest change beside the maximum up to which it may be, log2")
    b.add("CONDITION_SINE_Q10", condition["sine_log2_q10"], "the same where waves come at equal distances")
    for key, what in (("slow", "least"), ("fast", "largest")):
        change = condition[f"{key}_log2_q10"] + round(1024 * math.log2(seconds / _STEP_S))
        b.add(f"CONDITION_{key.upper()}_Q10", change, f"{what} mean change beside the mean, log2")
    b.add("CONDITION_REGULAR_Q10", condition["regular_log2_q10"], "deviation of a regular rhythm, log2")
    b.add("CONDITION_REGULAR_BEATS", condition["regular_beats"], "its least number of beats")
    b.add("CONDITION_TRAIN_WAVES", condition["train_waves"], "like waves in a row that are a tachycardia")
    rr = round(condition["regular_rr_ms"] * b.fs_hz / (1000 * step))
    b.add("CONDITION_RR_MIN_STEPS", rr, "and its least RR, detector steps")
