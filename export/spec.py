"""Reads ``spec.toml`` and derives from it every number that the chain uses."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from export.filter_design import Bandpass, design_bandpass, qrs_delay_samples
from export.spec_builder import Builder
from export.spec_detector import add_condition, add_hum, add_rpeak, add_spike, add_train
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
    b = Builder(fs_hz)
    b.add("SPEC_HASH", int(digest[:8], 16), "first 32 bits of the specification's SHA-256")
    _signal(b, raw["signal"])
    add_spike(b, raw["spike"], raw["signal"]["adu_per_mv"])
    add_hum(b, raw["hum"], raw["signal"]["adu_per_mv"])
    band = raw["bandpass"]
    filt = design_bandpass(
        fs_hz, int(band["order"]), band["low_hz"], band["high_hz"], int(band["coefficient_frac_bits"])
    )
    _bandpass(b, band, filt)
    add_rpeak(b, raw["rpeak"], raw["signal"], int(band["output_frac_bits"]))
    add_train(b, raw["train"])
    _rr(b, raw["rr"])
    _window(b, raw["window"], raw["rr"])
    _template(b, raw["template"], raw["window"])
    _quality(b, raw["quality"])
    add_condition(b, raw["condition"])
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


def _signal(b: Builder, signal: dict[str, Any]) -> None:
    b.add("FS_HZ", b.fs_hz, "sampling rate of the chain, Hz")
    b.add("ADU_PER_MV", signal["adu_per_mv"], "input units in one millivolt")
    b.add("FLAT_TOLERANCE_ADU", signal["flat_tolerance_adu"], "a flat stretch stays within this of its start")
    b.add("FLAT_SAMPLES", b.samples(signal["flat_ms"]), "length from which a stretch counts as flat")
    b.add("BAD_RESET_SAMPLES", b.samples(signal["bad_reset_ms"]), "bad input of this length resets the chain")
    b.add(
        "RECOVER_SAMPLES", b.samples(signal["recover_ms"]), "beats this soon after bad input carry its flag"
    )
    b.add("RESTART_SAMPLES", b.samples(signal["restart_ms"]), "and this soon after a restart")


def _bandpass(b: Builder, band: dict[str, Any], filt: Bandpass) -> None:
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


def _rr(b: Builder, rr: dict[str, Any]) -> None:
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


def _window(b: Builder, window: dict[str, Any], rr: dict[str, Any]) -> None:
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


def _template(b: Builder, template: dict[str, Any], window: dict[str, Any]) -> None:
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


def _quality(b: Builder, quality: dict[str, Any]) -> None:
    b.add("QUALITY_ROUGH_SHIFT", quality["rough_shift"], "share of roughness in the unrest, 2^-this")
    b.add("QUALITY_FOLLOW_SHIFT", quality["follow_shift"], "unrest is followed from beat to beat by 2^-this")
    b.add("QUALITY_ZERO_Q8", quality["zero_q8"], "unrest at which the signal-quality index is 0")
    b.add("QUALITY_UNDECIDED_SQI", quality["undecided_sqi"], "index below which a beat is undecided")
    b.add(
        "LEAD_BACK_SAMPLES", b.samples(quality["lead_back_ms"]), "good input after which the lead is on again"
    )
