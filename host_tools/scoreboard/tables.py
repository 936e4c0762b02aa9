"""The board beside the published systems: one set of rows, for the screen and for the documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from host_tools.places import Place, markdown_table
from host_tools.writing import write_text

from .figures import S_RECORD
from .published import CLASSIFIERS, DETECTORS, NOISE, Classifier

#: Lines between which a document holds the tables.
SCORE = Place("score", "make score")
#: Where README says in a sentence how good it is.
HEADLINE = Place("headline", "make score")


@dataclass(frozen=True)
class Sheet:
    """One table: title, headings, rows; the first ``own`` rows are BitBeat's."""

    title: str
    heads: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    own: int
    note: str = ""


def _text(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}" if round(value, 1) != value else f"{value:.1f}"


def _pair(se: float | None, ppv: float | None) -> str:
    return "–" if se is None and ppv is None else f"{_text(se)} / {_text(ppv)}"


def _fixed(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _both(entry: dict[str, Any]) -> str:
    return f"{_fixed(entry['se'])} / {_fixed(entry['ppv'])}"


def _own_row(name: str, ds2: dict[str, Any], table: str, scored: str, remark: str) -> tuple[str, ...]:
    classes = ds2[table]
    suffix = {"dechazal": "", "dechazal_from_0": "_from_0"}.get(table)
    return (
        name,
        "own",
        scored,
        "–" if suffix is None else _fixed(ds2[f"accuracy{suffix}"]),
        _both(classes["S"]),
        _both(ds2[f"{table}_without_{S_RECORD}"]["S"]),
        _both(classes["V"]),
        "–" if suffix is None else _fixed(ds2[f"macro_f1{suffix}"]),
        remark,
    )


def _published_row(c: Classifier) -> tuple[str, ...]:
    return (
        c.name,
        c.peaks,
        c.scored,
        _text(c.accuracy),
        _pair(c.s_se, c.s_ppv),
        "–",
        _pair(c.v_se, c.v_ppv),
        _text(c.macro_f1),
        ", ".join(filter(None, (c.source, c.remark))),
    )


def classifier_sheet(content: dict[str, Any]) -> Sheet:
    """Both protocols of BitBeat beside the published classifiers."""
    protocol = content["models"]["shipped"]["protocol"]
    models = [(f"**BitBeat** ({protocol})", content["ds2"])]
    if "ds1" in content["models"]:
        models.append(("**BitBeat** (ds1)", content["protocols"]["ds1"]["ds2"]))
    rows = []
    for name, ds2 in models:
        rows.append(_own_row(name, ds2, "dechazal", "from 5:00", "int8, C core, one lead"))
        rows.append(_own_row(name, ds2, "dechazal_from_0", "whole records", "the same"))
        rows.append(_own_row(name, ds2, "bxb", "from 5:00, bxb", "e and j are S"))
    own = len(rows)
    rows += [_published_row(c) for c in CLASSIFIERS]
    int8 = ", ".join(f"{ds2['int8_minus_float']:+.2f} {name.replace('**', '')}" for name, ds2 in models)
    note = (
        f"In brackets: trained on. Record {S_RECORD} holds three quarters of DS2's S beats. "
        f"Int8 less float on DS2, points of macro-F1: {int8}. "
        f"F of the first row: {_both(content['ds2']['dechazal']['F'])} %. "
        "Gross figures, every beat classified; a missed or false beat is an error of the accuracy. "
        "F or Q called V is not counted against V (EC57)."
    )
    if scorings := content.get("ds2_scorings"):
        told = ", ".join(f"{count} {protocol}" for protocol, count in sorted(scorings.items()))
        note += (
            f" Models that were ever scored on DS2 (training/ds2_log.jsonl): {told}; all but the first were "
            "designed after looking at its errors."
        )
    heads = (
        "system",
        "R peaks",
        "scored on",
        "accuracy %",
        "S Se / +P %",
        f"S without {S_RECORD} %",
        "V Se / +P %",
        "macro-F1 %",
        "remark",
    )
    return Sheet("Beat classification on DS2, trained without it, all figures in %", heads, rows, own, note)


def detector_sheet(content: dict[str, Any]) -> Sheet:
    """BitBeat's detector beside the published ones."""
    qrs, part = content["qrs"], content["qrs_ds2"]
    rows = [("**BitBeat**", _fixed(qrs["se"]), _fixed(qrs["ppv"]), "causal, integer", "measured")]
    rows += [(d.name, _fixed(d.se), _fixed(d.ppv), d.kind, d.source) for d in DETECTORS]
    note = f"Gross, first signal of each file, from 5:00 on. BitBeat on DS2's records alone: {_both(part)} %."
    heads = ("detector", "Se %", "+P %", "kind", "figures")
    return Sheet("QRS detection, 48 records of MIT-BIH", heads, rows, 1, note)


def noise_sheet(content: dict[str, Any]) -> Sheet:
    """Detection in noise: nstdb's records."""
    rows = []
    for name, figures in content["qrs_noise"].items():
        others = NOISE.get(name, {})
        beside = ", ".join(f"{who} {_pair(*rates)}" for who, rates in others.items())
        level = name[-2:].replace("_", "-").lstrip("0") or "0"
        rows.append((name, level, _fixed(figures["se"]), _fixed(figures["ppv"]), beside))
    heads = ("record", "SNR dB", "Se %", "+P %", "others, measured")
    return Sheet("QRS detection in electrode motion noise (nstdb)", heads, rows, len(rows))


def _is_number(head: str) -> bool:
    return any(word in head for word in ("%", "dB", "accuracy", "+P", "F1"))


def sheets(content: dict[str, Any]) -> list[Sheet]:
    """Return all tables."""
    return [classifier_sheet(content), detector_sheet(content), noise_sheet(content)]


def print_sheets(content: dict[str, Any], console: Console) -> None:
    """Print all tables; BitBeat's rows are bold."""
    for sheet in sheets(content):
        table = Table(title=sheet.title, box=box.SIMPLE_HEAD, title_justify="left", padding=(0, 0, 0, 1))
        for head in sheet.heads:
            table.add_column(head, justify="right" if _is_number(head) else "left", no_wrap=head != "remark")
        for k, row in enumerate(sheet.rows):
            bold = k < sheet.own < len(sheet.rows)
            table.add_row(*(cell.replace("**", "") for cell in row), style="bold" if bold else "")
        console.print(table)
        if sheet.note:
            console.print(sheet.note, highlight=False)


def markdown(content: dict[str, Any]) -> str:
    """Return all tables as Markdown."""
    parts = []
    for sheet in sheets(content):
        table = markdown_table(sheet.heads, sheet.rows, right=[h for h in sheet.heads if _is_number(h)])
        parts.append(f"**{sheet.title}**\n\n{table}" + (f"\n{sheet.note}\n" if sheet.note else ""))
    digest = content["models"]["shipped"]["sha256"][:12]
    return "\n".join([*parts, f"Written by `make score`, model `{digest}`.\n"])


def headline(content: dict[str, Any]) -> str:
    """Return the main figures as some sentences."""
    ds2, qrs = content["ds2"], content["qrs"]

    def percent(value: float | None) -> str:
        return "–" if value is None else f"{value:.2f} %"

    def told(rates: dict[str, float | None]) -> str:
        return f"{percent(rates['se'])} found ({percent(rates['ppv'])} of those called so are right)"

    rest = ds2[f"dechazal_without_{S_RECORD}"]["S"]
    return (
        "On 22 records that it was never trained on (DS2), int8, one lead, behind its own R peaks: "
        f"{percent(ds2['accuracy'])} of all beats right;\nventricular beats {told(ds2['bxb']['V'])}; "
        f"supraventricular\n{told(ds2['dechazal']['S'])}, without the one record that holds most of them "
        f"{percent(rest['se'])} ({percent(rest['ppv'])}).\nR peaks of all 48 records: {_fixed(qrs['se'])} % "
        f"found ({_fixed(qrs['ppv'])} % right). Which rhythms are made up for its training was\ndecided with "
        "errors on DS2 in view; for new patients see the held-out records under *Training and export*.\n"
    )


def write_documents(content: dict[str, Any], page: Path, others: Sequence[Path] = ()) -> list[Path]:
    """Write the tables as a page, and into those documents that have a marked place for them."""
    text = markdown(content)
    write_text(page, f"# How BitBeat scores\n\n![per record](score.png)\n\n{text}")
    HEADLINE.write(headline(content), others)
    return [page, *SCORE.write(text, others)]
