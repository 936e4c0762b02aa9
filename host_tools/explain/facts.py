"""The facts about an explained beat, in words and as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from host_tools.beats import CLASS_NAMES
from host_tools.reference import params
from host_tools.reference.network import LOGIT_SCALE, LOGIT_ZERO_POINT, MODEL_HASH
from host_tools.summary import clock

from .case import Case
from .occlusion import STRETCH_GRID, Brought, Occlusion

if TYPE_CHECKING:
    from rich.console import Console

CLASS_WORDS = {
    "N": "normal",
    "S": "supraventricular ectopic",
    "V": "ventricular ectopic",
    "F": "fusion of ventricular and normal",
    "Q": "paced or unclassifiable",
}
STREAMS = ("shape", "rhythm", "both")


def headline(case: Case) -> str:
    """Which beat this is."""
    at_s = case.sample / case.record.fs_hz
    record = case.record
    return f"Record {record.name}, lead {record.lead}: beat at sample {case.sample} ({clock(at_s)})"


def verdict(case: Case) -> str:
    """What BitBeat and the annotators say."""
    parts = [f"BitBeat: {case.answer}, {CLASS_WORDS[case.answer]}, confidence {100 * case.confidence:.0f} %"]
    if case.reference is not None:
        words = "the same" if case.reference == case.answer else CLASS_WORDS.get(case.reference, "")
        parts.append(f"annotators: {case.reference}, {words}")
    elif case.flutter:
        parts.append("annotators: ventricular flutter")
    elif case.record.reference is not None:
        parts.append("annotators: no beat here")
    if case.flags:
        parts.append("flags: " + ", ".join(case.flags))
    return "   ·   ".join(parts)


def firmware_lines(case: Case) -> list[tuple[str, str]]:
    """Numbers for whoever debugs the firmware: name and value."""
    rows, features = case.inputs.rhythm.shape
    samples, channels = case.inputs.beat.shape
    one = 1 << params.INPUT_FRAC_BITS
    saturated = int(np.isin(case.inputs.beat, (-128, 127)).sum())
    beat = case.beat
    return [
        ("sd of the template", f"{case.sd_mv:.3f} mV"),
        ("beat input", f"a step is sd/{one} = {1000 * case.sd_mv / one:.1f} µV; {saturated} saturated"),
        ("noise", f"{case.noise_q8}/256 of the sd; flag above {params.NOISY_Q8}"),
        ("signal quality", f"{int(beat['sqi'])} of 100; undecided below {params.QUALITY_UNDECIDED_SQI}"),
        ("RR before", _rr(case.rr_prev, int(beat["rr_prev_samples"]), params.RR_MAX_SAMPLES)),
        ("RR after", _rr(case.rr_next, int(beat["rr_next_samples"]), params.RR_BOUND_SAMPLES)),
        ("r_sample on the device", f"{int(beat['r_sample']) + params.DELAY_SAMPLES} at {params.FS_HZ} Hz"),
        ("inputs", f"int8 {samples} × {channels} and {rows} × {features}, q/{one}"),
        ("logit", f"(q − {LOGIT_ZERO_POINT}) × {LOGIT_SCALE:.5f}".replace("− -", "+ ")),
        ("confidence_q8, flags", f"{int(beat['confidence_q8'])}, 0x{int(beat['flags']):02x}"),
        ("model, specification", f"{MODEL_HASH:08x}, {params.SPEC_HASH:08x}"),
    ]


def _rr(measured: int | None, taken: int, most: int) -> str:
    """An RR interval of the chain, which takes longer ones as ``most`` and has a stand-in for none."""
    if measured is None:
        return f"none; the chain takes {taken} samples at {params.FS_HZ} Hz"
    return f"{'at least ' * (measured >= most)}{measured} samples at {params.FS_HZ} Hz"


def lead_line(case: Case) -> str:
    """Which class won, and by how much."""
    if case.lead < 0:  # a run of broad beats: the flags say so
        rival = CLASS_NAMES[case.runner_up]
        return f"{case.answer} by rule; the network gave {rival}, by {_steps(-case.lead)}"
    return f"{case.answer} leads {CLASS_NAMES[case.runner_up]} by {_steps(case.lead)}"


def _steps(count: int) -> str:
    return f"{count} step{'s' if count != 1 else ''}"


def _change(steps: int) -> str:
    """What the answer's lead does without a part that brought ``steps``."""
    if steps == 0:
        return "stays"
    return f"{'shrinks' if steps > 0 else 'grows'} by {_steps(abs(steps))}"


def strongest(case: Case) -> list[str]:
    """The parts that brought most to the answer's lead, in one line each."""
    lines = [_strongest_stretch(case)]
    order = np.argsort(-np.abs(case.blank.features.lead), kind="stable")
    for k in order[:3]:
        steps = int(case.blank.features.lead[k])
        if steps:
            feature, value = case.features[k], int(case.inputs.rhythm[case.own_row, k])
            lines.append(f"{feature.name} = {feature.read(value)}: {steps:+d} steps  ({feature.meaning})")
    return lines


def _strongest_stretch(case: Case) -> str:
    lead = case.blank.stretches.lead
    k = int(np.argmax(np.abs(lead)))
    first, last = (_grid_ms(j) for j in (k - STRETCH_GRID // 2, k + STRETCH_GRID // 2))
    without = CLASS_NAMES[int(case.blank.stretches.answer[k])]
    tail = "" if without == case.answer else f"; without it the answer is {without}"
    return f"shape from {first:+.0f} to {last:+.0f} ms: {int(lead[k]):+d} steps{tail}"


def _grid_ms(k: int) -> float:
    return (k - params.WINDOW_BEFORE_GRID) * 1000 / params.GRID_HZ


def print_case(case: Case, console: Console) -> None:
    """Print the case: the answer, what brought it about, and the numbers for the firmware."""
    from rich import box
    from rich.table import Table

    console.print(headline(case), style="bold", highlight=False)
    console.print(verdict(case), highlight=False)
    logits = Table("class", "logit, int8", "logit", "softmax", box=box.SIMPLE_HEAD, pad_edge=False)
    for name, q, real, share in zip(CLASS_NAMES, case.logits, case.real_logits, case.shares, strict=True):
        style = "bold" if name == case.answer else ""
        logits.add_row(
            f"{name} {CLASS_WORDS[name]}", f"{q}", f"{real:.2f}", f"{100 * share:.1f} %", style=style
        )
    console.print(logits)
    console.print(f"{lead_line(case)} ({abs(case.lead) * LOGIT_SCALE:.2f})", highlight=False)
    streams = zip(STREAMS, case.blank.streams.lead, case.blank.streams.answer, strict=True)
    for name, steps, answer in list(streams)[:2]:
        tail = "" if answer == int(case.beat["aami_class"]) else f", and the answer is {CLASS_NAMES[answer]}"
        console.print(f"  without the {name} it {_change(int(steps))}{tail}", highlight=False)
    console.print("  the strongest single parts, by what it shrinks without each:", highlight=False)
    for line in strongest(case):
        console.print(f"    {line}", highlight=False, soft_wrap=True)
    for name, value in firmware_lines(case):
        console.print(f"{name:<24}{value}", highlight=False)


def case_json(case: Case) -> dict[str, Any]:
    """Everything about the case as JSON values; occlusions in int8 steps of the logits."""
    beat = case.beat
    return {
        "record": str(case.record.path),
        "lead": case.record.lead,
        "fs_hz": case.record.fs_hz,
        "sample": case.sample,
        "time_s": round(case.sample / case.record.fs_hz, 4),
        "class": case.answer,
        "reference": case.reference,
        "reference_flutter": case.flutter,
        "confidence": round(case.confidence, 4),
        "confidence_q8": int(beat["confidence_q8"]),
        "flags": case.flags,
        "sqi": int(beat["sqi"]),
        "rr_prev_samples": int(beat["rr_prev_samples"]),
        "rr_next_samples": int(beat["rr_next_samples"]),
        "rr_prev_measured": case.rr_prev is not None,
        "rr_next_measured": case.rr_next is not None,
        "rr_fs_hz": params.FS_HZ,
        "logits": dict(zip(CLASS_NAMES, case.logits.tolist(), strict=True)),
        "real_logits": dict(zip(CLASS_NAMES, case.real_logits.round(5).tolist(), strict=True)),
        "softmax": dict(zip(CLASS_NAMES, case.shares.round(5).tolist(), strict=True)),
        "logit_scale": LOGIT_SCALE,
        "logit_zero_point": LOGIT_ZERO_POINT,
        "lead_steps": case.lead,
        "second": CLASS_NAMES[case.runner_up],
        "template_sd_mv": round(case.sd_mv, 5),
        "noise_q8": case.noise_q8,
        "model_hash": f"{MODEL_HASH:08x}",
        "spec_hash": f"{params.SPEC_HASH:08x}",
        "window": {
            "ms": [round(_grid_ms(k), 3) for k in range(len(case.window_mv))],
            "beat_mv": case.window_mv.round(5).tolist(),
            "template_mv": case.template_mv.round(5).tolist(),
            "input": case.inputs.beat.tolist(),
        },
        "rhythm": {
            "own_row": case.own_row,
            "features": [f.name for f in case.features],
            "meanings": [f.meaning for f in case.features],
            "input": case.inputs.rhythm.tolist(),
            "beats": [asdict(beat) for beat in case.context],
        },
        "stretch_grid": STRETCH_GRID,
        "occlusion": {"blank": _occlusion_json(case.blank), "usual": _occlusion_json(case.usual)},
    }


def _occlusion_json(found: Occlusion) -> dict[str, Any]:
    streams = {
        name: {"steps": int(steps), "class_without": CLASS_NAMES[int(answer)]}
        for name, steps, answer in zip(STREAMS, found.streams.lead, found.streams.answer, strict=True)
    }
    return {
        "stretches": _brought_json(found.stretches),
        "features": _brought_json(found.features),
        "rows": _brought_json(found.rows),
        "streams": streams,
    }


def _brought_json(found: Brought) -> dict[str, Any]:
    return {"steps": found.lead.tolist(), "class_without": "".join(CLASS_NAMES[a] for a in found.answer)}
