"""Prints a summary as tables."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from .figures import Agreement, Episode, Rates, Stretch, Summary
from .pauses import Pause

DISCLAIMER = "BitBeat is a research and engineering tool, not a medical device."

#: Colours of the classes, here and in plots.
CLASS_STYLES = {"N": "default", "S": "blue", "V": "red", "F": "magenta", "Q": "yellow", "O": "dim"}


def clock(seconds: float) -> str:
    """Time since the beginning: ``m:ss.t``, or ``h:mm:ss`` from an hour on."""
    tenths = round(seconds * 10)
    if tenths >= 36000:
        return f"{tenths // 36000}:{tenths // 600 % 60:02d}:{tenths // 10 % 60:02d}"
    return f"{tenths // 600}:{tenths // 10 % 60:02d}.{tenths % 10}"


def _table(title: str, show_header: bool = True, min_width: int | None = None) -> Table:
    """Make an empty table in the house style."""
    return Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=box.ROUNDED,
        border_style="dim",
        show_header=show_header,
        min_width=min_width,
    )


def _number(value: float | None, digits: int = 0) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def _percent(share: float | None, digits: int = 1) -> str:
    return "–" if share is None else f"{100 * share:.{digits}f} %"


def _count(n: int, one: str, many: str | None = None) -> str:
    return f"{n} {one if n == 1 else many or one + 's'}"


def _rhythm_text(summary: Summary, letter: str) -> str:
    """Couplets and runs of one class, in words."""
    couplets, runs = summary.couplets[letter], summary.runs[letter]
    text = f"{_count(couplets, 'couplet')}, {_count(runs, 'run')}"
    if runs:
        longest = max(
            (e for e in summary.episodes if e.kind == "run" and e.aami_class == letter),
            key=lambda e: e.ectopic_beats,
        )
        where = f"{longest.rate_bpm:.0f}/min, {clock(longest.start_s)}"
        text += f" (longest: {longest.ectopic_beats} beats at {where})"
    return text


_RHYTHMS = {"V": "ventricular", "S": "supraventricular"}


def _rate_text(episodes: list[Episode]) -> str:
    """Tachycardia or bradycardia in words: how often, and the longest."""
    longest = max(episodes, key=lambda e: e.duration_s)
    kind = _RHYTHMS.get(longest.aami_class)
    text = f"{longest.rate_bpm:.0f}/min for {longest.duration_s:.1f} s at {clock(longest.start_s)}"
    text = text if kind is None else f"{kind}, {text}"
    return text if len(episodes) == 1 else f"{len(episodes)} episodes, the longest {text}"


def _stretch_text(found: list[Stretch]) -> str:
    """Say how long stretches are in all, and where the longest is."""
    longest = max(found, key=lambda s: s.duration_s)
    if len(found) == 1:
        return f"{longest.duration_s:.1f} s at {clock(longest.start_s)}"
    total_s = sum(s.duration_s for s in found)
    where = f"the longest {longest.duration_s:.1f} s at {clock(longest.start_s)}"
    return f"{len(found)} stretches, {total_s:.1f} s in all, {where}"


def _pause_text(pause: Pause | None, pauses: list[Pause]) -> str:
    if pause is None:
        return "–"
    text = f"{pause.duration_s:.2f} s at {clock(pause.start_s)}"
    text = text if pause.complete else f"at least {text}"
    text += ", doubtful: the signal goes on, beats may have been missed" if pause.doubtful else ""
    return text if len(pauses) < 2 else f"{text} ({len(pauses)} of 3 s and more)"


def _marks(summary: Summary) -> list[tuple[str, str]]:
    """Rows that only some recordings have."""
    rows = []
    for kind in ("tachycardia", "bradycardia"):
        episodes = [e for e in summary.episodes if e.kind == kind]
        if episodes:
            rows.append((kind, _rate_text(episodes)))
    if summary.fibrillation:
        rows.append(
            ("flutter/fibrillation", f"ventricular, suspected: {_stretch_text(summary.fibrillation)}")
        )
    if summary.small_beats:
        why = (
            "far smaller than those before: P waves without QRS complexes, other gain or contact, or noise "
            "before?"
        )
        rows.append(("small beats", f"{_stretch_text(summary.small_beats)}, {why}"))
    elif summary.dwarfed_beats:
        why = "far smaller than others beside them: P waves or artefacts taken for beats?"
        rows.append(("small beats", f"{_count(summary.dwarfed_beats, 'beat')}, {why}"))
    if summary.paced_beats:
        rows.append(("paced", _count(summary.paced_beats, "beat")))
    return rows


def _quality_text(summary: Summary) -> str:
    q = summary.quality
    parts = [f"{_percent(q.usable_time)} of the time"]
    if q.lead_off_s:
        parts.append(f"lead off {q.lead_off_s:.1f} s")
    if q.saturated_s:
        parts.append(f"saturated {q.saturated_s:.1f} s")
    if q.fibrillation_s:
        parts.append(f"flutter or fibrillation suspected {q.fibrillation_s:.1f} s")
    if q.unreadable_s:
        parts.append(f"unreadable {q.unreadable_s:.1f} s")
    if q.noisy_beats:
        parts.append(f"{_count(q.noisy_beats, 'beat')} noisy")
    if q.undecided_beats:
        parts.append(f"{_count(q.undecided_beats, 'beat')} undecided")
    return ", ".join(parts)


def _figures_table(summary: Summary) -> Table:
    table = _table("Summary", show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    rate = summary.heart_rate
    table.add_row(
        "duration",
        f"{clock(summary.duration_s)} min" if summary.duration_s < 3600 else clock(summary.duration_s),
    )
    table.add_row("beats", f"{summary.beats}")
    table.add_row(
        "heart rate",
        f"mean {_number(rate.mean_bpm)}, min {_number(rate.min_bpm)}, max {_number(rate.max_bpm)} /min"
        " (min and max over 8 beats)",
    )
    counts = Text()
    for letter, number in summary.counts.items():
        counts.append(f"{letter} {number}   ", style=f"bold {CLASS_STYLES[letter]}")
    table.add_row("classes", counts)
    table.add_row("ectopic burden", _percent(summary.ectopic_share))
    table.add_row("ventricular", _rhythm_text(summary, "V"))
    table.add_row("supraventricular", _rhythm_text(summary, "S"))
    bigeminy = _count(summary.bigeminy_episodes, "episode")
    table.add_row("alternation", f"{bigeminy} of bigeminy, {summary.trigeminy_episodes} of trigeminy")
    for name, text in _marks(summary):
        table.add_row(name, text)
    table.add_row("longest pause", _pause_text(summary.longest_pause, summary.pauses))
    if summary.unreadable:
        table.add_row("unreadable", _stretch_text(summary.unreadable))
    table.add_row("usable signal", _quality_text(summary))
    if summary.notice is not None:
        table.add_row("note", Text(summary.notice, style="bold yellow"))
    return table


def _rate_row(name: str, rates: Rates) -> tuple[str, ...]:
    shares = (_percent(rates.sensitivity, 2), _percent(rates.positive_predictivity, 2))
    return (name, str(rates.tp), str(rates.fn), str(rates.fp), *shares)


def _agreement_table(agreement: Agreement) -> Table:
    title = f"Agreement with {agreement.reference_beats} reference beats (within 150 ms)"
    table = _table(title)
    table.add_column("", style="bold", no_wrap=True)
    for heading in ("found", "missed", "false", "sensitivity", "precision"):
        table.add_column(heading, justify="right")
    table.add_row(*_rate_row("beats", agreement.qrs))
    table.add_row(*_rate_row("ventricular (V)", agreement.veb))
    table.add_row(*_rate_row("supraventricular (S)", agreement.sveb))
    return table


def _matrix_table(agreement: Agreement) -> Table:
    table = _table("Confusion: rows reference, columns BitBeat", min_width=46)
    table.add_column("", style="bold")
    shown = [k for k, name in enumerate(agreement.classes) if name != "Q"]
    names = {"O": "none"}
    for k in shown:
        letter = agreement.classes[k]
        table.add_column(names.get(letter, letter), justify="right")
    for i, row in enumerate(agreement.matrix):
        letter = agreement.classes[i]
        if letter == "Q" and not any(row):
            continue
        cells = [_cell(row[k], agreement.classes[k] == letter, letter == "O" and k == i) for k in shown]
        table.add_row(names.get(letter, letter), *cells)
    return table


def _cell(value: int, agreed: bool, empty: bool) -> Text:
    if empty:
        return Text("")
    return Text(str(value), style="bold green" if agreed and value else "dim" if not value else "")


def print_summary(summary: Summary, console: Console) -> None:
    """Print the figures, the agreement with the reference where there is one, and what BitBeat is not."""
    console.print(_figures_table(summary))
    if summary.agreement is not None:
        console.print(_agreement_table(summary.agreement))
        console.print(_matrix_table(summary.agreement))
    console.print(DISCLAIMER, style="dim", highlight=False)
