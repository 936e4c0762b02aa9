"""Reads ``spec.toml`` and derives from it every number that the chain uses."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from export.filter_design import Bandpass, design_bandpass, qrs_delay_samples
from export.spec_values import Section, check_constants
from host_tools.errors import UserError
from host_tools.values import read_toml

SPEC_PATH = Path(__file__).with_name("spec.toml")

#: Sampling rates for which the filters and windows are known to work.
FS_RANGE_HZ = (200, 1000)

#: Constants of [broad_run], all in the unit of the feature that they bound.
_BROAD_RUN = {
    "beats": "broad beats in a row that are ventricular",
    "rest_beats": "beats from which the features at rest are learnt, least",
    "rr_feature": "largest prev_absolute of a broad beat",
    "early_feature": "largest prev_high; beats above are at rest",
    "spread_feature": "spread beside that at rest, least",
    "width_feature": "width beside that at rest, least",
    "area_peak_feature": "area_peak beside that at rest, least",
    "slope_feature": "slope beside that at rest, largest",
}

#: A detector step at 360 Hz: the time in which the changes of [condition] are told.
_STEP_S = 3 / 360


#: Weights of a candidate's features in the detector's score, in the order of the generated files.
_WEIGHTS = (
    *("bias", "peak", "sharpness", "beat_peak", "valley", "noise", "noise_slope", "early", "irregular"),
    *("irregular_early", "rr", "early_blunt", "twave"),
)


@dataclass(frozen=True)
class Spec:
    """All constants of the chain for one sampling rate.

    Attributes
    ----------
    fs_hz : int
        Sampling rate of the chain.
    digest : str
        SHA-256 over the specification text and the sampling rate, hexadecimal.
    constants : dict of str to int
        Every scalar constant by its name without the ``ECG_`` prefix, in the order written.
    comments : dict of str to str
        What each constant is, for the generated files.
    log2_q10 : tuple of int
        Table of ``1024 * log2(1 + i / 64)``, 65 entries.
    feature_names : tuple of str
        Names of the features of one beat, in order.
    """

    fs_hz: int
    digest: str
    constants: dict[str, int]
    comments: dict[str, str]
    log2_q10: tuple[int, ...]
    feature_names: tuple[str, ...]


class _Builder:
    """Collects constants in order, with their comments."""

    def __init__(self, fs_hz: int) -> None:
        self.fs_hz = fs_hz
        self.constants: dict[str, int] = {}
        self.comments: dict[str, str] = {}

    def add(self, name: str, value: int, comment: str) -> int:
        self.constants[name] = value
        self.comments[name] = comment
        return value

    def samples(self, duration_ms: float) -> int:
        """Duration in samples at the chain's rate, at least 1."""
        return max(1, round(duration_ms * self.fs_hz / 1000))


def load_spec(path: Path = SPEC_PATH, fs_hz: int | None = None) -> Spec:
    """Read the specification and derive all constants.

    Parameters
    ----------
    path : Path
        The TOML file.
    fs_hz : int, optional
        Another sampling rate than the file's, in Hz, 200 to 1000.

    Returns
    -------
    Spec
        Constants for that rate.

    Raises
    ------
    UserError
        If the file is missing or not TOML, a value is missing, unknown or of the wrong type or range, the
        values do not fit together, or the rate is out of range.
    """
    text, values = read_toml(path, "constants of the chain")
    raw = Section(values, "", str(path))
    own = raw["signal"]["fs_hz"]
    rate = own if fs_hz is None else fs_hz
    if not FS_RANGE_HZ[0] <= rate <= FS_RANGE_HZ[1]:
        raise UserError(
            f"fs_hz = {rate}: the chain can be generated for {FS_RANGE_HZ[0]} to {FS_RANGE_HZ[1]} Hz"
        )
    try:
        spec = _derive(raw, rate, hashlib.sha256(text + f"\nfs_hz={rate}\n".encode()).hexdigest())
    except ArithmeticError as error:
        raise UserError(f"{path}: its values do not fit together ({error})") from None
    raw.refuse_unknown()
    check_constants(spec.constants, str(path))
    return spec


def _derive(raw: Section, fs_hz: int, digest: str) -> Spec:
    b = _Builder(fs_hz)
    b.add("SPEC_HASH", int(digest[:8], 16), "first 32 bits of the specification's SHA-256")
    _signal(b, raw["signal"])
    _spike(b, raw["spike"], raw["signal"]["adu_per_mv"])
    _hum(b, raw["hum"], raw["signal"]["adu_per_mv"])
    band = raw["bandpass"]
    filt = design_bandpass(
        fs_hz, int(band["order"]), band["low_hz"], band["high_hz"], int(band["coefficient_frac_bits"])
    )
    _bandpass(b, band, filt)
    _rpeak(b, raw["rpeak"], raw["signal"], int(band["output_frac_bits"]))
    _train(b, raw["train"])
    _rr(b, raw["rr"])
    _window(b, raw["window"], raw["rr"])
    _template(b, raw["template"], raw["window"])
    _quality(b, raw["quality"])
    _condition(b, raw["condition"])
    net = raw["network"]
    b.add("BEAT_CHANNELS", net["beat_channels"], "channels of the beat input: beat, beat minus template")
    b.add("RHYTHM_FEATURES", len(net["rhythm_features"]), "features of one beat in the rhythm input")
    b.add("CONTEXT_BEATS", net["context_beats"], "beats in the rhythm input")
    ahead = b.add("LOOKAHEAD_BEATS", net["lookahead_beats"], "of them later than the classified one")
    next_ms = raw["rr"]["next_bound_ms"]
    b.add(
        "LOOKAHEAD_WAIT_SAMPLES",
        b.samples((1 + ahead) * next_ms + raw["rr"]["detect_bound_ms"]),
        "a beat is classified at the latest this long after its R peak",
    )
    b.add("INPUT_FRAC_BITS", net["input_frac_bits"], "fraction bits of both int8 inputs")
    b.add(
        "LOG_RATIO_FRAC_BITS", net["log_ratio_frac_bits"], "fraction bits of log2 ratios in the rhythm input"
    )
    for i, name in enumerate(net["rhythm_features"]):
        b.add(f"FEATURE_{name.upper()}", i, "where it stands among the features of a beat")
    for key, comment in _BROAD_RUN.items():
        b.add(f"BROAD_RUN_{key.removesuffix('_feature').upper()}", raw["broad_run"][key], comment)
    b.add("CLASSES", len(net["classes"]), "AAMI classes")
    return Spec(fs_hz, digest, b.constants, b.comments, _log2_table(), tuple(net["rhythm_features"]))


def _log2_table() -> tuple[int, ...]:
    # Integer search instead of a float logarithm: the same table on every platform.
    # 1024 * log2(1 + i/64) rounded: the largest t with 2^(2t-1) <= ((64+i)/64)^2048.
    table = []
    for i in range(65):
        power = (64 + i) ** 2048
        one = 64**2048
        ratio = (power * power) // (one * one)  # ((64+i)/64)^4096, rounded down
        doubled = ratio.bit_length() - 1  # floor(4096 * log2)
        table.append((doubled + 2) // 4)
    return tuple(table)


def _signal(b: _Builder, signal: dict[str, Any]) -> None:
    b.add("FS_HZ", b.fs_hz, "sampling rate of the chain, Hz")
    b.add("ADU_PER_MV", signal["adu_per_mv"], "input units in one millivolt")
    b.add("FLAT_TOLERANCE_ADU", signal["flat_tolerance_adu"], "a flat stretch stays within this of its start")
    b.add("FLAT_SAMPLES", b.samples(signal["flat_ms"]), "length from which a stretch counts as flat")
    b.add("BAD_RESET_SAMPLES", b.samples(signal["bad_reset_ms"]), "bad input of this length resets the chain")
    b.add(
        "RECOVER_SAMPLES", b.samples(signal["recover_ms"]), "beats this soon after bad input carry its flag"
    )
    b.add("RESTART_SAMPLES", b.samples(signal["restart_ms"]), "and this soon after a restart")


def _spike(b: _Builder, spike: dict[str, Any], adu_per_mv: int) -> None:
    near = b.add("SPIKE_NEAR_SAMPLES", b.samples(spike["near_ms"]), "a spike has ended after these samples")
    far = b.add("SPIKE_FAR_SAMPLES", b.samples(spike["far_ms"]), "surroundings it stands out of, each side")
    delay = b.add("SPIKE_DELAY_SAMPLES", far + near + 1, "delay of a sample by the search for spikes")
    reach = max(2 * far + near, delay + b.fs_hz // 100 + 1)  # hum: half a period of 50 Hz farther
    b.add("SPIKE_RING", 1 << reach.bit_length(), "samples kept, a power of two")
    b.add("SPIKE_MINIMUM_ADU", round(spike["minimum_uv"] * adu_per_mv / 1000), "smallest spike")
    b.add("SPIKE_LARGE_ADU", round(spike["large_uv"] * adu_per_mv / 1000), "a larger one rings after itself")
    b.add("SPIKE_RATIO_HALVES", spike["ratio_halves"], "spike beside its surroundings, halves")
    b.add("SPIKE_PACED_SAMPLES", b.samples(spike["paced_ms"]), "an R peak so soon after a spike is paced")
    b.add("SPIKE_STEP_RATIO", spike["step_ratio"], "a step beside the range of what is before and after it")
    b.add("STEP_BEFORE_SAMPLES", b.samples(spike["step_before_ms"]), "an R peak so soon before a step, or")
    b.add("STEP_AFTER_SAMPLES", b.samples(spike["step_after_ms"]), "so soon after it, is not sure")
    b.add("SPIKE_AT_SAMPLES", b.samples(spike["at_ms"]), "a wave so near a spike is what it left behind")


def _hum(b: _Builder, hum: dict[str, Any], adu_per_mv: int) -> None:
    for mains_hz in (50, 60):
        half, part = divmod(b.fs_hz / (2 * mains_hz), 1)
        name = f"HUM_{mains_hz}"
        b.add(f"{name}_SAMPLES", round(b.fs_hz / mains_hz), f"a period of {mains_hz} Hz")
        b.add(f"{name}_HALF_SAMPLES", int(half), "half a period, whole samples ...")
        b.add(f"{name}_PART_Q8", round(256 * part), "... and the part of one")
    span = b.add("HUM_SPAN_SAMPLES", max(1, round(b.fs_hz / 110)), "half a period of either, about")
    b.add("HUM_PHASES", max(3, span), "phases that hum is looked for at")
    b.add(
        "HUM_MINIMUM_ADU", round(4 * hum["minimum_uv"] * adu_per_mv / 1000), "4 times the least hum taken out"
    )
    b.add("HUM_SEEN_ENOUGH", hum["seen_enough"], "looks that see it before it is")
    b.add("HUM_SEEN_MOST", hum["seen_most"], "looks that are counted")


def _bandpass(b: _Builder, band: dict[str, Any], filt: Bandpass) -> None:
    b.add("COEF_FRAC_BITS", band["coefficient_frac_bits"], "fraction bits of the filter coefficients")
    b.add("STATE_FRAC_BITS", band["state_frac_bits"], "fraction bits of samples inside the filter")
    b.add("FILTERED_FRAC_BITS", band["output_frac_bits"], "fraction bits of the filtered signal, unit adu")
    b.add("LOWPASS_B0_Q30", filt.lowpass_b0, "low-pass section: b = b0 * (1, 2, 1)")
    b.add("LOWPASS_A1_Q30", filt.lowpass_a1, "low-pass section: a1")
    b.add("LOWPASS_A2_Q30", filt.lowpass_a2, "low-pass section: a2")
    dc_gain = 4 * filt.lowpass_b0 / (2**filt.frac_bits + filt.lowpass_a1 + filt.lowpass_a2)
    b.add("LOWPASS_GAIN_Q30", round(dc_gain * 2**30), "low-pass section: gain at 0 Hz")
    b.add("HIGHPASS_A1_Q30", filt.highpass_a1, "high-pass section: b = (1, -2, 1), a1")
    b.add("HIGHPASS_A2_Q30", filt.highpass_a2, "high-pass section: a2")
    delay = qrs_delay_samples(filt, b.fs_hz) + b.constants["SPIKE_DELAY_SAMPLES"]
    b.add("DELAY_SAMPLES", delay, "delay of a QRS complex until it has passed the filters")


def _rpeak(b: _Builder, rp: dict[str, Any], signal: dict[str, Any], frac_bits: int) -> None:
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


def _rpeak_before(b: _Builder, rp: dict[str, Any], steps: Callable[[str, str, str], int]) -> None:
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


def _rpeak_doubt(b: _Builder, rp: dict[str, Any], steps: Callable[[str, str, str], int]) -> None:
    """What makes a beat, or that none was missed before it, unsure."""
    b.add("RPEAK_DOUBT_SCORE_Q10", rp["doubt_score_q10"], "a beat with less is not sure")
    b.add("RPEAK_DOUBT_SKIPPED_Q10", rp["doubt_skipped_q10"], "a skipped candidate above this may be one")
    b.add("RPEAK_DOUBT_LOWER_Q10", rp["doubt_lower_q10"], "so may one less far below the level, log2,")
    b.add("RPEAK_APART_LOWER_Q10", rp["apart_lower_q10"], "or than this, apart from P and T waves:")
    steps("RPEAK_APART_AFTER_STEPS", "apart_after_ms", "more than this after the last beat")
    steps("RPEAK_APART_BEFORE_STEPS", "apart_before_ms", "and before the next")
    b.add("RPEAK_UNLIKE_LOWER_Q10", rp["unlike_lower_q10"], "a beat so far below what is known, log2,")
    b.add("RPEAK_UNLIKE_BLUNTER_Q10", rp["unlike_blunter_q10"], "and so much blunter may be a P wave, log2,")
    b.add("RPEAK_UNLIKE_BEATS", rp["unlike_beats"], "unless so many in a row are")
    b.add("RPEAK_KNOWN_SHIFT", rp["known_shift"], "what is known follows beats by 2^-this")


def _train(b: _Builder, train: dict[str, Any]) -> None:
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


def _rr(b: _Builder, rr: dict[str, Any]) -> None:
    b.add("RR_BOUND_SAMPLES", b.samples(rr["next_bound_ms"]), "a next RR that has not come is taken as this")
    b.add(
        "RR_WAIT_SAMPLES",
        b.samples(rr["next_bound_ms"] + rr["detect_bound_ms"]),
        "how long a beat waits for the next",
    )
    b.add("RR_MAX_SAMPLES", b.samples(rr["maximum_ms"]), "longer RR intervals are taken as this")
    for key in (
        *("short_beats", "long_beats", "low_q8", "slow_beats", "slow_top_q8", "high_top_q8"),
        *("high_fall_q8", "high_up_shift", "high_down_shift", "change_q8"),
    ):
        b.add("RR_" + key.upper(), rr[key], "see spec.toml")
    b.add("RR_DEFAULT_SAMPLES", b.samples(rr["default_ms"]), "interval assumed where nothing is known")


def _window(b: _Builder, window: dict[str, Any], rr: dict[str, Any]) -> None:
    grid = window["grid_hz"]
    b.add("GRID_HZ", grid, "the network's time grid")
    b.add("GRID_STEP_Q16", round(b.fs_hz * 65536 / grid), "input samples in one grid step, Q16")
    span = b.add(
        "GRID_SPAN_SAMPLES", max(1, round(b.fs_hz / grid)), "input samples averaged in a grid sample"
    )
    b.add("GRID_RECIPROCAL_Q16", round(65536 / span), "1 / GRID_SPAN_SAMPLES")
    b.add("WINDOW_SAMPLES", window["samples"], "grid samples in a beat window")
    before = b.add(
        "WINDOW_BEFORE_GRID", round(window["before_ms"] * grid / 1000), "grid sample of the R peak"
    )
    after = window["samples"] - before
    b.add(
        "WINDOW_AFTER_SAMPLES", b.samples(1000 * after / grid) + span, "input samples needed after the R peak"
    )
    history_ms = 1000 * before / grid + rr["next_bound_ms"] + rr["detect_bound_ms"]
    b.add("RING_SAMPLES", b.samples(history_ms) + 4 * span + 8, "filtered samples kept")


def _template(b: _Builder, template: dict[str, Any], window: dict[str, Any]) -> None:
    grid = window["grid_hz"]
    r = round(window["before_ms"] * grid / 1000)
    b.add(
        "QRS_FIRST_GRID",
        r - round(template["qrs_before_ms"] * grid / 1000),
        "first grid sample of the QRS part",
    )
    b.add("QRS_END_GRID", r + round(template["qrs_after_ms"] * grid / 1000), "one past its last grid sample")
    b.add("P_END_GRID", r + round(template["p_end_ms"] * grid / 1000), "one past the P region")
    b.add("T_FIRST_GRID", r + round(template["t_start_ms"] * grid / 1000), "first sample of the T region")
    b.add(
        "OUTLINE_FIRST_GRID",
        r - round(template["outline_before_ms"] * grid / 1000),
        "first sample of the part that width and area are taken over",
    )
    b.add(
        "OUTLINE_END_GRID",
        r + round(template["outline_after_ms"] * grid / 1000),
        "one past its last sample",
    )
    b.add("SHIFT_MAX_GRID", template["shift_max"], "largest shift in alignment")
    b.add("CLUSTERS", template["clusters"], "templates kept")
    for key in (
        *("match_q10", "merge_q10", "merge_log2_q10", "update_beats", "share_beats"),
        *("premature_log2_q10", "premature_weight_q8", "hysteresis_q8"),
    ):
        b.add("CLUSTER_" + key.upper(), template[key], "see spec.toml")
    for key in ("p_update_shift", "p_match_q10", "p_rr_log2_q10", "late_match_q10", "late_rr_log2_q10"):
        b.add(key.upper(), template[key], "see spec.toml")
    for end in ("low", "high"):
        log2 = math.log2(template[f"amplitude_{end}_q8"] / 256)
        b.add(f"CLUSTER_LOUDER_{end.upper()}_Q10", round(1024 * log2), f"amplitude_{end}_q8 as log2")
    b.add("NOISY_Q8", template["noisy_q8"], "noise relative to the template's sd from which a beat is noisy")
    b.add("MINIMUM_SD", template["minimum_sd"], "smallest standard deviation divided by")


def _condition(b: _Builder, condition: dict[str, Any]) -> None:
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


def _quality(b: _Builder, quality: dict[str, Any]) -> None:
    b.add("QUALITY_ROUGH_SHIFT", quality["rough_shift"], "share of roughness in the unrest, 2^-this")
    b.add("QUALITY_FOLLOW_SHIFT", quality["follow_shift"], "unrest is followed from beat to beat by 2^-this")
    b.add("QUALITY_ZERO_Q8", quality["zero_q8"], "unrest at which the signal-quality index is 0")
    b.add("QUALITY_UNDECIDED_SQI", quality["undecided_sqi"], "index below which a beat is undecided")
    b.add(
        "LEAD_BACK_SAMPLES", b.samples(quality["lead_back_ms"]), "good input after which the lead is on again"
    )
