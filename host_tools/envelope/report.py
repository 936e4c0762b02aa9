"""What is made of the verdicts: figures, and the tables of ``docs/envelope.md``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from host_tools.build import ROOT
from host_tools.places import Place, markdown_table

from .grid import Cell
from .judge import Verdict
from .kinds import KINDS
from .promise import PROMISED

DOCUMENT = ROOT / "docs" / "envelope.md"
FIGURES = Place("envelope figures", "make envelope")
PROMISE = Place("promised range", "make envelope")
WRONG = Place("silently wrong cells", "make envelope")
BY_KIND = Place("envelope by kind", "make envelope")
REQUIREMENTS = Place("requirements", "make envelope")
DETECTORS = Place("detectors", "bitbeat envelope --detectors")

#: What has to be reached: silently wrong cells inside, their share outside, right cells inside, %.
MOST_WRONG_INSIDE = 0
MOST_WRONG_OUTSIDE_PERCENT = 1.0
LEAST_RIGHT_PERCENT = 97.0

#: So many cells of a kind are named in the document; build/envelope.json has all.
_SHOWN = 6
_OUTCOMES = ("right", "flagged", "silent_wrong")
Judged = Sequence[tuple[Cell, Verdict]]


def tally(verdicts: Iterable[tuple[Cell, Verdict]]) -> dict[str, int]:
    """Count cells and outcomes."""
    counts = {"cells": 0, **dict.fromkeys(_OUTCOMES, 0)}
    for _, verdict in verdicts:
        counts["cells"] += 1
        counts[verdict.outcome] += 1
    return counts


#: Of a cell, see ``Cell.side``, and how the document says it.
SIDES = {"inside": "inside", "outside": "outside", "found": "outside, kinds found by trying"}


def _sides(verdicts: Judged) -> dict[str, dict[str, int]]:
    return {side: tally((c, v) for c, v in verdicts if c.side == side) for side in SIDES}


def cell_entry(cell: Cell, verdict: Verdict) -> dict[str, Any]:
    """Describe a cell so that it can be run again: number, kind, parameters, seed, and what went wrong."""
    return {
        "cell": cell.number,
        "kind": cell.kind,
        "side": cell.side,
        "parameters": dict(cell.parameters),
        "seed": cell.seed,
        "beats": verdict.beats,
        "errors": [
            {"kind": e.kind, "start_s": e.start_s, "stop_s": e.stop_s, "flagged": e.flagged}
            for e in verdict.errors
        ],
    }


def summarise(verdicts: Judged) -> dict[str, Any]:
    """Make the figures of ``build/envelope.json``.

    Parameters
    ----------
    verdicts : sequence of (Cell, Verdict)
        Of all cells that were run.

    Returns
    -------
    dict
        ``inside``, ``outside`` and ``found``, each with ``cells, right, flagged, silent_wrong``; ``kinds``
        with the same for each; ``reached``; ``wrong``, the silently wrong cells.
    """
    sides = _sides(verdicts)
    kinds = {name: _sides([(c, v) for c, v in verdicts if c.kind == name]) for name in KINDS}
    inside, outside = sides["inside"], sides["outside"]
    return {
        **sides,
        "reached": {
            "inside_silent_wrong": inside["silent_wrong"] <= MOST_WRONG_INSIDE,
            "outside_silent_wrong": 100 * outside["silent_wrong"]
            <= MOST_WRONG_OUTSIDE_PERCENT * outside["cells"],
            "inside_right": 100 * inside["right"] >= LEAST_RIGHT_PERCENT * inside["cells"],
        },
        "kinds": {name: mine for name, mine in kinds.items() if any(s["cells"] for s in mine.values())},
        "wrong": [cell_entry(c, v) for c, v in verdicts if v.outcome == "silent_wrong"],
    }


def beyond(sides: dict[str, dict[str, int]]) -> dict[str, int]:
    """What lies outside of the promised range, of whatever kind."""
    return {key: sides["outside"][key] + sides["found"][key] for key in sides["outside"]}


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}" if whole else "–"


def figures_markdown(report: dict[str, Any]) -> str:
    """Make the table of all sides of the promised range."""
    rows = []
    for name, said in SIDES.items():
        side = report[name]
        share = [f"{side[key]:,} ({_percent(side[key], side['cells'])} %)" for key in _OUTCOMES]
        rows.append([said, f"{side['cells']:,}", *share])
    heads = ("promised range", "cells", "right", "flagged", "silently wrong")
    return markdown_table(heads, rows, heads[1:])


def kinds_markdown(report: dict[str, Any]) -> str:
    """Make the table of all kinds."""
    heads = ("kind", "cells inside", "right", "flagged", "silently wrong")
    more = ("cells outside", "right ", "flagged ", "silently wrong ")
    rows = []
    for name, sides in report["kinds"].items():
        inside, outside = (
            [str(side[key]) for key in ("cells", *_OUTCOMES)] if side["cells"] else [""] * 4
            for side in (sides["inside"], beyond(sides))
        )
        rows.append([name, *inside, *outside])
    return markdown_table((*heads, *more), rows, (*heads[1:], *more))


def wrong_markdown(report: dict[str, Any]) -> str:
    """Make the table of what goes wrong in silence, with the numbers of cells that show it."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for entry in report["wrong"]:
        groups.setdefault((entry["kind"], entry["side"]), []).append(entry)
    if not groups:
        return "None.\n"
    rows = []
    for (kind, side), entries in groups.items():
        errors = [{e["kind"] for e in entry["errors"] if not e["flagged"]} for entry in entries]
        counts = {name: sum(name in mine for mine in errors) for name in sorted(set().union(*errors))}
        what = ", ".join(f"{name} in {count}" for name, count in counts.items())
        numbers = ", ".join(str(entry["cell"]) for entry in entries[:_SHOWN])
        more = ", ..." if len(entries) > _SHOWN else ""
        rows.append([kind, SIDES[side], str(len(entries)), what, numbers + more])
    heads = ("kind", "promised range", "cells", "what is wrong", "for `--cell`")
    return markdown_table(heads, rows, ("cells",))


def promise_markdown() -> str:
    """Make the table of the promised range."""
    rows = [[r.what, f"{r.low:g}", f"{r.high:g}", r.unit, f"`{name}`"] for name, r in PROMISED.items()]
    return markdown_table(("what", "from", "to", "unit", "parameter"), rows, ("from", "to"))


def requirements_markdown(report: dict[str, Any]) -> str:
    """Make the table of the standards' requirements and what was measured for each."""
    from .requirements import REQUIREMENTS as ALL

    rows = []
    for need in ALL:
        measured = need.instead
        if need.kinds:
            sides = [report["kinds"][kind]["inside"] for kind in need.kinds if kind in report["kinds"]]
            cells, right, wrong = (sum(s[key] for s in sides) for key in ("cells", "right", "silent_wrong"))
            measured = f"{right} of {cells} cells right, {wrong} silently wrong ({', '.join(need.kinds)})"
        rows.append([need.where, need.what, measured, need.claimed, need.source])
    return markdown_table(("clause", "what it asks", "measured", "claimed", "known from"), rows)


def write_document(report: dict[str, Any]) -> None:
    """Write the figures into their places of the document."""
    places = (
        (FIGURES, figures_markdown(report)),
        (PROMISE, promise_markdown()),
        (BY_KIND, kinds_markdown(report)),
        (WRONG, wrong_markdown(report)),
        (REQUIREMENTS, requirements_markdown(report)),
    )
    for place, text in places:
        place.write(text, (DOCUMENT,))
