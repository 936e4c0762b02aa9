"""README's tables of parity and costs, each in a marked place that the measuring command writes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from host_tools.build import ROOT
from host_tools.costs.energy import CHIPS, estimate
from host_tools.places import Place, markdown_table

README = ROOT / "README.md"
DOCUMENTS = (README,)

#: The board that stands beside published figures, and the one of the least instruction set.
_COMPARED, _SMALL = "qemu_m4", "qemu_m0"


SIZE = Place("size", "make export")
PARITY = Place("parity", "make parity")
RATES = Place("rates", "make rates")
ISA = Place("isa", "make isa")
COSTS = Place("costs", "make bench")
COMPARISON = Place("comparison", "make bench")
ENERGY = Place("energy", "make bench")
SPEED = Place("speed", "make bench")
DETECTOR = Place("detector", "make detector")
JITTER = Place("jitter", "make jitter")
HIL = Place("hil", "make hil")
ENGINES = Place("engines", "make engines")


def size_markdown(report: dict[str, Any]) -> str:
    """``build/export.json`` as a sentence."""
    model = report["model"]
    difference = report["quantisation"]["int8_minus_float"]["macro_f1_nsv"]
    sizes = (
        f"{model['weight_bytes']:,} int8 weights",
        f"{model['macs']:,} MAC a beat",
        f".tflite {model['tflite_bytes']:,} bytes",
        f"weights and tables in C {model['c_network_bytes']:,} bytes",
        f"arena {model['arena_bytes']:,} bytes",
    )
    end = f"int8 against float on the same beats: {difference:+.2f} points of macro-F1."
    return f"{', '.join(sizes)};\n{end}\n"


def parity_markdown(summary: dict[str, Any]) -> str:
    """``build/parity.json`` as a table of one row."""
    keys = ("records", "samples", "beats", "values_compared")
    row = [f"{summary[key]:,}" for key in keys] + [f"**{summary['mismatches']:,}**"]
    return markdown_table(("records", "samples", "beats", "values compared", "mismatches"), [row])


def rates_markdown(reports: Sequence[dict[str, Any]]) -> str:
    """``build/rates.json`` as a table, one row for each sampling rate."""
    heads = (
        *("rate, Hz", "state, bytes", "values compared", "mismatches"),
        *("QRS Se / +P on DS1", "accuracy, macro-F1 on DS1"),
    )
    rows = [
        [
            *(f"{r['fs_hz']}", f"{r['state_bytes']:,}", f"{r['values_compared']:,}", f"{r['mismatches']:,}"),
            f"{r['qrs_se']:.2f} / {r['qrs_ppv']:.2f}",
            f"{r['accuracy']:.2f}, {r['macro_f1']:.2f}",
        ]
        for r in reports
    ]
    return markdown_table(heads, rows)


def isa_markdown(targets: dict[str, Any]) -> str:
    """``targets`` of ``build/isa.json`` as a table, one row for each board."""
    keys = ("beats", "values_compared", "mismatches")
    rows = [[name, *(f"{entry[key]:,}" for key in keys)] for name, entry in targets.items()]
    return markdown_table(("board", "beats", "values compared", "mismatches"), rows)


def detector_markdown(found: dict[str, Any]) -> str:
    """``build/detector_fit.json`` as a table: QRS Se / +P of the detector with each set of weights."""
    groups = found["groups"]
    sets = [name for name, one in next(iter(groups.values())).items() if isinstance(one, dict)]
    rows = [
        [name, *(f"{row[which]['qrs_se']:.2f} / {row[which]['qrs_ppv']:.2f}" for which in sets)]
        for name, row in groups.items()
    ]
    return markdown_table(("QRS Se / +P, %", *sets), rows)


def jitter_markdown(rows: Sequence[dict[str, Any]]) -> str:
    """``build/jitter.json`` as a sentence; its last row is of all records."""
    *records, everything = rows
    shares = " and ".join(f"{percent} % within {everything[f'p{percent}_samples']:g}" for percent in (90, 95))
    delay_s = [everything[f"delay_p{percent}_s"] for percent in (50, 95, 100)]
    return (
        f"Distance of the R peaks from the annotated ones, {len(records)} records, "
        f"each record's constant offset taken out:\nmedian {everything['p50_samples']:g} samples, {shares}.\n"
        f"From an R peak to its beat's answer: median {delay_s[0]:.1f} s, 95 % within {delay_s[1]:.1f} s, "
        f"the last after {delay_s[2]:.1f} s (`make jitter`).\n"
    )


def hil_markdown(total: dict[str, Any]) -> str:
    """``build/hil.json`` as a sentence."""
    keys = ("beats", "values_compared", "mismatches")
    beats, values, wrong = (f"{total[key]:,}" for key in keys)
    return (
        f"`make hil` runs records whole through an emulated board: {total['records']} records on "
        f"{total['board']}, {beats} beats,\n{values} values compared, {wrong} mismatches.\n"
    )


def engines_markdown(report: dict[str, Any]) -> str:
    """``build/engines.json`` as a sentence."""
    return (
        f"{report['records']} records, {report['beats']:,} beats, {report['logits']:,} logits, "
        f"{report['mismatches']:,} differ; the array of {report['array_bytes']:,} bytes in an arena of "
        f"{report['arena_bytes']:,}.\n"
    )


def costs_markdown(targets: dict[str, Any]) -> str:
    """``targets`` of ``build/bench.json`` as a table, one row for each board."""
    heads = (
        *("target", "per sample: filter + detector", "per beat: features + network"),
        *("per second at 75 bpm", "per MAC", "anchor A, C"),
        *("flash: core + kernels + model, bytes", "RAM, bytes", "stack, bytes"),
    )
    rows = [
        [
            *(name, f"{f['insn_per_sample']:.0f}", f"{f['insn_per_beat']:,}", f"{f['insn_per_second']:,}"),
            *(f"{f['insn_per_mac']:.2f}", ", ".join(f"{count:,}" for count in f["anchor"].values())),
            *(f"{f['flash_bytes']['total']:,}", f"{f['ram_bytes']:,}", f"{f['stack_bytes']:,}"),
        ]
        for name, f in targets.items()
    ]
    return markdown_table(heads, rows)


def comparison_markdown(targets: dict[str, Any]) -> str:
    """``targets`` of ``build/bench.json`` beside what was measured of other systems on a Cortex-M4 and M0."""
    own, small = targets[_COMPARED], targets[_SMALL]
    symbols = small["forbidden_symbols"]
    rows = [
        (
            "filter + detector, instructions per sample",
            f"{own['insn_per_sample']:.0f}",
            "OSEA's detector 133 (x86 instructions)",
        ),
        (
            "everything, per second of ECG at 75 bpm",
            f"{own['insn_per_second']:,}",
            "OSEA's whole analyser, without a network, 218,000 (x86 instructions)",
        ),
        (
            "anchor networks A and C (185 kMAC, int8), same outputs",
            f"{own['anchor']['A']:,} and {own['anchor']['C']:,}",
            "TFLite Micro with CMSIS-NN 647,291 and 549,046; reference kernels 2,317,462",
        ),
        (
            "the same on a Cortex-M0",
            f"{small['anchor']['A']:,} and {small['anchor']['C']:,}",
            "TFLite Micro with CMSIS-NN 1,748,358 (A)",
        ),
        (
            "flash: whole image, with the committed model, signal chain, link and start-up",
            f"{own['image_bytes']:,} bytes",
            "TFLite Micro with CMSIS-NN and an anchor network 61 KB, without any signal processing",
        ),
        ("heap, float, 64-bit division in the M0 image", ", ".join(symbols) if symbols else "none", ""),
    ]
    return markdown_table(("", "BitBeat", "for comparison"), rows)


def energy_markdown(targets: dict[str, Any]) -> str:
    """Estimated energy of every chip whose instruction set is among ``targets``."""
    heads = (
        *("chip", "µJ per beat (features + network)", "µA on average (whole chain)"),
        *("days on a CR2032, alone", "with an AD8232"),
    )
    rows = []
    for chip in CHIPS:
        if chip.target in targets:
            e = estimate(chip, targets[chip.target])
            values = (e.microjoules_per_beat, e.average_ua, e.days, e.days_with_front_end)
            rows.append([chip.name.partition(" ")[0], *(f"{value:.0f}" for value in values)])
    return markdown_table(heads, rows)


def speed_markdown(figures: dict[str, Any]) -> str:
    """Speed on the machine that ran ``make bench``, two significant digits: more would differ every time."""
    what = (
        ("C core alone", "core_x_realtime"),
        ("replay through the emulator over TCP, protocol and host included", "replay_x_realtime"),
    )
    rows = [(name, f"{float(f'{figures[key]:.2g}'):,.0f}") for name, key in what]
    return markdown_table(("", "times real time"), rows)


def write_costs(targets: dict[str, Any], documents: Sequence[Path] = DOCUMENTS) -> None:
    """Write what ``build/bench.json`` says of all emulated boards."""
    COSTS.write(costs_markdown(targets), documents)
    COMPARISON.write(comparison_markdown(targets), documents)
    ENERGY.write(energy_markdown(targets), documents)
