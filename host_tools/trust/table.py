"""Prints what ``bitbeat score-noise`` found, and writes it into documents."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

from host_tools.places import Place, markdown_table

from .undecided import enough_decided

#: Where a document holds the table.
SCORE_NOISE = Place("score-noise", "make score-noise")

_NOISES = {"bw": "baseline wander", "em": "electrode motion", "ma": "muscle"}
#: Levels that the documents show, decibels.
_SHOWN_DB = ("12", "6", "0")


def _pair(rates: dict[str, Any]) -> str:
    return f"{rates['se']:.1f} / {rates['ppv']:.1f}"


def _row(name: str, level: str, f: dict[str, Any]) -> tuple[str, ...]:
    shares = (f"{f['undecided']:.1f}", f"{f['wrong']:.1f}", f"{f['wrong_of_decided']:.1f}")
    return (
        name,
        level,
        _pair(f["qrs"]),
        _pair(f["V"]),
        _pair(f["S"]),
        _pair(f["decided"]["V"]),
        f"{f['sqi_quartiles'][1]:.0f}",
        *shares,
    )


def print_noise(figures: dict[str, Any], console: Console) -> None:
    """Print the sweep, the table over nstdb's levels, and the figures of index and confidence."""
    table = Table(
        title="DS2 with noise: Se / +P; beats undecided, wrong, wrong of the decided, percent",
        padding=(0, 0),
    )
    headings = ("", "dB", "QRS", "V", "S", "V decided", "SQI", "undec.", "wrong", "of dec.")
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_row(*_row("none", "", figures["clean"]))
    for name, levels in figures["sweep"].items():
        for level, f in levels.items():
            table.add_row(*_row(name, level, f))
    console.print(table)
    table = Table(title="nstdb, records 118 and 119: signal-quality index in noise and between")
    for heading in ("dB", "QRS", "SQI in noise", "undecided", "SQI between", "undecided "):
        table.add_column(heading, justify="right")
    for level, rows in figures["sqi"]["nstdb"].items():
        noisy, between = rows["noisy"], rows["between"]
        table.add_row(
            level,
            _pair(noisy["qrs"]),
            f"{noisy['sqi_quartiles'][1]:.0f}",
            f"{noisy['undecided']:.1f} %",
            f"{between['sqi_quartiles'][1]:.0f}",
            f"{between['undecided']:.1f} %",
        )
    console.print(table)
    for name in ("ds1", "ds2"):
        sqi = figures["sqi"][name]
        console.print(
            f"{name.upper()}, area under the ROC of the index: wrong answers {sqi['auc_wrong']:.3f}, "
            f"false beats {sqi['auc_false_beat']:.3f}, "
            f"wrong answers without noise {sqi['auc_wrong_clean']:.3f}, noise at 6 dB "
            + ", ".join(f"{k} {v['6']:.3f}" for k, v in sqi["auc_noise_present"].items())
        )
    calibration = figures["calibration"]
    console.print(
        f"confidence on DS2: expected calibration error {calibration['ece']:.4f} "
        f"over {calibration['beats']} beats"
    )
    flag = figures["undecided"]["flag"]
    console.print(
        f"undecided by the flag on DS2: {flag['undecided']:.2f} % of beats; of the decided ones V "
        f"{_pair(flag['V'])}, S {_pair(flag['S'])}"
    )


def markdown(figures: dict[str, Any]) -> str:
    """Return the main figures as Markdown: what the undecided flag brings, and the sweep at some levels."""
    flag, clean, sqi = figures["undecided"]["flag"], figures["clean"], figures["sqi"]["ds2"]
    ece = figures["calibration"]["ece"]
    told = ", ".join(f"{_NOISES[k]} {v['6']:.2f}" for k, v in sqi["auc_noise_present"].items())
    marked = (
        f"V from {_pair(clean['V'])} to {_pair(flag['V'])}, S from {_pair(clean['S'])} to {_pair(flag['S'])}"
    )
    sentence = (
        f"Expected calibration error on DS2 {ece:.3f} (10 bins, false beats counted as wrong). Leaving out "
        f"the {flag['undecided']:.1f} % of beats that the device itself marks takes {marked} (Se / +P, %). "
        f"Area under the ROC with which the index tells noise at 6 dB from none: {told}."
    )
    heads = (
        *("noise", "dB", "QRS Se / +P", "V Se / +P", "S Se / +P"),
        *("V, decided beats", "undecided", "median index"),
    )

    def row(name: str, level: str, f: dict[str, Any]) -> list[str]:
        cells = [_pair(f[key]) for key in ("qrs", "V", "S")]
        cells.append(_pair(f["decided"]["V"]) if enough_decided(f) else "–")
        return [name, level, *cells, f"{f['undecided']:.1f} %", f"{f['sqi_quartiles'][1]:.0f}"]

    rows = [row("none", "", clean)]
    for name, levels in figures["sweep"].items():
        rows += [row(_NOISES[name], level, levels[level]) for level in _SHOWN_DB]
    end = f"Written by `make score-noise`, model `{figures['model'][:12]}`."
    return f"{sentence}\n\n{markdown_table(heads, rows)}\n{end}\n"
